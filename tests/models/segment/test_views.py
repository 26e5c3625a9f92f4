"""A measure per segment, segments then and now, and whether they hold; recomputed with pandas."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot, open_snapshot
from assistant.errors import NoRows
from assistant.llm.replies import compose
from assistant.models.segment.report import assign, members_of_segment
from assistant.models.segment.views import view_result
from assistant.plans import InGroup, SegmentRequest
from assistant.query.compile import QueryOptions


@pytest.fixture(scope="module")
def shop(demo_home: Path) -> Snapshot:
    """The demo shop that knows the members of its segments."""
    return open_snapshot(demo_home / "snapshots", None, members_of_segment)


@pytest.fixture(scope="module")
def sales(shop: Snapshot) -> pd.DataFrame:
    table = shop.table("order_lines")
    frame = shop.execute(table.select("customer_id", "order_id", "line_type", "amount", "ordered_at")).to_pandas()
    frame = frame[frame["line_type"] == "sale"].dropna(subset=["customer_id"])
    return frame.assign(amount=frame["amount"].astype(float))


def test_average_order_value_of_each_segment(shop: Snapshot, sales: pd.DataFrame) -> None:
    request = SegmentRequest(view="measure", metrics=("average_order_value", "orders"))
    table = view_result(shop, request, QueryOptions()).table("segments")
    joined = sales.merge(assign(shop, SegmentRequest()), on="customer_id")
    by = joined.groupby("segment")
    expected = by["amount"].sum() / by["order_id"].nunique()
    assert {r[0] for r in table.rows} == set(expected.index)
    for row in table.rows:
        assert row[2] == pytest.approx(expected[row[0]]) and row[3] == by["order_id"].nunique()[row[0]]


def test_then_and_now_are_split_by_the_limits_of_then(shop: Snapshot) -> None:
    result = view_result(shop, SegmentRequest(view="trend", days_ago=120), QueryOptions())
    table = result.table("segments")
    earlier = assign(shop.at(shop.as_of - timedelta(days=120)), SegmentRequest())["segment"].value_counts()
    for row in table.rows:
        name, then, now, change, _, came, went, first = row
        assert then == earlier.get(name, 0) and change == now - then
        assert now == then + came - went + first
    assert sum(r[2] for r in table.rows) == len(assign(shop, SegmentRequest()))
    assert sum(r[5] for r in table.rows) == sum(r[6] for r in table.rows)
    assert compose([result]).text


def test_no_segments_before_the_data(shop: Snapshot) -> None:
    with pytest.raises(NoRows, match="data begin"):
        view_result(shop, SegmentRequest(view="trend", days_ago=3650), QueryOptions())


def test_check_counts_everybody_once(shop: Snapshot) -> None:
    result = view_result(shop, SegmentRequest(view="check"), QueryOptions())
    assert result.figures["twice"].value == 0 and result.figures["nowhere"].value == 0
    assert sum(r[1] for r in result.table("segments").rows) == result.figures["customers"].value
    assert "do not overlap" in compose([result]).text


def test_actions_are_called_rules_of_thumb(shop: Snapshot) -> None:
    text = compose([view_result(shop, SegmentRequest(view="actions"), QueryOptions())]).text
    assert "Usual approach" in text and "rules of thumb" in text


def test_members_are_those_of_the_split(shop: Snapshot) -> None:
    split = assign(shop, SegmentRequest())
    loyal = members_of_segment(shop, InGroup(group="segment", name="loyal"))
    assert loyal == sorted(split.loc[split["segment"] == "Loyal", "customer_id"])
