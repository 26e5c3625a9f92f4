"""What was known of each customer on a day, and what happened after it.

A *cut* is a past day. Features come from the snapshot as of the cut, so that no later row can reach them; the outcome
is whether the customer ordered within the days after it. :func:`leaking_columns` finds a feature that breaks this rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.features.order_behaviour import SEASON_DAYS, customer_features, customers_as_of
from assistant.features.order_sums import HeldOrders

if TYPE_CHECKING:
    import pandas as pd

    from assistant.data.warehouse import Snapshot

#: Most past cuts that a model learns from, beside the one it is tested on.
MOST_CUTS = 8
#: Fewest days between two cuts; closer ones would show nearly the same customers twice.
CLOSEST_CUTS = 30


def ordered_within(
    snapshot: Snapshot, cut: date, horizon_days: int, products: Sequence[str] | None = None
) -> set[str]:
    """Identified customers with a product sale in the ``horizon_days`` days after ``cut``.

    Args:
        products: ids; only sales of these count. None: any product.

    Raises:
        InvalidPlan: the window reaches beyond the snapshot's analysis date, so that the outcome is not known yet.
    """
    import ibis

    end = _window_end(snapshot, cut, horizon_days)

    lines = snapshot.table("order_lines")
    after = ibis.literal(datetime.combine(cut + timedelta(days=1), datetime.min.time()), type="timestamp")
    until = ibis.literal(datetime.combine(end + timedelta(days=1), datetime.min.time()), type="timestamp")
    inside = lines.filter(
        lines.customer_id.notnull(), lines.line_type == "sale", lines.ordered_at >= after, lines.ordered_at < until
    )
    if products is not None:
        inside = inside.filter(inside.product_id.isin(list(products)))
    return set(snapshot.execute(inside.select("customer_id").distinct()).column("customer_id").to_pylist())


def _window_end(snapshot: Snapshot, cut: date, horizon_days: int) -> date:
    end = cut + timedelta(days=horizon_days)
    if end > snapshot.as_of:
        raise InvalidPlan(
            f"What happened in the {horizon_days} days after {cut.isoformat()} is not known yet on "
            f"{snapshot.as_of.isoformat()}", received=cut.isoformat(),
        )
    return end


def labelled(
    snapshot: Snapshot, cut: date, horizon_days: int, orders: HeldOrders | None = None
) -> pd.DataFrame:
    """Features as of ``cut`` with the outcome: columns of :func:`customer_features`, ``cut`` and ``churned`` (no
    order within ``horizon_days`` days after the cut).

    Args:
        orders: those of the same snapshot, held; with them several cuts cost little more than one.

    Raises:
        InvalidPlan: the outcome is not known yet.
        MissingData: the cut lies before the first order.
    """
    before = snapshot.at(cut)
    if orders is None:
        stayed = ordered_within(snapshot, cut, horizon_days)
        frame = customer_features(before, horizon_days)
    else:
        day, end = orders.table.day, _window_end(snapshot, cut, horizon_days)
        after = orders.table.filter(orders.table.sale_lines > 0, day > cut, day <= end).select("customer_id").distinct()
        stayed = set(orders.execute(after).column("customer_id").to_pylist())
        frame = customers_as_of(orders, cut, horizon_days)
    frame["cut"] = cut
    frame["churned"] = ~frame["customer_id"].isin(stayed)
    return frame


def labelled_cuts(snapshot: Snapshot, cuts: Sequence[date], horizon_days: int) -> pd.DataFrame:
    """:func:`labelled` of several cuts, one below the other; the lines are read once. Raises as :func:`labelled`."""
    import pandas as pd

    orders = HeldOrders.of(snapshot)
    return pd.concat([labelled(snapshot, cut, horizon_days, orders) for cut in cuts], ignore_index=True)


def season_cut(snapshot: Snapshot, day: date, horizon_days: int) -> date | None:
    """The same weekday a year before ``day``, if what followed it was known on ``day`` and it has enough history."""
    before = day - timedelta(days=SEASON_DAYS)
    enough = (before - snapshot.manifest.first_day).days >= horizon_days
    return before if enough and horizon_days <= SEASON_DAYS else None


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
            f"A prediction over {horizon_days} days needs at least {3 * horizon_days + 1} days of orders, "
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
