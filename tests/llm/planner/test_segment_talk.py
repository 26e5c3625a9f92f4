"""Questions about groups of customers, in many wordings."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


def plan(text: str) -> Any:
    return plan_turn(text, DialogueContext(), SHOP).calls[0]


@pytest.mark.parametrize(("text", "source", "target"), [
    ("who moved from loyal to at-risk this quarter", "Loyal", "At risk"),
    ("Which customers slipped from Champions to At risk since January?", "Champions", "At risk"),
    ("how many customers went from loyal to lapsed in the last 90 days", "loyal", "lapsed"),
    ("which loyal customers became lapsed this year?", "loyal", "lapsed"),
    ("list customers who were active and are now lapsed", "active", "lapsed"),
    ("who used to be loyal but is now lost?", "Loyal", "Lost"),
    ("movement from promising to loyal last quarter", "Promising", "Loyal"),
    ("who became a champion this month?", "", "Champions"),
    ("who dropped out of champions since March", "Champions", ""),
    ("who is no longer loyal?", "Loyal", ""),
    ("how many champions did we lose?", "Champions", ""),
    ("how many of our champions have left this year", "Champions", ""),
    ("how many of our top 100 customers did we lose last quarter", "top 100", ""),
    ("have we lost any champions?", "Champions", ""),
    ("who dropped out of our top 100 this year?", "top 100", ""), ("who is new in the top 10 %?", "", "top 10 %"),
    ("who moved up to champions", "", "Champions"),
    ("which of our loyal customers turned into at-risk ones this quarter?", "Loyal", "At risk"),
])
def test_who_moved(text: str, source: str, target: str) -> None:
    call = plan(text)
    assert call.name == "find_movers"
    assert (call.args.get("source_name", ""), call.args.get("target_name", "")) == (source, target)


@pytest.mark.parametrize(("text", "first", "second"), [
    ("compare loyal and lapsed", "loyal", "lapsed"),
    ("Compare our loyal customers with lapsed customers", "loyal", "lapsed"),
    ("what is the difference between champions and lost customers?", "Champions", "Lost"),
    ("difference between new customers and loyal customers", "New", "Loyal"),
    ("loyal vs lapsed", "loyal", "lapsed"),
    ("how do champions differ from hibernating customers?", "Champions", "Hibernating"),
    ("compare champions with everyone else", "Champions", None),
    ("put new customers next to loyal customers", "New", "Loyal"),
    ("what makes champions different?", "Champions", None), ("what do champions have in common?", "Champions", None),
])
def test_two_beside_each_other(text: str, first: str, second: str | None) -> None:
    call = plan(text)
    assert call.name == "compare_groups"
    assert (call.args["first_name"], call.args.get("second_name")) == (first, second)


@pytest.mark.parametrize(("text", "method", "k"), [
    ("cluster our customers by what they buy", "behaviour", None),
    ("group customers by behaviour", "behaviour", None),
    ("Split all our customers into 6 groups based on their buying behaviour", "behaviour", 6),
    ("which customers buy alike?", "behaviour", None), ("Which kinds of buyers do we have?", "behaviour", None),
    ("find groups of customers", "found", None),
    ("show me behavioural segments", "behaviour", None),
    ("what buyer types do we have?", "behaviour", None),
    ("find customer personas in our data", "behaviour", None),
    ("find natural groups of customers", "found", None),
    ("how many clusters make sense?", "found", None),
    ("let the data decide the segments", "found", None),
    ("cluster customers with k-means into 5 groups", "kmeans", 5),
    ("segment customers with a Gaussian mixture", "gaussian", None),
    ("build me 4 clusters with a gaussian mixture", "gaussian", 4),
    ("find groups of customers with similar tastes", "behaviour", None),
    ("group customers into personas", "behaviour", None),
    ("use DBSCAN to cluster customers", "found", None),
])
def test_how_to_find_them(text: str, method: str, k: int | None) -> None:
    call = plan(text)
    assert call.name == "find_segments" and (call.args["method"], call.args.get("k")) == (method, k)


@pytest.mark.parametrize(("text", "view"), [
    ("how did customers move between segments this quarter?", "trend"),
    ("who moved where since last quarter?", "trend"),
    ("which customers changed segment since March?", "trend"),
    ("show me the segment migration matrix", "trend"), ("how stable are the segments?", "check"),
    ("can we trust these segments?", "check"),
])
def test_views_of_a_split(text: str, view: str) -> None:
    call = plan(text)
    assert call.name == "find_segments" and call.args["view"] == view


@pytest.mark.parametrize("text", [
    "compare Germany and France", "compare May and June", "compare web and app", "compare revenue and orders",
    "revenue of loyal customers vs last year", "orders by app versus web this year", "who left us last month?",
    "compare sales of this quarter with last quarter", "compare Garden and Kitchen", "how many customers did we lose",
    "how many new customers did we lose?", "which loyal customers did we lose last quarter", "how many customers left?",
])
def test_other_comparisons_are_left_alone(text: str) -> None:
    assert plan(text).name not in {"compare_groups", "find_movers"}


@pytest.mark.parametrize("text", [
    "what should we do with each of them?", "What now?", "how should we treat each segment",
    "what do you suggest for them?", "next steps for each of these",
])
def test_what_to_do_with_the_segments_just_shown(text: str) -> None:
    split = Past(ToolCall("find_segments", {"method": "found"}), {"kind": "segments", "tables": []}, 1)
    call = plan_turn(text, DialogueContext([split], ["find natural groups of customers"]), SHOP).calls[0]
    assert (call.name, call.args) == ("find_segments", {"method": "found", "view": "actions"})


def test_the_two_biggest_of_the_split_just_shown() -> None:
    columns = [{"name": "segment"}, {"name": "customers"}]
    rows = [["Small", 3], ["Big", 9], ["Middle", 5]]
    shown = {"kind": "segments", "tables": [{"id": "segments", "columns": columns, "rows": rows}]}
    split = Past(ToolCall("find_segments", {"method": "found"}), shown, 1)
    call = plan_turn("compare the two biggest", DialogueContext([split], ["groups"]), SHOP).calls[0]
    assert (call.name, call.args["first_name"], call.args["second_name"]) == ("compare_groups", "Big", "Middle")
