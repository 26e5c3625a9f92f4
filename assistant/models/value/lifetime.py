"""What a customer will bring: BG/NBD for how often, Gamma–Gamma for how much, tested on a later stretch.

Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way" (*Marketing Science* 24(2), 275–284) for the days with
orders; Fader, Hardie & Lee 2005, "RFM and CLV" (*Journal of Marketing Research* 42(4), 415–430) for their value. Days
with orders are the purchases; the first one is where observation begins. Where repeating each customer's own past did
better on the test stretch, that is used, and the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

VERSION = "1"
#: Customers, and of them those who came back, that a fit needs.
FEWEST_CUSTOMERS, FEWEST_REPEATERS = 100, 30
#: Days of history that a fit needs before the test stretch.
SHORTEST_HISTORY = 90
_WEEK = 7.0


@dataclass(frozen=True)
class Exam:
    """Predicted against actual sales of known customers on the days after ``cut``.

    Attributes:
        days: length of the test stretch; ``customers`` known at its beginning.
        mae: mean absolute error per customer; ``repeat_mae`` that of repeating their own last such stretch.
        predicted, actual: sums over all customers.
    """

    cut: date
    days: int
    customers: int
    mae: float
    repeat_mae: float
    predicted: float
    actual: float


@dataclass(frozen=True)
class LifetimeModel:
    """Fitted parameters; rates are per week.

    Attributes:
        r, alpha, a, b: BG/NBD; ``p, q, gamma`` Gamma–Gamma of the value of a day with orders.
        exam: how the same procedure did on a later stretch; None where the history is too short for one.
    """

    r: float
    alpha: float
    a: float
    b: float
    p: float
    q: float
    gamma: float
    exam: Exam | None = None

    @property
    def repeats(self) -> bool:
        """Whether repeating each customer's own past is used, because it did better."""
        return self.exam is not None and self.exam.repeat_mae < self.exam.mae

    def expected_days(self, frame: pd.DataFrame, days: float) -> np.ndarray:
        """Expected number of days with orders within ``days`` from now."""
        import numpy as np
        from scipy.special import hyp2f1

        x, tx, age, t = _columns(frame)[:3] + (days / _WEEK,)
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        base = (alpha + age) / (alpha + age + t)
        share = 1 - base ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
        gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + tx)) ** (r + x), 0.0)
        return np.maximum((a + b + x - 1) / (a - 1) * share / (1 + gone), 0.0)

    def alive(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability (0–1) that the customer still buys. Somebody who came once cannot be told apart from one who
        stays, so theirs is 1."""
        import numpy as np

        x, tx, age = _columns(frame)[:3]
        gone = np.where(
            x > 0,
            self.a / (self.b + np.maximum(x, 1) - 1) * ((self.alpha + age) / (self.alpha + tx)) ** (self.r + x), 0.0,
        )
        return 1 / (1 + gone)

    def day_value(self, frame: pd.DataFrame) -> np.ndarray:
        """Expected sales of a day with orders: the customer's own mean drawn towards everybody's."""
        n, mean = frame["order_days"].to_numpy(dtype=float), frame["mean_value"].to_numpy(dtype=float)
        return self.p * (self.gamma + n * mean) / (self.p * n + self.q - 1)

    def expected_value(self, frame: pd.DataFrame, days: float) -> np.ndarray:
        """Expected sales within ``days`` from now, per row of :func:`customer_history`."""
        if self.repeats:
            return frame["recent_value"].to_numpy(dtype=float)
        return self.expected_days(frame, days) * self.day_value(frame)


def _columns(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = frame["order_days"].to_numpy(dtype=float) - 1
    return x, frame["span_days"].to_numpy(dtype=float) / _WEEK, frame["age_days"].to_numpy(dtype=float) / _WEEK


def customer_history(snapshot: Snapshot, recent_days: int) -> pd.DataFrame:
    """One row per known customer with a product sale up to the analysis date.

    Returns:
        ``customer_id``; ``order_days`` (days with orders); ``span_days`` from the first to the last of them;
        ``age_days`` from the first to now; ``mean_value`` of such a day; ``value`` of all; ``recent_value`` of the last
        ``recent_days``; ``last_day``. Values are sales before returns, in the shop's currency.
    """
    lines = snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())
    daily = sales.group_by("customer_id", day=sales.ordered_at.date()).aggregate(amount=sales.amount.sum())
    since = snapshot.as_of - timedelta(days=recent_days)
    rows = daily.group_by("customer_id").aggregate(
        order_days=daily.count(), first_day=daily.day.min(), last_day=daily.day.max(),
        value=daily.amount.sum().cast("float64"),
        recent_value=daily.amount.sum(where=daily.day > since).cast("float64"),
    ).order_by("customer_id")
    import pandas as pd

    frame = snapshot.execute(rows).to_pandas()
    first, last = pd.to_datetime(frame["first_day"]), pd.to_datetime(frame["last_day"])
    now = pd.Timestamp(snapshot.as_of)
    frame["span_days"], frame["age_days"] = (last - first).dt.days, (now - first).dt.days
    frame["mean_value"] = frame["value"] / frame["order_days"]
    frame["recent_value"] = frame["recent_value"].fillna(0.0)
    return frame.drop(columns=["first_day"])


def fit_lifetime(snapshot: Snapshot, horizon_days: int) -> LifetimeModel:
    """Fit on everything up to the analysis date, and examine the same procedure on a stretch that ends there.

    Raises:
        InvalidPlan: too few customers, or too few who came back, to learn from.
    """
    from dataclasses import replace

    frame = customer_history(snapshot, horizon_days)
    fitted = _fit(frame)
    span = (snapshot.as_of - snapshot.manifest.first_day).days
    days = min(horizon_days, span // 2)
    if span - days < SHORTEST_HISTORY:
        return fitted
    cut = snapshot.as_of - timedelta(days=days)
    return replace(fitted, exam=_examine(snapshot, cut, days, frame))


def _examine(snapshot: Snapshot, cut: date, days: int, now: pd.DataFrame) -> Exam | None:
    import numpy as np

    then = customer_history(snapshot.at(cut), days)
    try:
        model = _fit(then)
    except InvalidPlan:
        return None
    predicted = model.expected_days(then, days) * model.day_value(then)
    later = now.set_index("customer_id")["value"].reindex(then["customer_id"]).to_numpy()
    actual = later - then["value"].to_numpy()
    repeated = then["recent_value"].to_numpy(dtype=float)
    return Exam(
        cut=cut, days=days, customers=len(then), mae=float(np.abs(predicted - actual).mean()),
        repeat_mae=float(np.abs(repeated - actual).mean()), predicted=float(predicted.sum()),
        actual=float(actual.sum()),
    )


def _fit(frame: pd.DataFrame) -> LifetimeModel:
    repeaters = int((frame["order_days"] > 1).sum())
    if len(frame) < FEWEST_CUSTOMERS or repeaters < FEWEST_REPEATERS:
        raise InvalidPlan(
            f"Expected values need at least {FEWEST_CUSTOMERS} customers, of whom {FEWEST_REPEATERS} came back; there "
            f"are {len(frame)}, of whom {repeaters} came back", received=len(frame),
        )
    usable = frame[frame["mean_value"] > 0]
    r, alpha, a, b = _bg_nbd(*_columns(frame))
    p, q, gamma = _gamma_gamma(usable["order_days"].to_numpy(dtype=float), usable["mean_value"].to_numpy(dtype=float))
    return LifetimeModel(r, alpha, a, b, p, q, gamma)


def bg_nbd_log_likelihood(parameters: np.ndarray, x: np.ndarray, tx: np.ndarray, age: np.ndarray) -> float:
    """Log-likelihood of (r, alpha, a, b); equation 6 of the 2005 paper, summed over customers."""
    import numpy as np
    from scipy.special import gammaln

    r, alpha, a, b = parameters
    counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    drops = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stays = -(r + x) * np.log(alpha + age)
    leaves = np.where(
        x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + tx), -np.inf
    )
    return float((counts + drops + np.logaddexp(stays, leaves)).sum())


def _bg_nbd(x: np.ndarray, tx: np.ndarray, age: np.ndarray) -> tuple[float, float, float, float]:
    import numpy as np

    best = _minimise(lambda logs: -bg_nbd_log_likelihood(np.exp(logs), x, tx, age) / len(x), np.zeros(4))
    r, alpha, a, b = (float(v) for v in np.exp(best))
    return r, alpha, (a if abs(a - 1) > 1e-6 else a + 1e-5), b  # a = 1 divides by zero in the expectation


def _gamma_gamma(n: np.ndarray, mean: np.ndarray) -> tuple[float, float, float]:
    import numpy as np
    from scipy.special import gammaln

    scale = float(mean.mean())
    m = mean / scale

    def loss(logs: np.ndarray) -> float:
        p, q, gamma = np.exp(logs)
        terms = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma) + (p * n - 1) * np.log(m) \
            + p * n * np.log(n) - (p * n + q) * np.log(gamma + n * m)
        return float(-terms.mean())

    p, q, gamma = np.exp(_minimise(loss, np.array([1.0, 1.0, 0.5])))
    return float(p), max(float(q), 1.01), float(gamma) * scale  # a mean exists only for q above 1


def _minimise(loss, start: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Minimum over logarithms of the parameters, kept within e±9 so that no likelihood overflows."""
    from scipy.optimize import minimize

    rough = minimize(loss, start, method="Nelder-Mead", bounds=[(-9, 9)] * len(start), options={"maxiter": 4000})
    return minimize(loss, rough.x, method="L-BFGS-B", bounds=[(-9, 9)] * len(start)).x
