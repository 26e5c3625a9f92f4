"""Who will not order again soon: learnt on past days, examined on a later one.

In shops without contracts nobody announces that they leave (the setting of Buckinx & Van den Poel 2005, *European
Journal of Operational Research* 164(1), 252–268): leaving is *defined* as placing no order within H days. A logistic
regression and boosted trees on how the customer has ordered are averaged
(:mod:`assistant.models.value.propensity`), learnt at several past days and examined on the latest whose outcome is
known (:mod:`assistant.models.value.over_time`), beside the rule that looks at recency alone. Where that rule has the
smaller Brier score, it is used, and the result says so.

Customers who have already left (:func:`assistant.models.value.behaviour.has_lapsed`) are scored by a second curve
of their own: they hardly come back, and learning from both at once would let the easy cases hide the hard ones.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Self

from assistant.data.objectors import objectors
from assistant.features.labels import customer_features, labelled
from assistant.features.order_sums import HeldOrders
from assistant.models.close_inputs import close_inputs
from assistant.models.threads import undivided_products
from assistant.models.value.behaviour import EVERYTHING, RECENCY_RULE, has_lapsed, kept, predictors
from assistant.models.value.over_time import Curve, Lessons, learn

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

VERSION = "2"
#: Customers about to leave: at least as likely to leave as to stay.
AT_RISK = 0.5


class ChurnModel:
    """Churn probabilities of all customers of a shop.

    Args:
        horizon_days: leaving means no order within so many days.

    Attributes (after :meth:`fit`):
        exam_: figures on the test day, over customers who had not already left.
        curve_, lapsed_curve_: of customers, and of those who had already left; uses_rule_: recency alone.
        columns_: what the model weighs; proxies_: what it does not, because it stands for a sensitive attribute.
    """

    def __init__(self, horizon_days: int = 90) -> None:
        self.horizon_days = horizon_days

    @undivided_products()
    def fit(self, snapshot: Snapshot) -> Self:
        """Learn from the shop's own past up to ``as_of``.

        Raises:
            InvalidPlan: too short a history, or too few customers of either outcome.
            MissingData: orders carry no customer.
        """
        snapshot.require("order_lines", "customer_id", needed_for="A churn prediction")
        gone: dict[date, pd.DataFrame] = {}
        rows = partial(self._rows, snapshot, HeldOrders.of(snapshot), gone)
        lessons = Lessons(snapshot, self.horizon_days, rows)
        now = customer_features(snapshot, self.horizon_days)
        self.proxies_ = close_inputs(snapshot, now["customer_id"].tolist(), predictors(now))
        self.columns_ = kept(EVERYTHING, self.proxies_)
        self.rule_columns_ = kept(RECENCY_RULE, self.proxies_) or self.columns_[:1]
        everything = partial(predictors, columns=self.columns_)
        rule = partial(predictors, columns=self.rule_columns_)
        self.exam_, self.curve_, self.uses_rule_ = learn(lessons, everything, rule)
        self.lapsed_curve_ = self._of_lapsed(gone)
        return self

    def _rows(
        self, snapshot: Snapshot, orders: HeldOrders, gone: dict[date, pd.DataFrame], cut: date
    ) -> pd.DataFrame:
        """Labelled customers of one day; those who had left then are put aside."""
        frame = labelled(snapshot, cut, self.horizon_days, orders).rename(columns={"churned": "happened"})
        lapsed = has_lapsed(frame, self.horizon_days)
        gone[cut] = frame[lapsed]
        return frame[~lapsed].reset_index(drop=True)

    def _of_lapsed(self, gone: dict[date, pd.DataFrame]) -> Curve:
        """The regression alone, as learnt: few come back, and nothing is decided by how few exactly."""
        import pandas as pd

        learnt = [gone[c] for c in sorted({*self.exam_.cuts, self.exam_.cut})]
        return Curve(self.curve_.predictors, members=("logistic",)).fit(pd.concat(learnt, ignore_index=True))

    def predict(self, snapshot: Snapshot) -> pd.DataFrame:
        """Score every customer as of the snapshot's analysis date; those who objected to marketing are not scored.

        Returns:
            columns of :func:`assistant.features.order_behaviour.customer_features` and ``churn_probability`` (no order
            within the horizon), ``lapsed`` (has already left), ``at_risk`` (not lapsed, probability of at least
            :data:`AT_RISK`), ``value_at_risk`` (probability × yearly value, shop currency); sorted by ``customer_id``.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
        """
        import numpy as np
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "curve_"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted to a shop yet")
        frame = customer_features(snapshot, self.horizon_days)
        frame = frame[~frame["customer_id"].isin(objectors(snapshot))].reset_index(drop=True)
        lapsed = has_lapsed(frame, self.horizon_days)
        frame["churn_probability"] = np.where(lapsed, self.lapsed_curve_.predict(frame), self.curve_.predict(frame))
        frame["lapsed"] = lapsed
        frame["at_risk"] = ~lapsed & (frame["churn_probability"] >= AT_RISK)
        frame["value_at_risk"] = frame["churn_probability"] * frame["yearly_value"]
        return frame


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
