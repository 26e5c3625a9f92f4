"""Metrics of the truth: a number from the selected lines. Percents are 0–100, money in the shop's currency."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def sold(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["line_type"] == "sale"]


def back(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["line_type"].isin(["return", "cancellation"]) & (lines["quantity"] < 0)]


def ratio(over: float, under: float) -> float:
    return over / under if under else float("nan")


def revenue(lines: pd.DataFrame) -> float:
    return float(sold(lines)["amount"].sum())


def returned(lines: pd.DataFrame) -> float:
    return float(-back(lines)["amount"].sum())


def _orders(lines: pd.DataFrame) -> float:
    return float(sold(lines)["order"].nunique())


def _units(lines: pd.DataFrame) -> float:
    return float(sold(lines)["quantity"].sum())


def _customers(lines: pd.DataFrame) -> float:
    return float(sold(lines)["customer"].nunique())


def _new_customers(lines: pd.DataFrame) -> float:
    rows = sold(lines)
    return float(rows[rows["day"] == rows["first_day"]]["customer"].nunique())


def known(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["customer"].notna()]


def guests(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["customer"].isna()]


def _margin(lines: pd.DataFrame) -> float:
    costed = sold(lines)[lambda t: t["cost"].notna()]
    return float((costed["amount"] - costed["cost"] * costed["quantity"]).sum())


def _costed(lines: pd.DataFrame) -> float:
    return float(sold(lines)[lambda t: t["cost"].notna()]["amount"].sum())


def _discount(lines: pd.DataFrame) -> float:
    return float(sold(lines)["discount"].sum())


def _orders_each(lines: pd.DataFrame) -> pd.Series:
    return sold(known(lines)).groupby("customer")["order"].nunique()


def _days_between(lines: pd.DataFrame) -> float:
    days = sold(known(lines)).groupby("customer")["day"].agg(["min", "max", "nunique"])
    days = days[days["nunique"] >= 2]
    return ratio(float((days["max"] - days["min"]).dt.days.sum()), float((days["nunique"] - 1).sum()))


def _order_discount(lines: pd.DataFrame) -> pd.Series:
    return sold(lines).groupby("order")["discount"].sum().round(6)


def _first_days(lines: pd.DataFrame, first: bool) -> float:
    """Revenue of known customers on the day of their first order, or after it."""
    rows = sold(known(lines))
    return float(rows[(rows["day"] == rows["first_day"]) == first]["amount"].sum())


METRICS: dict[str, Callable[[pd.DataFrame], float]] = {
    "revenue": revenue,
    "returned_value": returned,
    "net_revenue": lambda t: revenue(t) - returned(t),
    "orders": _orders,
    "units": _units,
    "units_returned": lambda t: float(-back(t)["quantity"].sum()),
    "return_orders": lambda t: float(back(t)["order"].nunique()),
    "customers": _customers,
    "new_customers": _new_customers,
    "returning_customers": lambda t: _customers(t) - _new_customers(t),
    "aov": lambda t: ratio(revenue(t), _orders(t)),
    "items_per_order": lambda t: ratio(_units(t), _orders(t)),
    "orders_per_customer": lambda t: ratio(_orders(known(t)), _customers(t)),
    "revenue_per_customer": lambda t: ratio(revenue(known(t)), _customers(t)),
    "average_price": lambda t: ratio(revenue(t), _units(t)),
    "return_rate": lambda t: 100 * ratio(returned(t), revenue(t)),
    "unit_return_rate": lambda t: 100 * ratio(float(-back(t)["quantity"].sum()), _units(t)),
    "order_return_rate": lambda t: 100 * ratio(float(back(t)["order"].nunique()), _orders(t)),
    "margin": _margin,
    "margin_rate": lambda t: 100 * ratio(_margin(t), _costed(t)),
    "discount": _discount,
    "discount_rate": lambda t: 100 * ratio(_discount(t), revenue(t) + _discount(t)),
    "repeat_rate": lambda t: 100 * ratio(float((_orders_each(t) >= 2).sum()), float(len(_orders_each(t)))),
    "guest_revenue": lambda t: revenue(guests(t)),
    "guest_orders": lambda t: _orders(guests(t)),
    "guest_share": lambda t: 100 * ratio(revenue(guests(t)), revenue(t)),
    "shipping": lambda t: float(t[t["line_type"] == "shipping"]["amount"].sum()),
    "products_sold": lambda t: float(sold(t)["product"].nunique()),
    "lines_per_order": lambda t: ratio(float(len(sold(t))), _orders(t)),
    "products_per_order": lambda t: float(sold(t).groupby("order")["product"].nunique().mean()),
    "countries": lambda t: float(sold(t)["country"].nunique()),
    "days_between_orders": _days_between,
    "largest_order": lambda t: float(sold(t).groupby("order")["amount"].sum().max()),
    "smallest_order": lambda t: float(sold(t).groupby("order")["amount"].sum().min()),
    "items_per_line": lambda t: ratio(_units(t), float(len(sold(t)))),
    "repeat_customers": lambda t: float((_orders_each(t) >= 2).sum()),
    "one_time_customers": lambda t: float((_orders_each(t) == 1).sum()),
    "discounted_share": lambda t: 100 * ratio(float((_order_discount(t) > 0).sum()), float(len(_order_discount(t)))),
    "new_revenue": lambda t: _first_days(t, True),
    "returning_revenue": lambda t: _first_days(t, False),
    "cities": lambda t: float(sold(t)["city"].nunique()),
    "categories": lambda t: float(sold(t)["category"].nunique()),
    "days_with_sales": lambda t: float(sold(t)["day"].nunique()),
    "guest_orders_share": lambda t: 100 * ratio(_orders(guests(t)), _orders(t)),
    "products_per_customer": lambda t: float(sold(known(t)).groupby("customer")["product"].nunique().mean()),
    "median_order_value": lambda t: float(sold(t).groupby("order")["amount"].sum().median()),
}
