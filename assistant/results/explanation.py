"""How an answer was got, as a result of its own: plan in words, what was read, definitions, the figure again."""

from __future__ import annotations

import math
from typing import Literal

from assistant.results.result import Figure, Result, Source


def explanation(made: Result, about: Literal["method", "check"], before: float | None = None) -> Result:
    """Explain a result that was just computed.

    Args:
        made: the result.
        about: how it was got, or whether it is right.
        before: the figure that was shown the first time, in the unit of the result's first figure.

    Returns:
        a result of kind ``explanation`` with the tables and evidence of ``made``.
    """
    evidence = made.evidence
    figures: dict[str, Figure] = {}
    first = _first(made)
    if first is not None:
        figures["value"] = first
        if before is not None and not _same(first.value, before):
            figures["before"] = first.model_copy(update={
                "value": before, "label": f"{first.label} as shown before",
                "source": Source(origin="plan", derivation="the figure of the earlier answer")})
    if evidence.rows_scanned is not None:
        figures["rows"] = Figure(value=evidence.rows_scanned, unit="count", label="Rows read",
                                 source=Source(origin="evidence"))
    for name, day in (("first_day", evidence.window_start), ("last_day", evidence.window_end)):
        if day is not None:
            figures[name] = Figure(value=day.isoformat(), unit="date", label=name.replace("_", " "),
                                   source=Source(origin="evidence"))
    figures |= _rehearsed(made)
    same = first is not None and before is not None and "before" not in figures
    words = {
        "plan": evidence.plan_words or made.title, "about": about, "label": first.label if first else "",
        "same": "yes" if same else "", "definitions": "; ".join(f"{d.term}: {d.meaning}" for d in evidence.definitions),
        "model": evidence.model.name if evidence.model else "", "source": evidence.source,
    }
    return made.model_copy(update={
        "kind": "explanation", "title": "How this was computed", "figures": figures,
        "headline": ["value"] if "value" in figures else [], "words": words, "spoken": {}, "followups": [],
    })


def _rehearsed(made: Result) -> dict[str, Figure]:
    """How far off the method that was used had been in its rehearsals, where the result holds them."""
    table = next((t for t in made.tables if t.id == "backtest"), None)
    names = [c.name for c in table.columns] if table is not None else []
    if table is None or not {"used", "wape"} <= set(names):
        return {}
    row = next((i for i in range(len(table.rows)) if table.cell(i, "used") is True), None)
    wanted = [] if row is None else [n for n in ("wape", "coverage") if n in names and table.cell(row, n) is not None]
    return {f"rehearsed_{name}": table.figure(row, name) for name in wanted}  # type: ignore[arg-type]


def _first(made: Result) -> Figure | None:
    """The number that the answer shows first."""
    for name in (*made.headline, *made.figures):
        figure = made.figures.get(name)
        if figure is not None and isinstance(figure.value, int | float) and not isinstance(figure.value, bool):
            return figure
    return None


def _same(value: object, before: float) -> bool:
    return isinstance(value, int | float) and math.isclose(float(value), before, rel_tol=1e-9, abs_tol=1e-9)
