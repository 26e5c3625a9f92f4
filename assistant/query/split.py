"""Every way to split one change: by the factors of the measure, by customers, by the groups of a dimension."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from assistant.plans.query import ChangePlan
from assistant.query.compile import Scope
from assistant.query.decompose import (
    Part,
    chain,
    customer_parts,
    dimension_parts,
    known_factors,
    order_value_parts,
    pure_price,
    rate_parts,
    sales_parts,
)
from assistant.query.facts import LINES, missing
from assistant.query.metrics import metric, parts_of
from assistant.query.rows import Row
from assistant.query.steps import Days, both_by_group, values_by_stretch

#: measures that are customers × orders per customer × units per order × price, as far as they go
CHAIN = frozenset({"revenue", "gross_revenue", "orders", "units"})
#: measures that are the product of a rate and what it is a rate of: measure → (rate, words of the other factor)
_OF_A_RATE = {
    "gross_margin": ("margin_rate", "sales of products whose cost is known"),
    "returned_value": ("return_rate", "sales before returns"),
    "discount_amount": ("discount_rate", "sales before discounts"),
}
#: measures per customer: measure → what is multiplied, as measures
_PRODUCTS = {"revenue_per_customer": ("orders_per_customer", "revenue of an order of known customers")}
#: measures of which a group's values add up unless one of them lies in several groups
_COUNTED = frozenset({"orders", "customers"})


class Split:
    """Splits of one change; each read once.

    Args:
        windows: days of the current and of the base period.
    """

    def __init__(self, scope: Scope, plan: ChangePlan, windows: tuple[Days, Days]) -> None:
        self.scope, self.plan, self.windows = scope, plan, windows
        self.gross = not (plan.metric == "revenue" and scope.options.sales_basis == "net")
        self.known = not missing(scope.snapshot, LINES, ("customer_id",))
        self._groups: dict[str, tuple[dict[Any, Row], dict[Any, Row]]] = {}

    @cached_property
    def _factors(self) -> list[dict[str, float]]:
        return known_factors(self.scope, self.plan.filter, self.windows)

    # -- factors --------------------------------------------------------------------------------------------------

    def factors(self, change: float) -> list[Part]:
        """What the measure is made of; empty where it has no factors or one of them is zero."""
        name = self.plan.metric
        if name == "net_revenue" or not self.gross:
            return self._net()
        if name in CHAIN and self.known:
            return sales_parts(name, *self._factors, self._pure_price)
        if name == "average_order_value":
            return order_value_parts(self.scope, self.plan.filter, *self.windows)
        if name in _OF_A_RATE or name in _PRODUCTS:
            return self._two_factors(*(_OF_A_RATE.get(name) or _PRODUCTS[name]))
        return []

    def _pure_price(self) -> float:
        return pure_price(*self._by("product"))

    def _net(self) -> list[Part]:
        """Net revenue: the factors of sales, less what was returned."""
        parts = sales_parts("gross_revenue", *self._factors, self._pure_price) if self.known else []
        names = ("gross_revenue", "returned_value")
        rows = values_by_stretch(self.scope, names, self.plan.filter, self.windows)
        now, before = ({n: float(row.get(n) or 0) for n in names} for row in rows)
        if not parts:
            gross = now["gross_revenue"] - before["gross_revenue"]
            parts = [Part("sales", "sales before returns", gross, before["gross_revenue"], now["gross_revenue"])]
        returned = Part(
            "returns",
            "returns and cancellations",
            before["returned_value"] - now["returned_value"],
            before["returned_value"],
            now["returned_value"],
        )
        return [*parts, returned]

    def _two_factors(self, rate: str, other: str) -> list[Part]:
        """As in gross margin = sales × margin rate; the other factor is what is left of the measure."""
        name = self.plan.metric
        rows = values_by_stretch(self.scope, (name, rate), self.plan.filter, self.windows)
        if any(not (row.get(name) or 0) > 0 or not (row.get(rate) or 0) > 0 for row in rows):
            return []
        rates = [float(row[rate]) / (100 if metric(rate).unit == "percent" else 1) for row in rows]
        others = [float(row[name]) / r for row, r in zip(rows, rates, strict=True)]
        amounts = chain((others[0], rates[0]), (others[1], rates[1]))
        if amounts is None:
            return []
        shown = [float(row[rate]) for row in rows]
        return [
            Part("volume", other, amounts[0], others[1], others[0]),
            Part(rate, metric(rate).label, amounts[1], shown[1], shown[0]),
        ]

    # -- customers ------------------------------------------------------------------------------------------------

    def customers(self) -> list[tuple[Part, int]]:
        """New, kept, returned and lost customers; empty where the measure is not theirs."""
        if not self.known or not self.gross:
            return []
        if self.plan.metric not in CHAIN | {"customers"}:
            return []
        return customer_parts(self.scope, self.plan.metric, self.plan.filter, self.windows, *self._factors)

    # -- groups ---------------------------------------------------------------------------------------------------

    def groups(self, by: str, change: float) -> list[Part]:
        """Change by group, largest first; empty where the measure cannot be split that way exactly.

        What lies in several groups (an order with products of two categories) is counted in each; a last part takes
        that back, so that the parts still sum to the change.
        """
        found = metric(self.plan.metric)
        if found.additive:
            return dimension_parts(self.scope, found.name, by, *self._by(by))
        if found.name in _COUNTED:
            parts = dimension_parts(self.scope, found.name, by, *self._by(by))
            twice = change - sum(p.amount for p in parts)
            return [*parts, Part("overlap", "counted in several of them", twice)] if parts and twice else parts
        if found.kind == "ratio" and self._adds_up(by):
            factor = 100.0 if found.unit == "percent" else 1.0
            return rate_parts(
                self.scope, (found.parts[0], found.parts[1]), by, self.plan.filter, *self.windows, factor
            )
        return []

    def _adds_up(self, by: str) -> bool:
        """Whether both parts of a rate add up over the groups: by nature, or counted in one group each."""
        parts = [p for p in parts_of(self.plan.metric, self.scope.options.sales_basis) if not metric(p).additive]
        if not parts:
            return True
        if not set(parts) <= _COUNTED:
            return False
        whole = values_by_stretch(self.scope, parts, self.plan.filter, self.windows)
        sides = both_by_group(self.scope, parts, self.plan.filter, self.windows, by)
        return all(
            sum(row[p] or 0 for row in side.values()) == (total.get(p) or 0)
            for p in parts for total, side in zip(whole, sides, strict=True)
        )

    def _by(self, by: str) -> tuple[dict[Any, Row], dict[Any, Row]]:
        """Rows of the groups in both windows; products bring what prices are judged by as well."""
        if by not in self._groups:
            names = [self.plan.metric]
            if by == "product" and self.known and (self.plan.metric in CHAIN or self.plan.metric == "net_revenue"):
                names += ["known_revenue", "known_units"]
            self._groups[by] = both_by_group(
                self.scope, tuple(dict.fromkeys(names)), self.plan.filter, self.windows, by
            )
        return self._groups[by]
