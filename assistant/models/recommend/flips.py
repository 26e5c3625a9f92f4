""""What would it take?": the smallest changes that bring a product into a customer's list, each tested by running the
model.

Four kinds of change are tried: filters of the list dropped, one purchase more, purchases taken away, a longer list. A
purchase more is looked for among the products that share most buyers with the product asked about. Purchases taken away
are found greedily, at each step the one whose removal lifts the product most; of one product that is the smallest set
there is, of several it is the smallest that was found. Models that are explained by ablation may know the customer from
fitting, and leave them aside only while one product is missing: of those, one purchase is taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any

import numpy as np

from assistant.models.recommend.ablation import Ablated
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.one_customer import OneCustomer, ranks_of
from assistant.results import Column, Table

#: Products whose purchase is tried.
_PURCHASES = 60
#: Purchases taken away at most.
_REMOVALS = 3
#: Removals tried at each step: for longer histories those that speak most for the products shown.
_TRIED = 300
#: A filter is off at this value; at None where it is not named.
_OFF: dict[str, Any] = {
    "in_stock_only": False, "exclude_categories": (), "exclude_words": (), "exclude_products": (),
    "also_unbought": False, "also_gone": False,
}
_WORDS = {
    "in_stock_only": "products out of stock are offered as well", "category": "the list is not limited to one category",
    "max_price": "the price limit is dropped", "min_price": "the lowest price is dropped",
    "min_margin": "the margin floor is dropped", "exclude_categories": "no category is left out",
    "exclude_words": "no word is left out", "exclude_products": "no product is left out by hand",
}


@dataclass(frozen=True)
class Flip:
    """A change, the products it is about (columns), and the rank it gives."""

    kind: str  # filter · purchase · removal · longer_list
    words: str
    changes: int
    rank: int | None
    products: tuple[int, ...] = ()


def flips_of(one: OneCustomer, item: int, k: int) -> list[Flip]:
    """Changes after which the product is in the list of ``k``, fewest changes first; empty where none was found.

    A filter change that is needed but does not suffice is not a flip; the others are then tried under it.
    """
    freed = _freed(one, item)
    if freed is None:
        return []
    opened, dropped = freed
    rank = opened.rank(item)
    if dropped and rank is not None and rank <= k:
        return [Flip("filter", " and ".join(dropped), len(dropped), rank)]
    found: list[Flip] = []
    if one.model.personal and rank is not None and rank > k or rank is None and one.model.personal:
        found += [*_purchase(opened, item, k), *_removals(opened, item, k)]
    found += _narrower(one, item, k) if not dropped else []
    if rank is not None and rank > k:
        found.append(Flip("longer_list", "the list is longer", 1, rank))
    with_filters = [replace(f, words=" and ".join([*dropped, f.words]), changes=f.changes + len(dropped))
                    for f in found]
    order = {"filter": 0, "purchase": 1, "removal": 2, "longer_list": 3}
    return sorted(with_filters, key=lambda f: (f.kind == "longer_list", f.changes, order[f.kind]))


def _freed(one: OneCustomer, item: int) -> tuple[OneCustomer, list[str]] | None:
    """The customer under the fewest changes of filters that let the product in, and these in words; None: no filter
    keeps it out, a fact does (not on sale, never sold …).
    """
    row = int(one.fitted.catalogue.rows[item])
    facts = []
    if item in one.owned and one.hidden[item]:
        facts.append("products bought before are shown again")
    if one.returned[item]:
        facts.append("products sent back are shown again")
    for filters, dropped in _fewer(one.filters):
        if one.fitted.catalogue.rules(filters)[row] is None:
            return one.under(filters, also=item if facts else None), [*dropped, *facts]
    return None


def _fewer(filters: ProductFilters) -> Iterator[tuple[ProductFilters, list[str]]]:
    """The filters with none, one, two … of them off."""
    active = [f.name for f in fields(filters) if getattr(filters, f.name) != _OFF.get(f.name)]
    for size in range(len(active) + 1):
        for names in combinations(active, size):
            off = {name: _OFF.get(name) for name in names}
            yield replace(filters, **off), [_WORDS.get(n, f"the limit on {n.replace('_', ' ')} is dropped")
                                            for n in names]


def _narrower(one: OneCustomer, item: int, k: int) -> list[Flip]:
    """A list only of the product's own category."""
    category = one.fitted.catalogue.frame["category"].iloc[int(one.fitted.catalogue.rows[item])]
    if one.filters.category is not None or not isinstance(category, str) or not one.fitted.catalogue.has_category:
        return []
    rank = one.under(replace(one.filters, category=category)).rank(item)
    if rank is None or rank > k:
        return []
    return [Flip("filter", f"the list holds only products of {category}", 1, rank)]


def _purchase(one: OneCustomer, item: int, k: int) -> list[Flip]:
    """One more product bought: the one that lifts the product highest."""
    matrix = one.fitted.interactions.matrix
    buyers = np.bincount(matrix.indices, minlength=matrix.shape[1])
    whose = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[matrix.indices == item]
    together = np.bincount(matrix[whose].indices, minlength=matrix.shape[1]) / np.sqrt(np.maximum(buyers, 1))
    together[one.owned] = 0
    together[item] = 0
    likely = np.argsort(-together, kind="stable")[:_PURCHASES]
    likely = likely[together[likely] > 0]
    if len(likely) == 0:
        return []
    ranks = ranks_of(one.scores(one.with_products(likely)), item)
    place, best = min(((int(p), r) for p, r in zip(likely, ranks, strict=True) if r is not None),
                      key=lambda pair: pair[1], default=(-1, k + 1))
    return [Flip("purchase", "the customer buys", 1, best, (place,))] if best <= k else []


def _removals(one: OneCustomer, item: int, k: int) -> list[Flip]:
    """Purchases without which the product would be in the list."""
    taken: list[int] = []
    row, candidates = one.row, one.candidates
    for _ in range(1 if isinstance(one.model, Ablated) else _REMOVALS):
        positions = _worth_removing(one, row, k, item)
        if len(positions) == 0:
            return []
        scores = np.array(one.model.scores_without_each(row, positions, one.model._score_rows(row)[0]))
        if one.model.zero_is_no_evidence:
            scores[scores <= 1e-9] = -np.inf
        scores[:, ~candidates] = -np.inf
        scores[:, one.owned[one.hidden[one.owned]]] = -np.inf
        ranks = [np.inf if r is None else r for r in ranks_of(scores, item)]
        best = int(np.argmin(ranks))
        if not np.isfinite(ranks[best]):
            return []
        taken.append(int(np.asarray(row.indices)[positions[best]]))
        if ranks[best] <= k:
            return [Flip("removal", "the customer had not bought", len(taken), int(ranks[best]), tuple(taken))]
        row = without_product(row, int(np.asarray(row.indices)[positions[best]]))
    return []


def _worth_removing(one: OneCustomer, row: Any, k: int, item: int) -> np.ndarray:
    """Positions in the row to try: all, or those that add most to the products shown, less what they add to this."""
    if row.nnz <= _TRIED:
        return np.arange(row.nnz) if row.nnz > 1 else np.array([], dtype=np.int64)
    shown, _ = one.model.top(row, k, exclude_seen=one.hidden, candidates=one.candidates)
    items = [int(p) for p in shown[0] if p >= 0]
    adds = one.model.contributions_of(row, [*items, item])
    return np.sort(np.argsort(adds[:, -1] - adds[:, :-1].sum(axis=1), kind="stable")[:_TRIED])


def without_product(row: Any, item: int) -> Any:
    """One customer's purchases as if a product had never been bought."""
    if hasattr(row, "without"):
        return row.without(item)
    kept = row.indices != item
    return type(row)((row.data[kept], row.indices[kept], [0, int(kept.sum())]), shape=row.shape)


def flips_table(one: OneCustomer, item: int, k: int) -> Table:
    """:func:`flips_of` as table ``flips``, the smallest change first."""
    frame, catalogue = one.fitted.catalogue.frame, one.fitted.catalogue
    rows: list[list[Any]] = []
    for flip in flips_of(one, item, k):
        names = [str(frame["name"].iloc[int(catalogue.rows[p])]) for p in flip.products]
        rows.append([flip.kind, flip.words, " and ".join(names) or None,
                     ", ".join(str(one.fitted.interactions.item_ids[p]) for p in flip.products) or None,
                     flip.changes, flip.rank])
    return Table(
        id="flips", title="What would bring it into the list, tested by running the model", rows=rows,
        total_rows=len(rows), columns=[
            Column(name="kind", label="Kind"), Column(name="change", label="Change"),
            Column(name="products", label="Products"), Column(name="product_ids", label="Product ids"),
            Column(name="changes", label="Changes needed", unit="count"),
            Column(name="rank", label="Its place then", unit="count")])
