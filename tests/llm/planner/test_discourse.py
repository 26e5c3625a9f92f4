"""What people say of the answer before, whatever it was about."""

from __future__ import annotations

import re

import pytest

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.several import after
from tests.support.talks import SHOP, args_of, talk

CATEGORIES = [{"category": c, "revenue": v} for c, v in (("Garden", 5.0), ("Kitchen", 9.0), ("Toys", 7.0))]


def test_every_form_is_an_expression() -> None:
    raw = read_yaml("en", "discourse")
    macro = re.compile(r"(?<!\?P)<(\w+)>")
    forms = [p for group in raw["moves"].values() for p in group]
    forms += [p for rule in raw["again"] for p, _ in rule["say"]] + [raw["opening"], raw["closing"]]
    for form in forms:
        while macro.search(form):
            form = macro.sub(lambda m: f"(?:{raw['macros'][m.group(1)]})", form)
        assert re.compile(form).groups >= 0


def test_the_rest_of_a_ranking_begins_after_it() -> None:
    args = args_of("top 5 countries by revenue", "what about the rest?")

    assert args["offset"] == 5 and "limit" not in args


def test_the_rest_of_a_part_is_everything_else() -> None:
    assert args_of("revenue in France in 2011", "and the others?")["filter"]["op_type"] == "not"


@pytest.mark.parametrize(("text", "gone"), [
    ("without the biggest one", "Kitchen"), ("hmm, leave out the smallest", "Garden"),
    ("drop the top one please", "Kitchen"),
])
def test_a_row_left_out_is_the_one_meant(text: str, gone: str) -> None:
    shut = args_of("revenue by category in 2011", text, rows=CATEGORIES)["filter"]

    assert shut["op_type"] == "not" and shut["part"]["values"] == [gone]


def test_the_other_way_round_starts_at_the_other_end() -> None:
    assert args_of("top 5 countries by revenue", "the other way round")["sort"]["descending"] is False


def test_growth_without_a_time_takes_this_year_and_says_so() -> None:
    planned = talk("revenue by country", "sort it by growth instead")

    args = planned.calls[0].args
    assert args["sort"]["by"] == "change" and args["compare"]["kind"] == "year_earlier"
    assert args["period"] == {"kind": "calendar", "unit": "year"}
    assert planned.notes == ["growth_period"]


def test_what_grows_in_a_series_is_one_half_against_the_other() -> None:
    """Customers cannot be compared with a time before the data, in which nobody was a customer yet."""
    args = args_of("new customers by month and country in 2010", "which one is growing?")

    assert args["dimensions"] == ["country"]
    assert (args["period"]["start"], args["compare"]["period"]["end"]) == ("2010-07-01", "2010-06-30")


def test_two_figures_are_set_beside_each_other() -> None:
    args = args_of("average order value in Germany", "and in France?", "which one is higher?")

    assert args["dimensions"] == ["country"] and args["filter"]["values"] == ["Germany", "France"]


def test_what_new_customers_spend_keeps_their_year() -> None:
    args = args_of("How many customers did we have in 2011?", "how many were new?", "what did they spend on average?")

    assert args["metrics"] == ["revenue_per_customer"] and args["period"]["year"] == 2011
    assert args["filter"]["field"] == "new_vs_returning" and args["filter"]["values"] == ["new"]


def test_minus_returns_is_the_net_figure() -> None:
    assert args_of("total revenue in 2011", "minus returns")["metrics"] == ["net_revenue"]


def test_a_condition_on_a_ranking_comes_after_it() -> None:
    top, quiet = args_of("who in the top 50 was quiet for 60 days")["filter"]["parts"]

    assert (top["rank"], top["values"]) == ("top_n", [50.0]) and quiet["metric"] == "days_since_last_order"


def test_an_unknown_kind_of_customers_is_asked_about() -> None:
    planned = talk("average order value in 2011", "exclude the wholesale customers")

    assert planned.calls[0].name == "ask_back" and "average order value in 2011" in planned.calls[0].args["options"][0]


@pytest.mark.parametrize("text", ["Where does the number come from?", "and orders instead of sales", "round that"])
def test_what_speaks_of_an_answer_needs_one(text: str) -> None:
    call = plan_turn(text, DialogueContext(), SHOP).calls[0]

    assert call.name == "decline" and "none yet" in call.args["message"]


@pytest.mark.parametrize("text", ["how reliable is it?", "can we trust that", "how sure are you about it?"])
def test_how_reliable_a_forecast_is_asks_about_the_forecast(text: str) -> None:
    call = talk("forecast revenue for the next 3 months", text).calls[0]

    assert (call.name, call.args["tool"]) == ("explain_answer", "forecast_metric")


def test_a_rule_put_to_a_reason_asks_for_the_list_again() -> None:
    products = [{"product_id": "P1"}, {"product_id": "P2"}]
    context = DialogueContext()
    for text in ("recommend products to customer 12346", "why the first one?"):
        planned = plan_turn(text, context, SHOP)
        context = after(context, Candidate(planned.calls, 0.0, planned.frame), text)
        table = {"columns": [{"name": "product_id"}], "rows": [list(r.values()) for r in products]}
        last = context.past[-1]
        context.past[-1] = type(last)(last.call, {"tables": [table]}, last.turn, last.frame)
    assert context.past[-1].call.args.get("why") == "P1"

    assert "why" not in plan_turn("under 20", context, SHOP).calls[0].args


def test_the_spring_before_this_one_is_a_year_earlier() -> None:
    args = args_of("revenue this spring", "versus last spring")

    assert args["compare"]["kind"] in {"year_earlier", "period"}
    assert args["compare"].get("period") != args["period"]


def test_a_split_of_what_could_not_be_answered_is_no_split_of_something_else() -> None:
    assert talk("how many parcels went to the moon", "by country").calls[0].name == "decline"


def test_they_stay_those_whose_figure_was_asked_for_in_between() -> None:
    args = args_of("customers in France", "what did they spend on average?", "do they come back?")

    assert args["metrics"] == ["repeat_rate"] and args["filter"]["values"] == ["France"]
