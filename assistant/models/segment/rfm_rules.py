"""RFM rules: fifths of the shop's own customers by recency, frequency and money, named by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.models.segment.base import Segmenter

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RFMRule:
    """One named segment: ranges of the recency score R and the value score V, both 1 (worst) to 5 (best)."""

    name: str
    recency: tuple[int, int]
    value: tuple[int, int]
    one_order: bool | None = None  # True: exactly one order; False: more; None: any
    advice: str = ""


#: Checked in this order; together they cover every customer once.
RULES: tuple[RFMRule, ...] = (
    RFMRule("Champions", (4, 5), (5, 5), advice="thank them, show new products first, ask for reviews"),
    RFMRule("Loyal", (3, 5), (4, 5), advice="reward them, offer what goes with what they own"),
    RFMRule("New", (4, 5), (1, 3), one_order=True, advice="welcome them and make the second order easy"),
    RFMRule("Promising", (4, 5), (1, 3), advice="suggest the next category before they cool down"),
    RFMRule("Needs attention", (3, 3), (1, 3), advice="remind them while they still remember the shop"),
    RFMRule("Must not lose", (1, 2), (5, 5), advice="win them back personally, ask what went wrong"),
    RFMRule("At risk", (1, 2), (3, 4), advice="win them back with what they used to buy"),
    RFMRule("Hibernating", (2, 2), (1, 2), advice="contact them rarely and cheaply"),
    RFMRule("Lost", (1, 1), (1, 2), advice="leave them alone unless it costs nothing"),
)
#: Where nothing tells the customers apart, none of these names would be true.
ALIKE = RFMRule("All alike", (1, 5), (1, 5), advice="treat them alike: nothing tells them apart yet")
#: Score of the last order where it is the same day for everybody.
NEUTRAL = 3


class RFMRules(Segmenter):
    """Scores 1–5 by the shop's own quintiles, then the first rule that fits.

    R: fewer days since the last order is better. F: orders. M: money spent. V is the mean of F and M, rounded up from
    one half. A score counts the quintile cuts that a value lies strictly beyond, so equal values get equal scores
    (with many one-order customers, all of them score 1). Where everybody ordered last on the same day, R is 3 for all;
    where orders and spending are the same too, everybody is :data:`ALIKE`. The scheme is Hughes (1994),
    *Strategic Database Marketing*; the names are customary.
    """

    def __init__(self) -> None:
        return

    def _fit(self, frame: pd.DataFrame) -> None:
        steps = [0.2, 0.4, 0.6, 0.8]
        self.day_cuts_ = np.quantile(frame["days_since_last_order"].to_numpy(float), steps)
        self.order_cuts_ = np.quantile(frame["order_count"].to_numpy(float), steps)
        self.money_cuts_ = np.quantile(frame["monetary_value"].to_numpy(float), steps)
        columns = ["days_since_last_order", "order_count", "monetary_value"]
        self.same_day_, *others = (bool(frame[c].nunique() <= 1) for c in columns)
        self.alike_ = self.same_day_ and all(others)

    def scores(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """R, F, M and V scores (int, 1–5) of each customer."""
        recency = 1 + _beyond(-frame["days_since_last_order"].to_numpy(float), -self.day_cuts_)
        recency = np.full_like(recency, NEUTRAL) if self.same_day_ else recency
        frequency = 1 + _beyond(frame["order_count"].to_numpy(float), self.order_cuts_)
        money = 1 + _beyond(frame["monetary_value"].to_numpy(float), self.money_cuts_)
        return recency, frequency, money, np.floor((frequency + money) / 2 + 0.5).astype(int)

    def _names_of(self, frame: pd.DataFrame) -> np.ndarray:
        if self.alike_:
            return np.full(len(frame), ALIKE.name, dtype=object)
        recency, _, _, value = self.scores(frame)
        once = frame["order_count"].to_numpy() == 1
        conditions = [_fits(rule, recency, value, once) for rule in RULES]
        return np.select(conditions, [rule.name for rule in RULES], default="").astype(object)

    def definition(self, name: str) -> str:
        """The rule with the shop's own cuts filled in."""
        self._fitted()
        if name == ALIKE.name:
            return "the same last order, number of orders and spending for everybody"
        rule = next(r for r in RULES if r.name == name)
        parts = [self._recency_words(rule.recency), f"value score {_range(rule.value)} of 5"]
        if rule.one_order:
            parts.append("exactly one order")
        elif rule.name == "Promising":
            parts.append("more than one order")
        return "; ".join(parts)

    def advice(self, name: str) -> str:
        """What is usually done for that segment (a rule of thumb, not a measured effect)."""
        return next(r.advice for r in (*RULES, ALIKE) if r.name == name)

    def value_words(self) -> str:
        """How the value score is made, with the shop's cuts."""
        self._fitted()
        orders = ", ".join(f"{c:g}" for c in self.order_cuts_)
        money = ", ".join(f"{c:,.2f}" for c in self.money_cuts_)
        return (f"value score = mean of the order score (cuts at {orders} orders) and the spending score "
                f"(cuts at {money}), halves rounded up")

    def _recency_words(self, bounds: Sequence[int]) -> str:
        """Score R ≥ s means days < cut; cuts are ascending, so score s lies below cut number 5 - s."""
        if self.same_day_:
            return "last order on the same day as everybody's"
        low, high = bounds
        newest = None if high == 5 else self.day_cuts_[4 - high]
        oldest = None if low == 1 else self.day_cuts_[5 - low]
        if newest is None and oldest is None:
            return "any last order"
        if newest is None:
            return f"last order less than {oldest:g} days ago"
        if oldest is None:
            return f"last order {newest:g} days ago or longer"
        return f"last order {newest:g} to under {oldest:g} days ago"


def _beyond(values: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """How many cuts each value is strictly greater than."""
    return (values[:, None] > cuts[None, :]).sum(axis=1)


def _fits(rule: RFMRule, recency: np.ndarray, value: np.ndarray, once: np.ndarray) -> np.ndarray:
    inside = ((recency >= rule.recency[0]) & (recency <= rule.recency[1])
              & (value >= rule.value[0]) & (value <= rule.value[1]))
    return inside if rule.one_order is None else inside & (once == rule.one_order)


def _range(bounds: tuple[int, int]) -> str:
    return str(bounds[0]) if bounds[0] == bounds[1] else f"{bounds[0]} to {bounds[1]}"
