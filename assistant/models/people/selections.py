"""Selections of people that can treat groups differently: by a model, by segments, by a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.objectors import objectors
from assistant.errors import InvalidPlan, UserError
from assistant.features.labels import customer_features, ordered_within
from assistant.features.rfm import rfm
from assistant.models.people.fairness_report import Judged, PastPredictions
from assistant.models.value.behaviour import predictors
from assistant.models.value.churn import ChurnModel, churn_scores
from assistant.plans.filters import Filter
from assistant.plans.reword import reword_filter
from assistant.query.audience import conditions_of, customer_ids

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Share of customers called the dearest, and the longest stretch that their value is expected and examined over.
DEAREST, YEAR = 0.1, 365


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
        {str(name): values.to_numpy() for name, values in predictors(inputs).items()},
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


def dearest(snapshot: Snapshot, expect: Callable[[Snapshot, int], Mapping[str, float | None]]) -> Judged:
    """Who is in the tenth with the highest expected value; examined by the expectation of a past day.

    Args:
        expect: expected sales of each customer within so many days of a snapshot's analysis date.
    """
    days = min(YEAR, max(30, (snapshot.as_of - snapshot.manifest.first_day).days // 2))
    frame = _behaviour(snapshot)
    now = expect(snapshot, days)
    expected = np.array([float(now.get(c) or 0.0) for c in frame["customer_id"]])
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[np.lexsort((frame["customer_id"], -expected))[: max(1, round(DEAREST * len(frame)))]] = True
    judged = _judged(frame, "are among the tenth with the highest expected value", {
        "highest": frame["customer_id"].isin(frame["customer_id"][chosen])})
    return replace(judged, past=_past_value(snapshot, days, expect))


def _past_value(
    snapshot: Snapshot, days: int, expect: Callable[[Snapshot, int], Mapping[str, float | None]]
) -> PastPredictions | None:
    cut = snapshot.as_of - timedelta(days=days)
    try:
        then = {c: v for c, v in expect(snapshot.at(cut), days).items() if v is not None}
    except UserError:
        return None  # too short a history to look back on
    customers = sorted(set(then) - objectors(snapshot))
    brought = _sales_after(snapshot, cut)
    return PastPredictions(cut, customers, np.array([float(then[c]) for c in customers]),
                           np.array([brought.get(c, 0.0) for c in customers]), "currency")


def _sales_after(snapshot: Snapshot, cut: date) -> dict[str, float]:
    """Sales of each customer from the day after a cut to the analysis date."""
    import ibis

    lines = snapshot.table("order_lines")
    after = ibis.literal(datetime.combine(cut + timedelta(days=1), datetime.min.time()), type="timestamp")
    later = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale", lines.ordered_at >= after)
    found = snapshot.execute(later.group_by("customer_id").aggregate(sales=later.amount.sum().cast("float64")))
    return dict(zip(*found.to_pydict().values(), strict=True))


def ordering(snapshot: Snapshot, horizon_days: int) -> Judged:
    """Who is in the tenth most likely to order; examined on the day ``horizon_days`` ago by a model that knew no more.

    Raises:
        InvalidPlan, MissingData: the shop cannot predict who orders.
    """
    from assistant.models.value.ordering import fit_ordering

    scores = fit_ordering(snapshot, horizon_days).predict(snapshot)
    order = np.lexsort((scores["customer_id"].astype(str), -scores["order_probability"]))
    chosen = np.zeros(len(scores), dtype=bool)
    chosen[order[: max(1, round(DEAREST * len(scores)))]] = True
    past: PastPredictions | None = None
    cut = snapshot.as_of - timedelta(days=horizon_days)
    try:
        then = fit_ordering(snapshot.at(cut), horizon_days).predict(snapshot.at(cut))
    except UserError:
        pass  # too short a history to look back on
    else:
        came = ordered_within(snapshot, cut, horizon_days)
        customers = then["customer_id"].astype(str).tolist()
        past = PastPredictions(cut, customers, then["order_probability"].to_numpy(dtype=float),
                               np.array([c in came for c in customers], dtype=float))
    inputs = {str(name): values.to_numpy() for name, values in predictors(scores).items()}
    return Judged("are among the tenth most likely to order", scores["customer_id"].astype(str).tolist(),
                  {"likely": chosen}, inputs, past)


def moved(snapshot: Snapshot, scores: pd.DataFrame) -> Judged:
    """Who is said to be moved by a contact, of those who can be judged.

    Args:
        scores: of the uplift model; ``customer_id``, ``group``, ``judged``.

    Raises:
        InvalidPlan: nobody can be judged.
    """
    able = scores[scores["judged"].to_numpy(dtype=bool)]
    if able.empty:
        raise InvalidPlan("Past campaigns do not tell who is moved by a contact, so nobody is chosen by it",
                          received="uplift", nearest=["Is the churn model fair?"])
    frame = able[["customer_id"]].astype(str).merge(_behaviour(snapshot), on="customer_id")
    group = dict(zip(able["customer_id"].astype(str), able["group"].astype(str), strict=True))
    names = sorted(set(group.values()))
    return _judged(frame, "are in a group of the uplift model", {
        n.replace("_", " "): frame["customer_id"].map(group) == n for n in names})


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
