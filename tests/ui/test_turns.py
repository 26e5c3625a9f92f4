"""Running turns: followed by anyone, stopped, limited, never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from assistant.agent.events import AnswerReady, Event, StepFinished, StepStarted
from assistant.results import Answer, Step
from assistant.ui.turns import LiveTurn, TooManyTurns, TurnRunning, Turns, follow
from tests.support.aio import run_async
from tests.support.fake_assistant import FakeConversations


class Gated(FakeConversations):
    """Waits for the gate before each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def ask(self, thread_id: str, text: str) -> Iterator[Event]:
        assert self.gate.wait(20)
        yield from super().ask(thread_id, text)


def watch(turn: LiveTurn) -> list[int]:
    async def run() -> list[int]:
        return [live.version async for live in follow(turn)]

    return run_async(run())


def test_a_turn_is_followed_to_its_answer():
    turn = Turns(FakeConversations(pause=0.1)).start("t", "How much?")
    versions = watch(turn)
    assert turn.answer is not None
    assert turn.answer.question == "How much?"
    assert versions == sorted(set(versions))
    assert [s.status for s in turn.steps] == ["done"]


def test_a_conversation_answers_one_question_at_a_time():
    conversations = Gated()
    turns = Turns(conversations)
    first = turns.start("t", "one")
    with pytest.raises(TurnRunning):
        turns.start("t", "two")
    other = turns.start("u", "elsewhere")
    conversations.gate.set()
    watch(first), watch(other)
    assert turns.get("t") is None
    watch(turns.start("t", "two"))
    assert [a.question for a in conversations.history("t")] == ["one", "two"]


def test_a_full_house_is_said():
    conversations = Gated()
    turns = Turns(conversations, workers=1, waiting=1)
    running = [turns.start("a", "1"), turns.start("b", "2")]
    with pytest.raises(TooManyTurns):
        turns.start("c", "3")
    conversations.gate.set()
    for turn in running:
        watch(turn)
    watch(turns.start("c", "3"))


def test_stop_reaches_the_agent_and_keeps_the_turn():
    conversations = FakeConversations(pause=20)
    turns = Turns(conversations)
    turn = turns.start("t", "long")
    turns.stop("t")
    watch(turn)
    assert turn.answer is not None
    assert turn.answer.reply == "Stopped."
    assert conversations.history("t")


def test_nobody_watching_loses_nothing():
    conversations = FakeConversations()
    turn = Turns(conversations).start("t", "unseen")
    assert turn.future is not None
    turn.future.result(20)
    assert conversations.history("t")[0].question == "unseen"


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return once it holds; fail if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


def test_a_broken_turn_is_seen_as_broken(caplog: pytest.LogCaptureFixture):
    turn = Turns(FakeConversations()).start("t", "break")
    watch(turn)
    assert turn.broken
    wait_for(lambda: "broken on purpose" in caplog.text)  # logged by the turn's own thread, just after it ended


def test_same_tool_twice_ends_in_order():
    turn = LiveTurn("t", "q")
    for event in (StepStarted(Step(tool="a", arguments={"n": 1})), StepFinished(Step(tool="a", rows=1)),
                  StepStarted(Step(tool="a", arguments={"n": 2})), StepFinished(Step(tool="a", rows=2))):
        turn.take(event)
    assert [s.rows for s in turn.steps] == [1, 2]
    turn.take(AnswerReady(Answer(question="q", reply="r", outcome="answered")))
    assert turn.answer is not None


def test_a_step_object_changed_later_does_not_change_what_was_seen():
    turn, step = LiveTurn("t", "q"), Step(tool="a", status="running")
    turn.take(StepStarted(step))
    step.status = "failed"
    assert turn.steps[0].status == "running"
