"""Products named by a number, or by a name that holds one."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.plans.shop import Match
from tests.support.planner_shops import PlannerShop


class NumberedShop(PlannerShop):
    """Sells one product, whose code is a number and whose name holds one."""

    def status(self):
        return replace(super().status(), fingerprint="numbered")

    def values(self, dimension: str) -> Sequence[str]:
        return ["22423"] if dimension == "product" else super().values(dimension)

    def labels(self, dimension: str) -> Sequence[str]:
        return ["REGENCY CAKESTAND 3 TIER"] if dimension == "product" else super().labels(dimension)

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        return [Match("product", "22423", "REGENCY CAKESTAND 3 TIER", 100.0)] if "product" in kinds or not kinds else []


def call(text: str):
    calls = plan_turn(text, DialogueContext(), NumberedShop()).calls
    assert len(calls) == 1
    return calls[0]


@pytest.mark.parametrize(("text", "tool"), [
    ("who would buy the regency cakestand 3 tier?", "likely_buyers"),
    ("What goes with the Regency Cakestand 3 Tier?", "bought_together"),
    ("who would buy 22423?", "likely_buyers"),
    ("what goes with 22423", "bought_together"),
])
def test_the_product_is_known_by_its_code_and_by_a_name_with_a_number(text: str, tool: str) -> None:
    found = call(text)
    assert found.name == tool and found.args["product_id"] == "22423"


@pytest.mark.parametrize("text", ["customers who spent over 22423", "did we get 22423 orders last month"])
def test_a_number_stays_a_number_where_one_could_stand(text: str) -> None:
    assert "'22423'" not in str(call(text).args)


class StandShop(PlannerShop):
    """Sells stands for cakes under both spellings: "stand" is a word of questions as well ("where do we stand?")."""

    names = ["GLASS CAKE STAND", "REGENCY CAKESTAND", "CAKE TIN", "CAKE FOR THE QUEEN"]

    def status(self):
        return replace(super().status(), fingerprint="stands")

    def values(self, dimension: str) -> Sequence[str]:
        return ["1", "2", "3", "4"] if dimension == "product" else super().values(dimension)

    def labels(self, dimension: str) -> Sequence[str]:
        return self.names if dimension == "product" else super().labels(dimension)


@pytest.mark.parametrize("text", ["customers that bought cake stands", "who bought a cake stand in 2011?",
                                  "revenue from cake stands"])
def test_a_word_of_questions_inside_a_name_is_part_of_it_and_both_spellings_count(text: str) -> None:
    calls = str([c.args for c in plan_turn(text, DialogueContext(), StandShop()).calls])
    assert "['cake stand']" in calls and "['cakestand']" in calls


def test_a_joining_word_is_no_part_of_a_name() -> None:
    calls = str([c.args for c in plan_turn("customers who bought cake for 2011", DialogueContext(), StandShop()).calls])
    assert "['cake']" in calls
