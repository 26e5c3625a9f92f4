"""Things of one time that another lacks: every thing with the measure in a period counts, however many there are."""

from __future__ import annotations

from datetime import date

from assistant.plans.filters import Among, Not
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.query.engine import run_query


def _products(shop, start, end):
    plan = QueryPlan(metrics=("orders",), dimensions=("product",), period=_days(start, end))
    table = run_query(shop, plan).table("result")
    return {row[table.column_index("product")] for row in table.rows if row[table.column_index("orders")]}


def _days(start, end):
    return Period(kind="absolute", start=start, end=end)


def test_products_of_one_time_that_are_not_in_another(shop):
    early, late = (date(2023, 11, 1), date(2024, 2, 29)), (date(2024, 3, 1), date(2024, 3, 31))
    expected = _products(shop, *early) - _products(shop, *late)
    assert expected and expected < _products(shop, *early)
    gone = Not(part=Among(dimension="product", metric="orders", limit=0, period=_days(*late)))
    found = run_query(
        shop, QueryPlan(metrics=("revenue",), dimensions=("product",), filter=gone, period=_days(*early))
    )
    table = found.table("result")
    assert {row[table.column_index("product")] for row in table.rows} == expected
    assert "product has orders" in found.evidence.plan_words
