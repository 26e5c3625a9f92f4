"""The messages of one campaign: "a welcome series", "two e-mails, the second after 5 days"; and changes to them on the
draft on the table: "make the second mail go out after 5 days".

Forms are data (``campaign_steps.yaml``). What a new campaign says of its messages is cut out of the text before the
rest is read, so that "5 days" is taken for no condition on customers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.copy_talk import draft_on_table
from assistant.llm.planner.dialogue_campaign import campaign_id
from assistant.llm.planner.form_places import first_alone
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.patterns import patterns
from assistant.plans.requests import CampaignBrief, JourneyStep

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
#: messages of a series whose number was not said, and the days between two where nothing was said
USUAL_COUNT, USUAL_WAIT = 3, 7
_MOST = 6
_ADDRESSED = ("email", "sms", "push", "post")


@dataclass
class Said:
    """What a text says of a campaign's messages: how many (0: a series without a number), and each later one."""

    count: int | None = None
    later: dict[int, dict[str, Any]] = field(default_factory=dict)


def cut_steps(text: str, language: str) -> tuple[str, Said | None]:
    """The text without what it says of several messages, and what that is."""
    said, found = Said(), False
    for kind in ("later", "several", "beside"):
        if kind == "beside" and (not said.later or said.count):
            break
        for pattern in _compiled(language, kind):
            match = pattern.search(text)
            if match is None:
                continue
            slots = match.groupdict()
            if kind != "later" and said.count:
                break
            found = True
            if kind != "later":
                said.count = _count(slots.get("count"), language)
                kept = " ".join(p for p in (slots.get("kept"), slots.get("kept2")) if p) or ""
                kept = kept if "kept2" in slots or "of" in match.group().split() else f"{kept} campaign"
            else:
                step = _step(slots, language)
                said.later[max(2, _place(slots, language) or len(said.later) + 2)] = step
                kept = ""
            text = " ".join(f"{text[: match.start()]} {kept} {text[match.end():]}".split())
    return text, said if found else None


def steps_of(said: Said, channels: tuple[str, ...]) -> list[dict[str, Any]]:
    """The messages in order, the first at once; a wait that was not said is the usual one, marked as assumed."""
    first = next((c for c in channels if c in _ADDRESSED), "email")
    count = max([said.count or (0 if said.later else USUAL_COUNT), *said.later, 2])
    steps: list[dict[str, Any]] = [JourneyStep(channel=first).model_dump()]
    for n in range(2, min(count, _MOST) + 1):
        told = said.later.get(n, {})
        steps.append(JourneyStep(
            channel=told.get("channel", first), after_days=told.get("after_days", USUAL_WAIT),
            only_if=told.get("only_if", "always"), waits_by_default="after_days" not in told).model_dump())
    return steps


def about_steps(text: str, context: DialogueContext, lex: Lexicon) -> Planned | None:
    """The draft on the table with its messages changed; None where the text is about something else."""
    last, brief = draft_on_table(context)
    if last is None or brief is None:
        return None
    asked = patterns(lex.language, "copy_talk").bare(text)
    for kind in ("wait", "add", "drop", "channel", "only"):
        for pattern in _compiled(lex.language, kind):
            match = pattern.fullmatch(asked)
            steps = None if match is None else _changed(kind, match.groupdict(), brief, lex.language)
            if steps is None:
                continue
            reached = tuple(dict.fromkeys(s["channel"] for s in steps)) if steps else brief.channels
            beside = tuple(c for c in brief.channels if c not in _ADDRESSED)
            raw = {**brief.model_dump(), "steps": steps, "campaign_id": campaign_id(last) or brief.campaign_id,
                   "channels": tuple(dict.fromkeys((*reached, *beside)))}
            try:
                return Planned([call(CampaignBrief.model_validate(raw))], 1.0, frame="follow_up")
            except ValidationError:
                continue
    return None


def _changed(kind: str, slots: dict[str, Any], brief: CampaignBrief, language: str) -> list[dict[str, Any]] | None:
    steps = [s.model_dump() for s in brief.steps]
    if not steps:
        if kind == "drop":
            return None
        first = next((c for c in brief.channels if c in _ADDRESSED), "email")
        steps = [JourneyStep(channel=first).model_dump()]
    told = _step(slots, language)
    place = _place(slots, language)
    if kind == "add":
        steps.append({**_usual_step(steps[0]["channel"]), "waits_by_default": "after_days" not in told, **told})
        return steps if len(steps) <= 8 else None
    if place is None:
        return [steps[0], *({**s, **told, "waits_by_default": False} for s in steps[1:])] if len(steps) > 1 else None
    at = len(steps) if place == -1 else place
    if kind == "drop":
        kept = [s for n, s in enumerate(steps, start=1) if n != at]
        return None if not 2 <= at <= len(steps) else kept if len(kept) > 1 else []
    if at == len(steps) + 1:
        steps.append(_usual_step(steps[0]["channel"]))
    if not 2 <= at <= len(steps):
        return None
    waits = {} if "after_days" not in told else {"waits_by_default": False}
    steps[at - 1] = {**steps[at - 1], **told, **waits}
    return steps


def _usual_step(channel: str) -> dict[str, Any]:
    return JourneyStep(channel=channel, after_days=USUAL_WAIT, waits_by_default=True).model_dump()  # type: ignore[arg-type]


# -- what is said ------------------------------------------------------------------------------------------------------


def _step(slots: dict[str, Any], language: str) -> dict[str, Any]:
    raw, told = read_yaml(language, "campaign_steps"), {}
    if slots.get("length"):
        length, unit = slots["length"].lower(), slots["unit"].lower()
        told["after_days"] = min(365, int(raw["few"].get(length, 0) or length) * int(raw["units"][unit]))
    if slots.get("channel"):
        told["channel"] = raw["channels"][slots["channel"].lower()]
    if slots.get("unordered"):
        told["only_if"] = "no_order"
    if slots.get("unopened"):
        told["only_if"] = "no_open"
    return told


def _place(slots: dict[str, Any], language: str) -> int | None:
    said = (slots.get("place") or "").lower()
    return read_yaml(language, "campaign_steps")["places"].get(said)


def _count(said: str | None, language: str) -> int | None:
    return None if said is None else int(read_yaml(language, "campaign_steps")["numbers"][said.lower()])


@lru_cache(maxsize=32)
def _compiled(language: str, kind: str) -> tuple[LatePattern, ...]:
    raw = read_yaml(language, "campaign_steps")
    if kind not in raw:
        return ()
    return tuple(LatePattern(first_alone(_filled(_filled(form, raw["macros"]), raw["macros"]))) for form in raw[kind])


def _filled(form: str, macros: dict[str, str]) -> str:
    return _MACRO.sub(lambda m: str(macros.get(m.group(1), m.group())), form)
