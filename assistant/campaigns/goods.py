"""Which goods a campaign is about where nobody names them: of a clearance slow ones above cost, of a launch new ones,
of a season those that sell in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import ibis

from assistant.campaigns.offers import offer_price
from assistant.campaigns.season_goods import FASTER, FEWEST, season_goods
from assistant.campaigns.timing import season_before
from assistant.data.warehouse import Snapshot
from assistant.features.launches import launches
from assistant.features.product_facts import product_facts
from assistant.plans import CampaignBrief
from assistant.query.periods import day_range
from assistant.results import Column, Table

#: days of sales that the speed is read from, and days of stock from which goods are slow
SPEED_DAYS, SLOW_COVER = 90, 180
#: days since the first day on sale within which goods are new
NEW_DAYS = 60
MOST = 12


@dataclass(frozen=True)
class Goods:
    """The goods of a campaign, in order of importance.

    Attributes:
        product_ids: the goods.
        table: one row each, with the grounds on which they were chosen.
        value: what the stock of all of them cost (at list price where no cost is known); None for new goods.
        note: how they were chosen, in words.
        bounds_offer: whether the offer holds for them alone.
    """

    product_ids: tuple[str, ...]
    table: Table
    value: float | None
    note: str
    bounds_offer: bool
    kind: Literal["new", "slow", "named", "season", "best"] = "new"


def goods_of(snapshot: Snapshot, brief: CampaignBrief) -> Goods | None:
    """The goods that a campaign is about: those named one by one, else those of a clearance or launch; None where a
    category is named, or where the data cannot tell."""
    if brief.offer.product_ids:
        return _named(snapshot, brief.offer.product_ids)
    if brief.goods is not None:
        return _slow(snapshot, brief) if brief.goods == "slow" else (
            _new(snapshot) if brief.goods == "new" else _best(snapshot, brief.offer.category))
    if brief.goal == "seasonal" and not brief.offer.category and not brief.favourites:
        return _of_season(snapshot, brief)
    if brief.offer.category or brief.goal not in {"clearance", "launch"}:
        return None
    return _slow(snapshot, brief) if brief.goal == "clearance" else _new(snapshot)


def _slow(snapshot: Snapshot, brief: CampaignBrief) -> Goods | None:
    if not snapshot.has("products", "stock"):
        return None
    rows, below = [], 0
    costs = snapshot.has("products", "cost")
    for row in _stocked(snapshot):
        price = row["price"]
        reduced = offer_price(price, brief.offer) if brief.offer.kind in {"percent_off", "amount_off"} else price
        speed = (row["recent"] or 0) / SPEED_DAYS
        cover = row["stock"] / speed if speed else None
        if cover is not None and cover <= SLOW_COVER:
            continue
        left = None if row["cost"] is None else reduced - row["cost"]
        if left is not None and left <= 0:
            below += 1
            continue
        if costs and left is None:
            continue  # whether it would sell below cost cannot be told
        rows.append((row, reduced, cover, left, float(row["stock"] * (row["cost"] or price))))
    if not rows:
        return None
    rows = sorted(rows, key=lambda r: (-r[4], r[0]["product_id"]))[:MOST]
    shown = [_slow_row(snapshot, *r) for r in rows]
    table = Table(id="goods", title="Slow goods", total_rows=len(rows), rows=shown, columns=[
        Column(name="product_id", label="Id", unit="id"), Column(name="name", label="Product"),
        Column(name="stock", label="In stock", unit="count"),
        Column(name="recent", label=f"Sold in {SPEED_DAYS} days", unit="count"),
        Column(name="cover", label="Lasts", unit="days"),
        Column(name="silent", label="Since the last sale", unit="days"),
        Column(name="price", label="Price", unit="currency"),
        Column(name="offer_price", label="With the offer", unit="currency"),
        Column(name="margin_left", label="Left above cost", unit="currency"),
        Column(name="value", label="Stock value", unit="currency")])
    note = (f"Slow are goods on sale for {SPEED_DAYS} days or longer whose stock lasts more than {SLOW_COVER} days at "
            f"the speed of the last {SPEED_DAYS}, or of which nothing was sold in them; chosen are those with most "
            "money in stock. The offer holds for them alone.")
    note += (f" {below} more would sell below cost with it and are left out." if below else "")
    note += "" if costs else " The data hold no costs, so whether they sell above cost cannot be checked."
    return Goods(tuple(r[0]["product_id"] for r in rows), table, sum(r[4] for r in rows), note, True,
                 "slow")


def _slow_row(
    snapshot: Snapshot, row: dict[str, Any], reduced: Decimal, cover: float | None, left: Decimal | None, value: float
) -> list[Any]:
    silent = None if row["last_sold"] is None else (snapshot.as_of - row["last_sold"].date()).days
    lasts = None if cover is None else round(cover)
    return [row["product_id"], row["name"], row["stock"], int(row["recent"] or 0), lasts, silent,
            float(row["price"]), float(reduced), None if left is None else float(left), round(value, 2)]


def _stocked(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Products on sale long enough to be judged, in stock and with a price, with their recent sales."""
    facts, lines = product_facts(snapshot), snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=SPEED_DAYS)
    day = ibis.literal(since, type="date")
    sold = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > day))
    recent = sold.group_by("product_id").aggregate(recent=sold.quantity.sum())
    begun = ibis.coalesce(facts.launched_at, facts.first_sold.date())
    old = facts.filter(facts.on_sale & (facts.stock > 0) & facts.price.notnull() & (begun <= day))
    joined = old.left_join(recent, "product_id")
    rows: list[dict[str, Any]] = snapshot.execute(joined.select(
        "product_id", "name", "stock", "price", "cost", "last_sold", "recent").order_by("product_id")).to_pylist()
    return rows


def _new(snapshot: Snapshot) -> Goods | None:
    found = launches(snapshot)
    frame = found.frame
    chosen = frame[found.new(snapshot.as_of, NEW_DAYS) & frame["launched"].notna()
                   & (frame["stock"].isna() | (frame["stock"] > 0))]
    if chosen.empty:
        return None
    chosen = chosen.sort_values(["launched", "product_id"], ascending=[False, True]).head(MOST)
    rows = [[r.product_id, r.name, (date(1970, 1, 1) + timedelta(days=int(r.launched))).isoformat(), r.source,
             int(r.orders), None if r.stock != r.stock else int(r.stock)] for r in chosen.itertuples(index=False)]
    table = Table(id="goods", title="New goods", total_rows=len(rows), rows=rows, columns=[
        Column(name="product_id", label="Id", unit="id"), Column(name="name", label="Product"),
        Column(name="since", label="On sale since", unit="date"), Column(name="source", label="Known from"),
        Column(name="orders", label="Orders so far", unit="count"),
        Column(name="stock", label="In stock", unit="count")])
    note = (f"New are goods that came into the shop within the last {NEW_DAYS} days and are on sale and in stock, the "
            f"newest first, {MOST} at most. An offer of the campaign is not bound to them.")
    return Goods(tuple(str(r[0]) for r in rows), table, None, note, False)


def _of_season(snapshot: Snapshot, brief: CampaignBrief) -> Goods | None:
    season = season_before(snapshot, brief)
    found = [] if season is None else season_goods(snapshot, season, MOST)
    if season is None or not found:
        return None
    rows = [[r["product_id"], r["name"], int(r["units"]), round(r["usual"]), int(r["orders"]), round(r["revenue"], 2)]
            for r in found]
    table = Table(id="goods", title="Goods of the season", total_rows=len(rows), rows=rows, columns=[
        Column(name="product_id", label="Id", unit="id"), Column(name="name", label="Product"),
        Column(name="units", label="Sold in the season before", unit="count"),
        Column(name="usual", label="As many days in the rest of that year", unit="count"),
        Column(name="orders", label="Orders of it in the season", unit="count"),
        Column(name="revenue", label="Revenue in the season", unit="currency")])
    note = (f"Goods of the season are those that sold at least {FASTER:g} times as fast in {day_range(*season)} as in "
            f"the rest of that year, in {FEWEST} orders or more, and are on sale; those with most revenue in it first, "
            f"{MOST} at most. An offer of the campaign is not bound to them.")
    return Goods(tuple(str(r[0]) for r in rows), table, None, note, False, "season")


def _best(snapshot: Snapshot, category: str | None) -> Goods | None:
    facts, lines = product_facts(snapshot), snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=SPEED_DAYS)
    sold = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > ibis.literal(since, type="date")))
    each = sold.group_by("product_id").aggregate(
        revenue=sold.amount.sum().cast("float64"), units=sold.quantity.sum(), orders=sold.order_id.nunique())
    joined = each.inner_join(
        facts.select("product_id", "name", "on_sale", "stock", "category", "subcategory"), "product_id")
    joined = joined.filter(joined.on_sale.fill_null(True) & (joined.stock.isnull() | (joined.stock > 0)))
    if category is not None:
        joined = joined.filter((joined.category.lower() == category.lower())
                               | (joined.subcategory.lower() == category.lower()))
    rows = [[r["product_id"], r["name"], int(r["units"]), int(r["orders"]), round(r["revenue"], 2)]
            for r in snapshot.execute(joined.order_by(joined.revenue.desc(), "product_id").limit(MOST)).to_pylist()]
    if not rows:
        return None
    table = Table(id="goods", title="Bestsellers", total_rows=len(rows), rows=rows, columns=[
        Column(name="product_id", label="Id", unit="id"), Column(name="name", label="Product"),
        Column(name="units", label=f"Sold in {SPEED_DAYS} days", unit="count"),
        Column(name="orders", label="Orders", unit="count"), Column(name="revenue", label="Revenue", unit="currency")])
    note = (f"Bestsellers are the goods on sale and in stock that brought most revenue in the last {SPEED_DAYS} days, "
            f"{MOST} at most. An offer of the campaign is not bound to them.")
    return Goods(tuple(str(r[0]) for r in rows), table, None, note, False, "best")


def _named(snapshot: Snapshot, product_ids: Sequence[str]) -> Goods | None:
    facts = product_facts(snapshot)
    chosen = facts.filter(facts.product_id.isin(list(product_ids)))
    found = {row["product_id"]: row for row in snapshot.execute(
        chosen.select("product_id", "name", "price", "stock")).to_pylist()}
    rows = [[p, found[p]["name"], None if found[p]["price"] is None else float(found[p]["price"]), found[p]["stock"]]
            for p in product_ids if p in found]
    if not rows:
        return None
    table = Table(id="goods", title="Its products", total_rows=len(rows), rows=rows, columns=[
        Column(name="product_id", label="Id", unit="id"), Column(name="name", label="Product"),
        Column(name="price", label="Price", unit="currency"), Column(name="stock", label="In stock", unit="count")])
    return Goods(tuple(str(r[0]) for r in rows), table, None, "Its products were named one by one.", False, "named")


def in_order(goods: Goods, liked: Sequence[str], k: int) -> list[str]:
    """The ``k`` goods for one person: those the recommender puts first, then the others in their order."""
    first = [p for p in liked if p in goods.product_ids]
    return list(dict.fromkeys([*first, *goods.product_ids]))[:k]
