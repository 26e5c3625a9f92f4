"""The rules of a list of products in words."""

from __future__ import annotations

from assistant.plans.list_rules import ListRules
from assistant.plans.promotions import BundleRequest, PromotionRequest, SubstituteRequest
from assistant.plans.reword_filters import filter_words
from assistant.plans.reword_periods import during
from assistant.plans.reword_periods import said as number_said

#: What a list of products is for, by the purpose of its request.
AIMS = {"new": "to recommend to", "next": "most likely in the next order of",
        "reorder": "most likely ordered again by"}


def _number(value: float) -> str:
    return number_said(f"{value:,.0f}" if float(value).is_integer() else f"{value:,}")


def only_rules(request: ListRules) -> ListRules:
    """The rules of a request without the rest of it."""
    return ListRules(**{name: getattr(request, name) for name in ListRules.model_fields})


def rule_words(rules: ListRules) -> list[str]:
    """One phrase per rule that is set, in the order they are checked."""
    said: list[str] = []
    if rules.category:
        said.append(f"category {rules.category}")
    if rules.brand:
        said.append(f"brand {rules.brand}")
    if rules.exclude_categories:
        said.append(f"nothing of category {' or '.join(rules.exclude_categories)}")
    if rules.exclude_words:
        said.append("nothing named " + " or ".join(f"'{w}'" for w in rules.exclude_words))
    if rules.exclude_products:
        said.append("without " + " and ".join(rules.exclude_products))
    if rules.min_price is not None:
        said.append(f"at least {_number(rules.min_price)} each")
    if rules.max_price is not None:
        said.append(f"at most {_number(rules.max_price)} each")
    if rules.min_margin is not None:
        said.append(f"gross margin of at least {_number(rules.min_margin)} % of the price")
    if rules.max_per_category is not None:
        said.append(f"at most {_number(rules.max_per_category)} per category")
    if rules.one_per_variant:
        said.append("one per product where it comes in several colours or sizes")
    if rules.diversity:
        said.append(f"more varied (weight of difference {_number(rules.diversity)})")
    if not rules.in_stock_only:
        said.append("also out of stock")
    return said


_ACTIONS = {"promote": "to promote", "stop": "to stop promoting", "clear": "to clear from stock",
            "rising": "whose orders rise against their own past", "falling": "whose orders fall against their own past"}


def promotion_words(request: PromotionRequest) -> str:
    """As in "5 products to promote, at most 20 each"."""
    noun = "product" if request.k == 1 else "products"
    when = f" {during(request.period)}" if request.period is not None else ""
    where = f" where {filter_words(request.filter)}" if request.filter is not None else ""
    return ", ".join([f"{_number(request.k)} {noun} {_ACTIONS[request.action]}{when}{where}", *rule_words(request)])


def bundle_words(request: BundleRequest) -> str:
    """As in "5 bundles of 3 products with product P1, at most 50 together"."""
    size = f"{_number(request.size)} products" if request.size else f"{_number(2)} to {_number(4)} products"
    parts = [f"{_number(request.k)} {'bundle' if request.k == 1 else 'bundles'} of {size}"
             + (f" with product {request.product_id}" if request.product_id else "")]
    if request.max_total is not None:
        parts.append(f"at most {_number(request.max_total)} together")
    return ", ".join([*parts, *rule_words(request)])


def substitute_words(request: SubstituteRequest) -> str:
    """As in "5 products to offer instead of product P1, cheaper"."""
    parts = [f"{_number(request.k)} {'product' if request.k == 1 else 'products'} to offer instead of product "
             f"{request.product_id}"]
    if request.relative_price:
        parts.append(request.relative_price)
    return ", ".join([*parts, *rule_words(request)])
