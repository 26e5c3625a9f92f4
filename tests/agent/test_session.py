"""Turns: events in order, checked numbers, limits, memory, and nothing lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from assistant.agent.events import AnswerReady, StepFinished, StepStarted, TurnStarted
from tests.agent.fixtures import make_session, ranking_tool, refusing_tool, write_tool
from tests.support.scripted_model import ScriptedChatModel, call

TRUE_REPLY = "Red Mug led with £1,234.50, which is 62.4 % of £1,978.40."


@pytest.fixture(autouse=True)
def reply_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind of the test result is worded by a template of its own."""
    from assistant.llm import replies

    original = replies._PromptLoader.get_source

    def get_source(self: object, environment: object, template: str) -> tuple[str, str, object]:
        if template == "en/data_test.j2":
            return "Rebuilt: {{ f.first }} of {{ f.total }}.", template, lambda: True
        return original(self, environment, template)  # type: ignore[arg-type]

    monkeypatch.setattr(replies._PromptLoader, "get_source", get_source)
    replies._environment.cache_clear()


def test_turn_streams_steps_and_ends_with_a_checked_answer(tmp_path: Path) -> None:
    used: list[dict] = []
    with ScriptedChatModel.playing(call("show_ranking", n=2), TRUE_REPLY) as model:
        session = make_session(model, [ranking_tool(used)], tmp_path)
        events = list(session.ask("t1", "What sells best?"))
    assert [type(e) for e in events] == [TurnStarted, StepStarted, StepFinished, AnswerReady]
    answer = events[-1].answer
    assert (answer.outcome, answer.reply) == ("answered", TRUE_REPLY)
    assert used == [{"n": 2}]
    assert {n.text for n in answer.numbers} == {"1,234.50", "62.4 %", "1,978.40"}
    assert answer.plan == [{"tool": "show_ranking", "arguments": {"n": 2}}]
    assert answer.tables[0].id == "result"


def test_draft_with_an_altered_digit_is_rebuilt_from_the_results(tmp_path: Path) -> None:
    with ScriptedChatModel.playing(call("show_ranking"), TRUE_REPLY.replace("1,234.50", "1,235.50")) as model:
        answer = make_session(model, [ranking_tool([])], tmp_path).answer("t1", "What sells best?")
    assert answer.reply == "Rebuilt: £1,234.50 of £1,978.40."
    assert answer.outcome == "answered"
    assert [n.value for n in answer.numbers] == [1234.5, 1978.4]


def test_figures_without_any_result_are_not_shown(tmp_path: Path) -> None:
    with ScriptedChatModel.playing("Your revenue was £5,000.") as model:
        answer = make_session(model, [ranking_tool([])], tmp_path).answer("t1", "How much did we sell?")
    assert "5,000" not in answer.reply
    assert answer.outcome == "failed"


def test_refusal_keeps_its_reason(tmp_path: Path) -> None:
    with ScriptedChatModel.playing(call("refuse"), "Opens are not in the data.") as model:
        answer = make_session(model, [refusing_tool()], tmp_path).answer("t1", "Open rate?")
    assert (answer.outcome, answer.reason) == ("refused", "missing_data")


def test_write_tool_never_runs(tmp_path: Path) -> None:
    sent: list[dict] = []
    with ScriptedChatModel.playing(call("send_everything"), "Sent.") as model:
        answer = make_session(model, [write_tool(sent)], tmp_path).answer("t1", "Send it")
    assert sent == []
    assert answer.steps[0].status == "failed"


@pytest.mark.parametrize(("text", "reason"), [("", "not_understood"), ("  \n", "not_understood"),
                                              ("x" * 10_000, "not_understood")])
def test_input_that_is_no_question_never_reaches_the_model(tmp_path: Path, text: str, reason: str) -> None:
    with ScriptedChatModel.playing() as model:
        answer = make_session(model, [ranking_tool([])], tmp_path).answer("t1", text)
    assert (answer.outcome, answer.reason) == ("refused", reason)


def test_a_failing_tool_gives_one_clear_line_and_the_next_turn_works(tmp_path: Path) -> None:
    with ScriptedChatModel.playing(call("show_ranking")) as model:
        session = make_session(model, [ranking_tool([], RuntimeError("secret detail"))], tmp_path)
        answer = session.answer("t1", "What sells best?")
    assert answer.outcome == "failed"
    assert "secret detail" not in answer.reply and answer.run_id in answer.reply
    with ScriptedChatModel.playing("Hello.") as model:
        again = make_session(model, [ranking_tool([])], tmp_path).answer("t1", "hi")
    assert again.outcome == "answered"


def test_history_survives_a_restart(tmp_path: Path) -> None:
    with ScriptedChatModel.playing(call("show_ranking"), TRUE_REPLY) as model:
        make_session(model, [ranking_tool([])], tmp_path).answer("t1", "What sells best?")

    def remembers(messages: list) -> bool:
        return any("What sells best?" in str(m.content) for m in messages)

    from tests.support.scripted_model import Step

    with ScriptedChatModel.playing(Step(AIMessage("As said."), sees=remembers)) as model:
        session = make_session(model, [ranking_tool([])], tmp_path)
        assert [a.question for a in session.history("t1")] == ["What sells best?"]
        assert session.threads()[0].title == "What sells best?"
        session.answer("t1", "and?")
        assert len(session.history("t1")) == 2
        session.delete("t1")
        assert session.threads() == []


def test_model_call_limit_ends_the_turn(tmp_path: Path) -> None:
    script = [call("show_ranking")] * 3
    with ScriptedChatModel.playing(*script) as model:
        answer = make_session(model, [ranking_tool([])], tmp_path, model_calls_per_turn=3).answer("t1", "Loop")
    assert len(answer.steps) == 3
    assert answer.reply == "Rebuilt: £1,234.50 of £1,978.40.\n\n" * 2 + "Rebuilt: £1,234.50 of £1,978.40."


def test_run_record_names_prompt_and_holds_no_words(tmp_path: Path) -> None:
    with ScriptedChatModel.playing("Hello.") as model:
        make_session(model, [ranking_tool([])], tmp_path).answer("t1", "Tell me about Erika Mustermann")
    (path,) = (tmp_path / "runs").glob("*.jsonl")
    record = json.loads(path.read_text())
    assert record["prompts"][0]["id"] == "system/agent" and len(record["prompts"][0]["sha256"]) == 64
    assert "Mustermann" not in path.read_text()


def test_stop_ends_the_turn_and_the_conversation_stays_usable(tmp_path: Path) -> None:
    with ScriptedChatModel.playing(call("show_ranking")) as model:
        session = make_session(model, [ranking_tool([])], tmp_path)
        events = []
        for event in session.ask("t1", "What sells best?"):
            events.append(event)
            if isinstance(event, StepStarted):
                session.stop("t1")
    assert isinstance(events[-1], AnswerReady)
    with ScriptedChatModel.playing("Back again.") as model:
        assert make_session(model, [ranking_tool([])], tmp_path).answer("t1", "hi").reply == "Back again."


def test_rating_is_kept(tmp_path: Path) -> None:
    import sqlite3

    with ScriptedChatModel.playing("Hello.") as model:
        session = make_session(model, [ranking_tool([])], tmp_path)
        answer = session.answer("t1", "hi")
        session.rate(answer.run_id, False, "not helpful")
    rows = sqlite3.connect(tmp_path / "conversations.sqlite").execute("SELECT good, comment FROM ratings").fetchall()
    assert rows == [(0, "not helpful")]
