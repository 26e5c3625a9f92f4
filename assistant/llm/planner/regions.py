"""Regions of the world in questions about countries: "sales in DACH in 2025", "customers outside the EU", "Nordics
vs Benelux".

A region stands for those of its countries that the shop has (``prompts/lexicon/<language>/regions.yaml``). The text is
planned with one of these in its place, and in the plan that one then gives way to all of them, so that whatever is said
of a country can be said of a region. Which countries were meant is said beside the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary

_COUNTRIES = frozenset({"country", "customer_country"})
_LIST_OPS = {"eq": "in", "ne": "not_in"}


@lru_cache(maxsize=4)
def _regions(language: str) -> tuple[tuple[re.Pattern[str], dict[str, Any]], ...]:
    try:
        raw: dict[str, Any] = read_yaml(language, "regions")
    except FileNotFoundError:
        return ()
    found = []
    for region in raw.get("regions") or ():
        names = "|".join(re.escape(n) for n in sorted(region["names"], key=len, reverse=True))
        found.append((re.compile(rf"\b{raw['before']}(?P<name>{names})\b", re.IGNORECASE), region))
    return tuple(found)


def with_regions(text: str, words: Vocabulary, again: Callable[[str], Planned]) -> Planned | None:
    """The plan of a text that names regions, with their countries in it; None where it names none that the shop
    sells to.

    Args:
        again: plans another text in full.
    """
    country = words.dimensions.get("country")
    if country is None or not country.available:
        return None
    put, said = text, []
    for pattern, region in _regions(words.lexicon.language):
        match = pattern.search(put)
        if match is None or _own_name(match["name"], words):
            continue
        held = [v for name in region["of"] if (v := _held(name, words)) is not None]
        stand_in = next((v for v in held if not _named(v, text) and v not in {s[1] for s in said}), None)
        if stand_in is None:
            continue
        put = f"{put[: match.start()]}{stand_in}{put[match.end() :]}"
        said.append((match["name"], stand_in, held, region.get("as")))
    if not said:
        return None
    planned = again(put)
    if planned.frame == "decline" or not planned.calls:
        return None
    calls = list(planned.calls)
    both = [s[1] for s in said]
    if len(said) == 2:
        calls = [c for one in calls for c in _apart(one, both)]
    for _, stand_in, held, _ in said:
        calls = [ToolCall(c.name, _widened(c.args, stand_in, held)) for c in calls]
    if any(_held_alone(c.args, s) for c in calls for s, held in ((s[1], s[2]) for s in said) if len(held) > 1):
        return None  # the country took part in the plan in another way
    notes = [f"read_as|{name}|{f'{known}: ' if known else ''}{', '.join(held)}" for name, _, held, known in said]
    return replace(planned, calls=calls, notes=[*planned.notes, *notes])


def _own_name(name: str, words: Vocabulary) -> bool:
    """Whether the shop has a value of this name ("European Community" is one of Online Retail's countries)."""
    return any(v.dimension == "country" for i in read(name, words).items for v in i.alts.get("value", ()))


def _held(name: str, words: Vocabulary) -> str | None:
    """The shop's own name of a country."""
    return next((str(v.value) for i in read(name, words).items for v in i.alts.get("value", ())
                 if v.dimension == "country"), None)


def _named(value: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(value)}\b", text, re.IGNORECASE) is not None


def _widened(node: Any, stand_in: str, held: list[str]) -> Any:
    """The arguments with all countries of the region where the one stood."""
    if isinstance(node, list):
        return [_widened(n, stand_in, held) for n in node]
    if not isinstance(node, dict):
        return node
    made = {k: _widened(v, stand_in, held) for k, v in node.items()}
    values = made.get("values")
    if made.get("field") in _COUNTRIES and isinstance(values, list) and stand_in in values:
        at = values.index(stand_in)
        made["values"] = list(dict.fromkeys([*values[:at], *held, *values[at + 1 :]]))
        if len(made["values"]) > 1:
            made["op"] = _LIST_OPS.get(made.get("op", "eq"), made.get("op", "eq"))
    return made


def _apart(one: ToolCall, both: list[str]) -> list[ToolCall]:
    """Two regions side by side are a figure of each: the sum over their countries, not a row for every one."""
    args = one.args.get("plan", one.args) if one.name == "check_premise" else one.args
    rule = args.get("filter") or {}
    parts = rule.get("parts", [rule])
    at = next(
        (i for i, p in enumerate(parts) if p.get("field") in _COUNTRIES and set(p.get("values", ())) == set(both)), None
    )
    if at is None or one.name not in {"query_data", "check_premise"}:
        return [one]
    made = []
    for value in both:
        alone = [*parts[:at], {**parts[at], "op": "eq", "values": [value]}, *parts[at + 1 :]]
        filter_ = alone[0] if len(alone) == 1 else {**rule, "parts": alone}
        kept = {k: v for k, v in args.items() if k not in {"sort", "limit", "chart", "filter"}}
        dimensions = [d for d in args.get("dimensions", ()) if d not in _COUNTRIES]
        made.append(ToolCall("query_data", {**kept, "dimensions": dimensions, "filter": filter_}))
    return made


def _held_alone(node: Any, stand_in: str) -> bool:
    """Whether the stand-in is still in the plan by itself."""
    if isinstance(node, dict):
        values = node.get("values")
        if isinstance(values, list | tuple) and list(values) == [stand_in]:
            return True
        return any(_held_alone(v, stand_in) for k, v in node.items() if k != "values") or node.get("item") == stand_in
    return any(_held_alone(v, stand_in) for v in node) if isinstance(node, list) else False
