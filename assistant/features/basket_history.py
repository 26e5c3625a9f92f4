"""The orders of each customer in sequence: what a next-basket model learns from and looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa
    from scipy.sparse import csr_array

    from assistant.data.warehouse import Snapshot


@dataclass(frozen=True, eq=False)
class BasketHistory:
    """Orders of customers, each customer's oldest first.

    It stands where a recommender is handed purchase rows: ``shape``, ``nnz``, ``indices``, ``indptr`` and ``data`` are
    those of :attr:`counts`, and indexing picks customers.

    Attributes:
        lines: orders × items, float32, one stored value per order and product: 1, or the number of orders where only
            counts are known (see :meth:`from_counts`).
        pointers: int64 (customers + 1): orders of customer u are the rows ``pointers[u]`` to ``pointers[u + 1]``.
        days: int32 per order, days since 1970-01-01.
        customers: int64 per customer: whose history it is, as a position in the data a model was fitted on; -1 for
            somebody outside of them (default: their place here). A model of neighbours needs it: nobody is their own
            neighbour.
    """

    lines: csr_array
    pointers: np.ndarray
    days: np.ndarray
    customers: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.customers is None:
            object.__setattr__(self, "customers", np.arange(self.shape[0]))

    @classmethod
    def from_counts(cls, counts: csr_array, days: np.ndarray | None = None) -> BasketHistory:
        """Purchases whose sequence is unknown: everything a customer bought as one order.

        Args:
            counts: customers × items. days: day of that order per customer, default 0.
        """
        filled = np.diff(counts.indptr) > 0
        day = np.zeros(counts.shape[0], np.int32) if days is None else np.asarray(days, dtype=np.int32)
        pointers = np.concatenate([[0], np.cumsum(filled)]).astype(np.int64)
        return cls(counts[np.flatnonzero(filled)], pointers, day[filled])

    @property
    def n_orders(self) -> int:
        return len(self.days)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pointers) - 1, self.lines.shape[1]

    @property
    def sizes(self) -> np.ndarray:
        """Orders of each customer."""
        return np.diff(self.pointers)

    @property
    def ages(self) -> np.ndarray:
        """How many orders of the same customer came later, per order: 0 is the latest."""
        return np.repeat(self.pointers[1:], self.sizes) - 1 - np.arange(self.n_orders)

    @cached_property
    def counts(self) -> csr_array:
        """Customers × items, float32: orders of the customer that hold the product; indices sorted."""
        return self.weighted(np.ones(self.n_orders, dtype=np.float32))

    @property
    def nnz(self) -> int:
        return self.counts.nnz

    @property
    def indices(self) -> np.ndarray:
        return self.counts.indices

    @property
    def indptr(self) -> np.ndarray:
        return self.counts.indptr

    @property
    def data(self) -> np.ndarray:
        return self.counts.data

    def weighted(self, order_weights: np.ndarray) -> csr_array:
        """Customers × items, float32: sum over the customer's orders of weight × line; indices sorted."""
        from scipy.sparse import csr_array

        owner = csr_array(
            (order_weights.astype(np.float32), np.arange(self.n_orders), self.pointers),
            shape=(self.shape[0], self.n_orders),
        )
        profile = csr_array(owner @ self.lines)
        profile.eliminate_zeros()
        profile.sort_indices()
        return profile

    def __getitem__(self, rows: slice | np.ndarray | list[int]) -> BasketHistory:
        """The history of some customers (slice, positions or bool mask)."""
        return self.take(np.arange(self.shape[0])[rows])

    def take(self, positions: np.ndarray) -> BasketHistory:
        """The history of customers at ``positions``; -1 is a customer without orders."""
        known = positions >= 0
        sizes = np.where(known, self.sizes[positions], 0) if self.shape[0] else np.zeros(len(positions), np.int64)
        starts = np.where(known, self.pointers[positions], 0)
        pointers = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        orders = np.arange(pointers[-1]) + np.repeat(starts - pointers[:-1], sizes)
        customers = np.where(known, self.customers[positions], -1) if self.shape[0] else positions
        return BasketHistory(self.lines[orders], pointers, self.days[orders], customers)

    def strangers(self) -> BasketHistory:
        """The same orders, of customers outside of the fitted data."""
        return replace(self, customers=np.full(self.shape[0], -1))

    def without(self, item: int) -> BasketHistory:
        """The same orders as if nobody had ever bought the product; orders stay, even if empty."""
        from scipy.sparse import csr_array

        kept = self.lines.indices != item
        pointers = np.concatenate([[0], np.cumsum(kept)])[self.lines.indptr]
        lines = csr_array((self.lines.data[kept], self.lines.indices[kept], pointers), shape=self.lines.shape)
        return replace(self, lines=lines)

    def within(self, kept: csr_array) -> BasketHistory:
        """Only the pairs stored in ``kept`` (customers × items); orders of which nothing is left fall away."""
        owner = np.repeat(np.repeat(np.arange(self.shape[0]), self.sizes), np.diff(self.lines.indptr))
        held = _stored(kept, owner, self.lines.indices)
        if held.all():
            return self
        pointers = np.concatenate([[0], np.cumsum(held)])[self.lines.indptr]
        filled = np.diff(pointers) > 0
        lines = type(self.lines)((self.lines.data[held], self.lines.indices[held],
                                  np.concatenate([[0], np.cumsum(np.diff(pointers)[filled])])),
                                 shape=(int(filled.sum()), self.shape[1]))
        return BasketHistory(lines, np.concatenate([[0], np.cumsum(filled)])[self.pointers], self.days[filled],
                             self.customers)

    def each_without(self, items: np.ndarray) -> BasketHistory:
        """Copies of one customer's history, each as if they had never bought one of ``items``."""
        n = len(items)
        copies = self.take(np.zeros(n, dtype=np.int64))
        out = np.repeat(np.asarray(items), self.lines.nnz)  # all copies hold the same lines, one copy after the other
        kept = copies.lines.indices != out
        pointers = np.concatenate([[0], np.cumsum(kept)])[copies.lines.indptr]
        lines = type(self.lines)((copies.lines.data[kept], copies.lines.indices[kept], pointers),
                                 shape=copies.lines.shape)
        return replace(copies, lines=lines)

    def with_orders(self, baskets: csr_array, day: int) -> BasketHistory:
        """The history with one more, latest order per customer (customers × items; an empty row adds none)."""
        from scipy.sparse import csr_array, vstack

        new = np.flatnonzero(np.diff(baskets.indptr) > 0)
        pointers = self.pointers + np.concatenate([[0], np.cumsum(np.diff(baskets.indptr) > 0)])
        owner = np.concatenate([np.repeat(np.arange(self.shape[0]), self.sizes), new])
        place = np.argsort(owner, kind="stable")  # an added order comes after the customer's own
        lines = csr_array(vstack([self.lines, baskets[new]], format="csr"))[place]
        days = np.concatenate([self.days, np.full(len(new), day, dtype=np.int32)])[place]
        return BasketHistory(lines, pointers, days, self.customers)


def as_history(rows: csr_array | BasketHistory) -> BasketHistory:
    """Purchase rows as a history; counts become one order of a stranger."""
    return rows if isinstance(rows, BasketHistory) else BasketHistory.from_counts(rows).strangers()


def as_counts(rows: csr_array | BasketHistory) -> csr_array:
    """Purchase rows as counts of orders."""
    return rows.counts if isinstance(rows, BasketHistory) else rows


def order_lines_expression(snapshot: Snapshot) -> ibis.Table:
    """One row per customer, order and product sold, with the time of its earliest line."""
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale")
    return lines.group_by(["customer_id", "order_id", "product_id"]).aggregate(at=lines.ordered_at.min())


def history_from_lines(
    table: pa.Table, user_ids: np.ndarray, item_ids: np.ndarray, kept: csr_array
) -> BasketHistory:
    """Put the rows of :func:`order_lines_expression` in sequence.

    Orders of one customer are sorted by the time of their earliest line, then by id.

    Args:
        user_ids, item_ids: sorted ids; rows of others are left out.
        kept: customers × items: only pairs stored here count (bought and not wholly taken back).
    """
    from scipy.sparse import csr_array

    from assistant.features.interactions import encode

    names, code = encode(table["customer_id"])
    users = _places(user_ids, names)[code]
    names, code = encode(table["product_id"])
    items = _places(item_ids, names)[code]
    _, orders = encode(table["order_id"])
    at = table["at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    wanted = (users >= 0) & (items >= 0) & _stored(kept, users, items)
    users, items, orders, at = users[wanted], items[wanted], orders[wanted], at[wanted]
    by_order = np.lexsort((items, orders, users))
    users, items, orders, at = users[by_order], items[by_order], orders[by_order], at[by_order]
    new = np.ones(len(users), dtype=bool)
    new[1:] = (users[1:] != users[:-1]) | (orders[1:] != orders[:-1])
    starts = np.flatnonzero(new)
    first = np.minimum.reduceat(at, starts) if len(starts) else at[:0]
    lines = csr_array(
        (np.ones(len(items), dtype=np.float32), items.astype(np.int32), np.append(starts, len(items))),
        shape=(len(starts), len(item_ids)),
    )
    in_time = np.lexsort((orders[starts], first, users[starts]))
    pointers = np.searchsorted(users[starts], np.arange(len(user_ids) + 1)).astype(np.int64)
    days = first[in_time] // (24 * 3600 * 1_000_000)
    return BasketHistory(lines[in_time], pointers, days.astype(np.int32))


def _stored(kept: csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which pairs are stored in ``kept`` (bool)."""
    owner = np.repeat(np.arange(kept.shape[0], dtype=np.int64), np.diff(kept.indptr))
    width = kept.shape[1]
    return np.isin(rows.astype(np.int64) * width + columns, owner * width + kept.indices)


def _places(known: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Place of each name in a sorted array, -1 where it is not there."""
    if len(known) == 0 or len(names) == 0:
        return np.full(len(names), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(known, names), len(known) - 1)
    return np.where(known[place] == names, place, -1)
