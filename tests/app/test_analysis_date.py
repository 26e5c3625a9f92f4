"""Today is the last day of the data, and can be changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assistant.data.warehouse import write_snapshot
from assistant.errors import MissingData, SettingsError
from assistant.plans import QueryPlan
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.tiny_shop import tiny_tables


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    settings = load_settings(tmp_path)
    write_snapshot(settings.snapshots_dir, tiny_tables(), source="tests", currency="EUR")
    return Workspace(settings)


def orders(workspace: Workspace) -> object:
    return workspace.query(QueryPlan(metrics=("orders",))).figures["orders"].value


def test_another_day_is_seen_everywhere_and_undone(workspace: Workspace) -> None:
    assert (workspace.status().as_of, orders(workspace)) == (date(2024, 3, 9), 9)
    assert workspace.set_as_of(date(2023, 12, 31)) == date(2023, 12, 31)
    assert (workspace.status().as_of, orders(workspace)) == (date(2023, 12, 31), 4)
    assert workspace.set_as_of(None) == date(2024, 3, 9)
    assert orders(workspace) == 9


def test_a_day_before_the_data_is_refused_and_nothing_changes(workspace: Workspace) -> None:
    with pytest.raises(MissingData, match="begin on"):
        workspace.set_as_of(date(2020, 1, 1))
    assert workspace.status().as_of == date(2024, 3, 9)


def test_a_day_after_the_data_is_the_last_day(workspace: Workspace) -> None:
    assert workspace.set_as_of(date(2030, 1, 1)) == date(2024, 3, 9)


def test_a_chosen_day_ends_with_the_data_it_was_chosen_for(workspace: Workspace) -> None:
    workspace.set_as_of(date(2023, 12, 31))
    later = tiny_tables()
    for name in ("orders", "order_lines"):
        later[name] = later[name][later[name]["ordered_at"] > "2024-02-01"]
    write_snapshot(workspace.settings.snapshots_dir, later, source="tests", currency="EUR")
    assert (workspace.status().as_of, orders(workspace)) == (date(2024, 3, 9), 4)


def test_setting_must_be_a_date(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, as_of="yesterday")
    write_snapshot(settings.snapshots_dir, tiny_tables(), source="tests")
    with pytest.raises(SettingsError):
        Workspace(settings).status()
