"""The last look at a draft: its typed brief is what the text says, whichever reading made it.

Three things are checked on the plan and put right there. Customers that a text leaves out are denied, and not what is
left ("drop the ones in the UK"). An amount that is said once as what may be spent is no bound on the customers. A draft
that names nobody, asked for right after an answer about customers, is for these, and the reply says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.brief_clauses import clauses_of, orders_campaign
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.dialogue_campaign import SHOWING, spoken_of, standing_brief
from assistant.llm.planner.dialogue_filters import parts_of
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.population import Population, of_answer
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.llm.planner.worded_brief import values_of
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not
from assistant.plans.requests import CampaignBrief
from assistant.plans.reword import reword_filter

#: goals whose people follow from an event or a rhythm of each person, and need no others
_OWN_PEOPLE = frozenset({"birthday", "abandoned_basket", "reviews", "replenishment", "welcome", "post_purchase"})
_SPENT = frozenset({"revenue", "net_revenue", "average_order_value", "gross_margin"})


def sensible_draft(
    text: str, planned: Planned, context: DialogueContext, words: Vocabulary, again: Callable[[str], Planned]
) -> Planned:
    """The plan, or the draft as the text means it.

    Args:
        again: plans another text in this conversation.
    """
    found = patterns(words.lexicon.language, "draft_edits")
    if not _declined(planned) or planned.calls[0].args.get("reason") != "not_understood":
        unsure = _only_left_out(text, planned, found, words)
        if unsure is not None:
            return unsure
    else:
        planned = _without_no_offer(text, planned, words, again) or planned
    if _not_sent(planned, words):
        return _with_draft_offered(text, planned, found, again)
    if [c.name for c in planned.calls] != ["draft_campaign"]:
        return _whom_answered(text, planned, context, found, again) or _ordered_for_them(
            text, planned, context, words, again) or planned
    planned = _goods_behind(text, planned, found, again) or _no_gift(text, planned, found)
    planned = _by_its_channel(text, _once_bought(_said_once(_about_the_goods(planned, context)), context),
                              found)
    brief: Any = planned.calls[0].plan()
    if not brief.campaign_id and found.expression("asks_of_people").search(text) and not orders_campaign(
            text, words.lexicon.language):
        return Planned([decline(words.lexicon, "not_understood", "not_understood_all")], 0.0, frame="decline")
    changed = (_left_out(text, brief, context, words) if brief.campaign_id else
               _with_budget(text, brief, words))
    if changed is not None:
        return replace(planned, calls=[call(changed)])
    if brief.campaign_id or brief.audience is not None or brief.goal in _OWN_PEOPLE:
        return planned
    return _for_those_spoken_of(text, planned, context, words, again) or planned


def _left_out(
    text: str, brief: CampaignBrief, context: DialogueContext, words: Vocabulary
) -> CampaignBrief | None:
    """The next version without the customers named, where the text leaves out and the plan kept only them."""
    last = spoken_of(context)
    before = None if last is None else standing_brief(last, context)
    found = patterns(words.lexicon.language, "draft_edits")
    if before is None or not found.expression("leaves_out").match(found.bare(text)):
        return None
    ours = {"audience", "audience_words", "campaign_id"}
    if before.model_dump(exclude=ours) != brief.model_dump(exclude=ours):
        return None
    past = context.audience()
    old = parts_of(before.audience if before.audience is not None else past[0] if past is not None else None)
    added = [p for p in parts_of(brief.audience) if p not in old]
    if not added or not all(map(_keeps, added)):
        return None
    out = added[0] if len(added) == 1 else And(parts=tuple(added))
    return brief.model_copy(update={"audience": join([*old, Not(part=out)]), "audience_words": None})


def _declined(planned: Planned) -> bool:
    return [c.name for c in planned.calls] == ["decline"]


def _only_left_out(text: str, planned: Planned, found: Patterns, words: Vocabulary) -> Planned | None:
    """The "no" to a text that only leaves people out, read as an order for a new draft for just these."""
    new = [c.name for c in planned.calls] == ["draft_campaign"] and not planned.calls[0].args.get("campaign_id")
    if not new or not found.expression("leaves_out").match(found.bare(text)) or not all(
            map(_keeps, parts_of(planned.calls[0].plan().audience))):
        return None
    no = decline(words.lexicon, "not_understood", "not_understood", words=quoted([text]), examples="campaign")
    return Planned([no], 0.0, frame="decline")


def _without_no_offer(
    text: str, planned: Planned, words: Vocabulary, again: Callable[[str], Planned]
) -> Planned | None:
    """An order that nobody reads, without its "no discount", which is what a draft has where no offer is said."""
    language = words.lexicon.language
    said = next((s for kind, _, s in clauses_of(text, language).found if kind == "no_offer"), None) if (
        orders_campaign(text, language)) else None
    rest = text if said is None or said not in text else " ".join(text.replace(said, " ").split()).strip(" ,")
    if rest == text:
        return None
    drafted = again(rest)
    return drafted if [c.name for c in drafted.calls] == ["draft_campaign"] and (
        drafted.calls[0].plan().offer.kind == "none") else None


def _by_its_channel(text: str, planned: Planned, found: Patterns) -> Planned:
    """A new draft goes out by the channel that its order is named by: "do a mail for them"."""
    one = planned.calls[0]
    named = found.expression("order_by").match(found.bare(text))
    if named is None or one.args.get("campaign_id") or {"channels", "steps"} & set(one.args):
        return planned
    channel = str(found.raw["channel_of"].get(named["channel"].lower(), "email"))
    return replace(planned, calls=[call(one.plan().model_copy(update={"channels": (channel,)}))])


def _goods_behind(
    text: str, planned: Planned, found: Patterns, again: Callable[[str], Planned]
) -> Planned | None:
    """The draft with the goods that it is about put before its people, where they were named behind them: "for people
    who bought mugs about our candles" is no rule about candles."""
    brief: Any = planned.calls[0].plan()
    match = found.expression("about_behind").match(" ".join(text.split()))
    if match is None or brief.campaign_id or brief.offer.category or brief.offer.product_ids:
        return None
    drafted = again("".join(match[part] for part in ("head", "about", "who", "tail")))
    if [c.name for c in drafted.calls] != ["draft_campaign"]:
        return None
    offer = drafted.calls[0].plan().offer  # type: ignore[union-attr]
    return drafted if offer.category or offer.product_ids else None


def _no_gift(text: str, planned: Planned, found: Patterns) -> Planned:
    """The draft without the gift that was read into "for gift buyers"."""
    brief: Any = planned.calls[0].plan()
    called = found.expression("gift_of").search(text)
    if brief.offer.kind != "gift" or brief.campaign_id or called is None or (
            found.expression("gift_offered").search(text)):
        return planned
    reason = str(found.raw["gift_reason"]).format(words=called.group())
    return replace(planned, calls=[call(brief.model_copy(update={
        "offer": brief.offer.model_copy(update={"kind": "none"}), "not_included": (*brief.not_included, reason)}))])


def _not_sent(planned: Planned, words: Vocabulary) -> bool:
    """Whether the plan is the "no" to sending anything by a message."""
    no = planned.calls[0].args if [c.name for c in planned.calls] == ["decline"] else {}
    return no.get("message") == words.lexicon.wording["declines"]["not_sent"]


def _with_draft_offered(
    text: str, planned: Planned, found: Patterns, again: Callable[[str], Planned]
) -> Planned:
    """The "no" with the draft of just that message as the nearest that can be done."""
    match = found.expression("sends").fullmatch(found.bare(text))
    if match is None:
        return planned
    message = match["message"] or match["way"]
    article = "sends_an" if found.expression("vowel").match(message) else "sends_a"
    said = str(found.raw[article]).format(message=message, who=match["who"])
    drafted = again(said)
    if [c.name for c in drafted.calls] != ["draft_campaign"] or not drafted.calls[0].args.get("audience"):
        return planned
    no = planned.calls[0]
    nearest = [said, *(n for n in no.args.get("nearest", ()) if n != said)][:3]
    return replace(planned, calls=[ToolCall(no.name, {**no.args, "nearest": nearest})])


def _said_once(planned: Planned) -> Planned:
    """The draft with every condition on its customers said once."""
    brief: Any = planned.calls[0].plan()
    parts = parts_of(brief.audience)
    once = [p for i, p in enumerate(parts) if p not in parts[:i]]
    return planned if len(once) == len(parts) else replace(
        planned, calls=[call(brief.model_copy(update={"audience": join(once)}))])


def _once_bought(planned: Planned, context: DialogueContext) -> Planned:
    """Who is to be won back bought once: a rule that only says since when nobody ordered also holds those who never
    did. Customers who were counted or listed right before stay as they are."""
    brief: Any = planned.calls[0].plan()
    orders = [p for p in parts_of(brief.audience) if isinstance(p, CustomerCondition)]
    silent = [p for p in orders if p.metric == "orders" and p.op == "eq" and p.values == (0,) and p.where is None]
    if brief.goal != "win_back" or brief.campaign_id or not silent or len(silent) < len(orders):
        return planned
    before = of_answer(context.past[-1], context) if context.past and not context.past[-1].refused else None
    if before is not None and before.held_by(planned.calls[0]):
        return planned
    bought = CustomerCondition(metric="orders", op="ge", values=(1,))
    rule = join([*parts_of(brief.audience), bought])
    return replace(planned, calls=[call(brief.model_copy(update={"audience": rule, "audience_words": None}))])


def _whom_answered(
    text: str, planned: Planned, context: DialogueContext, found: Patterns, again: Callable[[str], Planned]
) -> Planned | None:
    """As in "for people who bought tea" after "who should get it?": the draft that was asked for, for these."""
    last = context.past[-1] if context.past else None
    said = next(found.fits("answers_whom", found.bare(text)), None)
    if last is None or said is None or last.call.name != "draft_campaign" or (
            last.result or {}).get("kind") != "question":
        return None
    drafted = again(str(found.raw["for_whom"]).format(who=said["who"]))
    made: Any = drafted.calls[0].plan() if [c.name for c in drafted.calls] == ["draft_campaign"] else None
    if made is None or made.audience is None:
        return None
    whole = last.call.plan().model_copy(update={"audience": made.audience, "audience_words": made.audience_words})
    return replace(drafted, calls=[call(whole)])


def _ordered_for_them(
    text: str, planned: Planned, context: DialogueContext, words: Vocabulary, again: Callable[[str], Planned]
) -> Planned | None:
    """As in "set up a campaign" right after an answer about customers: one for these."""
    found = patterns(words.lexicon.language, "draft_edits")
    last = context.past[-1] if context.past else None
    if last is None or last.refused or last.call.name in SHOWING or not found.expression("bare_order").fullmatch(
            found.bare(text)) or of_answer(last, context) is None:
        return None
    drafted = again(str(found.raw["for_them"]).format(text=text.rstrip(" .!?;,")))
    return drafted if [c.name for c in drafted.calls] == ["draft_campaign"] else None


def _about_the_goods(planned: Planned, context: DialogueContext) -> Planned:
    """The answer to "who should get it?", which still is about the goods that the order named."""
    last, brief = context.past[-1] if context.past else None, planned.calls[0].plan()
    if last is None or last.call.name != "draft_campaign" or (last.result or {}).get("kind") != "question":
        return planned
    goods, offer = last.call.plan().offer.product_ids, brief.offer
    if not goods or offer.product_ids or offer.category or brief.campaign_id:
        return planned
    about = brief.model_copy(update={"offer": offer.model_copy(update={"product_ids": goods})})
    return replace(planned, calls=[call(about)])


def _keeps(condition: Filter) -> bool:
    """Whether a condition picks customers, and denies none."""
    if isinstance(condition, Not):
        return False
    if isinstance(condition, Compare):
        return condition.op not in {"ne", "not_in"}
    if isinstance(condition, CustomerCondition):
        return not (condition.op in {"eq", "le", "lt"} and condition.metric in {"orders", "units"})
    return True


def _with_budget(text: str, brief: CampaignBrief, words: Vocabulary) -> CampaignBrief | None:
    """The brief with the sum that a clause of its own names as its budget, and not as what customers spent."""
    language = words.lexicon.language
    if brief.budget is not None or brief.audience is None or not orders_campaign(text, language):
        return None
    sum_, _ = values_of(clauses_of(text, language), words)
    budget = sum_.get("budget")
    kept = [p for p in parts_of(brief.audience) if not (
        isinstance(p, CustomerCondition) and p.metric in _SPENT and p.rank is None and p.values == (budget,))]
    if budget is None or len(kept) == len(parts_of(brief.audience)):
        return None
    try:
        return CampaignBrief.model_validate({**brief.model_dump(), "budget": budget, "audience_words": None,
                                             "audience": None if not kept else join(kept).model_dump()})  # type: ignore
    except ValidationError:
        return None


def _for_those_spoken_of(
    text: str, planned: Planned, context: DialogueContext, words: Vocabulary, again: Callable[[str], Planned]
) -> Planned | None:
    """A draft for the customers of the answer right before, put as one "for them"."""
    last = context.past[-1] if context.past else None
    if last is None or last.refused or last.call.name in SHOWING | {"ask_back", "decline"}:
        return None
    people = of_answer(last, context)
    if people is None:
        return None
    said = str(patterns(words.lexicon.language, "draft_edits").raw["for_them"]).format(text=text.rstrip(" .!?;,"))
    drafted = again(said)
    if [c.name for c in drafted.calls] != ["draft_campaign"] or drafted.calls[0].args.get("audience") is None:
        return None
    kept = {k: v for k, v in drafted.calls[0].args.items() if k not in {"audience", "audience_words"}}
    old = {k: v for k, v in planned.calls[0].args.items() if k != "audience_words"}
    if old != {k: v for k, v in kept.items() if k in old} or not people.held_by(drafted.calls[0]):
        return None
    return replace(drafted, notes=[*[n for n in drafted.notes if not n.startswith("those_people|")],
                                   f"drafted_for|{_whom(people)}"])


def _whom(people: Population) -> str:
    if isinstance(people.filter, Compare) and people.filter.field == "customer" and len(people.filter.values) > 3:
        return f"the {len(people.filter.values)} customers"
    count = "" if people.size is None else f"{people.size:,} "
    return f"the {count}customers where {reword_filter(people.filter)}"


__all__ = ["sensible_draft"]
