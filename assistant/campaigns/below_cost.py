"""Offers that would sell below cost: refused, or said first where a clearance may mean it."""

from __future__ import annotations

from math import floor

from assistant.campaigns.offers import MarginEffect, off_the_order
from assistant.errors import InvalidPlan
from assistant.plans import CampaignBrief
from assistant.results.format import show

#: goals for which selling below cost can be meant; the draft then says it first
MAY_LOSE = frozenset({"clearance"})


def sells_below_cost(margin: MarginEffect | None) -> bool:
    """Whether the goods of an offer sell at or below what they cost, over a year of sales with known costs."""
    return margin is not None and margin.offer_margin_rate <= 0


def check_margin(brief: CampaignBrief, margin: MarginEffect | None, currency: str | None) -> None:
    """Refuse an offer below cost, unless the campaign clears stock.

    Raises:
        InvalidPlan: names the margin and the largest discount that stays above cost.
    """
    if margin is None or not sells_below_cost(margin) or brief.goal in MAY_LOSE:
        return
    rate = f"{100 * margin.margin_rate:.1f} %"
    if margin.margin_rate <= 0:
        raise InvalidPlan("These goods sell below cost even without an offer, so no discount on them can pay",
                          received=f"margin of {rate} at full price", hint="Offer something else, such as a gift.")
    if brief.offer.kind == "percent_off":
        most = f"at most {max(floor(100 * margin.margin_rate) - 1, 0)} % off"
        said = f"{brief.offer.value:g} % off"
    else:
        of_what = "an order" if off_the_order(brief.offer) else "each"
        most = "a smaller amount, or a percentage"
        said = f"{show(brief.offer.value, 'currency', currency)} off {of_what}"
    raise InvalidPlan(
        f"With {said} the goods would sell below cost: their margin at full price is {rate}", received=said,
        valid=[most], hint="Nothing was drafted; say it is a clearance if selling below cost is meant.")
