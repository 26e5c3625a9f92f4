"""Goods of a season: those that sold much faster in it, the last time it was, than in the rest of that year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis

from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts

#: how many times as fast as in the rest of the year, in how many orders of the season at least
FASTER, FEWEST = 3.0, 10


def season_goods(snapshot: Snapshot, season: tuple[date, date], most: int) -> Sequence[dict[str, Any]]:
    """Goods on sale and not known to be out of stock, those with most revenue in the season first.

    Args:
        season: its first and last day within the data; the year around it ends with it.

    Returns:
        rows of ``product_id``, ``name``, ``units`` (sold in the season), ``orders``, ``revenue``, ``usual`` (units that
        the days of the season would have had at the speed of the rest of the year), ``stock``.
    """
    start, end = season
    since = max(end - timedelta(days=364), snapshot.manifest.first_day)
    days, rest = (end - start).days + 1, (start - since).days
    if rest < days:
        return []
    lines, facts = snapshot.table("order_lines"), product_facts(snapshot)
    day = lines.ordered_at.date()
    sales = lines.filter((lines.line_type == "sale") & (lines.quantity > 0) & (day >= since) & (day <= end))
    inside = sales.ordered_at.date() >= start
    each = sales.group_by("product_id").aggregate(
        units=ibis.ifelse(inside, sales.quantity, 0).sum(), before=ibis.ifelse(inside, 0, sales.quantity).sum(),
        orders=ibis.ifelse(inside, sales.order_id, ibis.null()).nunique(),
        revenue=ibis.ifelse(inside, sales.amount.cast("float64"), 0.0).sum())
    usual = each.before.cast("float64") / rest * days
    kept = each.mutate(usual=usual).filter((each.orders >= FEWEST) & (each.units >= usual * FASTER))
    # what came in with the season cannot be told from what sells in it
    older = facts.filter(facts.first_sold.date() < start)
    joined = kept.inner_join(older.select("product_id", "name", "on_sale", "stock"), "product_id")
    joined = joined.filter(joined.on_sale.fill_null(True) & (joined.stock.isnull() | (joined.stock > 0)))
    rows: list[dict[str, Any]] = snapshot.execute(
        joined.order_by(joined.revenue.desc(), "product_id").limit(most)).to_pylist()
    return rows
