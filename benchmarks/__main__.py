"""``python -m benchmarks [FAMILY …]``: run families, print one line per figure, write ``results.md`` beside each.

A family is a folder with a ``run.py``. Inside a larger one it is named with a dot (``recommend.top_n``); the larger
one's name runs all of its parts.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.report import print_rows, write_results

HERE = Path(__file__).parent


def families() -> list[str]:
    """Dotted names of the folders that hold a ``run.py``."""
    return sorted(".".join(p.parent.relative_to(HERE).parts) for p in HERE.glob("**/run.py"))


def chosen(wanted: list[str], known: list[str]) -> list[str]:
    """The families meant, each once; all of them where none is named.

    Raises:
        ValueError: a name that is neither a family nor the beginning of one.
    """
    if not wanted:
        return known
    found: dict[str, None] = {}
    for name in wanted:
        parts = [k for k in known if k == name or k.startswith(f"{name}.")]
        if not parts:
            raise ValueError(f"Unknown family {name!r}. Valid: {', '.join(known)}.")
        found |= dict.fromkeys(parts)
    return list(found)


def main(wanted: list[str]) -> int:
    try:
        names = chosen(wanted, families())
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for name in names:
        print(f"== {name}")
        outcome = importlib.import_module(f"benchmarks.{name}.run").run()
        print_rows(outcome.rows)
        write_results(HERE.joinpath(*name.split(".")) / "results.md", outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
