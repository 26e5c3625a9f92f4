"""Questions a marketer would ask next; candidates only, whoever shows them checks that they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.query.dimensions import dimension
from assistant.query.metrics import metric
from assistant.query.rows import Answer, time_dimension

if TYPE_CHECKING:
    from assistant.query.compile import Scope


def _has_dimension(scope: Scope, name: str) -> bool:
    from assistant.query.facts import LINES, missing

    return not missing(scope.snapshot, LINES, dimension(name).columns)


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def followups_for(scope: Scope, found: Answer) -> list[str]:
    """Up to five questions that continue from this answer."""
    plan = found.plan
    name = plan.metrics[0]
    words = metric(name).label
    when = found.period.label.partition(" (")[0]
    during = "" if found.period.shape == "all" else f" in {when}"
    asks: list[str] = []
    if not plan.dimensions:
        if plan.compare is None and found.period.shape != "all":
            asks.append(f"How does {words}{during} compare with a year earlier?")
        by = next((d for d in ("category", "country", "product") if _has_dimension(scope, d)), None)
        if by and metric(name).unit != "date":
            asks.append(_upper_first(f"{words} by {dimension(by).label}{during}"))
        asks.append(_upper_first(f"{words} by month"))
    elif time_dimension(plan):
        if name in {"revenue", "orders", "units", "customers"}:
            asks.append(f"Forecast {words} for the next 8 weeks")
        asks.append(f"Top 10 products by revenue{during}")
    elif plan.dimensions[0] == "customer":
        asks += [
            "Draft a win-back campaign for customers who have not ordered for 90 days",
            "Who is about to leave?",
            "Split our customers into segments",
        ]
    elif plan.dimensions[0] == "product":
        asks += [f"Top 10 products by units sold{during}", "Which products are returned most?"]
    else:
        asks.append(_upper_first(f"{words} by month"))
    if name == "revenue" and found.period.shape in {"month", "quarter", "year"} and plan.filter is None:
        asks.append(f"Why did revenue change in {when}?")
    if name == "revenue" and "return_rate" not in plan.metrics and not plan.dimensions:
        asks.append(f"What is our return rate{during}?")
    return list(dict.fromkeys(asks))[:5]
