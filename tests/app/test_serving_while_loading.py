"""Loading and asking work while the chat serves; the page then sees the new data."""

from __future__ import annotations

from pathlib import Path

from assistant.data.warehouse import write_snapshot
from assistant.plans import QueryPlan
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.program import called, program
from tests.support.tiny_shop import tiny_tables


def test_a_load_in_another_process_reaches_an_open_workspace(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    write_snapshot(settings.snapshots_dir, tiny_tables(), source="tests", currency="EUR")
    workspace = Workspace(settings)
    before = workspace.query(QueryPlan(metrics=("orders",)))
    orders = tmp_path / "orders.csv"
    orders.write_text("order id,customer id,order date,sku,quantity,price\n"
                      "A1,K1,2024-05-01,S1,2,3.50\nA2,K2,2024-05-02,S2,1,9.00\n", encoding="utf-8")
    loaded = program("load", str(orders), home=tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    after = workspace.query(QueryPlan(metrics=("orders",)))
    assert before.evidence.snapshot != after.evidence.snapshot
    assert after.tables[0].rows[0][0] == 2


def test_a_bad_load_leaves_the_old_data(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    manifest = write_snapshot(settings.snapshots_dir, tiny_tables(), source="tests", currency="EUR")
    bad = tmp_path / "bad.csv"
    bad.write_text("colour,size\nred,3\n", encoding="utf-8")
    out = called("load", str(bad), home=tmp_path)
    assert out.returncode == 1 and "Traceback" not in out.stderr
    assert Workspace(settings).status().snapshot == manifest.id
