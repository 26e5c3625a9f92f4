"""Links of a message: the shop's own address with UTM parameters, so that visits can be told apart."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_MEDIUM = {"email": "email", "sms": "sms", "push": "push", "post": "print", "social": "social"}


def tagged(url: str, campaign_id: str, channel: str) -> str:
    """The address with ``utm_source``, ``utm_medium`` and ``utm_campaign``; what it already has stays."""
    parts = urlsplit(url)
    tags = {"utm_source": "shop", "utm_medium": _MEDIUM.get(channel, channel), "utm_campaign": campaign_id}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in tags]
    return urlunsplit(parts._replace(query=urlencode([*kept, *tags.items()])))
