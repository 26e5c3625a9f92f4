"""Funnel of order counts: one order, two, three … and who goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.plans.studies import LadderStudy
from assistant.query.compile import Scope
from assistant.query.periods import ResolvedPeriod
from assistant.query.rows import fetch
from assistant.query.studies.report import guests_left_out, known_lines, nothing, report, time_caveats
from assistant.results import Caveat, Chart, Column, Result, Table
from assistant.results.result import Scalar

if TYPE_CHECKING:
    import ibis


def ladder(scope: Scope, study: LadderStudy) -> Result:
    """Count customers by their number of orders.

    Returns:
        Result of kind ``ladder``. Table ``steps``: ``orders`` (label), ``customers`` (with exactly so many; the last
        with so many or more), ``share``, ``at_least``, ``at_least_share`` (of all), ``went_on`` (share of the step
        before). Figures: ``customers``, ``second`` (at least two), ``second_share``, ``third``, ``third_share``.

    Raises:
        NoRows: nobody ordered.
    """
    period = scope.resolve(study.period)
    expression = _counts(scope, study, period)
    rows = fetch(scope, expression)
    by_orders = {int(r["orders"]): int(r["customers"]) for r in rows}
    if not by_orders:
        raise nothing(scope, study)
    table = _table(by_orders, study.steps)
    everyone = sum(by_orders.values())
    total = Table(
        id="totals",
        title="All customers",
        columns=[
            Column(name="customers", label="customers", unit="count"),
            Column(name="orders", label="orders", unit="count"),
            Column(name="orders_per_customer", label="orders per customer", unit="number"),
        ],
        rows=[
            [everyone, sum(n * c for n, c in by_orders.items()), sum(n * c for n, c in by_orders.items()) / everyone]
        ],
        total_rows=1,
    )
    figures = {c.name: total.figure(0, c.name) for c in total.columns}
    figures["once"] = table.figure(0, "customers", "customers with exactly one order")
    figures["second"] = table.figure(1, "at_least", "customers with a second order")
    figures["second_share"] = table.figure(1, "at_least_share", "share with a second order")
    if study.steps > 2:
        figures["third"] = table.figure(2, "at_least", "customers with a third order")
        figures["third_share"] = table.figure(2, "went_on", "share of these with a third order")
    caveats: list[Caveat] = time_caveats(scope, period) + guests_left_out(scope)
    if study.first_only:
        caveats.append(Caveat(code="later_buyers_less_time"))
    counted = "all orders to date" if study.first_only else "orders in the period"
    return report(
        scope,
        study,
        "Customers by number of orders",
        figures=figures,
        headline=["second", "second_share", "customers"],
        tables=[table, total],
        charts=[Chart(kind="bar", table="steps", x="orders", y=["customers"], title="Customers by number of orders")],
        words={"first_only": "yes" if study.first_only else ""},
        caveats=caveats,
        definitions=[("number of orders", f"distinct product orders of a known customer, {counted}")],
        expression=expression,
        period=period,
        followups=["How long does it take customers to place a second order?", "Retention by cohort"],
    )


def _counts(scope: Scope, study: LadderStudy, period: ResolvedPeriod) -> ibis.Table:
    """One row per number of orders: ``orders``, ``customers``."""
    import ibis

    window = None if period.shape == "all" else (period.start, period.end)
    lines = known_lines(
        scope, ["first_day"] if study.first_only else [], study.filter, None if study.first_only else window
    )
    if study.first_only and window is not None:
        lines = lines.filter(lines.first_day.between(ibis.literal(window[0]), ibis.literal(window[1])))
    each = lines.group_by("customer_id").aggregate(orders=lines.order_id.nunique())
    return each.group_by("orders").aggregate(customers=each.count()).order_by("orders")


def _table(by_orders: dict[int, int], steps: int) -> Table:
    everyone = sum(by_orders.values())
    rows: list[list[Scalar]] = []
    before = everyone
    for n in range(1, steps + 1):
        last = n == steps
        at_least = sum(c for o, c in by_orders.items() if o >= n)
        exactly = at_least if last else by_orders.get(n, 0)
        label = f"{n} or more" if last else str(n)
        rows.append(
            [
                label,
                exactly,
                exactly / everyone * 100,
                at_least,
                at_least / everyone * 100,
                at_least / before * 100 if before else None,
            ]
        )
        before = at_least
    columns = [
        Column(name="orders", label="orders"),
        Column(name="customers", label="customers", unit="count"),
        Column(name="share", label="share", unit="percent"),
        Column(name="at_least", label="at least so many", unit="count"),
        Column(name="at_least_share", label="share of all", unit="percent"),
        Column(name="went_on", label="share of the step before", unit="percent"),
    ]
    return Table(id="steps", title="Customers by number of orders", columns=columns, rows=rows, total_rows=len(rows))
