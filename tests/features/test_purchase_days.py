"""Purchase days: what pandas says of the lines, and nothing later than the cut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assistant.data.warehouse import Snapshot
from assistant.features.purchase_days import PurchaseDays


def test_histories_of_a_past_day_know_nothing_later(demo_snapshot: Snapshot) -> None:
    days = PurchaseDays.of(demo_snapshot)
    cut = days.now - 200
    seen = demo_snapshot.at(days.first_day + pd.Timedelta(days=cut).to_pytimedelta())
    alone = PurchaseDays.of(seen)
    ours = days.histories(cut, 60).drop(columns="row")
    pd.testing.assert_frame_equal(ours, alone.histories(alone.now, 60).drop(columns="row"))


def test_value_between_is_the_sum_of_those_days(demo_snapshot: Snapshot) -> None:
    days = PurchaseDays.of(demo_snapshot)
    rows = np.arange(len(days.customer_ids))
    first, second = days.value_between(-1, 300, rows), days.value_between(300, days.now, rows)
    frame = days.histories(days.now, 30)
    whole = np.zeros(len(rows))
    whole[frame["row"]] = frame["value"]
    assert np.allclose(first + second, whole)
    assert np.allclose(first[days.histories(300, 30)["row"]], days.histories(300, 30)["value"])


def test_nobody_bought_yet(demo_snapshot: Snapshot) -> None:
    days = PurchaseDays.of(demo_snapshot)
    assert len(days.histories(-1, 30)) == 0
