"""Base metrics of the baskets of a web shop: filled, ordered, left. Rows are visits × products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.data.baskets import LEFT, ORDERED
from assistant.query.metric_types import BASE, Metric, MetricContext, base, money_sum, words_of_metric

if TYPE_CHECKING:
    import ibis

#: what tells orders apart from baskets that were left: without it every basket looks left
_WITH_ORDERS = ("basket_id", "basket_order")


def _visits(
    name: str, label: str, formula: str, chosen: Callable[[ibis.Table], ibis.BooleanValue], higher_is: str = "better",
    columns: tuple[str, ...] = ("basket_id",), hidden: bool = False,
) -> None:
    def count(t: ibis.Table, c: MetricContext) -> ibis.Value:
        return t.basket_id.nunique(where=chosen(t))

    needed = (*columns, "inside", "outcome", "viewed", "bought", "checkout")
    BASE[name] = Metric(name, label, "count", formula, "baskets", words_of_metric(name), tuple(dict.fromkeys(needed)),
                        expression=count, higher_is=higher_is, hidden=hidden)  # type: ignore[arg-type]


_visits("carts", "baskets filled", "visits in which something was put into the basket", lambda t: t.inside, "neutral")
_visits("abandoned_carts", "baskets left without an order",
        "baskets with something in them, no order, and nothing done with them for an hour or longer",
        lambda t: t.inside & (t.outcome == LEFT), "worse")
_visits("settled_carts", "baskets ordered or left", "baskets that became an order or were left",
        lambda t: t.inside & t.outcome.isin([LEFT, ORDERED]), "neutral", _WITH_ORDERS, hidden=True)
_visits("carts_left", "baskets left", "baskets left without an order", lambda t: t.inside & (t.outcome == LEFT),
        "worse", _WITH_ORDERS, hidden=True)
_visits("checkouts_left", "checkouts left", "baskets that reached the checkout and were left there",
        lambda t: t.inside & t.checkout & (t.outcome == LEFT), "worse", _WITH_ORDERS)
_visits("settled_checkouts", "checkouts ordered or left", "baskets that reached the checkout and were ordered or left",
        lambda t: t.inside & t.checkout & t.outcome.isin([LEFT, ORDERED]), "neutral", _WITH_ORDERS, hidden=True)
_visits("product_visits", "visits with a product viewed", "visits in which a product was looked at",
        lambda t: t.viewed, "better")
_visits("viewed_into_cart", "visits with a viewed product put into the basket",
        "visits in which a product that was looked at was put into the basket", lambda t: t.viewed & t.inside,
        hidden=True)
_visits("viewed_and_bought", "visits with a viewed product ordered",
        "visits in which a product that was looked at was ordered", lambda t: t.viewed & t.bought, "better",
        _WITH_ORDERS, hidden=True)


@base(
    "abandoned_value",
    "value of baskets left",
    "currency",
    "units × price of what lies in baskets left without an order",
    grain="baskets",
    columns=("basket_id", "inside", "outcome", "basket_value"),
    additive=True,
    higher_is="worse",
)
def abandoned_value(t: ibis.Table, c: MetricContext) -> ibis.Value:
    return money_sum(t.basket_value.sum(where=t.inside & (t.outcome == LEFT)))
