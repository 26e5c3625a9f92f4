"""Base metrics of the catalogue and of campaigns: typed Ibis functions, like those in ``base_metrics.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.query.metric_types import BASE, Metric, MetricContext, base, money_sum, words_of_metric

if TYPE_CHECKING:
    import ibis


# --- catalogue ---


@base(
    "product_count",
    "products in the catalogue",
    "count",
    "products listed",
    grain="products",
    columns=("product_id",),
    additive=True,
    higher_is="neutral",
)
def product_count(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.product_id.count()


@base(
    "stock",
    "units in stock",
    "count",
    "units in stock now",
    grain="products",
    columns=("stock",),
    additive=True,
    higher_is="neutral",
)
def stock(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.stock.sum().cast("int64")  # no value where no stock is known: that is not nought


@base(
    "stock_value",
    "stock value at list price",
    "currency",
    "units in stock × list price",
    grain="products",
    columns=("stock", "list_price"),
    additive=True,
    higher_is="neutral",
)
def stock_value(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum((t.list_price * t.stock).sum())


@base(
    "out_of_stock",
    "products out of stock",
    "count",
    "products with no unit in stock",
    grain="products",
    columns=("stock", "product_id"),
    additive=True,
    higher_is="worse",
)
def out_of_stock(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.product_id.count(where=t.stock <= 0)


@base(
    "list_price_sum",
    "sum of list prices",
    "currency",
    "sum of list prices",
    grain="products",
    columns=("list_price",),
    hidden=True,
    additive=True,
)
def list_price_sum(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.list_price.sum())


@base(
    "lowest_list_price",
    "lowest list price",
    "currency",
    "lowest list price among the catalogue's products",
    grain="products",
    columns=("list_price",),
    higher_is="neutral",
)
def lowest_list_price(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.list_price.min().cast("float64")


@base(
    "highest_list_price",
    "highest list price",
    "currency",
    "highest list price among the catalogue's products",
    grain="products",
    columns=("list_price",),
    higher_is="neutral",
)
def highest_list_price(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.list_price.max().cast("float64")


@base(
    "priced_products",
    "products with a list price",
    "count",
    "products with a list price",
    grain="products",
    columns=("list_price",),
    hidden=True,
    additive=True,
)
def priced_products(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.list_price.count()


# --- marketing ---


def _treated(t: ibis.Table) -> ibis.BooleanValue:
    return t.arm.fill_null("treatment") != "control"


def _message_count(name: str, label: str, column: str | None, formula: str, higher_is: str = "better") -> None:
    columns = ("arm", "customer_id") if column is None else ("arm", "customer_id", column)

    def count(t: ibis.Table, c: MetricContext) -> ibis.Value:
        if column is None:
            return t.customer_id.count(where=_treated(t))
        # a letter's opening cannot be seen: where nothing was observed there is no count, which is not nought
        return (_treated(t) & t[column]).cast("int64").sum()

    BASE[name] = Metric(
        name,
        label,
        "count",
        formula,
        "touches",
        words_of_metric(name),
        columns,
        additive=True,
        expression=count,
        higher_is=higher_is,
    )  # type: ignore[arg-type]


@base(
    "answered",
    "messages answered",
    "count",
    "messages answered with an order within the campaign's window",
    grain="touches",
    columns=("arm", "customer_id", "responded"),
    additive=True,
)
def answered(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.count(where=_treated(t) & t.responded.notnull())


@base(
    "control_size",
    "customers held out",
    "count",
    "customers kept as a control group",
    grain="touches",
    columns=("arm", "customer_id"),
    additive=True,
    higher_is="neutral",
)
def control_size(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.count(where=~_treated(t))


@base(
    "answered_control",
    "orders in the control group",
    "count",
    "customers of the control group who ordered within the window",
    grain="touches",
    columns=("arm", "customer_id", "responded"),
    additive=True,
    hidden=True,
)
def answered_control(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.count(where=~_treated(t) & t.responded.notnull())


def _observed(name: str, label: str, column: str) -> None:
    """Delivered messages of which it is known whether the step of the column was taken."""

    def count(t: ibis.Table, c: MetricContext) -> ibis.Value:
        return t.customer_id.count(where=_treated(t) & t.delivered.fill_null(False) & t[column].notnull())

    columns = ("arm", "customer_id", "delivered", column)
    BASE[name] = Metric(
        name, label, "count", label, "touches", words_of_metric(name), columns, additive=True, expression=count,
        hidden=True, higher_is="neutral",
    )  # type: ignore[arg-type]


_observed("openings_observed", "messages delivered whose opening can be seen", "opened")
_observed("clicks_observed", "messages delivered whose clicks can be seen", "clicked")
_observed("unsubscribes_observed", "messages delivered whose unsubscribes are known", "unsubscribed")
_message_count("sent", "messages sent", None, "campaign messages sent, control groups left out", "neutral")
_message_count("delivered", "messages delivered", "delivered", "messages delivered")
_message_count("opened", "messages opened", "opened", "messages opened")
_message_count("clicked", "messages clicked", "clicked", "messages with a click")
_message_count("unsubscribed", "unsubscribes", "unsubscribed", "messages that led to an unsubscribe", "worse")


@base(
    "contacted_customers",
    "customers contacted",
    "count",
    "distinct customers sent a campaign message",
    grain="touches",
    columns=("arm", "customer_id"),
    higher_is="neutral",
)
def contacted_customers(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.nunique(where=_treated(t))


@base(
    "responses",
    "campaign responses",
    "count",
    "responses credited to campaigns, control groups included",
    grain="responses",
    columns=("customer_id",),
    additive=True,
)
def responses(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.customer_id.count()


@base(
    "campaign_revenue",
    "campaign revenue",
    "currency",
    "revenue of orders within campaigns' windows, control groups included: no proof of effect",
    grain="responses",
    columns=("revenue",),
    additive=True,
)
def campaign_revenue(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.revenue.sum())


@base(
    "campaign_count",
    "campaigns",
    "count",
    "campaigns started",
    grain="campaigns",
    columns=("campaign_id",),
    additive=True,
    higher_is="neutral",
)
def campaign_count(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return t.campaign_id.nunique()


@base(
    "campaign_cost",
    "campaign cost",
    "currency",
    "total cost of campaigns",
    grain="campaigns",
    columns=("campaign_cost",),
    additive=True,
    higher_is="worse",
)
def campaign_cost(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.campaign_cost.sum())
