"""What is trending and what loses popularity: products against their own past, beyond noise.

The test is that of the briefing (:mod:`~assistant.briefing.movers`): orders that hold the product, in the stretch and
in the one before, against all other orders of the shop, with noise measured on earlier stretches and at most one false
alarm in ten. A product sold in no stretch before is new and has no past to rise from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistant.briefing.discovery import FALSE_ALARMS
from assistant.briefing.movers import MIN_ORDERS, Moved, Mover, moved
from assistant.briefing.scene import Scene
from assistant.briefing.windows import Windows
from assistant.errors import NoRows
from assistant.models.recommend.catalogue import RULES, Catalogue, ProductFilters
from assistant.plans.promotions import PromotionRequest
from assistant.plans.reword import phrase, reword
from assistant.plans.reword_lists import only_rules
from assistant.query.periods import day_range
from assistant.query.spoken import speak, speak_period
from assistant.results import Chart, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table

#: Shown where nothing passes the test, so that one sees how far from it the nearest are.
_NEAREST = 3


@dataclass(frozen=True)
class _Course:
    """Products that moved the way asked for: beyond noise, then those that did not pass; new ones apart."""

    sure: list[Mover]
    unsure: list[Mover]
    new: list[Mover]
    tested: int


def trends_result(request: PromotionRequest, scene: Scene, catalogue: Catalogue) -> Result:
    """Products whose orders rise or fall against their own past (kind ``product_trends``).

    Tables: ``products`` (beyond noise), ``nearest`` (moved too, but not beyond noise; only where nothing passed),
    ``new`` (first sold in the stretch) and ``left_out`` (passed, but left out by a rule).

    Raises:
        NoRows: the data are too short for two stretches. UnknownName, MissingData: of a rule or filter.
    """
    if scene.windows is None:
        raise NoRows("A trend needs two stretches of at least a week each, and the data hold less than two weeks")
    rising = request.action == "rising"
    found = moved(scene.scope, "product", scene.condition, scene.windows)
    course = _course(found, rising)
    filters = replace(ProductFilters.of(request), in_stock_only=request.in_stock_only and rising, also_unbought=True,
                      also_gone=True)
    rules = dict(zip(catalogue.frame["product_id"].tolist(), catalogue.rules(filters).tolist(), strict=True))
    shown = [m for m in course.sure if rules.get(m.key) is None]
    out = [m for m in course.sure if rules.get(m.key) is not None]
    nearest = [] if shown else [m for m in course.unsure if rules.get(m.key) is None][:_NEAREST]
    new = [m for m in course.new if rules.get(m.key) is None]
    tables = [
        _table("products", "Rising beyond noise" if rising else "Falling beyond noise", shown, request.k, catalogue),
        _table("nearest", "Not beyond noise", nearest, _NEAREST, catalogue),
        _table("new", "First sold in these days", new, request.k, catalogue),
        _left_out(out, rules, catalogue),
    ]
    result = Result(
        kind="product_trends", title=reword(request)[:1].upper() + reword(request)[1:],
        currency=scene.scope.snapshot.currency, tables=[t for t in tables if t.rows],
        words={"action": request.action}, evidence=_evidence(request, scene, found, catalogue),
        charts=[Chart(kind="bar", table="products", x="product", y=["orders", "orders_before"],
                      title="Orders in these days and in as many before")] if shown else [],
    )
    _say(result, request, scene.windows, course, shown)
    return result


def _course(found: Moved, rising: bool) -> _Course:
    every = found.up if rising else found.down
    unsure = [m for m in found.unsure if (m.orders > m.orders_before) == rising]
    new = [m for m in (*every, *unsure) if m.new and rising]
    return _Course([m for m in every if m not in new], [m for m in unsure if m not in new], new, found.tested)


def _say(result: Result, request: PromotionRequest, windows: Windows, course: _Course, shown: list[Mover]) -> None:
    """Figures, words and follow-ups."""
    speak(result, "rules", phrase(only_rules(request)))
    result.words["whom"] = ""
    if request.filter is not None:
        speak(result, "whom", phrase(request.filter))
    speak_period(result, "period", windows.current)
    speak_period(result, "before", windows.base)
    derived = Source(origin="evidence")
    result.figures["tested"] = Figure(value=course.tested, unit="count", label="Products with enough orders to judge",
                                      source=derived)
    result.figures["found"] = Figure(value=len(shown), unit="count", label="Products beyond noise", source=derived)
    result.figures["min_orders"] = Figure(value=MIN_ORDERS, unit="count", label="Orders needed in both stretches",
                                          source=derived)
    result.figures["false_alarms"] = Figure(value=100 * FALSE_ALARMS, unit="percent", label="False alarms allowed",
                                            source=derived)
    first = next((str(t.rows[0][1]) for t in result.tables if t.id in {"products", "new"}), None)
    asked = [f"Who would buy {first}?"] if first and request.action == "rising" else []
    other = "What is losing popularity?" if request.action == "rising" else "What is trending?"
    result.followups = [*asked, other, "What should I promote this week?"]


def _table(name: str, title: str, movers: list[Mover], k: int, catalogue: Catalogue) -> Table:
    """The first ``k`` of these products with what was counted."""
    columns = [
        Column(name="product_id", label="product id", unit="id"), Column(name="product", label="product"),
        Column(name="category", label="category"),
        Column(name="orders", label="orders", unit="count"),
        Column(name="orders_before", label="orders before", unit="count"),
        Column(name="change", label="change of orders", unit="percent"),
        Column(name="revenue", label="revenue", unit="currency"),
        Column(name="revenue_before", label="revenue before", unit="currency"),
        Column(name="chance", label="chance of such a move without a trend", unit="percent"),
        Column(name="year_ago", label="same move a year ago"),
    ]
    names = catalogue.frame.set_index("product_id")[["name", "category"]]
    rows = []
    for m in movers[:k]:
        facts = names.loc[m.key] if m.key in names.index else None
        rows.append([
            m.key, m.key if facts is None else str(facts["name"]),
            str(facts["category"]) if facts is not None and isinstance(facts["category"], str) else None,
            m.orders, m.orders_before,
            round(100 * (m.orders / m.orders_before - 1), 1) if m.orders_before else None,
            round(m.revenue, 2), round(m.revenue_before, 2), round(100 * m.chance, 4),
            {True: "yes", False: "no", None: None}[m.again],
        ])
    if not catalogue.has_category:
        place = 2
        rows = [row[:place] + row[place + 1 :] for row in rows]
        del columns[place]
    return Table(id=name, title=title, columns=columns, rows=rows, total_rows=len(movers))


def _left_out(out: list[Mover], rules: dict[str, str | None], catalogue: Catalogue) -> Table:
    """Products beyond noise that a rule leaves out, by name."""
    names = dict(zip(catalogue.frame["product_id"], catalogue.frame["name"], strict=True))
    rows = [[str(names.get(m.key, m.key)), RULES[str(rules[m.key])]] for m in out]
    return Table(id="left_out", title="Left out by a rule", rows=rows, total_rows=len(rows),
                 columns=[Column(name="product", label="product"), Column(name="rule", label="rule")])


def _evidence(request: PromotionRequest, scene: Scene, found: Moved, catalogue: Catalogue) -> Evidence:
    snapshot, windows = scene.scope.snapshot, scene.windows
    assert windows is not None
    days, before = (day_range(w.covered_start, w.covered_end) for w in (windows.current, windows.base))
    assumptions = [
        f"Compared are {days} and {before}; the noise is measured on {len(windows.history)} earlier stretches.",
        "Order: the larger change of revenue first.",
    ]
    if request.period is None:
        assumptions.append("No time was named, so these are the last whole weeks.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), sql=found.sql,
        snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
        as_of=snapshot.as_of, window_start=windows.base.covered_start, window_end=windows.current.covered_end,
        rows_scanned=snapshot.manifest.tables["order_lines"].rows, assumptions=assumptions,
        computed_at=datetime.now(UTC), definitions=[DefinitionUsed(
            term="trending" if request.action == "rising" else "losing popularity",
            meaning=f"share of orders, orders and revenue of the product all moved, by more than products of the shop "
                    f"usually move from one stretch to the next; judged with {MIN_ORDERS} orders or more in both "
                    f"stretches; at most {FALSE_ALARMS:.0%} of those listed are false alarms (Benjamini and Hochberg)",
        )],
    )
