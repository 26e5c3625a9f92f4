"""Composed questions on both shops: how often the plan is the known one.

Seeds below 1,000 are for building: they use the words that a builder may see. The judging seeds also use the words
kept back, and their questions are looked at by nobody: only the counts are printed. A question counts as good where
the plan is one of the known ones (or gives the same answer), where an option asked about is, or where the data cannot
answer it and the reply says so.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.questions.composed.compare import GOOD, VERDICTS, Judge, Judged
from benchmarks.questions.composed.generate import Composed, Generator
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

if TYPE_CHECKING:
    from assistant.workspace import Workspace

BUILDING = (1, 2, 3)
JUDGING = (1001, 1002)
EACH = 200
NAMES = {"demo": "demo", "ori": "Online Retail II"}


def run() -> Outcome:
    """Every seed on every shop at hand."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for shop, workspace in _shops(Path(folder)):
            for what, seeds, kept in (
                ("building seeds", BUILDING, False),
                ("judging seeds, kept words", JUDGING, True),
            ):
                found = [one for seed in seeds for one in judged(workspace, shop, seed, kept=kept)]
                rows += _rows(f"{NAMES[shop]}, {what}", found)
    notes = [
        f"{EACH} questions a seed; building seeds {BUILDING}, judging seeds {JUDGING}.",
        "Nobody looks at the questions of the judging seeds, nor at those of any seed with kept words.",
        "'wrong' is silent: another plan, and no line that names what was not used.",
    ]
    return Outcome(
        "Composed questions",
        rows,
        "demo shop (built-in seed); Online Retail II",
        f"building {BUILDING}, judging {JUDGING}",
        ("duckdb", "ibis-framework", "pydantic"),
        notes,
    )


def judged(
    workspace: Workspace, shop: str, seed: int, *, kept: bool, count: int = EACH
) -> Iterator[tuple[Composed, Judged]]:
    """Each question of a seed with what became of it."""
    from assistant.llm.planner.planner import plan_turn

    judge = Judge(workspace)
    for one in Generator(shop, seed, kept=kept).questions(count):
        yield one, judge.judge(plan_turn(one.text, None, workspace), one.plans)


def _rows(name: str, found: list[tuple[Composed, Judged]]) -> list[Row]:
    counts = Counter(j.verdict for _, j in found)
    total = len(found)
    good = sum(counts[v] for v in GOOD)
    silent = counts["wrong"]
    told = ", ".join(f"{v} {100 * counts[v] / total:.1f} %" for v in VERDICTS if counts[v])
    return [
        Row(f"{name}: good ({total})", f"{100 * good / total:.1f} % ({told})", bar="≥ 90 %", met=good >= 0.9 * total),
        Row(f"{name}: silently wrong", f"{100 * silent / total:.1f} %", bar="≤ 2 %", met=silent <= 0.02 * total),
    ]


def _shops(base: Path) -> Iterator[tuple[str, Workspace]]:
    from assistant.data.demo import DEFAULT_SEED, build_demo
    from assistant.data.load import load
    from assistant.settings import load_settings
    from assistant.workspace import Workspace

    build_demo(load_settings(base / "demo"), seed=DEFAULT_SEED)
    yield "demo", Workspace(load_settings(base / "demo"))
    if source := online_retail():
        load([source], load_settings(base / "ori"))
        yield "ori", Workspace(load_settings(base / "ori"))


def main() -> None:
    """Look at building seeds on a shop that is loaded already; of judging seeds only the counts are shown."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("shop", choices=list(NAMES))
    parser.add_argument("home", type=Path)
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--count", type=int, default=EACH)
    parser.add_argument("--kept", action="store_true", help="with the words kept back: counts alone")
    asked = parser.parse_args()
    from assistant.settings import load_settings
    from assistant.workspace import Workspace

    workspace = Workspace(load_settings(asked.home))
    hidden = asked.kept or any(seed >= 1000 for seed in asked.seeds)
    found = [one for seed in asked.seeds for one in judged(workspace, asked.shop, seed, kept=hidden, count=asked.count)]
    for one, of in found if not hidden else ():
        if of.verdict not in GOOD:
            print(f"[{of.verdict}] {one.text}")
            for name, args in of.calls:
                print("   ", name, json.dumps(args, default=str)[:500])
            print("    known", [json.dumps(p.model_dump(exclude_defaults=True), default=str) for p in one.plans][:1])
    for row in _rows(asked.shop, found):
        print(row.name, row.ours)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
