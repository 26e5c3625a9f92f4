"""What the learners of uplift are made of: curves and regressions that learn from rows of numbers.

Two bases: a logistic (or ridge) regression of standardised columns, and small boosted trees (LightGBM). Both learn a
probability of an outcome of 0 and 1, or a number where the X-learner asks for an imputed effect. LightGBM needs the
system's OpenMP library; where it cannot be loaded, :func:`trees_available` says so and the logistic base is used alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from assistant.models.threads import tree_threads

if TYPE_CHECKING:
    import numpy as np

#: Rows of the rarer outcome that a probability is learnt from; below, its share is used for everyone.
FEWEST_OUTCOMES = 10
#: How far one spread of a shrunk column is thought to move the log-odds before any data are seen.
PRIOR_SPREAD = 0.05
INSTALL = "pip install lightgbm (and the system's libgomp)"


@lru_cache(maxsize=1)
def trees_available() -> bool:
    """Whether LightGBM can be loaded here."""
    try:
        import lightgbm
    except (ImportError, OSError):  # not installed, or libgomp is missing
        return False
    return bool(lightgbm.__version__)


class Base(ABC):
    """Learns E[y | x]; ``probability`` tells an outcome of 0 and 1 from a number."""

    def __init__(self, probability: bool = True) -> None:
        self.probability = probability

    def fit(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> Self:
        """Learn from rows.

        Args:
            x: (n, d) numbers. y: (n,) outcomes. weight: (n,) or None for equal weights.
        """
        import numpy as np

        weights = np.ones(len(y)) if weight is None else weight
        total = weights.sum()
        self.constant_ = float((weights * y).sum() / total) if total else 0.0
        rare = min(y.sum(), len(y) - y.sum()) < FEWEST_OUTCOMES if self.probability else len(y) < FEWEST_OUTCOMES
        self.model_ = None if rare else self._fit(x, y, weight)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(n,) expectations; the mean of what was learnt from where the outcome was too rare."""
        import numpy as np

        return np.full(len(x), self.constant_) if self.model_ is None else self._predict(x)

    @abstractmethod
    def _fit(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> Any: ...

    @abstractmethod
    def _predict(self, x: np.ndarray) -> np.ndarray: ...


class Linear(Base):
    """Logistic regression, or ridge regression of a number, on standardised columns.

    Args:
        shrunk: so many of the last columns are held near nought: beforehand, one spread of such a column is thought to
            move the log-odds by about :data:`PRIOR_SPREAD`.
    """

    def __init__(self, probability: bool = True, shrunk: int = 0) -> None:
        super().__init__(probability)
        self.shrunk = shrunk

    def _fit(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> Any:
        import numpy as np
        from sklearn.linear_model import LogisticRegression, Ridge

        self.mean_ = x.mean(axis=0)
        columns = x - self.mean_
        spread = np.sqrt(np.einsum("ij,ij->j", columns, columns) / len(x))
        spread[spread <= 1e-9 * np.abs(self.mean_)] = 0.0  # what rounding leaves of a constant column
        self.factor_ = 1.0 / (spread + (spread == 0))  # a constant column stays at nought
        if self.shrunk:
            self.factor_ *= np.where(np.arange(x.shape[1]) < x.shape[1] - self.shrunk, 1.0, PRIOR_SPREAD)
        columns *= self.factor_
        # few columns and many rows: Newton's steps are fewer, and each costs no more
        model = LogisticRegression(max_iter=300, solver="newton-cholesky") if self.probability else Ridge(alpha=1.0)
        return model.fit(columns, y, sample_weight=weight)

    def _predict(self, x: np.ndarray) -> np.ndarray:
        from scipy.special import expit

        weights = self.factor_ * self.model_.coef_.ravel()
        score = x @ weights
        score += self.model_.intercept_ - self.mean_ @ weights
        return expit(score, out=score) if self.probability else score


class Trees(Base):
    """Small boosted trees: 100 of 7 leaves, at least 100 rows in each, learning rate 0.05."""

    rounds, leaves, rate, leaf_rows = 100, 7, 0.05, 100

    def _fit(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> Any:
        import lightgbm

        options = {
            "objective": "binary" if self.probability else "regression", "num_leaves": self.leaves,
            "learning_rate": self.rate, "min_data_in_leaf": min(self.leaf_rows, max(5, len(y) // 20)), "seed": 0,
            "deterministic": True, "force_row_wise": True, "num_threads": tree_threads(len(y)), "verbosity": -1,
        }
        return lightgbm.train(options, lightgbm.Dataset(x, y, weight=weight, free_raw_data=True), self.rounds)

    def _predict(self, x: np.ndarray) -> np.ndarray:
        return self.model_.predict(x, num_threads=tree_threads(len(x)))  # type: ignore[no-any-return]


BASES: dict[str, type[Base]] = {"logistic": Linear, "trees": Trees}
