"""One turn: text and conversation in, tool calls out."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from assistant.llm.planner.accounting import accounted
from assistant.llm.planner.after_refusal import scrap_after_refusal
from assistant.llm.planner.bought_it import unclear_goods, with_goods_named
from assistant.llm.planner.brief_extras import with_extras
from assistant.llm.planner.brief_talk import about_brief, with_details
from assistant.llm.planner.campaign_asks import about_past_campaigns
from assistant.llm.planner.campaign_cost import with_campaign
from assistant.llm.planner.campaign_cues import of_campaigns, of_the_draft, sized_for_others
from assistant.llm.planner.campaign_kinds import named_kind, no_such_offer
from assistant.llm.planner.campaign_occasions import with_occasion
from assistant.llm.planner.campaign_steps import about_steps
from assistant.llm.planner.campaign_talk import about_campaigns
from assistant.llm.planner.campaign_words import costs_something
from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.churn_forms import about_what_comes
from assistant.llm.planner.composed import composed
from assistant.llm.planner.context import FRESH_START, DialogueContext
from assistant.llm.planner.contrasts import contrasted
from assistant.llm.planner.copy_talk import about_copy
from assistant.llm.planner.currency import Amounts, amounts
from assistant.llm.planner.customer_asks import about_customers, about_groups_contacted, asks_for_profile
from assistant.llm.planner.day_hours import asked_hours
from assistant.llm.planner.dialogue_campaign import spoken_of
from assistant.llm.planner.discourse import of_the_talk
from assistant.llm.planner.draft_clauses import changed_by_clauses, may_change
from assistant.llm.planner.draft_edits import about_draft, two_changes
from assistant.llm.planner.draft_talk import about_table
from assistant.llm.planner.early_words import early_words
from assistant.llm.planner.elision import complete
from assistant.llm.planner.experiment_talk import about_experiments
from assistant.llm.planner.follow_moves import without_opening
from assistant.llm.planner.heard import hearing
from assistant.llm.planner.inside_places import inside_places
from assistant.llm.planner.intents import Frames
from assistant.llm.planner.joined_scraps import joined_scrap
from assistant.llm.planner.journeys import journey
from assistant.llm.planner.kept_scope import kept_scope
from assistant.llm.planner.limits import limited
from assistant.llm.planner.listed_people import kept_to_them, with_people_named
from assistant.llm.planner.listed_rows import of_those_rows, with_rows_named
from assistant.llm.planner.no_draft import sized_for_all, without_draft
from assistant.llm.planner.offer_forms import about_offers
from assistant.llm.planner.one_request import answerable_text, one_request
from assistant.llm.planner.order_sets import order_sets
from assistant.llm.planner.people_clauses import settled
from assistant.llm.planner.people_forms import about_people
from assistant.llm.planner.people_sets import people_sets
from assistant.llm.planner.percent_bands import percent_bands
from assistant.llm.planner.picks import picked
from assistant.llm.planner.post_forms import posts_said
from assistant.llm.planner.posts import post
from assistant.llm.planner.premises import with_premise
from assistant.llm.planner.product_lists import product_list
from assistant.llm.planner.rank import Encoder
from assistant.llm.planner.recommendation_cues import cued, of_goods
from assistant.llm.planner.recommendation_forms import about_recommendations
from assistant.llm.planner.rephrase import rephrase
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.request_order import in_order, remaining, requests_of
from assistant.llm.planner.respelled import unswapped
from assistant.llm.planner.second_clauses import second_clause
from assistant.llm.planner.second_reading import second_reading
from assistant.llm.planner.segment_rows import of_segments
from assistant.llm.planner.segment_talk import about_groups
from assistant.llm.planner.sending_forms import about_sending
from assistant.llm.planner.share_of_group import share_of_group
from assistant.llm.planner.spans import read
from assistant.llm.planner.tool_names import ALL_TOOLS
from assistant.llm.planner.turn_memory import remembering
from assistant.llm.planner.two_sided import two_sided
from assistant.llm.planner.unreadable import unreadable
from assistant.llm.planner.uplift_talk import about_contacts
from assistant.llm.planner.viewed_goods import of_viewers
from assistant.llm.planner.vocabulary import Vocabulary, vocabulary
from assistant.llm.planner.worded_brief import looked_at, with_own_goods, worded
from assistant.plans.shop import Shop


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
    if asks_for_profile(text, language):  # what customers are like: no order of a campaign for them
        tools = [t for t in tools if t != "draft_campaign"]
    with hearing(language), remembering():
        known = (context or DialogueContext()).since_fresh_start()
        words = vocabulary(shop, language)
        written = posts_said(text, context or DialogueContext(), shop, tools, words,
                             lambda t: _whole(t, None, DialogueContext(), shop, tools, words, encoder))
        if written is not None:
            return written
        viewers = of_viewers(text, shop, language, lambda t: plan_turn(
            t, context, shop, tools=tools, language=language, encoder=encoder))
        if viewers is not None:
            return viewers
        text = early_words(with_own_goods(text, language), language)
        if "draft_campaign" in tools:
            extra = with_extras(text, words, spoken_of(known) is not None, lambda t: _whole(
                early_words(with_own_goods(t, language), language), context, known, shop, tools, words, encoder))
            if extra is not None:
                return extra
        return _whole(text, context, known, shop, tools, words, encoder)


def _whole(
    text: str, context: DialogueContext | None, known: DialogueContext, shop: Shop, tools: Collection[str],
    words: Vocabulary, encoder: Encoder | None,
) -> Planned:
    """The plan of a text as it stands, or read another way where nothing else helps."""
    first = _read_once(text, context, known, shop, tools, words, encoder)
    planned = second_reading(
        text, first, words, lambda t: _read_once(t, context, known, shop, tools, words, encoder)
    ) or joined_scrap(
        text, first, known, words, lambda t: _read_once(t, None, DialogueContext(), shop, tools, words, encoder)
    ) or first
    return scrap_after_refusal(text, planned, known, words) or kept_scope(text, planned, known, words, shop) or planned


def _read_once(
    text: str, context: DialogueContext | None, known: DialogueContext, shop: Shop, tools: Collection[str],
    words: Vocabulary, encoder: Encoder | None,
) -> Planned:
    """The plan of a text, with every word accounted for; what nothing else reads may change the draft on the table."""
    language = words.lexicon.language

    def alone(said: str) -> Planned:
        return _turn(said, DialogueContext(), shop, tools, language, encoder)

    asked = of_the_draft(text, known, shop, tools, words) or sized_for_others(text, known, tools, words, alone)
    if asked is not None:
        return asked
    planned = settled(
        text, _accounted_for(text, context, known, shop, tools, words, encoder), shop, words, tools,
        lambda t: _accounted_for(t, context, known, shop, tools, words, encoder),
        lambda t: _accounted_for(t, None, DialogueContext(), shop, tools, words, encoder))
    planned = of_campaigns(text, planned, known, shop, tools, words) or planned
    if context is None or not may_change(planned, known, words):
        return planned
    changed = changed_by_clauses(text, known, tools, words, lambda t: _turn(t, known, shop, tools, language, encoder),
                                 alone)
    return changed or planned


def _accounted_for(
    text: str, context: DialogueContext | None, known: DialogueContext, shop: Shop, tools: Collection[str],
    words: Vocabulary, encoder: Encoder | None,
) -> Planned:
    """The plan of a text whose customers are described in a clause or none."""
    language = words.lexicon.language
    planned = _turn(text, known, shop, tools, language, encoder)
    planned = kept_to_them(text, planned, with_people_named(text, known, language), language)
    if planned.frame == "decline" and known.past:
        said = without_opening(text, language)  # "fine, by month then"
        again = _turn(said, known, shop, tools, language, encoder) if said != text else planned
        if again.frame != "decline":
            text, planned = said, again
    planned = _in_passing(text, planned, shop, tools, words)
    if planned.frame in {"occasion", "second_clause", "discourse", "picked", FRESH_START}:
        return planned
    if context is not None:
        planned = sized_for_all(planned, known)
        absent = without_draft(text, planned, known, words)
        if absent is not None:
            return absent

    def by_clauses(read: Planned) -> Planned | None:
        return worded(text, read, words, tools, lambda t: _turn(t, DialogueContext(), shop, tools, language, encoder))

    clauses = by_clauses(planned)
    unseen = looked_at(text, clauses or planned, words)
    if unseen is not None:
        return unseen
    if clauses is not None:
        return clauses  # it accounts for its words itself
    if planned.done is not None:
        return planned  # each of several requests was looked at on its own
    told = accounted(text, planned, words, shop, lambda t: _turn(t, known, shop, tools, language, None).calls)
    if told.frame == "decline" and planned.frame != "decline":  # no order as a whole, and may be one by its clauses
        ordered = by_clauses(told)
        return ordered if ordered is not None and ordered.calls[0].name == "draft_campaign" else told
    return told


def _in_passing(
    text: str, planned: Planned, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Planned:
    """A text that nothing reads for an ordinary word, read as one about recommendations without it, which is said."""
    no = planned.calls[0].args if [c.name for c in planned.calls] == ["decline"] else {}
    if planned.frame != "decline" or no.get("reason") != "not_understood":
        return planned
    return cued(text, shop, words, tools,
                lambda t: candidates(read(rephrase(t, words.lexicon.words), words), DialogueContext(), shop, tools),
                passing=True) or planned


def _turn(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], language: str, encoder: Encoder | None
) -> Planned:
    words = vocabulary(shop, language)
    context = with_people_named(text, context, language)
    joined = _of_the_first(text, context, shop, tools, words, encoder)
    if joined is not None:
        return joined
    text = complete(text, language)
    text = with_rows_named(text, context, language)
    text = with_campaign(with_goods_named(text, context), context, words)
    unclear = unclear_goods(text, context)
    if unclear is not None:
        no = decline(words.lexicon, "not_understood", "not_understood", words=quoted([unclear]))
        return Planned([no], 0.0, frame="decline")
    copy = about_copy(text, context, tools, words.lexicon)  # before slots in braces count as places left open
    if copy is not None:
        return copy
    both = two_changes(text, context, tools, words, lambda t: _turn(t, context, shop, tools, language, encoder))
    if both is not None:
        return both
    spoken = about_table(text, context, tools, words,
                         lambda t: _turn(t, DialogueContext(), shop, tools, language, encoder))
    if spoken is not None:
        formed = about_recommendations(text, context, shop, tools)  # "why X and not Y", baskets: said of one customer
        return formed if formed is not None and formed.calls[0].name == "recommend_products" else spoken
    text = unswapped(text, words)
    later = about_steps(text, context, words.lexicon) if "draft_campaign" in tools else None
    if later is not None:
        return later
    briefed = about_brief(text, context, tools, words)
    if briefed is not None:
        return briefed
    redone = about_draft(text, context, tools, words, shop, lambda t: _turn(t, context, shop, tools, language, encoder))
    if redone is not None:
        return redone
    asked_of = about_past_campaigns(text, context, shop, tools, words) or about_campaigns(text, context, tools, words)
    if asked_of is not None:
        return asked_of
    kind = no_such_offer(text, words, tools)
    if kind is not None:
        return kind
    text = named_kind(text, language)
    if "draft_campaign" in tools:
        occasion = with_occasion(text, shop.status().as_of, language,
                                 lambda t: _turn(t, context, shop, tools, language, encoder))
        if occasion is not None:
            return occasion
        detailed = with_details(text, words, lambda t: _turn(t, context, shop, tools, language, encoder))
        if detailed is not None:
            return detailed
    early = unreadable(text, words.lexicon)
    if early is not None:
        return Planned([early], 0.0, frame="decline")
    chosen = picked(text, context, words.lexicon)
    if chosen is not None and chosen.calls and all(c.name in tools for c in chosen.calls):
        return Planned(list(chosen.calls), 1.0, frame="picked")
    own = shop.status().currency
    asked = amounts(chosen.text if chosen is not None else text, own, language)
    if asked.wanted is not None:
        nearest = [asked.text] if answerable_text(asked.text, context, shop, tools, words) else None
        no = decline(words.lexicon, "missing_data", "no_rates", nearest=nearest, own=own, other=asked.wanted)
        return Planned([no], 0.0, frame="decline")
    within = _in_parts(asked, own, context, tools, words) or about_groups_contacted(
        asked.text, context, shop, words, tools, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if within is not None:
        return within
    contacts = about_contacts(asked.text, context, shop, tools, language)
    if contacts is not None:
        return contacts
    offers = _offered(asked.text, context, shop, tools, words)
    if offers is not None:
        return offers
    held = order_sets(asked.text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if held is not None and "query_data" in tools:
        return held
    listed = product_list(
        asked.text, context, shop, words, tools, lambda t: candidates(read(t, words), context, shop, tools)
    )
    if listed is not None and not costs_something(read(asked.text, words)):
        if asked.foreign_amount is not None:
            listed.notes.append(f"own_currency|{asked.foreign_amount}|{own}")
        return listed
    ranges = two_sided(asked.text, words.lexicon)
    if ranges.empty:
        no = decline(words.lexicon, "not_understood", "empty_range", words=ranges.empty)
        return Planned([no], 0.0, frame="decline")
    planned = _planned(ranges.text, context, shop, tools, words, encoder)
    if asked.foreign_amount is not None:
        planned.notes.append(f"own_currency|{asked.foreign_amount}|{own}")
    return planned


def _in_parts(
    asked: Amounts, own: str, context: DialogueContext, tools: Collection[str], words: Vocabulary
) -> Planned | None:
    """A data question whose every word is a part of it, or about places that nobody holds."""
    if "query_data" not in tools:
        return None
    planned = inside_places(asked.text, words) or composed(asked.text, context, words)
    if planned is not None and asked.foreign_amount is not None:
        planned.notes.append(f"own_currency|{asked.foreign_amount}|{own}")
    return planned


def _offered(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> Planned | None:
    """Discounts and the like; None also where goods are what is offered ("instead of the mug"), which is read later."""
    offers = about_offers(text, context, shop, words, tools,
                          lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    goods = None if offers is None else cued(
        text, shop, words, tools,
        lambda t: candidates(read(rephrase(t, words.lexicon.words), words), DialogueContext(), shop, tools))
    return None if goods is not None and of_goods(goods.calls[0]) else offers


def _of_the_first(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned | None:
    """What speaks of the first half of the text ("…, and what were they worth?") or of the answer before."""
    language = words.lexicon.language

    def within(known: DialogueContext, said: str) -> Planned:
        return _turn(said, known, shop, tools, language, encoder)

    again = partial(within, context)

    def alone(said: str) -> Planned:
        return _turn(said, DialogueContext(), shop, tools, language, encoder)

    if with_goods_named(text, context) != text or unclear_goods(text, context) is not None:
        return None  # "who bought it?" is about the thing, not about rows
    segment = of_segments(text, context, language, again)
    if segment is not None:
        return segment
    moved = of_the_talk(text, context, shop, tools, words, within, alone)
    if moved is not None:
        return moved
    text = complete(text, language)
    return second_clause(text, words, tools, shop.status().as_of, again) or of_those_rows(
        text, context, language, alone)


def _planned(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned:
    spoken = cued(text, shop, words, tools,
                  lambda t: candidates(read(rephrase(t, words.lexicon.words), words), DialogueContext(), shop, tools))
    if spoken is not None and context.last("find_segments") is None:  # whose groups have names of their own
        return spoken
    tested = about_experiments(text, context, tools, words.lexicon.language,
                               lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if tested is not None:
        return tested
    asked_of = about_customers(text, context, shop, words, tools,
                               lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if asked_of is not None:
        return asked_of
    coming = about_what_comes(text, context, shop, words, tools,
                              lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if coming is not None:
        return coming
    part = share_of_group(text, words.lexicon.language,
                          lambda t: candidates(read(rephrase(t, words.lexicon.words), words), context, shop, tools))
    if part is not None and "query_data" in tools:
        return part
    banded = percent_bands(text, words.lexicon.language, lambda t: candidates(read(t, words), context, shop, tools))
    if banded is not None and banded.calls[0].name in tools:
        return banded
    joined = people_sets(text, words, lambda t: candidates(read(t, words), context, shop, tools))
    if joined is not None:
        return joined
    person = about_people(text, context, shop, words, tools,
                          lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    if person is not None:
        return person
    groups = about_groups(Frames(read(text, words), context, shop, tools.__contains__))
    if groups is not None:
        return groups
    leaving = about_sending(text, words, tools, shop.status().as_of)
    if leaving is not None:
        return leaving
    text = asked_hours(text, words)
    words_only = post(text, words) if "draft_post" in tools else None
    if words_only is not None:
        return words_only
    listed = about_recommendations(text, context, shop, tools,
                                   lambda t: candidates(read(rephrase(t, words.lexicon.words), words),
                                                        DialogueContext(), shop, tools))
    if listed is not None:
        return listed
    if "check_premise" in tools:
        left = [t for t in tools if t != "check_premise"]  # a question is cut once
        claimed = with_premise(text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, left),
                               lambda t: _planned(t, context, shop, left, words, encoder))
        if claimed is not None:
            return claimed
    if "run_study" in tools:  # before other words are put, which would lose who is set against whom
        whole = contrasted(text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
        if whole:
            return Planned(whole[0].calls, 1.0, frame=whole[0].frame)
    several = journey(text, words, lambda r: candidates(r, context, shop, tools)) if "draft_campaign" in tools else None
    if several is not None:
        return several
    no = limited(text, context, words.lexicon)
    if no is not None:
        return Planned([no], 0.0, frame="decline")
    asked = requests_of(text, context, shop, tools, words)
    if len(asked.texts) == 1:
        planned = one_request(asked.texts[0], context, shop, tools, words, encoder)
    else:
        planned = in_order(asked.texts, 0, context, shop, tools, words, encoder)
    if asked.background and planned.frame != "decline":
        planned.notes.append(f"background|{'; '.join(asked.texts)}")
    return planned


# -- what cannot be read -----------------------------------------------------------------------------------------------


__all__ = ["ALL_TOOLS", "plan_turn", "remaining"]
