"""Which findings answer which open question, and in which order. The findings are the same; what is asked differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.briefing.finding import Finding
from assistant.plans.briefing import Focus

_MOVED = ("product", "category", "country", "channel")
_RISEN, _FALLEN = tuple(f"{by}_risen" for by in _MOVED), tuple(f"{by}_fallen" for by in _MOVED)
_TROUBLE = (*_FALLEN, "customers_leaving", "sold_out", "running_out", "often_returned", "sold_at_a_loss")
#: the findings each question may show
OFFERED: dict[Focus, tuple[str, ...]] = {
    "focus": (*_TROUBLE, *_RISEN, "one_order_so_far"),
    "risk": (*_TROUBLE, "large_customer", "sales_without_customer", "rows_left_out"),
    "opportunity": (*_RISEN, "campaign_effect", "one_order_so_far", "sold_out", "best_customers"),
    "change": (*_RISEN, *_FALLEN),
    "unusual": ("odd_days", *_RISEN, *_FALLEN),
    "summary": (*_FALLEN, *_RISEN, "customers_leaving", "best_sellers", "sold_out", "often_returned"),
    "products": ("best_sellers", "product_risen", "product_fallen", "sold_out", "running_out", "often_returned",
                 "sold_at_a_loss"),
    "stop": ("product_fallen", "sold_at_a_loss", "often_returned", "idle_stock"),
    "promote": ("product_risen", "category_risen", "best_sellers"),
    "customers": ("customers_leaving", "best_customers", "one_order_so_far", "campaign_effect"),
    "money": ("half_of_revenue_product", "half_of_revenue_customer", "revenue_by_category", "revenue_by_country",
              "large_customer"),
    "reorder": ("sold_out", "running_out"),
}
#: questions that open with the main measures, changed or not
WITH_MEASURES: frozenset[Focus] = frozenset({"change", "summary"})
#: questions whose order is the one of OFFERED, not of size
AS_LISTED: frozenset[Focus] = frozenset({"products", "promote", "money", "customers", "opportunity"})


_CUSTOMERS = ("customers_leaving", "best_customers", "one_order_so_far", "half_of_revenue_customer", "large_customer",
              "campaign_effect")
_PRODUCTS = ("best_sellers", "sold_out", "running_out", "often_returned", "sold_at_a_loss", "idle_stock",
             "half_of_revenue_product")
#: questions that speak of the measures where one of them changed: what its tone must be (empty: any)
_MEASURED: dict[Focus, frozenset[str]] = {
    "focus": frozenset(), "unusual": frozenset(), "risk": frozenset({"bad"}), "opportunity": frozenset({"good"})
}


def offered(focus: Focus, about: str | None = None) -> tuple[str, ...]:
    """Codes of the findings that may answer, in the order they are offered."""
    codes = OFFERED[focus]
    if about is None:
        return (*(["measures"] if focus in WITH_MEASURES or focus in _MEASURED else []), *codes)
    named = {"customer": _CUSTOMERS, "product": _PRODUCTS}.get(about, ())
    own = (f"{about}_fallen", f"{about}_risen", f"revenue_by_{about}")
    kept = tuple(c for c in codes if c in {*named, *own})
    return kept if about in {"product", "customer"} else tuple(dict.fromkeys((*kept, *own)))


def chosen(findings: Sequence[Finding], focus: Focus, k: int, about: str | None = None) -> list[Finding]:
    """The findings that answer, most important first, at most ``k`` (and the main measures where they belong).

    Ordered by money per four weeks; for what is unusual by how unlikely it is; for lists of products, customers and
    shares in the order they are offered. The main measures count as a finding elsewhere when one of them changed.
    """
    by_code = {f.code: f for f in findings}
    found = [by_code[c] for c in offered(focus, about) if c in by_code and c != "measures"]
    measures = by_code.get("measures") if about is None else None
    if focus not in AS_LISTED:
        found = sorted(found, key=_order(focus))
    if measures is not None and focus in WITH_MEASURES:
        return [measures, *found[:k]]
    if measures is not None and _belongs(measures, focus):
        found = sorted([measures, *found], key=_order(focus)) if focus not in AS_LISTED else [measures, *found]
    return found[:k]


def _belongs(measures: Finding, focus: Focus) -> bool:
    """Whether changed measures answer: as trouble or luck where that is asked for."""
    wanted = _MEASURED.get(focus)
    return bool(measures.words["changed"]) and wanted is not None and (not wanted or measures.tone in wanted)


def _order(focus: Focus) -> Callable[[Finding], tuple[float, float, str]]:
    if focus == "unusual":
        return lambda f: (1.0 if f.chance is None else f.chance, -f.pace, f.code)
    return lambda f: (-f.pace, 0.0, f.code)
