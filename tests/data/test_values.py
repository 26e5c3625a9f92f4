"""Numbers, dates, yes and no, ids, currencies as people write them: decided from the whole column."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from assistant.data.dates import date_facts, moment
from assistant.data.values import boolean, identifier, number, number_facts
from assistant.data.workbench import open_workbench


@pytest.fixture
def bench(tmp_path):
    with open_workbench(tmp_path) as workbench:
        yield workbench


def column(bench, values):
    return bench.con.create_table(
        "t", pa.table({"v": pa.array(values), "row": pa.array(range(len(values)))}), overwrite=True
    )


def numbers(bench, values):
    table = column(bench, values)
    facts = number_facts(bench, table, ["v"])["v"]
    found = bench.fetch(table.select("row", n=number(table.v, facts)).order_by("row"))["n"].to_pylist()
    return [None if v is None else float(v) for v in found]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["1", "2.5", "-3", "+4.25", None, ""], [1, 2.5, -3, 4.25, None, None]),
        (["1.234,56", "7,5", "12", "1.000", "-0,99"], [1234.56, 7.5, 12, 1000, -0.99]),
        (["1,234.56", "7.5", "1,000", "1,234,567"], [1234.56, 7.5, 1000, 1234567]),
        (["£1,234.50", "£ 2.00", "(3.00)", "4.00-"], [1234.5, 2, -3, -4]),
        (["12,50 €", "1 234,00 €", "1\u00a0000,5 €", "EUR 3,20"], [12.5, 1234, 1000.5, 3.2]),
        (["1'234.50", "CHF 10.00"], [1234.5, 10]),
        (["abc", "12abc34", "1.5", "--", "1.2.3.4", "P-1"], [None, None, 1.5, None, None, None]),
        (["0.001", "1e3", "2.5E-1"], [0.001, 1000, 0.25]),
        (["1,50", "2.75", "1.234"], [1.5, 2.75, None]),  # both styles: the last reads either way
        (["1.234", "5"], [1.234, 5]),
    ],
)
def test_numbers(bench, written, meant):
    assert numbers(bench, written) == meant


def test_money_is_exact(bench):
    table = column(bench, ["0.1", "0.2", "19642692.15"])
    found = bench.fetch(table.aggregate(s=number(table.v, number_facts(bench, table, ["v"])["v"]).sum()))
    assert found["s"].to_pylist() == [Decimal("19642692.4500")]


def dates(bench, values):
    table = column(bench, values)
    facts = date_facts(bench, table, "v", "row")
    found = bench.fetch(table.select("row", d=moment(table.v, facts)).order_by("row"))["d"].to_pylist()
    return facts, found


def day(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("written", "meant", "warned"),
    [
        (["2024-01-31", "2024-02-01 10:30:05", None], ["2024-01-31", "2024-02-01 10:30:05", None], False),
        (["2024-01-15 10:23:45 -0500", "2024-01-15T10:23:45Z"], ["2024-01-15 10:23:45"] * 2, False),
        (["31/01/2024", "05/02/2024"], ["2024-01-31", "2024-02-05"], False),
        (["01/31/2024", "05/02/2024 3:05 PM"], ["2024-01-31", "2024-05-02 15:05:00"], False),
        (["31.01.24 08:15", "5.2.1999"], ["2024-01-31 08:15:00", "1999-02-05"], False),
        (
            ["1 Jan 2024", "28 February 2024", "3. März 2024", "Mar 5, 2024"],
            ["2024-01-01", "2024-02-28", "2024-03-03", "2024-03-05"],
            False,
        ),
        (["20240131", "20240201"], ["2024-01-31", "2024-02-01"], False),
        (["45322", "45323.5"], ["2024-01-31", "2024-02-01 12:00:00"], False),
        (["1706659200", "1706659200000"], ["2024-01-31"] * 2, False),
        (["2024-01-31", "13/02/2024"], ["2024-01-31", "2024-02-13"], True),
        (
            ["31/01/2024", "01/31/2024", "05/06/2024", "07/07/2024"],
            ["2024-01-31", "2024-01-31", None, "2024-07-07"],
            True,
        ),
        (["2024-01-31", "05/06/2024", "06/06/2024"], ["2024-01-31", None, "2024-06-06"], True),
        (["30/02/2024", "31/01/2024", "soon", "99999"], [None, "2024-01-31", None, None], False),
        # no value above 12: the reading in which the rows are in order
        (
            ["01/02/2024", "02/02/2024", "03/02/2024", "01/03/2024"],
            ["2024-02-01", "2024-02-02", "2024-02-03", "2024-03-01"],
            True,
        ),
        (
            ["02/01/2024", "02/02/2024", "02/03/2024", "03/01/2024"],
            ["2024-02-01", "2024-02-02", "2024-02-03", "2024-03-01"],
            True,
        ),
    ],
)
def test_dates(bench, written, meant, warned):
    facts, found = dates(bench, written)
    assert found == [None if m is None else day(m) for m in meant]
    assert bool(facts.warnings("Date")) == warned


def test_yes_and_no(bench):
    table = column(bench, ["yes", "No", "TRUE", "0", "ja", "maybe", None])
    found = bench.fetch(table.select("row", b=boolean(table.v)).order_by("row"))["b"].to_pylist()
    assert found == [True, False, True, False, True, None, None]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["13085.0", " 12 ", "00012", "A1.0", ""], ["13085", "12", "00012", "A1.0", None]),
        ([13085.0, None, 2.5], ["13085", None, "2.5"]),
    ],
)
def test_ids(bench, written, meant):
    table = column(bench, written)
    assert bench.fetch(table.select("row", i=identifier(table.v)).order_by("row"))["i"].to_pylist() == meant
