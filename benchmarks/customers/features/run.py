"""RFM and snapshot features at 1, 10 and 50 million order lines: ours, pandas, Polars; cold Parquet, warm memory."""

from __future__ import annotations

import json
import os
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
SIZES = {1_000_000: (3, 3), 10_000_000: (2, 2), 50_000_000: (1, 1)}
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
        "Memory is the peak of the process, libraries and data included.",
    ]
    return Outcome("Features at scale", rows, "generated order lines", str(SEED),
                   ("duckdb", "ibis-framework", "pandas", "polars", "pyarrow"), notes)


def _rows(path: Path, lines: int, job: str, mode: str, rounds: int, repeats: int) -> list[Row]:
    found: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine in ENGINES:
            result = _process(engine, job, mode, path, repeats)
            if result is not None:
                found[engine].append(result)
    _same({engine: results[0]["sums"] for engine, results in found.items() if results})
    seconds = {e: statistics.median(min(r["seconds"]) for r in results) for e, results in found.items() if results}
    memory = {e: statistics.median(r["mib"] for r in results) for e, results in found.items() if results}
    name = f"{job}, {lines / 1e6:.0f} M lines, {mode}"
    return [
        Row(f"{name}: time, relative to ours", "1", _ratio(seconds, "pandas"), _ratio(seconds, "polars")),
        Row(f"{name}: peak memory", f"{memory['ours']:,.0f} MiB",
            f"{memory['pandas']:,.0f} MiB" if "pandas" in memory else "out of memory",
            f"{memory['polars']:,.0f} MiB" if "polars" in memory else "out of memory"),
    ]


def _ratio(seconds: dict[str, float], engine: str) -> str:
    return f"{seconds[engine] / seconds['ours']:.2f} ×" if engine in seconds else "out of memory"


def _same(sums: dict[str, dict[str, float]]) -> None:
    for engine, theirs in sums.items():
        for key, value in sums["ours"].items():
            if abs(theirs[key] - value) > 1e-6 * max(1.0, abs(value)):
                raise AssertionError(f"{key} of ours is {value}, of {engine} {theirs[key]}")


def _process(engine: str, job: str, mode: str, path: Path, repeats: int) -> dict[str, Any] | None:
    """What a fresh process measured; None where it ran out of memory."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}
    module = "benchmarks.customers.features.engines"
    command = [sys.executable, "-m", module, engine, job, mode, str(path), str(repeats)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode in (-9, 137) or "MemoryError" in done.stderr:
        return None
    if done.returncode:
        raise RuntimeError(f"{engine} {job} {mode}: {done.stderr[-800:]}")
    return json.loads(done.stdout.splitlines()[-1])
