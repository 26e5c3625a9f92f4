"""Why a customer is likely to leave, in words that were tested.

A reason names one side of the ordering. It is given only if (1) its words are true of the customer, (2) the columns of
that side raise the customer's score, by their contributions to the log-odds (Shapley values;
:mod:`assistant.models.value.propensity`), by at least :data:`SMALLEST_SHARE` of all that raise it, and (3) setting that
side to what is usual among customers, everything else kept, lowers the predicted probability by at least
:data:`SMALLEST_EFFECT`. Those that pass are given by falling contribution; without any, none is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.features.goods_behaviour import GOODS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    from assistant.models.value.over_time import Curve

SMALLEST_EFFECT = 0.01
SMALLEST_SHARE = 0.1
MOST_REASONS = 3
NO_REASON = "no single reason stands out"
#: Changing one of these means changing the column(s) of the features.
SIDES: dict[str, tuple[str, ...]] = {
    "silence": ("days_since_last_order",),
    "frequency": ("order_count", "usual_gap_days", "tenure_days", "gap_spread_days", "year_orders"),
    "lately": ("recent_orders", "month_orders"),
    "slowing": ("last_gap_days",),
    "season": ("season_orders",),
    "value": ("yearly_value", "mean_order_value"),
    "basket": ("lines_per_order",),
    "returns": ("return_share",),
    "discounts": ("discount_share",),
    "goods": GOODS_COLUMNS,
}
#: What a model weighs beside the features, and the side that it speaks of.
DERIVED = {"gaps_silent": "silence", "late": "silence"}
#: A silence of between so many usual gaps means that an order is due.
DUE = (0.7, 1.5)
#: A last gap of so many usual ones is slowing down.
SLOWED = 1.5


@dataclass(frozen=True)
class Reason:
    """``contribution``: what the side adds to the log-odds; ``effect``: by how much the probability falls when it is
    set to the usual."""

    side: str
    words: str
    contribution: float
    effect: float


def usual(frame: pd.DataFrame) -> dict[str, float]:
    """Medians of the customers given: what each side is set to; missing where most of them have no value."""
    columns = [c for side in SIDES.values() for c in side if c in frame]
    return {c: float(frame[c].median()) if 2 * frame[c].notna().sum() >= len(frame) > 0 else float("nan")
            for c in columns}


def neutralised(frame: pd.DataFrame, side: str, medians: dict[str, float]) -> pd.DataFrame:
    """The same customers with one side set to the usual."""
    changed = frame.copy()
    for column in SIDES[side]:
        changed[column] = medians[column]
    return changed


def by_side(curve: Curve, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Contribution of each side to the log-odds of each row; empty where the curve is a constant."""
    import numpy as np

    parts = curve.contributions(frame)
    sides: dict[str, np.ndarray] = {}
    places = {column: side for side, columns in SIDES.items() for column in columns} | DERIVED
    for column in parts.columns:
        side = places[column]
        sides[side] = sides.get(side, np.zeros(len(frame))) + parts[column].to_numpy()
    return sides


def proven_reasons(
    frame: pd.DataFrame, curve: Curve, medians: dict[str, float],
    words: Callable[[str, dict[str, float], dict[str, float]], str | None] | None = None,
) -> list[list[Reason]]:
    """The true reasons of each row that pass both tests, the strongest first, at most :data:`MOST_REASONS`.

    Args:
        frame: features of customers.
        curve: the curve that scored them.
        medians: from :func:`usual`, over all customers who have not left.
        words: for a side, if they are true; by default those of leaving (:func:`words_for`).
    """
    words = words or words_for
    contributions = by_side(curve, frame)
    if not contributions:
        return [[] for _ in range(len(frame))]
    before = curve.predict(frame)
    effects = {side: before - curve.predict(neutralised(frame, side, medians)) for side in contributions}
    found: list[list[Reason]] = []
    for position, row in enumerate(frame.to_dict("records")):
        raised = sum(max(float(c[position]), 0.0) for c in contributions.values())
        reasons = [
            Reason(side, said, float(contributions[side][position]), float(effects[side][position]))
            for side in contributions if (said := words(side, row, medians))
        ]
        strong = [r for r in reasons if r.effect >= SMALLEST_EFFECT and r.contribution >= SMALLEST_SHARE * raised > 0]
        found.append(sorted(strong, key=lambda r: (-r.contribution, r.side))[:MOST_REASONS])
    return found


def in_words(reasons: list[Reason]) -> str:
    """The reasons as one phrase."""
    return "; ".join(r.words for r in reasons) or NO_REASON


def words_for(side: str, row: dict[str, float], medians: dict[str, float]) -> str | None:
    """Words for a side, if they are true of the customer."""
    match side:
        case "silence":
            return _silence(row, medians)
        case "frequency":
            return _frequency(row, medians)
        case "slowing":
            gap, last = row["usual_gap_days"], row["last_gap_days"]
            return "let much more time pass before the last order than usual" if last > SLOWED * gap else None
        case "season":
            return "ordered nothing at this time last year" if row["season_orders"] == 0 else None
    if side not in _COMPARED:
        return None
    column, less, more = _COMPARED[side]
    if row[column] < medians[column]:
        return less
    return more if row[column] > medians[column] else None


#: Sides that are compared with the median: the column, the words for less and for more.
_COMPARED: dict[str, tuple[str, str | None, str | None]] = {
    "lately": ("recent_orders", "fewer recent orders than most customers", None),
    "value": ("yearly_value", "spends less than most customers", None),
    "basket": ("lines_per_order", "fewer products per order than most customers",
               "more products per order than most customers"),
    "returns": ("return_share", None, "sends more back than most customers"),
    "discounts": ("discount_share", "buys with discounts less often than most customers",
                  "buys with discounts more often than most customers"),
}


def words_for_ordering(side: str, row: dict[str, float], medians: dict[str, float]) -> str | None:
    """Words for a side that speaks for an order, if they are true of the customer."""
    gap, silence = row["usual_gap_days"], row["days_since_last_order"]
    if side == "silence" and gap == gap and DUE[0] * gap <= silence <= DUE[1] * gap:
        return "about due again by their own rhythm"
    true = {
        "silence": ("ordered more lately than most customers", silence < medians["days_since_last_order"]),
        "frequency": ("has ordered more often than most customers", row["order_count"] > medians["order_count"]),
        "lately": ("more recent orders than most customers", row["recent_orders"] > medians["recent_orders"]),
        "season": ("ordered at this time last year", row["season_orders"] > 0),
        "value": ("spends more than most customers", row["yearly_value"] > medians["yearly_value"]),
        "goods": ("has bought such products in the last year", row.get("goods_year", 0) > 0),
    }
    words, holds = true.get(side, ("", False))
    return words if holds else None


def _silence(row: dict[str, float], medians: dict[str, float]) -> str | None:
    gap, silence = row["usual_gap_days"], row["days_since_last_order"]
    if gap == gap and silence > gap:  # a missing gap is not equal to itself
        return "silent for longer than usual for this customer"
    return "silent for longer than most customers" if silence > medians["days_since_last_order"] else None


def _frequency(row: dict[str, float], medians: dict[str, float]) -> str | None:
    if row["order_count"] == 1:
        return "has ordered only once so far"
    if row["order_count"] < medians["order_count"]:
        return "has ordered less often than most customers"
    gap = row["usual_gap_days"]
    return "lets more time pass between orders than most customers" if gap > medians["usual_gap_days"] else None
