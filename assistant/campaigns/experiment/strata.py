"""What an assignment is balanced by: value, recency and channel, as known on the day of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.data.warehouse import Snapshot
from assistant.features.rfm import rfm

#: What the strata are made of, in words.
STRATA = ("time since the last order", "value", "channels")


def strata_of(
    snapshot: Snapshot, customer_ids: Sequence[str], reachable: Mapping[str, Sequence[str]] | None
) -> dict[str, str]:
    """Customer → stratum: third by days since the last order, third by value, and the channels that reach them.

    Thirds are of this audience, so that each is about as large. Customers without an order are a stratum of their own.

    Args:
        reachable: channel → customers; None where the data hold no contacts.
    """
    import numpy as np

    wanted = set(customer_ids)
    frame = rfm(snapshot)
    frame = frame[frame["customer_id"].isin(wanted)]
    named = dict.fromkeys(customer_ids, "none/none")
    if len(frame):
        parts = [np.searchsorted(np.quantile(v, (1 / 3, 2 / 3)), v) for v in (
            frame["days_since_last_order"].to_numpy(float), frame["monetary_value"].to_numpy(float))]
        named |= {c: f"{a}/{b}" for c, a, b in zip(frame["customer_id"], *parts, strict=True)}
    channels: dict[str, str] = dict.fromkeys(customer_ids, "")
    for channel, ids in (reachable or {}).items():
        for customer in ids:
            if customer in wanted:
                channels[customer] += channel[0]
    return {c: f"{named[c]}/{channels[c]}" for c in customer_ids}
