"""Readings of "whom should we not contact", "who is moved by e-mail", "did our win-back campaigns work, by segment".

Each is a pattern for the whole text (``uplift.yaml``). Channels and kinds of campaigns are heard anywhere in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from assistant.llm.planner.candidate import TOOL_OF, Candidate, Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.uplift_words import by_words
from assistant.plans.base import PlanModel
from assistant.plans.shop import Shop
from assistant.plans.uplift import ReadOutRequest, UpliftRequest

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: these readings fit the whole text, so they come before what only explains its words
_SURE = -0.3
_LONGEST = 160
#: likeness (of 100) from which words are taken for a campaign's name
_NAMED = 85
_BETWEEN_WORDS = re.compile(r"[^\w-]+")
_OURS = frozenset({"predict_uplift", "read_out_campaigns"})
#: in this order: "who should not be contacted" also fits what is asked of those who should be
_ABOUT = ("leave_alone", "sleeping_dogs", "sure_buyers", "quality", "moved")


def about_contacts(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], language: str
) -> Planned | None:
    """The plan of a text that is such a question as a whole, before any other words are put for its own; or of one that
    changes the answer to such a question: "and by SMS?", "by country"."""
    last = context.last()
    before = last.call.plan() if last is not None and last.call.name in _OURS else None
    request = _request(text, shop, language) or (None if before is None else _changed(before, text, shop, language))
    if request is None or TOOL_OF[type(request)] not in tools:
        return None
    return Planned([call(request)], 1.0, frame="uplift")


def _changed(before: UpliftRequest | ReadOutRequest, said: str, shop: Shop, language: str) -> PlanModel | None:
    found = patterns(language, "uplift")
    text = found.bare(said)
    changes: dict[str, Any] = {}
    if any(True for _ in found.fits("other_message", text)):
        changes = {k: v for k, v in _scope(found, text).items() if v is not None}
    for slots in found.fits("other_split", text) if isinstance(before, ReadOutRequest) else ():
        split = _split(found, slots["split"])
        changes = {"by": split} if split is not None else changes
    if isinstance(before, ReadOutRequest) and any(True for _ in found.fits("other_measure", text)):
        changes = {"measure": _measure(found, text)}
    for slots in found.fits("other_campaign", text) if isinstance(before, ReadOutRequest) and not changes else ():
        campaign = _campaign(shop, slots["campaign"])
        changes = {"campaign": campaign, "campaign_kind": None, "channel": None,
                   "earned": None, "by": before.by if before.by != "campaign" else None} if campaign else {}
    if not changes:
        return None
    if isinstance(before, ReadOutRequest) and "campaign" not in changes and (
            changes.get("by") == "campaign" or changes.keys() & {"channel", "campaign_kind"}):
        changes["campaign"] = None  # the answer was about one: now about all, or all of that kind
    return type(before).model_validate({**before.model_dump(), **changes})


def uplift_talk(frames: Frames) -> Iterator[Candidate]:
    """The reading of a part of a text as one of these questions, if it is one."""
    request = _request(frames.reading.text, frames.shop, frames.lex.language)
    if request is not None:
        yield Candidate([call(request)], _SURE, "uplift")


def _request(said: str, shop: Shop, language: str) -> PlanModel | None:
    found = patterns(language, "uplift")
    text = found.bare(said)
    if not text or len(text) > _LONGEST or found.expression("latest").search(text) or (
            found.expression("own_orders").search(text)):
        return None  # the latest campaign is named first, by whoever knows it
    whole = _of_customer(shop, found, text) or _read_out(shop, found, text) or _of_all(shop, found, text)
    return whole or _by_words(shop, found, text, language)


def scope_said(text: str, language: str) -> dict[str, Any]:
    """Channel and kind of the campaigns that a text names, each only where it names one."""
    return _scope(patterns(language, "uplift"), text)


def measure_said(text: str, language: str) -> Any:
    """What the effect of a campaign is asked on; orders where nothing is said."""
    return _measure(patterns(language, "uplift"), text)


def campaign_named(shop: Shop, words: str) -> str | None:
    """The past campaign that words name; None where they name none."""
    return _campaign(shop, words)


def _records_contacts(shop: Shop) -> bool:
    """Whether the data say whom past campaigns reached; without it, advice on whom to contact is another question."""
    return bool(shop.status().rows.get("touches"))


def _by_words(shop: Shop, found: Patterns, text: str, language: str) -> PlanModel | None:
    names = shop.labels("campaign")
    campaign = next((n for n in names if re.search(rf"\b{re.escape(n)}\b", text, re.IGNORECASE)), None)
    rest = text if campaign is None else re.sub(re.escape(campaign), " ", text, flags=re.IGNORECASE)
    by = found.expression("split_after").search(rest)
    split = _split(found, by.group("split")) if by else None
    if split is None and len(_heard(found, "channels", rest)) > 1:
        split = "message_channel"  # "e-mail or text: which works better?"
    return by_words(found, rest, language, campaign, _scope(found, rest), split, _measure(found, rest))


def _of_customer(shop: Shop, found: Patterns, text: str) -> PlanModel | None:
    for slots in found.fits("customer", text):
        customer = _customer(shop, found, slots["customer"])
        if customer is not None:
            return UpliftRequest(customer_id=customer, **_scope(found, text))
    return None


def _of_all(shop: Shop, found: Patterns, text: str) -> PlanModel | None:
    asked = _records_contacts(shop) and not found.expression("too_open").fullmatch(text)
    groups = [*((about, about) for about in _ABOUT), *([("advice", "moved")] if asked else [])]
    for group, about in groups:
        for slots in found.fits(group, text):
            k = min(int(slots["top"]), 1000) if slots.get("top") else 20
            return UpliftRequest(about=about, k=max(k, 1), **_scope(found, text))
    return None


def _read_out(shop: Shop, found: Patterns, text: str) -> PlanModel | None:
    for slots in found.fits("one_campaign", text):
        campaign, split = _campaign(shop, slots["campaign"]), _split(found, slots.get("split"))
        if campaign is not None and (split is not None or "split" not in slots):
            by = split or _asked_group(found, text)
            return ReadOutRequest(campaign=campaign, by=by, measure=_measure(found, text))
    for slots in found.fits("all_campaigns", text):
        split = _split(found, slots.get("split"))
        if split is None and "split" in slots:
            continue
        scope, heard = _scope(found, text), _heard(found, "channels", text)
        if len(heard) > 1:
            scope, split = {**scope, "channel": None}, split or "message_channel"
        return ReadOutRequest(by=split or _asked_group(found, text), measure=_measure(found, text), **scope)
    return None


def _scope(found: Patterns, text: str) -> dict[str, Any]:
    """Channel and kind of the message, where the text names one of each."""
    channels, kinds = _heard(found, "channels", text), _heard(found, "kinds", text)
    return {"channel": channels[0] if len(channels) == 1 else None,
            "campaign_kind": kinds[0] if len(kinds) == 1 else None}


def _heard(found: Patterns, group: str, text: str) -> list[str]:
    """Values of a group of which a phrase stands in the text."""
    plain = " " + _BETWEEN_WORDS.sub(" ", text.lower()) + " "
    return [value for value, said in found.raw[group].items() if any(f" {phrase} " in plain for phrase in said)]


def _split(found: Patterns, words: str | None) -> Any:
    """The split that words name; the one with the longest phrase, so that "campaign kind" is no campaign."""
    said = (words or "").lower().strip()
    hits = [(len(phrase), value) for value, phrases in found.raw["splits"].items() for phrase in phrases
            if phrase == said]
    return max(hits)[1] if hits else None


def _asked_group(found: Patterns, text: str) -> Any:
    """As in "which segments react best to our campaigns": the split that the question itself asks for."""
    for phrase, value in found.raw["asked_groups"].items():
        if re.search(rf"\b(?:{phrase})\b", text, re.IGNORECASE):
            return value
    return None


def _measure(found: Patterns, text: str) -> Any:
    heard = _heard(found, "measures", text)
    return heard[0] if heard else "orders"


def _customer(shop: Shop, found: Patterns, words: str) -> str | None:
    """The id of the customer named, as the shop writes it; an id it does not know only where it looks like one."""
    known = [m for m in shop.find(words, ("customer",), 1) if m.value.casefold() == words.casefold()]
    if known:
        return known[0].value
    return words if found.expression("looks_like_id").fullmatch(words) else None


def _campaign(shop: Shop, words: str) -> str | None:
    """The past campaign named; "we" is no part of "We Miss You"."""
    if all(word in heard("uplift_talk.no_name") for word in words.lower().split()):
        return None
    exact = [name for name in shop.labels("campaign") if name.casefold() == words.casefold()]
    if exact:
        return exact[0]
    found = [m for m in shop.find(words, ("campaign",), 1) if m.kind == "campaign" and m.score >= _NAMED]
    return found[0].label if found else None
