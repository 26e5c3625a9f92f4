"""Whole questions about past campaigns and about sending in general: which campaigns lost money, what all of a kind
brought after costs, whether a named one was significant, when to send.

Each is a pattern for the whole text (``campaign_asks.yaml``). Kinds, channels and names of campaigns are heard as
everywhere else (:mod:`assistant.llm.planner.uplift_talk`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.dialogue_campaign import spoken_of
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.replies import decline
from assistant.llm.planner.uplift_talk import campaign_named, measure_said, scope_said
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.requests import ReasonRequest
from assistant.plans.shop import Shop
from assistant.plans.uplift import ReadOutRequest

_LONGEST = 160
_FRAME = "campaign_asks"


def about_past_campaigns(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Planned | None:
    """The plan of such a question; None where the text is none."""
    if len(text) > _LONGEST or not {"read_out_campaigns", "explain_brief"} <= set(tools):
        return None
    language = words.lexicon.language
    found = patterns(language, "campaign_asks")
    bare = found.bare(text)
    made = _side_by_side(found, bare, shop) or _earned(found, bare, language) or _named(found, bare, shop, words)
    if made is None and spoken_of(context) is None:  # of a draft on the table the time is asked elsewhere
        made = _when(found, bare, language)
    return None if made is None else Planned([made], 1.0, frame=_FRAME)


def _earned(found: Patterns, text: str, language: str) -> ToolCall | None:
    """What campaigns earned: each of them, or all of a kind together."""
    scope = scope_said(text, language)
    for order in ("least", "most"):
        if any(True for _ in found.fits(order, text)):
            discounted = _discounted(language).search(text) is not None
            if discounted:  # "discount campaigns" names no kind of campaign here
                scope["campaign_kind"] = None
            return call(ReadOutRequest(earned=order, discounted=discounted, **scope))  # type: ignore[arg-type]
    if any(True for _ in found.fits("total", text)):
        return call(ReadOutRequest(by="campaign", measure="margin", **scope))
    return None


def _side_by_side(found: Patterns, text: str, shop: Shop) -> ToolCall | None:
    """As in "how did the Black Friday campaigns do compared with each other?": those whose names hold the words."""
    for slots in found.fits("side_by_side", text):
        said = slots["campaigns"].casefold()
        names = tuple(n for n in shop.labels("campaign") if said in n.casefold())
        if len(names) > 1:
            return call(ReadOutRequest(earned="most", among=names))
    return None


@lru_cache(maxsize=4)
def _discounted(language: str) -> re.Pattern[str]:
    raw: dict[str, Any] = patterns(language, "campaign_asks").raw
    form = re.sub(r"<(\w+)>", lambda m: str(raw["macros"][m.group(1)]), str(raw["discounted"]))
    return re.compile(form or "(?!)", re.IGNORECASE)


def _named(found: Patterns, text: str, shop: Shop, words: Vocabulary) -> ToolCall | None:
    """As in "was Spring Win-back significant?"; a name that is none of the shop's campaigns is said to be none."""
    for slots in found.fits("named", text):
        name = campaign_named(shop, slots["campaign"])
        if name is not None:
            return call(ReadOutRequest(campaign=name, measure=measure_said(text, words.lexicon.language)))
    for slots in found.fits("named", text):
        said = slots["campaign"]
        if len(said.split()) < 2 or not all(w[:1].isupper() for w in said.split()) or not shop.labels("campaign"):
            continue
        near = [m.label for m in shop.find(said, ("campaign",), 3) if m.kind == "campaign"]
        names = list(dict.fromkeys(near)) or list(words.latest_campaigns[:3])
        shown = [str(words.lexicon.wording["did_it_work"]).format(name=n) for n in names]
        return decline(words.lexicon, "no_rows", "no_such_campaign", nearest=shown, words=said)
    return None


def _when(found: Patterns, text: str, language: str) -> ToolCall | None:
    """When to send in general."""
    if not any(True for _ in found.fits("when", text)):
        return None
    return call(ReasonRequest(about="timing", no_draft=True, channel=scope_said(text, language)["channel"]))
