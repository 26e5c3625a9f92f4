"""Frames of customers who come back: one period in another, the first days after the first order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.cues import Cues
from assistant.llm.planner.heard import heard
from assistant.llm.planner.period_grammar import PeriodReader, read_period
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.study_rest import (
    DEEDS,
    PEOPLE_METRICS,
    asks_for_money,
    asks_for_number,
    asks_for_time,
    counting,
    denied,
    grain_said,
    people,
    rest_of,
    tokens_of,
)
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, CustomerCondition
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.requests import SegmentRule
from assistant.plans.studies import EarlyStudy, LadderStudy, ReturnStudy

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


# -- customers of one period in another --------------------------------------------------------------------------------


def returning(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "how many of the buyers of Q1 bought again in Q2", "retention rate from 2024 to 2025"."""
    reading = frames.reading
    if cues.said("retention") and not cues.said("cohort"):
        found = _retention(frames, cues)
        if found is not None:
            return found
    who, periods = people(reading), _periods_said(reading)
    if not who or not 1 <= len(periods) <= 2 or cues.said("cohort"):
        return None
    joined = cues.said("first_order")
    if len(periods) == 1 and not (joined and cues.said("bare_again")):
        return None
    if len(periods) == 1:
        return _again_at_all(frames, cues, periods[0])
    if not asks_for_number(reading, cues) or not _of_a_group(reading, periods, cues):
        return None
    base = periods[0][1]
    later = periods[1][1] if len(periods) > 1 else None
    if later is not None and not _before(frames, base, later):
        if reading.has("share") or not _before(frames, later, base):
            return None
        base, later = later, base
    tokens = cues.tokens("again", "bare_again", "first_order", "not_back", "retention")
    tokens |= tokens_of(reading, who) | tokens_of(reading, [i for i, _ in periods])
    tokens |= tokens_of(reading, [i for i in reading.having("act") if reading.items[i].get("act") in DEEDS])
    tokens |= tokens_of(reading, [i for i in reading.having("do") if "search" in reading.items[i].alts["do"]])
    rest = rest_of(frames, tokens)
    p = rest.parts
    p.metrics = [m for m in p.metrics if m not in {"revenue", "orders"}]
    away = any(denied(reading, place) for place in cues.places("not_back"))
    study = ReturnStudy(
        base=base,
        later=later,
        first_only=joined,
        filter=rest.filter,
        asked="away" if away else "spent" if asks_for_money(reading) else "back",
    )
    return rest.candidate(study, fits=set(), used=counting(reading))


def _again_at_all(frames: Frames, cues: Cues, first: tuple[int, Period]) -> Candidate | None:
    """As in "of those who first ordered in Q1, how many ordered again": a second order at any time."""
    reading = frames.reading
    if cues.said("later_units") or reading.having("duration") or not asks_for_number(reading, cues):
        return None
    tokens = cues.tokens("again", "bare_again", "first_order") | tokens_of(reading, [first[0], *people(reading)])
    tokens |= tokens_of(reading, [i for i in reading.having("act") if reading.items[i].get("act") in DEEDS])
    tokens |= {k for k, t in enumerate(reading.tokens) if t.lemma in heard("since")}
    rest = rest_of(frames, tokens)
    if rest.parts.metrics and set(rest.parts.metrics) - PEOPLE_METRICS:
        return None
    study = LadderStudy(first_only=True, period=first[1], filter=rest.filter)
    return rest.candidate(study, fits=set(), used=counting(reading))


def _of_a_group(reading: Reading, periods: list[tuple[int, Period]], cues: Cues) -> bool:
    """Whether the first stretch of time tells who, the second what they did then."""
    first = reading.items[periods[0][0]]
    if len(periods) == 1:
        return True
    second = reading.items[periods[1][0]]
    between = [item for item in reading.items if first.end <= item.start < second.start]
    deed = any(item.get("act") in DEEDS for item in between)
    again = any(set(range(first.end, len(reading.tokens))) & set(place) for place in cues.places("again"))
    only_and = all(item.lemma in heard("study_returns.joining") for item in between)
    return (deed or again) and not only_and


def _periods_said(reading: Reading) -> list[tuple[int, Period]]:
    found: list[tuple[int, Period]] = []
    for i, item in enumerate(reading.items):
        period = item.get("period")
        if isinstance(period, PeriodReading) and period.open_end == "since" and item.tokens[0].lemma in heard("from"):
            period = read_period(
                reading.tokens, item.start + 1, reading.vocabulary.lexicon, reading.vocabulary.status.as_of
            )
        if isinstance(period, PeriodReading) and period.period is not None and not item.has("goal", "value"):
            if period.ends is not None:
                found += [(i, period.ends[0]), (i, period.ends[1])]
            elif period.period.kind != "all":
                found.append((i, period.period))
    years = {p.year for _, p in found if p.kind == "named" and p.year}
    return [(i, _in_year(p, years)) for i, p in found]


def _in_year(period: Period, years: set[int]) -> Period:
    """As in "buyers of Q1 who came back in Q2 2025": the year said once holds for both."""
    if period.kind == "named" and period.year is None and period.event is None and len(years) == 1:
        return period.model_copy(update={"year": next(iter(years))})
    return period


def _before(frames: Frames, a: Period, b: Period) -> bool:
    status = frames.reading.vocabulary.status
    reader = PeriodReader(frames.reading.tokens, frames.lex, status.as_of)
    first, second = reader.bounds(a), reader.bounds(b)
    return first is not None and second is not None and first[1] < second[0]


def _retention(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "retention rate in 2025" (of the customers of 2024), "month over month retention"."""
    reading = frames.reading
    if not any(
        len(p) > 1 or reading.tokens[p.start].lemma in heard("study_returns.retention")
        for p in cues.places("retention")
    ):
        return None
    if reading.does("create") or reading.has("goal", "offer") and reading.has("object"):
        return None
    periods = _periods_said(reading)
    who = people(reading)
    grains = [i for i, item in enumerate(reading.items) if item.has("grain") and not item.has("period")]
    before = reading.having("previous")
    tokens = cues.tokens("retention", "again") | tokens_of(reading, who) | tokens_of(reading, grains)
    tokens |= tokens_of(reading, before) | tokens_of(reading, [i for i, _ in periods])
    rest = rest_of(frames, tokens)
    if len(periods) == 2 and _before(frames, periods[0][1], periods[1][1]):
        study = ReturnStudy(base=periods[0][1], later=periods[1][1], filter=rest.filter)
    elif len(periods) == 1 and _unit_before(periods[0][1]) is not None and not grains:
        study = ReturnStudy(base=_unit_before(periods[0][1]), later=periods[0][1], filter=rest.filter)
    elif not periods:
        grain = grain_said(frames) or _grain_of(reading, before) or "month"
        study = ReturnStudy(grain=grain, filter=rest.filter)  # type: ignore[arg-type]
    else:
        return None
    return rest.candidate(study, fits=set(), used=counting(reading) | set(reading.having("trend")))


def _grain_of(reading: Reading, items: list[int]) -> str | None:
    for i in items:
        for token in reading.items[i].tokens:
            if token.lemma in heard("study_returns.grains"):
                return token.lemma
    return None


def _unit_before(period: Period) -> Period | None:
    """The unit just before a whole month, quarter or year."""
    if period.kind == "calendar" and period.count == 1:
        return period.model_copy(update={"offset": period.offset - 1})
    if period.kind != "named" or period.event or period.week or period.day or period.year is None:
        return None
    year = period.year
    if period.month:
        return period.model_copy(update={"month": period.month - 1 or 12, "year": year - (period.month == 1)})
    if period.quarter:
        return period.model_copy(update={"quarter": period.quarter - 1 or 4, "year": year - (period.quarter == 1)})
    return period.model_copy(update={"year": year - 1})


# -- the first days ----------------------------------------------------------------------------------------------------


def early(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "within 60 days of the first order", "90-day LTV by channel", "how long until the second order"."""
    reading = frames.reading
    found = _second_order_time(frames, cues) or _days_after_first(reading, cues)
    if found is None:
        return None
    tokens, days, measure = found
    listing = reading.has("which") and any(
        item.has("which") and reading.items[i + 1 : i + 2] and "customer" in reading.items[i + 1].alts.get("dim", ())
        for i, item in enumerate(reading.items)
    )
    making = bool(reading.does("create", "segments")) and not reading.has("share", "count")
    if (listing or making) and not reading.has("share", "count") and measure == "repeat" and days is not None:
        return _who_came_back(frames, cues, tokens, days, making)
    tokens |= cues.tokens("bare_again", "of_first", "go_on") | tokens_of(
        reading,
        [
            i
            for i in reading.having("act")
            if reading.items[i].get("act") in DEEDS and i not in reading.having("metric")
        ],
    )
    who = [i for i in people(reading) if not _grouped(reading, i)]
    rest = rest_of(frames, tokens | tokens_of(reading, who) | _aside(reading))
    p = rest.parts
    groups = [g for g in p.groups if g not in GRAINS]
    if len(groups) > 1:
        return None
    grain = [g for g in p.groups if g in GRAINS]
    by = groups[0] if groups else "cohort" if grain == ["month"] else None
    if grain and (groups or grain != ["month"]):
        return None
    p.metrics = [m for m in p.metrics if m not in {"revenue", "orders", "repeat_rate", "revenue_per_customer"}]
    study = EarlyStudy(
        days=days,
        measure=measure,  # type: ignore[arg-type]
        by=by,
        filter=rest.filter,
        period=p.period,
        lowest_first=p.descending is False,
    )
    return rest.candidate(study, fits={"groups", "periods", "rank"} if by else {"periods"}, used=counting(reading))


def _who_came_back(frames: Frames, cues: Cues, tokens: set[int], days: int, making: bool) -> Candidate | None:
    """The customers themselves: "which customers ordered again within 60 days of their first order"."""
    reading = frames.reading
    never = any(denied(reading, place) for place in cues.places("not_back"))
    tokens |= cues.tokens("bare_again", "of_first") | (cues.tokens("not_back") if never else set())
    tokens |= tokens_of(reading, [i for i in reading.having("act") if reading.items[i].get("act") in DEEDS])
    tokens |= tokens_of(reading, people(reading)) | tokens_of(reading, reading.does("create", "segments"))
    tokens |= tokens_of(
        reading, [i for i, item in enumerate(reading.items) if item.lemma in heard("study_returns.audience")]
    )
    rest = rest_of(frames, tokens)
    again = CustomerCondition(
        metric="orders",
        op="le" if never else "ge",
        values=(1,) if never else (2,),
        where=Compare(field="days_since_first_order", op="le", values=(days,)),
    )
    both = join([again, *([rest.filter] if rest.filter is not None else [])])
    assert both is not None
    if making:
        return rest.candidate(SegmentRule(filter=both), fits=set(), used=counting(reading))
    plan = QueryPlan(
        metrics=("revenue", "orders"),
        dimensions=("customer",),
        filter=both,
        period=rest.parts.period,
        sort=Sort(by="revenue"),
    )
    return rest.candidate(plan, fits={"periods"}, used=counting(reading))


def _aside(reading: Reading) -> set[int]:
    """Tokens after a split that list what it may hold: "acquisition channel (Meta / Google / organic)"."""
    slashes = [k for k, t in enumerate(reading.tokens) if t.text == "/"]
    runs = [k for k in slashes if k - 2 not in slashes and k + 2 in slashes]
    found: set[int] = set()
    for start in runs:
        end = start
        while end + 2 in slashes:
            end += 2
        before = next((item for item in reading.items if item.end == start - 1), None)
        if before is not None and before.has("dim"):
            found |= set(range(start - 1, end + 2))
    return found


def _grouped(reading: Reading, i: int) -> bool:
    return i > 0 and reading.items[i - 1].has("group")


def _second_order_time(frames: Frames, cues: Cues) -> tuple[set[int], int | None, str] | None:
    reading = frames.reading
    if not cues.said("second_order") or not cues.said("timing") or reading.having("duration"):
        return None
    if not asks_for_time(reading, cues) and not any(p.stop - p.start > 1 for p in cues.places("timing")):
        return None
    if reading.has("share") or any(
        heard("study_returns.how_many_of").begins(item.lemma) for item in reading.items
    ):
        return None
    averages = set(reading.having("average"))
    verbs = {
        i
        for i, item in enumerate(reading.items)
        if item.lemma in heard("study_returns.between")
    }
    tokens = cues.tokens("second_order", "timing", "first_order") | tokens_of(reading, averages | verbs)
    return tokens, None, "repeat"


def _days_after_first(reading: Reading, cues: Cues) -> tuple[set[int], int, str] | None:
    """The length of time with the words that say it begins at the first order."""
    for i in reading.having("duration"):
        item = reading.items[i]
        length = item.get("duration")
        tokens = set(range(item.start, item.end))
        ends = {item.end, item.end + 1}
        first = next((p for p in cues.places("of_first") if p.start in ends), None)
        rate = next((p for p in cues.places("early_rate") if p.start in ends), None)
        value = next((p for p in cues.places("early_value") if p.start in ends), None)
        opening = item.start and reading.tokens[item.start - 1].lemma in heard("first")
        if first is not None:
            tokens |= set(first)
            if opening:
                tokens.add(item.start - 1)
            money = asks_for_money(reading) or (cues.said("early_value") and not cues.said("bare_again"))
            tokens |= cues.tokens("early_value") if money else set()
            return tokens, length.days, "value" if money and not cues.said("bare_again") else "repeat"
        again = next((p for p in cues.places("bare_again") if p.stop in {item.start, item.start - 1}), None)
        if again is not None:
            return tokens | set(again), length.days, "repeat"
        if rate is not None:
            return tokens | set(rate), length.days, "repeat"
        if value is not None:
            return tokens | set(value), length.days, "value"
    return None
