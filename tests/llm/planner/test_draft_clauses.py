"""Changes of the draft on the table read clause by clause, and questions about it in any order of words."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
DRAFT = "Win back lapsed customers by email and sms with 10 % off"


def after(*texts: str) -> tuple[str, dict[str, Any]]:
    """The last text's call, after a draft with the id c-7."""
    context, planned = DialogueContext(), None
    for text in (DRAFT, *texts):
        planned = plan_turn(text, context, SHOP)
        context.questions.append(text)
        context.past += [Past(c, {"words": {"campaign": "c-7"}}) for c in planned.calls]
    assert planned is not None
    assert len(planned.calls) == 1, planned.calls
    return planned.calls[0].name, planned.calls[0].args


@pytest.mark.parametrize(("text", "field", "value"), [
    ("And cap the spend at 300 euros", "budget", 300.0),
    ("set the budget to 300", "budget", 300.0),
    ("it must not cost more than 250", "budget", 250.0),
    ("Change the tone to playful", "tone", "playful"),
    ("let it stop after ten days", "runs_days", 10),
    ("keep 20% as control", "holdout_share", 0.2),
    ("start it on the day after tomorrow", "starts_on", "2011-12-11"),
])
def test_a_clause_changes_the_draft(text: str, field: str, value: Any) -> None:
    name, args = after(text)
    assert (name, args["campaign_id"]) == ("draft_campaign", "c-7")
    assert args[field] == value and args["offer"]["value"] == 10.0


def test_the_audience_is_narrowed_and_changes_are_made_together() -> None:
    _, args = after("Not everyone, only those in Germany")
    assert "Germany" in str(args["audience"]) and "not" not in str(args["audience"])
    _, args = after("actually make that 20 and in Chinese please")
    assert (args["offer"]["value"], args["language"]) == (20.0, "zh")
    _, args = after('Give it the subject "Thank you from all of us"')
    assert args["edits"][0]["text"] == "Thank you from all of us"


def test_a_bare_share_after_the_control_group_is_that_of_the_control_group() -> None:
    _, args = after("Why is the control group that big?", "Make it 5% then")
    assert args["holdout_share"] == 0.05 and args["offer"]["value"] == 10.0


@pytest.mark.parametrize("text", ["only people with a dog", "make it 20% for left-handed buyers", "cap it at the moon"])
def test_what_is_not_understood_changes_nothing(text: str) -> None:
    assert after(text)[0] in {"decline", "ask_back"}


@pytest.mark.parametrize(("text", "part"), [
    ("What would that cost us?", "cost"), ("what's it going to cost?", "cost"),
    ("what do you expect it to bring in?", "result"), ("would we make a loss on it?", "result"),
    ("Who's left out and why?", "people"),
])
def test_a_question_about_the_draft_is_no_figure_of_the_shop(text: str, part: str) -> None:
    assert after(text) == ("show_campaign", {"campaign_id": "c-7", "part": part})


@pytest.mark.parametrize(("text", "about"), [
    ("how did you pick these people?", "audience"), ("Why these products?", "products"),
    ("Why is the control group that big?", "experiment"), ("why 10%?", "offer"), ("Why Friday?", "timing"),
])
def test_the_ground_of_a_part_is_told(text: str, about: str) -> None:
    name, args = after(text)
    assert name == "explain_brief" and args.get("about", "timing") == about


def test_a_clause_that_a_pattern_half_reads_is_read_whole() -> None:
    name, args = after("And exclude anyone we wrote to in the last two weeks")
    assert name == "draft_campaign" and "'metric': 'sent'" in str(args["audience"])
    assert after("tone it down")[1]["tone"] == "friendly"
