"""Home Depot's queries: how well the products that people judged are ranked, and found in the whole catalogue."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assistant.retrieval.catalogue import Product
from assistant.retrieval.lexical import LexicalIndex, words
from assistant.retrieval.search import LEXICAL_SHARES, mixed
from benchmarks.report import Row
from benchmarks.shared_data import data_set

SEED, TUNING_QUERIES, K, RESAMPLES, SHUFFLES = 7, 800, 10, 2_000, 20
#: Highest grade: every rater called the product a perfect match.
PERFECT = 2.995
BM25_GRID = [(k1, b) for k1 in (0.2, 0.5, 0.9, 1.5) for b in (0.25, 0.5, 0.75, 0.9)]
SHARE_GRID = [((10_000, s),) for s in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9)] + [
    ((2, a), (4, b), (10_000, c)) for a, b, c in (
        (0.5, 0.55, 0.6), (0.5, 0.6, 0.7), (0.55, 0.6, 0.75), (0.5, 0.65, 0.8), (0.65, 0.7, 0.8), (0.7, 0.6, 0.5))
]
Scorer = Callable[[str, int], NDArray[np.floating]]
"""Query text and its row → a score for every product."""


@dataclass(frozen=True)
class Judged:
    """The data set: products, queries, and per query the rows and grades (1–3) of its judged products."""

    names: list[str]
    queries: list[str]
    rows: list[NDArray[np.int64]]
    grades: list[NDArray[np.float64]]

    def part(self, held_out: bool) -> list[int]:
        """Queries of one half, split by the parity of the SHA-256 of their text."""
        return [i for i, q in enumerate(self.queries)
                if int(hashlib.sha256(q.encode()).hexdigest()[:8], 16) % 2 == held_out]


def read() -> Judged:
    """Titles of all products, and every query with its judged products."""
    with zipfile.ZipFile(data_set("search_relevance", "home_depot_train.csv.zip")) as packed:
        name = next(n for n in packed.namelist() if n.endswith(".csv"))
        frame = pd.read_csv(io.BytesIO(packed.read(name)), encoding="latin-1")
    products = frame.drop_duplicates("product_uid").sort_values("product_uid")
    place = {uid: i for i, uid in enumerate(products["product_uid"])}
    groups = {str(q): g for q, g in frame.groupby("search_term")}
    queries = sorted(groups)
    return Judged(
        [str(t) for t in products["product_title"]], queries,
        [np.array([place[u] for u in groups[q]["product_uid"]]) for q in queries],
        [groups[q]["relevance"].to_numpy(dtype=float) for q in queries],
    )


def ndcg(scores: NDArray[np.floating], grades: NDArray[np.float64]) -> float:
    """nDCG@10 with gain 2^grade − 1 and the ideal cut at 10; ties in catalogue order."""
    discount = 1 / np.log2(np.arange(2, K + 2))
    gain = 2.0**grades - 1
    best = np.sort(gain)[::-1][:K]
    order = np.lexsort((np.arange(len(scores)), -scores))[:K]
    return float((gain[order] * discount[: len(order)]).sum() / (best * discount[: len(best)]).sum())


def recall(scores: NDArray[np.floating], wanted: NDArray[np.int64]) -> float:
    """Share of the wanted rows among the ten best of the whole catalogue."""
    near = np.argpartition(-scores, 3 * K)[: 3 * K]
    top = near[np.lexsort((near, -scores[near]))][:K]
    return len(set(top[scores[top] > 0]) & set(wanted)) / len(wanted)


def measure(data: Judged, queries: Sequence[int], scorer: Scorer) -> NDArray[np.float64]:
    """[2, n]: nDCG@10 of the judged list (NaN where only one product was judged), recall@10 of perfect matches (NaN
    where there is none)."""
    out = np.full((2, len(queries)), np.nan)
    for j, i in enumerate(queries):
        scores = scorer(data.queries[i], i)
        if len(data.rows[i]) > 1:
            out[0, j] = ndcg(scores[data.rows[i]], data.grades[i])
        perfect = data.rows[i][data.grades[i] >= PERFECT]
        if len(perfect):
            out[1, j] = recall(scores, perfect)
    return out


def at_random(data: Judged, queries: Sequence[int]) -> NDArray[np.float64]:
    """nDCG@10 of each judged list in random order, mean of 20 shuffles."""
    rng = np.random.default_rng(SEED)
    return np.array([
        np.mean([ndcg(rng.random(len(data.rows[i])), data.grades[i]) for _ in range(SHUFFLES)])
        if len(data.rows[i]) > 1 else np.nan for i in queries])


def interval(one: NDArray[np.float64], other: NDArray[np.float64]) -> str:
    """Mean paired difference with its 95 % bootstrap interval over queries."""
    difference = (one - other)[~np.isnan(one - other)]
    rng = np.random.default_rng(SEED)
    means = [difference[rng.integers(0, len(difference), len(difference))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{difference.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


class Bm25:
    """bm25s over the titles (its own tokens, or ours) with given k1 and b."""

    def __init__(self, names: Sequence[str], ours: bool) -> None:
        self._tokens = (lambda text: words(text) or [""]) if ours else _plain
        self._corpus = [self._tokens(name) for name in names]
        self._index: Any = None

    def fit(self, k1: float, b: float) -> Bm25:
        import bm25s

        self._index = bm25s.BM25(k1=k1, b=b)
        self._index.index(self._corpus, show_progress=False)
        return self

    def __call__(self, query: str, _: int) -> NDArray[np.floating]:
        held = [token for token in self._tokens(query) if token and token in self._index.vocab_dict]
        if not held:
            return np.zeros(len(self._corpus))
        return self._index.get_scores(held)  # type: ignore[no-any-return]


def _plain(text: str) -> list[str]:
    """bm25s' default tokens with its English stop words."""
    import bm25s

    return bm25s.tokenize([text], stopwords="en", return_ids=False, show_progress=False)[0] or [""]


class Ours:
    """Words and meaning as the program mixes them; readings and scores by words are kept between trials."""

    def __init__(self, data: Judged, vectors: NDArray[np.float32], asked: NDArray[np.float32],
                 known: frozenset[str]) -> None:
        self.index = LexicalIndex([Product(str(i), name) for i, name in enumerate(data.names)], known)
        self.vectors, self.asked = vectors, asked
        self.shares: Sequence[tuple[int, float]] = LEXICAL_SHARES

    def meaning(self, _: str, row: int) -> NDArray[np.floating]:
        return self.vectors @ self.asked[row]

    def words(self, query: str, _: int) -> NDArray[np.floating]:
        return self.index.scores(self.index.read(query))

    def __call__(self, query: str, row: int) -> NDArray[np.floating]:
        reading = self.index.read(query)
        return mixed(self.index.scores(reading), self.meaning(query, row), len(reading.terms), self.shares)


def _value(measured: NDArray[np.float64]) -> float:
    """What trials are chosen by: the mean of both measures."""
    return float(np.nanmean(measured[0]) + np.nanmean(measured[1]))


def tuned(data: Judged, ours: Ours, peers: dict[str, Bm25]) -> list[str]:
    """Choose every ranker's settings on tuning queries, sixteen trials each; returns what was tried."""
    part = data.part(held_out=False)
    sample = sorted(np.random.default_rng(SEED).choice(part, TUNING_QUERIES, replace=False).tolist())
    notes = []
    for name, peer in peers.items():
        values = [_value(measure(data, sample, peer.fit(*trial))) for trial in BM25_GRID]
        best = BM25_GRID[int(np.argmax(values))]
        peer.fit(*best)
        notes.append(f"{name}: {len(BM25_GRID)} trials of k1 × b in {BM25_GRID[0]}…{BM25_GRID[-1]}, "
                     f"values {min(values):.4f}–{max(values):.4f}, chosen k1, b = {best}.")
    kept = {}
    for i in sample:
        reading = ours.index.read(data.queries[i])
        kept[i] = (ours.index.scores(reading).astype(np.float32), len(reading.terms))
    values = []
    for shares in SHARE_GRID:
        def scorer(query: str, i: int, shares: Sequence[tuple[int, float]] = shares) -> NDArray[np.floating]:
            return mixed(kept[i][0], ours.meaning(query, i), kept[i][1], shares)

        values.append(_value(measure(data, sample, scorer)))
    best_shares = SHARE_GRID[int(np.argmax(values))]
    ours.shares = best_shares
    shown = "; ".join(f"{'/'.join(str(s) for _, s in g)} {v:.4f}" for g, v in zip(SHARE_GRID, values, strict=True))
    notes.append(f"ours: {len(SHARE_GRID)} trials of the share of words (one for all, or for ≤2 / ≤4 / more words): "
                 f"{shown}. Chosen {best_shares}; the program's own {LEXICAL_SHARES}.")
    return notes


def rows(data: Judged, ours: Ours) -> tuple[list[Row], list[str]]:
    """Every ranker on the held-out half, once."""
    peers = {"BM25 (bm25s)": Bm25(data.names, ours=False), "BM25 (bm25s, our words)": Bm25(data.names, ours=True)}
    notes = tuned(data, ours, peers)
    held = data.part(held_out=True)
    ours.shares = LEXICAL_SHARES
    random = at_random(data, held)
    mine = measure(data, held, ours)
    others = {name: measure(data, held, peer) for name, peer in peers.items()}
    others |= {"embedding alone": measure(data, held, ours.meaning), "our words alone": measure(data, held, ours.words)}
    out = [Row("nDCG@10 of judged lists, random order (queries with ≥ 2 judged)", f"{np.nanmean(random):.4f}",
               bar="≈ 0.918 over all queries")]
    out[0] = Row("nDCG@10 of judged lists in random order: queries with ≥ 2 judged / all queries",
                 f"{np.nanmean(random):.4f} / {np.nanmean(np.nan_to_num(random, nan=1.0)):.4f}",
                 bar="≈ .918 for all, as expected of this data")
    gain = np.nanmean(mine[0]) - np.nanmean(random)
    bm = others["BM25 (bm25s)"]
    for k, label in ((0, "nDCG@10 of judged lists"), (1, "recall@10 of perfect matches, 54,667 products")):
        beaten = all(interval(mine[k], o[k]).split("[")[1].startswith("+") for n, o in others.items()
                     if n != "our words alone")
        out.append(Row(label, f"{np.nanmean(mine[k]):.4f}",
                       baseline=f"embedding {np.nanmean(others['embedding alone'][k]):.4f}",
                       peer=f"BM25 {np.nanmean(bm[k]):.4f}", bar="above both, interval above 0", met=bool(beaten)))
        for name, other in others.items():
            out.append(Row(f"{label}: ours − {name}", interval(mine[k], other[k]), peer=f"{np.nanmean(other[k]):.4f}"))
    out.append(Row("nDCG@10 gain over random order: ours / embedding / BM25",
                   f"{gain:.4f} / {np.nanmean(others['embedding alone'][0]) - np.nanmean(random):.4f} / "
                   f"{np.nanmean(bm[0]) - np.nanmean(random):.4f}"))
    judged, found = int((~np.isnan(mine[0])).sum()), int((~np.isnan(mine[1])).sum())
    notes.append(f"Held out: {len(held):,} queries ({judged:,} with ≥ 2 judged, {found:,} with a perfect match); "
                 f"tuning: {TUNING_QUERIES:,} of the other {len(data.queries) - len(held):,}. nDCG: gain 2^grade − 1, "
                 "ideal cut at 10. Intervals: 2,000 paired resamples of queries.")
    return out, notes
