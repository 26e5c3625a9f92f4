"""Customers by a rule: who, how many after each condition, who is silently left out, and what they are worth."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.data.objectors import objectors_expression
from assistant.data.sensitive import declared_sensitive, stands_for, trait_name
from assistant.errors import NoRows, NotPermitted
from assistant.plans.filters import And, BoughtThen, Compare, Filter
from assistant.plans.requests import SegmentRule
from assistant.plans.reword import phrase, reword_filter
from assistant.query.compile import Scope, check, fact_of, grouped
from assistant.query.dimensions import dimension
from assistant.query.entities import check_values
from assistant.query.facts import CUSTOMERS, LINES, population, require
from assistant.query.filters import (
    check_filter,
    comparisons,
    customer_conditions,
    customer_set,
    groups_of,
    is_attribute,
)
from assistant.query.left_out import left_out
from assistant.query.metrics import base_metrics, metric
from assistant.query.missing_goods import missing_goods
from assistant.query.present import derived
from assistant.query.rows import fetch
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, Evidence, Figure, Result, Table

if TYPE_CHECKING:
    import ibis

    from assistant.data.warehouse import Snapshot

PROFILE = ("customers", "revenue_per_customer", "orders_per_customer", "average_order_value", "days_since_last_order")
SAMPLE = 5
#: an audience smaller than this is described, but nothing is concluded from it
SMALL_AUDIENCE = 30


def customer_expression(snapshot: Snapshot, condition: Filter | None) -> ibis.Table:
    """The customers that meet a filter, as an expression with the column ``customer_id``; all known ones for None.

    Raises:
        UnknownName, MissingData, InvalidPlan: a name or column that does not exist.
        NotPermitted: a condition on gender or age.
    """
    scope = Scope(snapshot)
    _check(scope, condition)
    return customer_set(scope, condition)


def customer_ids(snapshot: Snapshot, condition: Filter | None) -> list[str]:
    """Ids of the customers that meet a filter, sorted; empty when nobody does.

    Raises:
        As :func:`customer_expression`.
    """
    table = snapshot.execute(customer_expression(snapshot, condition))
    return sorted(table.column("customer_id").to_pylist())


def refuse_traits(snapshot: Snapshot, condition: Filter | None) -> None:
    """See that nobody is chosen by a sensitive trait, or by what stands for one in these data.

    Raises:
        NotPermitted: somebody is; names the trait.
        UnknownName: a field that does not exist.
    """
    _refuse_traits(Scope(snapshot), condition)


def _check(scope: Scope, condition: Filter | None) -> None:
    if condition is None:
        return
    _refuse_traits(scope, condition)
    for part in customer_conditions(condition):
        check(scope, (part.metric,), ("customer",), part.where)
    for part in groups_of(condition):
        if isinstance(part, BoughtThen):
            for step in part.steps:
                check(scope, ("orders",), ("customer",), step)
    _check_fields(scope, condition)
    check_values(scope.snapshot, condition)


def _refuse_traits(scope: Scope, condition: Filter | None) -> None:
    for part in comparisons(condition) if condition is not None else ():
        field = dimension(part.field, for_filter=True)
        trait = field.sensitive or declared_sensitive(scope.snapshot, field.columns)
        if trait and part.op not in {"is_null", "not_null"}:  # whether it is known says nothing of it
            raise NotPermitted(
                f"Customers are not selected by {field.label}: it is a sensitive trait",
                received=part.field,
                hint="Figures by it can be shown; audiences and models do not use it.",
                nearest=[f"Revenue by {field.label}", "What are our customers interested in?"],
            )
        proxy = None if trait or part.op in {"is_null", "not_null"} else stands_for(scope.snapshot, field.columns)
        if proxy is not None:
            raise NotPermitted(
                f"Customers are not selected by {field.label}: in these data it stands for {trait_name(proxy.of)}, a "
                "sensitive trait",
                received=part.field, hint="Figures by it can be shown; audiences and models do not use it.",
                nearest=["Which columns stand for a sensitive one?"],
            )


def _check_fields(scope: Scope, condition: Filter) -> None:
    match condition:
        case Compare() if not is_attribute(scope, condition):
            if set(dimension(condition.field, for_filter=True).columns) <= set(CUSTOMERS.columns) - set(LINES.columns):
                require(
                    scope.snapshot, CUSTOMERS, dimension(condition.field, for_filter=True).columns, "this condition"
                )
            check_filter(scope, condition, LINES, "customers")
        case And():
            for part in condition.parts:
                _check_fields(scope, part)


def conditions_of(rule: Filter) -> list[Filter]:
    """The conditions that a rule joins by "and", in order; the rule itself when it is a single one."""
    if isinstance(rule, And):
        return [c for part in rule.parts for c in conditions_of(part)]
    return [rule]


def count_rule(snapshot: Snapshot, rule: SegmentRule) -> Result:
    """Count an audience.

    Returns:
        Result of kind ``audience``. Tables: ``waterfall`` (condition, customers, dropped), ``profile`` (audience
        against everyone else), ``sample`` (five masked customers), ``left_out`` (who is silently left out). Figures:
        ``customers``, ``everyone``, ``share`` and per profile metric ``<metric>`` and ``<metric>__rest``. Details:
        ``rule`` (plan JSON of the filter).

    Raises:
        NoRows: nobody meets the rule; names the condition after which nobody was left.
        UnknownName, MissingData, InvalidPlan, NotPermitted: see :func:`customer_expression`.
    """
    started = time.perf_counter()
    scope = Scope(snapshot)
    chosen = customer_expression(snapshot, rule.filter)
    waterfall = _waterfall(scope, rule.filter)
    profile = _profile(scope, chosen)
    figures = _figures(waterfall, profile)
    unsaid, notes = left_out(scope, rule.filter, chosen)
    name = rule.name or "Audience"
    manifest = snapshot.manifest
    words = reword_filter(rule.filter)
    result = Result(
        kind="audience",
        title=f"{name}: customers where {words}",
        currency=snapshot.currency,
        figures=figures,
        headline=["customers", "share"],
        tables=[waterfall, profile, _sample(scope, chosen), unsaid],
        charts=[
            Chart(
                kind="bar",
                table="waterfall",
                x="condition",
                y=["customers"],
                title="Customers left after each condition",
            )
        ],
        words={"name": rule.name or ""},
        details={"rule": rule.filter.model_dump(mode="json")},
        caveats=_caveats(scope, notes, figures),
        evidence=Evidence(
            plan=rule.model_dump(mode="json"),
            plan_words=f"customers where {words}",
            sql=snapshot.sql(chosen),
            rows_scanned=manifest.tables["order_lines"].rows,
            snapshot=manifest.id,
            source=manifest.source,
            synthetic=manifest.synthetic,
            as_of=snapshot.as_of,
            window_start=manifest.first_day,
            window_end=snapshot.as_of,
            computed_at=datetime.now(UTC),
            assumptions=[
                "Value, orders and recency describe all orders of these customers, not only those in the rule"
            ],
            milliseconds=(time.perf_counter() - started) * 1000,
        ),
        followups=[
            "Draft a win-back campaign for them",
            "What should we recommend to them?",
            "Show these customers by revenue",
        ],
    )
    speak(result, "rule", phrase(rule.filter))
    return result


def _waterfall(scope: Scope, rule: Filter) -> Table:
    """Customers left after each condition, in the order they were said."""
    parts = conditions_of(rule)
    steps = [("all known customers", population(scope.snapshot))]
    steps += [(reword_filter(p), customer_set(scope, And(parts=tuple(parts[: i + 1])))) for i, p in enumerate(parts)]
    rows: list[list] = []
    for label, people in steps:
        left = fetch(scope, people.aggregate(n=people.count()))[0]["n"]
        rows.append([label, left, rows[-1][1] - left if rows else 0])
        if not left:
            raise missing_goods(scope, rule) or NoRows(
                f"No customer meets the rule: nobody is left after '{label}'",
                received=reword_filter(rule),
                nearest=[f"customers where {r[0]}" for r in rows[1:-1]][:2],
            )
    columns = [
        Column(name="condition", label="condition"),
        Column(name="customers", label="customers left", unit="count"),
        Column(name="dropped", label="left out by it", unit="count"),
    ]
    return Table(id="waterfall", title="Size after each condition", columns=columns, rows=rows, total_rows=len(rows))


def _profile(scope: Scope, chosen: ibis.Table) -> Table:
    """The audience against all other customers who bought."""
    lines = scope.snapshot.table("order_lines")
    values = {}
    for name, keep in (
        ("audience", lines.customer_id.isin(chosen.customer_id)),
        ("rest", ~lines.customer_id.isin(chosen.customer_id)),
    ):
        values[name] = profile_row(
            scope, lines.filter(lines.customer_id.notnull() & (lines.line_type == "sale") & keep)
        )
    columns = [Column(name="group", label="group")] + [
        Column(name=m, label=metric(m).label, unit=metric(m).unit) for m in PROFILE
    ]
    rows = [["audience", *values["audience"]], ["everyone else", *values["rest"]]]
    return Table(
        id="profile", title="Against everyone else (customers with an order)", columns=columns, rows=rows, total_rows=2
    )


def profile_row(scope: Scope, lines: ibis.Table) -> list:
    """Customers, value, orders, order value and recency of the sale lines given, exact sums from the engine."""
    import ibis

    each = lines.group_by("customer_id").aggregate(
        spent=lines.amount.sum(), orders=lines.order_id.nunique(), last_day=lines.ordered_at.max().date()
    )
    silent = ibis.literal(scope.snapshot.as_of, type="date").delta(each.last_day, unit="day")
    row = fetch(
        scope,
        each.aggregate(
            n=each.count(), spent=each.spent.sum().cast("float64"), orders=each.orders.sum(), silent=silent.sum()
        ),
    )[0]
    n, orders = row["n"], row["orders"] or 0
    if not n:
        return [0, None, None, None, None]
    return [n, row["spent"] / n, orders / n, row["spent"] / orders if orders else None, row["silent"] / n]


def _sample(scope: Scope, chosen: ibis.Table) -> Table:
    """Five customers with their ids masked, those with most sales first."""
    import ibis

    values = grouped(scope, ("revenue", "orders", "last_order_date"), ("customer",), None, None, labels=False)
    kept = values.filter(values.customer.isin(chosen.customer_id))
    if scope.snapshot.has("contacts", "suppressed"):  # whoever objected is in no preview
        kept = kept.filter(~kept.customer.isin(objectors_expression(scope.snapshot).customer_id))
    rows = fetch(scope, kept.order_by([ibis.desc("revenue"), ibis.asc("customer")]).limit(SAMPLE))
    columns = [
        Column(name="customer", label="customer (masked)", unit="id"),
        Column(name="revenue", label="revenue", unit="currency"),
        Column(name="orders", label="orders", unit="count"),
        Column(name="last_order_date", label="last order", unit="date"),
    ]
    shown = [[mask(r["customer"]), r["revenue"], r["orders"], r["last_order_date"].isoformat()] for r in rows]
    return Table(id="sample", title="Examples", columns=columns, rows=shown, total_rows=len(shown))


def mask(customer_id: str) -> str:
    """A customer id of which only the last two characters can be read."""
    return "•" * max(2, len(customer_id) - 2) + customer_id[-2:] if len(customer_id) > 3 else "••" + customer_id[-1:]


def _figures(waterfall: Table, profile: Table) -> dict[str, Figure]:
    last = len(waterfall.rows) - 1
    figures = {
        "customers": waterfall.figure(last, "customers", "customers in the audience"),
        "everyone": waterfall.figure(0, "customers", "all known customers"),
    }
    figures["share"] = derived(
        figures["customers"].value / figures["everyone"].value * 100,
        "percent",
        "share of all customers",  # type: ignore[operator]
        "customers / everyone * 100",
        customers=figures["customers"],
        everyone=figures["everyone"],
    )
    for name in PROFILE[1:]:
        figures[name] = profile.figure(0, name)
        figures[f"{name}__rest"] = profile.figure(1, name)
    return figures


def _caveats(scope: Scope, unsaid: list[Caveat], figures: dict[str, Figure]) -> list[Caveat]:
    """Who is silently left out, and sizes from which little follows."""
    caveats = list(unsaid)
    if figures["customers"].value == figures["everyone"].value:
        caveats.append(Caveat(code="selects_everyone", figures={"n": figures["customers"]}))
    if figures["customers"].value < SMALL_AUDIENCE:  # type: ignore[operator]
        caveats.append(Caveat(code="small_sample", figures={"n": figures["customers"]}, words={"what": "customers"}))
    if scope.snapshot.manifest.synthetic:
        caveats.append(Caveat(code="synthetic"))
    return caveats


def tables_read(scope: Scope, condition: Filter | None) -> set[str]:
    """Canonical tables that a customer rule reads."""
    read = {"order_lines"}
    for part in customer_conditions(condition):
        read |= {fact_of(b).table for b in base_metrics(part.metric, scope.options.sales_basis)}
    return read
