"""Judges of groups of products that know nothing of how the groups were made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score


def purity(truth: Sequence[str], groups: Sequence[object]) -> float:
    """Share of products whose group's commonest true category is theirs."""
    _, t = np.unique(np.asarray(truth, dtype=str), return_inverse=True)
    _, g = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    table = np.zeros((g.max() + 1, t.max() + 1))
    np.add.at(table, (g, t), 1)
    return float(table.max(axis=1).sum() / len(t))


def adjusted_rand(truth: Sequence[str], groups: Sequence[object]) -> float:
    """Adjusted Rand index: 0 by chance, 1 for the same groups (Hubert & Arabie 1985, *Journal of Classification* 2)."""
    return float(adjusted_rand_score(np.asarray(truth, dtype=str), np.asarray(groups, dtype=str)))


def lift_within(baskets: sparse.csr_matrix, groups: np.ndarray) -> float:
    """Pairs of products in one basket that are of one group, over what independent draws by sales would give.

    Args:
        baskets: [orders, products] zeros and ones.
        groups: [products] group number.
    """
    pairs = (baskets.T @ baskets).tocoo()
    upper = pairs.row < pairs.col
    same = groups[pairs.row[upper]] == groups[pairs.col[upper]]
    weight = pairs.data[upper]
    sold = np.asarray(baskets.sum(axis=0)).ravel()
    of_group = np.bincount(groups, weights=sold)
    chance = ((of_group ** 2).sum() - (sold ** 2).sum()) / (sold.sum() ** 2 - (sold ** 2).sum())
    return float(weight[same].sum() / weight.sum() / chance)


def intruder_found(names: Sequence[str], groups: np.ndarray, draws: int = 5_000, seed: int = 0) -> float:
    """How often, of five products of a group and one of another, the other is the least alike by spelling.

    After Chang et al. (2009), "Reading tea leaves", *NIPS* 22, with character 3–5-grams as the judge; chance is 1/6.
    """
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True)
    vectors = grams.fit_transform([n.lower() for n in names])
    rng = np.random.default_rng(seed)
    inside = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    inside = [rows for rows in inside if len(rows) >= 6]
    hits = 0.0
    for _ in range(draws):
        rows = inside[rng.integers(len(inside))]
        five = rng.choice(rows, 5, replace=False)
        other = rng.integers(len(groups))
        while groups[other] == groups[five[0]]:
            other = rng.integers(len(groups))
        six = vectors[np.append(five, other)]
        alike = (six @ six.T).toarray()
        np.fill_diagonal(alike, 0)
        least = np.flatnonzero(alike.sum(axis=1) == alike.sum(axis=1).min())
        hits += (5 in least) / len(least)
    return hits / draws
