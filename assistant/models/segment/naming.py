"""Names for found segments, by rules on their medians: never by a language model, never two alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: Words for the low, middle and high third of customers. The first axis reads backwards: few days are good.
_RECENCY = ("Recent", "Cooling", "Long gone")
_ORDERS = ("one-off", "occasional", "frequent")
_MONEY = ("small spenders", "medium spenders", "big spenders")


def name_segments(medians: pd.DataFrame, everyone: pd.DataFrame) -> list[str]:
    """A name per row of ``medians``, from where each median lies among all customers.

    Args:
        medians: one row per segment with ``days_since_last_order``, ``order_count``, ``monetary_value``.
        everyone: all customers, same columns: their thirds are what "recent", "frequent", "big" mean.
    """
    days = _thirds(medians["days_since_last_order"], everyone["days_since_last_order"])
    money = _thirds(medians["monetary_value"], everyone["monetary_value"])
    orders = _thirds(medians["order_count"], everyone["order_count"])
    names = []
    for i, median in enumerate(medians["order_count"]):
        kind = _ORDERS[0] if median <= 1 else _ORDERS[max(1, orders[i])]
        names.append(f"{_RECENCY[days[i]]} {kind} {_MONEY[money[i]]}")
    return _apart(names, medians)


def _thirds(values: pd.Series, everyone: pd.Series) -> np.ndarray:
    """0, 1 or 2: share of customers below the value (ties count half) in the first, second or last third."""
    ordered = np.sort(everyone.to_numpy(float))
    wanted = values.to_numpy(float)
    below = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
    rank = (below[0] + below[1]) / 2 / max(len(ordered), 1)
    return np.minimum((rank * 3).astype(int), 2)


def _apart(names: list[str], medians: pd.DataFrame) -> list[str]:
    """Tell equal names apart by the axis on which their segments differ most, then by number."""
    result = list(names)
    for name in {n for n in names if names.count(n) > 1}:
        members = [i for i, n in enumerate(names) if n == name]
        part = medians.iloc[members]
        spread = {c: (np.log1p(part[c].max()) - np.log1p(part[c].min())) for c in part.columns}
        axis = max(spread, key=lambda c: spread[c])
        words = {"days_since_last_order": ("seen sooner", "seen later"), "order_count": ("fewer orders", "more orders"),
                 "monetary_value": ("spending less", "spending more")}[axis]
        for place, row in enumerate(np.argsort(part[axis].to_numpy(), kind="stable")):
            middle = 0 < place < len(members) - 1
            word = f"between ({place + 1} of {len(members)})" if middle else words[0 if place == 0 else 1]
            result[members[row]] = f"{name}, {word}"
    return result
