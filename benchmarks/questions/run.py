"""Gold questions on both shops: right, asked back, refused, silently wrong; wordings; latency; the keyword router.

The truth is computed by plain pandas (``truth``) and judged by ``judge``. Bars: right
or rightly asked back 90 % with at most 10 % asked, silently wrong at most 2 %, unanswerable questions told as such with
precision and recall of 95 %, wordings agreeing in 99 %, question to answer p50 150 ms and p95 500 ms.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.questions.checker import Answering, InProcess, Verdict, examine, load_cases
from benchmarks.questions.keyword_router import KeywordRouter
from benchmarks.questions.truth import GoldShop, load_shop
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

SPLITS = ("dev", "validation", "test")
PERCENT = "{:.0f} %"


def run() -> Outcome:
    """Examine every split of every shop at hand, the router in the same run."""
    rows: list[Row] = []
    notes = ["Splits by the hash of a question's id; tests hold the assistant to dev.",
             "A conversation counts once, as its worst turn; 'asked': an option offered gives the right answer.",
             "Latency over every turn of every conversation, the first included, answers cold (each question is new)."]
    with tempfile.TemporaryDirectory() as folder:
        for name, home in _homes(Path(folder)).items():
            shop = load_shop(home)
            ours = _examined(name, InProcess(home), shop)
            naive = _examined(name, KeywordRouter(shop), shop)
            rows += [_standing(name, split, ours, naive) for split in SPLITS]
            rows += [_harm(name, split, ours, naive) for split in SPLITS]
            rows += [*_refusals(name, ours, naive), _wordings(name, ours, naive), _latency(name, ours)]
    if online_retail() is None:
        notes.append("Online Retail II is not here: its rows are left out.")
    return Outcome("Questions", rows, "demo shop (built-in seed); Online Retail II, 1,067,370 lines", "demo default",
                   ("pandas", "duckdb", "ibis-framework", "langchain"), notes)


def _homes(base: Path) -> dict[str, Path]:
    """Freshly built shops, by the name of their question file."""
    from assistant.data.demo import DEFAULT_SEED, build_demo
    from assistant.data.load import load
    from assistant.settings import load_settings

    build_demo(load_settings(base / "demo"), seed=DEFAULT_SEED)
    homes = {"demo": base / "demo"}
    if source := online_retail():
        load([source], load_settings(base / "online_retail"))
        homes["online_retail"] = base / "online_retail"
    return homes


def _examined(name: str, assistant: Answering, shop: GoldShop) -> list[Verdict]:
    return [examine(case, assistant, shop) for case in load_cases(name)]


def _of(split: str, verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [v for v in verdicts if v.case.split == split]


def _share(verdicts: Sequence[Verdict], *statuses: str) -> float:
    return 100 * sum(v.status in statuses for v in verdicts) / max(len(verdicts), 1)


def _standing(name: str, split: str, ours: list[Verdict], naive: list[Verdict]) -> Row:
    ours, naive = _of(split, ours), _of(split, naive)
    good, asked = _share(ours, "right", "refused_rightly", "asked"), _share(ours, "asked", "asked_in_vain")
    detail = ", ".join(f"{_share(ours, s):.0f} % {label}" for label, s in (
        ("right", "right"), ("asked", "asked"), ("rightly refused", "refused_rightly"),
        ("wrongly refused", "refused_wrongly"), ("asked in vain", "asked_in_vain"), ("failed", "failed")))
    baseline = PERCENT.format(_share(naive, "right", "refused_rightly", "asked"))
    return Row(f"{name} {split} ({len(ours)}): right, rightly asked or refused", f"{good:.0f} % ({detail})", baseline,
               bar="≥ 90 %, asked ≤ 10 %", met=good >= 90 and asked <= 10)


def _harm(name: str, split: str, ours: list[Verdict], naive: list[Verdict]) -> Row:
    wrong = _share(_of(split, ours), "silently_wrong")
    return Row(f"{name} {split}: silently wrong", f"{wrong:.1f} %",
               f"{_share(_of(split, naive), 'silently_wrong'):.0f} %", bar="≤ 2 %", met=wrong <= 2)


def _refusals(name: str, ours: list[Verdict], naive: list[Verdict]) -> list[Row]:
    """Questions that cannot be answered: told as such (recall), and nothing else refused (precision)."""
    figures = [_precision_recall(v) for v in (ours, naive)]
    return [
        Row(f"{name}: unanswerable questions refused for the right reason, {what}", PERCENT.format(figures[0][i]),
            PERCENT.format(figures[1][i]), bar="≥ 95 %", met=figures[0][i] >= 95)
        for i, what in enumerate(("precision", "recall"))
    ]


def _precision_recall(verdicts: Sequence[Verdict]) -> tuple[float, float]:
    refused = [v for v in verdicts if v.answers[-1]["outcome"] == "refused"]
    unanswerable = [v for v in verdicts if (v.case.expected[-1] or {}).get("kind") == "refused"]
    return _share(refused, "refused_rightly"), _share(unanswerable, "refused_rightly")


def _wordings(name: str, ours: list[Verdict], naive: list[Verdict]) -> Row:
    agree = _agreement(ours)
    return Row(f"{name}: same question in other words, same answer (pairs)", PERCENT.format(agree),
               PERCENT.format(_agreement(naive)), bar="≥ 99 %", met=agree >= 99)


def _agreement(verdicts: Sequence[Verdict]) -> float:
    """Percent of pairs of wordings, over all families, that get the same: both right, or the same table or refusal."""
    families: dict[str, list[Verdict]] = {}
    for v in verdicts:
        if v.case.family != v.case.id:
            families.setdefault(v.case.family, []).append(v)
    pairs = [
        a.status == b.status == "right" or _essence(a.answers[-1]) == _essence(b.answers[-1])
        for wordings in families.values() for a, b in combinations(wordings, 2)
    ]
    return 100 * sum(pairs) / max(len(pairs), 1)


def _essence(answer: dict[str, Any]) -> str:
    """What an answer comes down to: the first columns of its first table with rows in any order, or its outcome."""
    if answer["outcome"] != "answered" or not answer["tables"]:
        return f"{answer['outcome']} {answer['reason']}"
    cells = [[round(c, 4) if isinstance(c, float) else c for c in row[:3]] for row in answer["tables"][0]["rows"]]
    return json.dumps(sorted(cells, key=str), default=str)


def _latency(name: str, verdicts: Sequence[Verdict]) -> Row:
    times = sorted(a["milliseconds"] for v in verdicts for a in v.answers)
    p50, p95 = (times[min(len(times) - 1, round(q * (len(times) - 1)))] for q in (0.5, 0.95))
    return Row(f"{name}: question to complete answer, p50 / p95", f"{p50:.0f} / {p95:.0f} ms",
               bar="p50 ≤ 150 ms, p95 ≤ 500 ms", met=p50 <= 150 and p95 <= 500)
