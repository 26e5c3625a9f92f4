"""Pareto/NBD: customers buy at a rate of their own and stop after a lifetime of their own.

Schmittlein, Morrison & Colombo 1987, "Counting Your Customers", *Management Science* 33(1), 1–24. Rates are gamma(r,
alpha) over customers, lifetimes exponential with a rate gamma(s, beta). The likelihood is taken as the integral over
the moment of stopping, by Gauss–Legendre quadrature; so its gradient is an integral of the same kind, where the usual
form with two hypergeometric functions has none in closed form.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from assistant.models.value.histories import Histories
from assistant.models.value.purchase_model import PurchaseModel

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

NODES = 32
#: The integrand is cut off where it has fallen by a factor of e to this power.
_REACH = 34.0
#: Histories integrated at a time, so that memory stays small.
_CHUNK = 8_192


class ParetoNBD(PurchaseModel):
    """Pareto/NBD by maximum likelihood."""

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((0.8, 3.0, 0.8, 5.0),)
    times: ClassVar[tuple[int, ...]] = (1, 3)

    def likelihood(self, parameters: Floats, histories: Histories) -> tuple[float, Floats]:
        """Summed over customers; the gradient by r, alpha, s and beta."""
        import numpy as np
        from scipy.special import digamma, expit, gammaln

        r, alpha, s, beta = parameters
        n, of_n = histories.by_frequency
        count = np.bincount(of_n, weights=histories.weights, minlength=len(n))
        value = float(count @ (gammaln(r + n) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)))
        gradient = np.array([
            count @ (digamma(r + n) - digamma(r) + np.log(alpha)), count.sum() * r / alpha,
            count.sum() * np.log(beta), count.sum() * s / beta,
        ])
        for part in _parts(histories):
            w = part.weights
            log_alive, log_gone, means = _two_ends(parameters, part, gradient=True)
            value += float(w @ np.logaddexp(log_alive, log_gone))
            alive = expit(log_alive - log_gone)
            gone, n_part, age = 1 - alive, part.frequency, part.T
            gradient += [
                -w @ (alive * np.log(alpha + age) + gone * means[0]),
                -w @ ((r + n_part) * (alive / (alpha + age) + gone * means[1])),
                -w @ (alive * np.log(beta + age) + gone * means[2]) + (w @ gone) / s,
                -w @ (alive * s / (beta + age) + gone * (s + 1) * means[3]),
            ]
        return value, gradient

    def _alive(self, histories: Histories) -> Floats:
        import numpy as np
        from scipy.special import expit

        parts = []
        for part in _parts(histories):
            log_alive, log_gone, _ = _two_ends(self.params_, part)
            parts.append(expit(log_alive - log_gone))
        return np.concatenate(parts)

    def _expected(self, t: float, histories: Histories) -> Floats:
        r, alpha, s, beta = self.params_
        rate = (r + histories.frequency) / (alpha + histories.T)
        return self._alive(histories) * rate * _time_left(s, beta + histories.T, t)

    def expected_of_new(self, t: float) -> float:
        r, alpha, s, beta = self._fitted()
        return float(r / alpha * _time_left(s, beta, t))

    def draw(self, t: float, histories: Histories, draws: int, rng: np.random.Generator) -> Any:
        """Purchases within ``t`` from now, drawn from what the model believes of each distinct history: rate
        gamma(r + x, alpha + T) and stopping gamma(s, beta + T) given that the customer is alive.

        Returns:
            len(histories.T) × ``draws`` whole numbers.
        """
        import numpy as np

        r, alpha, s, beta = self._fitted()
        age, shape = histories.T[:, None], (len(histories.T), draws)
        rate = rng.gamma(r + histories.frequency[:, None], 1.0 / (alpha + age), shape)
        ends = rng.exponential(1.0, shape) / np.maximum(rng.gamma(s, 1.0 / (beta + age), shape), 1e-300)
        counts = rng.poisson(rate * np.minimum(ends, t))
        return np.where(rng.random(shape) < self._alive(histories)[:, None], counts, 0)


def _time_left(s: float, beta: Any, t: float) -> Any:
    """Expected time that a customer who is alive still buys, within ``t``."""
    import numpy as np

    ratio = np.log1p(t / beta)
    return beta * (ratio if abs(s - 1.0) < 1e-9 else -np.expm1(-(s - 1.0) * ratio) / (s - 1.0))


@lru_cache(maxsize=1)
def _nodes() -> tuple[Floats, Floats]:
    import numpy as np

    points, weights = np.polynomial.legendre.leggauss(NODES)
    return points, weights


def _parts(histories: Histories) -> list[Histories]:
    h = histories
    chunks = [slice(i, i + _CHUNK) for i in range(0, len(h.T), _CHUNK)]
    return [Histories(h.frequency[c], h.recency[c], h.T[c], h.weights[c], h.rows) for c in chunks]


def _two_ends(parameters: Floats, h: Histories, gradient: bool = False) -> tuple[Floats, Floats, list[Floats]]:
    """Logarithms of the parts of the likelihood of being alive and of having stopped, per history, both without the
    factors that only know the frequency; and of the latter, with ``gradient``, the means over the moment of stopping τ
    of log(alpha + τ), 1 / (alpha + τ), log(beta + τ) and 1 / (beta + τ)."""
    import numpy as np

    r, alpha, s, beta = parameters
    points, weights = _nodes()
    power = r + h.frequency
    log_alive = -power * np.log(alpha + h.T) - s * np.log(beta + h.T)
    first = alpha + h.recency
    end = np.log1p((h.T - h.recency) / first)  # y = log((alpha + τ) / (alpha + recency)) runs from 0 to here
    end = np.where(power > 1, np.minimum(end, _REACH / np.maximum(power - 1, 1e-9)), end)
    y = 0.5 * end[:, None] * (points + 1)
    later = first[:, None] * np.exp(y)  # alpha + τ
    other = later + (beta - alpha)
    log_other = np.log(np.maximum(other, 1e-300))
    f = np.exp((1 - power)[:, None] * y - (s + 1) * (log_other - np.log(beta + h.recency)[:, None]))
    f *= 0.5 * weights
    total = f.sum(axis=1)
    with np.errstate(divide="ignore"):
        log_gone = np.log(s) + np.log(total * end) + (1 - power) * np.log(first) - (s + 1) * np.log(beta + h.recency)
    if not gradient:
        return log_alive, log_gone, []
    f /= np.maximum(total, 1e-300)[:, None]
    means = [np.log(first) + (f * y).sum(axis=1), (f / later).sum(axis=1), (f * log_other).sum(axis=1),
             (f / other).sum(axis=1)]
    return log_alive, log_gone, means
