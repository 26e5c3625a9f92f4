"""The questions of the main job, typed as a new user would, for both shops."""

from __future__ import annotations

#: (family, question); ``forecast`` and ``draft`` are reported as rows of their own
QUESTIONS: tuple[tuple[str, str], ...] = (
    ("question", "How much did we sell last month?"),
    ("question", "Top 10 products by revenue in Germany"),
    ("question", "Which customers have not ordered for 90 days but spent over 500?"),
    ("model", "Split our customers into segments and tell me what each looks like"),
    ("model", "What should we recommend to customer {customer}, and why?"),
    ("model", "Something like the red mug but cheaper"),
    ("forecast", "Forecast revenue for the next 8 weeks"),
    ("model", "Who is about to leave?"),
    ("draft", "Draft a win-back campaign for them"),
    ("question", "Why did revenue change in November?"),
    ("question", "What is our return rate by category?"),
    ("question", "Send it"),
    ("question", "How many people follow us on Instagram?"),
)
