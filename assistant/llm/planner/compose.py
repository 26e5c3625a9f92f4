"""Parts → query and change plans: implied measures, rankings, comparisons, transforms and charts."""

from __future__ import annotations

from calendar import monthrange
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.each import TOP_OF_EACH, ranked_inside, shared_inside
from assistant.llm.planner.group_bounds import bound_words
from assistant.llm.planner.heard import heard
from assistant.llm.planner.means import drawn_over_time, earlier_unit, stepwise
from assistant.llm.planner.moves import Moves, in_percent, movers_only, turned, unit_moves
from assistant.llm.planner.parts import GRAINS, Parts
from assistant.llm.planner.period_whole import year_after
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.periods import Period
from assistant.plans.query import ChangePlan, Comparison, Having, QueryPlan, Sort

TOP = 10
"""Rows of a ranking for which no number was said."""


def query_plan(p: Parts) -> QueryPlan | None:
    """The data question that the parts make, or None when they make none."""
    metrics = _metrics(p)
    if not metrics:
        return None
    moves = unit_moves(p, metrics)
    if moves is not None:
        return _of_moves(p, metrics, moves)
    step = stepwise(p)
    compare, period = (None, p.period) if step else _comparison(p)
    groups = [step] if step else _groups(p, compare)
    p.used.update(p.reading.having("sorted"))
    p.implied += 0.0 if _coordinated(p) else 0.7
    p.used.update(p.reading.having("trend"))
    if p.metrics or metrics:
        p.used.update(p.reading.having("perform"))
    if compare is not None and compare.kind == "rest":
        groups = [g for g in groups if g not in p.chosen]  # "Germany against all other countries"
    if groups == ["customer"] and metrics == [_role(p, "customers")]:
        metrics = [m for m in (_role(p, "money"), _role(p, "orders")) if m]  # one each says nothing of anybody
    transform, window = ("growth", None) if step else _transform(p, groups, compare)
    # "share of the UK by year"
    parted = all(g in GRAINS for g in groups) and p.filter() is not None and compare is None
    if transform == "share" and (not groups or parted):
        compare, transform = Comparison(kind="total", of=p.share_of), None
    limit, sort = _ranking(p, metrics, groups, compare)
    if p.conditions.measures and not groups:
        return None  # "orders over 500" without anything to measure one by one
    inside = ranked_inside(p, groups) if compare is None and transform is None else []
    if inside:
        groups = [*inside, *(g for g in groups if g not in inside)]
        limit = p.limit or (1 if p.singular else TOP_OF_EACH)
        by = sort.by if sort is not None and sort.by in metrics else metrics[0]
        sort = Sort(by=by, descending=p.descending is not False)
    elif transform == "share" and limit is None:
        inside = shared_inside(p, groups)
        sort = sort or (Sort(by=inside[0], descending=False) if inside else None)
        groups = [*inside, *(g for g in groups if g not in inside)]
    having = tuple(Having(metric=m.metric, op=m.op, values=m.values) for m in p.conditions.measures)  # type: ignore[arg-type]
    having += movers_only(p, metrics, groups, compare)
    p.used.update(p.reading.having("trend"))
    try:
        return QueryPlan(
            metrics=tuple(metrics),
            dimensions=tuple(groups),
            filter=p.filter(),
            period=period,
            compare=compare,
            having=having if groups else (),
            sort=sort,
            limit=limit,
            offset=p.offset if limit else 0,
            within=tuple(inside),
            transform=transform,
            chart=chart(p),
            **({"window": window} if window else {}),
        )
    except ValidationError:
        return None


def _of_moves(p: Parts, metrics: list[str], moves: Moves) -> QueryPlan | None:
    """Units of time by how far they moved from the one before."""
    try:
        return QueryPlan(
            metrics=tuple(metrics), dimensions=(moves.grain,), filter=p.filter(), period=p.period,
            having=moves.having, sort=moves.sort, limit=moves.limit, transform="growth", chart=chart(p),
        )
    except ValidationError:
        return None


def _coordinated(p: Parts) -> bool:
    """Whether several measures are joined ("revenue and orders"); else one may have been meant to narrow the other."""
    if len(p.metrics) < 2 or p.settled:
        return True
    joining = heard("compose.joining")
    tokens = p.reading.tokens
    return any(t.lemma in joining or t.text in {",", "/", "+", "&"} for t in tokens)


def _role(p: Parts, name: str) -> str | None:
    return p.reading.vocabulary.role(name)


def _metrics(p: Parts) -> list[str]:
    """Named measures, else those that verbs, comparisons and groups imply."""
    metrics = list(p.metrics)
    if p.sort_metric and p.sort_metric not in metrics:
        metrics.insert(0, p.sort_metric) if not metrics else metrics.append(p.sort_metric)
    for condition in p.conditions.measures:
        if condition.metric not in metrics:
            metrics.append(condition.metric)
    if p.average:
        metrics = _averaged(p, metrics)
    if metrics == ["campaign_count"] and p.reading.has("perform", "rank") and not p.counted:
        metrics, p.groups = [], ["campaign", *p.groups]
    if "campaign" in p.groups and not p.conditions.customers:
        metrics = _of_campaigns(p, metrics)
    if metrics:
        metrics = _given_back(p, _returned_share(p, metrics))
        _sold(p)
        return metrics
    return _implied(p)


def _of_campaigns(p: Parts, metrics: list[str]) -> list[str]:
    """Of campaigns, "spend" is their cost, "revenue" what they brought in, and how they perform is how people
    responded."""
    known = p.reading.vocabulary.metrics
    spend = any(t.lemma in heard("compose.spend") for t in p.reading.tokens)
    names = {
        "revenue": "campaign_cost" if spend else "campaign_revenue",
        "customers": "contacted_customers",
        "orders": "responses",
    }
    swapped = [names[m] if names.get(m) in known else m for m in metrics]
    if p.sort_metric in names and names[p.sort_metric] in known:
        p.sort_metric = names[p.sort_metric]
    if not swapped and p.reading.has("perform", "rank", "which"):
        p.used.update(p.reading.having("perform"))
        swapped = [m for m in ("response_rate", "campaign_revenue") if m in known]
    return swapped


def _given_back(p: Parts, metrics: list[str]) -> list[str]:
    """As in "how many items were returned": the verb turns the measure round."""
    returned = [
        i for i in p.reading.having("act") if p.reading.items[i].get("act") == "return" and i not in p.conditions.used
    ]
    names = {_role(p, "units"): "returns", _role(p, "money"): "returns_value", _role(p, "orders"): "return_orders"}
    turned = [_role(p, names[m]) if m in names else None for m in metrics]
    if not returned or None in turned:
        return metrics
    p.used.update(returned)
    return [str(m) for m in turned]


def _returned_share(p: Parts, metrics: list[str]) -> list[str]:
    """As in "what percentage of orders were returned" is the return rate."""
    returned = [
        i for i in p.reading.having("act") if p.reading.items[i].get("act") == "return" and i not in p.conditions.used
    ]
    rate = _role(p, "return_rate")
    if not returned or not p.reading.has("share") or rate is None:
        return metrics
    p.used.update(returned)
    p.used.update(p.reading.having("share"))
    p.groups = [g for g in p.groups if g != "order"]
    p.shares_taken = True
    return [rate]


def _sold(p: Parts) -> None:
    p.used.update(
        i
        for i in p.reading.having("act")
        if p.reading.items[i].get("act") in {"sell", "spend", "buy", "return"} and i not in p.conditions.used
    )


def _implied(p: Parts) -> list[str]:
    items = p.reading.items
    verbs = {str(items[i].get("act")): i for i in p.reading.having("act") if i not in p.conditions.used}
    money, orders, units = _role(p, "money"), _role(p, "orders"), _role(p, "units")
    chosen: str | None = None
    if "return" in verbs:
        chosen = _role(p, "returns")
    elif "sell" in verbs:
        chosen = units if (p.counted or _things_sold(p)) and money else money
    elif "spend" in verbs:
        chosen = money
    elif "buy" in verbs:
        chosen = units if p.groups == ["product"] else (money if p.groups == ["customer"] else orders)
    if chosen is None and "orders_band" in p.groups:
        chosen = _role(p, "customers")  # "distribution of orders per customer" counts the customers
    if "order" in p.groups and chosen in {None, orders}:
        chosen = money
    if chosen is None and p.periods and p.reading.has("compare", "year_earlier", "previous"):
        chosen = money
        p.implied += 0.15
    if chosen is None and p.reading.has("compare") and any(len(v) > 1 for v in p.chosen.values()):
        chosen = money
        p.implied += 0.15
    if (
        chosen is None
        and (p.conditions.customers or p.groups or p.rows)
        and (p.groups or p.periods or p.descending is not None or p.conditions.customers)
    ):
        chosen = money
        p.implied += 0.05 if p.descending is not None or p.conditions.customers else 0.15
    if chosen is None:
        return []
    p.used.update(verbs.values())
    return [chosen]


def _things_sold(p: Parts) -> bool:
    """As in "teapots sold last month": pieces, unless "how much" or "we" is said."""
    items = p.reading.items
    things = {"product", "category", "subcategory", "brand"}
    named = any(getattr(row, "field", "") in things for row in p.rows)
    at = next((i for i in p.reading.having("act") if items[i].lemma in heard("compose.sold")), 0)
    asked = any(t.lemma in heard("compose.how_much_we") for t in p.reading.tokens)
    return named and at > 0 and not asked and not p.groups and (at - 1) in p.used


def _averaged(p: Parts, metrics: list[str]) -> list[str]:
    """As in "average revenue per order" and kin are names of their own; "average" before another measure is open."""
    return metrics


def _groups(p: Parts, compare: Comparison | None) -> list[str]:
    groups = list(p.groups)
    people = heard("compose.people")
    asked = (
        any(  # "revenue from customers who …" asks for the revenue
            item.has("which") and (item.lemma not in people or i <= 1) for i, item in enumerate(p.reading.items)
        )
        or any(item.lemma in people for item in p.reading.items[:2])
    )
    if p.against_all:
        return []
    figure = p.referred and bool(p.metrics) and p.reading.items[0].lemma in heard("compose.what")
    if p.conditions.customers and not groups and _wants_list(p) and (asked or not p.metrics) and not figure:
        groups = ["customer"]
    if not groups and p.reading.has("trend") and compare is None:
        groups = [_trend_grain(p)]
    versus = p.reading.has("compare") or any(
        p.reading.items[i].lemma in heard("compose.set_against")
        for i in range(len(p.reading.items))
    )
    listing = groups == ["customer"] and not p.reading.has("compare")  # "customers in Germany or Austria with …"
    set_against = compare is not None and compare.kind in {"previous", "year_earlier", "period"}
    apart = set_against and p.reading.has("compare") and not groups  # "compare the growth of Garden and Kitchen"
    if versus and not listing and (compare is None or apart):
        for dimension, values in p.chosen.items():
            if len(values) > 1 and dimension not in groups:
                groups.append(dimension)
                p.used.update(p.reading.having("compare"))
    if not groups and compare is None and drawn_over_time(p):
        groups = [_trend_grain(p)]
    p.used.update(p.reading.having("compare") if groups or compare else ())
    known = p.reading.vocabulary.dimensions
    return [g for g in dict.fromkeys(groups) if g in known]


def _trend_grain(p: Parts) -> str:
    """Months for long stretches, days or weeks for short ones."""
    period = p.period
    if period is not None and period.kind in {"calendar", "rolling", "to_date"}:
        short = {"day": "day", "week": "day", "month": "day"}.get(str(period.unit))
        if short and period.count <= (31 if period.unit == "day" else 1):
            return short
        if period.unit == "week" or (period.unit == "month" and period.count <= 3):
            return "week"
    if period is not None and period.kind == "named" and period.month:
        return "day"
    return "month"


def _wants_list(p: Parts) -> bool:
    return not p.counted


def _comparison(p: Parts) -> tuple[Comparison | None, Period | None]:
    """What it is set against, and the main period once the other one is taken off."""
    r = p.reading
    period = p.period
    ends = p.periods[0].ends if p.periods else None
    if (
        ends is not None
        and len(p.periods) == 1
        and r.has("growth", "change", "compare", "up", "down")
        and not r.has("year_earlier", "previous")
        and _alike(*ends)
    ):
        p.used.update(r.having("compare", "growth", "change", "up", "down"))
        return Comparison(kind="period", period=ends[0]), ends[1]
    if r.has("year_earlier"):
        p.used.update(r.having("year_earlier"))
        p.used.update(r.having("compare", "growth", "change"))
        return Comparison(kind="year_earlier"), period or Period(kind="calendar", unit=earlier_unit(p))
    if r.has("previous"):
        p.used.update(r.having("previous", "compare", "growth", "change"))
        return Comparison(kind="previous"), period or Period(kind="calendar", unit=_said_unit(p), offset=-1)
    if r.has("perform") and not p.groups and not p.periods and p.metrics and not r.has("average"):
        return Comparison(kind="previous"), Period(kind="calendar", unit="month", offset=-1)
    if len(p.periods) == 2 and p.periods[0].period is not None and _same_of(p):
        year = p.periods[1].period.year if p.periods[1].period is not None else None
        moved = _in_year(p, p.periods[0].period, year)
        if moved is not None:
            p.used.update(r.having("compare", "growth", "change", "grain"))
            p.used.update(i for i, item in enumerate(r.items) if item.lemma in heard("compose.same_period"))
            return Comparison(kind="period", period=moved), period
    if p.against_rest:
        return Comparison(kind="rest"), period
    if r.has("rest"):
        p.used.update(r.having("rest", "compare"))
        return Comparison(kind="rest"), period
    if len(p.periods) == 2 and _to_date_against_last(p):
        unit = p.periods[1].period.unit  # type: ignore[union-attr]
        p.used.update(r.having("compare", "growth", "change"))
        return Comparison(kind="year_earlier" if unit == "year" else "previous"), p.periods[0].period
    if len(p.periods) == 2 and p.periods[0].period == p.periods[1].period and r.has("compare"):
        p.used.update(r.having("compare", "growth", "change"))  # "last quarter … with the previous quarter"
        return Comparison(kind="previous"), period
    if len(p.periods) >= 2:
        return _two_periods(p)
    against = _against_one_period(p)
    if against is not None:
        return against
    if r.has("growth", "change") and not p.conditions.customers and not _only_differing(p):
        if p.periods and p.periods[0].open_end:
            p.implied += 1.0  # "gone up since June": from when to when is open
        p.used.update(r.having("growth", "change", "up", "down"))
        if not any(g in GRAINS for g in p.groups) and not r.has("trend"):
            return Comparison(kind="previous"), period or Period(kind="calendar", unit="month", offset=-1)
    return None, period


def _only_differing(p: Parts) -> bool:
    """As in "does it differ between countries": a difference of groups is no change in time."""
    items = [item for item in p.reading.items if item.has("growth", "change", "up", "down")]
    return all(item.lemma in bound_words(p.reading.vocabulary.lexicon.language)["differ"] for item in items)


def _to_date_against_last(p: Parts) -> bool:
    """As in "year to date vs last year": the same stretch of the unit before, not all of it."""
    first, second = (found.period for found in p.periods)
    if first is None or second is None or first.kind != "to_date":
        return False
    last = second.kind == "calendar" and (second.offset, second.count) == (-1, 1)
    return last and second.unit in {first.unit, "year"}


def _same_of(p: Parts) -> bool:
    """Whether "the same months of" stands before the second period."""
    tokens, second = p.reading.tokens, p.periods[1]
    year_only = second.period is not None and second.period.kind == "named" and second.period.year is not None
    return bool(year_only) and any(t.lemma in heard("same") for t in tokens[max(0, second.start - 3) : second.start])


def _in_year(p: Parts, period: Period, year: int | None) -> Period | None:
    """The same stretch in another year."""
    if year is None:
        return None
    if period.kind == "named":
        return period.model_copy(update={"year": year})
    if period.kind != "absolute" or period.start is None or period.end is None:
        return None
    back = period.end.year - year
    last = monthrange(year, period.end.month)[1]
    whole = period.end.day == monthrange(period.end.year, period.end.month)[1]
    day = last if whole else min(period.end.day, last)
    start = period.start.replace(year=period.start.year - back, day=min(period.start.day, 28))
    return period.model_copy(update={"start": start, "end": period.end.replace(year=year, day=day)})


def _against_one_period(p: Parts) -> tuple[Comparison, Period] | None:
    """As in "products losing sales versus last year": the current year against the one named."""
    r = p.reading
    if len(p.periods) != 1 or not (p.metrics or p.groups):
        return None
    named = p.periods[0]
    period = named.period
    between = [i for i in r.items if i.end == named.start and (i.has("value") or i.number is not None)]
    near = {named.start} if between else {named.start, named.start - 1}  # "app vs web last quarter" compares the two
    before = [k for k in r.having("compare") if r.items[k].end in near]
    if not before or period is None or period.kind != "calendar" or period.count != 1 or period.offset >= 0:
        return None
    p.used.update(r.having("compare", "growth", "change", "up", "down"))
    return Comparison(kind="period", period=period), Period(kind="calendar", unit=period.unit)


def _said_unit(p: Parts) -> Any:
    """As in "month over month" compares months, "week on week" weeks."""
    for i in p.reading.having("previous"):
        for token in p.reading.items[i].tokens:
            unit = {"mom": "month", "wow": "week", "qoq": "quarter"}.get(token.lemma, token.lemma)
            if unit in {"day", "week", "month", "quarter", "year"}:
                return unit
    return "month"


def _alike(a: Period, b: Period) -> bool:
    """Two months, two quarters, two years, two days: ends that can be set against each other."""

    def shape(x: Period) -> tuple[bool, ...]:
        return (x.kind == "named", bool(x.month), bool(x.quarter), bool(x.event), x.kind == "absolute")

    return shape(a) == shape(b) and a != b


def _two_periods(p: Parts) -> tuple[Comparison | None, Period | None]:
    """As in "Nov 2011 with Nov 2010" · "from last month to this month": the later one is set against the other."""
    first, second = year_after(p.periods[0], p.periods[1]), p.periods[1]
    p.used.update(p.reading.having("compare", "growth", "change"))
    if _from_to(p, first, second) or _before(first, second):  # "compare the first half with the second"
        first, second = second, first
    if first.period is None or second.period is None or first.period == second.period:
        return None, first.period
    return Comparison(kind="period", period=_same_year(first, second)), first.period


def _same_year(first: PeriodReading, second: PeriodReading) -> Period:
    """As in "November 2011 against October": the October of that year."""
    a, b = first.period, second.period
    assert a is not None and b is not None
    if (
        b.kind == "named"
        and b.year is None
        and a.kind == "named"
        and a.year
        and (b.month or b.quarter)
        and b.event is None
    ):
        ahead = (b.month or 0) > (a.month or 0) if b.month and a.month else False
        return b.model_copy(update={"year": a.year - (1 if ahead else 0)})
    return b


def _before(first: PeriodReading, second: PeriodReading) -> bool:
    def rank(period: Period | None) -> tuple[int, ...]:
        if period is None:
            return ()
        if period.kind == "calendar":
            return (period.offset,)
        if period.kind == "absolute":
            return (period.start.toordinal() if period.start else 0,)
        return (period.year or 0, period.quarter or 0, period.month or 0)

    a, b = first.period, second.period
    return a is not None and b is not None and a.kind == b.kind and a.unit == b.unit and rank(a) < rank(b)


def _from_to(p: Parts, first: PeriodReading, second: PeriodReading) -> bool:
    tokens = p.reading.tokens
    if any(item.has("compare") for item in p.reading.items if first.end <= item.start < second.start):
        return False  # "from January to May 2011 compared to from January to May 2010"
    return tokens[first.start].lemma in heard("between_from") and any(
        tokens[k].lemma in heard("to_and") for k in range(first.end - 1, second.start + 1) if k < len(tokens)
    )


def _transform(p: Parts, groups: list[str], compare: Comparison | None) -> tuple[Any, int | None]:
    r = p.reading
    if r.has("moving_average"):
        p.used.update(r.having("moving_average"))
        window = None
        for i, item in enumerate(r.items):
            length = item.get("duration") or (
                item.get("period")
                if item.has("period") and item.get("period").period and item.get("period").period.kind == "rolling"
                else None
            )
            if length is not None and item.has("duration"):
                p.used.add(i)
                window = int(length.count)
                if not groups:
                    groups.append(length.unit)
        if not groups:
            groups.append("month")
        return "moving_average", window if window and 2 <= window <= 366 else None
    if r.has("cumulative"):
        p.used.update(r.having("cumulative"))
        if not groups:
            groups.append("month")
        return "cumulative", None
    if r.has("share") and p.metrics and (all if not groups else any)(_is_rate(p, m) for m in p.metrics):
        p.used.update(r.having("share"))  # a rate is a share already
        return None, None
    if r.has("share") and compare is None and not p.shares_taken:
        p.used.update(r.having("share"))
        return "share", None
    return None, None


def _ranking(
    p: Parts, metrics: list[str], groups: list[str], compare: Comparison | None
) -> tuple[int | None, Sort | None]:
    moving = (
        p.reading.has("growth", "up", "down")
        and compare is not None
        and compare.kind in {"previous", "year_earlier", "period"}
    )
    if moving and groups and p.descending is None and not any(g in GRAINS for g in groups):
        falling = p.reading.has("down") and not p.reading.has("up")
        by_change = "change_pct" if in_percent(p) else "change"
        return (
            (p.limit or TOP, Sort(by=by_change, descending=not falling))
            if p.reading.has("which") or p.limit or p.lists_movers
            else (None, None)
        )
    if not groups or p.descending is None:
        if p.limit and groups:
            return p.limit, Sort(by=metrics[0])
        return None, None
    by = p.sort_metric if p.sort_metric in metrics else metrics[0]
    if (
        compare is not None
        and compare.kind in {"previous", "year_earlier", "period"}
        and p.reading.has("growth", "change")
    ):
        by = "change_pct" if in_percent(p) and not _is_rate(p, metrics[0]) else "change"
        if p.reading.has("down") and not p.reading.has("up"):  # "lost the most": the deepest fall first
            limit = p.limit or (1 if p.singular else TOP)
            return limit, Sort(by=by, descending=not p.descending)
    limit = p.limit or (None if p.sorted_only else 1 if p.singular else TOP)
    return limit, Sort(by=str(by), descending=p.descending != turned(p, str(by)))


def chart(p: Parts) -> Any:
    """The picture asked for."""
    kinds = [p.reading.items[i].get("chart") for i in p.reading.having("chart")]
    p.used.update(p.reading.having("chart"))
    named = [k for k in kinds if k != "auto"]
    if named and named[0] == "pie" and p.metrics and _is_rate(p, p.metrics[0]):
        p.notes.append("pie_of_rates")
        return "bar"
    return named[0] if named else "auto"


def _is_rate(p: Parts, metric: str) -> bool:
    term = p.reading.vocabulary.metrics.get(metric)
    return term is not None and (term.unit in {"percent", "ratio", "probability"} or metric.endswith("_rate"))


def change_plan(p: Parts) -> ChangePlan | None:
    """As in "Why did revenue drop in November?"."""
    r = p.reading
    compare, period = _comparison(p)
    p.used.update(r.having("growth", "change", "up", "down", "compare"))
    p.used.update(r.does("explain"))
    metrics = p.metrics or [m for m in [p.sort_metric] if m]
    metric = metrics[0] if metrics else _role(p, "money")
    if metric is None:
        return None
    claimed = _claimed(p)
    if period is None:
        period = Period(kind="calendar", unit="month", offset=-1)
        p.implied += 0.1
    if compare is None or compare.kind in {"rest", "total"}:
        compare = Comparison(kind="previous")
    verbs = [
        i for i in r.having("act") if r.items[i].get("act") in {"sell", "buy", "spend"} and i not in p.conditions.used
    ]
    p.used.update(verbs)
    dimension = next((g for g in p.groups if g not in GRAINS and g != "customer"), None)
    try:
        return ChangePlan(
            metric=metric, period=period, compare=compare, filter=p.filter(), dimension=dimension, claimed=claimed
        )
    except ValidationError:
        return None


def _claimed(p: Parts) -> Any:
    r = p.reading
    down, up = r.having("down"), r.having("up")
    compared = {t.lemma for i in r.having("compare") for t in r.items[i].tokens}
    if not down and not up and compared & heard("compose.compared"):
        return "up" if compared & heard("compose.better") else "down"
    neutral = set(r.having("change")) & set(up) - set(r.having("down"))
    jump_words = heard("compose.jump")
    up = [i for i in up if i not in neutral or r.items[i].lemma in jump_words]
    if up and not down:
        return "up"
    if down and not up:
        return "down"
    return None
