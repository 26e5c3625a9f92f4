"""Fitting, tuning and judging one method on one fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from assistant.models.recommend.next_basket import NextBasketBlend
from assistant.models.recommend.personal_frequency import PersonalFrequency
from assistant.models.recommend.sequence_model import SequenceModel
from assistant.models.recommend.tifu_knn import TIFUKNN
from assistant.models.recommend.up_cf import UPCF
from benchmarks.recommend.metrics import hit_rate_at_k, ndcg_at_k, recall_at_k
from benchmarks.recommend.next_basket.editions import Edition, Fold, as_interactions

#: The six metrics: recall over all that was bought, nDCG whose ideal list is not cut, share of lists with a hit.
METRICS = tuple(f"{name}@{k}" for k in (10, 20) for name in ("recall", "nDCG", "PHR"))
K = 20


@dataclass(frozen=True)
class Method:
    """A model with fixed parameters, or with a grid tuned on the validation customers by recall@10."""

    name: str
    make: Callable[..., SequenceModel]
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    #: Whether the customers asked about are known by their histories when fitting (never by their next order).
    all_histories: bool = True

    def settings(self) -> list[dict[str, Any]]:
        return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]


PUBLISHED = (
    Method("TIFU-KNN, published parameters", TIFUKNN, all_histories=False),
    Method("UP-CF@r, published parameters, shrink 1000", lambda: UPCF(shrink=1000.0)),
    Method("UP-CF@r, published parameters, no shrinkage", UPCF),
)
#: Each of these has six settings to choose from.
TUNED = (
    Method("TIFU-KNN, tuned", TIFUKNN, {"alpha": (0.5, 0.7, 0.9), "neighbours": (100, 300)}, all_histories=False),
    Method("UP-CF@r, tuned", UPCF, {"recent": (1, 5, 10), "locality": (1.0, 10.0)}),
    Method("personal frequency with decay, filled", lambda **p: PersonalFrequency(filled=True, **p),
           {"decay": (1.0, 0.99, 0.97, 0.95, 0.9, 0.8)}),
    Method("blend over ten orders", NextBasketBlend,
           {"nearest": (0.0, 0.3, 0.6), "popular": (0.01, 0.02), "recent": (10,)}),
    Method("blend", NextBasketBlend, {"nearest": (0.0, 0.6), "recent": (1, 3, 10)}),
)
OURS = "blend"


def lists_of(method: Method, edition: Edition, fold: Fold, customers: np.ndarray, **setting: Any) -> np.ndarray:
    """Lists of some customers, best first: customers × K. Nothing is hidden."""
    history = edition.history
    if method.all_histories:
        model = method.make(**setting).fit(as_interactions(history))
        return model.top(model.rows_at(customers), K, exclude_seen=False)[0]
    model = method.make(**setting).fit(as_interactions(history.take(np.sort(fold.train))))
    asked = history.take(customers)
    known = np.isin(customers, fold.train)  # the fixed keyset trains on the histories of those it asks about
    asked = asked if known.any() else asked.strangers()
    return model.top(asked, K, exclude_seen=False)[0]


def tuned(method: Method, edition: Edition, fold: Fold) -> dict[str, Any]:
    """The setting with the highest recall@10 on the validation customers."""
    settings = method.settings()
    if len(settings) == 1:
        return settings[0]
    truth = [edition.truth[u] for u in fold.validation]
    quality = [recall_at_k(lists_of(method, edition, fold, fold.validation, **s)[:, :10], truth).mean()
               for s in settings]
    return settings[int(np.argmax(quality))]


def six(places: np.ndarray, truth: Sequence[np.ndarray]) -> np.ndarray:
    """The six metrics, means over customers."""
    return np.array([
        value.mean() for k in (10, 20) for value in (
            recall_at_k(places[:, :k], truth), ndcg_at_k(places[:, :k], truth, "all"),
            hit_rate_at_k(places[:, :k], truth))
    ])


def repeat_and_explore(edition: Edition, customers: np.ndarray, places: np.ndarray) -> tuple[float, float, float]:
    """Share of the first ten that the customer had bought; recall@10 of what was bought before, and of what was new.

    Recalls are means over customers whose next order holds anything of that kind.
    """
    counts = edition.history.counts
    owned = [counts.indices[counts.indptr[u] : counts.indptr[u + 1]] for u in customers]
    share = float(np.mean([np.isin(row, own).mean() for row, own in zip(places[:, :10], owned, strict=True)]))
    recalls = []
    for invert in (False, True):
        part = [t[np.isin(t, own, invert=invert)]
                for t, own in zip((edition.truth[u] for u in customers), owned, strict=True)]
        some = [i for i, t in enumerate(part) if len(t)]
        recalls.append(float(recall_at_k(places[some, :10], [part[i] for i in some]).mean()))
    return share, recalls[0], recalls[1]
