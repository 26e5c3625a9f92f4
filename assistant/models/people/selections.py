"""Selections of people that can treat groups differently: by a model, by segments, by a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.objectors import objectors
from assistant.errors import UserError
from assistant.features.labels import customer_features, ordered_within
from assistant.features.rfm import rfm
from assistant.models.people.fairness_report import Judged, PastPredictions
from assistant.models.value.churn import ChurnModel, churn_scores
from assistant.plans.filters import Filter
from assistant.plans.reword import reword_filter
from assistant.query.audience import conditions_of, customer_ids
from assistant.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Behaviour that models of customers are made from.
BEHAVIOUR = ("days_since_last_order", "order_count", "tenure_days", "usual_gap_days", "recent_orders", "yearly_value")
#: Share of customers called the dearest, and most of them that are looked at.
DEAREST, MOST = 0.1, 1000


def leaving(snapshot: Snapshot, horizon_days: int, fitted: ChurnModel | None = None, examined: bool = True) -> Judged:
    """Who counts as about to leave; ``examined`` on the day ``horizon_days`` ago by a model that knew no more then.

    Raises:
        InvalidPlan, MissingData: the shop cannot predict who leaves.
    """
    scores = churn_scores(snapshot, horizon_days, fitted)
    scores = scores[~scores["lapsed"] & ~scores["customer_id"].isin(objectors(snapshot))]
    inputs = scores[["customer_id"]].merge(customer_features(snapshot, horizon_days), on="customer_id", how="left")
    return Judged(
        "count as about to leave", scores["customer_id"].astype(str).tolist(),
        {"about to leave": scores["at_risk"].to_numpy(dtype=bool)},
        {name: inputs[name].to_numpy() for name in BEHAVIOUR},
        _past_leaving(snapshot, horizon_days) if examined else None,
    )


def _past_leaving(snapshot: Snapshot, horizon_days: int) -> PastPredictions | None:
    cut = snapshot.as_of - timedelta(days=horizon_days)
    try:
        then = churn_scores(snapshot.at(cut), horizon_days)
    except UserError:
        return None  # too short a history to look back on
    then = then[~then["lapsed"]]
    stayed = ordered_within(snapshot, cut, horizon_days)
    customers = then["customer_id"].astype(str).tolist()
    left = np.array([c not in stayed for c in customers], dtype=float)
    return PastPredictions(cut, customers, then["churn_probability"].to_numpy(dtype=float), left)


def dearest(snapshot: Snapshot, ask: Callable[[int], Result]) -> Judged:
    """Who is in the tenth with the highest expected value.

    Args:
        ask: the value of the so many customers with the highest expectation.
    """
    frame = _behaviour(snapshot)
    k = max(1, min(MOST, round(DEAREST * len(frame))))
    table = ask(k).table("customers")
    chosen = {str(row[table.column_index("customer_id")]) for row in table.rows}
    return _judged(frame, "are among the highest by expected value", {"highest": frame["customer_id"].isin(chosen)})


def segments(snapshot: Snapshot, assigned: pd.DataFrame) -> Judged:
    """Who is in which segment.

    Args:
        assigned: columns ``customer_id``, ``segment``.
    """
    frame = _behaviour(snapshot).merge(assigned, on="customer_id")
    names = sorted(frame["segment"].astype(str).unique())
    return _judged(frame, "are in a segment", {n: frame["segment"].astype(str) == n for n in names})


def audience(snapshot: Snapshot, rule: Filter, examined: bool = True) -> Judged:
    """Whom a rule selects, of all known customers; the inputs are its conditions (where ``examined``)."""
    everybody = customer_ids(snapshot, None)
    chosen = set(customer_ids(snapshot, rule))
    parts = conditions_of(rule) if examined else []
    inputs = {reword_filter(p): [str(c in met) for c in everybody]
              for p, met in ((p, set(customer_ids(snapshot, p))) for p in parts)}
    return Judged("meet the rule", everybody, {"chosen": np.array([c in chosen for c in everybody])}, inputs)


def _behaviour(snapshot: Snapshot) -> pd.DataFrame:
    frame = rfm(snapshot)[["customer_id", "days_since_last_order", "order_count", "monetary_value"]]
    frame["customer_id"] = frame["customer_id"].astype(str)
    return frame[~frame["customer_id"].isin(objectors(snapshot))].reset_index(drop=True)


def _judged(frame: pd.DataFrame, what: str, selected: dict[str, pd.Series]) -> Judged:
    return Judged(what, frame["customer_id"].tolist(), {n: s.to_numpy(dtype=bool) for n, s in selected.items()},
                  {c: frame[c].to_numpy() for c in ("days_since_last_order", "order_count", "monetary_value")})
