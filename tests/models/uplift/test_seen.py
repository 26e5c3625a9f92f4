"""Campaigns without a control group: what was observed, and no effect."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import NoRows
from assistant.llm.replies import caveat_texts, compose
from assistant.models.uplift.seen_report import only_seen, seen_result
from assistant.plans import ReadOutRequest
from tests.support.tiny_shop import tiny_tables


@pytest.fixture
def shop(tmp_path: Path) -> Snapshot:
    day = pd.Timestamp("2024-01-10")
    campaigns = pd.DataFrame({"campaign_id": ["K1", "K2"], "name": [None, "Spring"], "kind": ["Type A", "Type B"],
                              "started_at": [day, day + pd.Timedelta(days=9)]})
    touches = pd.DataFrame({"campaign_id": ["K1", "K1", "K1", "K2"], "customer_id": ["C1", "C2", "C2", "C1"]})
    responses = pd.DataFrame({"campaign_id": ["K1", "K1", "K2"], "customer_id": ["C1", "C1", "C9"],
                              "responded_at": [day] * 3})
    write_snapshot(tmp_path, {**tiny_tables(), "campaigns": campaigns, "touches": touches, "responses": responses},
                   source="tests")
    return open_snapshot(tmp_path)


def test_reached_and_answered_are_counted_once_each_and_no_effect_is_claimed(shop: Snapshot) -> None:
    assert only_seen(shop)
    result = seen_result(shop, ReadOutRequest())
    assert [row[:1] + row[3:] for row in result.tables[0].rows] == [["Spring", 1, 0, 0.0], ["K1", 2, 1, 50.0]]
    said = compose([result]).text
    assert "No effect can be told" in said and "1 answers to 3 contacts" in said
    assert any("no effect of the campaign" in c.text for c in caveat_texts(result))
    assert "lift" not in result.figures


def test_one_campaign_by_name_or_id(shop: Snapshot) -> None:
    assert seen_result(shop, ReadOutRequest(campaign="k1")).figures["reached"].value == 2
    with pytest.raises(NoRows) as error:
        seen_result(shop, ReadOutRequest(campaign="Autumn"))
    assert error.value.valid == ("K1", "Spring")


def test_the_demo_shop_has_control_groups(demo_snapshot: Snapshot) -> None:
    assert not only_seen(demo_snapshot)
