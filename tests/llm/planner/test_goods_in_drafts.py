"""Drafts about goods listed right before, and talk about the rows of a list of recommendations."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
LOYAL = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [3.0]}
SHOWN = {"tables": [{"id": "products", "columns": [{"name": "product_id"}], "rows": [["P-1"], ["P-2"], ["P-3"]]}]}
FOR_LOYAL = ToolCall("recommend_products", {"filter": LOYAL})
NEW = ToolCall("new_products", {})


def after(call: ToolCall, text: str, result: dict[str, Any] = SHOWN) -> ToolCall:
    (made,) = plan_turn(text, DialogueContext([Past(call, result, 1)], ["before"]), SHOP).calls
    return made


@pytest.mark.parametrize(("text", "goods"), [
    ("put the top 2 into a campaign", ("P-1", "P-2")),
    ("leave out the first one and put the top 2 into a campaign", ("P-2", "P-3")),
    ("ok, draft a newsletter about those with 10% off", ("P-1", "P-2", "P-3")),
    ("promote the last one by email", ("P-3",)),
])
def test_listed_goods_go_into_a_draft_for_those_they_were_listed_for(text: str, goods: tuple[str, ...]) -> None:
    made = after(FOR_LOYAL, text)
    assert made.name == "draft_campaign" and tuple(made.args["offer"]["product_ids"]) == goods
    assert made.args["audience"] == LOYAL


def test_goods_of_nobody_in_particular_are_for_whom_the_text_names() -> None:
    made = after(NEW, "set up a launch campaign for them to customers in Germany by email")
    assert made.args["goal"] == "launch" and made.args["audience"]["values"] == ["Germany"]
    assert "audience" not in after(NEW, "draft a launch campaign for them").args


def test_the_answer_to_whom_keeps_the_goods() -> None:
    asked = ToolCall("draft_campaign", {"goal": "launch", "offer": {"kind": "none", "product_ids": ["P-1"]}})
    made = after(asked, "Draft a launch campaign for loyal customers", {"kind": "question"})
    assert made.args["offer"]["product_ids"] == ["P-1"]


def test_people_listed_before_are_no_goods() -> None:
    people = ToolCall("query_data", {"metrics": ["revenue"], "dimensions": ["customer"], "filter": LOYAL})
    assert "offer" not in after(people, "draft a campaign for them", {}).args


def test_a_row_is_left_out_of_the_list() -> None:
    assert tuple(after(FOR_LOYAL, "can you leave out the second one").args["exclude_products"]) == ("P-2",)


def test_who_would_buy_a_row_or_the_product_in_talk() -> None:
    assert after(FOR_LOYAL, "who would like the second one?").args == {"product_id": "P-2"}
    alike = ToolCall("find_substitutes", {"product_id": "P-1", "relative_price": "cheaper"})
    assert after(alike, "who would buy it?").args == {"product_id": "P-1"}
    (made,) = plan_turn("who would buy it?", None, SHOP).calls
    assert made.name == "decline"


def test_goods_are_mailed_to_those_the_list_was_made_for() -> None:
    made = after(FOR_LOYAL, "email the top 2 to them").args
    assert made["audience"] == LOYAL and made["channels"] == ["email"] and len(made["offer"]["product_ids"]) == 2
