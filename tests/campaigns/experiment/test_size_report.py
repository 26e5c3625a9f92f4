"""Planning questions: control group, duration, what can be shown, size of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.campaigns.draft import Rooms
from assistant.campaigns.experiment.size import minimum_detectable_lift, people_for
from assistant.campaigns.experiment.size_report import size_result
from assistant.campaigns.store import DraftStore
from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.llm.replies import compose
from assistant.plans import CustomerCondition
from assistant.plans.experiments import ExperimentSizeRequest
from assistant.query.definitions import Definitions
from assistant.results import Result

LAPSED = CustomerCondition(metric="days_since_last_order", op="ge", values=(60,))


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    return Rooms(DraftStore(tmp_path / "app.sqlite"), lambda ids, k, category: {}, Definitions().find)


def asked(snapshot: Snapshot, rooms: Rooms, **fields: object) -> tuple[Result, str]:
    result = size_result(snapshot, ExperimentSizeRequest.model_validate(fields), rooms)
    return result, compose([result]).text


def test_the_effect_that_a_number_of_customers_can_show(demo_snapshot: Snapshot, rooms: Rooms) -> None:
    result, said = asked(demo_snapshot, rooms, about="detectable", people=5000, baseline=10.0)
    lift = minimum_detectable_lift(0.1, 4500, 500)
    assert lift is not None and result.figures["detectable"].value == pytest.approx(100 * lift, abs=0.01)
    assert "500 of 5,000 customers held out" in said


def test_three_variants_share_the_level(demo_snapshot: Snapshot, rooms: Rooms) -> None:
    two, _ = asked(demo_snapshot, rooms, about="test", people=9, effect=2.0, baseline=10.0)
    three, said = asked(demo_snapshot, rooms, about="test", people=9, effect=2.0, baseline=10.0, arms=3)
    assert two.figures["needed_all"].value == 2 * -(-(people_for(0.1, 0.02) or 0) // 2)
    assert three.figures["needed_each"].value > two.figures["needed_each"].value
    assert three.figures["needed_all"].value == 3 * three.figures["needed_each"].value and "3 arms" in said


def test_an_audience_is_counted_and_what_is_not_known_is_said(demo_snapshot: Snapshot, rooms: Rooms) -> None:
    result, said = asked(demo_snapshot, rooms, audience=LAPSED, audience_words="sleepers")
    assert result.figures["people"].value > 0 and result.figures["baseline"].value > 0
    assert "Which effect to expect is not known" in said and "sleepers" in said


def test_longer_windows_hold_more_orders(demo_snapshot: Snapshot, rooms: Rooms) -> None:
    result, said = asked(demo_snapshot, rooms, about="duration", audience=LAPSED, effect=5.0)
    shares = [row[1] for row in result.table("windows").rows]
    assert shares == sorted(shares) and len(shares) > 3 and "30 days by the rule of the read-out" in said


def test_an_unknown_draft_is_refused(demo_snapshot: Snapshot, rooms: Rooms) -> None:
    with pytest.raises(UnknownName):
        asked(demo_snapshot, rooms, campaign_id="c-9")
