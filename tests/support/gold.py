"""Independent answers to the gold questions: plain pandas over the canonical tables.

Nothing here uses ``assistant.query``, ``assistant.features`` or a planner: the definitions are written a second time
from their published wording, so that an error in one of the two shows. Days are ISO text, both ends included
(``start``, ``end``). ``where`` maps a column of a line (country, channel, category, brand, name, product, customer …)
to a value, a list of values, ``{"not": value}`` or ``{"contains": text}``.

A gold question names one of :data:`ANSWERS` in ``of``; the rest of its expectation are the arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

Split = Literal["dev", "validation", "test"]
Where = dict[str, Any]
Ranking = list[tuple[str, float]]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TABLES = ("customers", "products", "orders", "order_lines", "contacts", "campaigns", "touches", "responses")


def split_of(key: str) -> Split:
    """The split a question belongs to, by the hash of its id (wordings of one question share a key): 50/20/30."""
    bucket = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100
    return "dev" if bucket < 50 else "validation" if bucket < 70 else "test"


@dataclass(frozen=True)
class GoldShop:
    """Canonical tables of a shop as data frames; ``as_of`` is the last day of the data."""

    tables: dict[str, pd.DataFrame]
    as_of: date

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Order lines with money as floats, product and customer columns joined, ``first_day`` of each customer."""
        lines = self.tables["order_lines"].drop(columns=["line_id"])
        for column in ("amount", "discount"):
            lines[column] = lines[column].astype("float64")
        lines["day"] = lines["ordered_at"].dt.normalize()
        products = self.tables["products"][["product_id", "name", "category", "subcategory", "brand", "cost"]]
        lines = lines.merge(products.assign(cost=products["cost"].astype("float64")), on="product_id", how="left")
        people = self.tables["customers"][["customer_id", "city", "acquisition_channel", "gender"]]
        lines = lines.merge(people, on="customer_id", how="left")
        known = lines[(lines.line_type == "sale") & lines.customer_id.notna()].groupby("customer_id")["day"]
        lines["first_day"] = lines["customer_id"].map(known.min())
        return lines.rename(columns={"product_id": "product", "customer_id": "customer", "order_id": "order"})

    @cached_property
    def _sold(self) -> pd.DataFrame:
        return self.lines[self.lines["line_type"] == "sale"]

    def select(self, start: str | None = None, end: str | None = None, where: Where | None = None) -> pd.DataFrame:
        """Lines of a window that fulfil every condition."""
        return _within(self.lines, start, end, where)

    def sales(self, start: str | None = None, end: str | None = None, where: Where | None = None) -> pd.DataFrame:
        """Product sale lines of a window that fulfil every condition."""
        return _within(self._sold, start, end, where)


def _within(lines: pd.DataFrame, start: str | None, end: str | None, where: Where | None) -> pd.DataFrame:
    import pandas as pd

    if start:
        lines = lines[lines["day"] >= pd.Timestamp(start)]
    if end:
        lines = lines[lines["day"] <= pd.Timestamp(end)]
    for column, wanted in (where or {}).items():
        lines = lines[_fulfils(_groups(lines, column), wanted)]
    return lines


def load_shop(home: Path) -> GoldShop:
    """Read the current snapshot of a home folder into memory (about 1 GB for a million lines)."""
    from assistant.data.warehouse import open_snapshot

    return read_shop(open_snapshot(home / "snapshots"))


def read_shop(snapshot: Snapshot) -> GoldShop:
    """Read a snapshot into memory."""
    tables = {name: snapshot.execute(snapshot.table(name)).to_pandas() for name in TABLES}
    return GoldShop(tables, snapshot.as_of)


def _fulfils(column: pd.Series, wanted: Any) -> pd.Series:
    if isinstance(wanted, dict) and "not" in wanted:
        return ~_fulfils(column, wanted["not"])
    if isinstance(wanted, dict):
        return column.str.contains(wanted["contains"], case=False, regex=False, na=False)
    values = wanted if isinstance(wanted, list) else [wanted]
    return column.isin(values)


def _groups(lines: pd.DataFrame, by: str) -> pd.Series:
    """Group of every line: a column, or a unit of its time (labelled by its first day)."""
    if by == "weekday":
        return lines["day"].dt.weekday
    if by == "hour":
        return lines["ordered_at"].dt.hour
    frequency = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}.get(by)
    if frequency is None:
        return lines[by]
    days = lines["day"].drop_duplicates()
    return lines["day"].map(dict(zip(days, days.dt.to_period(frequency).dt.start_time, strict=True)))


def _label(value: Any, by: str) -> str:
    if by == "weekday":
        return WEEKDAYS[int(value)]
    return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else str(value)


# --- metrics: a number from the selected lines ---


def _sold(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["line_type"] == "sale"]


def _back(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["line_type"].isin(["return", "cancellation"]) & (lines["quantity"] < 0)]


def _ratio(over: float, under: float) -> float:
    return over / under if under else float("nan")


def _revenue(lines: pd.DataFrame) -> float:
    return float(_sold(lines)["amount"].sum())


def _returned(lines: pd.DataFrame) -> float:
    return float(-_back(lines)["amount"].sum())


def _orders(lines: pd.DataFrame) -> float:
    return float(_sold(lines)["order"].nunique())


def _units(lines: pd.DataFrame) -> float:
    return float(_sold(lines)["quantity"].sum())


def _customers(lines: pd.DataFrame) -> float:
    return float(_sold(lines)["customer"].nunique())


def _new_customers(lines: pd.DataFrame) -> float:
    sold = _sold(lines)
    return float(sold[sold["day"] == sold["first_day"]]["customer"].nunique())


def _known(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["customer"].notna()]


def _guests(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["customer"].isna()]


def _margin(lines: pd.DataFrame) -> float:
    costed = _sold(lines)[lambda t: t["cost"].notna()]
    return float((costed["amount"] - costed["cost"] * costed["quantity"]).sum())


def _costed(lines: pd.DataFrame) -> float:
    return float(_sold(lines)[lambda t: t["cost"].notna()]["amount"].sum())


def _discount(lines: pd.DataFrame) -> float:
    return float(_sold(lines)["discount"].sum())


def _orders_each(lines: pd.DataFrame) -> pd.Series:
    return _sold(_known(lines)).groupby("customer")["order"].nunique()


def _days_between(lines: pd.DataFrame) -> float:
    days = _sold(_known(lines)).groupby("customer")["day"].agg(["min", "max", "nunique"])
    days = days[days["nunique"] >= 2]
    return _ratio(float((days["max"] - days["min"]).dt.days.sum()), float((days["nunique"] - 1).sum()))


METRICS: dict[str, Callable[[pd.DataFrame], float]] = {
    "revenue": _revenue,
    "returned_value": _returned,
    "net_revenue": lambda t: _revenue(t) - _returned(t),
    "orders": _orders,
    "units": _units,
    "units_returned": lambda t: float(-_back(t)["quantity"].sum()),
    "return_orders": lambda t: float(_back(t)["order"].nunique()),
    "customers": _customers,
    "new_customers": _new_customers,
    "returning_customers": lambda t: _customers(t) - _new_customers(t),
    "aov": lambda t: _ratio(_revenue(t), _orders(t)),
    "items_per_order": lambda t: _ratio(_units(t), _orders(t)),
    "orders_per_customer": lambda t: _ratio(_orders(_known(t)), _customers(t)),
    "revenue_per_customer": lambda t: _ratio(_revenue(_known(t)), _customers(t)),
    "average_price": lambda t: _ratio(_revenue(t), _units(t)),
    "return_rate": lambda t: 100 * _ratio(_returned(t), _revenue(t)),
    "unit_return_rate": lambda t: 100 * _ratio(float(-_back(t)["quantity"].sum()), _units(t)),
    "order_return_rate": lambda t: 100 * _ratio(float(_back(t)["order"].nunique()), _orders(t)),
    "margin": _margin,
    "margin_rate": lambda t: 100 * _ratio(_margin(t), _costed(t)),
    "discount": _discount,
    "discount_rate": lambda t: 100 * _ratio(_discount(t), _revenue(t) + _discount(t)),
    "repeat_rate": lambda t: 100 * _ratio(float((_orders_each(t) >= 2).sum()), float(len(_orders_each(t)))),
    "guest_revenue": lambda t: _revenue(_guests(t)),
    "guest_orders": lambda t: _orders(_guests(t)),
    "guest_share": lambda t: 100 * _ratio(_revenue(_guests(t)), _revenue(t)),
    "shipping": lambda t: float(t[t["line_type"] == "shipping"]["amount"].sum()),
    "products_sold": lambda t: float(_sold(t)["product"].nunique()),
    "lines_per_order": lambda t: _ratio(float(len(_sold(t))), _orders(t)),
    "products_per_order": lambda t: float(_sold(t).groupby("order")["product"].nunique().mean()),
    "countries": lambda t: float(_sold(t)["country"].nunique()),
    "days_between_orders": _days_between,
    "largest_order": lambda t: float(_sold(t).groupby("order")["amount"].sum().max()),
    "median_order_value": lambda t: float(_sold(t).groupby("order")["amount"].sum().median()),
}


# --- answers: what a gold question expects ---


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
    key = _groups(lines, by)
    sold = set(key[lines["line_type"] == "sale"].dropna())
    return {_label(name, by): METRICS[metric](part) for name, part in lines.groupby(key) if name in sold}


def ranking(shop: GoldShop, metric: str, by: str, n: int | None = None, start: str | None = None,
            end: str | None = None, where: Where | None = None, lowest: bool = False, skip: int = 0,
            least: float | None = None) -> Ranking:
    """Groups in order of the metric; ``least`` keeps those above a value, ``skip`` leaves out the first."""
    found = groups(shop, metric, by, start, end, where) if metric not in _FAST else _fast(
        shop, metric, by, start, end, where)
    rows = [(k, v) for k, v in found.items() if least is None or v > least]
    rows.sort(key=lambda row: (row[1] if lowest else -row[1], row[0]))
    return rows[skip:][:n]


_FAST = {"revenue": ("amount", "sum"), "units": ("quantity", "sum"), "orders": ("order", "nunique"),
         "customers": ("customer", "nunique")}


def _fast(shop: GoldShop, metric: str, by: str, start: str | None, end: str | None,
          where: Where | None) -> dict[str, float]:
    """The plain sums and counts in one go: thousands of groups one by one would take minutes."""
    sold = shop.sales(start, end, where)
    column, how = _FAST[metric]
    found = sold.groupby(_groups(sold, by))[column].agg(how)
    return {_label(name, by): float(value) for name, value in found.items()}


def ranking_of_change(shop: GoldShop, metric: str, by: str, now: list[str], before: list[str], n: int,
                      lowest: bool = False, percent: bool = False) -> Ranking:
    """Groups by change from ``before`` to ``now``; the value is the change (or percent over those sold before)."""
    new, old = (_fast(shop, metric, by, *window, where=None) for window in (now, before))
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
    return 100 * top / _revenue(_known(lines) if known else lines)


def people(shop: GoldShop, conditions: list[dict[str, Any]], everybody: bool = False) -> set[str]:
    """Customers who fulfil all conditions, each with ``metric``, ``op``, ``value`` and a window or ``where``.

    ``silent`` is days since the last order; ``last_before`` a day that the last order precedes; ``country`` the
    customer's own country. Customers without any sale are left out unless ``everybody``.
    """
    import pandas as pd

    buyers = shop.sales().dropna(subset=["customer"]).groupby("customer")["day"].max()
    ids = pd.Index(shop.tables["customers"]["customer_id"]) if everybody else buyers.index
    keep = pd.Series(True, index=ids)
    for condition in conditions:
        if "country" in condition:
            table = shop.tables["customers"].set_index("customer_id")["country"]
            keep &= table.reindex(ids) == condition["country"]
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
    column, how = _FAST[metric]
    return sold[column].agg(how).reindex(ids, fill_value=0).round(6)


def _compare(values: pd.Series, condition: dict[str, Any]) -> pd.Series:
    return getattr(values, condition["op"])(condition["value"])


def head_count(shop: GoldShop, conditions: list[dict[str, Any]], everybody: bool = False) -> float:
    """How many customers fulfil all conditions."""
    return float(len(people(shop, conditions, everybody)))


def spent_by(shop: GoldShop, conditions: list[dict[str, Any]], start: str, end: str) -> float:
    """Revenue of a window from the customers who fulfil all conditions."""
    return measure(shop, "revenue", start, end, {"customer": sorted(people(shop, conditions))})


def orders_over(shop: GoldShop, value: float, start: str | None = None, end: str | None = None,
                where: Where | None = None, column: str = "amount", at_most: bool = False) -> float:
    """Orders whose product sales (or another column's sum, or number of ``lines``) are above a value, or not."""
    orders = shop.sales(start, end, where).groupby("order")
    totals = orders.size() if column == "lines" else orders[column].sum().round(6)
    return float((totals <= value if at_most else totals > value).sum())


def groups_gone(shop: GoldShop, by: str, now: list[str]) -> set[str]:
    """Groups with a sale at some time but none in the window."""
    return set(shop.sales()[by].dropna()) - set(shop.sales(*now)[by])


def reachable(shop: GoldShop, channel: str) -> float:
    """Customers who agreed to marketing on a channel and are not suppressed there."""
    contacts = shop.tables["contacts"]
    on = contacts[(contacts["channel"] == channel) & contacts["consent"].astype(bool)]
    return float(on[~on["suppressed"].astype(bool)]["customer_id"].nunique())


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


def messages(shop: GoldShop, rate: str, channel: str | None = None) -> float:
    """Percent of delivered messages opened or clicked, or of messages sent that were delivered."""
    touches = shop.tables["touches"]
    touches = touches[(touches["arm"] == "treatment") & ((touches["channel"] == channel) if channel else True)]
    under = touches if rate == "delivered" else touches[touches["delivered"].astype(bool)]
    return 100 * float(under[rate].astype(bool).sum()) / len(under)


def responding(shop: GoldShop, n: int) -> Ranking:
    """Campaigns by percent of contacted customers who responded."""
    touches = shop.tables["touches"]
    sent = touches[touches["arm"] == "treatment"][["campaign_id", "customer_id"]]
    answers = shop.tables["responses"][["campaign_id", "customer_id"]].drop_duplicates().assign(answered=1.0)
    rate = sent.merge(answers, how="left").fillna({"answered": 0.0}).groupby("campaign_id")["answered"].mean() * 100
    names = shop.tables["campaigns"].set_index("campaign_id")["name"]
    rows = sorted(((names[k], v) for k, v in rate.items()), key=lambda row: (-row[1], row[0]))
    return rows[:n]


ANSWERS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        measure, share, compare, groups, groups_gone, ranking, ranking_of_change, cumulative, share_of_top, people,
        head_count, spent_by, orders_over, last_order, reachable, catalogue, unsold, catalogue_size, list_price,
        messages, responding,
    )
}
