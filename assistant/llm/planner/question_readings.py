"""How a question is read: by forms and parts of whole texts first, then cut into requests that the grammar reads.

Each function is one step: it gives the plan, the turn with its text put in other words, or None. :data:`WHOLE` comes
before :data:`QUESTION`, which also reads what is left of a text once a claim is cut off.
"""

from __future__ import annotations

from dataclasses import replace

from assistant.llm.planner.campaign_words import costs_something
from assistant.llm.planner.cancelled_value import with_cancelled_value
from assistant.llm.planner.candidate import Candidate, Planned
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.chosen_among import chosen_among
from assistant.llm.planner.churn_forms import about_what_comes
from assistant.llm.planner.comebacks import comebacks
from assistant.llm.planner.composed import composed
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.contrasts import contrasted
from assistant.llm.planner.customer_asks import about_customers, about_groups_contacted
from assistant.llm.planner.day_hours import asked_hours
from assistant.llm.planner.experiment_talk import about_experiments
from assistant.llm.planner.inside_places import inside_places
from assistant.llm.planner.intents import Frames
from assistant.llm.planner.journeys import journey
from assistant.llm.planner.limits import limited
from assistant.llm.planner.list_order import with_list_order
from assistant.llm.planner.listed_orders import listed_orders
from assistant.llm.planner.measure_advice import measure_advice
from assistant.llm.planner.offer_forms import about_offers
from assistant.llm.planner.one_figure import WELL
from assistant.llm.planner.one_request import one_request
from assistant.llm.planner.order_sets import order_sets
from assistant.llm.planner.people_forms import about_people
from assistant.llm.planner.people_sets import people_sets
from assistant.llm.planner.percent_bands import percent_bands
from assistant.llm.planner.posts import post
from assistant.llm.planner.premises import asked_claim, with_premise
from assistant.llm.planner.product_lists import product_list
from assistant.llm.planner.recommendation_cues import cued, of_goods
from assistant.llm.planner.recommendation_forms import about_recommendations
from assistant.llm.planner.regions import with_regions
from assistant.llm.planner.replies import decline
from assistant.llm.planner.request_order import in_order, requests_of
from assistant.llm.planner.segment_talk import about_groups
from assistant.llm.planner.sending_forms import about_sending
from assistant.llm.planner.series_asks import series_asks
from assistant.llm.planner.share_of_group import share_of_group
from assistant.llm.planner.shares import share_of_whole
from assistant.llm.planner.spans import read
from assistant.llm.planner.turn import Step, Turn, in_turn
from assistant.llm.planner.two_sided import two_sided
from assistant.llm.planner.two_sides import two_sides
from assistant.llm.planner.uplift_talk import about_contacts

# -- data and goods, before the grammar looks --------------------------------------------------------------------------


def _parts(turn: Turn) -> Planned | None:
    """A data question whose every word is a part of it, or about places that nobody holds."""
    if "query_data" not in turn.tools:
        return None
    return inside_places(turn.text, turn.words) or composed(turn.text, turn.context, turn.words)


def claims(turn: Turn) -> Planned | None:
    """Two things set against each other, and claims that are asked about; studies of two groups come first."""
    if not {"check_premise", "query_data"} <= set(turn.tools):
        return None
    def read_one(text: str) -> list[Candidate]:
        whole = _parts(turn.outside(text))
        made = [Candidate(whole.calls, 0.0, "query")] if whole is not None and whole.frame == "composed" else []
        read_well = made or [c for c in turn.readings(text)[:1] if c.cost <= WELL]
        return read_well or turn.rephrased(text)

    def share(text: str) -> Planned | None:
        return share_of_whole(text, turn.words, read_one)

    found = two_sides(turn.text, turn.words, read_one) or asked_claim(turn.text, turn.words, read_one, share)
    parts = _parts(turn)
    whole = parts is not None
    if found is None:
        return None if parts is not None and parts.calls[0].args.get("compare") else share(turn.text)
    study = not whole and "run_study" in turn.tools and contrasted(turn.text, turn.words, turn.readings)
    return None if study else found


def said_beside(turn: Turn) -> Planned | None:
    """Silences before an order, the order of a list, regions of the world, money of cancellations: planned in other
    words, and put into that plan."""
    if "query_data" not in turn.tools:
        return None
    return (comebacks(turn) or with_list_order(turn.text, turn.language, turn.again)
            or with_regions(turn.text, turn.words, turn.again)
            or with_cancelled_value(turn.text, turn.again))


def _chosen_among(turn: Turn) -> Planned | None:
    """Things to choose from beside their kind: "which channel (google / email) …"."""
    return chosen_among(turn.text, turn.shop, turn.words, turn.alone) if "query_data" in turn.tools else None


def _series(turn: Turn) -> Planned | None:
    """A measure along time: what is usual, runs in a row, targets, plain what-ifs."""
    if "run_study" not in turn.tools:
        return None

    def read_one(text: str) -> list[Candidate]:
        whole = composed(text, DialogueContext(), turn.words)
        return [Candidate(whole.calls, 0.0, "query")] if whole is not None else turn.rephrased(text)

    return series_asks(turn.text, turn.words, read_one, turn.context)


def _groups_contacted(turn: Turn) -> Planned | None:
    """What contacts change for a group of customers."""
    return about_groups_contacted(turn.text, turn.context, turn.shop, turn.words, turn.tools, turn.readings)


def _contacts(turn: Turn) -> Planned | None:
    """What contacts change, and what past ones changed."""
    return about_contacts(turn.text, turn.context, turn.shop, turn.tools, turn.language)


def _offers(turn: Turn) -> Planned | None:
    """Discounts and the like; None also where goods are what is offered ("instead of the mug"), which is read later."""
    offers = about_offers(turn.text, turn.context, turn.shop, turn.words, turn.tools, turn.readings)
    goods = None if offers is None else cued(turn.text, turn.shop, turn.words, turn.tools, turn.rephrased)
    return None if goods is not None and of_goods(goods.calls[0]) else offers


def _order_sets(turn: Turn) -> Planned | None:
    """Orders by two things that they hold."""
    return order_sets(turn.text, turn.words, turn.readings) if "query_data" in turn.tools else None


def _product_list(turn: Turn) -> Planned | None:
    """A list of goods with its rules: prices, margins, kinds left out."""
    listed = product_list(turn.text, turn.context, turn.shop, turn.words, turn.tools, turn.readings_here)
    return None if listed is None or costs_something(read(turn.text, turn.words)) else listed


def _two_sided(turn: Turn) -> Planned | Turn:
    """Two bounds of one range as one; a range that holds nothing is refused."""
    ranges = two_sided(turn.text, turn.words.lexicon)
    if ranges.empty:
        no = decline(turn.words.lexicon, "not_understood", "empty_range", words=ranges.empty)
        return Planned([no], 0.0, frame="decline")
    return turn.saying(ranges.text)


# -- whole texts -------------------------------------------------------------------------------------------------------


def _recommendations_heard(turn: Turn) -> Planned | None:
    """Recommendations in any order of words."""
    spoken = cued(turn.text, turn.shop, turn.words, turn.tools, turn.rephrased)
    return spoken if turn.context.last("find_segments") is None else None  # whose groups have names of their own


def _experiments(turn: Turn) -> Planned | None:
    """Tests and control groups."""
    return about_experiments(turn.text, turn.context, turn.tools, turn.language, turn.readings)


def _customers(turn: Turn) -> Planned | None:
    """Chosen customers, their risk, consents, reasons."""
    return about_customers(turn.text, turn.context, turn.shop, turn.words, turn.tools, turn.readings)


def _what_comes(turn: Turn) -> Planned | None:
    """What customers will do."""
    return about_what_comes(turn.text, turn.context, turn.shop, turn.words, turn.tools, turn.readings)


def _share_of_group(turn: Turn) -> Planned | None:
    """A share of customers who are told apart."""
    return share_of_group(turn.text, turn.language, turn.rephrased_here) if "query_data" in turn.tools else None


def _listed_orders(turn: Turn) -> Planned | None:
    """Orders one by one."""
    return listed_orders(turn.text, turn.words, turn.again) if "query_data" in turn.tools else None


def _percent_bands(turn: Turn) -> Planned | None:
    """Customers of a band: "the second 10 % by spend"."""
    banded = percent_bands(turn.text, turn.language, turn.readings_here)
    return banded if banded is not None and banded.calls[0].name in turn.tools else None


def _people_sets(turn: Turn) -> Planned | None:
    """Customers of one description and another, or not another."""
    return people_sets(turn.text, turn.words, turn.readings_here)


def _people(turn: Turn) -> Planned | None:
    """People as persons: interests, one customer, fairness, privacy."""
    return about_people(turn.text, turn.context, turn.shop, turn.words, turn.tools, turn.readings)


def _groups(turn: Turn) -> Planned | None:
    """Groups that were found among customers."""
    return about_groups(Frames(read(turn.text, turn.words), turn.context, turn.shop, turn.tools.__contains__))


def _sending(turn: Turn) -> Planned | None:
    """Sendings: when, how many, stopped."""
    return about_sending(turn.text, turn.words, turn.tools, turn.shop.status().as_of)


def _hours(turn: Turn) -> Turn:
    """Hours with a sign of time as hours of the day."""
    return turn.saying(asked_hours(turn.text, turn.words))


def _post(turn: Turn) -> Planned | None:
    """A post for social media."""
    return post(turn.text, turn.words) if "draft_post" in turn.tools else None


def _recommendations(turn: Turn) -> Planned | None:
    """Recommendations by form."""
    return about_recommendations(turn.text, turn.context, turn.shop, turn.tools, turn.rephrased)


def _premise(turn: Turn) -> Planned | None:
    """A claim beside the question is checked; a question is cut once."""
    if "check_premise" not in turn.tools:
        return None
    rest = replace(turn, tools=[t for t in turn.tools if t != "check_premise"], notes=())
    return with_premise(turn.text, turn.words, rest.readings, lambda t: in_turn(QUESTION, rest.saying(t)))


def _contrast(turn: Turn) -> Planned | None:
    """Groups set against each other; before other words are put, which would lose who is set against whom."""
    whole = contrasted(turn.text, turn.words, turn.readings) if "run_study" in turn.tools else []
    return Planned(whole[0].calls, 1.0, frame=whole[0].frame) if whole else None


def _journey(turn: Turn) -> Planned | None:
    """A campaign in several sentences."""
    if "draft_campaign" not in turn.tools:
        return None
    return journey(turn.text, turn.words, lambda r: candidates(r, turn.context, turn.shop, turn.tools))


def _measure_advice(turn: Turn) -> Planned | None:
    """How a measure could be moved: what the data say of it."""
    return measure_advice(turn.text, turn.words, turn.alone) if "query_data" in turn.tools else None


def _limits(turn: Turn) -> Planned | None:
    """What is not done here."""
    no = limited(turn.text, turn.context, turn.words.lexicon)
    return None if no is None else Planned([no], 0.0, frame="decline")


def _requests(turn: Turn) -> Planned:
    """The requests of the text, each read by the grammar of items and frames."""
    context, shop, tools, words, encoder = turn.context, turn.shop, turn.tools, turn.words, turn.encoder
    asked = requests_of(turn.text, context, shop, tools, words)
    if len(asked.texts) == 1:
        planned = one_request(asked.texts[0], context, shop, tools, words, encoder)
    else:
        planned = in_order(asked.texts, 0, context, shop, tools, words, encoder)
    if asked.background and planned.frame != "decline":
        planned.notes.append(f"background|{'; '.join(asked.texts)}")
    return planned


#: in the order in which they are tried; the last one always gives a plan
WHOLE: tuple[Step, ...] = (
    _chosen_among, _series, _parts, _groups_contacted, _contacts, _offers, _order_sets, _product_list, _two_sided,
)
QUESTION: tuple[Step, ...] = (
    _recommendations_heard, _experiments, _customers, _what_comes, _share_of_group, _listed_orders, _percent_bands,
    _people_sets, _people, _groups, _sending, _hours, _post, _recommendations, _premise, _contrast, _journey,
    _measure_advice, _limits, _requests,
)
