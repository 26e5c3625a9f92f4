"""What customers have bought of certain products, and every feature under the leak test."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.features.goods_behaviour import with_goods
from assistant.features.labels import leaking_columns
from assistant.features.order_behaviour import COLUMNS, SEASON_DAYS, customer_features
from tests.support.leaving_shop import FIRST, cut_off, leaving_tables, write

CUT = FIRST + timedelta(days=420)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """The whole shop seen as of the cut, and the same shop without the later rows."""
    tables = leaving_tables(customers=60)
    whole = write(tmp_path_factory.mktemp("whole"), tables).at(CUT)
    ended = write(tmp_path_factory.mktemp("ended"), cut_off(tables, CUT))
    return whole, Snapshot(ended.con, ended.manifest, CUT)


def test_rhythm_season_and_shares_by_hand(tiny: Snapshot) -> None:
    one = customer_features(tiny, 90).set_index("customer_id").loc["C1"]  # 3 November, 10 January, 9 March
    assert one["last_gap_days"] == 59 and one["usual_gap_days"] == 63.5
    assert one["gap_spread_days"] == pytest.approx(4.5), "gaps of 68 and 59 days"
    assert one["month_orders"] == 1 and one["year_orders"] == 3
    assert one["mean_order_value"] == pytest.approx((45 + 50 + 21) / 3)
    assert one["return_share"] == pytest.approx(25 / 116)
    assert pd.isna(one["season_orders"]), "not a customer for a year yet"


def test_season_is_the_same_weeks_a_year_before(shops: tuple[Snapshot, Snapshot]) -> None:
    whole = shops[0]
    found = customer_features(whole, 60).set_index("customer_id")
    lines = whole.table("order_lines")
    orders = whole.execute(lines.select("customer_id", "ordered_at")).to_pandas().dropna()
    start = pd.Timestamp(CUT - timedelta(days=SEASON_DAYS))
    inside = orders[(orders["ordered_at"].dt.normalize() > start)
                    & (orders["ordered_at"].dt.normalize() <= start + pd.Timedelta(days=60))]
    counts = inside.groupby("customer_id").size()
    known = found[found["season_orders"].notna()]
    assert len(known) > 10
    assert all(row["season_orders"] == counts.get(customer, 0) for customer, row in known.iterrows())


@pytest.mark.parametrize("horizon", [30, 90])
def test_no_feature_looks_ahead(shops: tuple[Snapshot, Snapshot], horizon: int) -> None:
    assert leaking_columns(lambda s: customer_features(s, horizon), *shops) == []
    assert leaking_columns(lambda s: with_goods(s, customer_features(s, horizon), ["P1"], horizon), *shops) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_a_leak_planted_in_any_feature_is_found(shops: tuple[Snapshot, Snapshot], column: str) -> None:
    """Orders after the cut, slipped into one column, must be seen."""
    whole, ended = shops

    def leaky(snapshot: Snapshot) -> pd.DataFrame:
        frame = customer_features(snapshot, 60)
        lines = snapshot.con.table("order_lines")  # past the snapshot, without its limit of time
        later = snapshot.execute(lines.group_by("customer_id").aggregate(n=lines.count())).to_pandas()
        frame[column] = frame[column] + frame["customer_id"].map(later.set_index("customer_id")["n"]).fillna(0)
        return frame

    assert leaking_columns(leaky, whole, ended) == [column]


def test_goods_by_hand(tiny: Snapshot) -> None:
    frame = customer_features(tiny, 90)
    lines = tiny.table("order_lines")
    sold = tiny.execute(lines.filter(lines.line_type == "sale").select(
        "customer_id", "order_id", "product_id", "ordered_at")).to_pandas().dropna()
    product = sold["product_id"].mode()[0]
    found = with_goods(tiny, frame, [product], 90).set_index("customer_id")
    own = sold[sold["product_id"] == product]
    for customer, row in found.iterrows():
        bought = own[own["customer_id"] == customer]
        assert row["goods_orders"] == bought["order_id"].nunique()
        assert row["goods_share"] == pytest.approx(bought["order_id"].nunique() / row["order_count"])
        if bought.empty:
            assert pd.isna(row["goods_days_since"])
        else:
            days = (pd.Timestamp(tiny.as_of) - bought["ordered_at"].max().normalize()).days
            assert row["goods_days_since"] == days
    assert list(found.index) == list(frame["customer_id"])


def test_products_nobody_bought(tiny: Snapshot, tmp_path: Path) -> None:
    found = with_goods(tiny, customer_features(tiny, 90), ["none"], 90)
    assert (found["goods_orders"] == 0).all() and found["goods_days_since"].isna().all()
