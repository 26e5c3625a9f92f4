"""How long the texts of a draft are, against the longest that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from assistant.results import Column, Table

_WORD = re.compile(r"\S*\w\S*")


def length_of(body: str, unit: Literal["characters", "words"]) -> int:
    """Characters of a text, or its words (runs without white space that hold a letter or digit)."""
    return len(body) if unit == "characters" else len(_WORD.findall(body))


def lengths_table(
    previews: Sequence[Mapping[str, Any]], limit: int, unit: Literal["characters", "words"]
) -> Table:
    """One row per channel: its longest text among the previews, the limit, and whether it is kept."""
    longest: dict[str, int] = {}
    for message in previews:
        channel = str(message["channel"])
        longest[channel] = max(longest.get(channel, 0), length_of(str(message["body"]), unit))
    rows: list[list[Any]] = [[c, n, limit, "yes" if n <= limit else "no"] for c, n in longest.items()]
    columns = [Column(name="channel", label="Channel"), Column(name="longest", label=f"Longest, {unit}", unit="count"),
               Column(name="limit", label="Asked for at most", unit="count"), Column(name="kept", label="Kept")]
    return Table(id="lengths", title="Length of the texts", columns=columns, rows=rows, total_rows=len(rows))
