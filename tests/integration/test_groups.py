"""Groups that a model makes can be used wherever customers are chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import InvalidPlan, UnknownName
from assistant.plans import (
    And,
    CampaignBrief,
    ChurnRequest,
    Compare,
    InGroup,
    Not,
    QueryPlan,
    SegmentRequest,
    SegmentRule,
)
from assistant.query.engine import run_query
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.shops import copy_home

LEAVING = InGroup(group="about_to_leave")


@pytest.fixture(scope="module")
def workspace(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(load_settings(copy_home(demo_home, tmp_path_factory.mktemp("groups") / "home")))


def test_those_about_to_leave_are_the_ones_the_churn_answer_counts(workspace: Workspace) -> None:
    churn = workspace.predict_churn(ChurnRequest())
    audience = workspace.count_audience(SegmentRule(filter=LEAVING))
    assert audience.figures["customers"].value == churn.figures["at_risk"].value > 0
    said = SegmentRule.model_validate({"filter": churn.details["audience"]["filter"]})
    assert said.filter == LEAVING


def test_segments_split_everybody_once(workspace: Workspace) -> None:
    segments = workspace.find_segments(SegmentRequest()).table("segments")
    name, size = segments.cell(0, "segment"), segments.cell(0, "customers")
    chosen = InGroup(group="segment", name=str(name).upper())
    assert workspace.count_audience(SegmentRule(filter=chosen)).figures["customers"].value == size
    with pytest.raises(UnknownName) as error:
        workspace.count_audience(SegmentRule(filter=InGroup(group="segment", name="Unicorns")))
    assert str(name) in error.value.valid


def test_a_group_combines_with_other_conditions(workspace: Workspace) -> None:
    german = Compare(field="country", values=("Germany",))
    counts = [
        workspace.count_audience(SegmentRule(filter=f)).figures["customers"].value
        for f in (german, And(parts=(german, LEAVING)), And(parts=(german, Not(part=LEAVING))))
    ]
    assert counts[0] == counts[1] + counts[2] and counts[1] > 0


def test_a_group_filters_a_question(workspace: Workspace) -> None:
    plan = QueryPlan(metrics=("customers",), filter=LEAVING)
    leaving = workspace.predict_churn(ChurnRequest()).figures["at_risk"].value
    assert workspace.query(plan).figures["customers"].value == leaving


def test_a_campaign_goes_to_all_of_them(workspace: Workspace) -> None:
    result = workspace.draft_campaign(CampaignBrief(goal="retention", audience=LEAVING))
    assert result.figures["audience"].value == workspace.predict_churn(ChurnRequest()).figures["at_risk"].value


def test_without_models_a_group_is_refused(demo_snapshot: object) -> None:
    with pytest.raises(InvalidPlan):
        run_query(demo_snapshot, QueryPlan(metrics=("orders",), filter=LEAVING))  # type: ignore[arg-type]
