"""Conversations with the agent: one turn in, typed events out, a checked answer at the end."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assistant.agent import grounding
from assistant.agent.builder import build_agent
from assistant.agent.claims import claims_a_deed
from assistant.agent.events import AnswerReady, Brain, Event, StepFinished, StepStarted, ThreadInfo, TurnStarted
from assistant.agent.followups import FollowUpCheck
from assistant.agent.promises import WRITING, untrue_promises
from assistant.agent.store import TurnStore
from assistant.agent.trace import record_run
from assistant.agent.wording import vet
from assistant.errors import AssistantError, StorageError, UserError
from assistant.llm.replies import caveat_texts, compose
from assistant.plans.shop import Shop
from assistant.results import Answer, DefinitionUsed, NumberInReply, Result, Step
from assistant.settings import Settings
from assistant.sqlite_files import make_sound

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.tools import BaseTool

log = logging.getLogger(__name__)

FAILED = "Something went wrong on our side; nothing was changed. The details are in the log under {run_id}."
MEMORY = "The memory of conversations cannot be used ({error}); nothing was changed. Check the disk."
FORGOTTEN = (
    "The memory of earlier conversations was damaged. The damaged file was kept, and a new one begun; orders and "
    "campaign drafts are not touched."
)
NOT_DONE = "Nothing was sent, approved or exported: that is done by a person, outside the chat."
SILENT = "No answer came. Ask again, or in other words."
#: units of what is quoted, not counted: "Set of 99", "customer 17850", "2025"
QUOTED = frozenset({"text", "id"})
UNSUPPORTED = "The reply held figures that no result supports, so it is not shown."


class Session:
    """All conversations of one shop. Implements :class:`assistant.agent.events.Conversations`.

    Args:
        model: the chat model that plans and words.
        brain: what to say about it.
        tools: LangChain tools, handed in.
        shop: facts about the loaded data.
        settings: limits and paths.
        remember: keep conversations on disk; False for one-off questions.
    """

    def __init__(
        self, model: BaseChatModel, brain: Brain, tools: Sequence[BaseTool], shop: Shop, settings: Settings,
        *, remember: bool = True,
    ) -> None:
        from assistant.llm.planner.model import PlannerChatModel

        self._model, self._brain, self._tools, self._shop, self._settings = model, brain, list(tools), shop, settings
        self._store = TurnStore(settings.conversations_db) if remember else None
        self._checkpointer, forgot = _checkpointer(settings if remember else None)
        #: what the person should hear once, with the next answer
        self._notices = [FORGOTTEN] if forgot or (self._store and self._store.set_aside) else []
        self._agents: dict[str, tuple[Any, Any]] = {}
        self._lock = threading.Lock()
        self._stopped: set[str] = set()
        self._shown: dict[str, list[str]] = {}
        self._check = FollowUpCheck(model, self._tools, shop)
        #: the built-in planner's words are templates of ours over results; any other model's are checked for claims
        self._own_words = isinstance(model, PlannerChatModel)

    def brain(self) -> Brain:
        return self._brain

    def history(self, thread_id: str) -> Sequence[Answer]:
        return self._store.history(thread_id) if self._store else []

    def threads(self) -> Sequence[ThreadInfo]:
        return self._store.threads() if self._store else []

    def delete(self, thread_id: str) -> None:
        self._checkpointer.delete_thread(thread_id)
        self._shown.pop(thread_id, None)
        if self._store:
            self._store.delete(thread_id)

    def rate(self, run_id: str, good: bool, comment: str = "") -> None:
        if self._store:
            self._store.rate(run_id, good, comment)

    def stop(self, thread_id: str) -> None:
        self._stopped.add(thread_id)

    def works(self, question: str) -> bool:
        """Whether a suggested question can be planned and run on the loaded data; remembered per snapshot."""
        return self._check.works(question)

    def answer(self, thread_id: str, text: str) -> Answer:
        """Run one turn to its end."""
        answer = None
        for event in self.ask(thread_id, text):
            if isinstance(event, AnswerReady):
                answer = event.answer
        assert answer is not None  # ask always ends with an answer
        return answer

    def ask(self, thread_id: str, text: str) -> Iterator[Event]:
        """Run one turn. The last event is always :class:`AnswerReady`, whatever happened."""
        run_id, started = uuid.uuid4().hex[:12], time.perf_counter()
        text = text.encode("utf-8", "replace").decode("utf-8")  # half a character pair cannot be stored or hashed
        self._stopped.discard(thread_id)
        yield TurnStarted(run_id, self._brain.name)
        answer = self._reject(text)
        prompts: list[Any] = []
        if answer is None:
            turn = _Turn(text)
            try:
                agent, prompts = self._agent()
                yield from self._run(agent, thread_id, turn)
                answer = self._finish(turn, stopped=thread_id in self._stopped)
            except AssistantError as error:
                log.warning("run %s: %s", run_id, error)
                answer = _failure(text, str(error), error)
            except sqlite3.DatabaseError as error:
                log.exception("run %s: conversation memory", run_id)
                answer = _failure(text, MEMORY.format(error=error), None)
            except Exception:  # noqa: BLE001 - the one edge: the person gets one line, the log gets everything
                log.exception("run %s failed", run_id)
                answer = _failure(text, FAILED.format(run_id=run_id), None)
        notices, self._notices = self._notices, []
        answer = answer.model_copy(
            update={"brain": self._brain.name, "run_id": run_id, "caveats": [*answer.caveats, *notices],
                    "milliseconds": round((time.perf_counter() - started) * 1000, 1)}
        )
        self._shown.setdefault(thread_id, []).extend(answer.followups)
        self._keep(thread_id, answer, prompts)
        yield AnswerReady(answer)

    def _keep(self, thread_id: str, answer: Answer, prompts: list[Any]) -> None:
        record_run(self._settings.runs_dir, thread_id, answer, prompts)
        if self._store:
            try:
                self._store.add(thread_id, answer)
            except AssistantError as error:
                log.warning("turn %s not stored: %s", answer.run_id, error)

    def _suggested(self, thread_id: str) -> list[str]:
        """Follow-ups shown before in a conversation; after a restart they are read from the store."""
        if thread_id not in self._shown:
            kept = self._store.history(thread_id) if self._store else []
            self._shown[thread_id] = [text for answer in kept for text in answer.followups]
        return self._shown[thread_id]

    def _reject(self, text: str) -> Answer | None:
        """The answer to input that is no question, or None."""
        limit = self._settings.max_question_chars
        if not text.strip():
            reply = "The message is empty. Type a question, for example one of those on the page."
        elif len(text) > limit:
            reply = f"The message has {len(text):,} characters; at most {limit:,} can be read. Please shorten it."
        else:
            return None
        return Answer(question=text[:limit], reply=reply, outcome="refused", reason="not_understood")

    def _agent(self) -> tuple[Any, Any]:
        """The agent for the data loaded now; its prompt names the shop's window and metrics."""
        status = self._shop.status()
        key = f"{status.fingerprint}@{status.as_of}"
        with self._lock:
            if key not in self._agents:
                self._agents = {
                    key: build_agent(self._model, self._tools, self._shop, self._settings, self._checkpointer)
                }
            return self._agents[key]

    def _run(self, agent: Any, thread_id: str, turn: _Turn) -> Iterator[Event]:
        from langchain_core.messages import HumanMessage

        config = {"configurable": {"thread_id": thread_id}, "recursion_limit": 60}
        state = agent.get_state(config)
        turn.said_before = [str(m.text) for m in (state.values or {}).get("messages", []) if m.type == "human"]
        turn.suggested_before = self._suggested(thread_id)
        messages = [*_close_open_calls(state), HumanMessage(turn.question)]
        stream = agent.stream({"messages": messages}, config, stream_mode="updates")
        for update in stream:
            for node in update.values():
                for message in (node or {}).get("messages", []) if isinstance(node, dict) else []:
                    yield from turn.take(message)
            if thread_id in self._stopped:
                stream.close()
                return

    def _finish(self, turn: _Turn, *, stopped: bool) -> Answer:
        """Check the numbers of the draft; rebuild it from the results if any cannot be traced."""
        if not self._own_words:
            turn.results = vet(turn.results, turn.question)
        results = turn.results
        reply, known = turn.worded(turn.reply), turn.placed(turn.known)
        # what the text was read as repeats the person's words, and counts as asked
        asked = f"{turn.question} {turn.reading}".rstrip()
        checked = grounding.check(reply, results, asked, known, composed=self._own_words)
        claimed = not self._own_words and claims_a_deed(reply)
        promised = [] if self._own_words else _promises(turn)
        blocked = bool(checked.untraced) or claimed or bool(promised)
        if (blocked or not reply.strip()) and results:
            if blocked:
                log.warning("draft blocked, untraced: %s, claims a deed: %s, promises: %s", checked.untraced, claimed,
                            promised)
            composed = compose(results)
            reply = turn.worded(composed.text)
            checked = grounding.check(reply, results, asked, turn.placed(composed.numbers), composed=True)
        elif claimed:
            log.warning("draft blocked: it claims a deed")
            reply, checked = NOT_DONE, grounding.Grounded([], [])
        if stopped and not reply:
            reply = "Stopped."
        outcome, reason = _outcome(turn, reply, results, blocked=blocked and not results)
        if claimed and not results:
            outcome, reason = "refused", "not_permitted"
        elif claimed:
            reply = f"{reply}\n\n{NOT_DONE}"
        if outcome == "failed" and blocked and not results:
            reply, checked = UNSUPPORTED, grounding.Grounded([], [])
        reply = reply if reply.strip() else SILENT
        for step in turn.steps:  # two calls under one id, or a stop: what was never answered did not happen
            step.status = "failed" if step.status == "running" else step.status
        return Answer(
            question=turn.question, reply=reply, outcome=outcome, reason=reason,
            numbers=[n for n in checked.numbers if n.unit not in QUOTED],
            quotes=[n for n in checked.numbers if n.unit in QUOTED],
            tables=[t for r in results for t in r.tables],
            plan=[{"tool": s.tool, "arguments": s.arguments} for s in turn.steps],
            plan_words=[r.evidence.plan_words for r in results if r.evidence.plan_words],
            definitions=_unique([d for r in results for d in r.evidence.definitions if turn.speaks_of(d)]),
            assumptions=_unique([*turn.assumptions, *(a for r in results for a in r.evidence.assumptions)]),
            caveats=_unique([c.text for r in results for c in caveat_texts(r)]),
            reading=turn.reading,
            options=[o for r in results if r.question for o in r.question.options],
            followups=self._check.keep([f for r in results for f in r.followups], known=turn.known_questions),
            steps=turn.steps, results=list(results), confidence=turn.confidence,
        )


def _promises(turn: _Turn) -> list[str]:
    """Promises that a model's reply makes of a draft and that stand in none."""
    if not any(step.tool in WRITING for step in turn.steps):
        return []
    return untrue_promises(turn.reply, turn.results)


class _Turn:
    """What one turn has produced so far."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.steps: list[Step] = []
        self.results: list[Result] = []
        self.reply = ""
        self.said_before: list[str] = []
        self.suggested_before: list[str] = []
        self.assumptions: list[str] = []
        #: what the text was read as, where it was said in other words
        self.reading = ""
        self.known: list[NumberInReply] = []
        self.errors = 0
        #: of the least certain plan of the turn
        self.confidence: float | None = None
        self._running: dict[str, tuple[int, float]] = {}

    def worded(self, reply: str) -> str:
        """The reply, headed by what the text was read as where that is not what it says."""
        return f"{self._head}{reply}" if reply.strip() else reply

    def placed(self, numbers: Sequence[NumberInReply]) -> list[NumberInReply]:
        """Numbers of a reply where they stand once it is headed by what the text was read as."""
        by = len(self._head)
        return [n.model_copy(update={"start": n.start + by, "end": n.end + by}) for n in numbers]

    @property
    def _head(self) -> str:
        return f"{self.reading}\n\n" if self.reading else ""

    @property
    def known_questions(self) -> list[str]:
        """What the conversation has asked or suggested so far."""
        return [*self.said_before, *self.suggested_before, self.question]

    def speaks_of(self, definition: DefinitionUsed) -> bool:
        """Whether the conversation used the term; a filter typed out in full needs no definition."""
        if not definition.assumed or any(step.tool == "draft_campaign" for step in self.steps):
            return True  # agreed terms are always cited; a draft's audience may come from the goal alone
        said = " ".join([*self.said_before, self.question]).casefold()
        return any(word.casefold() in said for word in (definition.term, *definition.words))

    def take(self, message: Any) -> Iterator[Event]:
        if message.type == "ai":
            yield from self._take_ai(message)
        elif message.type == "tool":
            yield from self._take_tool(message)

    def _take_ai(self, message: AIMessage) -> Iterator[Event]:
        self.reply = str(message.text or "")
        self.known = [
            NumberInReply.model_validate(n) for n in (message.response_metadata or {}).get("numbers", [])
        ]
        self.assumptions += (message.response_metadata or {}).get("assumptions", [])
        self.reading = str((message.response_metadata or {}).get("reading") or self.reading)
        score = (message.response_metadata or {}).get("score")
        if score is not None:
            self.confidence = min(max(0.0, float(score)), 1.0 if self.confidence is None else self.confidence)
        for call in message.tool_calls:
            step = Step(tool=call["name"], arguments=call["args"], status="running")
            self._running[call["id"] or ""] = (len(self.steps), time.perf_counter())
            self.steps.append(step)
            yield StepStarted(step)

    def _take_tool(self, message: ToolMessage) -> Iterator[Event]:
        index, started = self._running.get(message.tool_call_id, (len(self.steps) - 1, time.perf_counter()))
        result = Result.model_validate(message.artifact) if message.artifact else None
        step = self.steps[index]
        step.milliseconds = round((time.perf_counter() - started) * 1000, 1)
        if result is None:
            step.status, self.errors = "failed", self.errors + 1
        else:
            step.status = "refused" if result.refusal else "done"
            step.rows = sum(t.total_rows for t in result.tables) or None
            self.results.append(result)
        yield StepFinished(step)


def _close_open_calls(state: Any) -> list[Any]:
    """Answers for tool calls that a stopped or killed turn left open; providers refuse a history without them."""
    from langchain_core.messages import ToolMessage

    messages = (state.values or {}).get("messages", [])
    answered = {m.tool_call_id for m in messages if m.type == "tool"}
    calls = [call for m in messages if m.type == "ai" for call in m.tool_calls]
    return [
        ToolMessage("Stopped before it ran.", tool_call_id=call["id"], name=call["name"], status="error")
        for call in calls if call["id"] not in answered
    ]


def _outcome(turn: _Turn, reply: str, results: Sequence[Result], *, blocked: bool) -> tuple[Any, Any]:
    """Outcome and reason of a turn from its typed results."""
    if any(r.question for r in results):
        return "asked", None
    useful = [r for r in results if not r.refusal]
    if useful:
        return "answered", None
    refusals = [r.refusal for r in results if r.refusal]
    if refusals:
        return "refused", refusals[-1].reason
    if blocked or turn.errors or not reply.strip():
        return "failed", None
    return "answered", None


def _failure(question: str, reply: str, error: AssistantError | None) -> Answer:
    if isinstance(error, UserError):
        return Answer(question=question, reply=reply, outcome="refused", reason=error.reason)
    return Answer(question=question, reply=reply, outcome="failed")


def _unique(items: Sequence[Any]) -> list[Any]:
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def _checkpointer(settings: Settings | None) -> tuple[Any, bool]:
    """Conversation memory: its own SQLite file (WAL), or memory only; and whether a damaged file was set aside.

    Raises:
        StorageError: the file cannot be used.
    """
    if settings is None:
        from langgraph.checkpoint.memory import InMemorySaver

        return InMemorySaver(), False
    from langgraph.checkpoint.sqlite import SqliteSaver

    path = settings.home / "checkpoints.sqlite"
    aside = make_sound(path)
    try:
        con = sqlite3.connect(path, check_same_thread=False, timeout=10)
        con.execute("PRAGMA journal_mode=WAL")
        saver = SqliteSaver(con)
        saver.setup()
    except sqlite3.DatabaseError as error:
        raise StorageError(f"The memory of conversations cannot be used ({error})", received=path,
                           hint="Check the disk or set ASSISTANT_HOME to another folder.") from error
    return saver, aside is not None


