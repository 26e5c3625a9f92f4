"""Segments that were found, by their place or name: "what do the at-risk ones buy?", "a campaign for the fourth one".

Names of segments are ordinary words ("At risk", "Must not lose"), so a text that holds one is easily read as something
else. It is planned with a name that is no such word in its place; the plan then gets the right one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.language_files import read_yaml

_BACK = 4


def of_segments(text: str, context: DialogueContext, language: str, plan: Callable[[str], Planned]) -> Planned | None:
    """The plan of a text that names one of the segments found before by place or by a name of ordinary words.

    Args:
        plan: plans another text in this conversation.
    """
    raw: dict[str, Any] = (read_yaml(language, "follow_moves") or {}).get("segments") or {}
    names = _names(context)
    stand_in = str(raw.get("stand_in", ""))
    if not raw or not names or stand_in not in names:
        return None
    latest = context.last()
    found = _named(text, names, raw, latest is not None and latest.call.name == "find_segments")
    if found is None or found[1] == text:
        return None
    name, said = found
    planned = plan(said)
    calls = [_with(one, stand_in, name) for one in planned.calls]
    named = all(after is not before for after, before in zip(calls, planned.calls, strict=True))
    return replace(planned, calls=calls, frame="second_clause") if named and planned.frame != "decline" else None


def _names(context: DialogueContext) -> list[str]:
    """The segments in the order they were shown, where they were found not long ago."""
    past = context.last("find_segments")
    latest = max((p.turn for p in context.past), default=0)
    if past is None or latest - past.turn > _BACK:
        return []
    return [str(n) for n in context.column(past, "segment") or context.column(past, "name")]


def _named(text: str, names: list[str], raw: dict[str, Any], last: bool) -> tuple[str, str] | None:
    """The segment that is meant, and the text with the stand-in in its place.

    Args:
        last: the segments are the last answer, so that "the first one" is one of them.
    """
    noun = str(raw["noun"])
    for name in sorted(names, key=len, reverse=True):
        words = r"[\s-]+".join(map(re.escape, name.split()))
        pattern = str(raw["by_name"]).replace("{name}", words).replace("{noun}", noun)
        if " " in name and re.search(pattern, text, re.IGNORECASE):
            return name, re.sub(pattern, str(raw["put"]), text, count=1, flags=re.IGNORECASE)
    by_place = str(raw["by_place"]).replace("{place}", "|".join(raw["places"])).replace(
        "{noun}", noun if last else str(raw["kind"]))
    place = re.search(by_place, text, re.IGNORECASE)
    index = raw["places"].get(place["place"].lower()) if place else None
    if place is None or index is None or not -len(names) <= index < len(names):
        return None
    said = text[: place.start()] + str(raw["put"]) + text[place.end() :]
    return names[index], said


def _with(one: ToolCall, stand_in: str, name: str) -> ToolCall:
    """The call with the right segment; the same call where the stand-in is not in it."""
    held = json.dumps(one.args, default=str)
    if json.dumps(stand_in) not in held:
        return one
    other = held.replace(json.dumps(stand_in), json.dumps(name)).replace(f"{stand_in} ", f"{name} ")
    return ToolCall(one.name, json.loads(other))


__all__ = ["of_segments"]
