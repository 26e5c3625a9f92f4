"""Who bought what: a sparse customers × products matrix, built from sale lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.basket_history import BasketHistory, history_from_lines, order_lines_expression
from assistant.features.rfm import TAKEN_BACK

if TYPE_CHECKING:
    import ibis
    from scipy.sparse import csr_array

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01, the unit of all day arrays here."""
    return (day - EPOCH).days


@dataclass(frozen=True, eq=False)
class Interactions:
    """Purchases by known customers up to and including ``until``.

    Attributes:
        matrix: users × items, float32; a value counts the *orders* of that customer that hold that product (units
            would let one wholesaler decide), indices sorted within a row.
        user_ids, item_ids: ids as objects of ``str``, sorted, aligned with rows and columns.
        first_days, last_days: int32, aligned with ``matrix.data``: first and last day the pair was bought.
        returned: users × items, bool: pairs bought and wholly taken back (not in ``matrix``).
        until: last day seen.
        read_history: reads the orders in sequence, for :attr:`history`; None where only counts are known.
    """

    matrix: csr_array
    user_ids: np.ndarray
    item_ids: np.ndarray
    first_days: np.ndarray
    last_days: np.ndarray
    returned: csr_array
    until: date
    read_history: Callable[[], BasketHistory] | None = field(default=None, repr=False)

    @cached_property
    def history(self) -> BasketHistory:
        """The orders behind ``matrix`` in sequence, read when first asked for; of pairs that are not in it, nothing.

        Where only counts are known, everything a customer bought is one order of their last day.
        """
        if self.read_history is not None:
            return self.read_history().within(self.matrix)
        return BasketHistory.from_counts(self.matrix, self.user_last_days())

    @property
    def n_users(self) -> int:
        return self.matrix.shape[0]

    @property
    def n_items(self) -> int:
        return self.matrix.shape[1]

    def user_positions(self, ids: Sequence[str]) -> np.ndarray:
        """Row of each id, -1 where unknown."""
        return item_places(self.user_ids, ids)

    def item_positions(self, ids: Sequence[str]) -> np.ndarray:
        """Column of each id, -1 where unknown."""
        return item_places(self.item_ids, ids)

    def basket(self, product_ids: Sequence[str]) -> csr_array:
        """A live basket as one row (1 × items); unknown products are ignored."""
        from scipy.sparse import csr_array

        columns = self.item_positions(product_ids)
        columns = np.unique(columns[columns >= 0])
        data = np.ones(len(columns), dtype=np.float32)
        return csr_array((data, columns, [0, len(columns)]), shape=(1, self.n_items))

    def user_last_days(self) -> np.ndarray:
        """Last day of purchase of each user (int32; the smallest integer for a user without purchases)."""
        lowest = np.iinfo(np.int32).min
        result = np.full(self.n_users, lowest, dtype=np.int32)
        filled = np.diff(self.matrix.indptr) > 0
        if filled.any():
            result[filled] = np.maximum.reduceat(self.last_days, self.matrix.indptr[:-1][filled])
        return result


def interactions_from_pairs(
    users: Sequence[str], items: Sequence[str], *, counts: Sequence[float] | None = None,
    first_days: Sequence[int] | None = None, last_days: Sequence[int] | None = None,
    returned: Sequence[bool] | None = None, until: date = EPOCH,
) -> Interactions:
    """Build interactions from (customer, product) pairs; equal pairs are added up.

    Args:
        counts: orders that hold the pair, default 1 each.
        first_days, last_days: day numbers, default the day of ``until``.
        returned: pairs wholly taken back; they leave ``matrix`` and enter ``returned``.
    """
    from scipy.sparse import csr_array

    n = len(users)
    today = day_number(until)
    user_ids, rows = encode(users)
    item_ids, columns = encode(items)
    shape = (len(user_ids), len(item_ids))
    back = np.zeros(n, dtype=bool) if returned is None else np.asarray(returned, dtype=bool)
    values = np.ones(n, dtype=np.float32) if counts is None else np.asarray(counts, dtype=np.float32)
    first = np.full(n, today, np.int32) if first_days is None else np.asarray(first_days, np.int32)
    last = np.full(n, today, np.int32) if last_days is None else np.asarray(last_days, np.int32)
    key = rows.astype(np.int64) * max(shape[1], 1) + columns
    kept, starts, group = _grouped(key[~back])
    order = np.argsort(key[~back], kind="stable")
    data = np.bincount(group, weights=values[~back][order], minlength=len(kept)).astype(np.float32)
    pointers = np.searchsorted(kept, np.arange(shape[0] + 1, dtype=np.int64) * max(shape[1], 1))
    matrix = csr_array((data, (kept % max(shape[1], 1)).astype(np.int32), pointers.astype(np.int32)), shape=shape)
    taken = csr_array((np.ones(int(back.sum()), dtype=bool), (rows[back], columns[back])), shape=shape)
    return Interactions(
        matrix=matrix, user_ids=user_ids, item_ids=item_ids,
        first_days=np.minimum.reduceat(first[~back][order], starts) if len(kept) else first[:0],
        last_days=np.maximum.reduceat(last[~back][order], starts) if len(kept) else last[:0],
        returned=taken, until=until,
    )


def interactions_expression(snapshot: Snapshot) -> ibis.Table:
    """One row per customer and product: orders that hold it, first and last day, units kept."""
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type.isin(["sale", *TAKEN_BACK]))
    sale = lines.line_type == "sale"
    pairs = lines.group_by(["customer_id", "product_id"]).aggregate(
        orders=lines.order_id.nunique(where=sale),
        first_day=lines.ordered_at.min(where=sale).date(),
        last_day=lines.ordered_at.max(where=sale).date(),
        units=lines.quantity.sum(),
    )
    return pairs.filter(pairs.orders > 0)


def interactions(snapshot: Snapshot, until: date | None = None) -> Interactions:
    """Purchases seen up to and including ``until`` (default: the analysis date).

    Raises:
        MissingData: ``until`` lies before the first order.
    """
    seen = snapshot if until is None else snapshot.at(min(until, snapshot.as_of))
    table = seen.execute(interactions_expression(seen))
    found = interactions_from_pairs(
        table["customer_id"], table["product_id"], counts=_numbers(table, "orders", np.float32),
        first_days=_days(table, "first_day"), last_days=_days(table, "last_day"),
        returned=_numbers(table, "units", np.int64) <= 0, until=until or snapshot.as_of,
    )

    def read_history() -> BasketHistory:
        lines = seen.execute(order_lines_expression(seen))
        return history_from_lines(lines, found.user_ids, found.item_ids, found.matrix)

    return replace(found, read_history=read_history)


def _grouped(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct keys, where each starts in the sorted keys, and the group of each sorted key."""
    ordered = np.sort(keys, kind="stable")
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new], np.flatnonzero(new), np.cumsum(new) - 1


def encode(ids: Any) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct ids (object) and the position (int32) of each given id among them.

    Args:
        ids: a sequence of strings or an Arrow column.
    """
    import pyarrow as pa

    array = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array([str(i) for i in ids], pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    coded = array.cast(pa.string()).dictionary_encode()
    names = np.array(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return names[order], place[coded.indices.to_numpy(zero_copy_only=False)]


def _numbers(table: Any, column: str, kind: Any) -> np.ndarray:
    return table[column].to_numpy().astype(kind)


def _days(table: Any, column: str) -> np.ndarray:
    return table[column].to_numpy().astype("datetime64[D]").astype(np.int32)


def item_places(known: np.ndarray, ids: Sequence[str]) -> np.ndarray:
    """Place of each id in a sorted array, -1 where it is not there."""
    wanted = np.array([str(i) for i in ids], dtype=object)
    if len(known) == 0 or len(wanted) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, -1).astype(np.int64)
