"""RFM and snapshot features at 1, 10 and 50 million order lines: ours, pandas, Polars; cold Parquet, warm memory."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.customers.features.engines import CUTS, HORIZON_DAYS, THREADS
from benchmarks.customers.features.lines import LINES_PER_ORDER, ORDERS_PER_CUSTOMER, write_lines
from benchmarks.report import Outcome, Row

SEED = 0
#: lines → (processes of each engine, in turn; repeats in each process)
SIZES = {1_000_000: (3, 3), 10_000_000: (1, 2), 50_000_000: (1, 1)}
#: A process that takes longer, or more memory, is stopped, and the row says so.
LONGEST_SECONDS, MOST_GIB = 150, 14
ENGINES = ("ours", "pandas", "polars")


def run() -> Outcome:
    """Every size, job and mode."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for lines, (rounds, repeats) in SIZES.items():
            path = Path(folder) / f"lines_{lines}.parquet"
            counts = write_lines(path, lines, SEED)
            for job in ("rfm", "snapshots"):
                for mode in ("cold", "warm"):
                    rows += _rows(path, counts["lines"], job, mode, rounds, repeats)
            path.unlink()
    notes = [
        f"Generated lines: {LINES_PER_ORDER:g} per order and {ORDERS_PER_CUSTOMER:g} orders per customer on average, "
        "text ids, exact decimal amounts. Each figure is a process of its own; engines take turns; the fastest run of "
        f"a process counts, then the median over processes. {THREADS} threads each (pandas has one).",
        f"Snapshots: behaviour of every customer on {len(CUTS)} days and whether they order in the {HORIZON_DAYS} days "
        "after. Ours sums lines by order once and reads all days from it. Cold: from the Parquet file, which the "
        "system may hold in its cache; warm: from memory, reading not counted.",
        "Sums of ours and the peers are compared in every run: customers, days, orders to the unit, amounts to 1e-6. "
        "Ours adds exact decimals, the peers floats.",
        "Memory is the peak of the process, libraries and data included. Stopped: a process of more than "
        f"{MOST_GIB} GiB of addresses, or of more than {LONGEST_SECONDS} seconds a run.",
    ]
    return Outcome("Features at scale", rows, "generated order lines", str(SEED),
                   ("duckdb", "ibis-framework", "pandas", "polars", "pyarrow"), notes)


def _rows(path: Path, lines: int, job: str, mode: str, rounds: int, repeats: int) -> list[Row]:
    found: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    stopped: dict[str, str] = {}
    for _ in range(rounds):
        for engine in ENGINES:
            if engine not in stopped:
                result = _process(engine, job, mode, path, repeats)
                if isinstance(result, str):
                    stopped[engine] = result
                else:
                    found[engine].append(result)
    _same({engine: results[0]["sums"] for engine, results in found.items() if results})
    seconds = {e: statistics.median(min(r["seconds"]) for r in results) for e, results in found.items() if results}
    memory = {e: statistics.median(r["mib"] for r in results) for e, results in found.items() if results}
    name = f"{job}, {lines / 1e6:.0f} M lines, {mode}"
    times = {e: f"{seconds[e] / seconds['ours']:.2f} ×" if e in seconds else stopped[e] for e in ENGINES}
    peaks = {e: f"{memory[e]:,.0f} MiB" if e in memory else "–" for e in ENGINES}
    return [
        Row(f"{name}: time, relative to ours", times["ours"], times["pandas"], times["polars"]),
        Row(f"{name}: peak memory", peaks["ours"], peaks["pandas"], peaks["polars"]),
    ]


def _same(sums: dict[str, dict[str, float]]) -> None:
    for engine, theirs in sums.items():
        for key, value in sums["ours"].items():
            if abs(theirs[key] - value) > 1e-6 * max(1.0, abs(value)):
                raise AssertionError(f"{key} of ours is {value}, of {engine} {theirs[key]}")


def _process(engine: str, job: str, mode: str, path: Path, repeats: int) -> dict[str, Any] | str:
    """What a fresh process measured, or why it was stopped."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}
    module = "benchmarks.customers.features.engines"
    command = [sys.executable, "-m", module, engine, job, mode, str(path), str(repeats)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True,
                              timeout=LONGEST_SECONDS * repeats, preexec_fn=_limited)
    except subprocess.TimeoutExpired:
        return f"over {LONGEST_SECONDS} s a run"
    if done.returncode in (-6, -9, 137) or "MemoryError" in done.stderr or "alloc" in done.stderr:
        return f"over {MOST_GIB} GiB"
    if done.returncode:
        raise RuntimeError(f"{engine} {job} {mode}: {done.stderr[-800:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_GIB * 2**30, MOST_GIB * 2**30))
