"""Categories through the tools: offered where lacking, cited where used, and gone when the store is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.models.taxonomy.desk import CategoryDesk
from assistant.query.agreed.store import AgreementStore
from assistant.results import Result
from assistant.settings import Settings
from assistant.workspace import Workspace
from tests.support.planted_names import meaning, nameless_shop, planted
from tools.adapter import run_tool
from tools.registry import TOOLS

BY_CATEGORY = {"metrics": ["revenue"], "dimensions": ["category"]}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    settings = Settings(home=tmp_path)
    nameless_shop(settings.snapshots_dir, planted()[0])
    made = Workspace(settings)
    made._categories = CategoryDesk(AgreementStore(settings.app_db), lambda: made.loaded, meaning, "Ada")
    return made


def ask(workspace: Workspace, tool: str, **arguments: Any) -> Result:
    return run_tool(next(spec for spec in TOOLS if spec.name == tool), workspace, arguments)


def test_a_question_by_category_is_refused_with_the_next_step(workspace: Workspace) -> None:
    result = ask(workspace, "query_data", **BY_CATEGORY)
    assert result.refusal is not None and result.refusal.reason == "missing_data"
    assert "products.category" in result.refusal.missing and "Propose categories" in result.refusal.nearest
    assert "propose categories" in result.refusal.message


def test_accepted_categories_answer_and_are_cited(workspace: Workspace) -> None:
    assert ask(workspace, "adopt_categories").refusal is None
    result = ask(workspace, "query_data", **BY_CATEGORY)
    assert result.refusal is None and "categories_agreed" in [c.code for c in result.caveats]
    cited = [d for d in result.evidence.definitions if d.term == "categories"]
    assert cited and cited[0].author == "Ada" and "not from your data" in cited[0].meaning
    assert not [c for c in ask(workspace, "query_data", metrics=["revenue"]).caveats if "categor" in c.code]


def test_what_data_there_are_says_that_categories_are_not_among_them(workspace: Workspace) -> None:
    assert not [c for c in ask(workspace, "describe_data").caveats if "categor" in c.code]
    ask(workspace, "adopt_categories")
    assert "categories_agreed" in [c.code for c in ask(workspace, "describe_data").caveats]


def test_answers_follow_a_change_and_its_undoing(workspace: Workspace) -> None:
    ask(workspace, "adopt_categories")
    before = ask(workspace, "query_data", **BY_CATEGORY).table("result").rows
    name = str(before[0][0])
    ask(workspace, "change_categories", action="rename", category=name, new_name="Drinkware")
    assert "Drinkware" in [row[0] for row in ask(workspace, "query_data", **BY_CATEGORY).table("result").rows]
    undone = ask(workspace, "undo_change", of="category")
    assert undone.kind == "undone" and "Drinkware" in str(undone.table("entries").rows[0][1])
    assert ask(workspace, "query_data", **BY_CATEGORY).table("result").rows == before


def test_segments_filter_by_an_agreed_category(workspace: Workspace) -> None:
    ask(workspace, "adopt_categories")
    name = ask(workspace, "query_data", **BY_CATEGORY).table("result").rows[0][0]
    rule = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [1],
            "where": {"op_type": "compare", "field": "category", "op": "eq", "values": [name]}}
    counted = ask(workspace, "count_audience", filter=rule)
    members = workspace.categories.required().members()[workspace.categories.required().find(str(name)).key]
    order = sorted(planted()[0])
    assert counted.refusal is None
    assert counted.figures["customers"].value == len({order.index(p) % 40 for p in members})
    assert "categories_agreed" in [c.code for c in counted.caveats]


def test_a_damaged_store_leaves_other_questions_answered(workspace: Workspace) -> None:
    ask(workspace, "adopt_categories")
    path = workspace.settings.app_db
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.write_bytes(b"not a database" * 300)
    workspace.categories.forget_read()
    assert ask(workspace, "query_data", metrics=["revenue"]).refusal is None
    refused = ask(workspace, "query_data", **BY_CATEGORY).refusal
    assert refused is not None and "damaged" in refused.message
