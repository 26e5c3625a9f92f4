"""Customers between two places of an order: "the middle 20 % by value", "from the top 10 to 30 %", "second quintile".

The text is taken apart by forms (data: ``prompts/lexicon/<language>/percent_bands.yaml``). What is ordered, and how, is
read by the ordinary grammar from the same question about the top so many percent; the band is those without the
customers above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Candidate, Planned, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.plans.filters import And, CustomerCondition, Filter, Not, Predicted
from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule

PlanOne = Callable[[str], Sequence[Candidate]]
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_WELL = 0.65
_LONGEST = 200
_WHOLE = 100.0


def percent_bands(text: str, language: str, plan_one: PlanOne) -> Planned | None:
    """The question about the customers of a band; None where the text names none, or not of customers.

    Args:
        plan_one: readings of a text, best first.
    """
    raw = _raw(language)
    asked = " ".join(text.replace("’", "'").split()).strip(" ?!.")
    if not raw or len(asked) > _LONGEST:
        return None
    for kind, pattern in _forms(language):
        match = pattern.search(asked)
        if match is None:
            continue
        band = _band(kind, match, raw)
        if band is None:
            continue
        by = match.groupdict().get("by") or raw["by_value"]
        said = str(raw["asked"]).format(percent=f"{band[1]:g}", by=raw["by_words"].get(by.casefold(), by))
        before, after = asked[: match.start()], asked[match.end():]
        best = next(iter(plan_one(f"{before}{said}{after}")), None)
        made = _without_those_above(best, band) if best is not None else None
        if made is not None:
            return Planned([call(made)], 0.95, frame="percent_bands")
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "percent_bands"))


@lru_cache(maxsize=4)
def _forms(language: str) -> tuple[tuple[str, LatePattern], ...]:
    raw = _raw(language)
    macros = {**raw["macros"], "nth": "|".join(map(re.escape, raw["places"]))}
    return tuple((kind, LatePattern(_filled(form, macros))) for kind, forms in raw["forms"].items() for form in forms)


def _filled(form: str, macros: dict[str, str]) -> str:
    """The form with its macros put in, which may hold others."""
    filled = _MACRO.sub(lambda m: str(macros[m.group(1)]), form)
    return form if filled == form else _filled(filled, macros)


def _band(kind: str, match: re.Match[str], raw: dict[str, Any]) -> tuple[float, float] | None:
    """Percent from the top at which the band begins and ends; None where there is no such band."""
    said = match.groupdict()
    if kind == "middle":
        wide = float(said["wide"])
        begin, end = (_WHOLE - wide) / 2, (_WHOLE + wide) / 2
    elif kind == "between":
        begin, end = sorted((float(said["one"]), float(said["two"])))
    elif kind == "percentiles":  # counted from the bottom
        begin, end = sorted((_WHOLE - float(said["one"]), _WHOLE - float(said["two"])))
    elif kind == "after":
        begin = float(said["above"])
        end = begin + float(said["wide"])
    else:
        parts = int(next(n for word, n in raw["parts"].items() if said["part"].casefold().startswith(word)))
        place = int(raw["places"][said["nth"].casefold()])
        begin, end = (place - 1) * _WHOLE / parts, place * _WHOLE / parts
    return (begin, end) if 0 < begin < end <= _WHOLE else None


def _without_those_above(best: Candidate, band: tuple[float, float]) -> QueryPlan | SegmentRule | None:
    """The plan for the top of the customers, narrowed to those of the band."""
    if best.cost > _WELL or len(best.calls) != 1 or best.calls[0].name not in {"query_data", "count_audience"}:
        return None
    plan = best.calls[0].plan()
    if not isinstance(plan, QueryPlan | SegmentRule) or set(getattr(plan, "dimensions", ())) - {"customer"}:
        return None
    narrowed = _narrowed(plan.filter, *band)
    return None if narrowed is None else plan.model_copy(update={"filter": narrowed})


def _narrowed(found: Filter | None, begin: float, end: float) -> Filter | None:
    """The filter with its one condition on the top ``end`` percent without the top ``begin``; None without that."""
    if isinstance(found, And):
        parts = [_narrowed(part, begin, end) for part in found.parts]
        if sum(part is not None for part in parts) != 1:
            return None
        return And(parts=tuple(new or old for new, old in zip(parts, found.parts, strict=True)))
    ranked = isinstance(found, CustomerCondition | Predicted) and found.rank == "top_percent"
    if not ranked or found.values != (end,):  # type: ignore[union-attr]
        return None
    above = found.model_copy(update={"values": (begin,), "term": None})  # type: ignore[union-attr]
    return And(parts=(found, Not(part=above)))  # type: ignore[arg-type]
