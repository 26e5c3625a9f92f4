"""The rules of a list of products in words."""

from __future__ import annotations

from assistant.plans.list_rules import ListRules
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
    if rules.exclude_categories:
        said.append(f"nothing of category {' or '.join(rules.exclude_categories)}")
    if rules.exclude_words:
        said.append("nothing named " + " or ".join(f"'{w}'" for w in rules.exclude_words))
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
