"""An answer computed once is given again, as a copy that its reader may change."""

from __future__ import annotations

import pytest

from assistant.plans.query import QueryPlan
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.tiny_shop import tiny_shop

PLAN = QueryPlan(metrics=("revenue",))


@pytest.fixture
def workspace(tmp_path):
    settings = load_settings(tmp_path)
    tiny_shop(settings.snapshots_dir)
    return Workspace(settings)


def test_the_same_question_is_computed_once_and_copies_are_apart(workspace):
    first = workspace.query(PLAN)
    computed = first.evidence.computed_at
    first.table("result").rows[0][0] = -1
    first.evidence.definitions.clear()
    second = workspace.query(PLAN)
    assert second.evidence.computed_at == computed
    assert second.figures["revenue"].value == second.table("result").rows[0][0] != -1


def test_new_data_are_asked_anew(workspace):
    computed = workspace.query(PLAN).evidence.computed_at
    tiny_shop(workspace.settings.snapshots_dir)  # the same rows, loaded again
    assert workspace.query(PLAN).evidence.computed_at != computed
