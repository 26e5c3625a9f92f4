"""Two recommenders side by side on the shop's own test weeks: who found more, and how different their lists are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from assistant.errors import NoRows
from assistant.models.recommend.exam import EVALUATED_K, Trial
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.list_measures import Difference, paired_difference


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models on the same customers and weeks, lists of ``k``.

    Attributes:
        first, second: each by itself (recall, nDCG, coverage, Gini, diversity, novelty, time to fit).
        recall, ndcg: paired differences, first less second, with 95 % intervals.
        overlap: mean share of places that both lists fill with the same product (0–1 of ``k``).
        same_first: share of customers whose first product is the same (0–1).
        first_day, last_day: the test weeks. users: customers compared.
    """

    first: Trial
    second: Trial
    recall: Difference
    ndcg: Difference
    overlap: float
    same_first: float
    first_day: date
    last_day: date
    users: int
    k: int = EVALUATED_K

    @property
    def better(self) -> Trial | None:
        """The one with the clearly higher nDCG (interval beside zero), or None."""
        if self.ndcg.low > 0:
            return self.first
        return self.second if self.ndcg.high < 0 else None


def compare(fitted: FittedRecommender, first: str, second: str) -> Comparison:
    """Compare two models, each named by its family or by its registered name.

    The weeks are those kept for the test, which had no say in the choice; a model not measured yet is measured now.

    Raises:
        InvalidPlan: no such model. NoRows: too few customers bought again to measure anything.
    """
    one, two = fitted.trial(first), fitted.trial(second)
    stretch = fitted.choice.stretch
    if one is None or two is None or stretch is None:
        raise NoRows("Too few customers bought again in the last weeks to compare two recommenders",
                     received=f"{first}, {second}")
    exam = stretch.test
    return Comparison(
        one, two, paired_difference(one.per_user_recall, two.per_user_recall),
        paired_difference(one.per_user_ndcg, two.per_user_ndcg), *_alike(one.places, two.places),
        exam.first_day, exam.last_day, exam.users,
    )


def _alike(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Share of places in common, and share of equal first places; empty places are never in common."""
    if first.size == 0:
        return 0.0, 0.0
    common = [len(set(a[a >= 0]) & set(b[b >= 0])) for a, b in zip(first, second, strict=True)]
    same = (first[:, 0] == second[:, 0]) & (first[:, 0] >= 0)
    return float(np.mean(common) / first.shape[1]), float(same.mean())
