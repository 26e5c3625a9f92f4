"""Truths about sales: totals, shares, comparisons, groups, rankings, orders, the catalogue."""

from __future__ import annotations

from benchmarks.questions.truth.metrics import METRICS, revenue
from benchmarks.questions.truth.metrics import known as of_customers
from benchmarks.questions.truth.shop import GoldShop, Ranking, Where, group_key, label


def measure(shop: GoldShop, metric: str, start: str | None = None, end: str | None = None,
            where: Where | None = None, per: float = 1) -> float:
    """A metric over a window, divided by ``per`` (days of a window, for an average)."""
    return METRICS[metric](shop.select(start, end, where)) / per


def share(shop: GoldShop, metric: str, where: Where, start: str | None = None, end: str | None = None) -> float:
    """Percent of the metric that falls under the condition."""
    return 100 * measure(shop, metric, start, end, where) / measure(shop, metric, start, end)


def compare(shop: GoldShop, metric: str, now: list[str], before: list[str],
            where: Where | None = None) -> dict[str, float]:
    """Two windows: ``value``, ``base``, ``change`` and ``percent``."""
    value, base = (measure(shop, metric, *window, where=where) for window in (now, before))
    return {"value": value, "base": base, "change": value - base, "percent": 100 * (value / base - 1)}


def groups(shop: GoldShop, metric: str, by: str, start: str | None = None, end: str | None = None,
           where: Where | None = None) -> dict[str, float]:
    """Metric of every group that has a sale."""
    lines = shop.select(start, end, where)
    key = group_key(lines, by)
    sold = set(key[lines["line_type"] == "sale"].dropna())
    return {label(name, by): METRICS[metric](part) for name, part in lines.groupby(key) if name in sold}


def ranking(shop: GoldShop, metric: str, by: str, n: int | None = None, start: str | None = None,
            end: str | None = None, where: Where | None = None, lowest: bool = False, skip: int = 0,
            least: float | None = None) -> Ranking:
    """Groups in order of the metric; ``least`` keeps those above a value, ``skip`` leaves out the first."""
    found = groups(shop, metric, by, start, end, where) if metric not in FAST else fast(
        shop, metric, by, start, end, where)
    rows = [(k, v) for k, v in found.items() if least is None or v > least]
    rows.sort(key=lambda row: (row[1] if lowest else -row[1], row[0]))
    return rows[skip:][:n]


FAST = {"revenue": ("amount", "sum"), "units": ("quantity", "sum"), "orders": ("order", "nunique"),
         "customers": ("customer", "nunique")}


def fast(shop: GoldShop, metric: str, by: str, start: str | None, end: str | None,
          where: Where | None) -> dict[str, float]:
    """The plain sums and counts in one go: thousands of groups one by one would take minutes."""
    sold = shop.sales(start, end, where)
    column, how = FAST[metric]
    found = sold.groupby(group_key(sold, by))[column].agg(how)
    return {label(name, by): float(value) for name, value in found.items()}


def ranking_of_change(shop: GoldShop, metric: str, by: str, now: list[str], before: list[str], n: int,
                      lowest: bool = False, percent: bool = False, where: Where | None = None) -> Ranking:
    """Groups by change from ``before`` to ``now``; the value is the change (or percent over those sold before)."""
    new, old = (fast(shop, metric, by, *window, where=where) for window in (now, before))
    names = set(new) & set(old) if percent else set(new) | set(old)
    changes = [(k, new.get(k, 0.0) - old.get(k, 0.0)) for k in names]
    if percent:
        changes = [(k, 100 * change / old[k]) for k, change in changes]
    changes.sort(key=lambda row: (row[1] if lowest else -row[1], row[0]))
    return changes[:n]


def cumulative(shop: GoldShop, metric: str, by: str, start: str, end: str) -> dict[str, float]:
    """Running total over the groups of a time unit."""
    total, out = 0.0, {}
    for name, value in sorted(groups(shop, metric, by, start, end).items()):
        total += value
        out[name] = total
    return out


def share_of_top(shop: GoldShop, by: str, n: int, known: bool = False, start: str | None = None,
                 end: str | None = None) -> float:
    """Percent of revenue made by the ``n`` largest groups; of known customers' revenue where ``known``."""
    top = sum(v for _, v in ranking(shop, "revenue", by, n, start, end))
    lines = shop.select(start, end)
    return 100 * top / revenue(of_customers(lines) if known else lines)


def orders_over(shop: GoldShop, value: float, start: str | None = None, end: str | None = None,
                where: Where | None = None, column: str = "amount", at_most: bool = False) -> float:
    """Orders whose product sales (or another column's sum, or number of ``lines``) are above a value, or not."""
    orders = shop.sales(start, end, where).groupby("order")
    totals = orders.size() if column == "lines" else orders[column].sum().round(6)
    return float((totals <= value if at_most else totals > value).sum())


def groups_gone(shop: GoldShop, by: str, now: list[str]) -> set[str]:
    """Groups with a sale at some time but none in the window."""
    return set(shop.sales()[by].dropna()) - set(shop.sales(*now)[by])


def last_order(shop: GoldShop, customer: str) -> str:
    """Day of a customer's last sale."""
    return f"{shop.sales(where={'customer': customer})['day'].max():%Y-%m-%d}"


def catalogue(shop: GoldShop, stock_below: float, on_sale: bool = False) -> set[str]:
    """Ids of products with fewer units in stock than said; ``on_sale`` leaves out discontinued ones."""
    products = shop.tables["products"]
    keep = products["stock"] < stock_below
    if on_sale:
        keep &= products["discontinued_at"].isna()
    return set(products[keep]["product_id"])


def unsold(shop: GoldShop, start: str, end: str, on_sale: bool = False) -> set[str]:
    """Ids of products of the catalogue without a sale in the window."""
    products = shop.tables["products"]
    if on_sale:
        products = products[products["discontinued_at"].isna()]
    return set(products["product_id"]) - set(shop.sales(start, end)["product"])


def catalogue_size(shop: GoldShop, table: str = "products") -> float:
    """Rows of a table."""
    return float(len(shop.tables[table]))


def list_price(shop: GoldShop, category: str) -> float:
    """Mean list price of a category."""
    products = shop.tables["products"]
    return float(products[products["category"] == category]["price"].astype("float64").mean())


def difference(shop: GoldShop, metric: str, a: Where, b: Where, start: str | None = None,
               end: str | None = None) -> list[float]:
    """The metric of two groups."""
    return [measure(shop, metric, start, end, where) for where in (a, b)]


def against_rest(shop: GoldShop, metric: str, where: Where, start: str | None = None,
                 end: str | None = None) -> list[float]:
    """The metric of a group, and of everything else."""
    return difference(shop, metric, where, {k: {"not": v} for k, v in where.items()}, start, end)


def both(shop: GoldShop, metrics: list[str], start: str | None = None, end: str | None = None,
         where: Where | None = None) -> list[float]:
    """Several metrics of one window."""
    return [measure(shop, metric, start, end, where) for metric in metrics]


def missing_groups(shop: GoldShop, by: str, before: list[str], now: list[str]) -> set[str]:
    """Groups with a sale in the first window and none in the second."""
    return set(shop.sales(*before)[by].dropna()) - set(shop.sales(*now)[by])


def order_count(shop: GoldShop, products: list[str]) -> float:
    """Orders that hold every one of these products."""
    sold = shop.sales()
    sets = [set(sold[sold["product"] == product]["order"]) for product in products]
    return float(len(set.intersection(*sets)))


def group_count(shop: GoldShop, metric: str, by: str, op: str, value: float, start: str | None = None,
                end: str | None = None) -> float:
    """How many groups have the metric above (``gt``), at least (``ge``) or below (``lt``) a value."""
    found = fast(shop, metric, by, start, end, None) if metric in FAST else groups(shop, metric, by, start, end)
    return float(sum({"gt": v > value, "ge": v >= value, "lt": v < value}[op] for v in found.values()))


def mean_of_groups(shop: GoldShop, metric: str, by: str, n: int | None = None, lowest: bool = False,
                   start: str | None = None, end: str | None = None, where: Where | None = None) -> float:
    """Mean of the metric over groups, over the ``n`` largest or smallest where said."""
    rows = ranking(shop, metric, by, n, start, end, where, lowest)
    return sum(v for _, v in rows) / len(rows)


def price_of(shop: GoldShop, product: str) -> float:
    """List price of a product."""
    products = shop.tables["products"]
    return float(products[products["product_id"] == product]["price"].astype("float64").iloc[0])


def dearest(shop: GoldShop, n: int, lowest: bool = False) -> Ranking:
    """Products by list price."""
    table = shop.tables["products"]
    rows = [(k, float(v)) for k, v in zip(table["product_id"], table["price"], strict=True)]
    return sorted(rows, key=lambda row: (row[1] if lowest else -row[1], row[0]))[:n]


def price_list(shop: GoldShop, product: str) -> list[float]:
    """The one list price of a product, as a list."""
    return [price_of(shop, product)]


def gap(shop: GoldShop, metric: str, now: list[str], before: list[str]) -> float:
    """How much more of the metric the first window has."""
    return compare(shop, metric, now, before)["change"]


def unsold_of(shop: GoldShop, category: str, start: str, end: str) -> set[str]:
    """Products of a category without a sale in the window."""
    products = shop.tables["products"]
    return unsold(shop, start, end) & set(products[products["category"] == category]["product_id"])


def count_unsold(shop: GoldShop, category: str, start: str, end: str) -> float:
    """How many products of a category had no sale in the window."""
    return float(len(unsold_of(shop, category, start, end)))


def count_below(shop: GoldShop, units: float, start: str, end: str) -> float:
    """Products of the catalogue that sold fewer units, those without any sale included."""
    found = fast(shop, "units", "product", start, end, None)
    return float(sum(found.get(p, 0.0) < units for p in shop.tables["products"]["product_id"]))
