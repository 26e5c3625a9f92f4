"""Products bought in the same order: pair counts in the engine, support, confidence and lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot

if TYPE_CHECKING:
    import ibis
    import pandas as pd

#: Normal quantile of a two-sided 95 % interval.
_Z95 = 1.959964


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


def pair_counts(snapshot: Snapshot, product_id: str | None = None, min_together: int = 3) -> PairCounts:
    """Count orders that hold two products, for one product or for all pairs.

    Args:
        product_id: count only pairs with this product (cheap); None: all pairs, each once, ``product_id`` the
            smaller id.
        min_together: pairs in fewer orders are left out. Without ``product_id`` also products in fewer orders.
    """
    lines = snapshot.table("order_lines")
    sold = lines.filter(lines.line_type == "sale").select("order_id", "product_id").distinct()
    totals = sold.group_by("product_id").aggregate(orders=sold.order_id.nunique())
    orders = int(snapshot.execute(sold.order_id.nunique().as_table()).column(0)[0].as_py())
    pairs = _pairs_of_one(sold, product_id) if product_id is not None else _all_pairs(sold, totals, min_together)
    pairs = pairs.filter(pairs.orders_both >= min_together)
    left = totals.select(product_id=totals.product_id, orders_product=totals.orders)
    right = totals.select(with_product_id=totals.product_id, orders_with=totals.orders)
    counted = pairs.join(left, "product_id").join(right, "with_product_id")
    frame = snapshot.execute(counted.order_by(["product_id", "with_product_id"])).to_pandas()
    return PairCounts(association(frame, orders), orders)


def _pairs_of_one(sold: ibis.Table, product_id: str) -> ibis.Table:
    import ibis

    holding = sold.filter(sold.product_id == product_id).select("order_id")
    others = sold.filter(sold.product_id != product_id).join(holding, "order_id")
    counted = others.group_by(with_product_id=others.product_id).aggregate(orders_both=others.count())
    return counted.mutate(product_id=ibis.literal(product_id))


def _all_pairs(sold: ibis.Table, totals: ibis.Table, min_together: int) -> ibis.Table:
    """Pairs of frequent products. Products are numbered first: joining and grouping numbers is far cheaper."""
    import ibis

    frequent = totals.filter(totals.orders >= min_together).select("product_id")
    coded = frequent.mutate(code=ibis.row_number().over(order_by=frequent.product_id).cast("int32"))
    orders = sold.group_by("order_id").aggregate(products=sold.count())
    shared = orders.filter(orders.products > 1).select("order_id")
    numbered = shared.mutate(order_code=ibis.row_number().over(order_by=shared.order_id).cast("int32"))
    kept = sold.join(coded, "product_id").join(numbered, "order_id").select("order_code", "code")
    other = kept.select(order_code=kept.order_code, with_code=kept.code)
    joined = kept.join(other, ["order_code", kept.code < other.with_code])
    counted = joined.group_by(["code", "with_code"]).aggregate(orders_both=joined.count())
    first = coded.select(code=coded.code, product_id=coded.product_id)
    second = coded.select(with_code=coded.code, with_product_id=coded.product_id)
    common = counted.filter(counted.orders_both >= min_together)
    return common.join(first, "code").join(second, "with_code").select(
        "product_id", "with_product_id", "orders_both")


def association(frame: pd.DataFrame, orders: int) -> pd.DataFrame:
    """Add support, confidence and lift with a 95 % interval.

    lift = P(both) / (P(product) · P(with)). The interval is the delta method on log lift under multinomial sampling
    of orders: var = 1/n_ab − 1/n_a − 1/n_b + 2·n_ab/(n_a·n_b) − 1/N.
    """
    both = frame["orders_both"].to_numpy(dtype=float)
    a, b = frame["orders_product"].to_numpy(dtype=float), frame["orders_with"].to_numpy(dtype=float)
    total = float(max(orders, 1))
    lift = both * total / (a * b)
    variance = np.maximum(1 / both - 1 / a - 1 / b + 2 * both / (a * b) - 1 / total, 0.0)
    spread = np.exp(_Z95 * np.sqrt(variance))
    return frame.assign(
        support=both / total, confidence=both / a, lift=lift, lift_low=lift / spread, lift_high=lift * spread
    )
