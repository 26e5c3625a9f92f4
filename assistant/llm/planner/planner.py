"""One turn: text and conversation in, tool calls out.

A text is put in words that no reading takes for something else, and goes through the readings of
:data:`~assistant.llm.planner.first_readings.FIRST`, :data:`~assistant.llm.planner.question_readings.WHOLE` and
:data:`~assistant.llm.planner.question_readings.QUESTION` in that order: the first that takes it makes the plan. Then
its words are accounted for, and what ends as "not understood" is read another way.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from assistant.llm.planner.absent_forms import absent_by_form
from assistant.llm.planner.accounting import accounted
from assistant.llm.planner.after_open_question import after_open_question
from assistant.llm.planner.after_refusal import scrap_after_refusal
from assistant.llm.planner.asides import without_asides
from assistant.llm.planner.asked_of_people import asked_of_people
from assistant.llm.planner.bare_rankings import with_ranked_goods
from assistant.llm.planner.both_groups import both_groups
from assistant.llm.planner.bought_it import of_the_goods
from assistant.llm.planner.bracketed_times import with_bracketed_times
from assistant.llm.planner.brief_extras import with_extras
from assistant.llm.planner.campaign_cues import of_campaigns, of_the_draft, sized_for_others
from assistant.llm.planner.campaigns_in_talk import described
from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.comebacks import COMEBACKS
from assistant.llm.planner.context import FRESH_START, LOOK_ASIDE, DialogueContext
from assistant.llm.planner.customer_asks import asks_for_profile
from assistant.llm.planner.dialogue_campaign import spoken_of
from assistant.llm.planner.draft_clauses import changed_by_clauses, may_change
from assistant.llm.planner.draft_sense import sensible_draft
from assistant.llm.planner.each_by_name import each_by_name
from assistant.llm.planner.early_words import early_words
from assistant.llm.planner.first_readings import FIRST
from assistant.llm.planner.follow_moves import without_opening
from assistant.llm.planner.goods_in_drafts import with_listed_goods
from assistant.llm.planner.goods_said import with_goods_said
from assistant.llm.planner.heard import hearing
from assistant.llm.planner.in_stock_too import in_stock_too
from assistant.llm.planner.joined_scraps import joined_scrap
from assistant.llm.planner.kept_people import kept_people
from assistant.llm.planner.kept_scope import kept_scope, unheld
from assistant.llm.planner.listed_people import kept_to_them, with_people_named
from assistant.llm.planner.no_draft import sized_for_all, without_draft
from assistant.llm.planner.paid_prices import with_paid_prices
from assistant.llm.planner.people_acts import FRAMES as PEOPLE_ACTS
from assistant.llm.planner.people_clauses import settled
from assistant.llm.planner.people_sense import sensible_people
from assistant.llm.planner.plan_sense import sensible_plan
from assistant.llm.planner.post_forms import posts_said
from assistant.llm.planner.question_readings import QUESTION, WHOLE, claims, said_beside
from assistant.llm.planner.question_sense import beside_the_question
from assistant.llm.planner.rank import Encoder
from assistant.llm.planner.recommendation_cues import cued
from assistant.llm.planner.request_order import remaining
from assistant.llm.planner.row_in_talk import of_the_row, with_row_as_scope
from assistant.llm.planner.second_reading import second_reading
from assistant.llm.planner.short_years import with_short_years
from assistant.llm.planner.standings import standings
from assistant.llm.planner.table_steps import kept_orders, narrowed_share
from assistant.llm.planner.talk_asks import about_the_thing
from assistant.llm.planner.things_in_talk import with_person_named
from assistant.llm.planner.tool_names import ALL_TOOLS
from assistant.llm.planner.turn import Turn, in_turn
from assistant.llm.planner.turn_memory import remembering
from assistant.llm.planner.viewed_goods import of_viewers
from assistant.llm.planner.vocabulary import vocabulary
from assistant.llm.planner.worded_brief import looked_at, with_own_goods, worded
from assistant.plans.shop import Shop

_READINGS = (said_beside, claims, *FIRST, *WHOLE, *QUESTION)


def plan_turn(
    text: str,
    context: DialogueContext | None,
    shop: Shop,
    *,
    tools: Collection[str] = ALL_TOOLS,
    language: str = "en",
    encoder: Encoder | None = None,
) -> Planned:
    """Plan one turn of a conversation.

    Args:
        text: what the person typed; anything.
        context: the conversation so far; None for a text that is read outside any.
        shop: vocabulary, values and agreed terms of the loaded shop.
        tools: names of the tools that may be called.
        language: folder of the lexicon.
        encoder: sentence encoder to order readings of nearly equal cost; without one the costs decide.

    Returns:
        At least one call; a text that means nothing here becomes ``decline``.
    """
    text = without_asides(text, language)
    if asks_for_profile(text, language):  # what customers are like: no order of a campaign for them
        tools = [t for t in tools if t != "draft_campaign"]
    with hearing(language), remembering():
        dated, as_year = with_short_years(text, vocabulary(shop, language))
        if as_year:
            planned = plan_turn(dated, context, shop, tools=tools, language=language, encoder=encoder)
            return replace(planned, notes=[*planned.notes, as_year])
        talk = context or DialogueContext()
        text, talk = with_row_as_scope(text, talk, vocabulary(shop, language)) if talk.past else (text, talk)
        turn = Turn(text, talk.since_fresh_start(), shop, tools, vocabulary(shop, language), encoder, _in_readings,
                    in_talk=context is not None, in_full=_whole)
        lacking = absent_by_form(text, turn.words, alone=True)
        if lacking is not None and lacking.name in tools:
            return Planned([lacking], 0.0, frame="decline")
        written = posts_said(text, talk, shop, tools, turn.words, lambda t: _whole(turn.outside(t)))
        if written is not None:
            return written
        viewers = of_viewers(text, shop, language, lambda t: plan_turn(
            t, context, shop, tools=tools, language=language, encoder=encoder))
        if viewers is not None:
            return viewers
        placed = standings(turn)
        if placed is not None:
            return placed
        goods = with_listed_goods(text, turn.context, language, turn.alone) if "draft_campaign" in tools else None
        if goods is not None:
            return goods
        said, turn, extra = text, _early(turn), None
        if "draft_campaign" in tools:
            extra = with_extras(turn.text, turn.words, spoken_of(turn.context) is not None,
                                lambda t: _whole(_early(turn.saying(t))))
        kept = kept_people(said, extra or _whole(turn), turn.context, turn.words, lambda t, known: _whole(
            _early(replace(turn, text=t, context=known))))
        return sensible_draft(said, kept, turn.context, turn.words, lambda t: plan_turn(
            t, context, shop, tools=tools, language=language, encoder=encoder))


def _early(turn: Turn) -> Turn:
    """The turn in words that no reading takes for something else."""
    said = with_own_goods(with_bracketed_times(turn.text, turn.words), turn.language)
    return turn.saying(with_ranked_goods(early_words(said, turn.language), turn.words))


def _whole(turn: Turn) -> Planned:
    """The plan of a text as it stands, or read another way where nothing else helps."""
    first = _read_once(turn)
    first = asked_of_people(turn.text, first, turn.words, lambda known, text: plan_turn(
        text, known, turn.shop, tools=turn.tools, language=turn.language, encoder=turn.encoder,
    ), in_talk=bool(turn.context.past)) or first
    planned = second_reading(turn.text, first, turn.words, lambda t: _answering(turn, t, first)) or joined_scrap(
        turn.text, first, turn.context, turn.words, lambda t: _read_once(turn.outside(t))) or first
    planned = after_open_question(turn.text, planned, turn.context, turn.words, lambda known, text: _whole(_early(
        replace(turn, text=text, context=known)))) or planned
    planned = scrap_after_refusal(turn.text, planned, turn.context, turn.words) or of_the_row(
        turn.text, planned, turn.context, turn.words) or kept_scope(
        turn.text, planned, turn.context, turn.words) or planned
    planned = kept_orders(turn.text, planned, turn.context, turn.language, turn.alone) or planned
    planned = narrowed_share(planned, turn.context, turn.text) or planned
    planned = unheld(turn.text, planned, turn.context, turn.words) or planned
    planned = each_by_name(turn.text, in_stock_too(turn.text, of_the_goods(planned)), turn.words)
    return with_goods_said(planned, turn.context)


def _answering(turn: Turn, text: str, first: Planned) -> Planned:
    """The plan of the turn in other words; the first one where it could not answer the turn as it was said."""
    planned = _read_once(turn.saying(text))
    follows = planned.frame == "follow_up"
    return planned if follows or beside_the_question(turn.text, planned.calls, turn.language) is None else first


def _read_once(turn: Turn) -> Planned:
    """The plan of a text, with every word accounted for; what nothing else reads may change the draft on the table."""
    text, known, shop, tools, words = turn.text, turn.context, turn.shop, turn.tools, turn.words
    asked = both_groups(turn) or about_the_thing(text, known, shop, tools, words, turn.alone)
    if asked is not None:
        return asked
    text = with_person_named(text, known)
    turn = turn if text == turn.text else turn.saying(text)
    asked = (of_the_draft(text, known, shop, tools, words)
             or sized_for_others(text, known, tools, words, turn.alone))
    if asked is not None:
        return asked
    planned = settled(text, _accounted_for(turn), shop, words, tools, lambda t: _accounted_for(turn.saying(t)),
                      lambda t: _accounted_for(turn.outside(t)))
    planned = of_campaigns(text, planned, known, shop, tools, words) or _described(turn, planned) or planned
    planned = sensible_plan(text, sensible_people(text, planned, words), words, in_talk=bool(known.past))
    if not turn.in_talk or not may_change(planned, known, words):
        return planned
    return changed_by_clauses(text, known, tools, words, turn.again, turn.alone) or planned


def _described(turn: Turn, planned: Planned) -> Planned | None:
    """A text that nothing reads, as one about a past campaign that is described."""
    no = planned.calls[0].args if planned.frame == "decline" else {}
    found = described(turn.text, turn.shop, turn.words) if no.get("reason") == "not_understood" else None
    return found if found is not None and all(c.name in turn.tools for c in found.calls) else None


def _accounted_for(turn: Turn) -> Planned:
    """The plan of a text whose customers are described in a clause or none."""
    known, words = turn.context, turn.words
    planned = turn.again(turn.text)
    planned = kept_to_them(turn.text, planned, with_people_named(turn.text, known, turn.language), turn.language)
    if planned.frame == "decline" and known.past:
        said = without_opening(turn.text, turn.language)  # "fine, by month then"
        again = turn.again(said) if said != turn.text else planned
        if again.frame != "decline":
            turn, planned = turn.saying(said), again
    planned = _in_passing(turn, planned)
    looked_at_before = {"occasion", "second_clause", "discourse", "picked", COMEBACKS, FRESH_START, LOOK_ASIDE}
    if planned.frame in looked_at_before | PEOPLE_ACTS:
        return planned
    if turn.in_talk:
        planned = sized_for_all(planned, known)
        absent = without_draft(turn.text, planned, known, words)
        if absent is not None:
            return absent

    def by_clauses(read: Planned) -> Planned | None:
        return worded(turn.text, read, words, turn.tools, turn.alone)

    clauses = by_clauses(planned)
    unseen = looked_at(turn.text, clauses or planned, words)
    if unseen is not None:
        return unseen
    if clauses is not None:
        return clauses  # it accounts for its words itself
    if planned.done is not None:
        return planned  # each of several requests was looked at on its own
    by_cost = replace(turn, encoder=None)
    told = accounted(turn.text, planned, words, turn.shop, lambda t: by_cost.again(t).calls)
    if told.frame == "decline" and planned.frame != "decline":  # no order as a whole, and may be one by its clauses
        ordered = by_clauses(told)
        return ordered if ordered is not None and ordered.calls[0].name == "draft_campaign" else told
    return told


def _in_passing(turn: Turn, planned: Planned) -> Planned:
    """A text that nothing reads for an ordinary word, read as one about recommendations without it, which is said."""
    no = planned.calls[0].args if [c.name for c in planned.calls] == ["decline"] else {}
    if planned.frame != "decline" or no.get("reason") != "not_understood":
        return planned
    return cued(turn.text, turn.shop, turn.words, turn.tools, turn.rephrased, passing=True) or planned


def _in_readings(turn: Turn) -> Planned:
    """The plan of the first reading that takes the text."""
    known = with_people_named(turn.text, turn.context, turn.language)
    return with_paid_prices(turn.text, in_turn(_READINGS, replace(turn, context=known)), turn.words)


__all__ = ["ALL_TOOLS", "plan_turn", "remaining"]
