"""What is asked of the thing that the answer before is about, where that answer is no table of data.

A campaign, a forecast, recommended products, goods bought together, a briefing, the reasons of a change, a customer,
segments: the text is heard word by word (``in_talk.yaml``), every word a cue or plain, and completed with the thing in
talk (:mod:`things_in_talk`) to a full request of the right tool. Names of campaigns and times are taken out of the text
before. A text with any other word is left to the other readings, so nothing that was said is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner import models_in_talk, people_in_talk
from assistant.llm.planner.campaigns_in_talk import FILE, arms, asked_of_campaigns, by_campaign, campaigns_in_talk
from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.cue_rules import Heard, heard_by_rules
from assistant.llm.planner.in_talk import InTalk
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.marketing import OF_MARKETING
from assistant.llm.planner.things_in_talk import kind_in_talk, one_of, pair
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.shop import Shop

_LONGEST = 120
#: answers that are made cheaper or dearer themselves
_OF_LIKENESS = frozenset({"search_products", "find_substitutes"})
_SEGMENTS, _CAMPAIGN = "segments", "campaign"
#: what points at a place in the list before, whatever was refused since
_PLACES = frozenset({"nth", "pair"})


def about_the_thing(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary,
    alone: Callable[[str], Planned],
) -> Planned | None:
    """The plan of such a text; None where it asks nothing of the thing in talk.

    Args:
        alone: plans a text on its own.
    """
    last = context.last()
    if last is None or len(text) > _LONGEST:
        return None
    if not read_yaml(words.lexicon.language, FILE).get("rules"):
        return None
    found = _of_campaigns(text, last, context, shop, words) or _of_models(text, last, context, shop, words, alone)
    return found if found is not None and all(c.name in tools for c in found.calls) else None


def _of_campaigns(
    text: str, last: Past, context: DialogueContext, shop: Shop, words: Vocabulary
) -> Planned | None:
    found = campaigns_in_talk(text, context, shop, words)
    if found is None:
        return None
    rest, talk = found
    heard = heard_by_rules(rest, FILE, words, None, {*talk.gates, last.call.name})
    if heard is None or not heard.ask.startswith(_CAMPAIGN) or _of_another_turn(heard, context):
        return None
    try:
        return asked_of_campaigns(heard, talk, context, words)
    except ValidationError:
        return None


def _of_models(
    text: str, last: Past, context: DialogueContext, shop: Shop, words: Vocabulary, alone: Callable[[str], Planned]
) -> Planned | None:
    kind = kind_in_talk(context)
    both = pair(context, kind) if kind is not None else ()
    gates = {last.call.name, *(["things"] if len(both) == 2 else []), *(["people"] if kind == "customer" else []),
             *(["customer"] if one_of(last, "customer") is not None else [])}
    if last.call.name == "find_segments" or one_of(last, "segment") is not None:
        gates.add(_SEGMENTS)
    if _counted(last):
        gates.add("counted")
    rest, period, segment = text, None, None
    if _SEGMENTS in gates:
        rest, segment = people_in_talk.without_segment(text, context)
        rest, period = people_in_talk.without_time(rest, words)
    if one_of(last, "product") is not None and last.call.name not in _OF_LIKENESS:
        gates.add("product")
    heard = heard_by_rules(rest, FILE, words, None, gates)
    if heard is None or _of_another_turn(heard, context):
        return None
    if heard.ask in {"arms", "campaigns_by_it"}:
        return arms(last) if heard.ask == "arms" else by_campaign(heard, last)
    made = models_in_talk.ASKS.get(heard.ask) or people_in_talk.ASKS.get(heard.ask)
    if made is None:
        return None
    try:
        return made(InTalk(heard, text, last, context, shop, words, alone, kind, both, period, segment))
    except ValidationError:
        return None


def _of_another_turn(heard: Heard, context: DialogueContext) -> bool:
    """Whether the text may speak of a question that was not answered, asked after the answer it would be read of."""
    return bool(context.open_turn()) and not _PLACES & set(heard.slots)


def _counted(last: Past) -> bool:
    """Whether the answer is one figure of marketing, of whatever campaigns."""
    args: dict[str, Any] = last.call.args
    metrics = args.get("metrics", ()) if last.call.name == "query_data" else ()
    return len(metrics) == 1 and set(metrics) <= OF_MARKETING and not set(args.get("dimensions", ())) - {"campaign"}


__all__ = ["about_the_thing"]
