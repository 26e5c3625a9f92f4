"""From a ranking to a list: at most so many per category, one per variant, and more variety at a stated cost.

Variety is maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): the next product is the one with the largest
(1 − d) · relevance − d · (greatest likeness to a product already in the list). Relevance is the score brought to 0–1
over the products that are looked at; likeness is the cosine of the TF-IDF words of name, category and subcategory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from assistant.models.recommend.variants import stem_of, variant_groups
from assistant.plans.list_rules import ListRules

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

#: Places of the ranking looked at for a list of k: enough that caps leave k products, few enough for speed.
_DEEP, _AT_LEAST = 20, 100


@dataclass(frozen=True)
class Shape:
    """What a list may hold beside single products' rules. All off by default."""

    max_per_category: int | None = None
    one_per_variant: bool = False
    diversity: float = 0.0

    @classmethod
    def of(cls, request: ListRules) -> Shape:
        return cls(request.max_per_category, request.one_per_variant, request.diversity)

    def __bool__(self) -> bool:
        return self.max_per_category is not None or self.one_per_variant or self.diversity > 0

    def depth(self, k: int, n_items: int) -> int:
        """Places of the ranking to look at."""
        return min(max(_DEEP * k, _AT_LEAST), n_items) if self else k


@dataclass(frozen=True, eq=False)
class Kinds:
    """What of each product a shape looks at, aligned with the columns of a matrix.

    Attributes:
        names: frame with ``name``, ``category``, ``subcategory``, ``brand``, ``parent`` as far as known.
    """

    names: pd.DataFrame

    @cached_property
    def category(self) -> np.ndarray:
        """Number of each product's category; products without one have each their own."""
        codes = self.names["category"].astype("category").cat.codes.to_numpy().astype(np.int64)
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
        return codes

    @cached_property
    def variant(self) -> np.ndarray:
        return variant_groups(self.names)

    @cached_property
    def texts(self) -> csr_array:
        """TF-IDF of the words of name (without colours and sizes), category and subcategory; rows of length 1."""
        from scipy.sparse import csr_array

        bags = []
        for name, *where in self.names[["name", "category", "subcategory"]].itertuples(index=False):
            own = [f"{place}:{value}" for place, value in enumerate(where) if isinstance(value, str)]
            bags.append([*stem_of(str(name)), *own])
        words = {word: i for i, word in enumerate(sorted({w for bag in bags for w in bag}))}
        rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
        columns = np.array([words[w] for bag in bags for w in bag], dtype=np.int64)
        counts = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(bags), max(len(words), 1)))
        counts.sum_duplicates()
        rarity = np.log((1 + len(bags)) / (1 + np.bincount(counts.indices, minlength=counts.shape[1]))) + 1
        counts.data = counts.data * rarity[counts.indices]
        lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
        counts.data = counts.data / np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(counts.indptr))
        return counts


def shaped(shape: Shape, kinds: Kinds, places: np.ndarray, scores: np.ndarray, k: int) -> np.ndarray:
    """Which of the ranked places make the list.

    Args:
        places: customers × depth, products by rank, -1 where there is none.
        scores: aligned; NaN or -inf counts as no relevance.

    Returns:
        customers × k: indices into the depth axis, in the order of the list; -1 where no further product fits.
    """
    users, depth = places.shape
    safe = np.maximum(places, 0)
    relevance = _relevance(scores)
    open_ = places >= 0
    chosen = np.full((users, k), -1, dtype=np.int64)
    likeness = np.zeros((users, depth))
    used = np.zeros((users, depth), dtype=np.int64)  # products of the same category already in the list
    rows = np.arange(users)
    for slot in range(k):
        value = np.where(open_, (1 - shape.diversity) * relevance - shape.diversity * likeness, -np.inf)
        best = value.argmax(axis=1)
        found = open_[rows, best]
        chosen[found, slot] = best[found]
        if not found.any():
            break
        open_[rows[found], best[found]] = False
        taken = safe[rows, best]
        if shape.one_per_variant:
            open_ &= ~(found[:, None] & (kinds.variant[safe] == kinds.variant[taken][:, None]))
        if shape.max_per_category is not None:
            used += found[:, None] & (kinds.category[safe] == kinds.category[taken][:, None])
            open_ &= used < shape.max_per_category
        if shape.diversity > 0:
            likeness = np.maximum(likeness, _likeness(kinds.texts, safe, taken))
    return chosen


def _relevance(scores: np.ndarray) -> np.ndarray:
    """Scores brought to 0–1 within each row; without a score 0. Ties keep their order by a vanishing step."""
    known = np.isfinite(scores)
    filled = np.where(known, scores, np.inf)
    low = filled.min(axis=1, keepdims=True)
    low = np.where(np.isfinite(low), low, 0.0)
    above = np.where(known, scores - low, 0.0)
    top = above.max(axis=1, keepdims=True)
    step = 1e-9 * np.arange(scores.shape[1])[None, :]
    return above / np.where(top > 0, top, 1.0) - step


def _likeness(texts: csr_array, places: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Cosine of every place with the product just taken, customers × depth."""
    users, depth = places.shape
    pool = texts[places.ravel()]
    other = texts[np.repeat(taken, depth)]
    return np.asarray(pool.multiply(other).sum(axis=1)).reshape(users, depth)


def score_kept(places: np.ndarray, scores: np.ndarray, chosen: np.ndarray) -> float:
    """Share of the score of the plain lists that the shaped lists keep, over all customers; NaN without scores."""
    k = chosen.shape[1]
    known = np.where(np.isfinite(scores) & (places >= 0), scores, 0.0)
    plain = known[:, :k].sum()
    kept = np.where(chosen >= 0, np.take_along_axis(known, np.maximum(chosen, 0), axis=1), 0.0).sum()
    return float(kept / plain) if plain > 0 else float("nan")
