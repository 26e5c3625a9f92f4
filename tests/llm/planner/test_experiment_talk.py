"""Questions about experiments: how large, how long, what it can show, what it showed."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SIZE, READ = "size_experiment", "read_experiment"


@pytest.mark.parametrize(("text", "tool", "args"), [
    ("How big must the control group be?", SIZE, {}),
    ("How big must my control group be for a win-back?", SIZE, {"goal": "win_back"}),
    ("what size should the control group have for our next loyalty mailing?", SIZE, {"goal": "loyalty"}),
    ("What would be the sample size to detect 1 percentage point?", SIZE, {"about": "test", "effect": 1.0}),
    ("which share should we hold back for c-6?", SIZE, {"campaign_id": "c-6"}),
    ("is a 10 % control group enough?", SIZE, {"share": 0.1}),
    ("how long must the test run?", SIZE, {"about": "duration"}),
    ("when will we know the result?", SIZE, {"about": "duration"}),
    ("what lift can we detect with 5,000 customers?", SIZE, {"about": "detectable", "people": 5000}),
    ("how many customers do I need to detect a 2 point lift?", SIZE, {"about": "test", "effect": 2.0}),
    ("what sample size for three variants if 5 % order anyway to detect a 1 point difference?", SIZE,
     {"about": "test", "effect": 1.0, "baseline": 5.0, "arms": 3}),
    ("how many people per variant do we need to see a 10 % lift?", SIZE, {"about": "test", "effect_relative": 10.0}),
    ("can I look already?", READ, {"about": "look"}),
    ("is it too early to look at c-3?", READ, {"about": "look", "campaign_id": "c-3"}),
    ("read out c-2", READ, {"campaign_id": "c-2"}),
    ("did c-2 work by country?", READ, {"campaign_id": "c-2", "split": "country"}),
    ("is variant B better?", READ, {"about": "wordings"}),
    ("which subject line won for c-4?", READ, {"about": "wordings", "campaign_id": "c-4"}),
    ("is it too early to read out c-4?", READ, {"about": "look", "campaign_id": "c-4"}),
    ("what have we learnt from our experiments?", READ, {"about": "learnt"}),
    ("read out the cookie cats experiment by country", READ, {"table": "cookie cats", "by": "country"}),
    ("what did the hillstrom test show on spend?", READ, {"table": "hillstrom", "outcome": "spend"}),
    ("are the arms balanced in the hillstrom test?", READ, {"about": "arms", "table": "hillstrom"}),
    ("which experiments do we have?", READ, {"about": "tables"}),
])
def test_what_is_asked_of_an_experiment(text: str, tool: str, args: dict) -> None:
    (found,) = plan_turn(text, None, PlannerShop()).calls
    assert (found.name, found.args) == (tool, args)


def test_customers_are_read_by_the_ordinary_grammar() -> None:
    (found,) = plan_turn("how big must the control group be for lapsed customers?", None, PlannerShop()).calls
    assert (found.name, found.args["goal"]) == (SIZE, "win_back")
    assert found.args["audience"]["metric"] == "days_since_last_order"


@pytest.mark.parametrize("text", [
    "How many customers do we have?", "how big is the average order?", "how long do customers take to reorder?",
    "Read out our past campaigns", "did the win-back campaign work?", "which campaign worked best?",
])
def test_other_questions_stay_what_they_were(text: str) -> None:
    assert not {c.name for c in plan_turn(text, None, PlannerShop()).calls} & {SIZE, READ}


def test_follow_ups_change_what_was_asked() -> None:
    first = plan_turn("how big must the control group be for lapsed customers?", None, PlannerShop()).calls[0]
    context = DialogueContext([Past(first, {"kind": "experiment_size"}, 1)])
    (second,) = plan_turn("and with 20 % held out?", context, PlannerShop()).calls
    assert second.args == {**first.args, "share": 0.2}
    read = plan_turn("what did the hillstrom test show?", None, PlannerShop()).calls[0]
    context = DialogueContext([Past(read, {"kind": "experiment"}, 1)])
    (split,) = plan_turn("by channel", context, PlannerShop()).calls
    assert split.args == {"table": "hillstrom", "by": "channel"}
