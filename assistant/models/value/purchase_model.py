"""What the models of purchase counts share: fitting on grouped histories, prediction once per distinct history."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from assistant.models.value.histories import Histories
from assistant.models.value.maximum_likelihood import maximise

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]


class PurchaseModel(ABC):
    """A model of how often customers buy until they stop. Time has the unit of the histories given to :meth:`fit`.

    Attributes:
        params_: fitted parameters, in the order of ``names``; ``log_likelihood_``; ``customers_``.
    """

    names: ClassVar[tuple[str, ...]] = ()
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ()
    #: parameters that are times
    times: ClassVar[tuple[int, ...]] = ()

    params_: Floats
    log_likelihood_: float
    customers_: float

    def fit(self, frequency: Any, recency: Any, T: Any, weights: Any = None) -> Self:  # noqa: N803  the field's name
        """Fit by maximum likelihood.

        Args:
            frequency, recency, T: one value per customer (:mod:`assistant.models.value.histories`).
            weights: how many customers each stands for; unset: one.

        Raises:
            InvalidPlan: no customers, or values that are no purchase history.
        """
        return self.fit_histories(Histories.of(frequency, recency, T, weights))

    def fit_histories(self, histories: Histories, start: Floats | None = None) -> Self:
        """:meth:`fit` on grouped histories; ``start``: parameters near which the maximum is expected."""
        import numpy as np

        scale = max(float(histories.T.max()), 1e-12) / 10.0
        scaled, unit = histories.scaled(scale), self._unit(scale)
        starts = [list(s) for s in self.starts] if start is None else [list(np.asarray(start) / unit)]
        total = float(histories.weights.sum())
        best = maximise(lambda p: self.likelihood(p, scaled), starts, total)
        self.params_ = best * unit
        self.log_likelihood_ = self.likelihood(self.params_, histories)[0]
        self.customers_ = total
        return self

    def _unit(self, scale: float) -> Floats:
        import numpy as np

        return np.array([scale if i in self.times else 1.0 for i in range(len(self.names))])

    @abstractmethod
    def likelihood(self, parameters: Floats, histories: Histories) -> tuple[float, Floats]:
        """Log-likelihood of the histories, and its gradient by the parameters."""

    @property
    def parameters(self) -> dict[str, float]:
        """Fitted parameters by name."""
        return {n: float(v) for n, v in zip(self.names, self._fitted(), strict=True)}

    def _fitted(self) -> Floats:
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "params_"):
            raise NotFittedError(f"{type(self).__name__} is not fitted yet; call fit first")
        return self.params_

    def probability_alive(self, frequency: Any, recency: Any, T: Any) -> Floats:  # noqa: N803
        """Probability (0–1) per customer that they still buy."""
        self._fitted()
        histories = Histories.of(frequency, recency, T)
        return self._alive(histories)[histories.rows]

    def expected_purchases(self, t: float, frequency: Any, recency: Any, T: Any) -> Floats:  # noqa: N803
        """Expected number of purchases per customer within ``t`` from now."""
        self._fitted()
        histories = Histories.of(frequency, recency, T)
        return self._expected(t, histories)[histories.rows]

    @abstractmethod
    def expected_of_new(self, t: float) -> float:
        """Expected number of *repeat* purchases of somebody new within ``t`` of the first one."""

    @abstractmethod
    def _alive(self, histories: Histories) -> Floats:
        """Probability (0–1) of each distinct history that the customer still buys."""

    @abstractmethod
    def _expected(self, t: float, histories: Histories) -> Floats:
        """Expected purchases of each distinct history within ``t``."""
