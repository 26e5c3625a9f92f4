"""Whether a text orders a campaign to be made: a verb that makes, sends or reminds, a thing to make, or a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.llm.planner.campaign_phrases import kind_of, orders_by_name
from assistant.llm.planner.campaign_words import costs_something, items_of, places
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Reading

#: measures of what a campaign did
_RESULTS = frozenset(
    {
        "lift", "open_rate", "click_rate", "response_rate", "unsubscribe_rate", "campaign_revenue", "campaign_cost",
        "responses",
    }
)
#: goals that need no word for a campaign beside them
_STRONG = frozenset({"win_back", "welcome", "cross_sell", "clearance", "launch", "loyalty", "retention",
                     "post_purchase", "replenishment"})


@dataclass(frozen=True)
class Asked:
    """Places of the words that order a campaign.

    Attributes:
        verbs: a first verb that nothing else reads ("remind …").
        plainly: whether a thing is to be made, or a goal is named that can be nothing else.
    """

    objects: Sequence[int]
    goals: Sequence[int]
    verbs: Sequence[int]
    plainly: bool


def asked_for(p: Parts) -> Asked | None:
    """The order for a campaign; None where the text is none."""
    r = p.reading
    creating, sending, goals = r.does("create"), r.does("send"), r.having("goal")
    if not (creating or sending) and _of_the_past(p):
        return None
    objects = r.having("object") or sorted(items_of(r, places(r, "subject_lines")))
    strong = [i for i in goals if r.items[i].get("goal") in _STRONG]
    first = next((i for i in range(len(r.items)) if not r.is_skip(i)), -1)
    kind = kind_of(r)
    reminding = first >= 0 and r.items[first].lemma in heard("brief.reminding") and bool(kind or goals or objects)
    if not creating and objects and objects[0] == first and len(r.items) > 2 and not r.has("count", "group"):
        named = r.items[first].singular or r.items[first].has("channel")  # "coupons expiring this year" is none
        creating = objects[:1] if named and not _asks(r) else []  # "email our best customers …"
    giving = not creating and bool(r.items) and r.items[0].lemma in heard("brief.giving") and r.has("offer")
    if giving:
        creating = [0]
    if r.does("recommend") and not objects and not creating and not costs_something(r):
        return None  # "recommend new arrivals to …" asks for a list
    if r.items and (heard("how_many").begins(r.items[0].lemma) or r.items[0].lemma in heard("brief.asking")):
        return None  # a question about campaigns, not an order for one
    told = reminding or giving or orders_by_name(r) or costs_something(r) or (
        kind is not None and bool(creating or objects))
    made = bool((creating or sending) and objects)
    if not (made or strong or creating and goals or told):
        return None
    if not (creating or sending or told or objects) and _named_only(r, strong):
        return None  # "retention by channel", "loyalty by country": what is measured, not what is to be made
    early = any(i <= 4 for i in strong)
    if not (objects or sending or early or creating or told):
        return None
    if r.has("grain", "share") and not (objects or sending or creating or told):
        return None  # "monthly retention of customers acquired in 2025" is measured
    return Asked(objects, goals, [first] if reminding else [], made or bool(strong))


def _of_the_past(p: Parts) -> bool:
    """As in "lift of the we-miss-you campaign": a campaign that was, or what one did."""
    measured = {str(m) for item in p.reading.items for m in item.alts.get("metric", ())} & _RESULTS
    return bool(measured) or any(getattr(row, "field", "") == "campaign" for row in p.rows)


def _named_only(r: Reading, goals: list[int]) -> bool:
    """Whether goals are spoken of as nouns, or beside what only a question has: a measure, a split, a chart."""
    nouns = all(r.items[i].lemma in heard("brief.goal_nouns") for i in goals)
    measured = any(item.has("metric", "grain", "chart") and not item.has("goal", "dim") for item in r.items)
    return nouns or measured or r.has("group", "count")


def _asks(r: Reading) -> bool:
    """Whether a word asks for a list: "all" and "every" say how many of them are meant."""
    asking = [i for i in r.having("which") if not r.items[i].has("who")]
    return any(r.items[i].lemma not in heard("brief.every") for i in asking)
