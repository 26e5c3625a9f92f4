"""Requests for a briefing and for a break-even in plain words."""

from __future__ import annotations

from assistant.plans.break_even import BreakEvenRequest
from assistant.plans.briefing import BriefingRequest
from assistant.plans.reword import label, reword, reword_filter

_FOCUS = {
    "focus": "what to see to first",
    "risk": "what is at risk",
    "opportunity": "where there is something to win",
    "change": "what changed",
    "unusual": "what is unusual",
    "summary": "how the shop is doing",
    "products": "products that do well and products that need attention",
    "stop": "products to stop selling or promoting",
    "promote": "products to promote",
    "customers": "customers to address",
    "money": "where the revenue comes from",
    "reorder": "products to buy more of",
}


def reword_briefing(request: BriefingRequest) -> str:
    """What is wanted, of what, when and where."""
    words = _FOCUS[request.focus]
    of = f", {label(request.about)}" if request.about and request.about not in words else ""
    when = f", {reword(request.period)}" if request.period is not None else ""
    where = f", where {reword_filter(request.filter)}" if request.filter is not None else ""
    return f"{words}{of}{when}{where}"


def reword_break_even(request: BreakEvenRequest) -> str:
    """By how much prices would change, and whose."""
    way = "higher" if request.change_percent > 0 else "lower"
    where = f", where {reword_filter(request.filter)}" if request.filter is not None else ""
    return f"break-even of prices {abs(request.change_percent):g} % {way}{where}"
