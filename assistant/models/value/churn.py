"""Who will not order again soon: a recency–frequency model, tested on a later day than it learnt from.

In shops without contracts nobody announces that they leave (the setting of Buckinx & Van den Poel 2005, *European
Journal of Operational Research* 164(1), 252–268): leaving is *defined* as placing no order within H days. The model
is a logistic regression on recency, frequency, tenure, rhythm and value, learnt from the same customers at several
past days ("cuts") whose next H days are known. It is examined on the latest such day, having learnt only from
outcomes known by then, beside the rule that looks at recency alone. Where that rule has the smaller Brier score, it
is used, and the result says so. Both are tried as learnt over all cuts and brought to the level of the newest cut
(shares of leaving drift with the season and the shop).

Customers who have already left (:func:`assistant.models.value.behaviour.has_lapsed`) are scored by a second regression
of their own: they hardly come back, and learning from both at once would let the easy cases hide the hard ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Self

from assistant.errors import InvalidPlan
from assistant.features.labels import customer_features, labelled, past_cuts
from assistant.models.value.behaviour import EVERYTHING, RECENCY_RULE, Scales, design, has_lapsed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

VERSION = "1"
#: Customers about to leave: at least as likely to leave as to stay.
AT_RISK = 0.5
#: Customers of each outcome that a curve is fitted to.
FEWEST_OUTCOMES = 20
BINS = 5


class ChurnCurve:
    """Logistic regression of the outcome on chosen columns of the behaviour; a constant where one outcome is too rare.

    Args:
        columns: names in :data:`assistant.models.value.behaviour.EVERYTHING`.
        levelled: shift the log-odds so that the mean prediction on the newest cut equals the share that left then.
    """

    def __init__(self, columns: tuple[str, ...] = EVERYTHING, levelled: bool = False) -> None:
        self.columns = columns
        self.levelled = levelled

    def fit(self, frame: pd.DataFrame) -> Self:
        """Learn from rows of :func:`assistant.features.labels.labelled`."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        left = frame["churned"].to_numpy(dtype=bool)
        self.scales_ = Scales.of(frame)
        self.constant_ = (left.sum() + 1.0) / (len(left) + 2.0)  # Laplace's rule: never quite 0 or 1
        self.regression_ = None
        if min(left.sum(), (~left).sum()) >= FEWEST_OUTCOMES:
            regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            self.regression_ = regression.fit(design(frame, self.scales_, self.columns), left)
        newest = frame[frame["cut"] == frame["cut"].max()]
        self.shift_ = self._level(newest) if self.levelled and self.regression_ is not None else 0.0
        return self

    def _level(self, newest: pd.DataFrame) -> float:
        """Shift that brings the mean prediction on the newest day to the share that left then (by Laplace's rule)."""
        from scipy.optimize import brentq
        from scipy.special import expit

        share = (newest["churned"].sum() + 1.0) / (len(newest) + 2.0)
        log_odds = self.regression_.decision_function(design(newest, self.scales_, self.columns))
        return float(brentq(lambda shift: expit(log_odds + shift).mean() - share, -50, 50))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of leaving of each row."""
        import numpy as np
        from scipy.special import expit

        if self.regression_ is None or frame.empty:
            return np.full(len(frame), self.constant_)
        log_odds = self.regression_.decision_function(design(frame, self.scales_, self.columns))
        return expit(log_odds + self.shift_)


@dataclass(frozen=True)
class Calibration:
    """Customers of the test day with similar predictions: how many left, against how many were expected to."""

    customers: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class ChurnExam:
    """Figures on the test day, over customers who had not already left.

    Attributes:
        cut: the test day.
        cuts: days learnt from.
        customers: customers tested.
        auc, brier: of the model; ``rule_``: of the recency rule; ``base_brier``: of giving everyone the average. AUC
            is None when all customers had the same outcome.
        predicted, observed: mean probability of the curve that is used, and the share that left.
        calibration: by fifths of the prediction.
        calibration_error: mean distance between both, weighted by customers.
    """

    cut: date
    cuts: tuple[date, ...]
    customers: int
    auc: float | None
    brier: float
    rule_auc: float | None
    rule_brier: float
    base_brier: float
    predicted: float
    observed: float
    calibration: tuple[Calibration, ...] = field(default=())
    calibration_error: float = 0.0


class ChurnModel:
    """Churn probabilities of all customers of a shop.

    Args:
        horizon_days: leaving means no order within so many days.
    """

    def __init__(self, horizon_days: int = 90) -> None:
        self.horizon_days = horizon_days

    def fit(self, snapshot: Snapshot) -> Self:
        """Learn from the shop's own past up to ``as_of``.

        Raises:
            InvalidPlan: too short a history, or too few customers of either outcome.
            MissingData: orders carry no customer.
        """
        import pandas as pd

        snapshot.require("order_lines", "customer_id", needed_for="A churn prediction")
        cuts, test_cut = past_cuts(snapshot, self.horizon_days)
        past = pd.concat([labelled(snapshot, cut, self.horizon_days) for cut in cuts], ignore_index=True)
        test = labelled(snapshot, test_cut, self.horizon_days)
        gone = has_lapsed(past, self.horizon_days)
        test_gone = has_lapsed(test, self.horizon_days)
        self._check(past[~gone], test[~test_gone])
        self.exam_, chosen = _examine(past[~gone], test[~test_gone], cuts, test_cut)
        self.uses_rule_ = chosen.columns == RECENCY_RULE
        everything = pd.concat([past, test], ignore_index=True)  # for today, the test day is the freshest lesson
        lapsed = has_lapsed(everything, self.horizon_days)
        self.curve_ = ChurnCurve(chosen.columns, chosen.levelled).fit(everything[~lapsed])
        self.lapsed_curve_ = ChurnCurve(chosen.columns, chosen.levelled).fit(everything[lapsed])
        return self

    def _check(self, past: pd.DataFrame, test: pd.DataFrame) -> None:
        left = int(past["churned"].sum())
        stayed = len(past) - left
        if min(left, stayed) < FEWEST_OUTCOMES or test.empty:
            raise InvalidPlan(
                "There are too few customers to learn from who leaves: at least "
                f"{FEWEST_OUTCOMES} past cases each of leaving and staying are needed, and there are {left} and "
                f"{stayed}", received=f"{self.horizon_days} days", hint="Another horizon may have both.",
            )

    def predict(self, snapshot: Snapshot) -> pd.DataFrame:
        """Score every customer as of the snapshot's analysis date.

        Returns:
            columns of :func:`assistant.features.labels.customer_features` and ``churn_probability`` (no order within
            the horizon), ``lapsed`` (has already left), ``at_risk`` (not lapsed, probability of at least
            :data:`AT_RISK`), ``value_at_risk`` (probability × yearly value, shop currency); sorted by ``customer_id``.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
        """
        import numpy as np
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "curve_"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted to a shop yet")
        frame = customer_features(snapshot, self.horizon_days)
        lapsed = has_lapsed(frame, self.horizon_days)
        frame["churn_probability"] = np.where(lapsed, self.lapsed_curve_.predict(frame), self.curve_.predict(frame))
        frame["lapsed"] = lapsed
        frame["at_risk"] = ~lapsed & (frame["churn_probability"] >= AT_RISK)
        frame["value_at_risk"] = frame["churn_probability"] * frame["yearly_value"]
        return frame


def _examine(
    past: pd.DataFrame, test: pd.DataFrame, cuts: list[date], cut: date
) -> tuple[ChurnExam, ChurnCurve]:
    """Model and recency rule, learnt from ``past``, on ``test``; and the one with the smallest Brier score."""
    import numpy as np

    left = test["churned"].to_numpy(dtype=float)

    def best(columns: tuple[str, ...]) -> tuple[ChurnCurve, np.ndarray]:
        tried = [ChurnCurve(columns, levelled).fit(past) for levelled in (False, True)]
        return min(((c, c.predict(test)) for c in tried), key=lambda pair: _brier(left, pair[1]))

    (model_curve, model), (rule_curve, rule) = best(EVERYTHING), best(RECENCY_RULE)
    chosen = rule_curve if _brier(left, rule) < _brier(left, model) else model_curve
    base = float(past["churned"].mean())
    used = rule if chosen is rule_curve else model
    calibration = _calibration(used, left)
    exam = ChurnExam(
        cut=cut, cuts=tuple(cuts), customers=len(test), auc=_auc(left, model), brier=_brier(left, model),
        rule_auc=_auc(left, rule), rule_brier=_brier(left, rule), base_brier=_brier(left, np.full(len(left), base)),
        predicted=float(used.mean()), observed=float(left.mean()), calibration=calibration,
        calibration_error=sum(c.customers * abs(c.predicted - c.observed) for c in calibration) / len(test),
    )
    return exam, chosen


def _auc(left: np.ndarray, probability: np.ndarray) -> float | None:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(left, probability)) if 0 < left.sum() < len(left) else None


def _brier(left: np.ndarray, probability: np.ndarray) -> float:
    return float(((probability - left) ** 2).mean())


def _calibration(probability: np.ndarray, left: np.ndarray) -> tuple[Calibration, ...]:
    import numpy as np

    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return tuple(Calibration(len(p), float(probability[p].mean()), float(left[p].mean())) for p in parts)


def fit_churn(snapshot: Snapshot, horizon_days: int = 90) -> ChurnModel:
    """A fitted :class:`ChurnModel`; keep it as long as the snapshot's fingerprint stays the same."""
    return ChurnModel(horizon_days).fit(snapshot)


def members_about_to_leave(snapshot: Snapshot, horizon_days: int = 90) -> list[str]:
    """Ids of the customers that count as about to leave, sorted. Raises as :func:`fit_churn`."""
    scores = churn_scores(snapshot, horizon_days)
    return sorted(scores.loc[scores["at_risk"], "customer_id"].astype(str))


def churn_scores(snapshot: Snapshot, horizon_days: int = 90, fitted: ChurnModel | None = None) -> pd.DataFrame:
    """Scores of every customer, for campaigns and segments.

    Args:
        fitted: a model fitted for the same horizon; fitted here if not given.

    Returns:
        columns ``customer_id``, ``churn_probability``, ``value_at_risk``, ``at_risk``, ``lapsed``. "About to leave" is
        ``at_risk``.

    Raises:
        InvalidPlan, MissingData: see :meth:`ChurnModel.fit`.
    """
    model = fitted if fitted is not None else fit_churn(snapshot, horizon_days)
    return model.predict(snapshot)[["customer_id", "churn_probability", "value_at_risk", "at_risk", "lapsed"]]
