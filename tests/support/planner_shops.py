"""Two small shops for the planner: one with everything, one with products, countries and customers only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from rapidfuzz import fuzz, process

from assistant.plans.shop import Match, ShopStatus, Term
from assistant.results import DefinitionUsed

_METRICS = (
    ("revenue", "revenue"),
    ("net_revenue", "net revenue"),
    ("orders", "orders"),
    ("units", "units sold"),
    ("customers", "customers"),
    ("new_customers", "new customers"),
    ("returning_customers", "returning customers"),
    ("reactivated_customers", "reactivated customers"),
    ("lost_customers", "lost customers"),
    ("average_order_value", "average order value"),
    ("basket_size", "basket size"),
    ("orders_per_customer", "orders per customer"),
    ("revenue_per_customer", "revenue per customer"),
    ("return_rate", "return rate"),
    ("units_returned", "units returned"),
    ("returned_value", "returned value"),
    ("discount_rate", "discount rate"),
    ("gross_margin", "gross margin"),
    ("margin_rate", "margin rate"),
    ("repeat_rate", "repeat rate"),
    ("retention_rate", "retention rate"),
    ("days_since_last_order", "days since last order"),
    ("days_between_orders", "days between orders"),
    ("products_sold", "products sold"),
    ("average_price", "average price"),
)
_DIMENSIONS = (
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "weekday",
    "hour",
    "month_of_year",
    "season_of_year",
    "product",
    "category",
    "subcategory",
    "brand",
    "price_band",
    "country",
    "city",
    "channel",
    "acquisition_channel",
    "customer",
    "order",
    "cohort",
    "new_vs_returning",
    "first_product",
    "segment",
)
_VALUES = {
    "country": ["United Kingdom", "Germany", "France", "EIRE", "Netherlands", "Spain"],
    "category": ["Kitchen", "Homeware", "Garden", "Toys", "Stationery", "Beauty"],
    "brand": ["Acorn", "Birch", "Cedar", "Calvin Klein"],
    "channel": ["web", "app", "store"],
    "city": ["Berlin", "Paris", "London"],
    "acquisition_channel": ["search", "social", "email", "referral"],
    "product": [
        "Red Mug",
        "Blue Mug",
        "Linen Cushion",
        "Garden Lantern",
        "Tea Towel",
        "Paper Napkins",
        "Ceramic Teapot",
        "Wooden Train",
    ],
    "segment": [],
}
_PRODUCT_IDS = {name: f"P{i + 1}" for i, name in enumerate(_VALUES["product"])}


def _recency(op: str, *values: int) -> dict[str, Any]:
    return {"op_type": "customer", "metric": "days_since_last_order", "op": op, "values": list(values)}


_DEFINITIONS = {
    "lapsed": (
        "no order for 90 days or more",
        {"op_type": "customer", "metric": "days_since_last_order", "op": "ge", "values": [90]},
    ),
    "active": (
        "an order in the last 90 days",
        {"op_type": "customer", "metric": "orders", "op": "ge", "values": [1], "period": {"kind": "rolling", "unit":
        "day", "count": 90}},
    ),
    "new customers": (
        "first order within the last 90 days",
        {"op_type": "customer", "metric": "new_customers", "op": "ge", "values": [1],
         "period": {"kind": "rolling", "unit": "day", "count": 90}},
    ),
    "recent": ("an order in the last 30 days", _recency("le", 30)),
    "at risk": ("last order 60 to 180 days ago", _recency("between", 60, 180)),
    "loyal": ("five orders or more", {"op_type": "customer", "metric": "orders", "op": "ge", "values": [5]}),
    "high-value": (
        "top 20 % by revenue",
        {"op_type": "customer", "metric": "revenue", "rank": "top_percent", "values": [20]},
    ),
}


class PlannerShop:
    """A shop that knows its words and nothing else.

    Args:
        full: with categories, brands, channels and costs; otherwise like Online Retail II.
    """

    def __init__(self, full: bool = True) -> None:
        self.full = full
        self.missing = (
            set() if full else {"category", "subcategory", "brand", "channel", "city", "acquisition_channel", "segment"}
        )

    def status(self) -> ShopStatus:
        return ShopStatus(
            name="full" if self.full else "plain",
            source="test",
            currency="GBP",
            synthetic=True,
            snapshot="s",
            fingerprint=f"planner-{self.full}",
            first_day=date(2009, 12, 1),
            last_day=date(2011, 12, 9),
            as_of=date(2011, 12, 9),
            rows={},
            filled={},
        )

    def metrics(self) -> Sequence[Term]:
        return [
            Term(n, label, (label,), available=self.full or n not in {"gross_margin", "margin_rate", "discount_rate"},
                 adds_up=n in {"revenue", "orders", "units", "gross_margin"})
            for n, label in _METRICS
        ]

    def dimensions(self) -> Sequence[Term]:
        return [
            Term(
                n,
                n.replace("_", " "),
                (),
                available=n not in self.missing,
                missing=(f"products.{n}",) if n in self.missing else (),
            )
            for n in _DIMENSIONS
        ]

    def values(self, dimension: str) -> Sequence[str]:
        return [] if dimension in self.missing else _VALUES.get(dimension, [])

    def labels(self, dimension: str) -> Sequence[str]:
        return self.values(dimension)

    def find(self, text: str, kinds: Sequence[str] = (), k: int = 5) -> Sequence[Match]:
        found = []
        for kind, values in _VALUES.items():
            if (kinds and kind not in kinds) or kind in self.missing:
                continue
            for value, score, _ in process.extract(
                text.lower(), {v: v.lower() for v in values}, scorer=fuzz.WRatio, limit=k
            ):
                name = next(v for v in values if v.lower() == value)
                found.append(Match(kind, _PRODUCT_IDS.get(name, name), name, float(score)))
        return sorted(found, key=lambda m: -m.score)[:k]

    def definitions(self) -> Sequence[DefinitionUsed]:
        return [DefinitionUsed(term=t, meaning=m) for t, (m, _) in _DEFINITIONS.items()]

    def segment_names(self) -> Sequence[str]:
        return ()

    def definition_filter(self, term: str) -> dict[str, Any] | None:
        found = _DEFINITIONS.get(term)
        return found[1] if found else None
