"""Products to promote, stop or clear as a result of kind ``promotion``: reasons as cells, the rule stated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from assistant.briefing import product_signals as bars
from assistant.briefing.assortment import SHORT_WEEKS
from assistant.briefing.discovery import FALSE_ALARMS
from assistant.briefing.movers import MIN_ORDERS
from assistant.briefing.product_signals import Signals
from assistant.briefing.scene import Scene
from assistant.models.recommend.fitted import FittedRecommender
from assistant.plans.promotions import PromotionRequest
from assistant.plans.reword import phrase, reword
from assistant.plans.reword_lists import only_rules
from assistant.query.periods import day_range
from assistant.query.spoken import speak, speak_period
from assistant.results import Caveat, Column, DefinitionUsed, Evidence, Figure, Refusal, Result, Source, Table
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.briefing.promotion import Ranked

#: column → label and unit; those that the data cannot fill are left out
_COLUMNS: dict[str, tuple[str, Unit]] = {
    "product_id": ("product id", "id"), "product": ("product", "text"), "category": ("category", "text"),
    "reasons": ("kinds of evidence", "count"), "why": ("evidence", "text"), "price": ("price", "currency"),
    "revenue": ("revenue in these weeks", "currency"), "change": ("change of revenue, where beyond noise", "currency"),
    "reach": ("customers whose list holds it", "count"), "reach_share": ("share of customers", "percent"),
    "buyers": ("customers who bought it", "count"),
    "owned_share": ("share of the customers it fits who own it", "percent"),
    "season_orders": ("orders a year ago in the coming four weeks", "count"),
    "season_before": ("orders a year ago in the four weeks before", "count"),
    "return_share": ("returns among orders and returns, where beyond others", "percent"),
    "margin": ("gross margin of the price", "percent"), "stock": ("in stock", "count"),
    "weeks": ("stock lasts", "weeks"), "stock_value": ("value of the stock", "currency"),
}
#: the order in words
_ORDER = {
    "promote": "Order: the number of kinds of evidence, then the customers whose list holds the product. A margin "
               "alone is no evidence.",
    "stop": "Order: the number of kinds of evidence, then the revenue of these weeks.",
    "clear": "Order: the value of the stock.",
}
#: evidence as words without numbers, for the table and the card
WHY = {
    "rising": "rising beyond noise", "season": "its season is coming", "reach": "fits many customers",
    "margin": "margin above the median", "short": "sold out or short of stock", "falling": "falling beyond noise",
    "out_of_season": "its season is over", "returned": "comes back more often than others",
    "loss": "priced below its cost", "low_margin": "low margin", "saturated": "nearly all it fits own it",
    "discontinued": "not on sale any more", "idle": "no sale for a long time",
    "much": "more stock than half a year sells",
}


def promotion_report(
    request: PromotionRequest, scene: Scene, fitted: FittedRecommender, signals: Signals, ranked: Ranked
) -> Result:
    """Tables ``products`` and ``left_out``; ``details["reasons"]`` holds the codes of each product's evidence."""
    snapshot = scene.scope.snapshot
    products = _products(fitted, signals, ranked)
    left = Table(
        id="left_out", title="Left out, by the first rule that applies", columns=[
            Column(name="rule", label="Rule"), Column(name="products", label="Products", unit="count")],
        rows=[*([w, n] for w, n in ranked.left_out), ["left to choose from", ranked.candidates]],
        total_rows=len(ranked.left_out) + 1,
    )
    result = Result(
        kind="promotion", title=reword(request)[:1].upper() + reword(request)[1:], currency=snapshot.currency,
        tables=[products, left], details={"reasons": ranked.reasons},
        words={"action": request.action, "unchecked": _unchecked(fitted, signals)},
        caveats=[Caveat(code="catalogue_now")] if fitted.catalogue.has_stock else [],
        evidence=_evidence(request, scene, fitted, signals),
    )
    speak(result, "rules", phrase(only_rules(request)))
    speak_period(result, "period", scene.windows.current if scene.windows else None, "the data")
    result.figures["candidates"] = left.figure(ranked.left_out.__len__(), "products", "Products with such evidence")
    result.figures["customers"] = _given(signals.customers, "count", "Customers whose lists were looked at")
    if pd.notna(signals.median_margin):
        result.figures["median_margin"] = _given(round(signals.median_margin, 1), "percent", "Median margin")
    result.figures["idle_days"] = _given(bars.IDLE_DAYS, "days", "Days without a sale")
    if not products.rows:
        said = "; ".join(words for words, _ in ranked.left_out)
        result.refusal = Refusal(reason="no_rows", message=f"No product is left; every product is left out: {said}")
    names = [str(row[1]) for row in products.rows[:2]]
    asked = [f"Who would buy {names[0]}?", f"What goes well with {names[0]}?"] if names else []
    other = "What should I stop promoting?" if request.action == "promote" else "What should I promote this week?"
    result.followups = [*asked, other]
    return result


def _given(value: float, unit: Unit, label: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="evidence"))


def _products(fitted: FittedRecommender, signals: Signals, ranked: Ranked) -> Table:
    frame = ranked.frame
    shown = [c for c in _COLUMNS if not (
        (c in {"margin"} and not fitted.catalogue.has_cost)
        or (c in {"stock", "weeks", "stock_value"} and not fitted.catalogue.has_stock)
        or (c == "category" and not fitted.catalogue.has_category)
        or (c.startswith("season") and not signals.has_season) or (c == "change" and not signals.has_trend))]
    rows: list[list[Any]] = []
    for facts, codes in zip(frame.to_dict("records"), ranked.reasons, strict=True):
        facts |= {"product": facts["name"], "reasons": len(codes), "why": "; ".join(WHY[c] for c in codes),
                  "reach_share": 100 * facts["reach"] / signals.customers if signals.customers else None}
        rows.append([_cell(facts[c], _COLUMNS[c][1]) for c in shown])
    columns = [Column(name=c, label=_COLUMNS[c][0], unit=_COLUMNS[c][1]) for c in shown]
    return Table(id="products", title="Products", columns=columns, rows=rows, total_rows=ranked.candidates)


def _cell(value: Any, unit: Unit) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if unit in {"text", "id"}:
        return str(value)
    return int(value) if unit == "count" else round(float(value), 2)


def _unchecked(fitted: FittedRecommender, signals: Signals) -> str:
    """What could not be looked at, and which column it needs."""
    catalogue = fitted.catalogue
    missing = [
        *([] if catalogue.has_cost else ["margins (products.cost)"]),
        *([] if catalogue.has_stock else ["stock (products.stock)"]),
        *([] if signals.has_season else ["the season (orders of more than a year)"]),
        *([] if signals.has_trend else ["trends (orders of two weeks or more)"]),
    ]
    return "" if not missing else ", ".join(missing[:-1]) + (" and " if len(missing) > 1 else "") + missing[-1]


def _evidence(
    request: PromotionRequest, scene: Scene, fitted: FittedRecommender, signals: Signals
) -> Evidence:
    snapshot = scene.scope.snapshot
    assumptions = [_ORDER[request.action]]
    if request.action == "promote":
        assumptions.append("What speaks against promoting a product leaves it out.")
    if scene.windows is not None:
        days = day_range(scene.windows.current.covered_start, scene.windows.current.covered_end)
        assumptions.append(f"Trend: {days} against as many days before.")
    if not fitted.catalogue.has_discontinued:
        assumptions.append("The data hold no end of sale; a product not sold for a long time counts as gone.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=scene.windows.base.covered_start if scene.windows else snapshot.manifest.first_day,
        window_end=scene.windows.current.covered_end if scene.windows else snapshot.as_of,
        rows_scanned=snapshot.manifest.tables["order_lines"].rows, model=fitted.info(fitted.family()),
        definitions=_definitions(signals), assumptions=assumptions, computed_at=datetime.now(UTC),
    )


def _definitions(signals: Signals) -> list[DefinitionUsed]:
    found = {
        "rising or falling beyond noise": (
            f"share of orders, orders and revenue all moved, for products with {MIN_ORDERS} orders or more; at most "
            f"{FALSE_ALARMS:.0%} of those listed are false alarms (Benjamini and Hochberg)"),
        "season": (
            f"a year ago its orders in the coming {bars.SEASON_DAYS} days moved against the days before them, and so "
            "did its share of all orders, tested in the same way; one year cannot tell a season from a chance course"),
        "fits many customers": (
            f"on the lists of {bars.REACH_K} of {signals.reach_bar} customers or more, as {bars.TOP_REACH:.0%} of the "
            "products on sale are"),
        "own it already": (
            f"of the customers for whom it is among the first {bars.REACH_K} whether owned or not; nearly all: "
            f"{bars.SATURATED:.0%} or more of {bars.MIN_FITTING} or more, for products rarely bought again"),
        "short of stock": f"none in stock, or less than {SHORT_WEEKS} weeks at the rate of these weeks",
        "too much in stock": (
            f"stock for more than {bars.MUCH_WEEKS} weeks, or no sale in {bars.IDLE_DAYS} days; its value at cost, "
            "else at list price"),
    }
    if pd.notna(signals.median_margin):
        found["margin"] = (
            f"price less cost in percent of the price; median of the products on sale {signals.median_margin:.1f} %; "
            f"low: under {bars.LOW_MARGIN:.0%} of that")
    return [DefinitionUsed(term=term, meaning=meaning) for term, meaning in found.items()]
