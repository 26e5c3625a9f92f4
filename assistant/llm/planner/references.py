"""Rows of an earlier answer, named by place or kind: "the second one", "number 3", "that category"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.units import GRAINS
from assistant.plans.filters import Compare, InGroup
from assistant.plans.periods import Period

#: answers whose rows can be spoken of, and what a row of theirs is
_ROWS_ARE = {
    "find_segments": "segment",
    "predict_churn": "customer",
    "recommend_products": "product",
    "search_products": "product",
    "bought_together": "product",
}
_THESE = heard("references.these")
_ONES = heard("references.ones")
_INSIDE = heard("references.inside")
_NUMBERED = heard("references.numbered")
_MAX_NAMED = 50
_BACK = 5


@dataclass(frozen=True)
class Reference:
    """What is meant: values of a dimension, and the items of the text that say so.

    ``rows`` is the dimension of the answer that was spoken of; ``period`` the time that was.
    """

    dimension: str
    values: tuple[str, ...]
    used: frozenset[int]
    past: Past
    period: Period | None = None


def attach(p: Parts, context: DialogueContext) -> None:
    """Put the rows that a text points at among its filters."""
    found = find(p.reading, context)
    if found is None:
        return
    p.used |= found.used
    p.referred = p.placed = True
    if p.limit == 1 and p.offset == 0 and _only_place(p, found):
        p.limit = p.descending = None
    if found.period is not None:
        first = min(found.used)
        p.groups = [g for g in p.groups if g != found.dimension]
        p.periods.insert(0, PeriodReading("period", first, first + 1, found.period))
        return
    if found.dimension == "segment" and found.past.call.name == "find_segments":
        args = found.past.call.args
        group = InGroup(group="segment", name=found.values[0], method=args.get("method", "auto"), k=args.get("k"))
        p.conditions.customers.append(group)
        p.conditions.joins.append("and")
        p.groups = [g for g in p.groups if g not in {"segment", "customer"}]
        return
    if found.dimension in GRAINS:
        period = period_of_row(found.dimension, found.values[0])
        if period is not None:
            first = min(found.used)
            p.periods.insert(0, PeriodReading("period", first, first + 1, period))
        return
    if found.dimension == "customer":
        p.customer_ids += [v for v in found.values if v not in p.customer_ids]
    elif found.dimension == "product":
        p.product_ids += [v for v in found.values if v not in p.product_ids]
    one = len(found.values) == 1
    p.rows.append(Compare(field=found.dimension, op="eq" if one else "in", values=found.values))
    p.chosen.setdefault(found.dimension, []).extend(found.values)
    if found.dimension in p.groups and found.dimension not in {"customer", "product"}:
        p.groups.remove(found.dimension)


def find(reading: Reading, context: DialogueContext) -> Reference | None:
    """The rows meant, or None where the text points at none."""
    for past in _lists(context):
        found = (
            _by_place(reading, context, past) or _by_kind(reading, context, past) or _of_those(reading, context, past)
            or _by_time(reading, past)
        )
        if found is not None:
            return found
    return None


def _lists(context: DialogueContext) -> list[Past]:
    """The last answer, and the latest one before that lists several things."""
    answered = [p for p in reversed(context.past) if not p.refused and p.call.name not in {"ask_back", "decline"}]
    several = [p for p in answered[1:_BACK] if any(len(column(context, p, d)) > 1 for d in _dimensions(p)[:1])]
    return [*answered[:1], *several[:1]]


def _only_place(p: Parts, found: Reference) -> bool:
    """Whether the words for the place are the only ones that could rank."""
    return not any(item.has("rank") and i not in found.used for i, item in enumerate(p.reading.items))


def _dimensions(past: Past) -> list[str]:
    """What the rows of an answer are, main one first."""
    fixed = _ROWS_ARE.get(past.call.name)
    if fixed:
        return [fixed]
    return [str(d) for d in past.call.args.get("dimensions", ())] if past.call.name == "query_data" else []


def column(context: DialogueContext, past: Past, dimension: str) -> list[str]:
    """Values of the rows of an answer; segments are listed by name."""
    return context.column(past, dimension) or (context.column(past, "name") if dimension == "segment" else [])


def _by_place(reading: Reading, context: DialogueContext, last: Past) -> Reference | None:
    """As in "the second one", "number 2", "the last one", "the third country"."""
    dims = _dimensions(last)
    for i in range(len(reading.items)):
        place = _place(reading, i)
        if place is None or not dims:
            continue
        used = {i}
        if i and reading.items[i - 1].lemma in _NUMBERED:
            used.add(i - 1)
        dimension = dims[0]
        after = reading.items[i + 1] if i + 1 < len(reading.items) else None
        if after is not None and after.lemma in _ONES:
            used.add(i + 1)
        elif after is not None and after.has("dim", "grain"):
            named = [d for d in (*after.alts.get("dim", ()), *after.alts.get("grain", ())) if d in dims]
            if not named:
                continue
            dimension = str(named[0])
            used.add(i + 1)
        values = column(context, last, dimension)
        index = place if place >= 0 else len(values) + place
        if len(dims) > 1 and dims[0] in GRAINS:
            continue  # of a ranking broken down by month: its rows have no places, those of the ranking do
        if _by_rank(reading, i) and dimension in GRAINS and not last.call.args.get("sort"):
            index = extreme_row(last, dimension, lowest=place < 0)
        if 0 <= index < len(values):
            return Reference(dimension, (values[index],), frozenset(used), last)
    return None


def _by_rank(reading: Reading, i: int) -> bool:
    """Whether a row is named by its rank, "the worst one", not by its place."""
    return reading.items[i].has("rank")


def extreme_row(last: Past, dimension: str, *, lowest: bool) -> int:
    """Where the highest or the lowest row of a series stands; -1 where that cannot be seen."""
    metric = next(iter(last.call.args.get("metrics", ())), "")
    for table in (last.result or {}).get("tables", ())[:1]:
        names = [c["name"] for c in table.get("columns", ())]
        if metric in names and dimension in names:
            at = names.index(metric)
            rows = [(row[at], -i) for i, row in enumerate(table["rows"]) if isinstance(row[at], int | float)]
            return -(min(rows) if lowest else max(rows))[1] if rows else -1
    return -1


def _place(reading: Reading, i: int) -> int | None:
    """Position of a row that the item names (0 is the first, -1 the last), or None."""
    items = reading.items
    item = items[i]
    after = items[i + 1] if i + 1 < len(items) else None
    before = items[i - 1].lemma if i else ""
    alone = after is None or after.tokens[0].kind == "stop" or after.lemma in _ONES or after.has("group", "period")
    thing = after is not None and after.has("dim") and not after.has("act") and "order" not in after.alts["dim"]
    ordinal = item.unit == "ordinal" and not item.has("period", "act", "dim", "last_order") and not _ranked(reading, i)
    if ordinal and (alone or (thing and before in heard("the"))) and before not in heard("coverage.at"):
        return int(item.tokens[0].value or 1) - 1
    if (
        item.lemma in heard("last")
        and after is not None
        and after.lemma in heard("references.row")
        and (not before or before in heard("the"))
    ):
        return -1
    chosen = (
        item.has("rank") and after is not None and after.lemma in heard("one") and before in heard("the") and i >= 2
    )
    if chosen and reading.items[i - 2].lemma in _INSIDE:
        return 0 if item.get("rank") == "desc" else -1
    if before in _NUMBERED and item.number is not None and item.unit is None and (alone or after is None) and i <= 3:
        return int(item.number) - 1
    return None


def _ranked(reading: Reading, i: int) -> bool:
    """As in "second best"."""
    return any(reading.items[k].has("rank") for k in (i - 1, i + 1) if 0 <= k < len(reading.items))


def _by_kind(reading: Reading, context: DialogueContext, last: Past) -> Reference | None:
    """As in "that category", "those products": the things that the last answer lists."""
    for i, item in enumerate(reading.items):
        kinds = [str(d) for d in (*item.alts.get("dim", ()), *item.alts.get("grain", ()))]
        words = [t.lemma for t in item.tokens]
        used = {i}
        if words[0] in _THESE and len(words) > 1:
            kinds = kinds or [d for d in _dimensions(last) if words[-1] == d]
        elif i and reading.items[i - 1].lemma in _THESE:
            used.add(i - 1)
        else:
            continue
        dimension = next((d for d in _dimensions(last) if d in kinds and d != "customer"), None)
        if dimension is None:
            continue
        values = tuple(dict.fromkeys(column(context, last, dimension)))[:_MAX_NAMED]
        many = item.tokens[-1].word != item.tokens[-1].lemma or words[0] in heard("these_those")
        if i and reading.items[i - 1].lemma in heard("these_those"):
            many = True
        if not many and len(values) > 1 and last.call.args.get("sort"):
            values = values[:1]  # "that month" after the months by revenue: the one that stands first
        if values and (many or len(values) == 1) and not (dimension in GRAINS and len(values) > 1):
            return Reference(dimension, values, frozenset(used), last)
    return None


def _of_those(reading: Reading, context: DialogueContext, last: Past) -> Reference | None:
    """As in "which of those had the highest return rate?": the things that a ranking shows."""
    dims = [d for d in _dimensions(last) if d not in GRAINS]
    if not dims or dims[0] in {"customer", "segment"} or not last.call.args.get("limit"):
        return None
    hits = [i for i in reading.having("customers_pronoun") if reading.items[i].tokens[0].lemma in heard("of")]
    values = tuple(dict.fromkeys(column(context, last, dims[0])))
    if not hits or not 1 < len(values) <= _MAX_NAMED:
        return None
    return Reference(dims[0], values, frozenset(hits[:1]), last)


def _by_time(reading: Reading, last: Past) -> Reference | None:
    """As in "in that month", "and what sold best then?": the time that the last answer was about."""
    held = last.call.args.get("period")
    period = Period.model_validate(held) if isinstance(held, dict) else None
    if period is None:
        return None
    for i, item in enumerate(reading.items):
        grains = {str(g) for g in (*item.alts.get("grain", ()), *item.alts.get("dim", ()))} & set(GRAINS)
        before = reading.items[i - 1] if i else None
        if grains & units_of(period) and before is not None and before.lemma in heard("references.that_time"):
            return Reference(grains.pop(), (), frozenset({i - 1, i}), last, period)
        if grains and before is not None and before.lemma in heard("references.that_time"):
            return None
        ends = all(t.tokens[0].kind == "stop" for t in reading.items[i + 1 :])
        if i and ends and item.lemma in heard("references.then"):
            return Reference("", (), frozenset({i}), last, period)
    return None


def units_of(period: Period) -> set[str]:
    """Words that name a stretch of this length."""
    if period.kind == "absolute" and period.start == period.end or period.day:
        return {"day"}
    if period.event:
        return set()
    if period.kind == "named":
        return {"month"} if period.month else {"quarter"} if period.quarter else {"year"}
    return {str(period.unit)} if period.unit and period.count == 1 else set()


def period_of_row(grain: str, value: str) -> Period | None:
    """The stretch of time that a row of a series stands for."""
    day = _first_day(value)
    if day is None:
        return None
    named = {
        "month": {"month": day.month, "year": day.year},
        "quarter": {"quarter": (day.month + 2) // 3, "year": day.year},
        "year": {"year": day.year},
    }.get(grain)
    if named:
        return Period(kind="named", **named)
    end = date.fromordinal(day.toordinal() + (6 if grain == "week" else 0))
    return Period(kind="absolute", start=day, end=end)


def _first_day(label: str) -> date | None:
    """The first day of a row's stretch of time, from its label: "2025-11-03", "Nov 2025", "Q1 2025", "2025"."""
    quarter = re.fullmatch(r"Q([1-4]) (\d{4})", label)
    if quarter:
        return date(int(quarter[2]), 3 * int(quarter[1]) - 2, 1)
    for pattern in ("%Y-%m-%d", "%b %Y", "%B %Y", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(label, pattern).date()
        except ValueError:
            continue
    return None


__all__ = ["Reference", "attach", "column", "extreme_row", "find", "period_of_row", "units_of"]
