"""Findings on what moved: groups of sales, and products."""

from __future__ import annotations

from assistant.briefing.discovery import FALSE_ALARMS
from assistant.briefing.finding import Finding, table_of
from assistant.briefing.movers import MIN_ORDERS, Moved, Mover, moved
from assistant.briefing.scene import Scene
from assistant.query.dimensions import dimension

#: whose moves are looked at, as far as the data have them
MOVED = ("product", "category", "country", "channel")


def moves(scene: Scene, by: str) -> list[Finding]:
    """Products, categories, countries or channels that rose, and those that fell, beyond noise."""
    if scene.windows is None or not scene.has(by):
        return []
    both = moved(scene.scope, by, scene.condition, scene.windows)
    sides = (("good", both.up), ("bad", both.down))
    return [_finding(scene, by, tone, movers, both) for tone, movers in sides if movers]


def _finding(scene: Scene, by: str, tone: str, movers: tuple[Mover, ...], both: Moved) -> Finding:
    assert scene.windows is not None
    label = dimension(by).label
    names = scene.names([m.key for m in movers]) if by == "product" else {m.key: m.key for m in movers}
    way = "risen" if tone == "good" else "fallen"
    code = f"{by}_{way}"
    columns = [
        (by, label, "text"),
        ("change", "change of revenue", "currency"),
        ("revenue", "revenue", "currency"),
        ("revenue_before", "revenue before", "currency"),
        ("orders", "orders", "count"),
        ("orders_before", "orders before", "count"),
        ("again", "moved alike a year earlier", "text"),
    ]
    rows = [
        [names[m.key], m.change, m.revenue, m.revenue_before, m.orders, m.orders_before, _again(m)] for m in movers
    ]
    total = sum(m.change for m in movers)
    return Finding(
        code=code,
        tone="good" if tone == "good" else "bad",
        table=table_of(code, f"{dimension(by).plural.capitalize()} that have {way} beyond noise", columns, rows),
        size=total,
        sized_by="change of revenue",
        pace=abs(scene.windows.per_four_weeks(total)),
        question=_question(scene, by, names[movers[0].key]),
        method=(
            f"{label}: {both.tested} with {MIN_ORDERS} orders or more in both stretches were tested for a changed "
            f"share of all orders, against binomial noise widened to how much such shares varied before; kept so "
            f"that at most {FALSE_ALARMS:.0%} of those listed are false alarms (Benjamini and Hochberg)"
        ),
        chance=min(m.chance for m in movers),
        words={"one": "yes" if len(movers) == 1 else "", "label": label, "plural": dimension(by).plural},
        sql=both.sql,
    )


def _again(mover: Mover) -> str:
    return "not known" if mover.again is None else "yes" if mover.again else "no"


def _question(scene: Scene, by: str, name: str) -> str:
    if by == "product":
        return f'Revenue of "{name}" by month'
    if by in {"category", "country"}:
        return f"Why did revenue change in {name} last month?"
    return f"Revenue by {dimension(by).label} by month"
