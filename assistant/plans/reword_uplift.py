"""Requests about what contacting customers changes, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.filters import InGroup
from assistant.plans.reword_base import join_words
from assistant.plans.uplift import ReadOutRequest, UpliftRequest

CHANNEL_WORDS = {"email": "e-mail", "sms": "SMS", "push": "push notification", "post": "letter"}
SPLIT_WORDS = {
    "segment": "customer segment", "recency": "time since the last order", "orders": "number of earlier orders",
    "promoted": "whether they had bought of the promoted category", "acquisition_channel": "acquisition channel",
    "country": "country", "campaign": "campaign", "campaign_kind": "kind of campaign",
    "message_channel": "channel of the message",
}
MEASURE_WORDS = {"orders": "the share of customers who ordered", "revenue": "revenue per customer",
                 "margin": "margin per customer"}
_ABOUT = {
    "moved": "the {k} customers most moved by {what}",
    "leave_alone": "the {k} customers whom {what} should leave alone first, and what that saves",
    "sure_buyers": "the {k} customers likeliest to order without {what}",
    "sleeping_dogs": "the {k} customers most driven away by {what}",
    "quality": "how well customers moved by {what} are told from others",
}


_GROUPS = {
    "moved": "the customer is worth contacting", "leave_alone": "the customer is better left alone",
    "sure_buyers": "the customer orders anyway", "sleeping_dogs": "the customer is driven away by a contact",
}


def contact_group(condition: InGroup) -> str:
    """Customers by what a contact changes, as a condition."""
    said = [w for w in ((condition.campaign_kind or "").replace("_", "-"),
                        CHANNEL_WORDS.get(condition.channel or "", "")) if w]
    return _GROUPS[str(condition.name)] + (f" ({' '.join(said)})" if said else "")


def _message(channel: str | None, kind: str | None) -> str:
    words = [w for w in ((kind or "").replace("_", "-"), CHANNEL_WORDS.get(channel or "", "message")) if w]
    return f"{'an' if words[0][0] in 'aeiou' or words[0] == 'SMS' else 'a'} {' '.join(words)}"


def _uplift(request: UpliftRequest, words: Any) -> str:
    what = _message(request.channel, request.campaign_kind)
    if request.customer_id:
        return f"what {what} changes for customer {request.customer_id}"
    among = f", among customers where {words(request.filter)}" if request.filter is not None else ""
    return _ABOUT[request.about].format(k=request.k, what=what) + among


def _read_out(request: ReadOutRequest, words: Any) -> str:
    if request.campaign:
        scope = f"the campaign {request.campaign}"
    else:
        said = [w for w in ((request.campaign_kind or "").replace("_", "-"),
                            CHANNEL_WORDS.get(request.channel or "", "")) if w]
        scope = f"all past {' '.join([*said, 'campaigns'])}"
        if request.latest:
            scope = f"the last {' '.join([*said, 'campaign'])}"
    if request.among:
        scope = f"the campaigns {join_words(list(request.among))}"
    if request.discounted:
        scope += " with a discount"
    if request.earned:
        return f"what {scope} earned after costs, against customers held out, the {request.earned} first"
    split = f", by {SPLIT_WORDS[request.by]}" if request.by else ""
    return f"how {scope} changed {MEASURE_WORDS[request.measure]}, against customers held out{split}"


WORDERS: dict[type[Any], Callable[[Any, Any], str]] = {UpliftRequest: _uplift, ReadOutRequest: _read_out}
