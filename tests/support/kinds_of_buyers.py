"""Customers of three planted kinds that buy different things at different times, and nobody knows who is which."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: kind → chance of each of four categories, of each channel, and of the second half of the year
KINDS = (((0.8, 0.1, 0.05, 0.05), (0.9, 0.1), 0.5), ((0.05, 0.85, 0.05, 0.05), (0.2, 0.8), 0.5),
         ((0.1, 0.1, 0.4, 0.4), (0.7, 0.3), 0.95))
GOODS = ("Garden", "Kitchen", "Gifts", "Paper")


def buyers(size: int = 60, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Counts as :func:`assistant.features.behaviour.behaviour` gives them; recency, orders and money say nothing."""
    rng = np.random.default_rng(seed)
    parts = []
    for goods, channels, late in KINDS:
        orders = rng.integers(3, 12, size)
        lines = rng.multinomial(1, goods, (size, 40)).cumsum(axis=1)[np.arange(size), 3 * orders - 1]
        ways = rng.multinomial(1, channels, (size, 12)).cumsum(axis=1)[np.arange(size), orders - 1]
        half = rng.binomial(orders, late)
        parts.append(pd.DataFrame({
            "days_since_last_order": rng.integers(1, 300, size), "order_count": orders,
            "monetary_value": rng.uniform(20, 900, size),
            **{f"category:{g}": lines[:, i].astype(float) for i, g in enumerate(GOODS)},
            "channel:web": ways[:, 0].astype(float), "channel:store": ways[:, 1].astype(float),
            "month:3": (orders - half).astype(float), "month:11": half.astype(float),
        }))
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "customer_id", [f"B{i:04d}" for i in range(len(frame))])
    return frame, np.repeat(np.arange(len(KINDS)), size)
