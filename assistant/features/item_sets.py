"""Sets of two to four products bought in one order: how often, and how much oftener than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.baskets import wilson
from assistant.features.interactions import encode

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

#: Sets of one size from which larger ones are built, the most frequent first: bounds the work.
SEEDS = 400
#: Products multiplied at once.
_BLOCK = 512


@dataclass(frozen=True)
class ItemSet:
    """Products and their orders.

    ``together``: orders that hold all of them. ``confidence``: of the orders with all but one, the share that holds
    that one too; ``lift``: that share over the share of all orders that hold it, with a 95 % interval. Both are those
    of the product that is tied to the others least surely (smallest lower end).
    """

    products: tuple[str, ...]
    together: int
    orders: int
    confidence: float
    lift: float
    lift_low: float
    lift_high: float

    @property
    def support(self) -> float:
        return self.together / self.orders


def frequent_sets(
    snapshot: Snapshot, sizes: tuple[int, ...], min_together: int, allowed: frozenset[str], must: str | None = None
) -> list[ItemSet]:
    """Sets of these sizes in at least ``min_together`` orders whose products are tied more than by chance.

    Found level by level from the :data:`SEEDS` most frequent sets one smaller (Agrawal & Srikant, VLDB 1994: a set is
    never more frequent than its parts). Kept are sets with a lower end of lift above one for every product.

    Args:
        allowed: products that may be in a set. must: a product that every set holds.

    Returns:
        most frequent first, ties by product ids.
    """
    held, products = _orders_by_products(snapshot, allowed, min_together)
    orders = _orders(snapshot)
    if must is not None and must not in set(products.tolist()):
        return []
    columns = held.tocsc()
    counts = np.diff(columns.indptr)
    first = None if must is None else int(np.searchsorted(products, must))
    level = _pairs(held, min_together, first)
    found: list[ItemSet] = []
    for size in range(2, max(sizes) + 1):
        if size in sizes:
            found += [s for s in (_item_set(columns, counts, products, chosen, orders) for chosen in level)
                      if s.lift_low > 1]
        level = _larger(held, columns, level, min_together) if size < max(sizes) else []
    return sorted(found, key=lambda s: (-s.together, s.products))


def _orders(snapshot: Snapshot) -> int:
    lines = snapshot.table("order_lines")
    counted = lines.filter(lines.line_type == "sale").order_id.nunique()
    return int(snapshot.execute(counted.as_table()).column(0)[0].as_py())


def _orders_by_products(
    snapshot: Snapshot, allowed: frozenset[str], min_together: int
) -> tuple[csr_array, np.ndarray]:
    """Which orders hold which of the allowed products that are frequent enough (0/1)."""
    from scipy.sparse import csr_array

    lines = snapshot.table("order_lines")
    sold = lines.filter(lines.line_type == "sale").select("order_id", "product_id").distinct()
    totals = sold.group_by("product_id").aggregate(orders=sold.order_id.nunique())
    frequent = totals.filter(totals.orders >= min_together).select("product_id")
    table = snapshot.execute(sold.join(frequent, "product_id").select("order_id", "product_id"))
    order_ids, rows = encode(table["order_id"])
    products, columns = encode(table["product_id"])
    held = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(order_ids), len(products)))
    kept = np.array([p in allowed for p in products], dtype=bool)
    return held[:, np.flatnonzero(kept)].tocsr(), products[kept]


def _pairs(held: csr_array, min_together: int, first: int | None) -> list[tuple[int, ...]]:
    """The most frequent pairs, of one product where it is given."""
    by_product = held.T.tocsr()
    starts = range(0, held.shape[1], _BLOCK) if first is None else [first]
    found: list[tuple[int, int, int]] = []
    for start in starts:
        block = (by_product[start : start + (_BLOCK if first is None else 1)] @ held).tocoo()
        a, b, n = block.coords[0] + start, block.coords[1], block.data
        often = (n >= min_together) & ((a < b) if first is None else (a != b))
        found += zip((-n[often]).astype(int).tolist(), a[often].tolist(), b[often].tolist(), strict=True)
    return [tuple(sorted((a, b))) for _, a, b in sorted(found)[:SEEDS]]


def _larger(
    held: csr_array, columns: csc_array, level: list[tuple[int, ...]], min_together: int
) -> list[tuple[int, ...]]:
    """The most frequent sets with one product more."""
    found: dict[tuple[int, ...], int] = {}
    for chosen in level:
        counts = np.asarray(held[_together(columns, chosen)].sum(axis=0)).ravel()
        counts[list(chosen)] = 0
        for other in np.flatnonzero(counts >= min_together):
            found[tuple(sorted((*chosen, int(other))))] = int(counts[other])
    return sorted(found, key=lambda s: (-found[s], s))[:SEEDS]


def _together(columns: csc_array, chosen: tuple[int, ...]) -> np.ndarray:
    """Orders (rows) that hold all of these products."""
    rows = columns.indices[columns.indptr[chosen[0]] : columns.indptr[chosen[0] + 1]]
    for item in chosen[1:]:
        rows = np.intersect1d(rows, columns.indices[columns.indptr[item] : columns.indptr[item + 1]])
    return rows


def _item_set(
    columns: csc_array, counts: np.ndarray, products: np.ndarray, chosen: tuple[int, ...], orders: int
) -> ItemSet:
    together = len(_together(columns, chosen))
    ties = []
    for item in chosen:
        rest = tuple(c for c in chosen if c != item)
        among = len(_together(columns, rest))
        share = counts[item] / orders
        low, high = wilson(np.array([float(together)]), np.array([float(among)]))
        ties.append((float(low[0]) / share, together / among, together / among / share, float(high[0]) / share))
    low, confidence, lift, high = min(ties)
    return ItemSet(tuple(products[list(chosen)].tolist()), together, orders, confidence, lift, low, high)
