"""Truths about customers: who fulfils conditions, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.questions.truth.answers import FAST, measure
from benchmarks.questions.truth.marketing import agreed
from benchmarks.questions.truth.shop import GoldShop, Where, within

if TYPE_CHECKING:
    import pandas as pd


def people(shop: GoldShop, conditions: list[dict[str, Any]], everybody: bool = False) -> set[str]:
    """Customers who fulfil all conditions, each with ``metric``, ``op``, ``value`` and a window or ``where``.

    ``silent`` is days since the last order; ``last_before`` a day that the last order precedes; ``country`` the
    customer's own country; ``trait`` maps columns of the customer to values; ``first`` says what the first order
    held; ``times`` asks for so many orders within so many ``days`` of each other; ``agreed`` names a channel.
    Customers without any sale are left out unless ``everybody``.
    """
    import pandas as pd

    buyers = shop.sales().dropna(subset=["customer"]).groupby("customer")["day"].max()
    ids = pd.Index(shop.tables["customers"]["customer_id"]) if everybody else buyers.index
    keep = pd.Series(True, index=ids)
    for condition in conditions:
        if "country" in condition:
            table = shop.tables["customers"].set_index("customer_id")["country"]
            keep &= table.reindex(ids) == condition["country"]
        elif "trait" in condition:
            for column, value in condition["trait"].items():
                keep &= shop.tables["customers"].set_index("customer_id")[column].reindex(ids) == value
        elif "first" in condition:
            keep &= ids.isin(_first_orders(shop, condition["first"]))
        elif "times" in condition:
            after_first = condition.get("after_first", False)
            keep &= ids.isin(_in_a_row(shop, condition["times"], condition["days"], after_first))
        elif "agreed" in condition:
            keep &= ids.isin(agreed(shop, condition["agreed"]))
        elif "last_before" in condition:
            keep &= ~(buyers.reindex(ids) >= pd.Timestamp(condition["last_before"]))
        else:
            keep &= _compare(_per_customer(shop, condition, ids, buyers), condition)
    return set(keep[keep].index)


def _per_customer(shop: GoldShop, condition: dict[str, Any], ids: pd.Index, buyers: pd.Series) -> pd.Series:
    import pandas as pd

    metric = condition["metric"]
    if metric == "silent":
        return (pd.Timestamp(shop.as_of) - buyers).dt.days.reindex(ids)
    sold = shop.sales(condition.get("start"), condition.get("end"), condition.get("where")).groupby("customer")
    if metric == "aov":
        return (sold["amount"].sum() / sold["order"].nunique()).reindex(ids)
    column, how = FAST[metric]
    return sold[column].agg(how).reindex(ids, fill_value=0).round(6)


def _compare(values: pd.Series, condition: dict[str, Any]) -> pd.Series:
    return getattr(values, condition["op"])(condition["value"])


def head_count(shop: GoldShop, conditions: list[dict[str, Any]], everybody: bool = False) -> float:
    """How many customers fulfil all conditions."""
    return float(len(people(shop, conditions, everybody)))


def spent_by(shop: GoldShop, conditions: list[dict[str, Any]], start: str, end: str) -> float:
    """Revenue of a window from the customers who fulfil all conditions."""
    return measure(shop, "revenue", start, end, {"customer": sorted(people(shop, conditions))})


def _first_orders(shop: GoldShop, where: Where) -> set[str]:
    """Customers whose first day of buying held a line under the condition."""
    sold = shop.sales().dropna(subset=["customer"])
    return set(within(sold[sold["day"] == sold["first_day"]], None, None, where)["customer"])


def _in_a_row(shop: GoldShop, times: int, days: int, after_first: bool) -> set[str]:
    """Customers with so many orders within so many days, or within so many days of their first order."""
    sold = shop.sales().dropna(subset=["customer"])
    orders = sold.groupby(["customer", "order"])["day"].min().reset_index().sort_values(["customer", "day"])
    earlier = orders.groupby("customer")["day"].shift(times - 1)
    if after_first:
        orders["place"] = orders.groupby("customer").cumcount() + 1
        earlier = earlier.where(orders["place"] == times)
    gap = (orders["day"] - earlier).dt.days
    return set(orders[gap <= days]["customer"])


def revenue_share_of(shop: GoldShop, conditions: list[dict[str, Any]], start: str | None = None,
                     end: str | None = None) -> float:
    """Percent of known customers' revenue that those who fulfil the conditions bring."""
    ids = sorted(people(shop, conditions))
    everyone = sorted(people(shop, []))
    return 100 * measure(shop, "revenue", start, end, {"customer": ids}) / measure(
        shop, "revenue", start, end, {"customer": everyone})


def percent_of(shop: GoldShop, conditions: list[dict[str, Any]], among: list[dict[str, Any]] | None = None) -> float:
    """Percent of buyers (of those under ``among``) who fulfil the conditions."""
    return 100 * len(people(shop, [*(among or []), *conditions])) / len(people(shop, among or []))


def metric_of(shop: GoldShop, metric: str, conditions: list[dict[str, Any]], start: str | None = None,
              end: str | None = None) -> float:
    """A metric over the orders of the customers who fulfil the conditions."""
    return measure(shop, metric, start, end, {"customer": sorted(people(shop, conditions))})


def never_bought(shop: GoldShop, country: str | None = None) -> float:
    """Registered customers without any sale."""
    table = shop.tables["customers"]
    table = table[table["country"] == country] if country else table
    return float(len(set(table["customer_id"]) - people(shop, [])))
