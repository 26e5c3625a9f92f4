"""Loading, answering, starting: the main job measured on both shops."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.main_job.questions import QUESTIONS
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

ROOT = Path(__file__).parents[2]
REPEATS = 3


def run() -> Outcome:
    """Measure everything; parts whose data are absent are left out and noted."""
    rows: list[Row] = []
    notes = [f"Load: whole processes, alternating, median of {REPEATS}.",
             "Questions: one process per shop; every question is asked a first time (which fits the models it needs), "
             "then another of its kind is timed, so that models are fitted but no answer is kept."]
    source = online_retail()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        shops = {"demo": base / "demo"}
        rows.append(_first_start(shops["demo"]))
        if source is None:
            notes.append("Online Retail II is not here: its rows are left out.")
        else:
            shops["online_retail"] = base / "ori"
            rows += _loading(source, shops["online_retail"], base / "pandas")
        for shop, home in shops.items():
            rows += _questions(shop, home)
        rows.append(_start_up(shops["demo"]))
    return Outcome("The main job", rows, "demo shop (built-in seed); Online Retail II, 1,067,370 lines", "demo default",
                   ("duckdb", "ibis-framework", "pandas", "langchain", "gradio"), notes)


def _measured(command: Sequence[str], home: Path) -> tuple[float, float]:
    """Seconds and peak MiB of a whole process."""
    code = ("import resource, subprocess, sys, time; t = time.perf_counter(); "
            "r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True); "
            "s = time.perf_counter() - t; print(s, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024); "
            "sys.stderr.write(r.stderr); sys.exit(r.returncode)")
    out = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, cwd=ROOT,
                         env={**os.environ, "ASSISTANT_HOME": str(home)})
    if out.returncode not in {0, 3}:
        raise RuntimeError(f"{command}: {out.stderr[-500:]}")
    seconds, memory = out.stdout.split()
    return float(seconds), float(memory)


def _loading(source: Path, home: Path, target: Path) -> list[Row]:
    ours, peer = [], []
    pandas = [sys.executable, "-m", "benchmarks.main_job.pandas_cleaning", str(source), str(target)]
    for _ in range(REPEATS):
        ours.append(_measured([sys.executable, "app.py", "load", str(source)], home))
        peer.append(_measured(pandas, home))
    (t_ours, m_ours), (t_peer, m_peer) = (
        (statistics.median(s for s, _ in runs), statistics.median(m for _, m in runs)) for runs in (ours, peer))
    return [
        Row("load and clean 1.07 M lines, time (ours / pandas)", f"{t_ours / t_peer:.2f} ({t_ours:.1f} s)",
            peer=f"1.00 ({t_peer:.1f} s)", bar="≤ 1", met=t_ours <= t_peer),
        Row("load and clean 1.07 M lines, peak memory (ours / pandas)", f"{m_ours / m_peer:.2f} ({m_ours:,.0f} MiB)",
            peer=f"1.00 ({m_peer:,.0f} MiB)", bar="≤ 1", met=m_ours <= m_peer),
    ]


def _questions(shop: str, home: Path) -> list[Row]:
    """All questions in one conversation, twice, in a process of their own."""
    code = "from benchmarks.main_job.run import answer_all; answer_all()"
    out = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT,
                         env={**os.environ, "ASSISTANT_HOME": str(home)}, check=True)
    measured = json.loads(out.stdout.splitlines()[-1])
    rows = []
    for family in dict.fromkeys(f for f, _, _ in QUESTIONS):
        for label, words in (("again", "models fitted"), ("first", "first time in the process")):
            taken = sorted(x[label] for x in measured["questions"] if x["family"] == family)
            p50, p95 = _quantile(taken, 0.5), _quantile(taken, 0.95)
            judged = family == "question" and label == "again"
            rows.append(Row(f"{shop}: {family} to complete answer, {words}, p50 / p95", f"{p50:.0f} / {p95:.0f} ms",
                            bar="p50 ≤ 150 ms, p95 ≤ 500 ms" if judged else "–",
                            met=(p50 <= 150 and p95 <= 500) if judged else None))
    rows.append(Row(f"{shop}: peak memory of the answering process", f"{measured['memory']:,.0f} MiB"))
    return rows


def _quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, round(share * (len(values) - 1)))]


def answer_all() -> None:
    """Child process: answer every question in both forms and print milliseconds as JSON."""
    from app import compose
    from assistant.settings import load_settings

    workspace, session = compose(load_settings(), remember=False)
    customer, other = workspace.values("customer")[:2]
    results: list[dict[str, object]] = [{"family": family} for family, _, _ in QUESTIONS]
    for position, label in enumerate(("first", "again"), start=1):
        for entry, forms in zip(results, QUESTIONS, strict=True):
            question = forms[position].format(customer=customer, other=other)
            started = time.perf_counter()
            answer = session.answer(label, question)
            entry[label] = (time.perf_counter() - started) * 1000
            if answer.outcome == "failed":
                raise RuntimeError(f"{question}: {answer.reply}")
    print(json.dumps({"questions": results, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _first_start(home: Path) -> Row:
    seconds, memory = _measured([sys.executable, "app.py", "ask", "How many orders are there?"], home)
    return Row("demo shop built and first question answered", f"{seconds:.1f} s, {memory:,.0f} MiB")


def _start_up(home: Path) -> Row:
    """Second start to a page that answers over HTTP."""
    import urllib.error
    import urllib.request

    port = "7999"
    started = time.perf_counter()
    server = subprocess.Popen([sys.executable, "app.py", "serve", "--port", port], cwd=ROOT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env={**os.environ, "ASSISTANT_HOME": str(home)})
    try:
        while time.perf_counter() - started < 120:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as page:
                    if page.status == 200:
                        return Row("second start to a usable page", f"{time.perf_counter() - started:.1f} s")
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
    finally:
        server.terminate()
        server.wait(timeout=20)
    raise RuntimeError("the page did not come up within 120 s")
