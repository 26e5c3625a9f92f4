"""Rules that turn scores into a list of products, shared by every request for such a list."""

from __future__ import annotations

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel


class ListRules(PlanModel):
    """What may stand in a list of products.

    ``min_margin``: gross margin in percent of the price. ``one_per_variant``: one colour or size of a product.
    ``diversity``: weight of difference against relevance (maximal marginal relevance), 0 for relevance alone.
    """

    category: str | None = None
    brand: str | None = None
    exclude_categories: tuple[str, ...] = Field(default=(), max_length=20)
    exclude_words: tuple[str, ...] = Field(
        default=(), max_length=20, description="no product whose name holds one of these words"
    )
    exclude_products: tuple[str, ...] = Field(default=(), max_length=40, description="product_ids left out by hand")
    min_price: float | None = Field(default=None, gt=0)
    max_price: float | None = Field(default=None, gt=0)
    min_margin: float | None = Field(default=None, gt=0, lt=100, description="gross margin in percent of the price")
    max_per_category: int | None = Field(default=None, ge=1, le=100)
    one_per_variant: bool = False
    diversity: float = Field(default=0.0, ge=0, le=0.9)
    in_stock_only: bool = True

    @model_validator(mode="after")
    def _bounds_in_order(self) -> ListRules:
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError(f"no price lies between {self.min_price:g} and {self.max_price:g}")
        return self
