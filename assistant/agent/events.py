"""What a running turn tells the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.plans.brain import Brain
from assistant.results import Answer, Step

__all__ = [
    "AnswerReady", "Brain", "Conversations", "Event", "StepFinished", "StepStarted", "ThreadInfo", "TurnStarted",
]


@dataclass(frozen=True)
class TurnStarted:
    """The question was accepted; sent at once."""

    run_id: str
    brain: str


@dataclass(frozen=True)
class StepStarted:
    """A tool began."""

    step: Step


@dataclass(frozen=True)
class StepFinished:
    """A tool ended; carries duration, rows and status."""

    step: Step


@dataclass(frozen=True)
class AnswerReady:
    """The complete, checked answer. Always the last event of a turn, also after an error."""

    answer: Answer


Event = TurnStarted | StepStarted | StepFinished | AnswerReady


@dataclass(frozen=True)
class ThreadInfo:
    """One stored conversation."""

    thread_id: str
    title: str
    updated_at: datetime
    turns: int


class Conversations(Protocol):
    """What a screen or a terminal needs of the agent."""

    def brain(self) -> Brain: ...

    def ask(self, thread_id: str, text: str) -> Iterator[Event]:
        """Run one turn. Never raises for a bad question: the last event tells what happened."""
        ...

    def stop(self, thread_id: str) -> None:
        """Stop the running turn of a conversation at its next step."""
        ...

    def history(self, thread_id: str) -> Sequence[Answer]:
        """All finished turns, oldest first; survives a restart."""
        ...

    def threads(self) -> Sequence[ThreadInfo]:
        """Stored conversations, latest first."""
        ...

    def delete(self, thread_id: str) -> None: ...

    def rate(self, run_id: str, good: bool, comment: str = "") -> None:
        """Keep a person's verdict on an answer."""
        ...
