"""Products bought in the same order: pair counts, support, confidence and lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import encode

if TYPE_CHECKING:
    import ibis
    import pandas as pd

#: Normal quantile of a two-sided 95 % interval.
_Z95 = 1.959964
#: Products multiplied at once, to bound memory.
_BLOCK = 512


@dataclass(frozen=True)
class PairCounts:
    """Pairs of products and how often they share an order.

    Attributes:
        frame: ``product_id``, ``with_product_id``, ``orders_both``, ``orders_product``, ``orders_with`` and, from
            :func:`association`, ``support``, ``confidence`` (shares, 0–1), ``lift``, ``lift_low``, ``lift_high``.
        orders: all orders with at least one product sale.
    """

    frame: pd.DataFrame
    orders: int


def pair_counts(
    snapshot: Snapshot, product_id: str | None = None, min_together: int = 3, also: tuple[str, ...] = (),
    any_of: bool = False,
) -> PairCounts:
    """Count orders that hold two products, for one product or for all pairs.

    Args:
        product_id: count only pairs with this product (cheap); None: all pairs, each once, ``product_id`` the
            smaller id.
        also: further products that the same orders hold; ``orders_product`` then counts the orders with all of them.
        any_of: ``orders_product`` counts the orders with any of ``product_id`` and ``also`` instead.
        min_together: pairs in fewer orders are left out. Without ``product_id`` also products in fewer orders.
    """
    lines = snapshot.table("order_lines")
    sold = lines.filter(lines.line_type == "sale").select("order_id", "product_id").distinct()
    orders = int(snapshot.execute(sold.order_id.nunique().as_table()).column(0)[0].as_py())
    totals = sold.group_by("product_id").aggregate(orders=sold.order_id.nunique())
    if product_id is None:
        frame = _all_pairs(snapshot, sold, totals, min_together)
    else:
        frame = snapshot.execute(_pairs_of_one(sold, totals, (product_id, *also), min_together, any_of)).to_pandas()
    return PairCounts(association(frame, orders), orders)


def _pairs_of_one(
    sold: ibis.Table, totals: ibis.Table, ids: tuple[str, ...], min_together: int, any_of: bool
) -> ibis.Table:
    import ibis

    product_id, wanted = ids[0], sold.filter(sold.product_id.isin(ids))
    held = wanted.group_by("order_id").aggregate(held=wanted.product_id.nunique())
    holding = held.filter(held.held >= (1 if any_of else len(set(ids)))).select("order_id")
    others = sold.filter(~sold.product_id.isin(ids)).join(holding, "order_id")
    counted = others.group_by(with_product_id=others.product_id).aggregate(orders_both=others.count())
    pairs = counted.filter(counted.orders_both >= min_together).mutate(product_id=ibis.literal(product_id))
    right = totals.select(with_product_id=totals.product_id, orders_with=totals.orders)
    joined = pairs.join(right, "with_product_id").mutate(orders_product=holding.count().as_scalar())
    columns = ["product_id", "with_product_id", "orders_both", "orders_product", "orders_with"]
    return joined.select(*columns).order_by(["product_id", "with_product_id"])


def _all_pairs(snapshot: Snapshot, sold: ibis.Table, totals: ibis.Table, min_together: int) -> pd.DataFrame:
    """Pairs of frequent products. The engine reduces lines to distinct (order, product); the pairs are a sparse product
    of that matrix with itself, which is over ten times faster than joining a million rows with themselves.
    """
    import pandas as pd
    from scipy.sparse import csr_array

    frequent = totals.filter(totals.orders >= min_together).select("product_id")
    kept = snapshot.execute(sold.join(frequent, "product_id").select("order_id", "product_id"))
    order_ids, rows = encode(kept["order_id"])
    products, columns = encode(kept["product_id"])
    held = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(order_ids), len(products)))
    counts = np.bincount(columns, minlength=len(products))
    by_product = held.T.tocsr()
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for start in range(0, len(products), _BLOCK):
        block = (by_product[start : start + _BLOCK] @ held).tocoo()
        first, second = block.coords[0] + start, block.coords[1]
        often = (first < second) & (block.data >= min_together)
        found.append((first[often], second[often], block.data[often].astype(np.int64)))
    first, second, both = (np.concatenate(part) for part in zip(*found, strict=True)) if found else (columns,) * 3
    frame = pd.DataFrame({
        "product_id": products[first], "with_product_id": products[second], "orders_both": both,
        "orders_product": counts[first], "orders_with": counts[second],
    })
    return frame.sort_values(["product_id", "with_product_id"], ignore_index=True)


def association(frame: pd.DataFrame, orders: int) -> pd.DataFrame:
    """Add support, confidence and lift with a 95 % interval.

    lift = P(both) / (P(product) · P(with)) = P(product | with) / P(product) = P(with | product) / P(with). Its interval
    is the wider of the score intervals (Wilson 1927) of the two conditional shares, over the plain share. Unlike the
    delta method on log lift it stays wide where few orders are all shared: four of four are no proof.
    """
    both = frame["orders_both"].to_numpy(dtype=float)
    a, b = frame["orders_product"].to_numpy(dtype=float), frame["orders_with"].to_numpy(dtype=float)
    total = float(max(orders, 1))
    lift = both * total / (a * b)
    (low_b, high_b), (low_a, high_a) = wilson(both, b), wilson(both, a)
    low = np.minimum(low_b * total / a, low_a * total / b)
    high = np.maximum(high_b * total / a, high_a * total / b)
    return frame.assign(
        support=both / total, confidence=both / a, lift=lift, lift_low=low, lift_high=high
    )


def wilson(hits: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of a share, 95 % (Wilson, "Probable inference", JASA 1927)."""
    z2 = _Z95**2
    centre = (hits + z2 / 2) / (trials + z2)
    half = _Z95 / (trials + z2) * np.sqrt(hits * (trials - hits) / trials + z2 / 4)
    return centre - half, centre + half
