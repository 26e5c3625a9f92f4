"""Fairness of the models and segments of the demo shop, whose traits are planted to mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.data.objectors import objectors
from assistant.plans import ChurnRequest, CustomerCondition, FairnessRequest, SegmentRule
from assistant.settings import load_settings
from assistant.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(demo_home: Path) -> Workspace:
    return Workspace(load_settings(demo_home))


def test_the_churn_model_is_examined_group_by_group(workspace: Workspace) -> None:
    result = workspace.check_fairness(FairnessRequest())
    groups = result.table("groups")
    people = sum(row[2] for row in groups.rows if row[0] == "gender")
    assert people == result.figures["people"].value
    assert {"tested", "predicted", "observed", "gap", "auc"} <= {c.name for c in groups.columns}
    assert result.words["verdict"] in {"no difference shown", "differs little"}
    assert all(row[3] == "tells little" for row in result.table("inputs").rows)


def test_objectors_are_not_among_those_judged(workspace: Workspace) -> None:
    churn = workspace.predict_churn(ChurnRequest())
    judged = workspace.check_fairness(FairnessRequest()).figures["people"].value
    assert objectors(workspace.snapshot)
    assert judged <= churn.figures["customers"].value  # type: ignore[operator]


def test_every_segment_is_judged(workspace: Workspace) -> None:
    result = workspace.check_fairness(FairnessRequest(of="segments"))
    table = result.table("attributes")
    segments = {row[0] for row in table.rows}
    assert len(table.rows) == 2 * len(segments) >= 8


def test_an_audience_by_behaviour_carries_no_remark_here(workspace: Workspace) -> None:
    rule = CustomerCondition(metric="orders", op="ge", values=(2,))
    result = workspace.count_audience(SegmentRule(filter=rule))
    assert "fairness_gap" not in {c.code for c in result.caveats}


@pytest.mark.slow
@pytest.mark.parametrize("of", ["value", "ordering", "uplift"])
def test_the_other_models_are_examined_too(workspace: Workspace, of: str) -> None:
    result = workspace.check_fairness(FairnessRequest(of=of))  # type: ignore[arg-type]
    assert {row[0] if of != "uplift" else row[1] for row in result.table("attributes").rows} == {"age", "gender"}
    tested = {c.name for c in result.table("groups").columns} >= {"predicted", "observed"}
    assert tested is (of != "uplift")  # what a contact changes for one person is never seen
