"""Figures by a sensitive trait are shown; people are not listed by one, nor by what stands for one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import NotPermitted
from assistant.plans import Compare, PrivacyRequest, QueryPlan
from assistant.query.audience import customer_ids
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.tiny_shop import tiny_tables


def test_a_list_of_people_by_a_trait_is_refused_and_figures_by_it_are_not(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["customers"]["gender"] = ["f", "m", "f", "m", "f"]
    write_snapshot(tmp_path / "snapshots", tables, source="tests", currency="EUR")
    workspace = Workspace(load_settings(tmp_path))
    women = Compare(field="gender", values=("f",))
    assert workspace.query(QueryPlan(metrics=("revenue",), filter=women)).figures["revenue"].value > 0
    with pytest.raises(NotPermitted):
        workspace.query(QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=women))


def test_nobody_is_chosen_by_a_column_that_stands_for_a_trait_in_these_data(tmp_path: Path) -> None:
    tables = tiny_tables()
    more = pd.DataFrame({"customer_id": [f"D{i:03d}" for i in range(200)], "country": ["Germany", "France"] * 100,
                         "city": ["Bonn", "Ulm", "Lyon", "Nice"] * 50, "gender": ["f", "m"] * 100})
    tables["customers"] = pd.concat([tables["customers"], more], ignore_index=True)
    write_snapshot(tmp_path / "snapshots", tables, source="tests", currency="EUR")
    shop = open_snapshot(tmp_path / "snapshots")
    with pytest.raises(NotPermitted, match="stands for gender"):
        customer_ids(shop, Compare(field="city", values=("Bonn",)))
    proxies = Workspace(load_settings(tmp_path)).show_privacy(PrivacyRequest(about="proxies")).table("proxies")
    assert {row[0]: row[3] for row in proxies.rows}["customers.city"] == "set aside"
