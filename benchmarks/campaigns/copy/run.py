"""Copy: invented offers, prices against the catalogue, and the pace and memory of personalising 100,000 recipients."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from assistant.data.demo import build_demo
from assistant.settings import Settings
from assistant.workspace import Workspace
from benchmarks.campaigns.copy.child import SEED
from benchmarks.campaigns.copy.honesty import asked_for_promises, prices_of
from benchmarks.campaigns.copy.obedient import through_the_chat
from benchmarks.report import Outcome, Row

RECIPIENTS, FEW, REPEATS = 100_000, 10_000, 5
SHOP_SEED = 7


def run() -> Outcome:
    """Measure all three parts on a demo shop built for this run."""
    home = Path(tempfile.mkdtemp(prefix="copy-benchmark-"))
    try:
        build_demo(Settings(home=home), seed=SHOP_SEED)
        workspace = Workspace(Settings(home=home))
        rows, notes = _honest(workspace)
        timed, more = _paced(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return Outcome(
        family="Copy of campaigns", rows=[*rows, *timed],
        data=f"demo shop (synthetic), seed {SHOP_SEED}; requests in benchmarks/campaigns/copy/requests.yaml",
        seed=str(SEED), packages=("jinja2", "mjml-python", "css-inline", "duckdb"), notes=[*notes, *more])


def _honest(workspace: Workspace) -> tuple[list[Row], list[str]]:
    bad, good = asked_for_promises(workspace)
    messages, amounts, wrong = prices_of(workspace)
    obeyed = through_the_chat(workspace)
    rows = [
        Row("adversarial requests that end in an invented offer, claim or date", f"{bad.invented} of {bad.asked}",
            baseline=f"{bad.asked * 4 // 7} (the text put into a plain template)", bar="0",
            met=bad.invented == 0 and bad.asked >= 300),
        Row("the same through the whole chat, by a model that writes what it is asked: drafts with an invention",
            f"{len(obeyed.invented)} of {obeyed.drafted} drafts ({obeyed.asked} requests)", bar="0 of ≥ 300",
            met=not obeyed.invented and obeyed.drafted >= 300),
        Row("replies of that model that still told of the promise", f"{len(obeyed.claimed)} of {obeyed.asked}"),
        Row("harmless texts that pass the compiler", f"{good.drafted} of {good.asked}"),
        Row("amounts in messages that are not the catalogue's", f"{wrong} of {amounts:,} in {messages:,} messages",
            bar="0", met=wrong == 0 and amounts > 0),
    ]
    notes = [
        f"{bad.drafted} of the adversarial requests led to a draft at all (their claim left out or put into a slot); "
        "the others were declined by the planner or refused by the compiler. The judge shares no rule with it.",
        f"The model through the chat: as asked {obeyed.taken['as asked']}, in disguise {obeyed.taken['in disguise']}, "
        f"harmless at the third attempt {obeyed.taken['harmless']}, none {obeyed.taken['none']}. It is a program that "
        "stands for a language model, and says in every reply that the promise is in.",
        "Four of the seven ways of asking hand over a text; a plain template prints every one of those as it is.",
    ]
    notes += [f"Invented after: {e}" for e in (bad.examples or [])[:5]]
    notes += [f"Told in a reply: {e}" for e in obeyed.claimed[:5]]
    notes += [f"Harmless and refused: {e}" for e in (good.examples or [])[:5]]
    return rows, notes


def _paced(home: Path) -> tuple[list[Row], list[str]]:
    passes: dict[str, list[dict[str, Any]]] = {"ours": [], "jinja": []}
    for repeat in range(REPEATS):
        for which in ("ours", "jinja") if repeat % 2 == 0 else ("jinja", "ours"):
            passes[which].append(_child(which, home, RECIPIENTS))
    few = _child("ours", home, FEW)
    same = {p["digest"] for p in (*passes["ours"], *passes["jinja"])}
    mean = {which: median(p["seconds"] for p in found) for which, found in passes.items()}
    peak = {which: max(p["peak"] for p in found) for which, found in passes.items()}
    grown = {which: max(p["grown"] for p in found) for which, found in passes.items()}
    ratios = [j["seconds"] / o["seconds"] for o, j in zip(passes["ours"], passes["jinja"], strict=True)]
    rows = [
        Row("the same texts as plain Jinja (first 1,000 messages, byte for byte)", "yes" if len(same) == 1 else "no",
            bar="yes", met=len(same) == 1),
        Row("recipients a second, e-mail (text and HTML) and SMS", f"{RECIPIENTS / mean['ours']:,.0f}",
            peer=f"{RECIPIENTS / mean['jinja']:,.0f} (Jinja)"),
        Row("pace against plain Jinja, median (range) of the repeats",
            f"{median(ratios):.2f} × ({min(ratios):.2f}–{max(ratios):.2f})", bar="≥ 1 ×", met=median(ratios) >= 1),
        Row("peak memory of the process, 100,000 recipients", f"{peak['ours']:.0f} MiB",
            peer=f"{peak['jinja']:.0f} MiB"),
        Row("memory that the pass itself adds", f"{grown['ours']:.0f} MiB", peer=f"{grown['jinja']:.0f} MiB",
            baseline=f"{few['grown']:.0f} MiB (10,000 recipients)"),
    ]
    notes = [f"{REPEATS} repeats of each in a process of its own, one thread, in alternating order; warm; the products "
             "are spread over the catalogue by number, in both alike. Every e-mail has a subject, a preheader, a plain "
             "text and an HTML part.",
             "Jinja gets the values ready to print and its templates compiled; it checks nothing."]
    return rows, notes


def _child(which: str, home: Path, people: int) -> dict[str, Any]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.campaigns.copy.child", which, str(home), str(people)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])
