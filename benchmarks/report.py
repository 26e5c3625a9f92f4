"""Rows of a benchmark, and the file they are committed in."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure: ours, the naive baseline and the named peer of the same run, and the bar it is held to."""

    name: str
    ours: str
    baseline: str = "–"
    peer: str = "–"
    bar: str = "–"
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "–", True: "met", False: "NOT met"}[self.met]


@dataclass(frozen=True)
class Outcome:
    """What a family measured."""

    family: str
    rows: list[Row]
    data: str
    seed: str = "–"
    packages: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def print_rows(rows: list[Row]) -> None:
    """One line per figure."""
    for row in rows:
        compared = f"baseline {row.baseline} | peer {row.peer} | bar {row.bar}"
        print(f"{row.name}: ours {row.ours} | {compared} | {row.verdict}")


def machine() -> str:
    """Processor, cores and memory as far as the system tells."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {pages:.0f} GiB, {platform.system()}"


def write_results(path: Path, outcome: Outcome) -> None:
    """Write the family's committed results."""
    packages = ", ".join(f"{name} {version(name)}" for name in outcome.packages)
    lines = [
        f"# {outcome.family}", "", f"- Run: {datetime.now(UTC):%Y-%m-%d}", f"- Machine: {machine()}",
        f"- Python {platform.python_version()}, {packages}", f"- Data: {outcome.data}", f"- Seed: {outcome.seed}", "",
        "| figure | ours | baseline | peer | bar | |", "|---|---|---|---|---|---|",
        *(f"| {r.name} | {r.ours} | {r.baseline} | {r.peer} | {r.bar} | {r.verdict} |" for r in outcome.rows),
    ]
    lines += ["", *(f"- {note}" for note in outcome.notes)] if outcome.notes else []
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
