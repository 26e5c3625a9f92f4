"""Who will order, or buy certain products, within H days: the machinery of churn turned round.

All customers are scored by one curve, those who have been silent for long too: few of them come back, and the trees
see that. Of products, what is weighed is also how often and how lately the customer has bought them; the rule to beat
is the time since the last such purchase, for orders as a whole the time since the last order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Self

from assistant.data.objectors import objectors
from assistant.features.goods_behaviour import GOODS_COLUMNS, with_goods
from assistant.features.labels import customer_features, ordered_within
from assistant.models.close_inputs import close_inputs
from assistant.models.threads import undivided_products
from assistant.models.value.behaviour import EVERYTHING, RECENCY_RULE, kept, predictors
from assistant.models.value.over_time import Lessons, learn

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

VERSION = "1"
GOODS_RULE = ("goods_days_since",)


class OrderingModel:
    """Probability that each customer orders within the horizon.

    Args:
        horizon_days: days ahead.
        products: ids; only purchases of these count. None: any order.

    Attributes (after :meth:`fit`):
        exam_: figures on the test day over all customers; curve_; uses_rule_: whether the rule alone is used.
        columns_: what is weighed; proxies_: what is not, because it stands for a sensitive attribute.
    """

    def __init__(self, horizon_days: int = 30, products: Sequence[str] | None = None) -> None:
        self.horizon_days = horizon_days
        self.products = None if products is None else tuple(products)

    @undivided_products()
    def fit(self, snapshot: Snapshot) -> Self:
        """Learn from the shop's own past up to ``as_of``.

        Raises:
            InvalidPlan: too short a history, or too few customers with or without such an order.
            MissingData: orders carry no customer.
        """
        snapshot.require("order_lines", "customer_id", needed_for="A prediction of who orders")
        now = self._features(snapshot)
        columns = EVERYTHING if self.products is None else (*EVERYTHING, *GOODS_COLUMNS)
        self.proxies_ = close_inputs(snapshot, now["customer_id"].tolist(), predictors(now, columns))
        self.columns_ = kept(columns, self.proxies_)
        rule = RECENCY_RULE if self.products is None else GOODS_RULE
        self.rule_columns_ = kept(rule, self.proxies_) or self.columns_[:1]
        self.exam_, self.curve_, self.uses_rule_ = learn(
            Lessons(snapshot, self.horizon_days, lambda cut: self._rows(snapshot, cut)), self._model, self._rule)
        return self

    def _features(self, snapshot: Snapshot) -> pd.DataFrame:
        frame = customer_features(snapshot, self.horizon_days)
        return frame if self.products is None else with_goods(snapshot, frame, self.products, self.horizon_days)

    def _rows(self, snapshot: Snapshot, cut: date) -> pd.DataFrame:
        frame = self._features(snapshot.at(cut))
        frame["cut"] = cut
        frame["happened"] = frame["customer_id"].isin(ordered_within(snapshot, cut, self.horizon_days, self.products))
        return frame

    def _model(self, frame: pd.DataFrame) -> pd.DataFrame:
        return predictors(frame, self.columns_)

    def _rule(self, frame: pd.DataFrame) -> pd.DataFrame:
        return predictors(frame, self.rule_columns_)

    def predict(self, snapshot: Snapshot) -> pd.DataFrame:
        """Score every customer as of the snapshot's analysis date; those who objected to marketing are not scored.

        Returns:
            the features and ``order_probability`` (0–1), sorted by ``customer_id``.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
        """
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "curve_"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted to a shop yet")
        frame = self._features(snapshot)
        frame = frame[~frame["customer_id"].isin(objectors(snapshot))].reset_index(drop=True)
        frame["order_probability"] = self.curve_.predict(frame)
        return frame


def fit_ordering(snapshot: Snapshot, horizon_days: int, products: Sequence[str] | None = None) -> OrderingModel:
    """A fitted :class:`OrderingModel`; keep it as long as the snapshot's fingerprint stays the same."""
    return OrderingModel(horizon_days, products).fit(snapshot)
