"""BG/NBD: customers buy at a rate of their own and may stop for good after each purchase.

Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way", *Marketing Science* 24(2), 275–284: likelihood (6),
expectation (9) and (10). Rates are gamma(r, alpha) over customers, the chance to stop after a purchase beta(a, b).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from assistant.models.value.histories import Histories
from assistant.models.value.purchase_model import PurchaseModel

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]


class BGNBD(PurchaseModel):
    """BG/NBD by maximum likelihood. Somebody who came once has a probability of 1 to still buy: the model cannot tell
    them apart from one who stays."""

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ((1.0, 1.0, 1.0, 1.0),)
    times: ClassVar[tuple[int, ...]] = (1,)

    def likelihood(self, parameters: Floats, histories: Histories) -> tuple[float, Floats]:
        """Equation 6, summed over customers; the gradient by r, alpha, a and b."""
        import numpy as np
        from scipy.special import digamma, expit, gammaln

        r, alpha, a, b = parameters
        h, weights = histories, histories.weights
        n, of_n = h.by_frequency
        log_age, log_last, odds = self._mixture(parameters, h)
        dead = expit(odds)
        per_n = gammaln(r + n) - gammaln(r) + r * np.log(alpha) \
            + gammaln(a + b) + gammaln(b + n) - gammaln(b) - gammaln(a + b + n)
        count = np.bincount(of_n, weights=weights, minlength=len(n))
        stays = -(r + h.frequency) * log_age
        value = float(count @ per_n + weights @ (stays + np.logaddexp(0.0, odds)))
        gone = weights * dead
        gone_of_n, all_of_age = np.bincount(of_n, weights=gone, minlength=len(n)), weights - gone
        r_x = r + h.frequency
        return value, np.array([
            count @ (digamma(r + n) - digamma(r) + np.log(alpha)) - all_of_age @ log_age - gone @ log_last,
            count.sum() * r / alpha - all_of_age @ (r_x / (alpha + h.T)) - gone @ (r_x / (alpha + h.recency)),
            count @ (digamma(a + b) - digamma(a + b + n)) + gone.sum() / a,
            count @ (digamma(a + b) + digamma(b + n) - digamma(b) - digamma(a + b + n))
            - gone_of_n @ (1 / (b + np.maximum(n, 1) - 1)),
        ])

    @staticmethod
    def _mixture(parameters: Floats, h: Histories) -> tuple[Floats, Floats, Floats]:
        """log(alpha + T), log(alpha + recency) and the log-odds of having stopped, per history."""
        import numpy as np

        r, alpha, a, b = parameters
        ages, of_age = h.by_age
        lasts, of_last = h.by_recency
        log_age, log_last = np.log(alpha + ages)[of_age], np.log(alpha + lasts)[of_last]
        n, of_n = h.by_frequency
        odds = (np.log(a) - np.log(b + np.maximum(n, 1) - 1))[of_n] + (r + h.frequency) * (log_age - log_last)
        return log_age, log_last, np.where(h.frequency > 0, odds, -np.inf)

    def _alive(self, histories: Histories) -> Floats:
        from scipy.special import expit

        return expit(-self._mixture(self.params_, histories)[2])

    def _expected(self, t: float, histories: Histories) -> Floats:
        r, alpha, a, b = self.params_
        x = histories.frequency
        if t <= 0:
            return 0.0 * x
        return _until_stopping(r + x, alpha + histories.T, a, b + x, t) * self._alive(histories)

    def expected_of_new(self, t: float) -> float:
        """Equation 9."""
        import numpy as np

        r, alpha, a, b = self._fitted()
        return float(_until_stopping(np.array([r]), np.array([alpha]), a, np.array([b]), t)[0]) if t > 0 else 0.0

    def draw(self, t: float, histories: Histories, draws: int, rng: np.random.Generator) -> Any:
        """Purchases within ``t`` from now, drawn from what the model believes of each distinct history.

        Given that a customer is alive, rate and chance to stop are independent: gamma(r + x, alpha + T) and
        beta(a, b + x), from the likelihood before (6).

        Returns:
            len(histories.T) × ``draws`` whole numbers.
        """
        import numpy as np

        r, alpha, a, b = self._fitted()
        x, shape = histories.frequency[:, None], (len(histories.T), draws)
        rate = rng.gamma(r + x, 1.0 / (alpha + histories.T)[:, None], shape)
        stop = np.clip(rng.beta(a, b + x, shape), 1e-12, 1.0)
        counts = np.minimum(rng.poisson(rate * t), rng.geometric(stop))
        return np.where(rng.random(shape) < self._alive(histories)[:, None], counts, 0)


def _until_stopping(r: Floats, alpha: Floats, a: float, b: Floats, t: float) -> Floats:
    """Expected purchases within ``t`` of customers who are alive, their rates gamma(r, alpha), stopping beta(a, b)."""
    import numpy as np
    from scipy.special import hyp2f1

    if abs(a - 1.0) < 1e-6:
        a = 1.0 + 1e-6  # the closed form divides by a - 1
    z = t / (alpha + t)
    with np.errstate(all="ignore"):
        closed = (a + b - 1) / (a - 1) * (1 - (1 - z) ** r * hyp2f1(r, b, a + b - 1, z))
    most = r / alpha * t  # nobody buys more than without ever stopping
    good = np.isfinite(closed) & (closed >= 0) & (closed <= most * (1 + 1e-9))
    if good.all():
        return closed
    return np.where(good, closed, _by_quadrature(r, alpha, a, b, t))


def _by_quadrature(r: Floats, alpha: Floats, a: float, b: Floats, t: float, nodes: int = 200) -> Floats:
    """The same where the series fails (large parameters): the mean of (1 - (alpha / (alpha + p t))^r) / p over
    quantiles of the chance to stop p."""
    import numpy as np
    from scipy.special import betaincinv

    levels, weights = np.polynomial.legendre.leggauss(nodes)
    p = np.maximum(betaincinv(a, b[:, None], (levels + 1) / 2), 1e-12)
    gone = -np.expm1(-r[:, None] * np.log1p(p * t / alpha[:, None])) / p
    return np.minimum(gone @ (weights / 2), r / alpha * t)
