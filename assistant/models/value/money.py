"""From sales to what is left of them: the gross margin rate, and what later money is worth today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import MissingData

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from assistant.data.warehouse import Snapshot
    from assistant.plans import ValueRequest

    Floats = np.ndarray[Any, np.dtype[np.float64]]

_MONTH, _YEAR = 30, 365
#: Days of sales that the shop's own margin rate is taken from.
RECENT = 365


@dataclass(frozen=True)
class Margin:
    """What is left of sales: ``rate`` 0–1; ``said`` by the person or measured; ``covered`` share of sales whose cost is
    known."""

    rate: float
    said: bool
    covered: float = 1.0


def margin_of(snapshot: Snapshot, request: ValueRequest) -> Margin | None:
    """The margin that a request asks for; None where it asks for sales.

    Raises:
        MissingData: margin asked for, none said, and no product's cost is known.
    """
    if request.margin_percent is not None:
        return Margin(request.margin_percent / 100, said=True)
    if request.measure == "sales" and request.acquisition_cost is None:
        return None
    found = shop_margin(snapshot)
    if found is None:
        raise MissingData(
            "The purchase cost of the products is not known, so sales cannot be turned into margin",
            received="products.cost", hint="Or say the margin yourself: “at 40 % margin”.",
            nearest=["What will a new customer bring at 40 % margin?"],
        )
    return found


def shop_margin(snapshot: Snapshot) -> Margin | None:
    """Gross margin rate of the last year's sales whose cost is known; None where no cost is."""
    if not snapshot.has("products", "cost"):
        return None
    lines, products = snapshot.table("order_lines"), snapshot.table("products")
    since = snapshot.as_of - timedelta(days=RECENT)
    sales = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since))
    joined = sales.left_join(products.select("product_id", "cost"), "product_id")
    known = joined.cost.notnull()
    sums = snapshot.execute(joined.aggregate(
        all=joined.amount.sum().cast("float64"), costed=joined.amount.sum(where=known).cast("float64"),
        cost=(joined.cost * joined.quantity).sum(where=known).cast("float64"),
    )).to_pylist()[0]
    if not sums["costed"] or sums["costed"] <= 0:
        return None
    return Margin(1 - (sums["cost"] or 0.0) / sums["costed"], said=False, covered=sums["costed"] / sums["all"])


def present_value(expected: Callable[[int], Any], horizon: int, discount_percent: float) -> Any:
    """What is expected within ``horizon`` days, each month's part (at its middle) discounted by the yearly rate.

    Args:
        expected: value within so many days from now, cumulative: a number or an array.
    """
    if not discount_percent:
        return expected(horizon)
    edges = [*range(_MONTH, horizon, _MONTH), horizon]
    total: Any = 0.0
    before: Any = 0.0
    start = 0
    for edge in edges:
        upto = expected(edge)
        total = total + (upto - before) * discount_factor((start + edge) / 2, discount_percent)
        before, start = upto, edge
    return total


def discount_factor(days: float, discount_percent: float) -> float:
    """Worth today of one unit of money in ``days``."""
    return float((1 + discount_percent / 100) ** (-days / _YEAR))
