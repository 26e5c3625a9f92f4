"""The one contract of every recommender.

scikit-learn manners: ``__init__`` stores hyper-parameters and does nothing else, ``fit`` returns ``self``, learnt state
ends in ``_``, using an unfitted model raises ``NotFittedError``. A new model implements two methods, :meth:`_fit` and
:meth:`_score_rows`; everything else follows. ``tests/contracts/recommender_contract.py`` is its exam.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from assistant.errors import InvalidPlan, NoRows, UnknownName
from assistant.features.basket_history import BasketHistory, as_counts, as_history
from assistant.features.interactions import Interactions

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.features.product_side import ProductSide
    from assistant.models.recommend.reasons import Reason

    #: What a model is handed about customers: counts of orders, or for models of sequences the orders themselves.
    PurchaseRows = csr_array | BasketHistory

#: Largest dense block of scores held at once, in cells (64 MiB of float32); and where only the best of each row are
#: kept, so small that a block stays in the processor's cache.
_BLOCK_CELLS, _TOP_CELLS = 16 * 1024 * 1024, 1024 * 1024
#: Columns per group when the largest values are looked for.
_GROUP = 16


class Recommender(ABC):
    """Scores products for customers from :class:`~assistant.features.interactions.Interactions`."""

    #: Whether scores depend on the customer; only a personal model can give "because they bought X".
    personal: ClassVar[bool] = True
    #: Whether it tells apart products that the customer never bought; a list of own repeats does not.
    explores: ClassVar[bool] = True
    #: A score of zero means that nothing speaks for the item: it is not recommended.
    zero_is_no_evidence: ClassVar[bool] = True
    #: Whether its purchase rows are orders in sequence (:class:`BasketHistory`) rather than counts of orders.
    reads_orders: ClassVar[bool] = False
    #: What must be known of products beside their sales: ``vectors``, or the name of an attribute; None: nothing.
    needs: ClassVar[str | None] = None

    interactions_: Interactions
    side_: ProductSide

    @abstractmethod
    def _fit(self, interactions: Interactions) -> None:
        """Learn. There is at least one purchase."""

    @abstractmethod
    def _score_rows(self, rows: csr_array) -> np.ndarray:
        """Scores, float32 (n × items), of purchase rows (n × items), seen in fitting or not."""

    def parameters(self) -> dict[str, Any]:
        """Hyper-parameters as given to ``__init__``."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def fit(self, interactions: Interactions, side: ProductSide | None = None) -> Self:
        """Learn from purchases.

        Args:
            side: what is known of products beside their sales, for a model that ``needs`` it (kept as ``side_``).

        Raises:
            NoRows: no purchase by a known customer. InvalidPlan: the model needs of products what was not handed in.
        """
        if interactions.matrix.nnz == 0:
            raise NoRows("There are no purchases by known customers to learn recommendations from")
        if self.needs is not None:
            if side is None or not side.has(self.needs):
                raise InvalidPlan("This model needs what is not known of the products", received=type(self).__name__,
                                  valid=[self.needs])
            self.side_ = side
        self.__dict__.pop("by_column_", None)
        self._fit(interactions)
        self.interactions_ = interactions
        return self

    def _fitted(self) -> Interactions:
        if not hasattr(self, "interactions_"):
            from sklearn.exceptions import NotFittedError  # loads all of scikit-learn: only when needed

            raise NotFittedError(f"{type(self).__name__} is not fitted yet; call fit(interactions) first.")
        return self.interactions_

    def rows_at(self, positions: np.ndarray) -> PurchaseRows:
        """This model's view of customers at rows of the fitted data; -1 is somebody without purchases."""
        from scipy.sparse import csr_array

        matrix, known = self._fitted().matrix, positions >= 0
        if known.all():
            return matrix[positions]
        picked = matrix[positions[known]]
        lengths = np.zeros(len(positions), dtype=np.int64)
        lengths[known] = np.diff(picked.indptr)
        pointers = np.concatenate([[0], np.cumsum(lengths)])
        return csr_array((picked.data, picked.indices, pointers), shape=(len(positions), matrix.shape[1]))

    def own_rows(self, rows: PurchaseRows) -> PurchaseRows:
        """Rows made for another model as this one reads them; counts read as orders are one order of a stranger."""
        return as_history(rows) if self.reads_orders else as_counts(rows)

    def rows_with(self, positions: np.ndarray, baskets: csr_array) -> PurchaseRows:
        """As :meth:`rows_at`, with a live basket each (positions × items) as their latest order: no refitting."""
        from scipy.sparse import csr_array

        both = csr_array(self.rows_at(positions) + baskets)
        both.sort_indices()
        return both

    def rows_of(self, user_ids: Sequence[str]) -> PurchaseRows:
        """Purchase rows of known customers.

        Raises:
            UnknownName: an id without a purchase in the fitted data.
        """
        seen = self._fitted()
        positions = seen.user_positions(user_ids)
        if (positions < 0).any():
            unknown = [str(u) for u, p in zip(user_ids, positions, strict=True) if p < 0]
            raise UnknownName("Not a customer with purchases", received=", ".join(unknown[:5]))
        return self.rows_at(positions)

    def score_items(self, user_ids: Sequence[str]) -> np.ndarray:
        """Scores of all products for each customer: float32, users × items, higher is better."""
        rows = self.rows_of(user_ids)
        return self._score_rows(rows)

    def recommend(
        self, user_ids: Sequence[str], k: int = 10, *, exclude_seen: bool | np.ndarray = True,
        candidates: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best ``k`` products of each customer.

        Args:
            exclude_seen: leave out what the customer bought; a bool array over items does so for those items only.
            candidates: bool array over items, or users × items: only these may appear.

        Returns:
            ids (users × k, object; None where fewer qualify) and scores (float32; -inf there), best first.

        Raises:
            UnknownName: an unknown customer. InvalidPlan: ``k`` below 1.
        """
        rows = self.rows_of(user_ids)
        places, scores = self.top(rows, k, exclude_seen=exclude_seen, candidates=candidates)
        ids = np.full(places.shape, None, dtype=object)
        ids[places >= 0] = self._fitted().item_ids[places[places >= 0]]
        return ids, scores

    def top(
        self, rows: PurchaseRows, k: int, *, exclude_seen: bool | np.ndarray = True,
        candidates: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`recommend`, for purchase rows (also a live basket): item positions (-1: none) and scores."""
        if k < 1:
            raise InvalidPlan("A recommendation needs k of at least one", received=k)
        places = np.full((rows.shape[0], k), -1, dtype=np.int64)
        best = np.full((rows.shape[0], k), -np.inf, dtype=np.float32)
        above = 0.0 if self.zero_is_no_evidence else -np.inf
        for part, scores in self._masked_scores(rows, exclude_seen, candidates, _TOP_CELLS):
            places[part], best[part] = top_k(scores, k, above)
        return places, best

    def ranking_scores(
        self, rows: PurchaseRows, *, exclude_seen: bool | np.ndarray = True, candidates: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Scores in blocks of rows, -inf where an item may not be recommended."""
        for part, scores in self._masked_scores(rows, exclude_seen, candidates, _BLOCK_CELLS):
            if self.zero_is_no_evidence:
                scores[scores <= 0] = -np.inf
            yield part, scores

    def _masked_scores(
        self, rows: PurchaseRows, exclude_seen: bool | np.ndarray, candidates: np.ndarray | None, cells: int
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Scores in blocks of about so many cells, -inf for what is owned or no candidate."""
        self._fitted()
        step = max(1, cells // max(rows.shape[1], 1))
        for start in range(0, rows.shape[0], step):
            part = slice(start, min(start + step, rows.shape[0]))
            block = rows[part]
            scores = self._score_rows(block)
            if scores.dtype != np.float32 or not scores.flags.writeable or scores.base is not None:
                scores = np.array(scores, dtype=np.float32)  # the model's own array, or a view of it, is left alone
            if candidates is not None:
                allowed = candidates[None, :] if candidates.ndim == 1 else candidates[part]
                scores[~np.broadcast_to(allowed, scores.shape)] = -np.inf
            _mask_seen(scores, block, exclude_seen)
            yield part, scores

    def contributions(self, row: PurchaseRows, item: int) -> np.ndarray:
        """What each owned product (``row.indices``) adds to the score of ``item``, by leaving it out.

        Linear models override this with the exact terms.
        """
        full = self._score_rows(row)[0, item]
        return full - self._score_rows(leave_one_out(row))[:, item]

    def scores_without(self, row: csr_array, position: int, scores: np.ndarray) -> np.ndarray:
        """Scores of all items after removing the owned product at ``row.indices[position]``.

        ``scores`` are those of the whole row, for models that can subtract.
        """
        keep = np.arange(row.nnz) != position
        return self._score_rows(type(row)((row.data[keep], row.indices[keep], [0, row.nnz - 1]), shape=row.shape))[0]

    def contributions_of(self, row: PurchaseRows, items: Sequence[int]) -> np.ndarray:
        """:meth:`contributions` to several items at once: owned products × items."""
        full, others = self._score_rows(row)[0, items], leave_one_out(row)
        step = max(1, _BLOCK_CELLS // max(row.shape[1], 1))
        parts = [self._score_rows(others[s : s + step])[:, items] for s in range(0, row.nnz, step)]
        return full - np.concatenate(parts) if parts else np.zeros((0, len(items)), dtype=np.float32)

    def scores_without_each(self, row: PurchaseRows, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """:meth:`scores_without` for several owned products, each removed alone: removals × items."""
        return np.asarray(self._score_rows(leave_one_out(row)[positions]))

    def usual_contributions(self, rows: PurchaseRows, seed: int = 0, draws: int = 300) -> np.ndarray:
        """What one of the products these customers own adds to each item's score, on average (items).

        Estimated by removing ``draws`` purchases drawn at random.
        """
        picked = np.random.default_rng(seed).choice(rows.nnz, min(draws, rows.nnz), replace=False)
        owner = np.searchsorted(rows.indptr, picked, side="right") - 1
        total = np.zeros(rows.shape[1])
        for user, place in zip(owner, picked, strict=True):
            row = rows[[user]]
            scores = self._score_rows(row)[0]
            total += scores - self.scores_without(row, int(place - rows.indptr[user]), scores)
        return total / max(len(picked), 1)

    def explain(self, user_id: str, item_id: str, k: int = 10) -> Reason | None:
        """A tested reason why the product is recommended, or None if no reason passes the test.

        Raises:
            UnknownName: an unknown customer or product.
        """
        from assistant.models.recommend.reasons import explain

        return explain(self, user_id, item_id, k)


class LinearItemModel(Recommender):
    """A model whose score is a weighted sum over owned products: scores = w(row) · ``item_weights_``.

    ``item_weights_`` is items × items, sparse or dense: entry (i, j) is what owning i adds to j.
    """

    item_weights_: Any

    def _user_weights(self, rows: csr_array) -> csr_array:
        """Weights of owned products, same sparsity as ``rows``."""
        return rows

    def _score_rows(self, rows: csr_array) -> np.ndarray:
        product = self._user_weights(rows) @ self.item_weights_
        return product.toarray() if hasattr(product, "toarray") else np.asarray(product)

    def contributions(self, row: csr_array, item: int) -> np.ndarray:
        column = self._columns()[:, [item]]
        column = column.toarray() if hasattr(column, "toarray") else np.asarray(column)
        return self._user_weights(row).data * column.ravel()[row.indices]

    def scores_without(self, row: csr_array, position: int, scores: np.ndarray) -> np.ndarray:
        weights = self.item_weights_[[row.indices[position]]]
        weights = weights.toarray() if hasattr(weights, "toarray") else np.asarray(weights)
        return scores - self._user_weights(row).data[position] * weights.ravel()

    def contributions_of(self, row: PurchaseRows, items: Sequence[int]) -> np.ndarray:
        block = self._columns()[:, items]
        block = block[row.indices]
        block = block.toarray() if hasattr(block, "toarray") else np.asarray(block)
        return self._user_weights(row).data[:, None] * block

    def scores_without_each(self, row: PurchaseRows, positions: np.ndarray, scores: np.ndarray) -> np.ndarray:
        block = self.item_weights_[row.indices[positions]]
        block = block.toarray() if hasattr(block, "toarray") else np.asarray(block)
        return scores[None, :] - self._user_weights(row).data[positions, None] * block

    def usual_contributions(self, rows: PurchaseRows, seed: int = 0, draws: int = 300) -> np.ndarray:
        weights = self._user_weights(rows)
        mean = np.bincount(weights.indices, weights=weights.data, minlength=rows.shape[1]) / max(weights.nnz, 1)
        return np.asarray(mean @ self.item_weights_).ravel()

    def _columns(self) -> Any:
        """The weights in a form whose columns are cheap to take."""
        weights = self.item_weights_
        if not hasattr(self, "by_column_"):
            self.by_column_ = weights.tocsc() if hasattr(weights, "tocsc") else weights
        return self.by_column_


def leave_one_out(row: PurchaseRows) -> PurchaseRows:
    """``row.nnz`` copies of a row, each without one of its products."""
    if isinstance(row, BasketHistory):
        return row.each_without(row.indices)
    n = row.nnz
    keep = ~np.eye(n, dtype=bool)
    columns = np.broadcast_to(row.indices, (n, n))[keep]
    data = np.broadcast_to(row.data, (n, n))[keep]
    pointers = np.arange(n + 1) * max(n - 1, 0)
    return type(row)((data, columns, pointers), shape=(n, row.shape[1]))


def top_k(scores: np.ndarray, k: int, above: float = -np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Positions and values of the ``k`` largest scores over ``above`` per row, best first; -1 and -inf pad."""
    n, items = scores.shape
    places = np.full((n, k), -1, dtype=np.int64)
    best = np.full((n, k), -np.inf, dtype=np.float32)
    width = min(k, items)
    if width == 0 or n == 0:
        return places, best
    row, place = _largest_of_rows(scores, width, above)
    value = scores[row, place]
    order = np.lexsort((place, -value, row))
    row, place, value = row[order], place[order], value[order]
    slot = np.arange(len(row)) - np.searchsorted(row, np.arange(n))[row]
    kept = slot < width
    row, slot = row[kept], slot[kept]
    places[row, slot], best[row, slot] = place[kept], value[kept]
    return places, best


def _largest_of_rows(scores: np.ndarray, width: int, above: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns that hold the ``width`` largest values over ``above`` of each row, and few others.

    Columns are put into groups. The ``width``-th largest of the groups' maxima is no larger than the ``width``-th
    largest value, since each of the leading groups holds one at least as large; so whatever reaches it is enough to
    look at, and the maxima are found in one pass, several times faster than a partition of all values.
    """
    n, items = scores.shape
    groups = items // _GROUP
    if groups < 2 * width:
        edge = np.partition(scores, items - width, axis=1)[:, -width]
    else:
        maxima = scores[:, :groups].copy()
        for start in range(groups, items - groups + 1, groups):
            np.maximum(maxima, scores[:, start : start + groups], out=maxima)
        rest = scores[:, items - items % groups :]
        maxima[:, : rest.shape[1]] = np.maximum(maxima[:, : rest.shape[1]], rest)
        edge = np.partition(maxima, maxima.shape[1] - width, axis=1)[:, -width]
    least = np.nextafter(scores.dtype.type(max(above, float(np.finfo(scores.dtype).min))), scores.dtype.type(np.inf))
    edge = np.maximum(edge, least)  # rows with fewer values over it: all of them
    found = np.flatnonzero((scores >= edge[:, None]).ravel())  # in two dimensions it takes five times as long
    return found // items, found % items


def _mask_seen(scores: np.ndarray, rows: PurchaseRows, exclude_seen: bool | np.ndarray) -> None:
    """Set what the customer owns to -inf, for all items or for those marked."""
    if exclude_seen is False:
        return
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    columns = rows.indices
    if exclude_seen is not True:
        wanted = np.asarray(exclude_seen)[columns]
        owner, columns = owner[wanted], columns[wanted]
    scores[owner, columns] = -np.inf
