"""Readings of "which new products should we push", "who should hear about our new …", "are the lists any good".

Each is a pattern for the whole text (``recommending.yaml``); what a slot holds is read by the grammar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.meanings import rule_of
from assistant.llm.planner.patterns import patterns
from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.recommending import CheckRequest, LaunchRequest
from assistant.plans.requests import BuyersRequest

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: these readings fit the whole text, so they come before what only explains its words
_SURE = -0.3
_LONGEST = 160
#: likeness (of 100) from which words are taken for a product's name
_NAMED = 80


def recommender_talk(frames: Frames) -> Iterator[Candidate]:
    """The reading of the text as one of these questions, if it is one."""
    found = patterns(frames.lex.language, "recommending")
    text = found.bare(frames.reading.text)
    if not text or len(text) > _LONGEST:
        return
    for about in get_args(CheckRequest.model_fields["about"].annotation):
        if about in found.raw and any(True for _ in found.fits(about, text)):
            yield _reading(CheckRequest(about=about))
            return
    for slots in found.fits("whom", text):
        product = _product(frames, slots["product"])
        if product is not None:
            yield _reading(BuyersRequest(product_id=product))
            return
    for slots in found.fits("for_customer", text):
        customer = _customer(frames, slots["customer"])
        if customer is not None:
            yield _reading(_launch(frames, customer_id=customer))
            return
    of_category = any(getattr(r, "field", "") == "category" for r in frames.parts().rows)
    if of_category and any(True for _ in found.fits("push_category", text)):
        yield _reading(_launch(frames))
        return
    for slots in found.fits("push", text):
        whom = slots.get("group")
        rule = None if whom is None else _rule(frames, whom)
        if whom is None or rule is not None:
            yield _reading(_launch(frames, filter=rule))
            return


def _reading(request: PlanModel) -> Candidate:
    return Candidate([call(request)], _SURE, "recommender")


def _launch(frames: Frames, *, customer_id: str | None = None, filter: Filter | None = None) -> LaunchRequest:
    """The request with what else the text says: a number of products, a category, how long a product counts as new."""
    p = frames.parts()
    category = next((str(r.values[0]) for r in p.rows if getattr(r, "field", "") == "category"), None)  # type: ignore[union-attr]
    return LaunchRequest(customer_id=customer_id, filter=filter, category=category if filter is None else None,
                         k=p.limit or 5)


def _rule(frames: Frames, words: str) -> Filter | None:
    return rule_of(frames, words, patterns(frames.lex.language))


def _customer(frames: Frames, words: str) -> str | None:
    """The id of the customer named, as the shop writes it where it knows one with orders; None where no id is said."""
    found = [m for m in frames.shop.find(words, ("customer",), 1) if m.value.casefold() == words.casefold()]
    said = [c for c in frames.parts().customer_ids if c.casefold() == words.casefold()]
    return found[0].value if found else said[0] if said else None


def _product(frames: Frames, words: str) -> str | None:
    found = [m for m in frames.shop.find(words, ("product",), 1) if m.kind == "product" and m.score >= _NAMED]
    return found[0].value if found else None
