"""The finding on the shop's main measures, and the one on revenue as a whole where it moved beyond noise."""

from __future__ import annotations

from assistant.briefing.finding import Finding, table_of
from assistant.briefing.measures import Measure, measures
from assistant.briefing.scene import Scene
from assistant.query.metrics import metric
from assistant.query.periods import preposition
from assistant.query.variation import LEVEL
from assistant.results import Table
from assistant.results.result import Scalar, Unit

#: verdicts of a change that may be called one
CHANGED = "beyond"
_VERDICTS = {
    "beyond": "more than usual",
    "edge": "as much as one of so many measures may change by chance",
    "within": "within usual variation",
    "unknown": "too little history to say",
}


def overall(scene: Scene) -> list[Finding]:
    """One finding on all measures; the values in a table of one row per stretch."""
    if scene.windows is None:
        return []
    found = measures(scene.scope, scene.condition, scene.windows)
    changed = [m for m in found if m.verdict == CHANGED]
    revenue = next((m for m in found if m.name == "revenue"), None)
    size = None
    if revenue is not None and revenue.verdict == CHANGED and None not in (revenue.current, revenue.base):
        size = float(revenue.current) - float(revenue.base)  # type: ignore[arg-type]
    good = [m.good for m in changed if m.good is not None]
    tested = [m for m in found if m.chance is not None]
    return [Finding(
        code="measures", tone="bad" if False in good else "good" if good else "plain", table=_table(found),
        size=size, sized_by="change of revenue" if size is not None else "",
        pace=abs(scene.windows.per_four_weeks(size)) if size else 0.0,
        question=_question(scene, changed[0] if changed else None),
        method=(
            f"{len(tested)} measures, each judged by the changes between earlier stretches like these "
            f"({LEVEL} % interval), and kept so that at most one in ten of those called more than usual is a false "
            "alarm (Benjamini and Hochberg)"
        ),
        chance=min((m.chance for m in changed if m.chance is not None), default=None),
        words={"changed": "yes" if changed else "", "tested": "yes" if tested else ""},
        more=(_values(found, scene.windows.current.label, scene.windows.base.label),),
    )]


def _question(scene: Scene, changed: Measure | None) -> str:
    """Why the first changed measure changed; over the same days where the person named them."""
    name = changed.label if changed else "revenue"
    assert scene.windows is not None
    label = scene.windows.current.label
    when = f"{preposition(label)}{label}" if scene.windows.chosen else "last month"
    return f"Why did {name} change {when}?"


def _table(found: list[Measure]) -> Table:
    columns: list[tuple[str, str, Unit]] = [("measure", "measure", "text"), ("verdict", "judged", "text"),
                                            ("key", "name", "text"), ("code", "verdict", "text")]
    cells: list[list[Scalar]] = [[m.label, _VERDICTS[m.verdict], m.name, m.verdict] for m in found]
    columns += [("change_pct", "change in percent", "percent"), ("change_points", "change in points", "points"),
                ("usual_low", "usual from, percent", "percent"), ("usual_high", "to, percent", "percent"),
                ("low_points", "usual from, points", "points"), ("high_points", "to, points", "points"),
                ("steps", "earlier changes looked at", "count")]
    for row, m in zip(cells, found, strict=True):
        rate = metric(m.name).unit in {"percent", "points"}
        change, low = (m.change, m.usual.low if m.usual else None)
        high = m.usual.high if m.usual else None
        row += [None, change, None, None, low, high] if rate else [change, None, low, high, None, None]
        row.append(m.usual.steps if m.usual else None)
    return table_of("measures", "Main measures and how usual their change is", columns, cells)


def _values(found: list[Measure], now: str, before: str) -> Table:
    """Values of all measures, one row per stretch."""
    columns: list[tuple[str, str, Unit]] = [("period", "period", "text")]
    columns += [(m.name, m.label, metric(m.name).unit) for m in found]
    rows = [[now, *(m.current for m in found)], [before, *(m.base for m in found)]]
    return table_of("values", "Main measures", columns, rows)
