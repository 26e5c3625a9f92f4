"""Base metrics of whole orders and of the calendar, and counts of different values.

Metrics of grain ``per_order`` live on a table with one row per order and group: columns ``value`` (product sales of the
group in that order, float) and ``order_units``. ``calendar_days`` reads no rows: it is the number of days of the period
that fall into a group, so that "per day" also counts days without a sale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.query.metric_types import BASE, Metric, MetricContext, base, money_sum, words_of_metric

if TYPE_CHECKING:
    import ibis

_PER_ORDER = ("line_type", "order_id", "amount", "quantity")


@base(
    "median_order_value",
    "median order value",
    "currency",
    "the middle one of all orders by product sales: half of them are larger",
    grain="per_order",
    columns=_PER_ORDER,
    typical=True,
)
def median_order_value(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.value.median()


@base(
    "largest_order_value",
    "largest order value",
    "currency",
    "product sales of the largest order",
    grain="per_order",
    columns=_PER_ORDER,
    typical=True,
)
def largest_order_value(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.value.max()


@base(
    "smallest_order_value",
    "smallest order value",
    "currency",
    "product sales of the smallest order",
    grain="per_order",
    columns=_PER_ORDER,
    typical=True,
)
def smallest_order_value(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.value.min()


@base(
    "cancelled_orders",
    "cancelled orders",
    "count",
    "distinct orders or credit notes with a cancelled product line",
    types=("cancellation",),
    columns=("line_type", "quantity", "order_id"),
    higher_is="worse",
)
def cancelled_orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.order_id.nunique(where=(t.line_type == "cancellation") & (t.quantity < 0))


@base(
    "discounted_orders",
    "orders with a discount",
    "count",
    "distinct orders with a discount on a product sale line",
    columns=("line_type", "order_id", "discount"),
    higher_is="neutral",
)
def discounted_orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.order_id.nunique(where=(t.line_type == "sale") & (t.discount > 0))


@base(
    "discounted_revenue",
    "revenue sold at a discount",
    "currency",
    "product sale lines with a discount, before returns, without shipping",
    columns=("line_type", "amount", "discount"),
    additive=True,
    higher_is="neutral",
)
def discounted_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=(t.line_type == "sale") & (t.discount > 0)))


@base(
    "months_with_sales",
    "months with a sale",
    "count",
    "different calendar months with a sale",
    columns=("line_type", "at"),
)
def months_with_sales(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t["at"].truncate("M").nunique(where=t.line_type == "sale")


def _different(name: str, label: str, column: str, formula: str) -> None:
    """A count of the different values that had a sale."""

    def count(t: ibis.Table, c: MetricContext) -> ibis.Value:
        return t[column].nunique(where=t.line_type == "sale")

    BASE[name] = Metric(
        name, label, "count", formula, "lines", words_of_metric(name), ("line_type", column), expression=count
    )


_different("country_count", "countries with sales", "country", "different countries with a sale")
_different("city_count", "cities with sales", "city", "different cities of customers with a sale")
_different("category_count", "categories with sales", "category", "different categories with a sale")
_different("brand_count", "brands with sales", "brand", "different brands with a sale")


@base(
    "calendar_days",
    "days",
    "count",
    "days of the period that the data cover, with or without a sale",
    grain="calendar",
    columns=("at",),
    higher_is="neutral",
    hidden=True,
)
def calendar_days(t: ibis.Table, c: MetricContext) -> ibis.Value:
    raise TypeError("days are counted on the calendar, not on rows")
