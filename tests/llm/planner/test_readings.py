"""Two readings of one question: both shown, or asked about; an option gives exactly its plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.plans.query import QueryPlan
from assistant.plans.shop import Term
from assistant.results import Column, Result, Table
from tests.support.planner_shops import PlannerShop


class RankingShop(PlannerShop):
    """A shop whose ranking by margin rate begins with ``best_by_rate``, and by money with Garden."""

    def __init__(self, best_by_rate: str) -> None:
        super().__init__()
        self.best_by_rate, self.asked = best_by_rate, []

    def metrics(self) -> list[Term]:
        """Here "margin" names the money as well as the rate."""
        return [replace(t, words=(*t.words, "margin")) if t.name == "gross_margin" else t for t in super().metrics()]

    def query(self, plan: QueryPlan) -> Result:
        self.asked.append(plan)
        top = self.best_by_rate if plan.sort and plan.sort.by == "margin_rate" else "Garden"
        columns = [Column(name=plan.dimensions[0], label=plan.dimensions[0])]
        table = Table(id="t", title="", columns=columns, rows=[[top]], total_rows=1)
        return Result(kind="query", title="", tables=[table])


def turn(text: str, shop: PlannerShop, context: DialogueContext | None = None) -> Planned:
    return plan_turn(text, context, shop)


def after(asked: Planned) -> DialogueContext:
    return DialogueContext([Past(c, {"question": {}}) for c in asked.calls], ["a question"])


def test_a_ranking_by_a_word_with_two_meanings_is_asked_about_where_the_answers_differ() -> None:
    asked = turn("which category has the highest margin?", RankingShop("Toys"))

    assert [c.name for c in asked.calls] == ["ask_back"]
    assert len(asked.calls[0].args["options"]) == 2


def test_the_same_answer_by_both_meanings_is_given() -> None:
    shop = RankingShop("Garden")

    planned = turn("which category has the highest margin?", shop)

    assert planned.calls[0].name == "query_data"
    assert len(shop.asked) == 2


def test_nothing_is_run_for_a_question_with_one_reading() -> None:
    shop = RankingShop("Toys")

    planned = turn("which category has the highest revenue?", shop)

    assert planned.calls[0].name == "query_data" and shop.asked == []


def test_where_nothing_depends_on_it_both_measures_are_shown() -> None:
    planned = turn("margin by category", RankingShop("Toys"))

    assert planned.calls[0].args["metrics"] == ["gross_margin", "margin_rate"]


@pytest.mark.parametrize(("answer", "index"), [
    ("the first", 0), ("1", 0), ("2", 1), ("the second one please", 1), ("option 2", 1), ("the latter", 1),
    ("margin rate", 1), ("the rate", 1), ("gross", 0),
])  # fmt: skip
def test_an_option_is_picked_by_place_or_by_its_words(answer: str, index: int) -> None:
    shop = RankingShop("Toys")
    asked = turn("which category has the highest margin?", shop)
    wanted = asked.calls[0].args["plans"][index]

    picked = turn(answer, shop, after(asked))

    assert [(c.name, c.args) for c in picked.calls] == [(wanted["name"], wanted["args"])]


def test_every_option_stands_for_its_plan_word_for_word() -> None:
    shop = RankingShop("Toys")
    asked = turn("which have the highest margins?", shop)
    args: dict[str, Any] = asked.calls[0].args

    assert len(args["options"]) == len(args["plans"]) >= 2
    for option, wanted in zip(args["options"], args["plans"], strict=True):
        assert turn(option, shop, after(asked)).calls[0].args == wanted["args"]


def test_a_new_question_after_a_question_back_is_a_new_question() -> None:
    shop = RankingShop("Toys")
    asked = turn("which category has the highest margin?", shop)

    planned = turn("how many orders did we get last month?", shop, after(asked))

    assert planned.calls[0].args["metrics"] == ["orders"]
