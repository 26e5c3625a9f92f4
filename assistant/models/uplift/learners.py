"""S-, T- and X-learners: what a contact changes for each customer, from a randomised experiment.

Künzel, Sekhon, Bickel & Yu 2019, "Metalearners for estimating heterogeneous treatment effects using machine learning"
(*PNAS* 116(10), 4156–4165). The S-learner puts the treatment among the columns of one model; the T-learner fits one
model per arm; the X-learner imputes each customer's effect with the other arm's model, learns the imputed effects, and
weighs both with the share treated. All take the outcome as 0 or 1 and give a difference of probabilities.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from assistant.errors import InvalidPlan
from assistant.models.uplift.bases import BASES, Base, Linear

if TYPE_CHECKING:
    import numpy as np


class UpliftLearner(ABC):
    """One learner of uplift. ``fit`` returns ``self``; learnt state ends in ``_``.

    Args:
        base: ``logistic`` or ``trees``; see :mod:`assistant.models.uplift.bases`.
    """

    def __init__(self, base: str = "logistic") -> None:
        self.base = base

    def fit(
        self, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, weight: np.ndarray | None = None
    ) -> Self:
        """Learn from a randomised experiment.

        Args:
            x: (n, d) what was known of each customer before the contact; numbers without gaps.
            treatment: (n,) 1 contacted, 0 held out.
            outcome: (n,) 1 or 0.
            weight: (n,) weights, as where several experiments with different shares are pooled.

        Raises:
            InvalidPlan: an arm is empty, or lengths differ.
        """
        import numpy as np

        treated = np.asarray(treatment).astype(bool)
        if not len(x) == len(treated) == len(outcome):
            raise InvalidPlan("x, treatment and outcome must have one row per customer",
                              received=f"{len(x)}, {len(treated)}, {len(outcome)} rows")
        if not 0 < treated.sum() < len(treated):
            raise InvalidPlan("Uplift is learnt from customers who were contacted and others who were held out",
                              received=f"{int(treated.sum())} contacted of {len(treated)}")
        self.share_ = float(treated.mean())
        self._fit(np.asarray(x, dtype=float), treated, np.asarray(outcome, dtype=float), weight)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(n,) change of the probability of the outcome that a contact causes, -1 to 1.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
        """
        import numpy as np

        if not hasattr(self, "share_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(f"{type(self).__name__} has not learnt from an experiment yet")
        return np.clip(self._predict(np.asarray(x, dtype=float)), -1.0, 1.0)

    def _learnt(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, probability: bool = True) -> Base:
        return BASES[self.base](probability).fit(x, y, weight)

    @abstractmethod
    def _fit(self, x: np.ndarray, treated: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> None: ...

    @abstractmethod
    def _predict(self, x: np.ndarray) -> np.ndarray: ...


class SLearner(UpliftLearner):
    """One model with the treatment among its columns; for the logistic base also times every other column, shrunk
    towards no difference (a regression without such terms could not tell one customer's effect from another's)."""

    def _fit(self, x: np.ndarray, treated: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> None:
        self.scales_ = _Scales(x) if self.base == "logistic" else None
        columns = self._with(x, treated)
        model = Linear(shrunk=x.shape[1]) if self.base == "logistic" else BASES[self.base]()
        self.model_ = model.fit(columns, y, weight)

    def _predict(self, x: np.ndarray) -> np.ndarray:
        import numpy as np

        with_, without = np.ones(len(x)), np.zeros(len(x))
        return self.model_.predict(self._with(x, with_)) - self.model_.predict(self._with(x, without))

    def _with(self, x: np.ndarray, treated: np.ndarray) -> np.ndarray:
        import numpy as np

        parts = [x, treated.astype(float)]
        if self.scales_ is not None:
            parts.append((treated - self.share_)[:, None] * self.scales_.of(x))
        return np.column_stack(parts)


class TLearner(UpliftLearner):
    """One model per arm."""

    def _fit(self, x: np.ndarray, treated: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> None:
        self.arms_ = tuple(self._learnt(x[rows], y[rows], _of(weight, rows)) for rows in (~treated, treated))

    def _predict(self, x: np.ndarray) -> np.ndarray:
        return self.arms_[1].predict(x) - self.arms_[0].predict(x)


class XLearner(UpliftLearner):
    """One model per arm, then one of the effects imputed with the other arm's."""

    def _fit(self, x: np.ndarray, treated: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> None:
        without, with_ = (self._learnt(x[rows], y[rows], _of(weight, rows)) for rows in (~treated, treated))
        self.effects_ = (
            self._learnt(x[~treated], with_.predict(x[~treated]) - y[~treated], _of(weight, ~treated), False),
            self._learnt(x[treated], y[treated] - without.predict(x[treated]), _of(weight, treated), False),
        )

    def _predict(self, x: np.ndarray) -> np.ndarray:
        return self.share_ * self.effects_[0].predict(x) + (1 - self.share_) * self.effects_[1].predict(x)


class _Scales:
    """Columns centred and divided by their spread."""

    def __init__(self, x: np.ndarray) -> None:
        spread = x.std(axis=0)
        self.mean, self.spread = x.mean(axis=0), spread + (spread == 0)

    def of(self, x: np.ndarray) -> np.ndarray:
        return (x - self.mean) / self.spread


def _of(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weight is None else weight[rows]


class MeanLearner(UpliftLearner):
    """The mean of several learners: less at the mercy of one split than any of them.

    Args:
        members: names in :data:`LEARNERS`.
    """

    def __init__(self, members: tuple[str, ...] = ("s_logistic", "t_logistic", "x_logistic")) -> None:
        self.members = members

    def _fit(self, x: np.ndarray, treated: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> None:
        self.learners_ = tuple(make(name).fit(x, treated, y, weight) for name in self.members)

    def _predict(self, x: np.ndarray) -> np.ndarray:
        import numpy as np

        return np.mean([learner.predict(x) for learner in self.learners_], axis=0)


#: name → class, base, words
LEARNERS: dict[str, tuple[type[UpliftLearner], str, str]] = {
    "t_logistic": (TLearner, "logistic", "T-learner on logistic regression"),
    "s_logistic": (SLearner, "logistic", "S-learner on logistic regression"),
    "x_logistic": (XLearner, "logistic", "X-learner on logistic regression"),
    "t_trees": (TLearner, "trees", "T-learner on boosted trees"),
    "s_trees": (SLearner, "trees", "S-learner on boosted trees"),
    "x_trees": (XLearner, "trees", "X-learner on boosted trees"),
}


def make(name: str) -> UpliftLearner:
    """A new, unfitted learner of that name.

    Raises:
        KeyError: no such learner.
    """
    kind, base, _ = LEARNERS[name]
    return kind(base)
