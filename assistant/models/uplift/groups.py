"""Groups of the customers of past campaigns, all of them known before the campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from assistant.errors import MissingData

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot
    from assistant.features.contacted import Campaign

RECENCY = ((30, "up to 30 days"), (90, "31 to 90 days"), (180, "91 to 180 days"), (365, "181 to 365 days"))
LONGER = "more than a year"
ORDERS = ("no order", "one order", "2 to 4 orders", "5 or more orders")
PROMOTED = ("had bought of the category", "had not")
UNKNOWN = "unknown"
#: Groups of a split that are shown, the largest; more would each have too few customers.
MOST = 12


class Cases(Protocol):
    """Campaigns with arms and their cases (:func:`assistant.features.contacted.cases`)."""

    @property
    def campaigns(self) -> Sequence[Campaign]: ...

    @property
    def frame(self) -> pd.DataFrame: ...

    @property
    def by_id(self) -> Mapping[str, Campaign]: ...


def groups_of(snapshot: Snapshot, past: Cases, by: str) -> tuple[np.ndarray, list[str]]:
    """Group of each case, and the groups in their order.

    Raises:
        MissingData: the data do not hold what the split needs.
    """
    import numpy as np

    frame = past.frame
    campaign = frame["campaign_id"].to_numpy()
    days, orders = frame["days_since_last_order"].to_numpy(), frame["order_count"].to_numpy()
    if by == "recency":
        names = [*(name for _, name in RECENCY), LONGER]
        return np.array(names, dtype=object)[np.searchsorted([top for top, _ in RECENCY], days)], names
    if by == "orders":
        return np.array(ORDERS, dtype=object)[np.searchsorted([1, 2, 5], orders, side="right")], list(ORDERS)
    if by == "promoted":
        bought = frame["promoted_orders"].to_numpy() > 0
        has = np.array([bool(past.by_id[c].category) for c in campaign])
        if not has.any():
            raise MissingData("No past campaign names the category it promoted", missing=["campaigns.category"])
        named = np.where(bought, PROMOTED[0], PROMOTED[1]).astype(object)
        return np.where(has, named, "campaign for everything"), [*PROMOTED, "campaign for everything"]
    if by == "segment":
        return _segments(snapshot, past)
    if by in {"acquisition_channel", "country"}:
        return _of_customers(snapshot, past, by)
    said = {
        "campaign": lambda c: c.name, "campaign_kind": lambda c: c.kind.replace("_", "-") or UNKNOWN,
        "message_channel": lambda c: c.channel or UNKNOWN,
    }[by]
    names = list(dict.fromkeys(said(c) for c in past.campaigns))
    of = {c.campaign_id: said(c) for c in past.campaigns}
    return np.array([of[c] for c in campaign], dtype=object), names


def _segments(snapshot: Snapshot, past: Cases) -> tuple[np.ndarray, list[str]]:
    """RFM segments by the limits of today, applied to what was known before the campaign."""
    import numpy as np

    from assistant.features.rfm import rfm
    from assistant.models.segment.rfm_rules import RULES, RFMRules

    rules = RFMRules().fit(rfm(snapshot))
    frame = past.frame
    ordered = frame["order_count"].to_numpy() > 0
    names = np.where(ordered, rules.predict(frame), "No order yet")
    return names, [*(r.name for r in RULES), "No order yet"]


def _of_customers(snapshot: Snapshot, past: Cases, column: str) -> tuple[np.ndarray, list[str]]:
    import numpy as np

    snapshot.require("customers", column, needed_for="Past campaigns by that split")
    customers = snapshot.table("customers").select("customer_id", column)
    found = snapshot.execute(customers).to_pandas().drop_duplicates("customer_id").set_index("customer_id")[column]
    values = past.frame["customer_id"].map(found).fillna(UNKNOWN).astype(str)
    order = [str(v) for v in values.value_counts().index]
    kept = set(order[:MOST])
    named = values.where(values.isin(kept), "all others").to_numpy(dtype=object)
    return np.asarray(named), [*order[:MOST], *(["all others"] if len(order) > MOST else [])]
