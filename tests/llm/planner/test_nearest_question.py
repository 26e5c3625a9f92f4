"""Texts that the grammar cannot read, read as the known question that they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.named_things import blanked, named_things
from assistant.llm.planner.nearest_question import nearest_question
from assistant.llm.planner.planner import plan_turn
from assistant.llm.planner.question_bank import KnownQuestion, filled, known_questions, signature
from assistant.llm.planner.question_likeness import QuestionIndex
from assistant.llm.planner.vocabulary import vocabulary
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()
WORDS = vocabulary(SHOP, "en")


@pytest.fixture(autouse=True)
def _likeness_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors here are made of words: the weights, trained on those of a sentence encoder, do not fit them."""
    monkeypatch.setattr("assistant.llm.planner.question_ranker.weights", lambda _language: None)


def encode(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors by the words of a text: alike is what shares words."""
    found = np.zeros((len(texts), 4096), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            found[row, int.from_bytes(word.encode()[-3:], "little") % 4096] += 1
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


@pytest.fixture(autouse=True)
def by_cosine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chances by the cosines alone: what is learned from the bank changes with it."""
    def ranked(found, index, words):
        parts = np.exp(20 * np.array([f.score for f in found]))
        return list(zip(found, (parts / parts.sum()).tolist(), strict=True))

    monkeypatch.setattr("assistant.llm.planner.nearest_question.ranked", ranked)


def index(*questions: KnownQuestion) -> QuestionIndex:
    return QuestionIndex(questions, "en", encode)


def read(text: str, *questions: KnownQuestion):
    def plan(said: str):
        return plan_turn(said, None, SHOP)

    return nearest_question(text, plan(text), DialogueContext(), WORDS, index(*questions), plan, plan)


WORTH = KnownQuestion("Revenue by country", ("wherever is the dough flowing from then",))


def test_a_wording_alike_is_answered_and_the_reading_said() -> None:
    planned = read("wherever is the dough flowing from", WORTH)
    assert planned is not None
    assert planned.calls == plan_turn("Revenue by country", None, SHOP).calls
    assert planned.notes[0] == "read_whole|Revenue by country"


def test_what_narrows_is_put_into_the_plan() -> None:
    planned = read("wherever is the dough flowing from then in May 2026", WORTH)
    assert planned is not None
    assert planned.calls == plan_turn("Revenue by country in May 2026", None, SHOP).calls


@pytest.mark.parametrize("more", ["without vouchers", "never", "37"])
def test_a_word_that_narrows_and_is_unknown_there_is_not_lost(more: str) -> None:
    planned = read(f"wherever is the dough flowing from then {more}", WORTH)
    assert planned is None or planned.calls[0].name in {"ask_back", "decline"}


def test_nothing_is_kept_on_a_likeness() -> None:
    said = ("the loyal crowd we call whoever ordered 5 times or more",)
    define = KnownQuestion("Loyal means at least 5 orders", said)
    planned = read("loyal crowd we call whoever ever ordered 5 times or more today", define)
    assert planned is None or not any(c.name == "define_term" for c in planned.calls)


def test_two_meanings_as_near_are_asked_about() -> None:
    other = KnownQuestion("Orders by country", ("wherever is the mail flowing from then",))
    planned = read("wherever is stuff flowing from then", WORTH, other)
    assert planned is not None and planned.calls[0].name == "ask_back"
    args = planned.calls[0].args
    assert args["options"] == ["Revenue by country", "Orders by country"]
    assert [p["name"] for p in args["plans"]] == ["query_data", "query_data"]


def test_a_name_that_nobody_bears_is_not_dropped() -> None:
    planned = read("wherever is the dough of Zorblatt flowing from then", WORTH)
    assert planned is None or planned.calls[0].name == "decline"


def test_what_the_grammar_reads_is_left_alone() -> None:
    assert read("Orders by country", WORTH) is None


def test_a_text_unlike_all_known_ones_stays_refused() -> None:
    planned = read("flibber the gobbledygook", WORTH)
    assert planned is None or planned.calls[0].name == "decline"


def test_slots_are_filled_in_their_order() -> None:
    text = filled("{goods} against {goods2} in {place}", {"goods": ["tea", "mugs"], "place": ["France"]})
    assert text == "tea against mugs in France"
    assert signature("{goods} and {goods2} in {place}, {dims}") == (("dim", 1), ("goods", 2), ("place", 1))


def test_things_are_taken_off_with_the_words_that_lead_them() -> None:
    reading, named = named_things("do folks from France dig this in May 2026", WORDS)
    [found] = blanked(reading, named, ())
    assert found.text == "do folks dig this"
    assert [n.kind for n in found.behind] == ["place", "time"]
    assert blanked(reading, named, (("goods", 1),)) == []


def test_a_number_keeps_its_unit_in_the_text() -> None:
    reading, named = named_things("what about our best 1 %", WORDS)
    [found] = blanked(reading, named, (("number", 1),))
    assert (found.text, found.slots) == ("what about our best 10 %", {"number": ["1"]})


def test_places_count_in_the_text_with_contractions_in_full() -> None:
    reading, named = named_things("I've got a call, and we're in France: what's up", WORDS)
    [found] = blanked(reading, named, (("place", 1),))
    assert found.slots == {"place": ["France"]}
    assert "France" in found.text and reading.text.startswith("I have")


def test_no_entry_says_the_same_twice() -> None:
    for entry in known_questions("en"):
        assert len(set(entry.wordings)) == len(entry.wordings), entry.ask
