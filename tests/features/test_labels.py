"""Features before a cut, outcomes after it, and a leak that must be found."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan
from assistant.features.labels import (
    customer_features,
    labelled,
    labelled_cuts,
    leaking_columns,
    ordered_within,
    past_cuts,
)
from assistant.features.order_behaviour import customers_as_of
from assistant.features.order_sums import HeldOrders
from tests.support.leaving_shop import DAYS, FIRST, cut_off, leaving_tables, write

CUT = FIRST + timedelta(days=300)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """The whole shop seen as of the cut, and the same shop without the later rows."""
    tables = leaving_tables(customers=90)
    whole = write(tmp_path_factory.mktemp("whole"), tables).at(CUT)
    ended = write(tmp_path_factory.mktemp("ended"), cut_off(tables, CUT))
    return whole, Snapshot(ended.con, ended.manifest, CUT)


def test_features_by_hand(tiny: Snapshot) -> None:
    features = customer_features(tiny, horizon_days=90).set_index("customer_id")
    assert sorted(features.index) == ["C1", "C2", "C3", "C4", "C5"]
    one = features.loc["C1"]  # orders on 3 November, 10 January and 9 March; a return of 25 on 20 January
    assert one["days_since_last_order"] == 0
    assert one["order_count"] == 3
    assert one["tenure_days"] == 127
    assert one["usual_gap_days"] == 63.5
    assert one["recent_orders"] == 2
    assert one["yearly_value"] == 45.0 + 50.0 - 25.0 + 21.0
    assert pd.isna(features.loc["C3", "usual_gap_days"]), "one order has no rhythm"


def test_outcome_window_is_after_the_cut_and_closed(tiny: Snapshot) -> None:
    assert ordered_within(tiny, date(2024, 2, 2), 12) == {"C5"}, "14 February is inside, 2 February is the cut itself"
    assert ordered_within(tiny, date(2024, 2, 2), 11) == set()
    assert ordered_within(tiny, date(2024, 2, 1), 36) == {"C2", "C4", "C5"}


def test_unknown_outcome_is_refused(tiny: Snapshot) -> None:
    with pytest.raises(InvalidPlan, match="not known yet"):
        ordered_within(tiny, date(2024, 3, 1), 30)


def test_labels_agree_with_outcomes(tiny: Snapshot) -> None:
    frame = labelled(tiny, date(2024, 2, 2), 30).set_index("customer_id")
    assert frame["churned"].to_dict() == {"C1": True, "C2": False, "C3": True, "C4": True}


def test_orders_held_give_what_each_day_gives(shops: tuple[Snapshot, Snapshot], demo_snapshot: Snapshot) -> None:
    for shop, cuts in ((shops[0], [CUT - timedelta(days=d) for d in (160, 100, 60)]),
                       (demo_snapshot, [demo_snapshot.as_of - timedelta(days=d) for d in (400, 91)])):
        one_by_one = pd.concat([labelled(shop, cut, 60) for cut in cuts], ignore_index=True)
        pd.testing.assert_frame_equal(labelled_cuts(shop, cuts, 60), one_by_one)
    with pytest.raises(InvalidPlan, match="not known yet"):
        labelled_cuts(shops[0], [CUT - timedelta(days=10)], 60)


def test_orders_held_do_not_leak(shops: tuple[Snapshot, Snapshot], tmp_path: Path) -> None:
    after = write(tmp_path / "after", leaving_tables(customers=90))  # goes on after the cut
    assert leaking_columns(lambda s: customers_as_of(HeldOrders.of(s), CUT, 60), after, shops[1]) == []


def test_cuts_are_known_apart_and_have_history(shops: tuple[Snapshot, Snapshot]) -> None:
    whole = shops[0]
    cuts, test = past_cuts(whole, 60)
    assert test == CUT - timedelta(days=60)
    assert all(c + timedelta(days=60) <= test for c in cuts), "every outcome learnt from was known on the test day"
    assert all((c - FIRST).days >= 60 for c in cuts)
    assert all((b - a).days >= 30 for a, b in zip(cuts, cuts[1:], strict=False))


def test_too_short_history_names_what_would_fit(tiny: Snapshot) -> None:
    with pytest.raises(InvalidPlan, match="at least 271 days") as caught:
        past_cuts(tiny, 90)
    assert caught.value.hint is not None and "at most 42 days" in caught.value.hint
    past_cuts(tiny, 42)


def test_our_features_do_not_leak(shops: tuple[Snapshot, Snapshot]) -> None:
    assert leaking_columns(lambda s: customer_features(s, 60), *shops) == []


def test_a_planted_leak_is_found(shops: tuple[Snapshot, Snapshot]) -> None:
    """A builder that reads past the snapshot's date is caught, by the name of its column."""

    def leaky(snapshot: Snapshot) -> pd.DataFrame:
        frame = customer_features(snapshot, 60)
        lines = snapshot.con.table("order_lines")  # not snapshot.table: rows after as_of come along
        every = snapshot.execute(lines.group_by("customer_id").aggregate(n=lines.count())).to_pandas()
        frame["orders_ever"] = frame["customer_id"].map(every.set_index("customer_id")["n"])
        return frame

    assert leaking_columns(leaky, *shops) == ["orders_ever"]


def test_a_leak_of_whole_customers_is_found(shops: tuple[Snapshot, Snapshot]) -> None:
    def leaky(snapshot: Snapshot) -> pd.DataFrame:
        lines = snapshot.con.table("order_lines")
        return snapshot.execute(lines.select("customer_id").distinct()).to_pandas().dropna()

    assert leaking_columns(leaky, *shops) == ["customer_id"]


def test_shop_goes_on_after_the_cut(shops: tuple[Snapshot, Snapshot], tmp_path: Path) -> None:
    """The leak tests above mean something only if the whole shop has later rows."""
    assert shops[0].manifest.last_day == FIRST + timedelta(days=DAYS - 1) > CUT >= shops[1].manifest.last_day
