"""What each customer buys, when, where and how, as counts per kind of behaviour, aggregated in the engine.

A *block* is one question with a few answers: how many of the lines were of which category, how many of the orders fell
into which month of the year. Counts, not shares: a model can then weigh what it knows of a customer by how much it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.data.warehouse import Snapshot
from assistant.features.rfm import rfm

if TYPE_CHECKING:
    import ibis
    import pandas as pd

#: Between the name of a block and one of its answers in a column's name.
MARK = ":"
#: Most categories and order channels told apart; the rest is one answer.
MOST_CATEGORIES = 30
MOST_CHANNELS = 8
REST = "other"
#: Days of history from which months of the year are compared: every month was seen once.
YEAR_DAYS = 365
#: Answers of the blocks whose answers are the same for every shop.
QUANTITIES = ("1 unit", "2 to 5 units", "6 or more units")
PRICES = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
DISCOUNTS = ("full price", "reduced")
RHYTHM = ("repeat orders", "months in between")
MONTH_DAYS = 30.4


def behaviour(snapshot: Snapshot) -> pd.DataFrame:
    """Recency, frequency and money of every customer with a purchase up to ``as_of``, and counts of behaviour.

    Blocks, each only where the data hold what it needs: ``category`` (sale lines by category of the product; without
    categories ``price``: lines by fifth of the shop's unit prices), ``month`` (orders by calendar month, from a year of
    data), ``channel`` (orders by where they came in), ``discount`` and ``quantity`` (sale lines), ``rhythm`` (orders
    after the first, and the months from the first to the last order: together a rate).

    Returns:
        the columns of :func:`assistant.features.rfm.rfm` and one float column ``<block>:<answer>`` per answer, sorted
        by ``customer_id``. Birth year, gender and country are not among them.

    Raises:
        MissingData: no order names a customer.
    """
    snapshot.require("order_lines", "customer_id", needed_for="Customer behaviour")
    frame = rfm(snapshot)
    if not len(frame):
        return frame
    counted = snapshot.execute(behaviour_expression(snapshot)).to_pandas()
    frame = frame.merge(counted, on="customer_id", how="left")
    columns = [c for c in counted.columns if MARK in c]
    frame[columns] = frame[columns].astype("float64").fillna(0.0)
    frame[f"rhythm{MARK}{RHYTHM[0]}"] = frame["order_count"].astype("float64") - 1.0
    frame[f"rhythm{MARK}{RHYTHM[1]}"] = _days_between(frame) / MONTH_DAYS
    return frame


def _days_between(frame: pd.DataFrame) -> pd.Series:
    import pandas as pd

    return (pd.to_datetime(frame["last_order"]) - pd.to_datetime(frame["first_order"])).dt.days.astype(float)


def behaviour_expression(snapshot: Snapshot) -> ibis.Table:
    """One row per customer with the counts of every block but the rhythm, as an expression that any engine runs.

    Lines are summed by order first, orders by customer after.
    """
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale")
    lines, of_lines = _line_flags(snapshot, lines)
    channels = _channels(snapshot)
    channel = {"channel_": lines.channel.max()} if channels else {}
    orders = lines.group_by(["customer_id", "order_id"]).aggregate(
        month_=lines.ordered_at.max().month(), **channel,
        **{name: flag.cast("int64").sum() for name, flag in of_lines.items()},
    )
    of_orders: dict[str, ibis.Value] = {}
    if (snapshot.as_of - snapshot.manifest.first_day).days >= YEAR_DAYS:
        of_orders |= {f"month{MARK}{m}": orders.month_ == m for m in range(1, 13)}
    of_orders |= {f"channel{MARK}{c}": orders.channel_ == c for c in channels[:MOST_CHANNELS]}
    if len(channels) > MOST_CHANNELS:
        of_orders[f"channel{MARK}{REST}"] = orders.channel_.isin(channels[MOST_CHANNELS:])
    return orders.group_by("customer_id").aggregate(
        **{name: orders[name].sum().cast("float64") for name in of_lines},
        **{name: flag.cast("int64").sum().cast("float64") for name, flag in of_orders.items()},
    )


def _line_flags(snapshot: Snapshot, lines: ibis.Table) -> tuple[ibis.Table, dict[str, ibis.Value]]:
    """The lines (with the category where there is one) and a true-or-false expression per answer about a line."""
    flags: dict[str, ibis.Value] = {}
    names = _categories(snapshot)
    if names:
        products = snapshot.table("products").select("product_id", category_="category")
        lines = lines.left_join(products, "product_id").drop("product_id_right")
        flags |= {f"category{MARK}{n}": lines.category_ == n for n in names[:MOST_CATEGORIES]}
        if len(names) > MOST_CATEGORIES:
            flags[f"category{MARK}{REST}"] = lines.category_.isin(names[MOST_CATEGORIES:])
    elif snapshot.has("order_lines", "unit_price"):
        flags |= _price_flags(snapshot, lines)
    if snapshot.has("order_lines", "quantity"):
        few, some, many = QUANTITIES
        flags |= {f"quantity{MARK}{few}": lines.quantity <= 1,
                  f"quantity{MARK}{some}": (lines.quantity > 1) & (lines.quantity < 6),
                  f"quantity{MARK}{many}": lines.quantity >= 6}
    if snapshot.has("order_lines", "discount"):
        cheaper = lines.discount.fill_null(0) > 0
        flags |= {f"discount{MARK}{DISCOUNTS[0]}": ~cheaper, f"discount{MARK}{DISCOUNTS[1]}": cheaper}
    return lines, {name: flag.fill_null(False) for name, flag in flags.items()}


def _price_flags(snapshot: Snapshot, lines: ibis.Table) -> dict[str, ibis.Value]:
    """Fifths of the shop's unit prices; fewer where many prices are equal."""
    price = lines.unit_price.cast("float64")
    steps = [0.2, 0.4, 0.6, 0.8]
    cuts = snapshot.execute(lines.aggregate(**{f"c{i}": price.quantile(q) for i, q in enumerate(steps)})).to_pylist()[0]
    edges = sorted({float(v) for v in cuts.values() if v is not None})
    if not edges:
        return {}
    names = PRICES if len(edges) == len(steps) else tuple(f"band {i + 1}" for i in range(len(edges) + 1))
    flags = {}
    for i, name in enumerate(names):
        inside = price <= edges[i] if i < len(edges) else price > edges[-1]
        flags[f"price{MARK}{name}"] = inside if i in {0, len(edges)} else inside & (price > edges[i - 1])
    return flags


def _categories(snapshot: Snapshot) -> list[str]:
    """Categories of the catalogue, those with most products first; none where products are unknown or have none."""
    if not (snapshot.has("products", "category") and snapshot.has("order_lines", "product_id")):
        return []
    products = snapshot.table("products")
    products = products.filter(products.category.notnull())
    sizes = products.group_by("category").aggregate(n=products.count())
    rows = snapshot.execute(sizes).to_pylist()
    return [str(r["category"]) for r in sorted(rows, key=lambda r: (-r["n"], str(r["category"])))]


def _channels(snapshot: Snapshot) -> list[str]:
    """Where orders came in, the commonest first; none where the data do not say or say only one."""
    if not snapshot.has("order_lines", "channel"):
        return []
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.channel.notnull())
    sizes = lines.group_by("channel").aggregate(n=lines.count())
    rows = snapshot.execute(sizes).to_pylist()
    found = [str(r["channel"]) for r in sorted(rows, key=lambda r: (-r["n"], str(r["channel"])))]
    return found if len(found) > 1 else []


def blocks_of(columns: list[str]) -> dict[str, list[str]]:
    """Block → its columns, in the order of the frame; other columns are left out."""
    found: dict[str, list[str]] = {}
    for column in columns:
        block, mark, _ = column.partition(MARK)
        if mark:
            found.setdefault(block, []).append(column)
    return found
