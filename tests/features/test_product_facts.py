"""Product facts on the tiny shop, checked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.features.product_facts import product_facts
from tests.support.tiny_shop import tiny_shop, tiny_tables


def facts(snapshot: object) -> dict[str, dict]:
    rows = snapshot.execute(product_facts(snapshot)).to_pylist()  # type: ignore[attr-defined]
    return {row["product_id"]: row for row in rows}


def test_list_price_wins_and_last_paid_is_the_latest(tmp_path: Path) -> None:
    rows = facts(tiny_shop(tmp_path))
    mug = rows["P1"]
    assert (mug["price"], mug["price_source"]) == (Decimal("10"), "list")
    assert mug["last_paid"] == Decimal("11") and mug["units_sold"] == 7
    assert mug["last_sold"].date() == date(2024, 3, 1) and mug["first_sold"].date() == date(2023, 11, 3)
    assert len(rows) == 5 and rows["P3"]["units_sold"] == 3, "returns do not count as sold"


def test_last_price_paid_where_there_is_no_list_price(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["products"] = tables["products"].drop(columns=["price", "stock", "cost"])
    write_snapshot(tmp_path, tables, source="tests")
    rows = facts(open_snapshot(tmp_path))
    assert (rows["P4"]["price"], rows["P4"]["price_source"]) == (Decimal("38"), "last_paid")
    assert rows["P4"]["stock"] is None


def test_nothing_after_the_analysis_date_is_seen(tmp_path: Path) -> None:
    rows = facts(tiny_shop(tmp_path).at(date(2023, 12, 31)))
    assert rows["P1"]["units_sold"] == 3 and rows["P1"]["last_paid"] == Decimal("10")
    assert rows["P5"]["units_sold"] == 4


def test_on_sale_follows_launch_and_discontinuation(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["products"]["launched_at"] = [None, None, None, None, date(2024, 3, 10)]
    tables["products"]["discontinued_at"] = [date(2024, 3, 1), date(2024, 3, 9), None, None, None]
    write_snapshot(tmp_path, tables, source="tests")
    rows = facts(open_snapshot(tmp_path))
    assert {k: v["on_sale"] for k, v in rows.items()} == {"P1": False, "P2": True, "P3": True, "P4": True, "P5": False}
