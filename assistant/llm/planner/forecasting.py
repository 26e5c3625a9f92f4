"""Readings of forecasts: which measure, which days ahead, of what, split by what, against which target."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.replies import candidate, decline
from assistant.llm.planner.requests import Finish, take_verbs
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.periods import Period
from assistant.plans.requests import ForecastRequest

_FORECASTABLE = ("revenue", "orders", "units", "customers")
_OPENERS = heard("forecasting.openers")
#: Splits that are no series of sales of their own.
_NO_SPLITS = frozenset({"customer", "order", "new_vs_returning", "cohort", "segment", "first_product",
                        "first_category", "campaign"})


@dataclass(frozen=True)
class Ahead:
    """The stretch asked for: so many periods, or named days."""

    grain: str = "week"
    horizon: int = 8
    first: date | None = None
    last: date | None = None
    occasion: str | None = None


def forecast(p: Parts, context: DialogueContext, finish: Finish) -> Candidate | None:
    """As in "Forecast revenue for the next 8 weeks" · "growth prediction by region" · "will we hit 150k next month"."""
    r = p.reading
    asked = r.does("forecast")
    target = _target(p)
    if not asked and p.future is None and not speaks_of_future(p):
        return None
    said = speaks_of_future(p) or target is not None
    if not asked and not said and r.has("do"):
        return None
    if r.has("stock_out", "worth") or len(p.customer_ids) == 1:
        return None  # when stock ends, or what one customer will bring, is another model's
    take_verbs(p, "forecast")
    p.used.update(
        i
        for i in r.having("act")
        if r.items[i].get("act") in {"sell", "buy", "spend"} or r.items[i].lemma in heard("forecasting.made")
    )
    p.used.update(r.having("trend", "growth", "change", "previous", "chance"))
    p.used.update(i for i, item in enumerate(r.items) if item.lemma in heard("forecasting.telling"))
    metric, extra = _metric(p, target)
    if metric is None:
        return _no_course_ahead(p) if asked else None
    splits = [g for g in p.groups if g not in GRAINS]
    if target is not None and splits:
        if r.has("group"):
            return None  # one target for each value is not asked of a total
        splits = []
    if len(splits) > 1 or set(splits) & _NO_SPLITS:
        return None
    ahead = _ahead(p, split=bool(splits), target=target)
    if ahead is None:
        return None
    top: dict[str, int] = {}
    if splits and p.limit is not None and p.limit <= 20:
        top = {"top": p.limit}
    try:
        request = ForecastRequest(
            metric=metric,  # type: ignore[arg-type]
            grain=ahead.grain,  # type: ignore[arg-type]
            horizon=ahead.horizon,
            first_day=ahead.first,
            last_day=ahead.last,
            occasion=ahead.occasion,
            target=target,
            split_by=splits[0] if splits else None,
            filter=p.filter() if p.conditions.customers else join(p.rows),
            **top,  # type: ignore[arg-type]
        )
    except ValidationError:
        return None
    extra += 0.0 if asked or target else 0.1
    if r.has("which") and r.has("rank") and not splits and not [g for g in p.groups if g in GRAINS] and target is None:
        extra += 0.8  # "which store will do best": a total names none
    return finish(p, [call(request)], "forecast", extra)


def _no_course_ahead(p: Parts) -> Candidate | None:
    """As in "forecast the return rate": a precise no; None where a model of customers answers."""
    if p.reading.has("worth_ahead", "chance") or p.customer_ids or "customer" in p.groups:
        return None
    vocabulary = p.reading.vocabulary
    known = [vocabulary.metrics[m].label for m in p.metrics if m in vocabulary.metrics]
    if not known:
        return None
    said = decline(vocabulary.lexicon, "not_understood", "no_forecast", examples="forecast", measure=known[0])
    return candidate(said, 0.45, "decline")


def _metric(p: Parts, target: float | None) -> tuple[str | None, float]:
    """The measure and what it costs to have guessed it."""
    metric = next((m for m in p.metrics if m in _FORECASTABLE), None)
    other = [m for m in p.metrics if m not in _FORECASTABLE]
    if metric is None and any(m.endswith("revenue") for m in other):
        return "revenue", 0.0
    if metric is None and other == ["contacted_customers"] and target is not None:
        return "revenue", 0.05  # "reach 150k"
    if other and metric is None:
        return None, 0.0
    counted = p.counted or p.reading.has("how_many")
    if metric is None and counted and any(t.lemma in heard("forecasting.sold") for t in p.reading.tokens):
        return "units", 0.0
    if metric is None and target is not None:
        return "revenue", 0.05
    return (metric, 0.0) if metric else ("revenue", 0.1)


def speaks_of_future(p: Parts) -> bool:
    """As in "what will sales be", "are we going to", "can we reach …"."""
    items = p.reading.items
    will = any(t.lemma in heard("forecasting.ahead") for t in p.reading.tokens)
    return will or (p.reading.has("target") and (p.reading.has("chance") or items[0].lemma in _OPENERS))


def _target(p: Parts) -> float | None:
    """As in "will we hit 150k", "the chance of more than 500 orders": the amount to reach."""
    r = p.reading
    chance, will = r.has("chance"), any(t.lemma in heard("forecasting.ahead") for t in r.tokens)
    # "top 20 by …" is a list, "will we top 20k" an amount
    goes = [i for i, item in enumerate(r.items) if item.has("target") and (will or not item.has("rank"))]
    ahead = chance or speaks_of_future(p) or bool(r.does("forecast")) or p.future is not None
    for i, item in enumerate(r.items):
        if item.number is None or item.number <= 0 or item.has("duration", "period", "future"):
            continue
        if item.unit not in {None, "money"}:
            continue
        before = range(max(0, i - 4), i)
        reached = any(k in goes or r.items[k].has("chance") for k in before)
        compared = any(r.items[k].get("cmp") in {"gt", "ge"} for k in before)
        if ahead and (reached or (compared and (chance or speaks_of_future(p)))):
            p.used.add(i)
            p.used.update(k for k in before if k in goes or r.items[k].has("cmp", "chance"))
            p.used.update(k for k in (i + 1,) if k < len(r.items) and r.items[k].has("money"))
            p.conditions.measures = [m for m in p.conditions.measures if item.number not in m.values]
            p.conditions.customers = [
                c for c in p.conditions.customers if item.number not in (getattr(c, "values", None) or ())
            ]
            p.metrics = [m for m in p.metrics if m != "contacted_customers"]
            _counted_things(p, i)
            return item.number
    return None


def _counted_things(p: Parts, i: int) -> None:
    """As in "500 orders": what the number counts is the measure."""
    items = p.reading.items
    for k in range(i + 1, min(i + 3, len(items))):
        of = next((str(m) for m in items[k].alts.get("metric", ()) if m in _FORECASTABLE), None)
        if of is not None:
            p.metrics = [of, *(m for m in p.metrics if m != of)]
            p.used.add(k)
            return


# -- the days ahead ----------------------------------------------------------------------------------------------------


def _ahead(p: Parts, *, split: bool, target: float | None = None) -> Ahead | None:
    """What was said about time; eight weeks (months, where values are compared) where nothing was."""
    as_of = p.reading.vocabulary.status.as_of
    said = next((g for g in p.groups if g in {"day", "week", "month"}), None)
    rest = _rest(p, as_of, whole=target is not None)
    if rest is not None:
        return rest
    span: PeriodReading | None = p.future
    if span is not None and round(span.count) == 1 and span.count == 1 and not _counted(p, span):
        if said is None or said == span.unit:
            return _next(span.unit, as_of)
        if said == "day":
            return replace(_next(span.unit, as_of), grain="day")
    if span is None:
        span = next((item.get("duration") for item in p.reading.items if item.has("duration")), None)
        p.used.update(p.reading.having("duration"))
    if span is None:
        named = [one.period for one in p.periods if one.period is not None]
        if len(named) == 1 and named[0].event and not named[0].year:
            return Ahead(occasion=named[0].event)
        if named:
            return _named(named, as_of)
        if split and said is None:
            return Ahead("month", 3)
        grain, horizon = {"day": ("day", 14), "month": ("month", 3)}.get(said or "", ("week", 8))
        return Ahead(grain, horizon)
    return _span(span, said)


def _counted(p: Parts, span: PeriodReading) -> bool:
    """As in "the next 1 month", "a month": a length, not the calendar's next one."""
    return any(t.kind == "number" or t.lemma in heard("one_of") for t in p.reading.tokens[span.start : span.end])


def _span(span: PeriodReading, said: str | None) -> Ahead:
    unit, count = span.unit, max(1, round(span.count))
    if unit == "quarter":
        unit, count = "month", 3 * count
    elif unit == "year":
        unit, count = "month", max(1, round(12 * span.count))
    if said and said != unit:
        per = {("month", "week"): 4.345, ("month", "day"): 30.4, ("week", "day"): 7.0}.get((unit, said))
        if per:
            unit, count = said, round(count * per)
    return Ahead(unit, min(count, 366))


def _next(unit: str, as_of: date) -> Ahead:
    """The whole calendar unit after the running one."""
    first, last = _unit_of(as_of, unit)
    first, last = _unit_of(last + timedelta(days=1), unit)
    return _window(first, last)


def _window(first: date, last: date) -> Ahead:
    return Ahead(first=first, last=last)


def _unit_of(day: date, unit: str) -> tuple[date, date]:
    """First and last day of the day, week (from Monday), month, quarter or year that holds ``day``."""
    if unit == "day":
        return day, day
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    begin = (day.month - 1) // months * months + 1
    end = begin + months - 1
    return date(day.year, begin, 1), date(day.year, end, monthrange(day.year, end)[1])


def _rest(p: Parts, as_of: date, *, whole: bool) -> Ahead | None:
    """As in "the rest of the year", "by the end of next quarter", "until Christmas".

    Args:
        whole: a target is to be reached by then, so what the running year, quarter or month has brought counts too.
    """
    items = p.reading.items
    for i, item in enumerate(items):
        words = [t.lemma for t in item.tokens]
        begins = (
            item.has("rest")
            or not heard("forecasting.remaining").isdisjoint(words)
            or item.lemma in heard("forecasting.until")
        )
        if not begins or i in p.conditions.used:
            continue
        for k in range(i, min(i + 4, len(items))):
            last = _end_of(items[k], as_of)
            if last is None or last <= as_of:
                continue
            p.used.update(range(i, k + 1))
            p.groups = [g for g in p.groups if not items[k].has("grain") or g != items[k].get("grain")]
            running = _unit_of(as_of, str(items[k].get("grain"))) if whole and items[k].has("grain") else None
            return _window(running[0] if running else as_of + timedelta(days=1), last)
    return None


def _end_of(item, as_of: date) -> date | None:  # type: ignore[no-untyped-def]
    """Last day of the stretch an item names, read as one that has not ended."""
    if item.has("grain"):
        return _unit_of(as_of, str(item.get("grain")))[1]
    if item.has("future"):
        found = item.get("future")
        return _next(found.unit, as_of).last if found.count == 1 else None
    if item.has("period") and item.get("period").period is not None:
        ahead = _named([item.get("period").period], as_of)
        return ahead.last if ahead is not None else None
    return None


def _named(periods: list[Period], as_of: date) -> Ahead | None:
    """Days of the named stretches, the next time they come; several are taken from the first to the last."""
    found = [days for days in (_days(period, as_of) for period in periods) if days is not None]
    if len(found) < len(periods):
        return None
    return _window(min(f for f, _ in found), max(last for _, last in found))


def _days(period: Period, as_of: date) -> tuple[date, date] | None:
    if period.kind == "calendar" and period.count == 1 and period.offset == 0 and period.unit is not None:
        first, last = _unit_of(as_of, period.unit)
        return (first, last) if last > as_of else _unit_of(last + timedelta(days=1), period.unit)
    if period.kind == "to_date" and period.unit is not None:
        return _unit_of(as_of, period.unit)
    if period.kind == "absolute" and period.end is not None and period.start is not None:
        first, last = period.start, period.end
        return (first, last) if last > as_of else None
    if period.kind != "named":
        return None
    years = [period.year] if period.year else [as_of.year, as_of.year + 1]
    for year in years:
        days = _in_year(period, year)
        if days is not None and days[1] > as_of:
            return days
    return None


def _in_year(period: Period, year: int) -> tuple[date, date] | None:
    if period.event:
        return None
    if period.week:
        first = date.fromisocalendar(year, period.week, 1)
        return first, first + timedelta(days=6)
    if period.month and period.day:
        return date(year, period.month, period.day), date(year, period.month, period.day)
    if period.month:
        return _unit_of(date(year, period.month, 1), "month")
    if period.quarter:
        return _unit_of(date(year, 3 * period.quarter, 1), "quarter")
    return _unit_of(date(year, 1, 1), "year")


def edited(p: Parts, plan: ForecastRequest) -> ForecastRequest | None:
    """A forecast changed by a follow-up: "12 weeks", "in units", "what about December", "by country", "only Germany".

    Raises:
        ValidationError: the change does not fit.
    """
    changes: dict[str, object] = {}
    metric = next((m for m in p.metrics if m in _FORECASTABLE), None)
    if metric:
        changes["metric"] = metric
    splits = [g for g in p.groups if g not in GRAINS]
    if splits and not set(splits) & _NO_SPLITS:
        changes["split_by"] = splits[0]
    grain = next((g for g in p.groups if g in {"day", "week", "month"}), None)
    timed = p.future is not None or bool(p.periods) or p.reading.has("duration", "rest")
    target = _target(p)
    if target is not None:
        changes["target"] = target
    if timed:
        ahead = _ahead(p, split=False, target=target)
        if ahead is None:
            return None
        changes |= {"grain": ahead.grain, "horizon": ahead.horizon, "first_day": ahead.first, "last_day": ahead.last,
                    "occasion": ahead.occasion}
    elif grain:
        weeks = plan.horizon * {"day": 1 / 7, "week": 1, "month": 4.345}[plan.grain]
        changes["grain"] = grain
        changes["horizon"] = max(1, round(weeks * {"day": 7, "week": 1, "month": 1 / 4.345}[grain]))
    if p.rows:
        changes["filter"] = join(p.rows)
    return ForecastRequest.model_validate({**plan.model_dump(), **changes}) if changes else None
