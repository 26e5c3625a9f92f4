"""Plan → plain rows: run, compare, fill gaps, transform. All sums come exact from the engine; here are only ratios."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, NoRows
from assistant.plans.filters import And, Compare, CustomerCondition, Filter
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.reword import reword, reword_filter
from assistant.query.compile import KNOWN_ONLY, Scope, Window, grouped, ranked
from assistant.query.dimensions import DIMENSIONS, TIME_GRAINS, dimension
from assistant.query.empty_groups import by_calendar, cycle, is_state, meets, nought_belongs, only_nought, with_empty
from assistant.query.filters import customer_values
from assistant.query.group_conditions import change_column, changed_as_said, having, of_change
from assistant.query.metrics import metric
from assistant.query.per_group import top_of_each
from assistant.query.periods import PeriodPair, ResolvedPeriod, pair, preposition, shift, unit_start
from assistant.query.transforms import cumulative, growth, moving_average, share_units, shares

if TYPE_CHECKING:
    import ibis

MAX_ROWS = 1000
#: columns that show what conditions on customers count
MAX_ASKED = 3
#: groups read into memory for comparisons and running figures
MAX_GROUPS = 200_000
#: counts that add up along time, though not over other dimensions
ADDS_OVER_TIME = {"orders", "new_customers", "lost_customers", "guest_orders", "return_orders", "campaign_count"}
Row = dict[str, Any]


@dataclass
class Answer:
    """Rows of a plan with what is needed to present them. Time keys are dates; nothing is worded yet."""

    plan: QueryPlan
    metrics: tuple[str, ...]
    period: ResolvedPeriod
    window: Window
    rows: list[Row]
    totals: Row
    all_groups: int
    base_period: ResolvedPeriod | None = None
    base_totals: Row | None = None
    pair: PeriodPair | None = None
    columns: tuple[str, ...] = ()  # computed columns beside the metrics, in order
    expression: Any = None
    sort: Sort | None = None
    tied: int = 0
    beside: tuple[str, ...] = field(default=())  # totals-only metrics
    asked: tuple[Asked, ...] = ()
    left_out: tuple[date, ...] = ()  # units of time that are not whole
    checked: int | None = None  # groups looked at, where a list of those without any row is empty


@dataclass(frozen=True)
class Asked:
    """What a condition counts, shown beside each customer: "spent over 500 in 2026" shows the revenue of 2026."""

    column: str
    metric: str
    label: str
    condition: CustomerCondition


def plain(value: Any) -> Any:
    """An Arrow value as a JSON-able scalar or date."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.date()
    return value


def fetch(scope: Scope, expression: ibis.Table) -> list[Row]:
    """Run an expression into rows of plain values."""
    return [{k: plain(v) for k, v in row.items()} for row in scope.snapshot.execute(expression).to_pylist()]


def answer(scope: Scope, plan: QueryPlan, metrics: tuple[str, ...], beside: tuple[str, ...]) -> Answer:
    """Rows and totals of a plan.

    Args:
        metrics: the plan's metrics plus those shown beside them in every row.
        beside: metrics that only the totals need.
    """
    period = scope.resolve(plan.period)
    both = _pair(scope, plan, period)
    current = both.current if both else period
    window = None if current.shape == "all" else (current.start, current.end)
    known_only = any(d in KNOWN_ONLY for d in plan.dimensions)
    totals = _totals(scope, (*metrics, *beside), plan.filter, window, known_only)
    found = Answer(plan, metrics, current, window, [], totals, 1, pair=both, beside=beside, sort=_sort_of(plan))
    if plan.compare is not None:
        _compare_totals(scope, found, known_only)
    if not plan.dimensions:
        found.rows = [dict(totals)]
        found.expression = grouped(scope, metrics, (), plan.filter, window)
        if plan.compare is not None:
            _merge(found, [found.base_totals or {}])
        return found
    _groups(scope, found)
    return found


def _asked(scope: Scope, plan: QueryPlan) -> tuple[Asked, ...]:
    """Conditions on customers whose count is narrower than the figures of a list of customers."""
    if plan.dimensions != ("customer",):
        return ()
    found = []
    for condition in _joined_by_and(plan.filter):
        if not isinstance(condition, CustomerCondition) or metric(condition.metric).unit == "date":
            continue
        once = condition.metric == "new_customers"  # one first order each
        if once or condition.op == "eq" and condition.values == (0,) or is_state(condition.metric):
            continue  # the same for everyone listed
        narrow = condition.where is not None or scope.window(condition.period) not in {None, scope.window(plan.period)}
        if narrow:
            found.append(Asked(f"asked_{len(found) + 1}", condition.metric, _asked_label(scope, condition), condition))
    return tuple(found[:MAX_ASKED])


def _joined_by_and(condition: Filter | None) -> list[Filter]:
    if isinstance(condition, And):
        return [c for part in condition.parts for c in _joined_by_and(part)]
    return [] if condition is None else [condition]


def _asked_label(scope: Scope, condition: CustomerCondition) -> str:
    label = metric(condition.metric).label
    if condition.period is not None and condition.period.kind != "all":
        period = scope.resolve(condition.period).label
        label = f"{label} {preposition(period)}{period}"
    return label if condition.where is None else f"{label} where {reword_filter(condition.where)}"


def _with_asked(scope: Scope, found: Answer, table: ibis.Table) -> ibis.Table:
    """Add the columns of :func:`_asked`; the list is ordered by the first one where nothing else was asked for."""
    found.asked = _asked(scope, found.plan)
    for asked in found.asked:
        values = customer_values(scope, asked.condition).rename(asked_customer="customer", asked_value="value")
        joined = table.left_join(values, table.customer == values.asked_customer)
        value = joined["asked_value"]
        value = value.fill_null(0) if metric(asked.metric).zero_when_empty else value
        table = joined.select(*table.columns, **{asked.column: value})
    plan, sort = found.plan, found.sort
    if found.asked and sort is not None and plan.period is None and plan.compare is None:
        first = found.asked[0]
        if plan.sort is None or sort.by == first.metric:
            found.sort = Sort(by=first.column, descending=sort.descending)
    return table


def _pair(scope: Scope, plan: QueryPlan, period: ResolvedPeriod) -> PeriodPair | None:
    """The two periods of a comparison in time; a missing second one offers the question without it."""
    if plan.compare is None or plan.compare.kind not in {"previous", "year_earlier", "period"}:
        return None
    try:
        return pair(period, plan.compare, fiscal_year_start=scope.options.fiscal_year_start)
    except NoRows as error:
        alone = plan.model_copy(update={"compare": None})
        raise NoRows(
            error.message, received=error.received, valid=error.valid, nearest=[reword(alone, period.label)]
        ) from error


def _totals(scope: Scope, metrics: tuple[str, ...], condition: Any, window: Window, known_only: bool) -> Row:
    names = tuple(dict.fromkeys(metrics))
    return fetch(scope, grouped(scope, names, (), condition, window, known_only=known_only))[0]


def _sort_of(plan: QueryPlan) -> Sort | None:
    """The order asked for; else time and natural orders run forward, the rest by the first metric, highest first."""
    if plan.sort is not None:
        allowed = {*plan.metrics, *plan.dimensions, *(h.metric for h in plan.having)}
        changed = plan.sort.by in {"change", "change_pct"}
        if plan.sort.by not in allowed and not (changed and (plan.compare is not None or plan.transform == "growth")):
            if changed:
                raise InvalidPlan("Sorting by change needs a comparison", received=plan.sort.by)
            metric(plan.sort.by)
        return plan.sort
    if not plan.dimensions:
        return None
    if nought_belongs(plan) and any(h.metric == plan.metrics[0] and only_nought(h) for h in plan.having):
        return Sort(by=plan.dimensions[0], descending=False)
    first = next((d for d in plan.dimensions if dimension(d).role == "time"), plan.dimensions[0])
    if plan.limit is None and dimension(first).role in {"time", "ordered"}:
        return Sort(by=first, descending=False)
    below = any(h.metric == plan.metrics[0] and h.op in {"lt", "le"} for h in plan.having)
    return Sort(by=plan.metrics[0], descending=not below)


def _extra_metrics(found: Answer) -> tuple[str, ...]:
    """Metrics that only filters of groups or the order need."""
    plan, sort = found.plan, found.sort
    wanted = [h.metric for h in plan.having]
    if sort is not None and sort.by not in {*plan.dimensions, "change", "change_pct"}:
        wanted.append(sort.by)
    return tuple(dict.fromkeys((*found.metrics, *wanted)))


def _groups(scope: Scope, found: Answer) -> None:
    plan, sort = found.plan, found.sort
    assert sort is not None
    names = _extra_metrics(found)
    found.metrics = names
    condition = _top_of_other_dimension(scope, found, names)
    chosen_groups = condition is not plan.filter
    sort = found.sort
    table = grouped(scope, names, plan.dimensions, condition, found.window)
    calendar = by_calendar(plan)
    nought = nought_belongs(plan)
    if nought and not calendar:
        table = with_empty(scope, table, plan, names)
    everything = table
    if not calendar:
        table = having(_without_partial(found, table), plan.having)
    table = _with_asked(scope, found, table)
    sort = found.sort
    if "net_revenue" in names and "net_revenue" not in plan.metrics and "revenue" in plan.metrics and not nought:
        table = table.filter(table["revenue"] != 0)  # groups that only had returns are not part of the question
    in_engine = plan.compare is None and plan.transform is None and not _fills(plan)
    if plan.within and plan.limit is not None:
        table = _whole_units(found, table, sort)
        table = top_of_each(table, plan, sort.by, sort.descending)
        found.expression = table
        found.rows = fetch(scope, table.limit(MAX_ROWS))
        found.all_groups = found.rows[0]["all_groups"] if found.rows else 0
        found.tied = sum(r["tied"] for r in found.rows)
        return
    if in_engine:
        cut = plan.model_copy(update={"limit": None, "offset": 0}) if chosen_groups else plan
        table = ranked(table, cut, sort.by, sort.descending, plan.dimensions)
        found.expression = table
        rows = fetch(scope, table.limit(MAX_ROWS))
        found.all_groups = rows[0]["all_groups"] if rows else 0
        if plan.limit is not None and not chosen_groups:
            found.tied = max(0, len(rows) - plan.limit)
        found.rows = rows
        if plan.having and (not rows or nought and all(h.values == (0,) and h.op == "eq" for h in plan.having)):
            found.checked = fetch(scope, everything.aggregate(n=everything.count()))[0]["n"]
        return
    found.expression = table
    found.rows = fetch(scope, table.limit(MAX_GROUPS))
    found.all_groups = len(found.rows)
    if plan.compare is not None:
        _merge(found, _base_rows(scope, found, names))
    if _fills(plan):
        _fill(found, scope)
        found.checked = len(found.rows) if nought else None
        found.rows = [r for r in found.rows if all(meets(h, r.get(h.metric)) for h in plan.having if h.of == "value")]
        found.all_groups = len(found.rows)
        _leave_out_partial(found)
    if plan.transform == "growth":
        found.sort = Sort(by=plan.dimensions[0], descending=False)
    _order(found)
    if plan.transform is not None:
        _transform(scope, found)
    if of_change(plan.having):
        found.checked = len(found.rows)
        found.rows = changed_as_said(plan, found.rows)
        found.all_groups = len(found.rows)
    if plan.transform == "growth":
        found.sort = sort
        _order(found)
    _cut(found)


def _without_partial(found: Answer, table: ibis.Table) -> ibis.Table:
    """Without the units of time of which days are missing, where units are set against their average."""
    grain = found.plan.dimensions[0]
    if grain not in TIME_GRAINS or not any(h.of == "average" for h in found.plan.having):
        return table
    found.left_out = tuple(incomplete_units(found, grain))
    return table.filter(table[grain].notin(list(found.left_out))) if found.left_out else table


def _whole_units(found: Answer, table: ibis.Table, sort: Sort) -> ibis.Table:
    """Without the units of time of which days are missing, where the lowest one inside a group is looked for."""
    inner = [d for d in found.plan.dimensions if d not in found.plan.within and d in TIME_GRAINS]
    if sort.descending or not inner or not metric(sort.by).zero_when_empty:
        return table
    found.left_out = tuple(incomplete_units(found, inner[0]))
    return table.filter(table[inner[0]].notin(list(found.left_out))) if found.left_out else table


def _top_of_other_dimension(scope: Scope, found: Answer, names: tuple[str, ...]) -> Any:
    """ "Top 5 products by month": the limit picks the products over the whole period, then every month is shown."""
    plan, sort = found.plan, found.sort
    times = [d for d in plan.dimensions if dimension(d).role == "time"]
    others = [d for d in plan.dimensions if d not in times]
    if plan.limit is None or plan.within or len(times) != 1 or len(others) != 1:
        return plan.filter
    whole = grouped(scope, names, tuple(others), plan.filter, found.window, labels=False)
    by = sort.by if sort is not None and sort.by in names else plan.metrics[0]
    top = fetch(scope, ranked(whole, plan, by, sort.descending if sort else True, others).limit(MAX_ROWS))
    found.sort = Sort(by=times[0], descending=False)
    decode = dimension(others[0]).decode
    values = tuple(decode(r[others[0]]) if decode else r[others[0]] for r in top)
    chosen = Compare(field=others[0], op="in", values=values or ("",))
    return chosen if plan.filter is None else And(parts=(plan.filter, chosen))


def _fills(plan: QueryPlan) -> bool:
    """A lone calendar grain is shown without gaps, and a unit without sales can be the lowest one."""
    if by_calendar(plan):
        return True
    moved = len(of_change(plan.having)) == len(plan.having)
    lone = len(plan.dimensions) == 1 and plan.dimensions[0] in TIME_GRAINS and moved
    whole = plan.limit is None or plan.transform == "growth"
    return lone and (whole or (plan.sort is not None and not plan.sort.descending))


def _compare_totals(scope: Scope, found: Answer, known_only: bool) -> None:
    plan = found.plan
    names = (*found.metrics, *found.beside)
    if found.pair is not None:
        base = found.pair.base
        found.base_period = base
        found.base_totals = _totals(scope, names, plan.filter, (base.start, base.end), known_only)
        return
    over = plan.compare.period if plan.compare is not None and plan.compare.kind == "total" else None
    if over is not None:
        found.base_period = base = scope.resolve(over)
        found.base_totals = _totals(scope, names, plan.set_against(), (base.start, base.end), known_only)
        return
    if plan.filter is None:
        raise InvalidPlan(
            "Comparing a group with the rest or with everything needs a filter that names the group",
            received=plan.compare.kind if plan.compare else None,
        )
    rest = plan.set_against()
    found.base_totals = _totals(scope, names, rest, found.window, known_only)


def _base_rows(scope: Scope, found: Answer, names: tuple[str, ...]) -> list[Row]:
    plan = found.plan
    if found.pair is not None:
        base = found.pair.base
        rows = fetch(
            scope, grouped(scope, names, plan.dimensions, plan.filter, (base.start, base.end)).limit(MAX_GROUPS)
        )
        for row in rows:
            for name in plan.dimensions:
                if name in TIME_GRAINS:
                    row[name] = _same_place(row[name], name, base.start, found.period.start)
        return rows
    return fetch(scope, grouped(scope, names, plan.dimensions, plan.set_against(), found.window).limit(MAX_GROUPS))


def _same_place(day: date, grain: str, base_start: date, start: date) -> date:
    """The unit at the same place in the current period as ``day`` has in the base period."""
    first, target = unit_start(base_start, grain), unit_start(start, grain)
    if grain == "day":
        place = (day - first).days
    elif grain == "week":
        place = (day - first).days // 7
    else:
        months = (day.year - first.year) * 12 + day.month - first.month
        place = months // {"month": 1, "quarter": 3, "year": 12}[grain]
    return shift(target, grain, place)


def _merge(found: Answer, base_rows: list[Row]) -> None:
    """Add ``<metric>__base`` and the change, or the share of everything, to every row."""
    plan = found.plan
    assert plan.compare is not None
    kind = plan.compare.kind
    by_key = {tuple(r.get(d) for d in plan.dimensions): r for r in base_rows}
    keys = {tuple(r.get(d) for d in plan.dimensions) for r in found.rows}
    over_time = kind in {"previous", "year_earlier", "period"}
    if plan.dimensions and over_time and len(of_change(plan.having)) == len(plan.having):
        for key, base in by_key.items():
            if key not in keys:  # sold before, not any more
                found.rows.append(
                    {
                        **{k: v for k, v in base.items() if k in plan.dimensions or k.endswith("_label")},
                        **{m: empty_value(m) for m in found.metrics},
                    }
                )
    for row in found.rows:
        base = by_key.get(tuple(row.get(d) for d in plan.dimensions), {})
        for name in found.metrics:
            row[f"{name}__base"] = base.get(name, empty_value(name)) if base else empty_value(name)
            row.update(change_of(name, row.get(name), row[f"{name}__base"], kind))
    computed = []
    for name in plan.metrics:
        computed += [f"{name}__base", *change_of(name, 0.0, 0.0, kind)]
    found.columns = tuple(computed)


def empty_value(name: str) -> float | None:
    """What a metric is where there are no rows: 0 for sums and counts, else no value."""
    return 0 if metric(name).zero_when_empty else None


def change_of(name: str, value: Any, base: Any, kind: str) -> Row:
    """Change columns of one metric: absolute and percent, points for rates, the share for a comparison with all."""
    unit = metric(name).unit
    if unit == "date":
        return {}
    known = value is not None and base is not None
    if kind == "total":
        if unit not in {"currency", "count"}:
            return {f"{name}__change": value - base if known else None}
        return {f"{name}__share": value / base * 100 if known and base else None}
    change = {f"{name}__change": value - base if known else None}
    if unit not in {"percent", "points"}:
        change[f"{name}__change_pct"] = (value - base) / abs(base) * 100 if known and base else None
    return change


def _fill(found: Answer, scope: Scope) -> None:
    """Add the units of the period that have no rows: 0 for sums and counts, no value for averages."""
    grain = found.plan.dimensions[0]
    have = {r[grain] for r in found.rows}
    if grain not in TIME_GRAINS:
        missed = [place for place in cycle(grain) if place not in have]
        found.rows += [{grain: p, **{m: empty_value(m) for m in found.metrics}, "rows_read": 0} for p in missed]
        return
    if not have and not found.window:
        return
    fiscal = 1  # the engine truncates quarters and years by the calendar
    day = unit_start(found.period.covered_start, grain, fiscal)
    kept = _weekdays(found.plan) if grain == "day" else None
    while day <= found.period.covered_end:
        if day not in have and (kept is None or day.weekday() in kept):
            row: Row = {grain: day, **{m: empty_value(m) for m in found.metrics}, "rows_read": 0}
            if found.plan.compare is not None:
                kind = found.plan.compare.kind
                for m in found.metrics:
                    row[f"{m}__base"] = empty_value(m)
                    row.update(change_of(m, row[m], row[f"{m}__base"], kind))
            found.rows.append(row)
        day = shift(day, grain, 1)
    found.all_groups = len(found.rows)


def _weekdays(plan: QueryPlan) -> frozenset[int] | None:
    """The days of the week that a plan is about; None where it is about all: the other days are no days without
    sales."""
    parts = plan.filter.parts if isinstance(plan.filter, And) else (plan.filter,)
    for part in parts:
        if isinstance(part, Compare) and part.field == "weekday" and part.op in {"eq", "in"}:
            encode = dimension("weekday").encode
            return frozenset(int(encode(v)) for v in part.values) if encode is not None else None
    return None


def is_ranked(found: Answer) -> bool:
    """Whether a lone time axis is put in order by a metric: "the best month", not a course of time."""
    plan, sort = found.plan, found.sort
    if len(plan.dimensions) != 1 or time_dimension(plan) is None or sort is None or plan.transform is not None:
        return False
    return plan.limit is not None or bool(plan.having) or sort.by != plan.dimensions[0]


def _leave_out_partial(found: Answer) -> None:
    """A unit of which days are missing cannot be called the lowest in a sum or count."""
    plan, sort = found.plan, found.sort
    if plan.limit is None or sort is None or sort.by in {*plan.dimensions, "change", "change_pct"}:
        return
    if not metric(sort.by).zero_when_empty:
        return
    partial = set(incomplete_units(found, plan.dimensions[0]))
    whole = [row for row in found.rows if row[plan.dimensions[0]] not in partial]
    if whole and len(whole) < len(found.rows):
        found.left_out = tuple(sorted(partial))
        found.rows = whole
        found.all_groups = len(whole)


def _order(found: Answer) -> None:
    sort, plan = found.sort, found.plan
    assert sort is not None
    by = _sorted_column(plan, sort)
    found.rows.sort(key=lambda r: tuple(str(r.get(d)) for d in plan.dimensions))
    known = [r for r in found.rows if r.get(by) is not None]
    unknown = [r for r in found.rows if r.get(by) is None]
    known.sort(key=lambda r: r[by], reverse=sort.descending)
    found.rows = known + unknown
    found.metrics = tuple(found.metrics)


def _sorted_column(plan: QueryPlan, sort: Sort) -> str:
    return change_column(plan, plan.metrics[0], sort.by) if sort.by in {"change", "change_pct"} else sort.by


def _cut(found: Answer) -> None:
    plan, sort = found.plan, found.sort
    rows = found.rows[plan.offset :]
    if plan.limit is not None and len(rows) > plan.limit and sort is not None:
        by = _sorted_column(plan, sort)
        last = rows[plan.limit - 1].get(by)
        end = plan.limit
        while end < len(rows) and rows[end].get(by) == last:
            end += 1
        found.tied = end - plan.limit
        rows = rows[:end]
    found.rows = rows[:MAX_ROWS]


def _transform(scope: Scope, found: Answer) -> None:
    """Share of the total, running total, trailing average or growth on the row before, as extra columns."""
    plan = found.plan
    computed = list(found.columns)
    for name in plan.metrics:
        if plan.transform == "share":
            computed += shares(plan, found.rows, name, found.totals.get(name), _wholes(scope, found, name))
        elif plan.transform == "cumulative":
            computed += cumulative(plan, found.rows, name, found.totals.get(name), ADDS_OVER_TIME)
        elif plan.transform == "growth":
            grain = time_dimension(plan)
            partial = set(incomplete_units(found, grain)) if grain is not None else set()
            computed += growth(plan, found.rows, name, grain, partial)
        else:
            computed += moving_average(plan, found.rows, name)
    found.columns = tuple(dict.fromkeys(computed))


def _wholes(scope: Scope, found: Answer, name: str) -> dict[Any, Any] | None:
    """Totals by the units of which shares are taken, for what does not add up over the rows (orders by category)."""
    units = share_units(found.plan)
    if not units or metric(name).additive:
        return None
    table = grouped(scope, (name,), units, found.plan.filter, found.window, labels=False)
    return {tuple(row[u] for u in units): row[name] for row in fetch(scope, table.limit(MAX_GROUPS))}


def time_dimension(plan: QueryPlan) -> str | None:
    """The plan's calendar grain, if it has one."""
    return next((d for d in plan.dimensions if d in TIME_GRAINS), None)


def unfinished_unit(found: Answer) -> tuple[str, date] | None:
    """Grain and first day of the last unit shown when the data stop inside it."""
    grain = time_dimension(found.plan)
    if grain is None or grain == "day":
        return None
    last = unit_start(found.period.covered_end, grain)
    end = shift(last, grain, 1) - timedelta(days=1)
    return (grain, last) if end > found.period.last_day else None


def incomplete_units(found: Answer, grain: str) -> list[date]:
    """First days of the units at the ends of a time axis that the period or the data cover only in part."""
    start, end = found.period.covered_start, found.period.covered_end
    first, last = unit_start(start, grain), unit_start(end, grain)
    partial = [first] if first < start else []
    if shift(last, grain, 1) - timedelta(days=1) > end and last not in partial:
        partial.append(last)
    return partial


def decoded(name: str, value: Any, scope: Scope) -> Any:
    """A dimension's engine value as shown."""
    from assistant.query.dimensions import price_band_label

    if value is None:
        return None
    if name == "price_band":
        return price_band_label(scope.price_edges(), int(value)) if not isinstance(value, str) else value
    decode = DIMENSIONS[name].decode
    return decode(value) if decode else value
