"""What a request for a campaign says in passing, cut out wherever it stands and put on the draft: the channel for those
whom the first does not reach, an offer on each one's favourite goods, contents, a sale to announce, a longest length.

Left in the text they would be taken for conditions on customers ("if they have no phone" for people without one). The
rest is planned as it is, by whatever reads it; where it asks for no campaign, nothing was cut. Data:
``brief_extras.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.brief_clauses import orders_campaign
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.form_places import first_alone, put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.periods import Period
from assistant.plans.requests import CampaignBrief

_LONGEST = 400
#: groups in the order in which they are cut
_GROUPS = ("subject", "sign_off", "fallback", "own_offer", "at_most", "contents", "announcing", "bestselling")
_SEASONED = frozenset({"seasonal", "promotion", "loyalty", "clearance", "cross_sell", "launch", "win_back"})


def with_extras(text: str, words: Vocabulary, changing: bool, plan: Callable[[str], Planned]) -> Planned | None:
    """The plan of a request that says such things; None where it says none, or asks for no campaign without them.

    Args:
        changing: whether a draft is on the table, which a text that is no order may change.
        plan: plans a text in full.
    """
    language = words.lexicon.language
    raw = read_yaml(language, "brief_extras")
    if len(text) > _LONGEST or not raw.get("fallback") or not (changing or orders_campaign(text, language)):
        return None
    plain = " ".join(text.replace("’", "'").split())
    rest, found = _cut(_respelled(plain, language), language)
    season = _season(text, language)
    if not found and season is None and rest == plain.strip(" ,;"):
        return None
    planned = plan(rest)
    if not planned.calls or planned.calls[-1].name != "draft_campaign":
        return None
    brief: dict[str, Any] = planned.calls[-1].plan().model_dump(exclude_unset=True)
    for kind, slots, said in found:
        _put(brief, kind, slots, said, words)
    if season is not None and brief.get("goal", "promotion") in _SEASONED and not brief.get("period"):
        brief["period"] = Period(kind="named", event=season).model_dump()
    try:
        made = call(CampaignBrief.model_validate(brief))
    except ValidationError:
        return None
    return replace(planned, calls=[*planned.calls[:-1], made])


def _put(brief: dict[str, Any], kind: str, slots: dict[str, str], said: str, words: Vocabulary) -> None:
    """One thing that was cut out, put on the brief."""
    raw = read_yaml(words.lexicon.language, "brief_extras")
    if kind == "fallback":
        second = _channel(slots["fallback"], raw)
        named = [_channel(slots["first"], raw)] if slots.get("first") else list(brief.get("channels") or ())
        first = [c for c in named if c != second] or ["sms" if second == "email" else "email"]
        brief["channels"] = tuple(dict.fromkeys([*first, second]))
        brief["first_channel"] = True
        return
    if kind == "at_most":
        brief["at_most"] = int(slots["count"])
        brief["at_most_of"] = "words" if slots["unit"].lower() in raw["units"] else "characters"
        brief["length"] = "short"
        return
    if kind in {"subject", "sign_off"} and not {"email", "post"} & set(brief.get("channels") or ("email",)):
        kind = "clause"  # a text message has neither
    if kind in {"subject", "sign_off"}:
        piece = {"channel": "email", "piece": kind, "text": slots["said"], "language": brief.get("language", "en")}
        brief["edits"] = (*brief.get("edits", ()), piece)
        return
    if kind == "bestselling" and (slots.get("alone") or (brief.get("offer") or {}).get("category")):
        brief["goods"] = "best"
        return
    if kind == "own_offer":
        brief["favourites"] = True
    reason = words.lexicon.wording["not_included"][kind].format(words=f"“{said}”")
    brief["not_included"] = tuple(dict.fromkeys((*brief.get("not_included", ()), reason)))


def _channel(said: str, raw: dict[str, Any]) -> str:
    low = said.lower()
    return "post" if low in raw["letters"] else str(raw["channels"][low[0]])


def _cut(text: str, language: str) -> tuple[str, list[tuple[str, dict[str, str], str]]]:
    """The text without what is cut, and each of that: its kind, its named parts, its words."""
    found = []
    for group in _GROUPS:
        for pattern in _compiled(language, group):
            match = pattern.search(text)
            if match is None or any(kind == group for kind, _, _ in found):
                continue
            slots = {k: v.strip() for k, v in match.groupdict().items() if v and v.strip()}
            kept = _kept(group, slots, language)
            text = " ".join(f"{text[: match.start()]} {kept} {text[match.end():]}".split()).replace(" ,", ",")
            found.append((group, slots, match.group().strip(" ,")))
    return text.strip(" ,;"), found


def _kept(group: str, slots: dict[str, str], language: str) -> str:
    """What stays in the text: of a sale that is announced its season and its goods."""
    if group != "announcing":
        return slots.get("kept", "")
    kept = str(read_yaml(language, "brief_extras")["goods_kept"])
    return kept.format(goods=slots["goods"]) if "goods" in slots else ""


def _respelled(text: str, language: str) -> str:
    for form, say in read_yaml(language, "brief_extras")["respell"]:
        text = re.sub(form, say, text, flags=re.IGNORECASE)
    return text


def _season(text: str, language: str) -> str | None:
    """The season or shopping day that a campaign is called by."""
    raw = read_yaml(language, "brief_extras")
    match = _compiled(language, "seasons")[0].search(text.replace("’", "'"))
    if match is None:
        return None
    said = match["season"].lower()
    return str(raw["season_names"].get(said, said))


@lru_cache(maxsize=16)
def _compiled(language: str, group: str) -> tuple[re.Pattern[str], ...]:
    raw = read_yaml(language, "brief_extras")
    forms = raw[group] if isinstance(raw[group], list) else [raw[group]]
    return tuple(re.compile(first_alone(put_in(form, raw["macros"])), re.IGNORECASE) for form in forms)
