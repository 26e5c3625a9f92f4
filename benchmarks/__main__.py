"""``python -m benchmarks [FAMILY …]``: run families, print one line per figure, write ``<family>/results.md``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.report import print_rows, write_results

HERE = Path(__file__).parent


def families() -> list[str]:
    """Folders that hold a ``run.py``."""
    return sorted(p.parent.name for p in HERE.glob("*/run.py"))


def main(wanted: list[str]) -> int:
    known = families()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"Unknown family {unknown[0]!r}. Valid: {', '.join(known)}.", file=sys.stderr)
        return 2
    for name in wanted or known:
        print(f"== {name}")
        run = importlib.import_module(f"benchmarks.{name}.run")
        outcome = run.run()
        print_rows(outcome.rows)
        write_results(HERE / name / "results.md", outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
