"""Texts that only their likeness to a known question explains, with the whole program and its own encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import compose
from assistant.agent.grounding import check
from assistant.agent.session import Session
from assistant.settings import load_settings
from tests.support.shops import copy_home


@pytest.fixture(scope="module")
def program(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return compose(load_settings(copy_home(demo_home, tmp_path_factory.mktemp("known") / "home")))[1]


def test_the_reading_heads_the_reply_and_every_number_keeps_its_place(program: Session) -> None:
    answer = program.answer("known-2", "which brands are we giving away far too cheaply")
    head, _, rest = answer.reply.partition("\n\n")
    assert answer.outcome == "answered" and "Discount rate by brand" in head and rest
    assert head == answer.reading
    assert check(answer.reply, answer.results, f"{answer.question} {answer.reading}", answer.numbers, composed=True).ok
    assert answer.numbers and all(answer.reply[n.start:n.end] == n.text for n in answer.numbers)


def test_options_of_a_question_back_are_answered_as_they_are_worded(program: Session) -> None:
    asked = program.answer("known-3", "which items get sent back the most and why")
    assert asked.outcome == "asked" and len(asked.options) > 1
    for option in asked.options:
        assert program.answer("known-3", option).outcome in {"answered", "refused"}, option


def test_a_name_of_nobody_stays_refused(program: Session) -> None:
    answer = program.answer("known-4", "how badly is Zorblatt doing with the discount stuff")
    assert answer.outcome == "refused"
