"""The questions of the main job, typed as a new user would, for both shops.

Each has a second form that asks for something else: timed after the first, it finds the models fitted, but no answer
kept.
"""

from __future__ import annotations

#: (family, question, another of its kind); ``forecast`` and ``draft`` are reported as rows of their own
QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("question", "How much did we sell last month?", "How much did we sell in October?"),
    ("question", "Top 10 products by revenue in Germany", "Top 12 products by revenue in France"),
    ("question", "Which customers have not ordered for 90 days but spent over 500?",
     "Which customers have not ordered for 120 days but spent over 400?"),
    ("model", "Split our customers into segments and tell me what each looks like",
     "Split our customers into segments and tell me what each looks like"),
    ("model", "What should we recommend to customer {customer}, and why?",
     "What should we recommend to customer {other}, and why?"),
    ("model", "Something like the red mug but cheaper", "Something like the blue mug but cheaper"),
    ("forecast", "Forecast revenue for the next 8 weeks", "Forecast orders for the next 6 weeks"),
    ("model", "Who is about to leave?", "Who is about to leave?"),
    ("draft", "Draft a win-back campaign for them", "Draft a win-back campaign for them"),
    ("question", "Why did revenue change in November?", "Why did revenue change in October?"),
    ("question", "What is our return rate by category?", "What is our return rate by country?"),
    ("question", "Send it", "Send it now"),
    ("question", "How many people follow us on Instagram?", "How many visits did our website have?"),
)
