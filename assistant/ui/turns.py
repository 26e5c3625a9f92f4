"""Turns that are running now.

The agent's events come from a plain generator; each running turn is read to its end on a worker thread of its own,
whoever is looking. A page follows a turn by looking at it, so that a reload, a second window or a look into another
conversation loses nothing, and nothing blocks the server's event loop.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor

from assistant.agent.events import AnswerReady, Conversations, StepFinished, StepStarted
from assistant.results import Answer, Step

log = logging.getLogger(__name__)

WORKERS = 8
WAITING = 24
TICK = 0.04
"""Seconds between two looks at a running turn."""
STOP_GRACE = 3.0
"""Seconds a stopped turn is waited for before the page lets go of it; it ends in the background."""


class TooManyTurns(Exception):
    """Every worker is busy and the waiting room is full."""


class TurnRunning(Exception):
    """The conversation is still answering."""


class LiveTurn:
    """One running turn, written by its worker, read by any number of pages."""

    _numbers = itertools.count(1)

    def __init__(self, thread_id: str, question: str) -> None:
        self.thread_id, self.question = thread_id, question
        self.key = f"live-{next(self._numbers)}"
        self.steps: list[Step] = []
        self.answer: Answer | None = None
        self.version = 0
        self.stopping = False
        self.future: Future[None] | None = None

    @property
    def done(self) -> bool:
        return self.future is not None and self.future.done()

    @property
    def broken(self) -> bool:
        """Ended without an answer."""
        return self.done and self.answer is None

    def take(self, event: object) -> None:
        """Keep what an event tells."""
        if isinstance(event, StepStarted):
            self.steps.append(event.step.model_copy(update={"status": "running"}))
        elif isinstance(event, StepFinished):
            self._finish(event.step)
        elif isinstance(event, AnswerReady):
            self.answer = event.answer
        self.version += 1

    def _finish(self, finished: Step) -> None:
        for index, step in enumerate(self.steps):
            if step.status == "running" and step.tool == finished.tool:
                self.steps[index] = finished.model_copy()
                return
        self.steps.append(finished.model_copy())


class Turns:
    """All running turns of the program, at most one per conversation."""

    def __init__(self, conversations: Conversations, *, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._conversations = conversations
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="turn")
        self._room = workers + waiting
        self._live: dict[str, LiveTurn] = {}
        self._lock = threading.Lock()

    def start(self, thread_id: str, question: str) -> LiveTurn:
        """Begin a turn.

        Raises:
            TurnRunning: the conversation is still answering.
            TooManyTurns: no room for another one.
        """
        with self._lock:
            self._live = {k: t for k, t in self._live.items() if not t.done}
            if thread_id in self._live:
                raise TurnRunning(thread_id)
            if len(self._live) >= self._room:
                raise TooManyTurns(len(self._live))
            turn = self._live[thread_id] = LiveTurn(thread_id, question)
            turn.future = self._pool.submit(self._run, turn)
        turn.future.add_done_callback(_log_failure)
        return turn

    def get(self, thread_id: str) -> LiveTurn | None:
        """The running turn of a conversation, if there is one."""
        turn = self._live.get(thread_id)
        return turn if turn is not None and not turn.done else None

    def stop(self, thread_id: str) -> None:
        """Ask the running turn of a conversation to end at its next step."""
        turn = self.get(thread_id)
        if turn is not None:
            turn.stopping = True
            turn.version += 1
            self._conversations.stop(thread_id)

    def _run(self, turn: LiveTurn) -> None:
        for event in self._conversations.ask(turn.thread_id, turn.question):
            turn.take(event)


async def follow(turn: LiveTurn) -> AsyncIterator[LiveTurn]:
    """Yield the turn whenever it changed, until it ended or its stop was waited for long enough."""
    seen, patience = -1, STOP_GRACE / TICK
    while True:
        done = turn.done
        if turn.version != seen:
            seen = turn.version
            yield turn
        if done:
            return
        if turn.stopping:
            patience -= 1
            if patience < 0:
                return
        await asyncio.sleep(TICK)


def _log_failure(future: Future[None]) -> None:
    error = future.exception()
    if error is not None:
        log.error("a turn broke", exc_info=error)
