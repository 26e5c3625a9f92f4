"""Gamma–Gamma: what a purchase of a customer is worth, drawn towards everybody's the fewer are known.

Fader, Hardie & Lee 2005, "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", *Journal of Marketing
Research* 42(4), 415–430. A purchase is gamma(p, ν), and ν gamma(q, v) over customers. It assumes that how much and how
often go their own ways; :attr:`GammaGamma.correlation_` says how far that holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from assistant.errors import InvalidPlan
from assistant.models.value.maximum_likelihood import maximise

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]


class GammaGamma:
    """Gamma–Gamma by maximum likelihood.

    Attributes:
        p_, q_, v_: fitted; ``v_`` in the unit of the values. ``log_likelihood_``, ``correlation_`` (of the number of
            purchases with their mean value; None where one of them is the same for everybody).
    """

    names = ("p", "q", "v")

    p_: float
    q_: float
    v_: float

    def fit(self, purchases: Any, mean_value: Any, weights: Any = None) -> Self:
        """Fit on customers with at least one purchase.

        Args:
            purchases: number of purchases per customer, and ``mean_value`` of them; those of zero or less are left out.

        Raises:
            InvalidPlan: nobody has a purchase of a value above zero.
        """
        import numpy as np

        n, mean = np.asarray(purchases, dtype=np.float64), np.asarray(mean_value, dtype=np.float64)
        held = np.ones(len(n)) if weights is None else np.asarray(weights, dtype=np.float64)
        used = (n > 0) & (mean > 0) & np.isfinite(mean)
        if not used.any():
            raise InvalidPlan("The value of purchases needs at least one purchase of a value above zero",
                              received=f"{len(n)} customers without")
        n, mean, held = n[used], mean[used], held[used]
        scale = float(np.average(mean, weights=held))
        grouped = _Grouped(n, mean / scale, held)
        p, q, v = maximise(grouped.likelihood, [[2.0, 2.0, 1.0]], float(held.sum()))
        self.p_, self.q_, self.v_ = float(p), float(q), float(v) * scale
        self.log_likelihood_ = float(grouped.likelihood(np.array([p, q, v]))[0] - held.sum() * np.log(scale))
        spread = n.std() > 0 and mean.std() > 0
        self.correlation_ = float(np.corrcoef(n, mean)[0, 1]) if spread else None
        return self

    @property
    def parameters(self) -> dict[str, float]:
        """Fitted parameters by name."""
        self._check()
        return {"p": self.p_, "q": self.q_, "v": self.v_}

    def expected_value(self, purchases: Any, mean_value: Any) -> Floats:
        """Expected value of a purchase per customer; without any purchase that of somebody new."""
        import numpy as np

        self._check()
        n, mean = np.asarray(purchases, dtype=np.float64), np.asarray(mean_value, dtype=np.float64)
        total = np.where(n > 0, n * np.maximum(mean, 0.0), 0.0)
        return self.p_ * (self.v_ + total) / (self.p_ * n + max(self.q_, 1.01) - 1)

    def draw(self, counts: Any, purchases: Any, mean_value: Any, rng: np.random.Generator) -> Any:
        """The value of ``counts`` further purchases (customers × draws), from what is believed of each customer."""
        import numpy as np

        self._check()
        n = np.asarray(purchases, dtype=np.float64)[:, None]
        total = n * np.maximum(np.asarray(mean_value, dtype=np.float64)[:, None], 0.0)
        scale = rng.gamma(self.q_ + self.p_ * n, 1.0 / (self.v_ + total), counts.shape)
        return np.where(counts > 0, rng.gamma(self.p_ * np.maximum(counts, 1)) / np.maximum(scale, 1e-300), 0.0)

    def _check(self) -> None:
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "p_"):
            raise NotFittedError("GammaGamma is not fitted yet; call fit first")


class _Grouped:
    """The likelihood with what does not change between its evaluations summed once."""

    def __init__(self, n: Floats, mean: Floats, weights: Floats) -> None:
        import numpy as np

        self.n, of_n = np.unique(n, return_inverse=True)
        self.of_n, self.weights = of_n, weights
        self.total = n * mean
        self.count = np.bincount(of_n, weights=weights)
        self.log_mean = np.bincount(of_n, weights=weights * np.log(mean))

    def likelihood(self, parameters: Floats) -> tuple[float, Floats]:
        """Log-likelihood and its gradient by p, q and v."""
        import numpy as np
        from scipy.special import digamma, gammaln

        p, q, v = parameters
        n, count, log_n = self.n, self.count, np.log(self.n)
        logs = np.log(v + self.total)
        per_n = np.bincount(self.of_n, weights=self.weights * logs)
        per = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(v) + p * n * log_n
        value = float(count @ per + (p * n - 1) @ self.log_mean - (p * n + q) @ per_n)
        inverse = np.bincount(self.of_n, weights=self.weights / (v + self.total))
        rise = digamma(p * n + q)
        return value, np.array([
            float(count @ (n * (rise - digamma(p * n) + log_n)) + n @ self.log_mean - n @ per_n),
            float(count @ (rise - digamma(q) + np.log(v)) - per_n.sum()),
            float(count.sum() * q / v - (p * n + q) @ inverse),
        ])
