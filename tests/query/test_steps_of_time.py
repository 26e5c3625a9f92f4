"""Growth from one unit of time to the next, and means over units of time: only whole units count."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from assistant.errors import InvalidPlan
from assistant.llm.replies import compose
from assistant.plans.query import Comparison, QueryPlan
from assistant.query.engine import run_query


def _column(result, name):
    table = result.table("result")
    return [row[table.column_index(name)] for row in table.rows]


def test_growth_is_the_change_on_the_month_before(shop):
    plain = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",)))
    values = _column(plain, "revenue")
    found = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), transform="growth"))
    growth = _column(found, "revenue__growth")
    assert growth[0] is None and len(growth) == len(values) > 3
    for before, value, change in zip(values, values[1:], growth[1:], strict=False):
        assert change is None or change == pytest.approx((value / before - 1) * 100)
    assert sum(g is not None for g in growth) >= 2
    assert "each against the one before" in compose([found]).text


def test_growth_needs_one_unit_of_time(shop):
    with pytest.raises(InvalidPlan):
        run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("country",), transform="growth"))
    with pytest.raises(ValidationError):
        QueryPlan(metrics=("revenue",), transform="growth")
    with pytest.raises(ValidationError):
        QueryPlan(
            metrics=("revenue",), dimensions=("month",), transform="growth", compare=Comparison(kind="previous")
        )


def test_the_mean_of_months_is_over_the_whole_ones(shop):
    found = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), summary="mean"))
    growth = run_query(shop, QueryPlan(metrics=("revenue",), dimensions=("month",), transform="growth"))
    values = _column(found, "revenue")
    whole = int(found.figures["rows__summary"].value)
    assert 0 < whole <= len(values)
    means = {sum(values[i : i + whole]) / whole for i in range(len(values) - whole + 1)}
    assert any(found.figures["revenue__summary"].value == pytest.approx(m) for m in means)
    assert sum(g is not None for g in _column(growth, "revenue__growth")) <= whole - 1
    assert "average revenue" in compose([found]).text.lower()
