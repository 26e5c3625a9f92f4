"""Conditions on contacts and campaign messages in words: "opened no message by email", "has a phone number on file"."""

from __future__ import annotations

from assistant.plans.filters import Compare, CustomerCondition

_CHANNELS = {"email": "by email", "sms": "by text message", "push": "by push message", "post": "by post"}
_DETAILS = {"email": "e-mail address", "sms": "phone number", "push": "push address", "post": "postal address"}
#: metric → said where it is nought, and where it is one or more
_STATES = {
    "consenting_customers": ("has not agreed to marketing", "agreed to marketing"),
    "mailable_customers": ("may not be contacted", "may be contacted"),
    "suppressed_customers": ("is not suppressed", "is suppressed"),
    "sent": ("was sent no message", "was sent a message"),
    "delivered": ("received no message", "received a message"),
    "opened": ("opened no message", "opened a message"),
    "clicked": ("clicked in no message", "clicked in a message"),
    "unsubscribed": ("did not unsubscribe", "unsubscribed"),
    "abandoned_carts": ("left no basket without an order", "left a basket without an order"),
    "carts": ("filled no basket", "filled a basket"),
    "answered": ("answered no campaign", "answered a campaign"),
}


def contact_phrase(condition: CustomerCondition) -> str | None:
    """What a customer did with messages, or is as a contact; None for anything else, which is worded elsewhere."""
    channel = _channel(condition)
    if channel is None:
        return None
    none, some = condition.op == "eq" and condition.values == (0,), condition.op == "ge" and condition.values == (1,)
    if not (none or some):
        return None
    if condition.metric == "contactable_customers":
        what = _DETAILS.get(channel, "contact details")
        if none:
            return f"has no {what} on file"
        article = "" if not channel else "an " if what[0] in "aeiou" else "a "
        return f"has {article}{what} on file"
    if condition.metric not in _STATES:
        return None
    said = _STATES[condition.metric][0 if none else 1]
    return f"{said} {_CHANNELS[channel]}" if channel else said


def _channel(condition: CustomerCondition) -> str | None:
    """The one channel meant, "" for any, None where the condition says more than a channel."""
    where = condition.where
    if where is None:
        return ""
    single = isinstance(where, Compare) and where.field == "message_channel" and where.op == "eq"
    value = str(where.values[0]) if single and len(where.values) == 1 else None
    return value if value in _CHANNELS else None
