"""How probabilities did on cases whose outcome is known: order, level, and what the first tenths hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BINS = 5
TENTHS = 10
#: Rows with and without the outcome below which no tenths are told.
FEWEST_FOR_LIFT = 50


@dataclass(frozen=True)
class Calibration:
    """Cases with similar predictions: how many had the outcome, against how many were expected to."""

    customers: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Lift:
    """A tenth of the cases, those with the highest predictions first.

    Attributes:
        tenth: 1–10; customers: cases in it; happened: those with the outcome.
        share: happened / customers; lift: share over the share of all.
        captured: share of all cases with the outcome that are in this tenth or before; ``rule_captured`` by the rule.
    """

    tenth: int
    customers: int
    happened: int
    share: float
    lift: float
    captured: float
    rule_captured: float


def auc(happened: np.ndarray, score: np.ndarray) -> float | None:
    """Chance that a case with the outcome scores above one without; None where all cases are alike."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(happened, score)) if 0 < happened.sum() < len(happened) else None


def brier(happened: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared distance of probability and outcome (Brier 1950, *Monthly Weather Review* 78(1), 1–3)."""
    return float(((probability - happened) ** 2).mean())


def calibration(probability: np.ndarray, happened: np.ndarray, bins: int = BINS) -> tuple[Calibration, ...]:
    """Expected and observed shares by equal parts of the prediction, lowest first."""
    import numpy as np

    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return tuple(Calibration(len(p), float(probability[p].mean()), float(happened[p].mean())) for p in parts)


def calibration_error(parts: tuple[Calibration, ...]) -> float:
    """Mean distance between expected and observed shares, weighted by cases."""
    return sum(p.customers * abs(p.predicted - p.observed) for p in parts) / sum(p.customers for p in parts)


def lift(score: np.ndarray, rule: np.ndarray, happened: np.ndarray) -> tuple[Lift, ...]:
    """Tenths by falling score; empty where there are too few cases of either outcome to tell."""
    import numpy as np

    happened = happened.astype(bool)
    total = int(happened.sum())
    if min(total, len(happened) - total) < FEWEST_FOR_LIFT:
        return ()
    ours, theirs = (np.array_split(np.argsort(-s, kind="stable"), TENTHS) for s in (score, rule))
    parts, seen, rule_seen = [], 0, 0
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True), start=1):
        hits = int(happened[mine].sum())
        seen, rule_seen = seen + hits, rule_seen + int(happened[other].sum())
        share = hits / len(mine)
        parts.append(Lift(number, len(mine), hits, share, share / (total / len(happened)), seen / total,
                          rule_seen / total))
    return tuple(parts)
