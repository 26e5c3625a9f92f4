"""What leaves the house: small groups are hidden in exports, and only there."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import NotPermitted
from assistant.plans import Compare, QueryPlan, ReportRequest
from assistant.query.engine import run_query
from assistant.query.sharing import HIDDEN, hide, people_behind, shared_table
from assistant.results import Column, Result, Table
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.shops import copy_home


def table(*names: str) -> Table:
    return Table(id="t", title="T", total_rows=len(names), rows=[[n, 100.0 + i] for i, n in enumerate(names)], columns=[
        Column(name="city", label="city"), Column(name="revenue", label="revenue", unit="currency")])


def hidden(sizes: list[int | None]) -> list[str]:
    shared = hide(table(*"abcdefgh"[: len(sizes)]), sizes)
    assert shared.hidden == sum(row[1] == HIDDEN for row in shared.rows)
    return [str(row[0]) for row in shared.rows if row[1] == HIDDEN]


@pytest.mark.parametrize(("sizes", "names"), [
    ([10, 11, 500], []), ([9, 9, 500], ["a", "b"]), ([500, 9, 40, 60], ["b", "c"]), ([1, 2, 40, 60], ["a", "b", "c"]),
    ([9], ["a"]), ([None, 40, 60], ["a", "b"]), ([0, 40], []), ([5, 5, 40], ["a", "b"]),
])
def test_small_groups_are_hidden_and_the_next_where_a_difference_would_tell(
    sizes: list[int | None], names: list[str]
) -> None:
    assert hidden(sizes) == names


def test_names_of_hidden_groups_stay() -> None:
    assert hide(table("Ulm", "Bonn"), [3, 50]).rows[0] == ["Ulm", HIDDEN]


def test_guests_count_as_people(tiny: Snapshot) -> None:
    plan = QueryPlan(metrics=("revenue",), dimensions=("country",))
    assert people_behind(tiny, plan) == {("Germany",): 2, ("France",): 2, ("United Kingdom",): 2}


def test_a_table_by_people_is_hidden_and_one_by_products_is_not(tiny: Snapshot) -> None:
    by_country = run_query(tiny, QueryPlan(metrics=("revenue",), dimensions=("country",)))
    assert shared_table(tiny, by_country, by_country.table("result")).hidden == 3
    by_product = run_query(tiny, QueryPlan(metrics=("revenue",), dimensions=("product",)))
    assert shared_table(tiny, by_product, by_product.table("result")).hidden == 0
    one = run_query(tiny, QueryPlan(metrics=("revenue",), filter=Compare(field="country", values=("Germany",))))
    assert shared_table(tiny, one, one.table("result")).hidden == 1


def test_a_list_of_customers_is_no_aggregate(tiny: Snapshot) -> None:
    listed = run_query(tiny, QueryPlan(metrics=("revenue",), dimensions=("customer",)))
    assert shared_table(tiny, listed, listed.table("result")).hidden == 0


def test_segments_are_hidden_by_their_own_count(tiny: Snapshot) -> None:
    segments = Table(id="segments", title="S", rows=[["A", 4, 10.0], ["B", 30, 20.0], ["C", 90, 5.0]], total_rows=3,
                     columns=[Column(name="segment", label="Segment"),
                              Column(name="customers", label="Customers", unit="count"),
                              Column(name="share", label="Share", unit="percent")])
    shared = shared_table(tiny, Result(kind="segments", title="S", tables=[segments]), segments)
    assert [row[1] for row in shared.rows] == [HIDDEN, HIDDEN, 90]


@pytest.fixture(scope="module")
def workspace(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(load_settings(copy_home(demo_home, tmp_path_factory.mktemp("shared") / "home")))


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.reader(handle))


def test_an_exported_answer_holds_what_may_be_shared(workspace: Workspace) -> None:
    plan = QueryPlan(metrics=("revenue",), dimensions=("city", "age_band"), limit=1000)
    answer = workspace.query(plan)
    on_screen = answer.table("result")
    rows = written(workspace.export_result(answer, "result"))[1:]
    sizes = people_behind(workspace.snapshot, plan)
    assert len(rows) == len(on_screen.rows)
    small = [i for i, r in enumerate(on_screen.rows) if 0 < sizes[r[0], r[1]] < 10]
    assert small
    assert all(rows[i][2] == HIDDEN for i in small)
    assert all(isinstance(on_screen.rows[i][2], float) for i in small)  # the screen of the shop's own people shows all
    assert sum(r[2] != HIDDEN for r in rows) > 20


def test_a_report_to_share_is_written_with_what_it_shows(workspace: Workspace) -> None:
    result = workspace.export_report(ReportRequest(plan=QueryPlan(metrics=("revenue",), dimensions=("country",))))
    path = workspace.settings.exports_dir / str(result.figures["file"].value)
    assert len(written(path)) == 1 + len(result.table("report").rows)
    assert result.figures["hidden"].value == sum(HIDDEN in row for row in result.table("report").rows)


def test_a_report_of_single_customers_is_refused(workspace: Workspace) -> None:
    with pytest.raises(NotPermitted):
        workspace.export_report(ReportRequest(plan=QueryPlan(metrics=("revenue",), dimensions=("customer",))))
