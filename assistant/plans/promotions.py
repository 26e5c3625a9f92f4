"""Lists of products for a purpose: to promote or stop promoting, to sell as a bundle, to offer instead of another."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.filters import Filter
from assistant.plans.list_rules import ListRules
from assistant.plans.periods import Period

#: Actions that ask how orders move, not what to do.
TRENDS = ("rising", "falling")


class PromotionRequest(ListRules):
    """Products ranked by how many kinds of evidence speak for an action.

    ``action``: promote (push, feature, put in the newsletter) · stop (stop promoting, drop from the newsletter) · clear
    (sell off what lies in stock) · rising (what is trending) · falling (what loses popularity). Only the last two take
    ``period`` (unset: the last four whole weeks) and ``filter``.
    """

    kind: Literal["promotion"] = "promotion"
    action: Literal["promote", "stop", "clear", "rising", "falling"] = "promote"
    k: int = Field(default=5, ge=1, le=100)
    period: Period | None = None
    filter: Filter | None = None

    @model_validator(mode="after")
    def _of_trends(self) -> PromotionRequest:
        if self.action not in TRENDS and (self.period is not None or self.filter is not None):
            raise ValueError("'period' and 'filter' go with the actions rising and falling")
        return self


class BundleRequest(ListRules):
    """Products bought together, proposed as a bundle of ``size`` products (unset: two to four).

    ``max_total`` limits the price of the whole bundle; ``max_price`` that of each product in it.
    """

    kind: Literal["bundles"] = "bundles"
    product_id: str | None = Field(default=None, description="only bundles that hold this product")
    size: int | None = Field(default=None, ge=2, le=4)
    max_total: float | None = Field(default=None, gt=0, description="price of all its products together")
    k: int = Field(default=5, ge=1, le=50)

    @model_validator(mode="after")
    def _no_variety(self) -> BundleRequest:
        if self.diversity:
            raise ValueError("bundles take no weight of variety; caps per category and variant hold within each")
        return self


class SubstituteRequest(ListRules):
    """Products that can be offered instead of one: alike, bought by the same people, rarely in the same order."""

    kind: Literal["substitutes"] = "substitutes"
    product_id: str
    relative_price: Literal["cheaper", "dearer"] | None = None
    k: int = Field(default=5, ge=1, le=100)
