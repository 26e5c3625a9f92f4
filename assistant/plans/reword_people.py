"""Requests about people as persons, and about what they will do, in words; ``words`` words filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.people import FairnessRequest, InterestRequest, PrivacyRequest, ReportRequest
from assistant.plans.propensity import WORDERS as PROPENSITY

_JUDGED = {"churn": "who counts as about to leave", "value": "who counts among the dearest tenth by expected value",
           "ordering": "who counts among the tenth most likely to order",
           "uplift": "who is in which group of the uplift model", "segments": "who is in which segment",
           "recommendations": "whose recommendations held what they then bought, and what they show",
           "table": "which rows are among the tenth most likely to have the outcome"}
_ABOUT = {"all": "what is kept from models, who objected, and the privacy budget",
          "sensitive": "which columns no model and no rule uses", "proxies": "which columns stand for a sensitive one",
          "objectors": "how many customers objected to direct marketing",
          "budget": "what is left of the privacy budget"}


def _interests(request: InterestRequest, words: Any) -> str:
    if request.customer_id is not None:
        if request.interest is not None:
            return f"whether customer {request.customer_id} is interested in {request.interest}"
        return f"interests of customer {request.customer_id}"
    whom = f" where {words(request.filter)}" if request.filter is not None else ""
    return f"customers interested in {request.interest}{whom}" if request.interest else f"interests of customers{whom}"


def _fairness(request: FairnessRequest, words: Any) -> str:
    what = _JUDGED.get(request.of) or f"customers where {words(request.filter)}"
    what += f" in the table {request.table}" if request.table else ""
    return f"whether groups of people are treated alike: {what}" + (f", by {request.by}" if request.by else "")


def _report(request: ReportRequest, words: Any) -> str:
    from assistant.plans.reword import reword  # it builds on the words of this module

    noise = ", with differential-privacy noise" if request.noise else ""
    return f"a file to share with {reword(request.plan)}{noise}"


def _privacy(request: PrivacyRequest, words: Any) -> str:
    return _ABOUT[request.about]


WORDERS: dict[type, Callable[[Any, Any], str]] = {
    InterestRequest: _interests,
    FairnessRequest: _fairness,
    ReportRequest: _report,
    PrivacyRequest: _privacy,
    **PROPENSITY,
}
