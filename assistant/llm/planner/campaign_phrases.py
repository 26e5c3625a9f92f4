"""What else a request for a campaign names: kinds of campaigns by phrase, a number of best customers, the words of a
subject, goods it is about.

Phrases are matched apart from the grammar (``journeys.yaml``), so that "reorder" and "birthday" stay free elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.llm.planner.campaign_words import items_of, places
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Item, Reading
from assistant.plans.filters import CustomerCondition

#: kinds of campaigns that only phrases name, by the kind of phrase
_BY_PHRASE = {
    "goal_birthday": "birthday", "goal_abandoned_basket": "abandoned_basket", "goal_post_purchase": "post_purchase",
    "goal_replenishment": "replenishment", "goal_launch": "launch",
}
#: more best customers than this is no number of people here
_MOST_PEOPLE = 1_000_000


def kind_of(r: Reading) -> str | None:
    """The kind of campaign that a phrase of the text names."""
    said = {one.kind for one in places(r, *_BY_PHRASE)}
    found = next((goal for kind, goal in _BY_PHRASE.items() if kind in said), None)
    return "launch" if found is None and _launches(r) else found


def take_kind(p: Parts) -> str | None:
    """The same, its words marked as used."""
    found = kind_of(p.reading)
    if found is None:
        return None
    p.used |= items_of(p.reading, places(p.reading, *[k for k, goal in _BY_PHRASE.items() if goal == found]))
    if found == "launch":
        p.used |= {i for i, item in enumerate(p.reading.items)
                   if item.lemma in heard("campaign_phrases.launch") or item.lemma in heard("campaign_phrases.new")}
    return found


def _launches(r: Reading) -> bool:
    """As in "launch our new garden collection": something new, and not a campaign, is launched."""
    first = next((i for i in range(len(r.items)) if not r.is_skip(i)), None)
    if first is None or r.items[first].lemma not in heard("campaign_phrases.launch"):
        return False
    near = r.items[first + 1 : first + 6]
    return any(item.lemma in heard("campaign_phrases.new") for item in near)


def orders_by_name(r: Reading) -> bool:
    """As in "Mother's Day campaign, budget 500": nothing but what leads up to the word for a campaign, then what it is
    to be like; no question, no measure, no several campaigns that were."""
    place = next((i for i, item in enumerate(r.items[:5]) if item.lemma in heard("campaign_phrases.one")), None)
    if place is None or r.text.rstrip().endswith("?") or not r.items[place].singular:
        return False
    before = [item for i, item in enumerate(r.items[:place]) if not r.is_skip(i)]
    named = all(item.has("goal", "period", "tone", "channel", "value", "definition", "offer") or item.unit == "percent"
                for item in before) or bool(places(r, *_BY_PHRASE))
    asked = ("which", "count", "how_many", "group", "grain", "chart", "metric")
    asks = any(item.has(*asked) and not item.has("object", "dim") for item in r.items)
    more = [item for i, item in enumerate(r.items[place + 1 :], place + 1) if not r.is_skip(i)]
    return named and not asks and bool(before or more)


def best_customers(p: Parts) -> CustomerCondition | None:
    """As in "our best 500 customers", "the top 200 by orders": so many customers, the first by revenue or the measure
    that is said."""
    items = p.reading.items
    for i, item in enumerate(items):
        if item.number is None or item.unit is not None or not 1 <= item.number <= _MOST_PEOPLE or item.number % 1:
            continue
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(items) and _ranks(items[k])]
        people = [k for k in range(i + 1, min(i + 4, len(items))) if "customer" in items[k].alts.get("dim", ())
                  or items[k].lemma in heard("campaign_scope.buyers") or k in beside and items[k].has("definition")]
        measured = next((k for k in range(i + 1, min(i + 5, len(items))) if items[k].has("metric")
                         and k and items[k - 1].lemma in heard("campaign_phrases.by")), None)
        if not beside or not (people or measured is not None) or i in p.conditions.used:
            continue
        metric = "revenue" if measured is None else str(items[measured].get("metric"))
        p.conditions.used |= set(beside)
        p.used |= {i, *beside, *people, *([] if measured is None else [measured - 1, measured])}
        p.limit = None
        return CustomerCondition(metric=metric, op="gt", values=(item.number,), rank="top_n")
    return None


def _ranks(item: Item) -> bool:
    return item.tokens[0].lemma in heard("campaign_phrases.best") or item.lemma in heard("campaign_phrases.best")


def subject_said(p: Parts) -> Sequence[dict[str, Any]]:
    """As in "with the subject “We miss you”": that text, written by hand."""
    r = p.reading
    for i, item in enumerate(r.items):
        if item.tokens[0].kind != "quote":
            continue
        before = [k for k in range(max(0, i - 3), i) if r.items[k].lemma in heard("campaign_phrases.subject")]
        if before:
            p.used |= {i, *before, *items_of(r, [one for one in places(r, "subject_lines") if one.end <= item.start])}
            return [{"channel": "email", "piece": "subject", "text": item.tokens[0].text.strip('"“” ')}]
    return []
