"""The project's files, each parsed once however many rules look at it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file of the project."""
    return ast.parse(path.read_text(encoding="utf-8"))
