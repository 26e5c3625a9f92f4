"""One finding: what was found, how large it is in money, what it rests on, and the question that continues it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from assistant.results import Caveat, Column, Table
from assistant.results.result import Scalar, Unit

#: good: something to use · bad: something to see to · plain: worth knowing
Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        code: names the sentence of the reply (``prompts/replies/<language>/briefing.j2``) and the table.
        tone: whether it is good or bad news.
        table: the rows it consists of, largest first.
        size: what it is about in money, as printed; None where an amount would not be honest.
        sized_by: what that amount is, in words.
        pace: the amount per four weeks, by which findings are ordered; never printed.
        chance: smallest probability of such a thing without a cause; None where nothing was tested.
        question: the next step, a question to this program.
        method: how it was found, in words.
        sql: the query it rests on.
        more: further tables that its sentence prints from.
    """

    code: str
    tone: Tone
    table: Table
    size: float | None
    sized_by: str
    pace: float
    question: str
    method: str
    chance: float | None = None
    words: dict[str, str] = field(default_factory=dict)
    caveats: tuple[Caveat, ...] = ()
    sql: str = ""
    more: tuple[Table, ...] = ()


def table_of(
    code: str, title: str, columns: Sequence[tuple[str, str, Unit]], rows: Sequence[Sequence[Scalar]]
) -> Table:
    """A table from short column descriptions (name, label, unit)."""
    return Table(
        id=code,
        title=title,
        columns=[Column(name=n, label=label, unit=unit) for n, label, unit in columns],
        rows=[list(r) for r in rows],
        total_rows=len(rows),
    )
