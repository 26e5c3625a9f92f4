"""Open questions about the whole shop: what stands out, what is at risk, what to do first."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.periods import Period

Focus = Literal[
    "focus", "risk", "opportunity", "change", "unusual", "summary", "products", "stop", "promote", "customers", "money",
    "reorder",
]


class BriefingRequest(PlanModel):
    """Ranked findings about the shop, for an open question.

    ``focus``: focus (what to do first) · risk · opportunity · change (what changed) · unusual · summary (a report on
    how the shop is doing) · products (which do well, which need attention) · stop (what not to sell or push any more) ·
    promote (which products to push) · customers (whom to address) · money (where revenue comes from) · reorder (what to
    buy more of). ``about`` keeps only findings on products, customers, or one dimension (category, country, channel).
    ``period``: what is compared with the period before it; unset: the last four whole weeks.
    """

    kind: Literal["briefing"] = "briefing"
    focus: Focus = "focus"
    period: Period | None = None
    filter: Filter | None = Field(
        default=None, description="only these order lines; what is known of customers as a whole is left out"
    )
    about: str | None = Field(default=None, description="product, customer, category, country or channel")
    k: int = Field(default=5, ge=1, le=10, description="findings shown")
