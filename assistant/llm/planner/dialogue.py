"""Follow-ups: readings of a text as an edit of what went before, and when they win over a question of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from assistant.llm.planner import (
    dialogue_campaign,
    dialogue_meta,
    dialogue_models,
    dialogue_people,
    dialogue_query,
    dialogue_segments,
    dialogue_studies,
)
from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import Past
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.value_talk import value_follow_up
from assistant.plans.query import ChangePlan, QueryPlan
from assistant.plans.requests import CampaignBrief, ForecastRequest, SegmentRequest, SegmentRule, ValueRequest
from assistant.plans.studies import StudyRequest

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: what a fresh reading costs more where its words point at an earlier answer that it does not use
UNRESOLVED = 0.7
#: frames that answer for themselves whatever went before
_OF_THEIR_OWN = frozenset({"refused", "small_talk", "what_if", "decline", "advice", "describe", "show_draft"})


def follow_ups(frames: Frames, fresh: list[Candidate]) -> list[Candidate]:
    """Readings of a text as an edit of what went before; none without a conversation.

    Fresh readings whose words point at something earlier ("they", "the second one") that they do not use are made
    dearer in place.
    """
    last = dialogue_campaign.spoken_of(frames.context) or frames.context.last()
    points = pointing(frames.reading)
    if last is not None and last.call.name not in _DATA and (_only_narrows(frames) or _of_its_groups(frames, last)):
        for candidate in fresh:  # "only Germany" after a study does not ask for the revenue of Germany
            scrap_of = candidate.frame in {"query", "search", "forecast"}
            candidate.cost += UNRESOLVED if scrap_of and last.call.name not in _OF_FRAME[candidate.frame] else 0.0
    if last is not None and last.call.name == "recommend_products" and any(
        item.lemma in heard("cheaper") for item in frames.reading.items
    ):
        for candidate in fresh:  # nothing named is to be undercut: no product is called "cheaper"
            candidate.cost += UNRESOLVED if candidate.frame == "search" else 0.0
    for candidate in fresh:
        unused = points and not candidate.referred and candidate.frame not in _OF_THEIR_OWN
        if candidate.frame == "change" and _of_another_measure(frames, last):
            candidate.cost += UNRESOLVED
        if unused or (candidate.frame == "change" and last is not None and _leaves_all_open(frames)):
            candidate.cost += UNRESOLVED
    if last is None:
        return _without_past(frames, fresh, points)
    found = [c for c in _edits(frames, last) if c is not None]
    if dialogue_campaign.speaks_of_the_draft(frames, last):
        for candidate in fresh:
            candidate.cost += UNRESOLVED if candidate.frame == "campaign" and not candidate.referred else 0.0
    handicap = _handicap(frames, fresh, last)
    for candidate in found:
        candidate.cost += min(handicap, 0.0) if candidate.frame in {"undo", "back", "explain", "repeat"} else handicap
    return found


def _of_another_measure(frames: Frames, last: Past | None) -> bool:
    """As in "why was November so high?" after orders by month: the measure is the one before, not the usual one."""
    if last is None or last.refused or last.call.name != "query_data" or frames.parts().metrics:
        return False
    measures = last.call.args.get("metrics", ())
    money = frames.reading.vocabulary.role("money")
    return len(measures) == 1 and measures[0] != money and not frames.parts().conditions.customers


#: answers whose follow-ups may be read as data questions of their own
_DATA = frozenset({"query_data", "explain_change", "describe_data"})


_OF_FRAME = {"query": (), "search": ("search_products",), "forecast": ("forecast_metric",)}


def _only_narrows(frames: Frames) -> bool:
    """Whether a text names only a value, time or split, no measure and no order ("only Germany", "and in 2025?")."""
    p, r = frames.parts(), frames.reading
    cue = r.has("also", "only", "instead", "drop", "not_in") or len(r.items) <= 3
    asks = p.metrics or p.sort_metric or p.descending is not None or p.conditions.customers or r.has("act", "do")
    return cue and not asks


def _of_its_groups(frames: Frames, last: Past) -> bool:
    """As in "which cohort is best?" after a study of cohorts: by what it is measured is not said."""
    p = frames.parts()
    named = bool(p.groups) and set(p.groups) <= {"cohort", "segment"} and p.descending is not None
    return named and last.call.name in {"run_study", "find_segments"} and not (p.metrics or p.sort_metric)


def _handicap(frames: Frames, fresh: list[Candidate], last: Past) -> float:
    """What an edit must be better by than a question of its own.

    A text that opens with a cue ("what about units?") and says only one thing is an edit, even if it could stand alone;
    so is a scrap of a sentence that names one thing ("by quarter", "order value").
    """
    r = frames.reading
    p = frames.parts()
    alone = bool(p.metrics) and bool(p.groups or p.periods or p.descending is not None)
    opens = bool(r.items) and r.items[0].has("also", "instead", "only", "drop") and not r.has("do")
    if _people_anew(r, p, last) or _people_now(r, p):
        return 0.5
    other_cohorts = last.call.args.get("study", {}).get("study") == "cohorts" and p.metrics == ["new_customers"]
    if opens and (not alone or other_cohorts):
        return -0.1
    if scrap(r, p) and last.call.name not in {"describe_data", "show_campaign"}:
        return -0.1
    if _of_the_list(r, p, last) or _most_of_what(r, p, last):
        return -0.1
    if p.conditions.customers and dialogue_people.continues(r) and frames.context.audience() is not None:
        return -0.1
    complete = bool(fresh) and fresh[0].cost <= 0.05
    if complete:
        return 0.2
    cue = r.has("also", "instead", "only", "drop", "pronoun", "again", "then_cue") or len(r.items) <= 4
    return 0.0 if cue else 0.06


def _people_anew(r: Reading, p: Parts, last: Past) -> bool:
    """As in "our best customers" after a figure: who they are is asked, not the figure of them."""
    own = (p.conditions.customers or r.has("definition")) and not (
        p.metrics or p.groups or p.periods or p.rows or p.sort_metric)
    leads = r.items[0].lemma in heard("kept_scope.leads") or r.items[0].has(
        "also", "only", "instead", "drop", "pronoun")
    told = any(i.has("act", "neg", "cmp", "only", "instead", "compare") for i in r.items)
    counted = set(last.call.args.get("dimensions", ())) & {"customer"} or last.call.name != "query_data"
    heads = str(next(iter(last.call.args.get("metrics", ())), "")).endswith("customers")
    return bool(own) and not (leads or told or counted or heads or r.has("customers_pronoun"))


def _people_now(r: Reading, p: Parts) -> bool:
    """As in "how many customers do we have": all of them, whatever stretch of time was spoken of."""
    said = {t.word for t in r.tokens}
    has = bool(said & heard("kept_scope.having")) and bool(said & heard("kept_scope.shop"))
    return has and p.metrics == ["customers"] and not (p.groups or p.periods or p.rows or p.conditions.customers)


def _of_the_list(r: Reading, p: Parts, last: Past) -> bool:
    """As in "which month was the highest?" after a series by month: a rank in that list, not in one of its own."""
    listed = {str(d) for d in last.call.args.get("dimensions", ())}
    named = bool(p.groups) and set(p.groups) <= listed
    own = p.metrics or p.sort_metric or p.periods or p.rows or p.conditions.customers or r.has("act")
    return named and p.descending is not None and not own and len(r.items) <= 8


def _most_of_what(r: Reading, p: Parts, last: Past) -> bool:
    """As in "which channel had the most?" after new customers: the most of what was asked before."""
    own = p.metrics or p.sort_metric or p.periods or p.rows or p.conditions.customers or p.limit
    bare = [i for i in r.having("rank") if len(r.items[i].tokens) == 1 or r.items[i].tokens[0].lemma in heard("the")]
    which = bool(r.items) and r.items[0].has("which")
    asked = last.call.name == "query_data" and which and p.descending is not None
    return asked and bool(p.groups) and not own and len(bare) == len(r.having("rank"))


def scrap(r: Reading, p: Parts) -> bool:
    """Whether a text is no sentence and names one kind of thing only: a measure, a split, a period, an order."""
    if not r.items or len(r.items) > 7:
        return False
    first = r.items[0]
    opened = first.has("do", "count", "which", "how_many", "object", "goal") and not first.has("rank", "chart")
    asks = first.lemma in r.vocabulary.lexicon.sentence_openers or (opened and not first.has("metric"))
    if asks or r.has("act") and p.conditions.customers or p.customer_ids or p.product_ids:
        return False
    kinds = [bool(p.metrics), bool(p.groups), bool(p.periods), bool(p.rows), p.limit is not None]
    ordering = r.has("sort_cue", "sorted")
    return sum(kinds) <= 1 or (ordering and not (p.periods or p.rows))


#: words for people or things spoken of before
_PEOPLE = heard("dialogue.people")
_THINGS_NAMED = frozenset({"product", "order", "category", "brand", "country"})
_THINGS = heard("dialogue.things")


def pointing(r: Reading) -> str:
    """The word of the text that stands for something said earlier, where nothing in the text itself can be meant.

    As in "how much did **they** spend", "how many **of them**", "how many units was **that**"; not "customers and
    their orders", not "this month".
    """
    named = people = False
    for i, item in enumerate(r.items):
        after = r.items[i + 1] if i + 1 < len(r.items) else None
        if item.has("customers_pronoun") and len(item.tokens) > 1 and not item.has("do"):
            return "" if people and item.tokens[0].lemma in heard("of") else item.text
        if item.lemma in _PEOPLE and not people:
            return item.text
        if item.has("how_many") and len(item.tokens) > 1 and item.tokens[-1].lemma in _THINGS and not i:
            return item.text  # "how large is that audience?"
        ends = after is None or after.tokens[0].kind == "stop" and i + 2 == len(r.items)
        if item.lemma in _THINGS and ends and not named and not item.has("period", "do") and len(r.items) <= 9:
            return item.text
        if item.lemma in heard("dialogue.this_one") or (item.lemma in heard("one") and _one_of_a_list(r, i)):
            return item.text
        dims = set(item.alts.get("dim", ()))
        people = people or "customer" in dims or "customers" in item.alts.get("metric", ())
        people = people or item.has("definition", "who")
        named = named or people or item.has("value") or bool(_THINGS_NAMED & dims)
    return ""


def _one_of_a_list(r: Reading, i: int) -> bool:
    """As in "… in the best one", "for the second one"."""
    if i < 3:
        return False
    place, article, inside = r.items[i - 1], r.items[i - 2], r.items[i - 3]
    named = place.has("rank") or place.unit == "ordinal"
    return named and article.lemma in heard("the") and inside.lemma in heard("dialogue.inside")


def _leaves_all_open(frames: Frames) -> bool:
    """As in "why did it go down?": neither a measure nor a time is said."""
    p = frames.parts()
    return not p.metrics and not p.periods


def _without_past(frames: Frames, fresh: list[Candidate], points: str) -> list[Candidate]:
    """A follow-up with nothing to follow is told so."""
    r = frames.reading
    stuck = bool(frames.context.open_turn()) and r.items[0].has("group") and _only_narrows(frames)
    if stuck:  # "by country" after a question that could not be answered: no figure of that was ever spoken of
        said = decline(frames.lex, "not_understood", "no_answer_yet", words=r.text.strip(" ?!."))
        return [Candidate([said], -0.2, "decline")]
    meta = dialogue_meta.cue(r)
    word = points if points else meta
    p = frames.parts()
    if not word:
        word = _cue_alone(r, p, fresh)
    if not word:
        return []
    whom = r.has("customers_pronoun") and (
        r.has("act", "definition", "object", "goal") or heard("customer").within(word.lower())
    )
    people = whom or word.lower() in _PEOPLE or not heard("dialogue.them").isdisjoint(word.lower().split())
    key = "no_customers_yet" if people else "no_answer_yet"
    said = decline(frames.lex, "not_understood", key, words=word)
    return [Candidate([said], 0.2 if points or meta else 0.04, "decline")]


def _cue_alone(r: Reading, p: Parts, fresh: list[Candidate]) -> str:
    """The words of a text that only changes something ("as a pie chart", "the second one", "make it friendlier")."""
    if len(r.items) > 6 or (fresh and fresh[0].cost <= 0.05):
        return ""
    place = any(item.unit == "ordinal" and not item.has("period") for item in r.items)
    changing = r.has("instead", "drop", "only", "chart", "tone", "everything") or place or dialogue_meta.asks_why(r)
    known = p.metrics or p.groups or p.rows or p.conditions.customers
    return r.text.strip(" ?!.") if changing and not known and not r.has("absent") else ""


def _edits(frames: Frames, last: Past) -> Iterator[Candidate | None]:
    plan = last.call.plan()
    if last.call.name in dialogue_campaign.SHOWING - {"draft_campaign"}:
        plan = dialogue_campaign.standing_brief(last, frames.context) or plan
    yield from dialogue_meta.about_answers(frames, last)
    if isinstance(plan, QueryPlan):
        yield from dialogue_query.edits(frames, last, plan)
    elif isinstance(plan, ChangePlan):
        yield dialogue_models.edit_change(frames, plan)
    elif isinstance(plan, ForecastRequest):
        yield dialogue_models.edit_forecast(frames, plan)
    elif isinstance(plan, SegmentRule):
        yield dialogue_models.edit_audience(frames, plan)
    elif isinstance(plan, CampaignBrief):
        yield dialogue_campaign.edit(frames, last, plan)
    elif isinstance(plan, StudyRequest):
        yield dialogue_studies.edit_study(frames, plan)
    elif isinstance(plan, SegmentRequest):
        yield dialogue_segments.edit_segments(frames, plan)
    elif isinstance(plan, BaseModel):
        if isinstance(plan, ValueRequest):
            yield value_follow_up(frames, plan)
        yield dialogue_models.edit_request(frames, plan)
    yield from dialogue_models.of_its_customers(frames, last)


__all__ = ["follow_ups", "pointing", "scrap"]
