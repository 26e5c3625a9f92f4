"""How much of the revenue hangs on few customers, products, categories or countries."""

from __future__ import annotations

from assistant.briefing.finding import Finding, table_of
from assistant.briefing.scene import Scene
from assistant.query.dimensions import dimension

#: share of the revenue that the fewest are counted for
HALF = 0.5
#: share of one customer from which the shop is called dependent on it
DEPENDENT = 0.05
#: parts shown of a split
SHOWN = 5


def concentrated(scene: Scene) -> list[Finding]:
    """The fewest customers and products that make half of the revenue; customers the revenue depends on."""
    found: list[Finding | None] = []
    if scene.has("customer"):
        found += [_half(scene, "customer"), _one_customer(scene)]
    if scene.has("product"):
        found.append(_half(scene, "product"))
    return [f for f in found if f is not None]


def splits(scene: Scene) -> list[Finding]:
    """The largest categories, countries and channels."""
    found = [_split(scene, by) for by in ("category", "country", "channel") if scene.has(by)]
    return [f for f in found if f is not None]


def _ranked(scene: Scene, by: str) -> list[tuple[str, float]]:
    rows = scene.rows(("revenue",), (by,), scene.year)
    named = [(str(r.get(f"{by}_label") or r[by]), float(r["revenue"])) for r in rows if (r["revenue"] or 0) > 0]
    return sorted(named, key=lambda pair: (-pair[1], pair[0]))


def _half(scene: Scene, by: str) -> Finding | None:
    ranked = _ranked(scene, by)
    total = sum(v for _, v in ranked)
    if len(ranked) < 2:
        return None
    running, n = 0.0, 0
    while running < HALF * total:
        running += ranked[n][1]
        n += 1
    code = f"half_of_revenue_{by}"
    columns = [(by, dimension(by).label, "id" if by == "customer" else "text"), ("revenue", "revenue", "currency"),
               ("share", "share of revenue", "percent"), ("fewest", "as many make half", "count"),
               ("of", f"{dimension(by).plural} with a sale", "count"), ("part", "share of them", "percent")]
    table = table_of(code, f"The {dimension(by).plural} that make half of the revenue", columns, [
        [k, v, 100 * v / total, n, len(ranked), 100 * n / len(ranked)] for k, v in ranked[: min(n, 20)]])
    table.total_rows = n
    return Finding(
        code=code, tone="plain", table=table, size=running, sized_by="revenue in a year", pace=_pace(scene, running),
        question="Who are our top 20 customers by revenue?" if by == "customer" else "Top 10 products by revenue",
        method=f"fewest {dimension(by).plural} whose revenue makes half of the whole, {scene.year_words}"
               + ("; guests are left out" if by == "customer" else ""),
        words={"days": scene.year_words}, sql=scene.sql(("revenue",), (by,), scene.year),
    )


def _one_customer(scene: Scene) -> Finding | None:
    """A single customer with a large part of the whole revenue, guests included."""
    ranked = _ranked(scene, "customer")
    total = float(scene.rows(("revenue",), (), scene.year)[0]["revenue"] or 0)
    large = [(k, v) for k, v in ranked if total and v >= DEPENDENT * total]
    if not large:
        return None
    columns = [("customer", "customer", "id"), ("revenue", "revenue", "currency"),
               ("share", "share of all revenue", "percent")]
    size = sum(v for _, v in large)
    return Finding(
        code="large_customer", tone="bad",
        table=table_of("large_customer", "Customers the revenue depends on", columns, [
            [k, v, 100 * v / total] for k, v in large]),
        size=size, sized_by="revenue in a year", pace=_pace(scene, size) * size / total,
        question=f"Tell me about customer {large[0][0]}",
        method=f"customers with {DEPENDENT:.0%} of all revenue or more, {scene.year_words}; weighed by that share",
        words={"days": scene.year_words, "one": "yes" if len(large) == 1 else ""},
        sql=scene.sql(("revenue",), ("customer",), scene.year),
    )


def _split(scene: Scene, by: str) -> Finding | None:
    ranked = _ranked(scene, by)
    total = sum(v for _, v in ranked)
    if len(ranked) < 2:
        return None
    columns = [(by, dimension(by).label, "text"), ("revenue", "revenue", "currency"),
               ("share", "share of revenue", "percent")]
    code = f"revenue_by_{by}"
    table = table_of(code, f"Revenue by {dimension(by).label}", columns, [
        [k, v, 100 * v / total] for k, v in ranked[:SHOWN]])
    table.total_rows = len(ranked)
    return Finding(
        code=code, tone="plain", table=table, size=ranked[0][1], sized_by="revenue in a year",
        pace=_pace(scene, ranked[0][1]), question=f"Revenue by {dimension(by).label} by month",
        method=f"revenue by {dimension(by).label}, {scene.year_words}", words={"days": scene.year_words},
        sql=scene.sql(("revenue",), (by,), scene.year),
    )


def _pace(scene: Scene, amount: float) -> float:
    start, end = scene.year
    return amount * 28 / ((end - start).days + 1)
