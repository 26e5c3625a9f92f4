"""An assistant without an agent: conversations, shop and desk that behave like the real ones on the outside."""

from __future__ import annotations

import csv
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from assistant.agent.events import AnswerReady, Brain, Event, StepFinished, StepStarted, ThreadInfo, TurnStarted
from assistant.data.experiment_columns import experiment_columns
from assistant.errors import MissingData, NotPermitted, UnknownName, UnreadableFile
from assistant.plans.desk import ColumnProposal, LoadPreview, LoadSummary, Progress
from assistant.plans.shop import ShopStatus
from assistant.results import Answer, NumberInReply, Result, Step
from assistant.results.format import show
from tests.support.sample_results import every_kind

FIRST_DAY, LAST_DAY = date(2024, 3, 1), date(2026, 3, 9)
EXAMPLES = [
    "How much did we sell last month?", "Top 10 products by revenue in Germany",
    "Split our customers into segments and tell me what each looks like", "Forecast revenue for the next 8 weeks",
    "Who is about to leave?", "Draft a win-back campaign for lapsed customers with 10 % off homeware",
]
_WORDS = [
    ("forecast", "forecast"), ("segment", "segments"), ("leave", "churn"), ("campaign", "campaign"), ("why", "change"),
    ("recommend", "recommendation"), ("best", "question"), ("category", "refusal"), ("new", "something_new"),
]


def answer_of(question: str, result: Result, *, reply: str | None = None, run_id: str | None = None) -> Answer:
    """The answer an agent would give about one result; numbers of the headline figures are in the reply."""
    numbers: list[NumberInReply] = []
    if reply is None:
        reply = ""
        for name in result.headline:
            figure = result.figures[name]
            reply += f"{figure.label}: "
            text = show(figure.value, figure.unit, result.currency)
            numbers.append(NumberInReply(text=text, start=len(reply), end=len(reply) + len(text), value=figure.value,
                                         unit=figure.unit, label=figure.label, source=figure.source, result=0))
            reply += f"{text}.\n"
        if result.refusal:
            reply = result.refusal.message
        elif result.question:
            reply = "\n".join([result.question.text, *(f"- {o}" for o in result.question.options)])
        reply = reply or f"Here is **{result.title}**."
    outcome = "refused" if result.refusal else "asked" if result.question else "answered"
    evidence = result.evidence
    return Answer(
        question=question, reply=reply, outcome=outcome, reason=result.refusal.reason if result.refusal else None,
        numbers=numbers, tables=result.tables, plan=[{"tool": "query_data", "arguments": evidence.plan}],
        plan_words=[evidence.plan_words] if evidence.plan_words else [], definitions=evidence.definitions,
        assumptions=evidence.assumptions, options=result.question.options if result.question else [],
        caveats=["These are synthetic demo data, not a real shop."] if evidence.synthetic else [],
        followups=[] if result.question else ["Why did revenue change in November?", "Who is about to leave?"],
        steps=[Step(tool="query_data", milliseconds=41.0, rows=10)], results=[result], brain="built-in planner",
        run_id=run_id or uuid.uuid4().hex[:12], milliseconds=183.0,
    )


class FakeConversations:
    """Answers by the words of the question, with steps; remembers; can be stopped.

    Args:
        pause: seconds between events.
        special: answers for exact questions, instead of the sample of a kind.
    """

    def __init__(self, pause: float = 0.0, special: Mapping[str, Callable[[str], Answer]] | None = None) -> None:
        self.pause, self._special = pause, dict(special or {})
        self.stored: dict[str, list[Answer]] = {}
        self.ratings: list[tuple[str, bool, str]] = []
        self.stopped: set[str] = set()
        self._updated: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def brain(self) -> Brain:
        return Brain("builtin:planner", "built-in planner", "no language model is set",
                     "set language_model in settings.toml")

    def ask(self, thread_id: str, text: str) -> Iterator[Event]:
        self.stopped.discard(thread_id)
        yield TurnStarted(uuid.uuid4().hex, "built-in planner")
        if text == "break":
            raise RuntimeError("broken on purpose")
        answer = self._answer(text)
        for step in answer.steps:
            running = step.model_copy(update={"status": "running", "rows": None, "milliseconds": 0.0})
            yield StepStarted(running)
            self._wait(thread_id)
            yield StepFinished(step)
        if thread_id in self.stopped:
            answer = Answer(question=text, reply="Stopped.", outcome="answered", run_id=uuid.uuid4().hex[:12])
        with self._lock:
            self.stored.setdefault(thread_id, []).append(answer)
            self._updated[thread_id] = datetime.now()
        yield AnswerReady(answer)

    def _wait(self, thread_id: str) -> None:
        until = time.monotonic() + self.pause
        while time.monotonic() < until and thread_id not in self.stopped:
            time.sleep(0.01)

    def _answer(self, text: str) -> Answer:
        if text in self._special:
            return self._special[text](text)
        kind = next((kind for word, kind in _WORDS if word in text.lower()), "query")
        return answer_of(text, every_kind()[kind])

    def stop(self, thread_id: str) -> None:
        self.stopped.add(thread_id)

    def history(self, thread_id: str) -> Sequence[Answer]:
        return list(self.stored.get(thread_id, []))

    def threads(self) -> Sequence[ThreadInfo]:
        infos = [ThreadInfo(t, kept[0].question, self._updated[t], len(kept)) for t, kept in self.stored.items()]
        return sorted(infos, key=lambda info: info.updated_at, reverse=True)

    def delete(self, thread_id: str) -> None:
        self.stored.pop(thread_id, None)

    def rate(self, run_id: str, good: bool, comment: str = "") -> None:
        self.ratings.append((run_id, good, comment))


class FakeShop:
    """Facts of an invented shop."""

    def __init__(self) -> None:
        self.name = "Harbour & Home"
        self.as_of = LAST_DAY

    def status(self) -> ShopStatus:
        return ShopStatus(
            name=self.name, source="demo", currency="GBP", synthetic=self.name == "Harbour & Home", snapshot="s1",
            fingerprint="abc", first_day=FIRST_DAY, last_day=LAST_DAY, as_of=self.as_of,
            rows={"orders": 41_220, "customers": 5_012, "products": 600, "order_lines": 98_110}, filled={},
        )


class FakeDesk:
    """Loads nothing, but goes through the motions; a file named ``broken.csv`` cannot be read."""

    def __init__(self, folder: Path, shop: FakeShop) -> None:
        self.folder, self.shop = folder, shop
        self.loaded: list[Mapping[str, str | None] | None] = []
        self.currency: str | None = None
        self.experiments: list[tuple[str, str, tuple[str, ...], bool]] = []
        self.decisions: list[tuple[str, str, str | None]] = []

    def example_questions(self) -> Sequence[str]:
        return EXAMPLES

    def set_as_of(self, day: date | None) -> date:
        if day is not None and day < FIRST_DAY:
            raise MissingData(f"The data begin on {FIRST_DAY.isoformat()}", received=day.isoformat())
        self.shop.as_of = min(day or LAST_DAY, LAST_DAY)
        return self.shop.as_of

    def preview_load(self, paths: Sequence[Path]) -> LoadPreview:
        if paths[0].name == "broken.csv":
            raise UnreadableFile("broken.csv cannot be read as CSV", received="row 3", hint="It has 4 columns, not 3.")
        with paths[0].open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        known = {"Invoice": "order_lines.order_id", "When": "order_lines.ordered_at", "Item": "order_lines.product_id"}
        columns = tuple(
            ColumnProposal(name, known.get(name), 0.9 if name in known else 0.1, "by name and values",
                           tuple(r[i] for r in rows[1:4]))
            for i, name in enumerate(rows[0])
        )
        targets = (*known.values(), "order_lines.quantity", "order_lines.unit_price", "order_lines.customer_id")
        missing = ("order_lines.quantity",)
        roles = experiment_columns(rows[0], missing)
        return LoadPreview(tuple(paths), None, columns, len(rows) - 1, missing, ("2 rows have no customer.",), targets,
                           roles)

    def load_experiment(self, path: Path, arm: str, outcomes: Sequence[str], *, random: bool = True) -> str:
        self.experiments.append((path.name, arm, tuple(outcomes), random))
        return path.stem

    def load(
        self, paths: Sequence[Path], mapping: Mapping[str, str | None] | None = None, progress: Progress | None = None,
        *, name: str | None = None, currency: str | None = None,
    ) -> LoadSummary:
        for i in range(5):
            if progress:
                progress("reading", i / 5)
            time.sleep(0.05)
        self.loaded.append(mapping)
        self.shop.name = name or "Loaded Shop"
        self.currency = currency
        return LoadSummary("s2", paths[0].name, (("rows read", 12),), (("no_price", "price missing", 2),), (),
                           "2024-01-01", "2024-02-01")

    def export_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        path = self.folder / "export.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
        return path

    def export_result(self, result: Result, table_id: str) -> Path:
        table = result.table(table_id)
        return self.export_table(table.title, [c.label for c in table.columns], table.rows)

    def export_campaign(self, campaign_id: str) -> Path:
        path = self.folder / f"{campaign_id}.csv"
        path.write_text("customer_id\n1\n", encoding="utf-8")
        return path

    def decide_campaign(self, digest: str, decision: str, typed: str | None = None) -> str:
        if digest != "d1":
            raise MissingData("No dry run has this digest", received=digest)
        self.decisions.append((digest, decision, typed))
        return f"{decision}: done"

    def unsubscribe_channel(self, token: str) -> str:
        if not token.startswith("good"):
            raise UnknownName("This is no unsubscribe link of this shop", received=token)
        return "email"

    def unsubscribe(self, token: str, everywhere: bool = False) -> str:
        channel = self.unsubscribe_channel(token)
        self.decisions.append((token, "everywhere" if everywhere else channel, None))
        return channel

    def take_in(self, body: bytes, signature: str) -> dict[str, int]:
        if signature != "sha256=good":
            raise NotPermitted("The report is not signed")
        return {"suppressed": body.count(b"bounce")}
