"""A plan that cannot answer a question of that form is no answer to it."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.question_sense import beside_the_question

IN_EITHER = {"op_type": "compare", "field": "country", "op": "in", "values": ["France", "Germany"]}
EITHER_GOODS = {"op_type": "compare", "field": "category", "op": "in", "values": ["Kitchen", "Garden"]}
NOT_GOODS = {"op_type": "not", "part": {"op_type": "compare", "field": "category", "values": ["Kitchen"]}}
TWICE = {"op_type": "customer", "metric": "orders", "op": "ge", "values": [2]}


def beside(text: str, tool: str, args: dict[str, Any]) -> str | None:
    return beside_the_question(text, [ToolCall(tool, args)], "en")


@pytest.mark.parametrize(
    ("text", "tool", "args"),
    [
        (
            "which goods come back in the greatest numbers",
            "query_data",
            {"metrics": ["revenue"], "dimensions": ["product"]},
        ),
        ("which customers sent mugs back", "query_data", {"metrics": ["sent"], "dimensions": ["customer"]}),
        ("what do customers think of our goods", "query_data", {"metrics": ["customers"]}),
        ("what are people spending their money on", "query_data", {"metrics": ["revenue"]}),
        ("which things have the most buyers", "query_data", {"metrics": ["revenue"], "dimensions": ["customer"]}),
        ("who are the Kitchen folks", "query_data", {"metrics": ["customers"]}),
        ("people who own Kitchen as well as Garden", "query_data", {"metrics": ["customers"], "filter": EITHER_GOODS}),
        ("people without any Kitchen so far", "query_data", {"metrics": ["customers"], "filter": NOT_GOODS}),
        ("do mugs sell better in France or in Germany", "query_data", {"metrics": ["revenue"], "filter": IN_EITHER}),
        ("who is about to order", "query_data", {"metrics": ["orders"], "dimensions": ["customer"]}),
        ("how many people bought mugs again", "query_data", {"metrics": ["customers"]}),
        ("which products do customers reorder", "plan_stock", {}),
        ("how have mugs developed", "search_products", {"text": "mugs"}),
        ("least popular mugs", "search_products", {"text": "mugs"}),
        ("do mugs come back a lot", "draft_campaign", {}),
        (
            "products with sales in every month",
            "query_data",
            {"metrics": ["revenue"], "dimensions": ["month", "product"]},
        ),
        (
            "how many customers have bought from every category",
            "query_data",
            {"metrics": ["customers"], "dimensions": ["category"]},
        ),
        (
            "what did people buy most after Christmas",
            "query_data",
            {"metrics": ["customers"], "dimensions": ["product"], "filter": TWICE},
        ),
        ("how many pieces go into an order of a Swiss buyer", "query_data", {"metrics": ["units"]}),
        ("what fraction of customers makes the Swiss sales", "query_data", {"metrics": ["revenue"]}),
        (
            "Germany vs France by orders",
            "query_data",
            {"metrics": ["revenue"], "dimensions": ["order", "country"], "filter": IN_EITHER},
        ),
        ("how much depends on Christmas: are we reliant on Christmas", "brief_shop", {"focus": "money"}),
        ("how many orders contained only Kitchen", "query_data", {"metrics": ["orders"]}),
        ("which customers ordered every month", "query_data", {"metrics": ["customers"], "dimensions": ["month"]}),
        ("what share of orders had a discount", "query_data", {"metrics": ["orders"], "dimensions": ["order"]}),
        ("revenue per order line in May", "query_data", {"metrics": ["average_order_value"]}),
        ("sales on a regular Tuesday", "query_data", {"metrics": ["revenue"]}),
        ("which categories are bought together", "query_data", {"metrics": ["orders"], "dimensions": ["category"]}),
        ("which products are bought as gifts", "query_data", {"metrics": ["revenue"], "dimensions": ["product"]}),
        ("did we raise our prices this year", "query_data", {"metrics": ["average_price"]}),
        (
            "products above £50 by revenue",
            "query_data",
            {
                "metrics": ["revenue"],
                "dimensions": ["product"],
                "having": [{"metric": "revenue", "op": "gt", "values": [50]}],
            },
        ),
    ],
)
def test_another_question_is_not_answered(text: str, tool: str, args: dict[str, Any]) -> None:
    assert beside(text, tool, args)


@pytest.mark.parametrize(
    ("text", "tool", "args"),
    [
        ("which goods come back most", "query_data", {"metrics": ["units_returned"], "dimensions": ["product"]}),
        ("how many customers came back", "query_data", {"metrics": ["customers"], "filter": TWICE}),
        ("what do customers spend", "query_data", {"metrics": ["revenue_per_customer"]}),
        (
            "what share of customers came from France",
            "query_data",
            {"metrics": ["customers"], "compare": {"kind": "total"}},
        ),
        ("who bought most", "query_data", {"metrics": ["revenue"], "dimensions": ["customer"]}),
        ("revenue in France or Germany", "query_data", {"metrics": ["revenue"], "filter": IN_EITHER}),
        (
            "which is better, France or Germany",
            "query_data",
            {"metrics": ["revenue"], "dimensions": ["country"], "filter": IN_EITHER},
        ),
        ("how about mugs", "search_products", {"text": "mugs"}),
        (
            "what share of products had no sales",
            "query_data",
            {
                "metrics": ["revenue"],
                "dimensions": ["product"],
                "having": [{"metric": "revenue", "op": "eq", "values": [0]}],
            },
        ),
        ("how many customers only bought once", "query_data", {"metrics": ["customers"]}),
        ("how many units per order", "query_data", {"metrics": ["items_per_order"]}),
        ("how big a share of customers is French", "query_data", {"metrics": ["customers"]}),
        (
            "products with more than £50 in revenue",
            "query_data",
            {
                "metrics": ["revenue"],
                "dimensions": ["product"],
                "having": [{"metric": "revenue", "op": "gt", "values": [50]}],
            },
        ),
    ],
)
def test_an_answer_is_one(text: str, tool: str, args: dict[str, Any]) -> None:
    assert beside(text, tool, args) is None
