"""Truths with a shape of their own: cohorts, funnels, concentration, top n per group, moving averages, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.questions.truth.answers import groups, measure, ranking
from benchmarks.questions.truth.shop import GoldShop, Where, group_key, label

if TYPE_CHECKING:
    import pandas as pd


def _active_months(shop: GoldShop) -> pd.DataFrame:
    """One row per customer and month with an order: the month of the first order and the months since."""
    sold = shop.sales().dropna(subset=["customer"])
    rows = sold.assign(month=sold["day"].dt.to_period("M"), born=sold["first_day"].dt.to_period("M"))
    rows = rows[["customer", "born", "month"]].drop_duplicates()
    rows["later"] = (rows["month"].dt.year - rows["born"].dt.year) * 12 + rows["month"].dt.month - rows["born"].dt.month
    return rows


def retention(shop: GoldShop, cohorts: list[str], months: list[int]) -> list[tuple[str, int, float]]:
    """Percent of the customers of a month of first order (``2025-01``) who ordered again so many months later."""
    rows = _active_months(shop)
    out = []
    for cohort in cohorts:
        of = rows[rows["born"].astype(str) == cohort]
        size = of["customer"].nunique()
        out += [(f"{cohort}-01", k, 100 * float((of["later"] == k).sum()) / size) for k in months]
    return out


def came_back(shop: GoldShop, days: int, start: str, end: str, whole: bool = False) -> float:
    """Percent of customers first seen in a window who ordered on a later day within so many days.

    ``whole`` leaves out those whose days are not over at the end of the data.
    """
    import pandas as pd

    sold = shop.sales().dropna(subset=["customer"])
    firsts = sold.drop_duplicates("customer").set_index("customer")["first_day"]
    firsts = firsts[(firsts >= pd.Timestamp(start)) & (firsts <= pd.Timestamp(end))]
    if whole:
        firsts = firsts[firsts + pd.Timedelta(days=days) <= pd.Timestamp(shop.as_of)]
    later = sold[(sold["day"] > sold["first_day"]) & (sold["day"] <= sold["first_day"] + pd.Timedelta(days=days))]
    return 100 * len(set(firsts.index) & set(later["customer"])) / len(firsts)


def funnel(shop: GoldShop, steps: int, start: str | None = None, end: str | None = None) -> list[float]:
    """Customers with at least one, two, … orders."""
    each = shop.sales(start, end).dropna(subset=["customer"]).groupby("customer")["order"].nunique()
    return [float((each >= n).sum()) for n in range(1, steps + 1)]


def order_counts(shop: GoldShop, upto: int) -> dict[str, float]:
    """Customers by their number of orders: exactly one, two, …"""
    each = shop.sales().dropna(subset=["customer"]).groupby("customer")["order"].nunique()
    return {str(n): float((each == n).sum()) for n in range(1, upto + 1)}


def to_reach(shop: GoldShop, by: str, percent: float, known: bool = True, start: str | None = None,
             end: str | None = None) -> float:
    """How many of the largest groups it takes to reach so many percent of revenue (of known customers, or of all)."""
    rows = [v for _, v in ranking(shop, "revenue", by, None, start, end)]
    goal = percent / 100 * (sum(rows) if known else measure(shop, "revenue", start, end))
    total = 0.0
    for place, value in enumerate(rows, start=1):
        total += value
        if total >= goal:
            return float(place)
    return float(len(rows))


def share_of_top_percent(shop: GoldShop, by: str, percent: float, up: bool = False, known: bool = True,
                         start: str | None = None, end: str | None = None) -> float:
    """Percent of revenue that the largest so many percent of groups bring; ``up`` rounds their number up."""
    rows = [v for _, v in ranking(shop, "revenue", by, None, start, end)]
    count = len(rows) * percent / 100
    count = int(-(-count // 1)) if up else int(count)
    total = sum(rows) if known else measure(shop, "revenue", start, end)
    return 100 * sum(rows[:count]) / total


def top_per_group(shop: GoldShop, metric: str, by: str, within: str, n: int, start: str | None = None,
                  end: str | None = None, where: Where | None = None) -> list[tuple[str, str, float]]:
    """The largest ``n`` of ``by`` inside every group of ``within``."""
    sold = shop.sales(start, end, where)
    column, how = {"revenue": ("amount", "sum"), "units": ("quantity", "sum"), "orders": ("order", "nunique")}[metric]
    out = []
    for name, part in sold.groupby(group_key(sold, within)):
        found = part.groupby(group_key(part, by))[column].agg(how)
        rows = sorted(((label(k, by), float(v)) for k, v in found.items()), key=lambda row: (-row[1], row[0]))
        out += [(label(name, within), k, v) for k, v in rows[:n]]
    return out


def crossed(shop: GoldShop, metric: str, by: str, and_by: str, start: str | None = None, end: str | None = None,
            where: Where | None = None) -> list[tuple[str, str, float]]:
    """A metric by two groupings."""
    rows = []
    lines = shop.select(start, end, where)
    for name in sorted(set(group_key(lines[lines["line_type"] == "sale"], and_by).dropna())):
        part = lines[group_key(lines, and_by) == name]
        inner = GoldShop(shop.tables, shop.as_of)
        inner.__dict__["lines"] = part
        rows += [(label(name, and_by), k, v) for k, v in groups(inner, metric, by).items()]
    return rows


def moving_average(shop: GoldShop, metric: str, by: str, width: int, start: str, end: str) -> dict[str, float]:
    """Mean of the last ``width`` groups, for the groups of a window that have so many before them."""
    everything = sorted(groups(shop, metric, by).items())
    values = [v for _, v in everything]
    return {
        name: sum(values[i - width + 1 : i + 1]) / width
        for i, (name, _) in enumerate(everything) if i >= width - 1 and start <= name <= end
    }


def growth(shop: GoldShop, metric: str, by: str, start: str, end: str) -> dict[str, float]:
    """Percent change of each group of a time unit on the one before it."""
    everything = sorted(groups(shop, metric, by).items())
    return {
        name: 100 * (value / everything[i - 1][1] - 1)
        for i, (name, value) in enumerate(everything) if i and start <= name <= end
    }


def first_bought(shop: GoldShop, by: str, n: int) -> list[tuple[str, float]]:
    """Groups by the number of customers whose first day of buying held them."""
    sold = shop.sales().dropna(subset=["customer"])
    found = sold[sold["day"] == sold["first_day"]].groupby(by)["customer"].nunique()
    return sorted(((str(k), float(v)) for k, v in found.items()), key=lambda row: (-row[1], row[0]))[:n]


def whole_extreme(shop: GoldShop, metric: str, by: str, lowest: bool = False, start: str | None = None,
                  end: str | None = None) -> float:
    """The highest or lowest value of a metric over the groups of a time unit."""
    return ranking(shop, metric, by, 1, start, end, lowest=lowest)[0][1]


def both_top(shop: GoldShop, percents: list[float]) -> list[float]:
    """Percent of known customers' revenue from the largest so many percent of customers."""
    return [share_of_top_percent(shop, "customer", percent) for percent in percents]


def sum_and_top(shop: GoldShop, start: str, end: str, n: int) -> list[float]:
    """Revenue of a window, and what each of its largest customers spent in it."""
    top = ranking(shop, "revenue", "customer", n, start, end)
    return [measure(shop, "revenue", start, end), *(v for _, v in top)]


def new_and_old(shop: GoldShop, start: str, end: str) -> list[float]:
    """Revenue of a window from customers first seen in it, and from those known before."""
    import pandas as pd

    sold = shop.sales(start, end).dropna(subset=["customer"])
    new = sold["first_day"] >= pd.Timestamp(start)
    return [float(sold[new]["amount"].sum()), float(sold[~new]["amount"].sum())]


def order_count_values(shop: GoldShop, upto: int) -> list[float]:
    """Customers with exactly one, two, … orders."""
    return list(order_counts(shop, upto).values())


def moving_values(shop: GoldShop, metric: str, by: str, width: int, start: str, end: str) -> list[float]:
    """The moving averages alone."""
    return list(moving_average(shop, metric, by, width, start, end).values())
