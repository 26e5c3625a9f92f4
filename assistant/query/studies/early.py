"""The first days after a customer's first order: who orders again, how soon, for how much."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.plans.studies import EarlyStudy
from assistant.query.compile import Scope, check
from assistant.query.dimensions import TIME_GRAINS, DimensionContext, dimension
from assistant.query.facts import LINES, require
from assistant.query.periods import ResolvedPeriod
from assistant.query.present import evidence_figure, plan_figure
from assistant.query.rows import decoded, fetch
from assistant.query.studies.report import SMALL_SAMPLE, guests_left_out, known_lines, nothing, report, time_caveats
from assistant.results import Caveat, Chart, Column, Figure, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import ibis

#: groups listed, the largest first
GROUPS_SHOWN = 100
#: days after the first order at which the study of the second order looks
STOPS = (30, 60, 90, 180, 365)
#: what a customer is, and what a first order has: these describe the customer, not the things bought
_OF_CUSTOMERS = {"acquisition_channel", "city", "gender", "age_band", "cohort", "first_product", "first_category",
                 "customer_type"}


def early(scope: Scope, study: EarlyStudy) -> Result:
    """Follow customers for so many days after their first order.

    Returns:
        Result of kind ``early``. Tables: ``groups`` (``group`` where split, ``customers`` observed long enough,
        ``back`` (with a second order in time), ``share``, ``orders_per_customer``, ``value`` and
        ``value_per_customer`` in those days; without ``days``: ``customers``, ``back`` so far, ``share``,
        ``median_days``, ``mean_days``), ``all`` (the same for all together), and without ``days`` ``stops`` (days,
        customers observed so long, how many ordered again, share). Figures: the columns of ``all``, ``days``,
        ``left_out`` (customers not observed long enough).

    Raises:
        NoRows: nobody was observed for so long. InvalidPlan: a split that customers do not have.
    """
    period = scope.resolve(study.period)
    _check(scope, study)
    each = _customers(scope, study, period, split=study.by is not None)
    whole = _customers(scope, study, period, split=False)
    columns = _columns(study)
    total = fetch(scope, _sum_up(scope, study, whole, ()))[0]
    if not total["customers"]:
        raise nothing(scope, study)
    tables = [
        Table(id="all", title="All together", columns=columns, rows=[[total[c.name] for c in columns]], total_rows=1)
    ]
    expression = _sum_up(scope, study, whole, ())
    if study.by is not None:
        expression = _sum_up(scope, study, each, ("group",))
        tables.insert(0, _groups_table(scope, study, expression, columns))
    figures = {c.name: tables[-1].figure(0, c.name) for c in columns}
    if study.days is None:
        tables.append(_stops(scope, whole))
    else:
        figures["days"] = plan_figure(study.days, "days", "days after the first order")
        out = fetch(scope, whole.aggregate(n=whole.count(where=~whole.observed)))[0]["n"]
        figures["left_out"] = evidence_figure(out, "count", "customers not observed for so long yet")
    return report(
        scope,
        study,
        _title(study),
        figures=figures,
        headline=_headline(study),
        tables=tables,
        charts=_charts(study, tables),
        words={
            "by": dimension(study.by).label if study.by else "",
            "same": "yes" if _of_things(study) else "",
            "measure": study.measure,
            "timed": "" if study.days is None else "yes",
            "order": "lowest" if study.lowest_first else "highest",
        },
        caveats=_caveats(scope, study, period, figures),
        definitions=_definitions(study),
        assumptions=["Only customers whose first order is so many days before the last day of the data"]
        if study.days is not None
        else ["Customers who have not ordered again yet have no days; later ones have had less time"],
        expression=expression,
        period=period,
        followups=["Retention by cohort", "How many customers made one, two, three or more orders?"],
    )


def _of_things(study: EarlyStudy) -> bool:
    return study.by is not None and study.by not in _OF_CUSTOMERS


def _check(scope: Scope, study: EarlyStudy) -> None:
    if study.by is None:
        return
    found = dimension(study.by)
    if study.by in {
        *TIME_GRAINS,
        "customer",
        "order",
        "weekday",
        "hour",
        "month_of_year",
        "season_of_year",
        "orders_band",
        "new_vs_returning",
        "price_band",
        "segment",
    }:
        raise InvalidPlan(
            f"The first days of customers are not split by {found.label}",
            received=study.by,
            valid=("acquisition_channel", "country", "city", "brand", "category", "product", "cohort"),
        )
    require(scope.snapshot, LINES, found.columns, f"this split by {found.label}")
    check(scope, ("customers",), (study.by,), study.filter)


def _customers(scope: Scope, study: EarlyStudy, period: ResolvedPeriod, *, split: bool) -> ibis.Table:
    """One row per customer (and group): ``group``, ``first``, ``second`` (moment of the second order), ``orders``,
    ``value`` (within the days), ``observed``."""
    import ibis

    dim = dimension(study.by) if split and study.by else None
    lines = known_lines(scope, ["amount", *(dim.columns if dim else ())], study.filter)
    keyed = lines.mutate(
        group=dim.expression(lines, scope.dimension_context() if dim.name == "age_band" else DimensionContext())
        if dim
        else ibis.literal("all"),
        day=lines["at"].date(),
    )
    orders = keyed.group_by("group", "customer_id", "order_id").aggregate(
        day=keyed.day.min(), value=keyed.amount.sum().cast("float64")
    )
    whose = ibis.window(group_by=[orders.group, orders.customer_id])
    placed = orders.mutate(
        first=orders.day.min().over(whose),
        place=ibis.row_number().over(
            group_by=[orders.group, orders.customer_id], order_by=[orders.day, orders.order_id]
        ),
    )
    if period.shape != "all":
        placed = placed.filter(placed.first.between(ibis.literal(period.start), ibis.literal(period.end)))
    since = placed.day.delta(placed.first, unit="day")
    timed = placed.mutate(since=since)
    within = timed.since <= study.days if study.days is not None else ibis.literal(True)
    each = timed.group_by("group", "customer_id").aggregate(
        first=timed["first"].min(),
        second=timed.since.min(where=timed.place == 1),
        orders=timed.count(where=within),
        value=timed.value.sum(where=within).fill_null(0.0),
    )
    latest = scope.snapshot.as_of - timedelta(days=study.days or 0)
    return each.mutate(observed=each["first"] <= ibis.literal(latest, type="date"))


def _sum_up(scope: Scope, study: EarlyStudy, each: ibis.Table, keys: tuple[str, ...]) -> ibis.Table:
    """Customers observed long enough, summed up per group or all together."""
    import ibis

    seen = each.filter(each.observed)
    back = seen.orders >= 2
    n = seen.count()
    values = {"customers": n, "back": seen.count(where=back)}
    values["share"] = values["back"] * 100.0 / n.nullif(0)
    if study.days is None:
        values["median_days"] = seen.second.cast("float64").quantile(0.5)
        values["mean_days"] = seen.second.mean()
    else:
        values["orders_per_customer"] = seen.orders.sum() / n.nullif(0).cast("float64")
        values["value"] = seen.value.sum().fill_null(0.0)
        values["value_per_customer"] = seen.value.sum() / n.nullif(0)
    if not keys:
        return seen.aggregate(**values)
    table = seen.group_by(list(keys)).aggregate(**values)
    return table.mutate(groups=table.count().over(ibis.window())).order_by([_sort_key(study), ibis.asc(table.group)])


def _sort_key(study: EarlyStudy) -> Any:
    import ibis

    direction = ibis.asc if study.lowest_first else ibis.desc
    return direction(_sorted_by(study), nulls_first=False)


def _sorted_by(study: EarlyStudy) -> str:
    if study.days is None:
        return "median_days"
    return "value_per_customer" if study.measure == "value" else "share"


def _columns(study: EarlyStudy) -> list[Column]:
    columns = [
        Column(name="customers", label="customers", unit="count"),
        Column(name="back", label="ordered again", unit="count"),
        Column(name="share", label="share who ordered again", unit="percent"),
    ]
    if study.days is None:
        return [
            *columns,
            Column(name="median_days", label="median days to the second order", unit="days"),
            Column(name="mean_days", label="mean days to the second order", unit="days"),
        ]
    return [
        *columns,
        Column(name="orders_per_customer", label="orders per customer", unit="number"),
        Column(name="value", label="revenue in these days", unit="currency"),
        Column(name="value_per_customer", label="revenue per customer", unit="currency"),
    ]


def _groups_table(scope: Scope, study: EarlyStudy, expression: ibis.Table, columns: list[Column]) -> Table:
    import ibis

    from assistant.query.compile import _labelled

    assert study.by is not None
    dim = dimension(study.by)
    named = expression.mutate(**{study.by: expression.group})
    order = [_sort_key(study), ibis.asc("group")]
    rows = fetch(scope, _labelled(scope, named, [dim]).order_by(order).limit(GROUPS_SHOWN))
    label = f"{study.by}_label"
    cells: list[list[Scalar]] = []
    for row in rows:
        group = row.get(label) or decoded(study.by, row["group"], scope)
        cells.append([str(group) if group is not None else "(not set)", *(row[c.name] for c in columns)])
    total = rows[0]["groups"] if rows else 0
    return Table(
        id="groups",
        title=_title(study),
        columns=[Column(name="group", label=dim.label), *columns],
        rows=cells,
        total_rows=max(total, len(cells)),
    )


def _stops(scope: Scope, whole: ibis.Table) -> Table:
    """Of the customers observed for so many days, how many had ordered again by then."""
    import ibis

    as_of = scope.snapshot.as_of
    values = {}
    for stop in STOPS:
        old = whole["first"] <= ibis.literal(as_of - timedelta(days=stop), type="date")
        values[f"n_{stop}"] = whole.count(where=old)
        values[f"b_{stop}"] = whole.count(where=old & (whole.second <= stop))
    row = fetch(scope, whole.aggregate(**values))[0]
    rows: list[list[Scalar]] = [
        [stop, row[f"n_{stop}"], row[f"b_{stop}"], row[f"b_{stop}"] / row[f"n_{stop}"] * 100]
        for stop in STOPS
        if row[f"n_{stop}"]
    ]
    columns = [
        Column(name="days", label="days after the first order", unit="days"),
        Column(name="customers", label="customers observed so long", unit="count"),
        Column(name="back", label="ordered again by then", unit="count"),
        Column(name="share", label="share", unit="percent"),
    ]
    return Table(id="stops", title="Ordered again by then", columns=columns, rows=rows, total_rows=len(rows))


def _title(study: EarlyStudy) -> str:
    by = f" by {dimension(study.by).label}" if study.by else ""
    if study.days is None:
        return f"Time to the second order{by}"
    what = "Revenue per customer" if study.measure == "value" else "Repeat purchases"
    return f"{what} within {study.days} days of the first order{by}"


def _headline(study: EarlyStudy) -> list[str]:
    if study.days is None:
        return ["median_days", "share"]
    return ["value_per_customer", "customers"] if study.measure == "value" else ["share", "back"]


def _charts(study: EarlyStudy, tables: list[Table]) -> list[Chart]:
    if study.by is not None and len(tables[0].rows) > 1:
        return [Chart(kind="bar", table="groups", x="group", y=[_sorted_by(study)], title=_title(study))]
    if study.days is None:
        return [Chart(kind="line", table="stops", x="days", y=["share"], title="Ordered again by then")]
    return []


def _caveats(scope: Scope, study: EarlyStudy, period: ResolvedPeriod, figures: dict[str, Figure]) -> list[Caveat]:
    caveats = time_caveats(scope, period)
    if "left_out" in figures and figures["left_out"].value:
        caveats.append(
            Caveat(code="not_observed_long_enough", figures={"n": figures["left_out"], "days": figures["days"]})
        )
    if study.days is None:
        caveats.append(Caveat(code="later_buyers_less_time"))
    if (figures["customers"].value or 0) < SMALL_SAMPLE:  # type: ignore[operator]
        caveats.append(Caveat(code="few_customers", figures={"n": figures["customers"]}))
    first = evidence_figure(scope.snapshot.manifest.first_day.isoformat(), "date", "first day of the data")
    if period.shape == "all":
        caveats.append(Caveat(code="first_cohort_older", figures={"first_day": first}, words={"unit": "days"}))
    return caveats + guests_left_out(scope)


def _definitions(study: EarlyStudy) -> list[tuple[str, str]]:
    first = "a customer's first order in the data"
    again = "a second order, also on the same day"
    if _of_things(study) and study.by:
        label = dimension(study.by).label
        first, again = f"a customer's first order with this {label}", f"a second order with the same {label}"
    return [("first order", first), ("ordered again", again)]
