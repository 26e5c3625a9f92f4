"""Every metric, defined once.

Base metrics are typed Ibis functions over a wide fact (see :mod:`assistant.query.facts`); ratios and differences of
them are data below. "Sales" means product lines before returns and without shipping (``gross_revenue``);
``revenue`` is that or ``net_revenue`` by the shop's setting ``sales_basis``.

Two metrics live on a table with one row per customer and group (``per_customer``): columns ``orders``, ``order_days``,
``first_day``, ``last_day`` of the group's own sale lines.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from assistant.query.metric_types import MetricContext, base, money_sum

if TYPE_CHECKING:
    import ibis


def _sale(t: ibis.Table) -> ibis.BooleanValue:
    return t.line_type == "sale"


def _given_back(t: ibis.Table) -> ibis.BooleanValue:
    """Lines that take a sale back. Only negative ones: a cancelled order that was never a sale counts nought."""
    return t.line_type.isin(["return", "cancellation"]) & (t.quantity < 0)


# --- sales ---

_SALES = ("line_type", "amount")


@base(
    "gross_revenue",
    "gross revenue",
    "currency",
    "sum of product sale lines, before returns, without shipping",
    columns=_SALES,
    additive=True,
)
def gross_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=_sale(t)))


@base(
    "returned_value",
    "returned value",
    "currency",
    "value of product lines returned or cancelled, by their own date",
    types=("return", "cancellation"),
    columns=(*_SALES, "quantity"),
    additive=True,
    higher_is="worse",
)
def returned_value(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(-t.amount.sum(where=_given_back(t)))


@base(
    "orders",
    "orders",
    "count",
    "distinct orders with at least one product sale line",
    columns=("line_type", "order_id"),
    additive=False,
)
def orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.order_id.nunique(where=_sale(t))


@base(
    "units",
    "units sold",
    "count",
    "sum of quantities of product sale lines",
    columns=("line_type", "quantity"),
    additive=True,
)
def units(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.quantity.sum(where=_sale(t)).fill_null(0).cast("int64")


@base(
    "units_returned",
    "units returned",
    "count",
    "units of product lines returned or cancelled",
    types=("return", "cancellation"),
    columns=("line_type", "quantity"),
    additive=True,
    higher_is="worse",
)
def units_returned(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return (-t.quantity.sum(where=_given_back(t))).fill_null(0).cast("int64")


@base(
    "return_orders",
    "returns and cancellations",
    "count",
    "distinct orders or credit notes with a returned or cancelled product line",
    types=("return", "cancellation"),
    columns=("line_type", "quantity", "order_id"),
    higher_is="worse",
)
def return_orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.order_id.nunique(where=_given_back(t))


@base("order_line_count", "order lines", "count", "product sale lines", columns=("line_type", "line_id"), additive=True)
def order_line_count(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.line_id.count(where=_sale(t))


@base("products_sold", "products sold", "count", "distinct products with a sale", columns=("line_type", "product_id"))
def products_sold(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.product_id.nunique(where=_sale(t))


@base(
    "discount_amount",
    "discount given",
    "currency",
    "sum of discounts on product sale lines",
    columns=("line_type", "discount"),
    additive=True,
    higher_is="neutral",
)
def discount_amount(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.discount.sum(where=_sale(t)))


@base(
    "gross_margin",
    "gross margin",
    "currency",
    "product sales less purchase cost of the units sold, over products whose cost is known",
    columns=(*_SALES, "quantity", "cost"),
    additive=True,
)
def gross_margin(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum((t.amount - t.cost * t.quantity).sum(where=_sale(t) & t.cost.notnull()))


@base(
    "costed_revenue",
    "sales with known cost",
    "currency",
    "product sales of products whose cost is known",
    columns=(*_SALES, "cost"),
    additive=True,
    hidden=True,
)
def costed_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=_sale(t) & t.cost.notnull()))


@base(
    "costed_units",
    "units with known cost",
    "count",
    "units sold of products whose cost is known",
    columns=("line_type", "quantity", "cost"),
    additive=True,
    hidden=True,
)
def costed_units(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.quantity.sum(where=_sale(t) & t.cost.notnull()).fill_null(0).cast("int64")


@base(
    "known_margin",
    "gross margin of known customers",
    "currency",
    "gross margin of orders with a customer, over products whose cost is known",
    columns=(*_SALES, "quantity", "cost", "customer_id"),
    additive=True,
    hidden=True,
)
def known_margin(t: ibis.Table, c: MetricContext) -> ibis.Value:
    kept = _sale(t) & t.cost.notnull() & t.customer_id.notnull()
    return money_sum((t.amount - t.cost * t.quantity).sum(where=kept))


@base(
    "list_revenue",
    "sales before discount",
    "currency",
    "product sales plus the discount given on them",
    columns=(*_SALES, "discount"),
    additive=True,
    hidden=True,
)
def list_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum((t.amount + t.discount.fill_null(0)).sum(where=_sale(t)))


@base(
    "cost_of_goods",
    "cost of goods",
    "currency",
    "purchase cost of the units sold, where it is known",
    columns=("line_type", "quantity", "cost"),
    additive=True,
    higher_is="neutral",
)
def cost_of_goods(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum((t.cost * t.quantity).sum(where=_sale(t)))


@base(
    "shipping_revenue",
    "shipping charged",
    "currency",
    "sum of shipping lines",
    types=("shipping",),
    columns=_SALES,
    additive=True,
    higher_is="neutral",
)
def shipping_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=t.line_type == "shipping"))


@base(
    "gift_card_revenue",
    "gift cards sold",
    "currency",
    "sum of gift card lines; no product sales",
    types=("gift_card",),
    columns=_SALES,
    additive=True,
    higher_is="neutral",
)
def gift_card_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=t.line_type == "gift_card"))


@base(
    "booked_amount",
    "amount of all lines",
    "currency",
    "sum of all order lines of every type",
    types=(),
    columns=("amount",),
    additive=True,
    higher_is="neutral",
)
def booked_amount(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum())


@base(
    "guest_revenue",
    "revenue from guests",
    "currency",
    "product sales of orders without a customer",
    columns=(*_SALES, "customer_id"),
    additive=True,
    higher_is="neutral",
)
def guest_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=_sale(t) & t.customer_id.isnull()))


@base(
    "guest_orders",
    "guest orders",
    "count",
    "orders without a customer",
    columns=("line_type", "order_id", "customer_id"),
    higher_is="neutral",
)
def guest_orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.order_id.nunique(where=_sale(t) & t.customer_id.isnull())


@base(
    "known_revenue",
    "revenue from known customers",
    "currency",
    "product sales of orders with a customer",
    columns=(*_SALES, "customer_id"),
    additive=True,
)
def known_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.amount.sum(where=_sale(t) & t.customer_id.notnull()))


@base(
    "known_orders",
    "orders of known customers",
    "count",
    "orders with a customer",
    columns=("line_type", "order_id", "customer_id"),
    hidden=True,
)
def known_orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.order_id.nunique(where=_sale(t) & t.customer_id.notnull())


@base(
    "known_units",
    "units bought by known customers",
    "count",
    "units sold in orders with a customer",
    columns=("line_type", "quantity", "customer_id"),
    additive=True,
    hidden=True,
)
def known_units(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.quantity.sum(where=_sale(t) & t.customer_id.notnull()).fill_null(0).cast("int64")


@base(
    "guest_units",
    "units bought by guests",
    "count",
    "units sold in orders without a customer",
    columns=("line_type", "quantity", "customer_id"),
    additive=True,
    hidden=True,
)
def guest_units(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.quantity.sum(where=_sale(t) & t.customer_id.isnull()).fill_null(0).cast("int64")


# --- customers ---

_BUYERS = ("line_type", "customer_id")


@base(
    "customers",
    "customers",
    "count",
    "distinct known customers with a sale; guests cannot be counted",
    columns=_BUYERS,
    known_customers_only=True,
)
def customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=_sale(t))


@base(
    "new_customers",
    "new customers",
    "count",
    "customers whose first order ever falls in the period",
    columns=(*_BUYERS, "at", "first_day"),
    known_customers_only=True,
)
def new_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=_sale(t) & (t["at"].date() == t.first_day))


@base(
    "reactivated_customers",
    "reactivated customers",
    "count",
    "customers who ordered in the period after 90 days or more without an order",
    columns=(*_BUYERS, "at", "previous_day"),
    known_customers_only=True,
)
def reactivated_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    import ibis

    silent = t["at"].date().delta(t.previous_day, unit="day") >= ibis.literal(c.lapse_days)
    return t.customer_id.nunique(where=_sale(t) & silent)


@base(
    "lost_customers",
    "lost customers",
    "count",
    "customers whose last order falls in the period and who have been silent for 90 days or more since",
    columns=(*_BUYERS, "at", "last_day"),
    higher_is="worse",
    known_customers_only=True,
)
def lost_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    import ibis

    silent = days_before(c.as_of, t.last_day) >= ibis.literal(c.lapse_days)
    return t.customer_id.nunique(where=_sale(t) & (t["at"].date() == t.last_day) & silent)


_PER_CUSTOMER = ("line_type", "customer_id", "order_id", "at")


@base(
    "repeat_customers",
    "repeat customers",
    "count",
    "customers with two or more orders in the period",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    known_customers_only=True,
)
def repeat_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.orders.count(where=t.orders >= 2)


@base(
    "one_time_customers",
    "one-time customers",
    "count",
    "customers with exactly one order in the period",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    higher_is="worse",
    known_customers_only=True,
)
def one_time_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.orders.count(where=t.orders == 1)


@base(
    "days_between_orders",
    "days between orders",
    "days",
    "days from first to last order divided by the number of order days less one, over customers who came back",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    higher_is="worse",
    known_customers_only=True,
)
def days_between_orders(t: ibis.Table, c: MetricContext) -> ibis.Value:
    span = t.last_day.delta(t.first_day, unit="day").sum(where=t.order_days >= 2)
    gaps = (t.order_days - 1).sum(where=t.order_days >= 2)
    return span.cast("float64") / gaps.cast("float64").nullif(0)


@base(
    "days_since_last_order",
    "days since last order",
    "days",
    "days from a customer's last order to the analysis date; averaged over customers",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    higher_is="worse",
    known_customers_only=True,
)
def days_since_last_order(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return days_before(c.as_of, t.last_day).sum().cast("float64") / t.count().cast("float64").nullif(0)


@base(
    "silence_in_gaps",
    "silence in usual gaps",
    "ratio",
    "days since the last order divided by the customer's own days between orders, over customers who came back",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    higher_is="worse",
    known_customers_only=True,
)
def silence_in_gaps(t: ibis.Table, c: MetricContext) -> ibis.Value:
    back = t.order_days >= 2
    gap = t.last_day.delta(t.first_day, unit="day").cast("float64") / (t.order_days - 1).cast("float64").nullif(0)
    return (days_before(c.as_of, t.last_day).cast("float64") / gap.nullif(0)).mean(where=back)


@base(
    "lifetime_days",
    "customer lifespan",
    "days",
    "days from a customer's first to last order; averaged over customers",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    known_customers_only=True,
)
def lifetime_days(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.last_day.delta(t.first_day, unit="day").sum().cast("float64") / t.count().cast("float64").nullif(0)


@base(
    "customer_tenure",
    "time since the first order",
    "days",
    "days from a customer's first order to the analysis date; averaged over customers",
    grain="per_customer",
    columns=_PER_CUSTOMER,
    known_customers_only=True,
)
def customer_tenure(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return days_before(c.as_of, t.first_day).sum().cast("float64") / t.count().cast("float64").nullif(0)


@base(
    "first_order_date",
    "first order",
    "date",
    "day of the first order",
    columns=("line_type", "at"),
    higher_is="neutral",
)
def first_order_date(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t["at"].min(where=_sale(t)).date()


@base(
    "last_order_date", "last order", "date", "day of the latest order", columns=("line_type", "at"), higher_is="neutral"
)
def last_order_date(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t["at"].max(where=_sale(t)).date()


def days_before(day: date, earlier: ibis.Value) -> ibis.IntegerValue:
    """Whole days from a date column to a fixed day."""
    import ibis

    return ibis.literal(day, type="date").delta(earlier, unit="day")
