"""The model plans and words; the tools compute: whatever brain answers, the same plans give the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app import compose
from assistant.results import Answer
from assistant.settings import load_settings
from tests.support.completions_server import completions_server, message
from tests.support.shops import copy_home

QUESTIONS = [
    "How much did we sell last month?", "Top 10 products by revenue in Germany", "Revenue by month",
    "What is our return rate by category?", "How many new customers did we get in 2025?",
]


@pytest.fixture(scope="module")
def home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_home(demo_home, tmp_path_factory.mktemp("backends") / "home")


@pytest.fixture(scope="module")
def planned(home: Path) -> dict[str, Answer]:
    _, session = compose(load_settings(home), remember=False)
    return {question: session.answer(question, question) for question in QUESTIONS}


def hosted(home: Path, plans: dict[str, list[dict[str, Any]]], wording: str) -> dict[str, Answer]:
    """The same questions answered by a language model behind HTTP that makes the same plans and words them its way."""

    def respond(request: dict[str, Any]) -> dict[str, Any]:
        last = request["messages"][-1]
        if last["role"] == "tool":
            return message(wording)
        asked = [m["content"] for m in request["messages"] if m["role"] == "user"][-1]
        calls = plans.get(asked)
        return message(None, *((c["tool"], c["arguments"]) for c in calls)) if calls else message("ok")

    with completions_server(respond, models=["tiny"]) as server:
        settings = load_settings(home, brain="openai:tiny", language_model="openai:tiny", language_model_url=server.url)
        _, session = compose(settings, remember=False)
        answers = {question: session.answer(question, question) for question in plans}
        sent = str(server.requests)
    assert "customer10005@example.com" not in sent and "address" not in sent.split("messages")[0]
    return answers


def test_numbers_are_identical_whoever_plans(home: Path, planned: dict[str, Answer]) -> None:
    answers = hosted(home, {q: a.plan for q, a in planned.items()}, "Here is the answer.")
    for question, own in planned.items():
        other = answers[question]
        assert own.outcome == other.outcome == "answered", (question, own.reply, other.reply)
        assert other.brain == "openai:tiny" and other.reply == "Here is the answer."
        assert [t.model_dump() for t in other.tables] == [t.model_dump() for t in own.tables]


def test_a_hosted_model_that_invents_a_figure_is_overruled(home: Path, planned: dict[str, Answer]) -> None:
    question = QUESTIONS[0]
    answers = hosted(home, {question: planned[question].plan}, "You sold €999,999.99 last month, a great result!")
    assert "999,999.99" not in answers[question].reply
    assert answers[question].reply == planned[question].reply
    assert answers[question].numbers == planned[question].numbers


def test_a_hosted_model_may_word_true_figures_its_own_way(home: Path, planned: dict[str, Answer]) -> None:
    question = QUESTIONS[0]
    figure = planned[question].results[0].figures["revenue"]
    wording = f"In May you took {figure.value:,.2f} euros before returns."
    reply = hosted(home, {question: planned[question].plan}, wording)[question]
    assert reply.reply == wording
    assert [n.value for n in reply.numbers] == [figure.value]
