"""Claims set against the data: the verdict and its figures, with truth from plain pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from assistant.agent import grounding
from assistant.errors import UnknownName
from assistant.llm.replies import compose
from assistant.plans import Compare, Period, QueryPlan, Sort
from assistant.plans.premise import PremiseRequest
from assistant.plans.query import Comparison
from assistant.query.engine import run_query
from assistant.query.premise import check_premise
from tests.support.tiny_shop import tiny_tables

MARCH = Period(kind="named", year=2024, month=3)
BY_COUNTRY = QueryPlan(metrics=("revenue",), dimensions=("country",), sort=Sort(by="revenue"))


def _check(shop, **claim):
    return check_premise(shop, lambda plan: run_query(shop, plan), PremiseRequest(**claim))


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    lines = tiny_tables()["order_lines"]
    return lines[lines["line_type"] == "sale"]


def _reply(result) -> str:
    composed = compose([result])
    assert grounding.check(composed.text, [result], "", composed.numbers, composed=True).untraced == []
    return composed.text


def test_nothing_there_is_put_right_with_what_is_there(shop, sales):
    plan = QueryPlan(metrics=("revenue",), filter=Compare(field="country", values=("Germany",)))
    result = _check(shop, relation="nothing", plan=plan)
    assert result.words["verdict"] == "false"
    assert result.figures["value"].value == pytest.approx(sales.loc[sales["country"] == "Germany", "amount"].sum())
    assert "not so" in _reply(result)


def test_nothing_there_is_confirmed(shop, sales):
    days = pd.to_datetime(sales["ordered_at"]).dt.date
    quiet = next(d.date() for d in pd.date_range(min(days), max(days)) if d.date() not in set(days))
    plan = QueryPlan(metrics=("orders",), period=Period(kind="absolute", start=quiet, end=quiet))
    result = _check(shop, relation="nothing", plan=plan)
    assert result.words["verdict"] == "true"
    assert _reply(result).startswith("Indeed")


def test_first_is_found_and_a_wrong_first_is_given_its_place(shop, sales):
    ranking = sales.groupby("country")["amount"].sum().sort_values(ascending=False)
    right = _check(shop, relation="first", plan=BY_COUNTRY, item=ranking.index[0])
    assert right.words["verdict"] == "true"
    assert right.figures["place"].value == 1
    wrong = _check(shop, relation="first", plan=BY_COUNTRY, item=ranking.index[-1])
    assert wrong.words["verdict"] == "false"
    assert wrong.figures["place"].value == len(ranking)
    assert wrong.figures["top_name"].value == ranking.index[0]
    assert wrong.figures["top"].value == pytest.approx(ranking.iloc[0])
    assert ranking.index[0] in _reply(wrong)


def test_first_from_the_other_end(shop, sales):
    ranking = sales.groupby("country")["amount"].sum().sort_values()
    plan = BY_COUNTRY.model_copy(update={"sort": Sort(by="revenue", descending=False)})
    assert _check(shop, relation="first", plan=plan, item=ranking.index[0]).words["verdict"] == "true"
    assert _check(shop, relation="first", plan=plan, item=ranking.index[-1]).words["verdict"] == "false"


def test_a_month_is_found_in_its_ranking(shop, sales):
    months = sales.groupby(pd.to_datetime(sales["ordered_at"]).dt.to_period("M"))["amount"].sum()
    plan = QueryPlan(metrics=("revenue",), dimensions=("month",), sort=Sort(by="revenue"))
    result = _check(shop, relation="first", plan=plan, item_period=MARCH)
    assert result.figures["place"].value == int((months > months[pd.Period("2024-03")]).sum()) + 1
    assert result.words["verdict"] == "open"  # the data end in the middle of March
    assert "not over" in _reply(result)


def test_an_unfinished_month_is_left_out_of_the_ranking_of_others(shop, sales):
    months = sales.groupby(pd.to_datetime(sales["ordered_at"]).dt.to_period("M"))["amount"].sum()
    whole = months[months.index < pd.Period("2024-03")].sort_values()
    plan = QueryPlan(metrics=("revenue",), dimensions=("month",), sort=Sort(by="revenue", descending=False))
    month = whole.index[0]
    item = Period(kind="named", year=month.year, month=month.month)
    result = _check(shop, relation="first", plan=plan, item_period=item)
    assert months.min() < whole.iloc[0]  # March so far has less
    assert result.words["verdict"] == "true"
    assert result.figures["groups"].value == len(whole)
    _reply(result)


def test_an_unknown_item_is_refused_with_those_there_are(shop):
    with pytest.raises(UnknownName, match="Atlantis"):
        _check(shop, relation="first", plan=BY_COUNTRY, item="Atlantis")


@pytest.mark.parametrize(("op", "off", "verdict"), [
    ("eq", 0.0, "true"), ("eq", 5.0, "false"), ("gt", -1.0, "true"), ("gt", 1.0, "false"), ("lt", 1.0, "true"),
    ("ge", 0.0, "true"), ("le", -1.0, "false"),
])
def test_a_number_is_compared(shop, sales, op, off, verdict):
    total = float(sales["amount"].sum())
    result = _check(shop, relation="bound", plan=QueryPlan(metrics=("revenue",)), op=op, value=total + off, slack=0.5)
    assert result.words["verdict"] == verdict
    assert result.figures["value"].value == pytest.approx(total)
    _reply(result)


def test_a_share_is_compared_in_percent(shop, sales):
    germany = sales.loc[sales["country"] == "Germany", "amount"].sum()
    share = 100 * germany / sales["amount"].sum()
    plan = QueryPlan(metrics=("revenue",), filter=Compare(field="country", values=("Germany",)),
                     compare=Comparison(kind="total"))
    result = _check(shop, relation="bound", plan=plan, op="gt", value=99.9, share=True)
    assert result.figures["value"].value == pytest.approx(share)
    assert result.words["verdict"] == ("true" if share > 99.9 else "false")
    _reply(result)


def test_the_larger_of_two(shop, sales):
    ranking = sales.groupby("country")["amount"].sum().sort_values(ascending=False)
    one, other = ranking.index[0], ranking.index[1]
    plan = BY_COUNTRY.model_copy(update={"filter": Compare(field="country", op="in", values=(one, other))})
    assert _check(shop, relation="larger", plan=plan, item=one, than=other).words["verdict"] == "true"
    wrong = _check(shop, relation="larger", plan=plan, item=other, than=one)
    assert wrong.words["verdict"] == "false"
    assert one in _reply(wrong)


def test_a_change_and_its_size(shop, sales):
    at = pd.to_datetime(sales["ordered_at"])
    january, february = (float(sales.loc[at.dt.month == m, "amount"].sum()) for m in (1, 2))
    plan = QueryPlan(metrics=("revenue",), period=Period(kind="named", year=2024, month=2),
                     compare=Comparison(kind="previous"))
    way, other = ("up", "down") if february > january else ("down", "up")
    assert _check(shop, relation="change", plan=plan, way=way).words["verdict"] == "true"
    assert _check(shop, relation="change", plan=plan, way=other).words["verdict"] == "false"
    exact = _check(shop, relation="change", plan=plan, way=way, factor=february / january)
    assert exact.words["verdict"] == "true"
    far = _check(shop, relation="change", plan=plan, way=way, factor=10 * february / january)
    assert far.words["verdict"] == "false"
    assert "Not by as much" in _reply(far)


def test_an_unfinished_month_is_named_by_its_days(shop):
    result = _check(shop, relation="bound", plan=QueryPlan(metrics=("revenue",), period=MARCH), value=1.0)
    assert "9 March 2024" in str(result.figures["days"].value)
    assert "as far as the data go" in _reply(result)


def test_when_sales_began(shop):
    first = pd.to_datetime(tiny_tables()["orders"]["ordered_at"]).min().year
    assert _check(shop, relation="opened", year=first).words["verdict"] == "true"
    assert _check(shop, relation="opened", year=first + 1).words["verdict"] == "false"
    assert _check(shop, relation="opened", year=first - 1).words["verdict"] == "open"
    for year in (first - 1, first, first + 1):
        _reply(_check(shop, relation="opened", year=year))


@pytest.mark.parametrize("claim", [
    {"relation": "first", "plan": BY_COUNTRY}, {"relation": "bound", "plan": BY_COUNTRY}, {"relation": "nothing"},
    {"relation": "larger", "plan": BY_COUNTRY, "item": "Germany"}, {"relation": "opened"},
    {"relation": "change", "plan": BY_COUNTRY},
])
def test_a_claim_needs_its_parts(claim):
    with pytest.raises(ValidationError):
        PremiseRequest(**claim)


def test_a_figure_without_a_value_leaves_it_open(shop):
    last_day = Period(kind="absolute", start=pd.Timestamp("2024-03-09").date())
    plan = QueryPlan(metrics=("days_between_orders",), period=last_day)
    result = _check(shop, relation="bound", plan=plan, value=3)
    assert result.words["verdict"] == "open"
    assert "could not be checked" in _reply(result)


def test_a_comparison_with_a_period_that_starts_before_the_data_is_left_open(shop):
    plan = QueryPlan(metrics=("revenue",), period=Period(kind="named", year=2024),
                     compare=Comparison(kind="period", period=Period(kind="named", year=2023)))
    result = _check(shop, relation="change", plan=plan, way="up")
    assert result.words["verdict"] == "open"
    assert "not like with like" in _reply(result)
