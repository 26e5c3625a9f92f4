"""What the planner offers can be asked: options, nearest questions and examples all have a plan."""

from __future__ import annotations

import pytest

from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.lexicon import lexicon
from assistant.llm.planner.planner import plan_turn
from assistant.results import DefinitionUsed
from tests.support.planner_shops import PlannerShop

WORDING = lexicon().wording
#: offered where there is a draft to change
OF_A_DRAFT = {"Change it to 5 %", "More playful", "By sms only"}
OFFERED = sorted(
    {q.format(rest=" by country") for group in ("options", "lists") for qs in WORDING[group].values() for q in qs}
    | {q for qs in WORDING["examples"].values() for q in qs if q not in OF_A_DRAFT}
)


class RankingShop(PlannerShop):
    """With a word that ranks products, as every loaded shop has one."""

    def definitions(self) -> list[DefinitionUsed]:
        return [*super().definitions(), DefinitionUsed(term="bestsellers", meaning="by units sold", rank_by="units")]


@pytest.mark.parametrize("question", OFFERED)
def test_what_is_offered_is_understood(question: str) -> None:
    planned = plan_turn(question, None, RankingShop())

    assert planned.frame not in {"decline", "ask", "refused"}
    assert planned.score > 0.8


@pytest.mark.parametrize("change", sorted(OF_A_DRAFT))
def test_what_is_offered_for_a_draft_changes_it(change: str) -> None:
    drafting = plan_turn("Draft a win-back campaign for lapsed customers with 10 % off", None, PlannerShop()).calls[0]
    before = DialogueContext([Past(drafting, None, 1, "campaign")], ["Draft a win-back campaign"])

    planned = plan_turn(change, before, PlannerShop())

    assert [c.name for c in planned.calls] == ["draft_campaign"]
    assert planned.calls[0].args != drafting.args


def test_an_ambiguous_average_is_asked_and_each_option_means_something_else() -> None:
    shop = PlannerShop()
    asked = plan_turn("What is the average revenue by product category this year?", None, shop).calls[0]

    plans = [plan_turn(option, None, shop).calls[0].args for option in asked.args["options"]]

    assert asked.name == "ask_back"
    assert len({str(p["metrics"]) for p in plans}) >= 2
    assert all(p["period"] == {"kind": "calendar", "unit": "year"} for p in plans)


def test_nothing_said_by_the_planner_holds_a_digit_in_its_declines() -> None:
    texts = [*WORDING["declines"].values(), *WORDING["asks"].values(), *WORDING["notes"].values()]

    assert not [t for t in texts if any(c.isdigit() for c in t)]


def test_an_unknown_country_is_named_with_questions_that_work() -> None:
    shop = PlannerShop()
    declined = plan_turn("India sales in 2011", None, shop).calls[0]

    assert declined.args["reason"] == "not_understood"
    assert "India" in declined.args["message"]
    assert all(plan_turn(q, None, shop).frame in {"query", "composed"} for q in declined.args["nearest"])
