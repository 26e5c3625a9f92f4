"""The customers in talk stay in talk: whatever a text that points at them asks, its plan is about those."""

from __future__ import annotations

import pytest

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import hearing
from assistant.llm.planner.kept_people import kept_people
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.pointed_people import pointed
from assistant.llm.planner.population import in_talk, left_over
from assistant.llm.planner.vocabulary import vocabulary
from assistant.plans.filters import Compare, CustomerCondition, Not
from assistant.plans.periods import Period
from tests.support.talks import SHOP, args_of, talk

FRANCE = {"op_type": "compare", "field": "country", "op": "eq", "values": ["France"]}


def _answer(**args: object) -> Past:
    return Past(ToolCall("query_data", dict(args)), None, 1)


@pytest.mark.parametrize(("text", "of_all"), [
    ("how many of those can we reach by sms?", "how many customers can we reach by sms?"),
    ("and which of these people ordered in May", "and which customers ordered in May"),
    ("of those, who also bought tea?", "customers who bought tea?"),
    ("recommend something for everyone on this list", "recommend something for customers"),
    ("send the same customers a voucher", "send customers a voucher"),
    ("how many of the german ones ordered", "how many german customers ordered"),
    ("how many of the germans bought a cakestand", "how many german customers bought a cakestand"),
    ("how many opted in to email?", "how many customers opted in to email?"),
    ("what did they spend", "what did customers spend"),
])
def test_a_text_that_points_is_put_as_one_about_all(text: str, of_all: str) -> None:
    found = pointed(text, "en")

    assert found is not None and found.texts[0] == of_all


@pytest.mark.parametrize("text", [
    "how many of those products are in stock", "which of these months was best", "customers and their orders",
    "how many people in Berlin bought toys and what did they spend", "how many are there?", "revenue in May",
])
def test_what_points_at_things_or_at_its_own_customers_does_not(text: str) -> None:
    assert pointed(text, "en") is None


def test_the_picked_row_a_bound_and_returning_customers_are_part_of_the_population() -> None:
    picked = Past(ToolCall("query_data", {"metrics": ["customers"], "dimensions": ["country"], "limit": 1}),
                  {"tables": [{"columns": [{"name": "country"}, {"name": "customers"}], "rows": [["Spain", 9]]}]}, 1)
    found = in_talk(DialogueContext([picked], ["q"]))
    bounded = in_talk(DialogueContext([_answer(
        metrics=["revenue"], dimensions=["customer"], filter=FRANCE,
        having=[{"metric": "revenue", "values": [500.0]}])], ["q"]))
    returning = in_talk(DialogueContext([_answer(
        metrics=["returning_customers"], period={"kind": "named", "year": 2011})], ["q"]))

    assert found is not None and found.filter == Compare(field="country", values=("Spain",)) and found.size == 9
    assert bounded is not None and [getattr(p, "metric", "") for p in bounded.parts] == ["", "revenue"]
    assert returning is not None and "returning" in str(returning.filter)


def test_everybody_ends_the_population() -> None:
    past = [_answer(metrics=["customers"], filter=FRANCE), _answer(metrics=["customers"])]

    assert in_talk(DialogueContext(past, ["a", "b"])) is None


def test_the_others_are_those_before_without_those_now() -> None:
    again = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [2.0]}
    past = [_answer(metrics=["customers"], filter=FRANCE),
            _answer(metrics=["customers"], filter={"op_type": "and", "parts": [FRANCE, again]})]
    found = left_over(DialogueContext(past, ["a", "b"]))

    assert found is not None
    assert found.parts[1] == Not(part=CustomerCondition(metric="orders", op="ge", values=(2,)))


def test_a_draft_is_for_those_and_not_for_whom_its_kind_usually_means() -> None:
    args = args_of("how many customers have not ordered for 200 days", "what did they use to buy",
                   "set up a campaign to bring them back")

    assert args["goal"] == "win_back" and args["audience"]["values"] == [200.0]


def test_a_bare_number_counts_the_goods_in_talk() -> None:
    args = args_of("how many customers bought Garden products in 2011", "how many of them bought more than one")
    bought, more = args["filter"]["parts"]

    assert (more["metric"], more["where"], more["period"]) == ("units", bought["where"], bought["period"])


def test_bought_again_counts_orders_of_the_goods_in_talk() -> None:
    args = args_of("how many customers bought Garden products in 2011", "how many of those bought it again?")
    bought, again = args["filter"]["parts"]

    assert (again["metric"], again["op"], again["where"]) == ("orders", "gt", bought["where"])


def test_who_is_new_among_those_of_a_time_was_new_then() -> None:
    args = args_of("how many customers ordered in October 2011", "how many of those were first-time buyers?")

    assert args["filter"]["parts"][1]["metric"] == "new_customers"
    assert args["filter"]["parts"][1]["period"]["month"] == 10


def test_everyone_who_also_did_something_is_one_of_those_before() -> None:
    parts = args_of("how many people bought Garden in 2011", "everyone who also bought tea")["filter"]["parts"]

    assert len(parts) == 2


def test_what_they_bought_does_not_end_them() -> None:
    one = talk("how many customers bought for the first time in may 2011", "what did they buy?",
               "and how many of them are from Spain").calls[0]

    assert one.name == "count_audience" and "Spain" in str(one.args["filter"])


def test_a_draft_for_those_reached_by_one_channel_goes_out_by_it() -> None:
    args = args_of("customers from France", "how many of those can we reach by email?", "set up a campaign for them")

    assert args["channels"] == ["email"] and "France" in str(args["audience"])


def test_a_list_of_returns_is_of_those_who_sent_something_back() -> None:
    returned = _answer(metrics=["returned_value"], dimensions=["customer"], period={"kind": "named", "year": 2011})
    found = in_talk(DialogueContext([returned], ["q"]))

    assert found is not None and found.parts[0] == CustomerCondition(
        metric="returned_value", op="gt", values=(0,), period=Period(kind="named", year=2011))


def test_a_draft_for_those_counted_is_for_as_many() -> None:
    counted = Past(ToolCall("query_data", {"metrics": ["customers"], "filter": FRANCE}),
                   {"tables": [{"columns": [{"name": "customers"}], "rows": [[9]]}]}, 1)
    draft = plan_turn("set up a campaign for them", DialogueContext([counted], ["q"]), SHOP).calls[0]

    assert [p.get("metric") for p in draft.args["audience"]["parts"]] == [None, "orders"]


def test_a_count_of_the_same_customers_is_no_answer_about_some_of_them() -> None:
    again = Planned([ToolCall("query_data", {"metrics": ["customers"], "filter": FRANCE})], 1.0, frame="query")
    not_understood = Planned([ToolCall("decline", {"reason": "not_understood"})], 0.0, frame="decline")
    with hearing("en"):
        kept = kept_people("how many of them have wibbled since?", again, DialogueContext(
            [_answer(metrics=["customers"], filter=FRANCE)], ["q"]), vocabulary(SHOP, "en"), lambda *_: not_understood)

    assert kept.calls[0].name == "decline"


def test_those_of_another_value_take_the_place_of_these() -> None:
    assert "Germany" in str(args_of("customers from France", "and those from Germany"))
    assert "France" not in str(args_of("customers from France", "and those from Germany"))


def test_what_cannot_be_asked_of_them_is_not_asked_of_all() -> None:
    everybody = Planned([ToolCall("find_segments", {})], 1.0)
    not_understood = Planned([ToolCall("decline", {"reason": "not_understood"})], 0.0, frame="decline")
    with hearing("en"):
        kept = kept_people("split those people into groups", everybody, DialogueContext(
            [_answer(metrics=["customers"], filter=FRANCE)], ["q"]), vocabulary(SHOP, "en"), lambda *_: not_understood)

    assert kept.calls[0].name == "decline" and "France" in kept.calls[0].args["message"]
