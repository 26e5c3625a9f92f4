"""Questions along time: what a usual day brings, months in a row, how far the best one lies above the average, when a
total was reached, what is needed to beat last year, and plain what-ifs.

A cue (data: ``prompts/lexicon/<language>/series.yaml``) is taken out of the text with its unit of time and its
condition; what is left must be a plain question of one measure, read by the ordinary grammar (``series_rest.py``).
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.series_rest import PlanOne, Rest, cut, first_match, number, patterns, raw, rest_of, trimmed
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.series import GapStudy, PaceStudy, ReachStudy, RunsStudy, ScaledStudy, UsualStudy
from assistant.plans.studies import SpreadStudy, StudyRequest

_LONGEST = 200
_SCORE = 0.95
#: what-ifs without a time are of the last twelve months
_YEAR = Period(kind="rolling", unit="month", count=12)
#: a mean over orders, customers or products, as what it is the mean of
_OF_ONE = {"average_order_value": ("order", "revenue"), "median_order_value": ("order", "revenue"),
           "items_per_order": ("order", "units"), "revenue_per_customer": ("customer", "revenue"),
           "orders_per_customer": ("customer", "orders")}
#: a measure as a mean over days
_PER_DAY = {"revenue": "revenue_per_day", "orders": "orders_per_day", "units": "units_per_day"}


class _Ask:
    """One text and what is needed to read parts of it."""

    def __init__(self, text: str, words: Vocabulary, plan_one: PlanOne, context: DialogueContext) -> None:
        self.text = " ".join(text.replace("’", "'").split()).strip(" ?!.")
        self.words, self.plan_one, self.context = words, plan_one, context
        self.language = words.lexicon.language
        self.data = raw(self.language)

    def match(self, sources: list[str], text: str | None = None) -> re.Match[str] | None:
        return first_match(sources, self.text if text is None else text, self.language)

    def found(self, source: str, text: str) -> re.Match[str] | None:
        return patterns(self.language)(source).search(text)

    def grain(self, text: str) -> tuple[str | None, str]:
        """The unit of time that a text names, and the text without it; a time ("last month") names none."""
        for unit, source in self.data["grains"].items():
            for match in patterns(self.language)(source).finditer(text):
                if not re.search(self.data["not_a_grain"], text[: match.start()], re.IGNORECASE):
                    return unit, f"{text[: match.start()]} {text[match.end():]}"
        return None, text

    def current(self) -> str:
        """The unit of time that is now running and was named ("this month"); a year without."""
        match = self.found(self.data["current"], self.text)
        return match["unit"].lower() if match is not None else "year"

    def rest(self, text: str, measure: str | None = None) -> Rest | None:
        return rest_of(text, self.words, self.plan_one, self.context, measure)


def series_asks(text: str, words: Vocabulary, plan_one: PlanOne, context: DialogueContext) -> Planned | None:
    """The study that a question along time asks for; None where it is none.

    Args:
        plan_one: readings of a text as a question of its own, best first.
    """
    if not raw(words.lexicon.language)["unspoken"] or len(text) > _LONGEST:
        return None
    ask = _Ask(text, words, plan_one, context)
    for reading in (_scaled, _pace, _sold_since, _reach, _bands, _runs, _gap, _weekday, _usual):
        try:
            found = reading(ask)
        except ValidationError:
            continue
        if found is not None:
            return found
    return None


def _planned(study: Any, rest: Rest) -> Planned:
    return Planned([call(StudyRequest(study=study))], _SCORE, notes=list(rest.notes), frame="series")


# -- what is usual -----------------------------------------------------------------------------------------------------


def _usual(ask: _Ask) -> Planned | None:
    """As in "what's a typical day", "how much does weekly revenue vary", "quartiles of order value"."""
    for asked in ("variation", "middle"):
        match = ask.match(ask.data["usual"][asked])
        if match is None:
            continue
        left = cut(ask.text, match)
        for sources in (ask.data["usual"]["variation"], ask.data["usual"]["middle"]):  # "the usual range"
            again = ask.match(sources, left)
            left = cut(left, again) if again is not None else left
        grain, left = ask.grain(left)
        while grain is not None and (other := ask.grain(left))[0] == grain:  # "from day to day"
            left = other[1]
        rest = ask.rest(left)
        if rest is None or (grain is None and asked == "middle"):
            return None
        if grain is None and rest.metric in _OF_ONE:
            of, metric = _OF_ONE[rest.metric]
            return _planned(SpreadStudy(of=of, metric=metric, filter=rest.filter, period=rest.period), rest)
        if grain is None and not (rest.named or rest.notes):
            return None
        return _planned(UsualStudy(metric=rest.metric, grain=grain or "month", asked=asked,  # type: ignore[arg-type]
                                   filter=rest.filter, period=rest.period), rest)
    return None


# -- in a row ----------------------------------------------------------------------------------------------------------


def _runs(ask: _Ask) -> Planned | None:
    """As in "how many months in a row did we grow", "what share of days had no sale"."""
    for asked in ("run", "share", "first", "latest", "count"):
        match = ask.match(ask.data["runs"][asked])
        if match is None:
            continue
        left = cut(ask.text, match)
        condition, value, left = _condition(ask, left)
        while (again := ask.match(ask.data["runs"]["run"], left)) is not None and asked == "run":
            left = cut(left, again)  # "longest streak of months in a row"
        grain, left = ask.grain(left)
        bounded = condition in {"over", "under", "at_least", "at_most"}
        if condition is None or (grain is None and asked != "run") or (bounded and asked == "count"):
            continue
        orders = ask.words.role("orders") or "orders"
        rest = ask.rest(left, orders if condition in {"none", "some"} else None)
        if rest is None:
            continue
        kind = {"share": "count"}.get(asked, asked)
        study = RunsStudy(metric=rest.metric, grain=grain or "month", condition=condition, value=value,  # type: ignore[arg-type]
                          asked=kind, filter=rest.filter, period=rest.period)  # type: ignore[arg-type]
        return _planned(study, rest)
    return None


def _condition(ask: _Ask, text: str) -> tuple[str | None, float | None, str]:
    """What each unit is held against, its bound, and the text without it."""
    for name, sources in ask.data["conditions"].items():
        match = ask.match(sources, text)
        if match is None:
            continue
        said = match.groupdict().get("value")
        value = number(said, ask.words) if said else None
        if said and value is None:
            continue
        return name, value, cut(text, match)
    return None, None, text


# -- against the average -----------------------------------------------------------------------------------------------


def _gap(ask: _Ask) -> Planned | None:
    """As in "how far above average is our strongest month", "the best day compared with an average day"."""
    if ask.found(ask.data["gap_needs"], ask.text) is None:
        return None
    best, worst, named = ask.data["gap"]
    for end, source in (("highest", best), ("lowest", worst), ("named", named)):
        match = ask.found(source, ask.text)
        if match is None:
            continue
        left = cut(ask.text, match)
        mean = ask.found(ask.data["gap_needs"], left) or ask.found("(?P<mean><average>)", left)
        if mean is None:
            continue
        left = f"{left[: mean.start('mean')]} {left[mean.end('mean'):]}"
        left = patterns(ask.language)(ask.data["gap_words"]).sub(" ", left)
        if end != "named":
            rest = ask.rest(left)
            return None if rest is None else _planned(
                GapStudy(metric=rest.metric, grain=match["grain"].lower(), end=end,  # type: ignore[arg-type]
                         filter=rest.filter, period=rest.period), rest)
        rest = ask.rest(left)
        timed = rest_of(match["named"], ask.words, ask.plan_one, DialogueContext())
        grain = _one_unit(timed.period if timed is not None else None)
        if rest is None or timed is None or grain is None or rest.period is not None:
            return None
        return _planned(GapStudy(metric=rest.metric, grain=grain, unit=timed.period,  # type: ignore[arg-type]
                                 filter=rest.filter), rest)
    return None


def _one_unit(period: Period | None) -> str | None:
    """The unit of time that a period is one of."""
    if period is None:
        return None
    if period.kind == "calendar" and period.count == 1:
        return period.unit
    if period.kind == "named" and period.day is None and period.event is None:
        return "week" if period.week else "month" if period.month else "quarter" if period.quarter else "year"
    return None


# -- targets -----------------------------------------------------------------------------------------------------------


def _reach(ask: _Ask) -> Planned | None:
    """As in "when did we reach 100k", "on which day did we pass 1000 orders this year"."""
    match = ask.match(ask.data["reach"])
    if match is None or ask.found(ask.data["ahead"], ask.text):
        return None
    target = number(match["value"], ask.words)
    left = f"{match['kept'] or ''} {ask.text[match.end():]}"
    if target is None or target <= 0 or ask.grain(left)[0] is not None:
        return None  # "when did daily revenue pass 10k" is asked of single days
    rest = ask.rest(left)
    if rest is None or (not rest.named and rest.notes and target < 1):
        return None
    study = ReachStudy(metric=rest.metric, target=target, filter=rest.filter, period=rest.period)
    return _planned(study, rest)


def _pace(ask: _Ask) -> Planned | None:
    """As in "what revenue per day would we need to beat last year", "orders a week to hit 20,000 this year"."""
    if ask.found(ask.data["pace_asks"], ask.text) is None:
        return None
    match = ask.match(ask.data["pace"])
    if match is None:
        return None
    goal = match["goal"].lower()
    own = number(goal, ask.words)
    if own is not None and re.fullmatch(r"(?:19|20)\d\d", goal.strip()):
        return None  # a year
    unit = next((u for u in reversed(GRAINS) if u in goal), None) or ask.current()
    before = own is None and unit in goal and ask.found(ask.data["of_last_year"], goal) is None
    left = f"{match['kept'] or ''} {match['mid'] or ''} {match['after'] or ''}"
    grain, left = ask.grain(left)
    left = patterns(ask.language)(ask.data["pace_filler"]).sub(" ", left)
    rest = rest_of(left, ask.words, ask.plan_one, DialogueContext())
    if rest is None or rest.period is not None or grain not in {None, "day", "week", "month"}:
        return None
    return _planned(PaceStudy(metric=rest.metric, of=unit, grain=grain or "day", target=own,  # type: ignore[arg-type]
                              before=before, filter=rest.filter), rest)


def _sold_since(ask: _Ask) -> Planned | None:
    """As in "when did we first sell mugs", "since when do we sell Garden", "when was the last order from France"."""
    for end, metric in (("first", "first_order_date"), ("last", "last_order_date")):
        for source in ask.data["sold_since"][end]:
            match = patterns(ask.language)(source).fullmatch(ask.text)
            if match is None or metric not in ask.words.metrics:
                continue
            rest = rest_of(match["what"], ask.words, ask.plan_one, DialogueContext(), "revenue")
            if rest is None or rest.filter is None:
                continue
            plan = QueryPlan(metrics=(metric,), filter=rest.filter, period=rest.period)
            return Planned([call(plan)], _SCORE, frame="series")
    return None


# -- what-ifs ----------------------------------------------------------------------------------------------------------


def _scaled(ask: _Ask) -> Planned | None:
    """As in "what if sales rise by 10 %", "what would we make with 5 % fewer returns": arithmetic, no prediction."""
    data = ask.data["scaled"]
    match = ask.match(data["change"])
    if match is None or ask.found(data["opens"], ask.text) is None or ask.found(data["not_this"], ask.text):
        return None
    down = ask.found(data["less"], match["way"]) is not None
    percent = float(match["value"]) * (-1 if down else 1)
    left = f"{ask.text[: match.start()]} {match.groupdict().get('kept') or ''} {ask.text[match.end():]}"
    turned = patterns(ask.language)(data["turned"]).fullmatch(left.strip())
    if turned is not None:  # "suppose we sold more, what would revenue be"
        asked, changed = turned["asked"], patterns(ask.language)(data["front"]).sub(" ", turned["changed"])
    else:
        opened = patterns(ask.language)(data["front"]).sub(" ", left.strip()).strip()
        place = next(iter(patterns(ask.language)(data["split"]).finditer(opened)), None)
        asked, changed = (opened[: place.start()], opened[place.end():]) if place else ("", opened)
    returned = ask.found(data["returns"], changed)
    if returned is not None:
        changed = cut(changed, returned)
    return _arithmetic(ask, asked, changed, percent, returned is not None)


def _arithmetic(ask: _Ask, asked: str, changed: str, percent: float, returned: bool) -> Planned | None:
    """The figure asked for, and what of it changes: all, what it is proportional to, or the part that is named."""
    what, of = (rest_of(part, ask.words, ask.plan_one, DialogueContext()) for part in (asked, changed))
    if what is None or of is None:
        return None
    names_what, names_of = (trimmed(part, ask.language) for part in (asked, changed))
    revenue = ask.words.role("revenue") or "revenue"
    drives = ask.data["drivers"]
    earned = not names_what and of.metric in drives[revenue] and ask.found(ask.data["scaled"]["earns"], ask.text)
    first = what if names_what or returned else Rest(revenue) if earned else of
    if not (names_what or names_of or returned):
        return None
    driver = of.metric if names_of and of.metric != first.metric else None
    if driver is not None and not returned and driver not in drives.get(first.metric, ()):
        return None
    period = of.period or what.period
    if len({str(p) for p in (of.period, what.period) if p is not None}) > 1:
        return None
    part = of.filter if names_what and of.filter != what.filter and not returned else None
    if part is not None and driver is not None:
        return None
    study = ScaledStudy(metric=first.metric, percent=percent, part="returns" if returned else "itself", driver=driver,
                        only=part, filter=what.filter if part is not None else what.filter or of.filter,
                        period=period or _YEAR)
    return _planned(study, first)


# -- bands of one's own, weekdays on average ---------------------------------------------------------------------------


def _bands(ask: _Ask) -> Planned | None:
    """As in "how many orders were under 20, 20-50 and over 50", "products between 5 and 10, 10 and 20"."""
    data = ask.data["spread"] | ask.data["band_edges"]
    run = ask.found(f"{data['band']}(?:{data['joined']}{data['band']})+", ask.text)
    if run is None:
        return None
    limits = {number(n, ask.words) for n in re.findall(data["number"], run.group())}
    lone = re.search(data["lone"], run.group())
    edges = sorted(n for n in limits if n)
    open_below = re.match(data["open_below"], run.group()) is not None
    if lone is not None and not open_below and edges and edges[0] == 0:
        edges = edges[1:]
    if not edges or (len(edges) > 1 and ask.found(f"^{data['open']}{data['joined']}{data['open']}$", run.group())):
        return None  # "over 200 and under 100" is a range of which nothing can be
    left = cut(ask.text, run)
    things = [(m.start(), name) for name, source in data["things"].items() for m in [ask.found(source, left)] if m]
    of = min(things)[1] if things else None
    if of is None:
        return None
    of_orders = of == "customer" and ask.found(data["of_orders"], left) is not None
    of_units = of == "order" and ask.found(data["of_units"], left) is not None
    for source in (data["of_orders"], data["of_units"], data["things"][of], data["filler"]):
        left = patterns(ask.language)(source).sub(" ", left)
    rest = rest_of(left, ask.words, ask.plan_one, ask.context)
    if rest is None or (rest.metric != "revenue" and not (rest.notes or rest.metric in _OF_ONE)):
        return None
    listed = ask.words.metrics.get("average_list_price")
    price = "average_list_price" if listed is not None and listed.available else "average_price"
    metric = "orders" if of_orders else "units" if of_units else price if of == "product" else "revenue"
    study = SpreadStudy(of=of, metric=metric, edges=tuple(edges), filter=rest.filter, period=rest.period)  # type: ignore[arg-type]
    return _planned(study, rest)


def _weekday(ask: _Ask) -> Planned | None:
    """As in "which weekday is best on average": per day, not in sum."""
    match = ask.match([ask.data["weekday_average"]])
    if match is None:
        return None
    kept = match["kept"] or match["kept2"] or ""
    text = f"{kept} {ask.text[match.end():]}"
    best = next(iter(ask.plan_one(" ".join(text.split()))), None)
    plan = best.calls[0].plan() if best is not None and best.cost <= 0.2 and not best.unexplained else None
    if not isinstance(plan, QueryPlan) or plan.dimensions != ("weekday",) or plan.metrics[0] not in _PER_DAY:
        return None
    per_day = _PER_DAY[plan.metrics[0]]
    sort = plan.sort.model_copy(update={"by": per_day}) if plan.sort is not None else None
    return Planned([call(plan.model_copy(update={"metrics": (per_day,), "sort": sort}))], _SCORE, frame="series")

