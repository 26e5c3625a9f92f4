"""What is read before a text is taken for a question: talk of the answer before, what is asked of any customers, orders
of campaigns, plain refusals.

Each function is one step of :data:`FIRST`: it gives the plan, the turn with its text put in other words, or None.
"""

from __future__ import annotations

from assistant.llm.planner.absent_forms import absent_by_form
from assistant.llm.planner.bought_it import unclear_goods, with_goods_named
from assistant.llm.planner.brief_talk import about_brief, with_details
from assistant.llm.planner.campaign_asks import about_past_campaigns
from assistant.llm.planner.campaign_cost import with_campaign
from assistant.llm.planner.campaign_kinds import named_kind, no_such_offer
from assistant.llm.planner.campaign_occasions import with_occasion
from assistant.llm.planner.campaign_steps import about_steps
from assistant.llm.planner.campaign_talk import about_campaigns
from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.copy_talk import about_copy
from assistant.llm.planner.currency import amounts
from assistant.llm.planner.discourse import of_the_talk
from assistant.llm.planner.draft_edits import about_draft, two_changes
from assistant.llm.planner.draft_talk import about_table
from assistant.llm.planner.elision import complete
from assistant.llm.planner.listed_rows import of_those_rows, with_rows_named
from assistant.llm.planner.one_request import answerable_text
from assistant.llm.planner.people_acts import people_acts
from assistant.llm.planner.picks import picked
from assistant.llm.planner.piece_words import about_pieces
from assistant.llm.planner.recommendation_forms import about_recommendations
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.respelled import unswapped
from assistant.llm.planner.row_in_talk import with_row_named
from assistant.llm.planner.second_clauses import second_clause
from assistant.llm.planner.segment_rows import of_segments
from assistant.llm.planner.turn import Step, Turn
from assistant.llm.planner.unreadable import unreadable
from assistant.llm.planner.wanted_goods import wanted_goods

# -- of the answer before ----------------------------------------------------------------------------------------------


def _talk(turn: Turn) -> Planned | None:
    """What speaks of the first half of the text ("…, and what were they worth?") or of the answer before."""
    text, context, tools, words = turn.text, turn.context, turn.tools, turn.words
    if with_goods_named(text, context) != text or unclear_goods(text, context) is not None:
        return None  # "who bought it?" is about the thing, not about rows
    segment = of_segments(text, context, turn.language, turn.again)
    if segment is not None:
        return segment
    moved = of_the_talk(text, context, turn.shop, tools, words, turn.within, turn.alone)
    if moved is not None:
        return moved
    whole = complete(text, turn.language)
    return second_clause(whole, words, tools, turn.shop.status().as_of, turn.again) or of_those_rows(
        whole, context, turn.language, turn.alone)


def _named(turn: Turn) -> Turn:
    """Verbs left out put back, and what "it", "those" and "that campaign" stand for put in their place."""
    text = with_rows_named(complete(turn.text, turn.language), turn.context, turn.language)
    text = with_row_named(text, turn.context)
    return turn.saying(with_campaign(with_goods_named(text, turn.context), turn.context, turn.words))


def _unclear_goods(turn: Turn) -> Planned | None:
    """Goods spoken of where it is open which."""
    unclear = unclear_goods(turn.text, turn.context)
    if unclear is None:
        return None
    no = decline(turn.words.lexicon, "not_understood", "not_understood", words=quoted([unclear]))
    return Planned([no], 0.0, frame="decline")


# -- drafts and campaigns ----------------------------------------------------------------------------------------------


def _copy(turn: Turn) -> Planned | None:
    """The words of messages; before slots in braces count as places left open."""
    return about_copy(turn.text, turn.context, turn.tools, turn.words.lexicon)


def _pieces(turn: Turn) -> Planned | None:
    """One piece of a draft's words otherwise."""
    return about_pieces(turn.text, turn.context, turn.tools, turn.words.lexicon)


def _two_changes(turn: Turn) -> Planned | None:
    """Two changes of a draft in one text."""
    return two_changes(turn.text, turn.context, turn.tools, turn.words, turn.again)


def _table(turn: Turn) -> Planned | None:
    """The draft on the table."""
    spoken = about_table(turn.text, turn.context, turn.tools, turn.words, turn.alone)
    if spoken is None:
        return None
    formed = about_recommendations(turn.text, turn.context, turn.shop, turn.tools)
    of_one = formed is not None and formed.calls[0].name == "recommend_products"
    return formed if of_one else spoken  # "why X and not Y", baskets: said of one customer


def _unswapped(turn: Turn) -> Turn:
    """Letters swapped by mistake put right."""
    return turn.saying(unswapped(turn.text, turn.words))


def _steps(turn: Turn) -> Planned | None:
    """Messages of a campaign that follow one another."""
    return about_steps(turn.text, turn.context, turn.words.lexicon) if "draft_campaign" in turn.tools else None


def _brief(turn: Turn) -> Planned | None:
    """Parts of a brief and their reasons."""
    return about_brief(turn.text, turn.context, turn.tools, turn.words)


def _draft(turn: Turn) -> Planned | None:
    """Changes of a draft."""
    return about_draft(turn.text, turn.context, turn.tools, turn.words, turn.shop, turn.again)


def _campaigns(turn: Turn) -> Planned | None:
    """Past campaigns, and campaigns in general."""
    return about_past_campaigns(turn.text, turn.context, turn.shop, turn.tools, turn.words) or about_campaigns(
        turn.text, turn.context, turn.tools, turn.words)


def _no_such_offer(turn: Turn) -> Planned | None:
    """A kind of campaign or offer that is not made here."""
    return no_such_offer(turn.text, turn.words, turn.tools)


def _kind(turn: Turn) -> Turn:
    """Kinds of campaigns in the words of the grammar."""
    return turn.saying(named_kind(turn.text, turn.language))


def _occasion(turn: Turn) -> Planned | None:
    """A campaign for birthdays, baskets left behind, reviews, favourite goods."""
    if "draft_campaign" not in turn.tools:
        return None
    return with_occasion(turn.text, turn.shop.status().as_of, turn.language, turn.again)


def _details(turn: Turn) -> Planned | None:
    """A campaign whose order ends in clauses of its own: "…, stop once they ordered"."""
    return with_details(turn.text, turn.words, turn.again) if "draft_campaign" in turn.tools else None


# -- what no reading takes ---------------------------------------------------------------------------------------------


def _absent(turn: Turn) -> Planned | None:
    """What orders do not hold, asked for by a form whose words mean other things one by one."""
    no = absent_by_form(turn.text, turn.words, alone=True)
    return None if no is None else Planned([no], 0.0, frame="decline")


def _unreadable(turn: Turn) -> Planned | None:
    """Nothing, marks, code, another language, a placeholder left in."""
    no = unreadable(turn.text, turn.words.lexicon)
    return None if no is None else Planned([no], 0.0, frame="decline")


def _picked(turn: Turn) -> Planned | Turn | None:
    """A reply to a question back."""
    chosen = picked(turn.text, turn.context, turn.words.lexicon)
    if chosen is None:
        return None
    if chosen.calls and all(c.name in turn.tools for c in chosen.calls):
        return Planned(list(chosen.calls), 1.0, frame="picked")
    return turn.saying(chosen.text)


def _currency(turn: Turn) -> Planned | Turn:
    """Amounts in another currency: read as the shop's own, which is said, or refused where they are asked for."""
    own = turn.shop.status().currency
    asked = amounts(turn.text, own, turn.language)
    if asked.wanted is not None:
        known = answerable_text(asked.text, turn.context, turn.shop, turn.tools, turn.words)
        no = decline(turn.words.lexicon, "missing_data", "no_rates", nearest=[asked.text] if known else None, own=own,
                     other=asked.wanted)
        return Planned([no], 0.0, frame="decline")
    note = () if asked.foreign_amount is None else (f"own_currency|{asked.foreign_amount}|{own}",)
    return turn.saying(asked.text, *note)


def _wanted(turn: Turn) -> Planned | None:
    """Goods that somebody looks for, for an occasion or a person."""
    return wanted_goods(turn.text, turn.language) if "search_products" in turn.tools else None


#: in the order in which they are tried
FIRST: tuple[Step, ...] = (
    _pieces, _absent, people_acts, _talk, _named, _unclear_goods,
    _copy, _two_changes, _table, _unswapped, _steps, _brief, _draft, _campaigns, _no_such_offer, _kind, _occasion,
    _details,
    _unreadable, _picked, _currency, _wanted,
)
