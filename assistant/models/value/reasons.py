"""Why a customer is likely to leave, in words that were tested.

A reason names one side of the behaviour. It is given only if (1) its words are true of the customer, and (2) setting
that side to what is usual among customers, everything else kept, lowers the predicted probability by at least
:data:`SMALLEST_EFFECT`. Of several, the one with the largest effect is given; without any, none is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from assistant.models.value.churn import ChurnCurve

SMALLEST_EFFECT = 0.01
NO_REASON = "no single reason stands out"
#: Changing one of these means changing the column(s) of the features.
SIDES: dict[str, tuple[str, ...]] = {
    "silence": ("days_since_last_order",),
    "frequency": ("order_count", "usual_gap_days", "tenure_days"),
    "lately": ("recent_orders",),
    "value": ("yearly_value",),
}


@dataclass(frozen=True)
class Reason:
    """``effect``: by how much the probability falls when ``side`` is set to the usual."""

    side: str
    words: str
    effect: float


def usual(frame: pd.DataFrame) -> dict[str, float]:
    """Medians of the customers given: what each side is set to."""
    columns = [c for side in SIDES.values() for c in side]
    return {c: float(frame[c].median()) for c in columns}


def neutralised(frame: pd.DataFrame, side: str, medians: dict[str, float]) -> pd.DataFrame:
    """The same customers with one side set to the usual."""
    changed = frame.copy()
    for column in SIDES[side]:
        changed[column] = medians[column]
    return changed


def main_reasons(frame: pd.DataFrame, curve: ChurnCurve, medians: dict[str, float]) -> list[Reason | None]:
    """The strongest true reason of each row, or None.

    Args:
        frame: features of customers.
        curve: the curve that scored them.
        medians: from :func:`usual`, over all customers who have not left.
    """
    before = curve.predict(frame)
    effects = {side: before - curve.predict(neutralised(frame, side, medians)) for side in SIDES}
    reasons: list[Reason | None] = []
    for position, row in enumerate(frame.to_dict("records")):
        found = [Reason(side, words, float(effects[side][position])) for side in SIDES
                 if (words := words_for(side, row, medians))]
        strong = [r for r in found if r.effect >= SMALLEST_EFFECT]
        reasons.append(max(strong, key=lambda r: r.effect) if strong else None)
    return reasons


def words_for(side: str, row: dict[str, float], medians: dict[str, float]) -> str | None:
    """Words for a side, if they are true of the customer."""
    gap, silence = row["usual_gap_days"], row["days_since_last_order"]
    if side == "silence":
        if gap == gap and silence > gap:  # a missing gap is not equal to itself
            return "silent for longer than usual for this customer"
        return "silent for longer than most customers" if silence > medians["days_since_last_order"] else None
    if side == "frequency":
        if row["order_count"] == 1:
            return "has ordered only once so far"
        if row["order_count"] < medians["order_count"]:
            return "has ordered less often than most customers"
        return "lets more time pass between orders than most customers" if gap > medians["usual_gap_days"] else None
    if side == "lately":
        return "fewer recent orders than most customers" if row["recent_orders"] < medians["recent_orders"] else None
    return "spends less than most customers" if row["yearly_value"] < medians["yearly_value"] else None
