"""Products without a sale in lists that nought belongs to: "never sold", "sold fewer than three"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.plans.filters import And, CustomerCondition, Filter
from assistant.plans.query import Having, QueryPlan
from assistant.query.compile import Scope
from assistant.query.dimensions import dimension
from assistant.query.facts import PRODUCTS, missing, widen
from assistant.query.filters import (
    NEGATED,
    columns_of,
    comparisons,
    customer_conditions,
    groups_of,
    holds_for_zero,
    predicate,
)
from assistant.query.metrics import base_metrics, metric

if TYPE_CHECKING:
    import ibis


def nought_belongs(plan: QueryPlan) -> bool:
    """Whether the plan lists products by a condition on sales that a product without a sale meets."""
    return plan.dimensions == ("product",) and any(_met_by_nought(h) for h in plan.having)


def _met_by_nought(condition: Having) -> bool:
    if condition.op in {"is_null", "not_null", "contains", "not_contains"}:
        return False
    found = metric(condition.metric)
    if not found.zero_when_empty or any(b.grain != "lines" for b in base_metrics(condition.metric)):
        return False
    negated = condition.op in {"ne", "not_in"}
    op = NEGATED[condition.op] if negated else condition.op
    base = CustomerCondition(metric=condition.metric, op=op, values=condition.values)
    return holds_for_zero(base, negated, list(condition.values))


def with_unsold(scope: Scope, table: ibis.Table, names: Sequence[str], condition: Filter | None) -> ibis.Table:
    """Add the catalogue's products that have no row; what is counted is 0 for them.

    Args:
        table: one row per product with ``product``, the metrics ``names`` and ``rows_read``.
        condition: conditions on what a product is narrow the catalogue; those on sales do not.

    Raises:
        InvalidPlan: one condition joins a product's traits with a sale's by "or".
    """
    import ibis

    parts = [p for p in _joined_by_and(condition) if _on_catalogue(p)]
    labelled = not missing(scope.snapshot, PRODUCTS, ("product_name",))
    needed = {"product_id", *(c for p in parts for c in columns_of(p, PRODUCTS)), *(["product_name"] * labelled)}
    listed = widen(scope.snapshot, PRODUCTS, sorted(needed))
    for part in parts:
        listed = listed.filter(predicate(scope, part, listed))
    names_of = {"listed_name": listed.product_name} if labelled else {}
    listed = listed.select(listed_id=listed.product_id, **names_of)
    both = table.outer_join(listed, table["product"] == listed.listed_id)
    values = {n: both[n].fill_null(0) if metric(n).zero_when_empty else both[n] for n in names}
    values["rows_read"] = both.rows_read.fill_null(0)
    if "product_label" in table.columns:
        values["product_label"] = ibis.coalesce(both.product_label, both.listed_name)
    return both.select(product=ibis.coalesce(both["product"], both.listed_id), **values)


def _joined_by_and(condition: Filter | None) -> list[Filter]:
    if isinstance(condition, And):
        return [c for part in condition.parts for c in _joined_by_and(part)]
    return [] if condition is None else [condition]


def _on_catalogue(condition: Filter) -> bool:
    """Whether a condition is one on what a product is."""
    own = [set(dimension(c.field, for_filter=True).columns) <= set(PRODUCTS.columns) for c in comparisons(condition)]
    others = any(True for _ in customer_conditions(condition)) or any(True for _ in groups_of(condition))
    if others or not all(own):
        if any(own):
            raise InvalidPlan(
                "A list with products that had no sale cannot join a product's trait with a sale's by 'or'",
                hint="Ask for the two separately.",
            )
        return False
    return True
