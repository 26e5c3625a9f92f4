"""What was known of each customer on a day, and what happened after it.

A *cut* is a past day. Features come from the snapshot as of the cut, so that no later row can reach them; the outcome
is whether the customer ordered within the days after it. :func:`leaking_columns` finds a feature that breaks this rule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.features.rfm import TAKEN_BACK

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Days whose revenue stands for what a customer is worth a year.
YEAR_DAYS = 365
#: Most past cuts that a model learns from, beside the one it is tested on.
MOST_CUTS = 8
#: Fewest days between two cuts; closer ones would show nearly the same customers twice.
CLOSEST_CUTS = 30


def customer_features(snapshot: Snapshot, horizon_days: int) -> pd.DataFrame:
    """Order behaviour of every identified customer with a product sale up to ``as_of``.

    Args:
        horizon_days: "recent" means the last so many days.

    Returns:
        columns ``customer_id``, ``days_since_last_order``, ``order_count``, ``tenure_days`` (since the first order),
        ``usual_gap_days`` (mean days between days with orders; missing for customers with one such day),
        ``recent_orders``, ``yearly_value`` (sales less returns of the last 365 days, shop currency, at least 0), sorted
        by ``customer_id``.

    Raises:
        MissingData: orders carry no customer.
    """
    snapshot.require("order_lines", "customer_id", needed_for="A churn prediction")
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type.isin(["sale", *TAKEN_BACK]))
    orders = lines.group_by(["customer_id", "order_id"]).aggregate(
        day=lines.ordered_at.max().date(), sale_lines=(lines.line_type == "sale").sum(), amount=lines.amount.sum(),
    )
    bought = orders.sale_lines > 0
    as_of = snapshot.as_of
    customers = orders.group_by("customer_id").aggregate(
        first=orders.day.min(where=bought), last=orders.day.max(where=bought), order_count=bought.sum(),
        order_days=orders.day.nunique(where=bought),
        recent_orders=(bought & (orders.day > as_of - timedelta(days=horizon_days))).sum(),
        yearly_value=orders.amount.sum(where=orders.day > as_of - timedelta(days=YEAR_DAYS)).cast("float64"),
    )
    customers = customers.filter(customers.order_count > 0).order_by("customer_id")
    return _shape(snapshot.execute(customers).to_pandas(), as_of)


def _shape(frame: pd.DataFrame, as_of: date) -> pd.DataFrame:
    import pandas as pd

    whole = ["order_count", "order_days", "recent_orders"]  # engines differ in the type of a summed condition
    frame[whole] = frame[whole].astype("int64")
    first, last = pd.to_datetime(frame["first"]), pd.to_datetime(frame["last"])
    gaps = frame["order_days"] - 1
    frame["days_since_last_order"] = (pd.Timestamp(as_of) - last).dt.days.astype("int64")
    frame["tenure_days"] = (pd.Timestamp(as_of) - first).dt.days.astype("int64")
    frame["usual_gap_days"] = ((last - first).dt.days / gaps.where(gaps > 0)).astype("float64")
    frame["yearly_value"] = frame["yearly_value"].fillna(0.0).clip(lower=0.0)
    return frame[["customer_id", "days_since_last_order", "order_count", "tenure_days", "usual_gap_days",
                  "recent_orders", "yearly_value"]]


def ordered_within(snapshot: Snapshot, cut: date, horizon_days: int) -> set[str]:
    """Identified customers with a product sale in the ``horizon_days`` days after ``cut``.

    Raises:
        InvalidPlan: the window reaches beyond the snapshot's analysis date, so that the outcome is not known yet.
    """
    end = cut + timedelta(days=horizon_days)
    if end > snapshot.as_of:
        raise InvalidPlan(
            f"What happened in the {horizon_days} days after {cut.isoformat()} is not known yet on "
            f"{snapshot.as_of.isoformat()}", received=cut.isoformat(),
        )
    import ibis

    lines = snapshot.table("order_lines")
    after = ibis.literal(datetime.combine(cut + timedelta(days=1), datetime.min.time()), type="timestamp")
    until = ibis.literal(datetime.combine(end + timedelta(days=1), datetime.min.time()), type="timestamp")
    inside = lines.filter(
        lines.customer_id.notnull(), lines.line_type == "sale", lines.ordered_at >= after, lines.ordered_at < until
    )
    return set(snapshot.execute(inside.select("customer_id").distinct()).column("customer_id").to_pylist())


def labelled(snapshot: Snapshot, cut: date, horizon_days: int) -> pd.DataFrame:
    """Features as of ``cut`` with the outcome: columns of :func:`customer_features`, ``cut`` and ``churned`` (no
    order within ``horizon_days`` days after the cut).

    Raises:
        InvalidPlan: the outcome is not known yet.
        MissingData: the cut lies before the first order.
    """
    stayed = ordered_within(snapshot, cut, horizon_days)
    frame = customer_features(snapshot.at(cut), horizon_days)
    frame["cut"] = cut
    frame["churned"] = ~frame["customer_id"].isin(stayed)
    return frame


def past_cuts(snapshot: Snapshot, horizon_days: int) -> tuple[list[date], date]:
    """Cuts to learn from (oldest first) and the later cut to test on.

    The outcome of the test cut is the last one that is known. Every outcome to learn from was known on the test cut, as
    it will be for a prediction made today. Each cut has at least ``horizon_days`` days of history before it.

    Raises:
        InvalidPlan: the data are too short; says how many days are needed and which horizon would fit.
    """
    first, as_of = snapshot.manifest.first_day, snapshot.as_of
    history = (as_of - first).days + 1
    test = as_of - timedelta(days=horizon_days)
    latest = test - timedelta(days=horizon_days)
    if (latest - first).days < horizon_days:
        fits = (history - 1) // 3
        raise InvalidPlan(
            f"Predicting who leaves within {horizon_days} days needs at least {3 * horizon_days + 1} days of orders, "
            f"and there are {history}",
            received=horizon_days,
            hint=f"These data allow a horizon of at most {fits} days." if fits >= 7 else None,
        )
    step = timedelta(days=max(CLOSEST_CUTS, horizon_days // 2))
    cuts = [latest - n * step for n in range(MOST_CUTS)]
    return sorted(c for c in cuts if (c - first).days >= horizon_days), test


def leaking_columns(
    build: Callable[[Snapshot], pd.DataFrame], whole: Snapshot, cut_off: Snapshot, key: str = "customer_id"
) -> list[str]:
    """Columns of ``build`` that change when the rows after the cut are really gone.

    Args:
        build: features from a snapshot.
        whole: the data, seen as of the cut.
        cut_off: a copy of the same data from which all rows after the cut were deleted.

    Returns:
        names of the leaking columns; ``key`` itself when the rows differ. Empty: no leak shows in these data.
    """
    seen, honest = (build(s).sort_values(key).reset_index(drop=True) for s in (whole, cut_off))
    if not seen[key].equals(honest[key]):
        return [key]
    return [c for c in honest.columns if not seen[c].equals(honest[c])]
