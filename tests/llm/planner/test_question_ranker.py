"""The chance of each known question: what tells it from its neighbours counts, not only likeness."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.llm.planner.named_things import Blanked
from assistant.llm.planner.question_bank import KnownQuestion
from assistant.llm.planner.question_likeness import Likeness, QuestionIndex
from assistant.llm.planner.question_ranker import PER_GROUP, PLAIN, chances, features, ranked, weights
from assistant.llm.planner.question_senses import senses, senses_of
from assistant.llm.planner.vocabulary import vocabulary
from tests.support.planner_shops import PlannerShop

WORDS = vocabulary(PlannerShop(), "en")
BEST = KnownQuestion("best month by revenue", ("our strongest month",))
WORST = KnownQuestion("worst month by revenue", ("our weakest month",))


def same(texts):
    return np.full((len(texts), 4), 0.5, dtype=np.float32)


def order(text: str, *questions: KnownQuestion):
    index = QuestionIndex(questions, "en", same)
    found = [Likeness(q, 0.8, q.said[0], Blanked(text, {})) for q in questions]
    return ranked(found, index, WORDS)


@pytest.mark.parametrize(
    ("text", "meant"), [("which month was the greatest", BEST), ("which month was the poorest", WORST)])
def test_of_two_as_alike_the_one_with_the_same_pole_is_meant(text: str, meant: KnownQuestion) -> None:
    first, second = order(text, BEST, WORST)
    assert first[0].question is meant
    assert first[1] > second[1]


def test_chances_leave_room_for_none_of_them() -> None:
    got = [chance for _, chance in order("the greatest month", BEST, WORST)]
    assert 0 < sum(got) < 1
    assert chances(np.array([-50.0, -60.0])).sum() < 1e-9
    assert chances(np.array([800.0, -800.0])).tolist() == [1.0, 0.0]


def test_nothing_near_is_nothing() -> None:
    assert ranked([], QuestionIndex((BEST,), "en", same), WORDS) == []


def test_weights_fit_the_groups_and_features() -> None:
    learned = weights("en")
    assert learned is not None
    groups = len(senses("en"))
    assert learned.groups.shape == (groups, PER_GROUP)
    row = features(np.array([0.5, 0.4], dtype=np.float32), None, *senses_of(["a", "b", "c", "d"], "en"), 0.1, 0.0)
    assert row.shape == (len(PLAIN) + PER_GROUP * groups,)
    assert np.isfinite(learned.odds(row[None])).all()


def test_a_language_without_weights_keeps_the_order_of_likeness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.llm.planner.question_ranker.weights", lambda _language: None)
    assert [one.question for one, _ in order("the greatest month", WORST, BEST)] == [WORST, BEST]
