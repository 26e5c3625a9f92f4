"""Who a customer rule silently leaves out: guests, people who never bought, customers without a value it asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.plans.filters import Compare, Filter, Predicted
from assistant.query.compile import Scope, grouped
from assistant.query.dimensions import dimension
from assistant.query.facts import population
from assistant.query.filters import comparisons, customer_set, groups_of, is_attribute
from assistant.query.predicted import predictions
from assistant.query.present import evidence_figure
from assistant.query.rows import fetch
from assistant.results import Caveat, Column, Table

if TYPE_CHECKING:
    import ibis


def left_out(scope: Scope, rule: Filter, chosen: ibis.Table) -> tuple[Table, list[Caveat]]:
    """Who the rule leaves out without saying so.

    Args:
        chosen: the customers who meet it, column ``customer_id``.

    Returns:
        table ``left_out`` (who, counted, n), and one caveat for each of its rows.
    """
    found = [
        *_guests(scope), *_never_bought(scope, chosen), *_unknown(scope, rule), *_without_prediction(scope, rule),
    ]
    columns = [
        Column(name="who", label="left out"),
        Column(name="counted", label="counted in"),
        Column(name="n", label="how many", unit="count"),
    ]
    rows = [row for row, _ in found]
    table = Table(id="left_out", title="Silently left out", columns=columns, rows=rows, total_rows=len(rows))
    return table, [caveat for _, caveat in found]


def _guests(scope: Scope) -> list[tuple[list, Caveat]]:
    totals = fetch(scope, grouped(scope, ("guest_orders", "orders", "guest_revenue"), (), None, None))[0]
    if not totals["guest_orders"]:
        return []
    figures = {
        "orders": evidence_figure(totals["guest_orders"], "count", "orders of guests"),
        "amount": evidence_figure(totals["guest_revenue"], "currency", "sales to guests"),
    }
    row = ["guests: no customer is known", "orders", totals["guest_orders"]]
    return [(row, Caveat(code="guests_unselectable", figures=figures))]


def _never_bought(scope: Scope, chosen: ibis.Table) -> list[tuple[list, Caveat]]:
    """Known customers without a sale: a rule on what people did lets them in or shuts them out unsaid."""
    lines = scope.snapshot.table("order_lines")
    bought = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())
    people = population(scope.snapshot)
    idle = people.filter(~people.customer_id.isin(bought.customer_id))
    idle = idle.mutate(inside=idle.customer_id.isin(chosen.customer_id))
    counted = fetch(scope, idle.aggregate(n=idle.count(), inside=idle.inside.sum()))[0]
    everybody, inside = counted["n"], int(counted["inside"] or 0)
    outside = everybody - inside
    if not everybody:
        return []
    figures = {
        "n": evidence_figure(everybody, "count", "known customers who never bought"),
        "inside": evidence_figure(inside, "count", "of these in the audience"),
        "outside": evidence_figure(outside, "count", "of these left out"),
    }
    row = ["known customers who never bought", "customers", outside]
    return [(row, Caveat(code="never_bought", figures=figures))]


def _unknown(scope: Scope, rule: Filter) -> list[tuple[list, Caveat]]:
    found = {}
    for part in comparisons(rule):
        if part.op in {"is_null", "not_null"} or part.field in found or not is_attribute(scope, part):
            continue
        unknown = customer_set(scope, Compare(field=part.field, op="is_null"))
        n = fetch(scope, unknown.aggregate(n=unknown.count()))[0]["n"]
        if n:
            label = dimension(part.field, for_filter=True).label
            caveat = Caveat(
                code="unknown_left_out",
                figures={"n": evidence_figure(n, "count", "customers without a value")},
                words={"field": label},
            )
            found[part.field] = [f"no {label} on file", "customers", n], caveat
    return list(found.values())


def _without_prediction(scope: Scope, rule: Filter) -> list[tuple[list, Caveat]]:
    found = {}
    for part in groups_of(rule):
        if not isinstance(part, Predicted) or part.op in {"is_null", "not_null"} or part.attribute in found:
            continue
        known = [c for c, v in predictions(scope.snapshot, part).items() if v is not None]
        n = _size(scope, population(scope.snapshot)) - len(known)
        if n:
            caveat = Caveat(
                code="no_prediction",
                figures={"n": evidence_figure(n, "count", "customers without a prediction")},
                words={"attribute": part.attribute.replace("_", " ")},
            )
            found[part.attribute] = [f"no {part.attribute.replace('_', ' ')} is predicted", "customers", n], caveat
    return list(found.values())


def _size(scope: Scope, people: ibis.Table) -> int:
    return int(fetch(scope, people.aggregate(n=people.count()))[0]["n"])
