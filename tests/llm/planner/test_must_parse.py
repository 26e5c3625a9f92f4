"""The questions that must be understood on both shops, typed as a new user would."""

import pytest

from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop
from tests.support.shorthand import shorthand

SHOPS = {"full": PlannerShop(), "plain": PlannerShop(full=False)}
SPENT = "Which customers have not ordered for 90 days but spent over 500?"
MUST = {
    "How much did we sell last month?": "query revenue in month-1",
    "Top 10 products by revenue in Germany": "query revenue by product where country=Germany top 10 revenue",
    SPENT: "list and(cust(days_since_last_order ge 90), cust(revenue gt 500))",
    "Split our customers into segments and tell me what each looks like": "segments",
    "What should we recommend to customer 17850, and why?": "recommend customer=17850",
    "Something like the red mug but cheaper": "search like red mug cheaper",
    "Forecast revenue for the next 8 weeks": "forecast revenue 8 week",
    "Who is about to leave?": "churn",
    "Why did revenue change in November?": "change revenue in nov",
    "What is our return rate by category?": "query return_rate by category",
    "Send it": "decline not_permitted",
    "Win back lapsed customers with 10 % off homeware": "campaign win_back to lapsed offer 10% Homeware",
    "What is our Instagram follower growth?": "decline missing_data",
    "website visits": "decline missing_data",
}
TERMS = {"cust(days_since_last_order ge 90)": "lapsed"}


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize(("text", "expected"), MUST.items())
def test_must_parse(text: str, expected: str, shop: str) -> None:
    planned = plan_turn(text, None, SHOPS[shop])

    got = "; ".join(shorthand(c, TERMS) for c in planned.calls)
    assert got.lower() == expected.lower()
