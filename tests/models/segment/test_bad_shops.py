"""Shops in which there is little to find: one day of history, nobody who came back, a day that has not come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows
from assistant.features.behaviour import behaviour
from assistant.llm.replies import compose
from assistant.models.segment.behaviour_mixture import BehaviourSegments
from assistant.models.segment.movers import movers_result
from assistant.models.segment.report import members_of_segment, segment_result
from assistant.models.segment.views import view_result
from assistant.plans import InGroup, SegmentRequest
from assistant.plans.groups import MoversRequest
from assistant.plans.periods import Period
from assistant.query.compile import QueryOptions
from tests.support.shop_builder import shop_of

GOODS = pd.DataFrame({"product_id": ["A", "B", "C"], "category": ["Garden", "Kitchen", "Paper"]})
DAY = date(2024, 1, 1)
SPLITS = (
    SegmentRequest(method="rfm"), SegmentRequest(method="kmeans", k=2), SegmentRequest(method="gaussian", k=2),
    SegmentRequest(method="behaviour", k=3), pytest.param(SegmentRequest(method="found"), marks=pytest.mark.slow),
    pytest.param(SegmentRequest(method="behaviour"), marks=pytest.mark.slow),
)


def once(folder: Path, apart: int) -> Snapshot:
    """Sixty customers with one order each, ``apart`` days between them."""
    return shop_of(folder, [(f"C{i}", f"{DAY + timedelta(days=apart * i)}", ["ABC"[i % 3]] * (1 + i % 4))
                            for i in range(60)], GOODS)


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return once(tmp_path_factory.mktemp("one_day"), 0)


@pytest.fixture(scope="module")
def no_repeats(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return once(tmp_path_factory.mktemp("no_repeats"), 2)


@pytest.mark.parametrize("split", SPLITS, ids=lambda s: f"{s.method}-{s.k}")
@pytest.mark.parametrize("shop", ["one_day", "no_repeats"])
def test_everybody_is_in_one_segment_and_its_sureness_is_said(
    shop: str, split: SegmentRequest, request: pytest.FixtureRequest,
) -> None:
    result = segment_result(request.getfixturevalue(shop), split)
    table = result.table("segments")
    assert sum(row[table.column_index("customers")] for row in table.rows) == 60
    quality = result.evidence.model.quality
    assert 0 <= quality["worst_segment_jaccard"] <= 1
    assert ("segment_unstable" in {c.code for c in result.caveats}) == (quality["worst_segment_jaccard"] < 0.6)
    assert all(str(row[0]) in compose([result]).text for row in table.rows)


def test_a_rhythm_that_nobody_has_tells_nobody_apart(no_repeats: Snapshot) -> None:
    frame = behaviour(no_repeats)
    assert (frame[[c for c in frame if c.startswith("rhythm:")]].to_numpy() == 0).all()
    found = BehaviourSegments(k=3, rounds=2).fit(frame)
    said = {t.words for traits in found.traits_.values() for t in traits}
    assert said and not any("orders" in words for words in said)


@pytest.mark.parametrize("rule", ["trend", "movers"])
def test_nobody_can_have_moved_within_one_day(one_day: Snapshot, rule: str) -> None:
    with pytest.raises(NoRows, match=f"data begin on {DAY}"):
        if rule == "trend":
            view_result(one_day, SegmentRequest(view="trend", days_ago=30), QueryOptions())
        else:
            movers_result(one_day, MoversRequest(source=InGroup(group="segment", name="Loyal", method="rfm"),
                                                 source_name="Loyal"))


@pytest.mark.parametrize("rule", ["trend", "movers"])
def test_days_that_have_not_come_are_refused(no_repeats: Snapshot, rule: str) -> None:
    ahead = Period(kind="absolute", start=no_repeats.as_of + timedelta(days=40))
    with pytest.raises((NoRows, InvalidPlan), match="data|day"):
        if rule == "trend":
            view_result(no_repeats, SegmentRequest(view="trend", since=ahead), QueryOptions())
        else:
            movers_result(no_repeats, MoversRequest(source=InGroup(group="segment", name="Loyal", method="rfm"),
                                                    source_name="Loyal", period=ahead))


def test_a_measure_that_no_segment_has_is_refused_by_name(tmp_path: Path) -> None:
    request = SegmentRequest(view="measure", metrics=("days_between_orders",))
    with pytest.raises(NoRows, match="days between orders"):
        view_result(replace(once(tmp_path, 3), groups=members_of_segment), request, QueryOptions())
