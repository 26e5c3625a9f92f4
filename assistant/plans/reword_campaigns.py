"""Campaigns, posts and journeys in words."""

from __future__ import annotations

from assistant.plans.requests import (
    CampaignBrief,
    JourneyStep,
    OfferSpec,
    PostRequest,
)
from assistant.plans.reword_base import counted, join_words, number_words
from assistant.plans.reword_copy import writing_words
from assistant.plans.reword_filters import filter_words
from assistant.plans.reword_periods import day_words, period_phrase


def offer_words(offer: OfferSpec) -> str:
    on = (
        f" on {offer.category}"
        if offer.category
        else f" on {len(offer.product_ids)} products"
        if offer.product_ids
        else ""
    )
    return {
        "percent_off": f"{number_words(offer.value)} % off{on}",
        "amount_off": f"{number_words(offer.value)} off{on}",
        "free_delivery": "free delivery",
        "gift": "a gift" if offer.value is None else f"a gift that costs {number_words(offer.value)}",
        "none": "no offer",
    }[offer.kind]


def campaign_words(brief: CampaignBrief) -> str:
    goal = brief.goal.replace("_", "-")
    audience = brief.audience_words or (
        f"customers where {filter_words(brief.audience)}"
        if brief.audience is not None
        else "the usual audience of this goal"
    )
    parts = [
        f"{goal} campaign for {audience}",
        "the best offer tested so far" if brief.best_offer and brief.offer.kind == "none" else offer_words(brief.offer),
        f"by {join_words(list(brief.channels))}",
        f"{brief.products_per_recipient} {counted('products', [brief.products_per_recipient])} each",
        *writing_words(brief),
    ]
    if brief.holdout_share is not None:
        parts.append(f"{brief.holdout_share * 100:g} % held out")
    if brief.starts_on:
        parts.append(f"from {day_words(brief.starts_on)}")
    if brief.ends_on:
        parts.append(f"until {day_words(brief.ends_on)}")
    if brief.period is not None:
        parts.append(f"for {period_phrase(brief.period)}")
    if brief.title:
        parts.append(f"called '{brief.title}'")
    if brief.variants > 1:
        parts.append(f"in {number_words(brief.variants)} wordings")
    if brief.budget is not None:
        parts.append(f"budget {number_words(brief.budget)}")
    if brief.leave_alone:
        parts.append("without those whom contact does not move")
    if brief.exit_when is not None:
        parts.append({"order": "until they order", "order_in_category": "until they order from the category",
                      "never": "whether or not they order meanwhile"}[brief.exit_when])
    if brief.steps:
        parts.append(f"in {number_words(len(brief.steps))} messages")
    return ", ".join(parts)


def post_words(request: PostRequest) -> str:
    about = "the best-selling products" if request.bestsellers else request.category or f"'{request.theme}'"
    if request.channel == "subject":
        of = f" about {request.category or request.theme}" if request.category or request.theme else ""
        return f"{number_words(request.variants)} subject lines of a {request.goal.replace('_', '-')} campaign{of}"
    title = f", titled '{request.title}'" if request.title else ""
    return f"post for social media about {about}{title}, {number_words(request.k)} products"


def step_words(step: JourneyStep) -> str:
    when = f"after {number_words(step.after_days)} days" if step.after_days else "at once"
    return f"{step.channel} {when}"
