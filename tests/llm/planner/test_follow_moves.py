"""Follow-ups that change one thing of the answer before, however they are put."""

from __future__ import annotations

import pytest

from assistant.llm.planner import plan_edits
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.listed_rows import of_those_rows
from assistant.plans.filters import And, Compare, CustomerCondition, Not
from assistant.plans.query import QueryPlan
from tests.support.talks import args_of

FRANCE, GERMANY = (Compare(field="country", values=(c,)) for c in ("France", "Germany"))
TEA, COFFEE = (Compare(field="subcategory", values=(c,)) for c in ("Tea", "Coffee"))
SPENT = CustomerCondition(metric="revenue", op="gt", values=(300.0,))
SILENT = CustomerCondition(metric="days_since_last_order", op="ge", values=(90.0,))
BOUGHT_TEA = CustomerCondition(metric="orders", op="ge", values=(1.0,), where=TEA)


# -- changes of a typed plan ------------------------------------------------------------------------------------------


def test_a_value_takes_the_place_of_its_like_also_inside_what_was_bought() -> None:
    assert plan_edits.put(GERMANY, FRANCE) == FRANCE
    assert plan_edits.put(BOUGHT_TEA, COFFEE) == BOUGHT_TEA.model_copy(update={"where": COFFEE})
    assert plan_edits.put(BOUGHT_TEA, FRANCE) == And(parts=(BOUGHT_TEA, FRANCE))


def test_a_value_that_narrows_leaves_what_was_bought() -> None:
    assert plan_edits.narrowed(BOUGHT_TEA, COFFEE) == And(parts=(BOUGHT_TEA, COFFEE))


def test_a_value_leaves_a_list_or_is_shut_out() -> None:
    both = Compare(field="country", op="in", values=("France", "Germany"))

    assert plan_edits.shut_out(both, GERMANY) == FRANCE
    assert plan_edits.shut_out(None, GERMANY) == Not(part=GERMANY)
    assert "France" in str(plan_edits.shut_out(Not(part=GERMANY), FRANCE))


def test_only_what_stands_in_the_plan_is_exchanged() -> None:
    assert plan_edits.exchanged(And(parts=(GERMANY, SPENT)), GERMANY, FRANCE) == And(parts=(FRANCE, SPENT))
    assert plan_edits.exchanged(BOUGHT_TEA, TEA, COFFEE) == BOUGHT_TEA.model_copy(update={"where": COFFEE})
    assert plan_edits.exchanged(FRANCE, GERMANY, FRANCE) is None


def test_a_number_goes_to_the_condition_of_its_kind() -> None:
    plan = QueryPlan(metrics=("revenue",), dimensions=("customer",), filter=And(parts=(SPENT, SILENT)))

    spent = plan_edits.with_number(plan, 500, days=False)
    silent = plan_edits.with_number(plan, 30, days=True)
    under = plan_edits.with_number(plan, 500, days=False, side="lt")

    assert spent is not None and spent.filter.parts[0].values == (500.0,)  # type: ignore[union-attr]
    assert silent is not None and silent.filter.parts[1].values == (30.0,)  # type: ignore[union-attr]
    assert under is not None and under.filter.parts[0].op == "lt"  # type: ignore[union-attr]


# -- wordings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "could you narrow that to France", "how about if we look at France alone", "France, please", "no, France",
    "only customers from France", "let me see that for France",
])
def test_one_country(text: str) -> None:
    args = args_of("revenue by month in 2011", text)

    assert args["filter"] == {"op_type": "compare", "field": "country", "op": "eq", "values": ["France"]}
    assert args["dimensions"] == ["month"] and args["metrics"] == ["revenue"] and args["period"]["year"] == 2011


@pytest.mark.parametrize("text", ["leave Germany out", "and if we ignore Germany?", "take Germany out please"])
def test_without_a_country(text: str) -> None:
    assert args_of("revenue by month in 2011", text)["filter"]["op_type"] == "not"


@pytest.mark.parametrize("text", [
    "I said France not Germany", "not Germany but France", "France, not Germany", "wrong country, France please",
    "change Germany to France",
])
def test_a_country_put_right(text: str) -> None:
    assert args_of("average order value in Germany in 2011", text)["filter"]["values"] == ["France"]


@pytest.mark.parametrize("text", ["not revenue, orders", "as orders, not revenue", "orders, not revenue"])
def test_a_measure_put_right(text: str) -> None:
    args = args_of("revenue by country in 2011", text)

    assert args["metrics"] == ["orders"] and args["dimensions"] == ["country"]


@pytest.mark.parametrize("text", ["oops, make it 2010", "not that, 2010", "should have been 2010", "only 2010"])
def test_a_time_put_right(text: str) -> None:
    assert args_of("revenue by country in 2011", text)["period"]["year"] == 2010


@pytest.mark.parametrize("text", ["over all years", "without the year", "and overall, not just that year?"])
def test_all_the_time_there_is(text: str) -> None:
    assert "period" not in args_of("revenue by country in 2011", text)


@pytest.mark.parametrize("text", ["no, 500", "more than 500", "make it 500", "what about 500?"])
def test_another_amount(text: str) -> None:
    args = args_of("customers who spent more than 300 and have not ordered for 90 days", text)

    assert "500.0" in str(args["filter"]) and "300.0" not in str(args["filter"]) and "90" in str(args["filter"])


# -- rows that were listed --------------------------------------------------------------------------------------------

HITS = [{"product_id": "A1", "product": "Red Mug"}, {"product_id": "A2", "product": "Blue Mug"}]


def _searched() -> DialogueContext:
    table = {"columns": [{"name": n} for n in HITS[0]], "rows": [list(r.values()) for r in HITS]}
    return DialogueContext([Past(ToolCall("search_products", {"text": "mug"}), {"tables": [table]}, 1)], ["mugs"])


def _known(said: str, **plans: QueryPlan) -> Planned:
    """A planner that knows a few texts."""
    return Planned([call(plans[said])], 1.0) if said in plans else Planned([ToolCall("decline", {})], 0.0)


@pytest.mark.parametrize("text", [
    "are they in stock?", "which of those run low?", "and their stock?", "do we have enough of them?",
])
def test_the_stock_of_the_hits_of_a_search(text: str) -> None:
    made = of_those_rows(text, _searched(), "en", lambda said: _known(said, stock=QueryPlan(metrics=("stock",))))

    assert made is not None
    args = made.calls[0].args
    assert args["metrics"] == ["stock"] and args["filter"]["values"] == ["A1", "A2"] and "period" not in args


def test_the_buyers_of_the_rows() -> None:
    args = args_of("top 5 products by revenue in 2011", "who bought those?", rows=HITS)

    assert args["dimensions"] == ["customer"] and args["filter"]["where"]["values"] == ["A1", "A2"]


def test_the_one_row_of_a_ranking() -> None:
    args = args_of("which product sold best in 2011?", "and its return rate?", rows=HITS[:1])

    assert args["metrics"] == ["return_rate"] and args["filter"]["values"] == ["A1"] and args["period"]["year"] == 2011
