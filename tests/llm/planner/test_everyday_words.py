"""Everyday words that would be taken for something else, put before any reading looks."""

from __future__ import annotations

import pytest

from assistant.llm.planner.early_words import early_words
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

SHOP = PlannerShop()


@pytest.mark.parametrize(("text", "plain"), [
    ("could you find out how many orders we got", "how many orders we got"),
    ("customers who haven't placed orders recently", "customers who are inactive"),
    ("month-over-month revenue growth for the past year", "growth of revenue by month for the past year"),
    ("find sales where amount is greater than 1000", "find orders above 1000"),
    ("average purchase value per customer", "revenue per customer"),
    ("distribution of order sizes", "distribution of order values"),
    ("what are the differences between our customer groups?", "customers by segment?"),
    ("introduce me to the dataset", "what data do you have"),
    ("recommend campaigns for each segment type", "what should we do with each segment"),
    ("low-stock items", "items running low in stock"),
    ("best selling brands and countries in 2011", "best selling 10 brands and best selling 10 countries in 2011"),
    ("daily revenue trend over the last 3 months", "daily revenue trend over the last 3 months"),
    ("sales by primary category", "sales by category"),
    ("customers who have not been active for a while", "customers who are inactive"),
    ("can you assist me in crafting a win-back email", "write a win-back email"),
    ("which categories drive the most revenue", "which categories bring the most revenue"),
    ("what drives revenue", "what drives revenue"),
    ("how many customers are in each segment", "number of customers by segment"),
    ("total value of our current inventory", "total stock value"),
    ("retrieve the top 5 brands", "show me the top 5 brands"),
    ("name the customers who bought tea", "show me the customers who bought tea"),
    ("revenue by kind of product", "revenue by category"),
    ("which product groups sold best", "which categories sold best"),
    ("how many candles did we shift in 2025", "how many candles did we sell in 2025"),
    ("what piece of revenue comes from Austria", "what share of revenue comes from Austria"),
    ("customers whose total spend exceeded 500 euros", "customers who spent more than 500 euros"),
    ("customers who cracked the 500 mark", "customers who spent more than 500"),
    ("revenue in the month just gone", "revenue last month"),
    ("which category is our biggest breadwinner", "which category has the highest revenue"),
    ("at what time do most orders roll in", "at what time do most orders come in"),
    ("is turnover inching up", "is turnover increasing"),
    ("are we doing better than this time last year", "revenue this year compared to the same period last year"),
    ("wot did custs spend in the last 3 mths", "what did customers spend in the last 3 months"),
    ("how much lower was February than January 2011", "revenue in February 2011 vs January 2011"),
    ("top 10 merch by revenue", "top 10 products by revenue"),
    ("which categories picked up this year", "which categories went up this year"),
])
def test_words_are_put(text: str, plain: str) -> None:
    assert early_words(text, "en") == plain


@pytest.mark.parametrize("text", [
    "send me the draft", "check the newsletter draft", "name the segment Big spenders", "how many orders did we ship",
    "revenue in Merch 10", "show individual orders of customer 17850", "what did we ship to France",
])
def test_what_means_something_else_stays(text: str) -> None:
    assert early_words(text, "en") == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (
            "which categories worsened this year compared to last year",
            "which categories went down this year compared to last year",
        ),
        ("what are people in Germany buying", "what do people in Germany buy"),
        ("dig out revenue by country in 2011", "revenue by country in 2011"),
        ("how many goodies did we sell in May 2011", "how many products did we sell in May 2011"),
    ],
)
def test_the_plan_is_the_same(text: str, same: str) -> None:
    assert plan_turn(text, None, SHOP).calls == plan_turn(same, None, SHOP).calls
