"""Two groups beside each other, and who moved between groups: recomputed from the frames."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.data.warehouse import Snapshot, open_snapshot
from assistant.errors import InvalidPlan, NoRows
from assistant.features.rfm import rfm
from assistant.llm.replies import compose
from assistant.models.segment.compared import groups_result
from assistant.models.segment.movers import movers_result
from assistant.models.segment.report import fit_segments, members_of_segment
from assistant.plans import CustomerCondition, GroupsRequest, InGroup, MoversRequest, Period, SegmentRequest

LOYAL = InGroup(group="segment", name="Loyal", method="rfm")
AT_RISK = InGroup(group="segment", name="At risk", method="rfm")
LAPSED = CustomerCondition(metric="days_since_last_order", op="ge", values=(90,))
ACTIVE = CustomerCondition(metric="days_since_last_order", op="lt", values=(90,))
QUARTER = Period(kind="calendar", unit="quarter")


@pytest.fixture(scope="module")
def shop(demo_home: Path) -> Snapshot:
    return open_snapshot(demo_home / "snapshots", None, members_of_segment)


def test_movers_are_those_who_changed_by_the_limits_of_the_first_day(shop: Snapshot) -> None:
    result = movers_result(shop, MoversRequest(source=LOYAL, target=AT_RISK, source_name="Loyal", target_name="At risk",
                                               period=QUARTER))
    then_day = shop.as_of.replace(month=3 * ((shop.as_of.month - 1) // 3) + 1, day=1) - timedelta(days=1)
    fitted = fit_segments(shop.at(then_day), SegmentRequest(), graded=False)
    now = rfm(shop)
    now = now.assign(now=fitted.segmenter.predict(now))
    both = now.merge(fitted.frame[["customer_id"]].assign(then=fitted.segmenter.labels_), on="customer_id")
    moved = both[(both["then"] == "Loyal") & (both["now"] == "At risk")]
    assert result.figures["moved"].value == len(moved) > 0
    assert result.figures["of"].value == (both["then"] == "Loyal").sum()
    assert result.figures["revenue"].value == pytest.approx(moved["monetary_value"].sum(), abs=0.01)
    listed = [row[0] for row in result.table("movers").rows]
    assert listed == moved.sort_values("monetary_value", ascending=False)["customer_id"].head(20).tolist()
    assert sum(row[1] for row in result.table("destinations").rows) == result.figures["of"].value
    assert result.figures["then_day"].value == then_day.isoformat()


def test_the_stretch_before_is_counted_the_same_way(shop: Snapshot) -> None:
    now = movers_result(shop, MoversRequest(source=ACTIVE, target=LAPSED, source_name="active", target_name="lapsed"))
    earlier = movers_result(shop.at(shop.as_of - timedelta(days=90)), MoversRequest(
        source=ACTIVE, target=LAPSED, source_name="active", target_name="lapsed"))
    assert now.figures["before"].value == earlier.figures["moved"].value
    assert "moved from active to lapsed" in compose([now]).text


def test_one_side_may_be_open(shop: Snapshot) -> None:
    left = movers_result(shop, MoversRequest(source=LOYAL, source_name="Loyal"))
    assert all(row[2] != "Loyal" for row in left.table("movers").rows)
    came = movers_result(shop, MoversRequest(target=LOYAL, target_name="Loyal"))
    assert all(row[1] != "Loyal" and row[2] == "Loyal" for row in came.table("movers").rows)
    assert "left Loyal" in compose([left]).text and "came into Loyal" in compose([came]).text


@pytest.mark.parametrize("period", [Period(kind="absolute", start="2031-01-01"), Period(kind="named", year=2019)])
def test_a_stretch_outside_the_data_is_refused(shop: Snapshot, period: Period) -> None:
    with pytest.raises((NoRows, InvalidPlan), match="data|day"):
        movers_result(shop, MoversRequest(source=LOYAL, source_name="Loyal", period=period))


def test_nobody_moved_is_said(shop: Snapshot) -> None:
    nobody = CustomerCondition(metric="orders", op="ge", values=(100_000,))
    result = movers_result(shop, MoversRequest(source=LOYAL, target=nobody, source_name="Loyal", target_name="giants"))
    assert result.figures["moved"].value == 0
    assert compose([result]).text.startswith("Nobody moved from Loyal to giants")


def test_two_groups_beside_each_other(shop: Snapshot) -> None:
    result = groups_result(shop, GroupsRequest(first=LOYAL, second=LAPSED, first_name="loyal", second_name="lapsed"))
    frame = rfm(shop)
    lapsed = frame[frame["days_since_last_order"] >= 90]
    loyal = frame[frame["customer_id"].isin(members_of_segment(shop, LOYAL))]
    groups = result.table("groups")
    for row, part in enumerate((loyal, lapsed, frame)):
        assert groups.cell(row, "customers") == len(part)
        assert groups.cell(row, "revenue_each") == pytest.approx(part["monetary_value"].mean(), abs=0.01)
        assert groups.cell(row, "revenue_share") == pytest.approx(
            100 * part["monetary_value"].sum() / frame["monetary_value"].sum(), abs=0.01)
        assert groups.cell(row, "days") == pytest.approx(part["days_since_last_order"].mean(), abs=0.06)
    each = sorted(part["monetary_value"].mean() for part in (loyal, lapsed))
    assert result.figures["times"].value == pytest.approx(each[1] / each[0], rel=1e-4)
    assert result.figures["both"].value == len(set(loyal["customer_id"]) & set(lapsed["customer_id"]))
    assert "Days since last order" in result.words["by_rule"]
    assert not [row for row in result.table("differences").rows if "orders in" in row[0]]  # months follow from recency
    text = compose([result]).text
    assert "Loyal" in text and "Lapsed" in text and "Taken to mean" in text


def test_against_everybody_else_and_with_nobody(shop: Snapshot) -> None:
    result = groups_result(shop, GroupsRequest(first=LOYAL, first_name="Loyal"))
    groups = result.table("groups")
    assert groups.cell(0, "customers") + groups.cell(1, "customers") == groups.cell(2, "customers")
    assert result.figures["both"].value == 0
    nobody = CustomerCondition(metric="orders", op="ge", values=(100_000,))
    with pytest.raises(NoRows, match="Giants"):
        groups_result(shop, GroupsRequest(first=nobody, first_name="giants"))
