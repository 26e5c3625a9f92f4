"""Goods that somebody looks for, for an occasion or a person, are searched for."""

from __future__ import annotations

import pytest

from assistant.llm.planner.wanted_goods import wanted_goods


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("Looking for something for a kids birthday party", {"text": "kids birthday party"}),
        ("I'm looking for something for a child's birthday", {"text": "child's birthday"}),
        ("gift ideas for grandparents", {"text": "gift grandparents"}),
        ("what do we have for kids?", {"text": "kids"}),
        (
            "a customer is looking for something for a garden party under 20",
            {"text": "garden party", "max_price": 20.0},
        ),
        ("search products for a kids party", {"text": "kids party"}),
    ],
)
def test_what_is_wanted_is_searched_for(text: str, args: dict[str, object]) -> None:
    planned = wanted_goods(text, "en")
    assert planned is not None
    assert [(c.name, c.args) for c in planned.calls] == [("search_products", args)]


@pytest.mark.parametrize("text", [
    "products for customers with children", "revenue for kids toys", "how many products for kids do we sell",
    "find customers for a birthday campaign", "subject lines for a birthday mail", "recommend something for children",
    "something for the garden", "a gift for our best customers' birthday", "do you have sales for May",
])  # fmt: skip
def test_questions_about_customers_and_sales_look_for_no_goods(text: str) -> None:
    assert wanted_goods(text, "en") is None
