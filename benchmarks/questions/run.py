"""Gold questions on both shops: right, asked back, refused, silently wrong; wordings; figures; latency; rivals' faults.

The truth is computed by plain pandas (``truth``) and judged by ``judge``; the keyword router answers the same questions
in the same run. Bars: right or rightly asked back 90 % of what can be answered, with at most 10 % asked; silently wrong
at most 2 %; unanswerable questions told as such with precision and recall of 95 %; wordings agreeing in 99 %; no
untraceable figure; every altered digit blocked; question to answer p50 150 ms and p95 500 ms.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.questions import added_words, counting, rivals
from benchmarks.questions.alteration import Alterations
from benchmarks.questions.cases import load_conversations
from benchmarks.questions.checker import Answering, InProcess, Verdict, examine, load_cases
from benchmarks.questions.figures import Known, known_of, read_figures
from benchmarks.questions.keyword_router import KeywordRouter
from benchmarks.questions.truth import GoldShop, load_shop
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

if TYPE_CHECKING:
    from assistant.results import Answer

SPLITS = ("dev", "validation", "test")
#: questions whose follow-ups are asked, one after the other
SHOWING = ("total revenue", "revenue by country", "top 10 products by revenue", "how many customers ordered only once?",
           "revenue last month compared to the month before", "who are our best customers?")


@dataclass
class Seen:
    """What is counted over every reply of a shop, options and follow-ups included."""

    known: Known
    altered: Alterations = field(default_factory=Alterations)
    replies: int = 0
    figures: int = 0
    stated: int = 0
    untraceable: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def __call__(self, answer: Answer) -> None:
        from app import answer_json

        reading = read_figures(answer_json(answer), self.known)
        self.replies += 1
        self.figures += reading.figures
        self.stated += reading.stated
        if reading.untraceable:
            self.untraceable.append((answer.question, reading.untraceable))
        self.altered(answer)

    def shown(self, name: str) -> list[str]:
        """Some of the untraceable figures, none from the test split."""
        hidden = {text for case in load_cases(name, "test") for text in case.turns}
        return [f"{text!r}: {', '.join(of[:3])}" for text, of in self.untraceable if text not in hidden][:5]


def run() -> Outcome:
    """Examine every split of every shop at hand, the router in the same run."""
    rows: list[Row] = []
    notes = ["Splits by the hash of a question's id; wordings of a question share one. Tests look at dev alone.",
             "A question in many wordings counts once, with their mean; a conversation as its worst turn.",
             "'asked': asking back is marked as right, or an option offered gives the right answer.",
             "Latency over every turn, each question new, after the fits that `serve` does while the page is read.",
             "'stated only': the figure rests on a derivation in words that the answer's tables cannot repeat."]
    seen: dict[str, Seen] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, home in _homes(Path(folder)):
            shop = load_shop(home)
            seen[name] = Seen(known_of(shop))
            assistant = InProcess(home, seen[name])
            assistant.workspace.warm_up()
            ours, naive = _examined(name, assistant, shop), _examined(name, KeywordRouter(shop), shop)
            held = [examine(case, assistant, shop) for case in load_conversations(name)]
            rows += [*_rows(name, ours, naive), *counting.conversations(name, held)]
            rows += _rivals(name, home, shop, Path(folder))
            rows += added_words.rows(name, assistant.workspace)
    rows += _figures(seen)
    notes += [f"{name}, untraceable: {case}" for name, of in seen.items() for case in of.shown(name)]
    notes += [f"{name}, altered and passed: {case}" for name, of in seen.items() for case in of.altered.passed[:5]]
    if online_retail() is None:
        notes.append("Online Retail II is not here: its rows are left out.")
    return Outcome("Questions", rows, "demo shop (built-in seed); Online Retail II, 1,067,370 lines", "demo default",
                   ("pandas", "duckdb", "ibis-framework", "langchain"), notes)


def _homes(base: Path) -> Iterator[tuple[str, Path]]:
    """Freshly built shops, with the name of their question files."""
    from assistant.data.demo import DEFAULT_SEED, build_demo
    from assistant.data.load import load
    from assistant.settings import load_settings

    build_demo(load_settings(base / "demo"), seed=DEFAULT_SEED)
    yield "demo", base / "demo"
    if source := online_retail():
        load([source], load_settings(base / "online_retail"))
        yield "online_retail", base / "online_retail"


def _examined(name: str, assistant: Answering, shop: GoldShop) -> list[Verdict]:
    return [examine(case, assistant, shop) for case in load_cases(name)]


def _rows(name: str, ours: list[Verdict], naive: list[Verdict]) -> list[Row]:
    rows = [counting.standing(name, split, ours, naive) for split in SPLITS]
    rows += [counting.answerable(name, split, ours, naive) for split in SPLITS]
    rows += [counting.harm(name, split, ours, naive) for split in SPLITS]
    rows += [*counting.refusals(name, ours, naive), counting.premises(name, ours, naive)]
    rows += [row for split in SPLITS for row in counting.calibration(name, split, ours)]
    rows += [*counting.asking(name, ours), *counting.wordings(name, ours, naive), *counting.latency(name, ours)]
    return rows


def _figures(seen: dict[str, Seen]) -> list[Row]:
    replies, figures = sum(s.replies for s in seen.values()), sum(s.figures for s in seen.values())
    bad, stated = sum(len(s.untraceable) for s in seen.values()), sum(s.stated for s in seen.values())
    tried = sum(s.altered.tried for s in seen.values())
    passed = sum(len(s.altered.passed) for s in seen.values())
    alarms = sum(len(s.altered.false_alarms) for s in seen.values())
    return [
        Row(f"replies with an untraceable figure, of {replies:,} ({figures:,} figures, {stated:,} stated only)",
            f"{bad}", bar="0 of ≥ 1,000", met=bad == 0 and replies >= 1000),
        Row(f"drafts with one digit altered that are blocked, of {tried:,}", f"{100 * (1 - passed / tried):.2f} %",
            bar="100 %", met=passed == 0),
        Row("true drafts that the check would block", f"{alarms}", bar="0", met=alarms == 0),
    ]


def _rivals(name: str, home: Path, shop: GoldShop, folder: Path) -> list[Row]:
    """Faults of other assistants, provoked here."""
    trials = {
        "ch4ki: same question, another number (0, 1,254, 66,133)": rivals.same_every_time(home),
        "ch4ki: invented figure beside a true one passes": rivals.invented_figures(home),
        "Marketing-Intelligence-Agent: unfinished month in a forecast": rivals.unfinished_month(home, shop),
        "Marketing-Intelligence-Agent: follow-up shown that nothing answers": rivals.followups_work(home, SHOWING),
        "PandasAI, Vanna: column or value invented": rivals.nothing_invented(home),
        "PandasAI, Vanna: code or SQL in a question run": rivals.nothing_runs(home, shop, folder),
    }
    return [Row(f"{name}, {what}", f"{len(t.happened)} of {t.tried}", bar="0", met=not t.happened)
            for what, t in trials.items()]
