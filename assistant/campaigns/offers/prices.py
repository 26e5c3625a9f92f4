"""What an offer does to prices and to the margin. Money is decimal and rounded half up to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from assistant.plans import OfferSpec

CENT = Decimal("0.01")


def off_the_order(offer: OfferSpec) -> bool:
    """Whether an amount is taken once off an order ("€5 off your next order"), and off no single price."""
    return offer.kind == "amount_off" and not offer.category and not offer.product_ids


def offer_price(price: Decimal, offer: OfferSpec) -> Decimal:
    """Price of one unit under the offer. Amounts off named goods apply per unit, never below zero; other offers leave
    it."""
    value = Decimal(str(offer.value or 0))
    if offer.kind == "percent_off":
        price = price * (Decimal(100) - value) / Decimal(100)
    elif offer.kind == "amount_off":
        price = max(price - value, Decimal(0))
    return price.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class MarginEffect:
    """Margin with and without the offer, and the extra sales that would pay for it.

    Attributes:
        margin_rate: margin as a share of revenue at full price.
        offer_margin_rate: margin as a share of full-price revenue under the offer.
        break_even_lift: extra units, as a share of the units sold anyway, at which profit equals that without the
            offer; None when every unit loses money under it.
    """

    margin_rate: float
    offer_margin_rate: float
    break_even_lift: float | None


def margin_effect(revenue: float, cost: float, offer: OfferSpec, units: float) -> MarginEffect | None:
    """What the offer costs on goods that sold for ``revenue`` at ``cost`` in ``units`` units (orders, where the amount
    is taken off an order).

    Returns:
        None where nothing was sold, or where the offer changes no price.
    """
    if revenue <= 0 or units <= 0 or offer.kind not in {"percent_off", "amount_off"}:
        return None
    given = revenue * (offer.value or 0) / 100 if offer.kind == "percent_off" else units * (offer.value or 0)
    margin, reduced = revenue - cost, revenue - cost - given
    lift = margin / reduced - 1 if reduced > 0 and margin > 0 else None
    return MarginEffect(margin / revenue, reduced / revenue, lift)
