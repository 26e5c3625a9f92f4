"""Whole texts about a campaign on its way out, read by form: dry run, codes, repetitions, exports, state, stop.

The forms are data (``prompts/lexicon/<language>/sending_forms.yaml``). No form approves or sends: such a text is
declined elsewhere, because only a person on a card or in the terminal can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.form_places import first_alone, put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.replies import decline
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)

_LONGEST = 200
_PARTS = re.compile(r"(?P<d>\d{1,2})|(?P<w>[^\W\d_]{3,})")

Said = dict[str, str]
#: asked to let a stopped sending go on, which only a person does
GO_ON = StopRequest()


def about_sending(text: str, words: Vocabulary, tools: Collection[str], today: date) -> Planned | None:
    """The call that a text about a sending asks for; None where it fits no form.

    Args:
        today: last day of the data. A day named without its year is the next one from here, and from the real
            today, by which messages leave.
    """
    today = max(today, datetime.now(UTC).date())
    language = words.lexicon.language
    if len(text) > _LONGEST or not _raw(language):
        return None
    asked = _plain(text, language)
    for kind, match in _compiled(language).fitting(asked):
        said = {name: value.strip() for name, value in match.groupdict().items() if value}
        try:
            found = _READ[kind](said, language, today)
        except (ValidationError, ValueError):  # a day that does not exist, a code that is none
            continue
        if found is None:
            continue
        made = decline(words.lexicon, "not_permitted", "go_on", examples="campaign") if found is GO_ON else call(found)
        if made.name in tools:
            return Planned([made], 0.95, frame="sending_forms")
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "sending_forms"))


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[str]:
    raw = _raw(language)
    phrases = [p for group in raw["every"].values() for p in group]
    places = {**raw["macros"], "every": "|".join(sorted(map(re.escape, phrases), key=len, reverse=True))}
    return LatePatterns((kind, LatePattern(first_alone(put_in(form, places))))
                        for kind, forms in raw["forms"].items() for form in forms)


def _plain(text: str, language: str) -> str:
    polite = re.compile(_raw(language)["polite"], re.IGNORECASE)
    text = " ".join(text.replace("’", "'").split())
    while (cut := polite.sub("", text)) != text:
        text = cut
    return text


# -- what is named -----------------------------------------------------------------------------------------------------


def _campaign(said: Said) -> dict[str, Any]:
    return {"campaign_id": said["id"].casefold()} if "id" in said else {}


def _day(said: Said, language: str, today: date) -> date | None:
    if "day" not in said:
        return None
    text = said["day"].casefold()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    months = {name: int(n) for n, names in _raw(language)["months"].items() for name in names}
    year = re.search(r"\d{4}", text)
    parts = [m.groupdict() for m in _PARTS.finditer(text.replace(year.group(), "") if year else text)]
    month = next((months[p["w"]] for p in parts if p["w"] in months), None)
    day = next((int(p["d"]) for p in parts if p["d"]), None)
    if month is None or day is None:
        raise ValueError(text)
    if year:
        return date(int(year.group()), month, day)
    here = date(today.year, month, day)
    return here if here >= today else date(today.year + 1, month, day)


def _listed(name: str, text: str, language: str) -> str | None:
    folded = text.casefold().strip(" .")
    return next((key for key, phrases in _raw(language)[name].items() if folded in phrases), None)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text.replace(",", ""))


# -- readings ----------------------------------------------------------------------------------------------------------


def _export(said: Said, language: str, today: date) -> BaseModel | None:
    if "target" not in said:
        return ExportRequest(**_campaign(said))
    target = _listed("targets", said["target"], language)
    return None if target is None else ExportRequest(**_campaign(said), target=target)  # type: ignore[arg-type]


def _codes(kind: str | None) -> Callable[[Said, str, date], BaseModel | None]:
    def read(said: Said, language: str, today: date) -> BaseModel | None:
        code = said.get("code")
        if code is not None and code.casefold() == code and not any(c.isdigit() for c in code):
            return None  # a word, not a code
        return SendPlan(**_campaign(said), codes=kind, code=code.upper() if code else None,  # type: ignore[arg-type]
                        codes_until=_day(said, language, today))

    return read


def _send_at(said: Said, language: str, today: date) -> BaseModel | None:
    day, whose = _day(said, language, today), "recipient" if "own" in said else None
    if day is None:
        return None if whose is None else SendPlan(**_campaign(said), clock="recipient")
    clock = re.match(r"(\d{1,2})(?::(\d{2}))?", said.get("time", ""))
    hour, minute = (int(clock.group(1)), int(clock.group(2) or 0)) if clock else (0, 0)
    if said.get("time", "").casefold().rstrip().endswith(tuple(_raw(language).get("afternoon", ()))) and hour < 12:
        hour += 12
    return SendPlan(**_campaign(said), send_at=datetime(day.year, day.month, day.day, hour, minute),
                    clock=whose)  # type: ignore[arg-type]


def _repeat(said: Said, language: str, today: date) -> BaseModel | None:
    every = _listed("every", said["every"], language) if "every" in said else None
    return SendPlan(**_campaign(said), repeats=every, repeats_until=_day(said, language, today),  # type: ignore[arg-type]
                    most_each=_number(said.get("number")), most_in_all=_number(said.get("total")))


Reader = Callable[[Said, str, date], BaseModel | None]
#: how each kind of form is read
_READ: dict[str, Reader] = {
    "resume": lambda said, language, today: GO_ON,
    "calendar": lambda said, language, today: CalendarRequest(),
    "dry_run": lambda said, language, today: DryRunRequest(**_campaign(said)),
    "unknown": lambda said, language, today: SendingRequest(**_campaign(said), about="unknown"),
    "audit": lambda said, language, today: SendingRequest(**_campaign(said), about="audit"),
    "objections": lambda said, language, today: SendingRequest(**_campaign(said), about="objections"),
    "state": lambda said, language, today: SendingRequest(**_campaign(said)),
    "undo": lambda said, language, today: StopRequest(**_campaign(said), undo=True),
    "stop": lambda said, language, today: StopRequest(**_campaign(said)),
    "code_file": lambda said, language, today: ExportRequest(**_campaign(said), target="codes"),
    "export": _export,
    "unique_codes": _codes("unique"),
    "shared_code": _codes("shared"),
    "no_codes": _codes("none"),
    "codes_end": _codes(None),
    "send_at": _send_at,
    "repeat": _repeat,
}
