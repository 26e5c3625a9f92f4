"""A result as plain text for a language model: figures, at most 20 rows, totals, provenance."""

from __future__ import annotations

from assistant.results.format import show
from assistant.results.result import Result, Table

MAX_ROWS = 20


def to_text(result: Result, max_rows: int = MAX_ROWS) -> str:
    """Short text of a result. Every number in it is a figure or a cell of the result."""
    if result.refusal is not None:
        refusal = result.refusal
        parts = [f"Refused ({refusal.reason}): {refusal.message}"]
        named = (("Missing", refusal.missing), ("Valid", refusal.valid), ("Can be asked", refusal.nearest))
        for label, values in named:
            if values:
                parts.append(f"{label}: {'; '.join(values)}")
        return "\n".join(parts)
    if result.question is not None:
        return "\n".join([f"Ask the person: {result.question.text}", *(f"- {o}" for o in result.question.options)])
    lines = [result.title]
    lines += [
        f"{figure.label}: {show(figure.value, figure.unit, result.currency)}" for figure in result.figures.values()
    ]
    lines += [f"{name}: {phrase}" for name, phrase in result.words.items()]
    for table in result.tables:
        lines.append(_table_text(table, result.currency, max_rows))
    evidence = result.evidence
    if evidence.as_of:
        lines.append(f"Data as of {evidence.as_of.isoformat()}, snapshot {evidence.snapshot}.")
    if evidence.model:
        lines.append(f"Model: {evidence.model.name}, version {evidence.model.version}.")
    lines += [f"Assumption: {assumption}" for assumption in evidence.assumptions]
    lines += [f"Caveat: {caveat.code}" for caveat in result.caveats]
    return "\n".join(lines)


def _table_text(table: Table, currency: str | None, max_rows: int) -> str:
    shown = table.rows[:max_rows]
    header = " | ".join(column.label for column in table.columns)
    rows = [
        " | ".join(show(value, column.unit, currency) for value, column in zip(row, table.columns, strict=True))
        for row in shown
    ]
    return "\n".join([f"{table.title} ({len(shown)} of {table.total_rows} rows)", header, *rows])
