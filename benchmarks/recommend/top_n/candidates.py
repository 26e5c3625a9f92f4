"""The rows of the comparison: each with the same number of settings to choose from on the validation slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.features.interactions import Interactions
from assistant.models.recommend.als import ALS
from assistant.models.recommend.bpr import BPR
from assistant.models.recommend.ease import EASE
from assistant.models.recommend.item_knn import ItemKNN
from assistant.models.recommend.popularity import Popularity
from assistant.models.recommend.user_knn import UserKNN

#: Settings tried per row that has any.
BUDGET = 6
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A row: its name, whose it is (``ours``, ``baseline``, ``peer``), how it is made, and the settings tried."""

    name: str
    side: str
    make: Callable[..., Any]
    grid: Sequence[Settings] = ({},)


class Peer:
    """A model of *implicit* behind ``fit`` and ``top``; its threads are those of the whole run."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, interactions: Interactions) -> Peer:
        from scipy.sparse import csr_matrix

        self.matrix = csr_matrix(interactions.matrix)
        self.model.fit(self.matrix, show_progress=False)
        return self

    def top_of(self, rows: np.ndarray, k: int) -> np.ndarray:
        places, _ = self.model.recommend(rows, self.matrix[rows], N=k, filter_already_liked_items=True)
        return np.asarray(places)


def peer(path: str) -> Callable[..., Peer]:
    """A maker of an *implicit* model named ``module:class``."""
    from importlib import import_module

    module, _, name = path.partition(":")
    return lambda **settings: Peer(getattr(import_module(f"implicit.{module}"), name)(**settings))


def lists(model: Any, train: Interactions, rows: np.ndarray, k: int) -> np.ndarray:
    """Places (rows × k) of any candidate's fitted model, with what was seen left out."""
    if isinstance(model, Peer):
        return model.top_of(rows, k)
    return model.top(train.matrix[rows], k)[0]


def _grid(**values: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations."""
    found: list[dict[str, Any]] = [{}]
    for name, options in values.items():
        found = [{**one, name: option} for one in found for option in options]
    return found


def _pairs(names: tuple[str, ...], *options: tuple[Any, ...], **fixed: Any) -> list[dict[str, Any]]:
    return [dict(zip(names, option, strict=True), **fixed) for option in options]


def candidates() -> list[Candidate]:
    """All rows, ours, the naive baseline and the peers."""
    neighbours = (50, 100, 200)
    fixed = {"iterations": 15, "random_state": 0, "num_threads": 2}
    rows = [
        Candidate("popularity", "baseline", Popularity),
        Candidate("item kNN, cosine", "ours", ItemKNN, _grid(neighbours=(100, 200, 400), shrink=(0.0, 10.0))),
        Candidate("item kNN, BM25", "ours", ItemKNN, _grid(weighting=("bm25",), neighbours=(100, 200, 400),
                                                           shrink=(0.0, 10.0))),
        Candidate("item kNN, Pearson", "ours", ItemKNN, _grid(weighting=("pearson",), neighbours=(20, 50, 100),
                                                              shrink=(10.0, 50.0))),
        Candidate("user kNN, cosine", "ours", UserKNN, _grid(neighbours=neighbours, asymmetry=(0.4, 0.5))),
        Candidate("user kNN, BM25", "ours", UserKNN, _grid(weighting=("bm25",), neighbours=neighbours,
                                                           power=(1.0, 2.0))),
        Candidate("user kNN, Pearson", "ours", UserKNN, _grid(weighting=("pearson",), neighbours=neighbours,
                                                              power=(1.0, 3.0))),
        Candidate("EASE", "ours", EASE, _grid(l2=(100.0, 200.0, 300.0, 500.0, 700.0, 1000.0))),
        Candidate("iALS", "ours", ALS, _pairs(
            ("unobserved_weight", "regularisation"),
            (0.1, 0.02), (0.1, 0.03), (0.15, 0.02), (0.2, 0.015), (0.2, 0.02), (0.3, 0.015))),
        Candidate("BPR", "ours", BPR, _grid(rate=(0.05, 0.1), fold_penalty=(0.03, 0.1, 0.3))),
        Candidate("implicit cosine", "peer", peer("nearest_neighbours:CosineRecommender"),
                  _grid(K=(20, 50, 100, 200, 400, 800))),
        Candidate("implicit TF-IDF", "peer", peer("nearest_neighbours:TFIDFRecommender"),
                  _grid(K=(20, 50, 100, 200, 400, 800))),
        Candidate("implicit BM25", "peer", peer("nearest_neighbours:BM25Recommender"), _pairs(
            ("K", "K1", "B"), (50, 1.2, 0.2), (100, 1.2, 0.2), (200, 1.2, 0.2), (400, 1.2, 0.75), (200, 0.5, 0.75),
            (400, 0.5, 0.2))),
        Candidate("implicit ALS", "peer", peer("als:AlternatingLeastSquares"), _pairs(
            ("factors", "regularization"), (12, 0.01), (16, 0.01), (16, 10.0), (24, 10.0), (32, 10.0), (32, 30.0),
            **fixed)),
        Candidate("implicit BPR", "peer", peer("bpr:BayesianPersonalizedRanking"), _pairs(
            ("learning_rate", "regularization", "iterations"), (0.01, 0.01, 50), (0.01, 0.05, 50), (0.01, 0.01, 100),
            (0.01, 0.05, 100), (0.02, 0.05, 50), (0.05, 0.05, 50), factors=63, random_state=0, num_threads=2)),
    ]
    for row in rows:
        if len(row.grid) not in {1, BUDGET}:
            raise ValueError(f"{row.name} tries {len(row.grid)} settings, not {BUDGET}")
    return rows
