"""Requests about offers, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.offers import ExploreRequest, OfferCandidate, OfferRequest
from assistant.plans.reword_uplift import CHANNEL_WORDS


def _number(value: float | None) -> str:
    return f"{value or 0:g}"


def _money(value: float | None, currency: str | None) -> str:
    return f"{currency} {_number(value)}" if currency else _number(value)


def offer_words(offer: OfferCandidate, currency: str | None = None) -> str:
    """An offer as a person would say it; amounts with the shop's ``currency`` where it is given."""
    on = f" {offer.category}" if offer.category else ""
    match offer.kind:
        case "percent_off":
            return f"{_number(offer.value)} % off{on}"
        case "amount_off":
            return f"{_money(offer.value, currency)} off{on}"
        case "bundle":
            return f"a bundle at {_number(offer.value)} % off{on}"
        case "free_delivery":
            return "free delivery"
        case "gift":
            return "a gift" if offer.cost is None else f"a gift that costs {_money(offer.cost, currency)}"
        case "early_access":
            return "early access"
        case "none":
            return "a message without an offer"


def _offers(request: OfferRequest, words: Any) -> str:
    named = " or ".join(offer_words(o) for o in request.offers)
    by = f" by {CHANNEL_WORDS[request.channel]}" if request.channel else ""
    who = f" where {words(request.filter)}" if request.filter is not None else ""
    for_whom = f", with customers{who}" if who else ""
    match request.about:
        case "choose":
            text = f"the offer{f' among {named}' if named else ''}{by} that each customer{who} should get, if any"
            text += ", and who should get none" if request.left_alone else ""
        case "compare":
            text = f"{named or 'the offers tested so far'}{by} compared{for_whom}"
        case "break_even":
            text = f"the lift that {named or 'an offer'}{by} needs to pay for itself{for_whom}"
        case "evaluate":
            text = "what choosing offers by expected gain would have brought in past campaigns"
    limits = []
    if request.budget is not None:
        limits.append(f"a budget of {request.budget:g}")
    if request.max_contacts is not None:
        limits.append(f"at most {request.max_contacts} customers")
    if request.max_share is not None:
        limits.append(f"at most {request.max_share:g} % of them")
    if request.fair_by is not None:
        limits.append(f"similar rates by {request.fair_by}")
    if request.margin_percent is not None:
        limits.append(f"a margin of {request.margin_percent:g} %")
    return " ".join(text.split()) + (f", with {' and '.join(limits)}" if limits else "")


def _explore(request: ExploreRequest, words: Any) -> str:
    if request.about != "start":
        what = "the next round" if request.about == "next" else "how it stands"
        return f"{what} of the test {request.test_id or 'started last'}"
    tried = f"the wordings of draft {request.wordings_of}" if request.wordings_of else " or ".join(
        offer_words(o) for o in request.offers)
    by = f" by {CHANNEL_WORDS[request.channel]}" if request.channel else ""
    who = f" with customers where {words(request.filter)}" if request.filter is not None else ""
    size = f", {request.per_round} customers a round" if request.per_round else ""
    return f"a test that finds out which works: {tried}{by}{who}{size}"


WORDERS: dict[type[Any], Callable[[Any, Any], str]] = {OfferRequest: _offers, ExploreRequest: _explore}
