"""The lift an offer needs: at exactly that lift the contact brings nothing and costs nothing."""

from __future__ import annotations

import pytest

from assistant.campaigns.offers.afterwards import afterwards
from assistant.campaigns.offers.terms import ShopTerms, need, shop_terms, taken
from assistant.data.warehouse import Snapshot
from assistant.features.contacted import past_campaigns
from assistant.plans import CustomerCondition
from assistant.plans.offers import OfferCandidate

TERMS = ShopTerms(1000, 200, 0.2, 50.0, 0.4, 4.0, {"Garden": 0.25}, message=0.1, message_known=True)


@pytest.mark.parametrize(("offer", "given"), [
    (OfferCandidate(kind="percent_off", value=10), 5.0),
    (OfferCandidate(kind="percent_off", value=10, category="garden"), 1.25),
    (OfferCandidate(kind="amount_off", value=3), 3.0), (OfferCandidate(kind="free_delivery"), 4.0),
    (OfferCandidate(kind="gift", cost=2), 2.0), (OfferCandidate(kind="none"), 0.0),
    (OfferCandidate(kind="bundle", value=20), 10.0), (OfferCandidate(kind="early_access"), 0.0),
])
def test_at_the_lift_needed_profit_is_as_without_the_offer(offer: OfferCandidate, given: float) -> None:
    found = need(TERMS, offer)
    assert found.given == pytest.approx(given) and found.lift is not None and found.state == "known"
    margin = 50.0 * 0.4
    without = 1000 * 0.2 * margin
    with_offer = 1000 * ((0.2 + found.lift) * (margin - given) - 0.1)
    assert with_offer == pytest.approx(without)


def test_an_offer_below_cost_is_said_to_be() -> None:
    below = need(TERMS, OfferCandidate(kind="percent_off", value=40))
    assert below.state == "below_cost" and below.lift is None
    assert need(TERMS, OfferCandidate(kind="percent_off", value=35)).state == "out_of_reach"
    assert need(TERMS, OfferCandidate(kind="amount_off", value=80)).state == "below_cost"


def test_what_it_costs_is_not_made_up() -> None:
    assert taken(TERMS, OfferCandidate(kind="gift")) is None
    assert need(TERMS, OfferCandidate(kind="gift")).state == "unknown"


def test_who_orders_anyway_is_told_from_those_the_rule_selected_then(demo_snapshot: Snapshot) -> None:
    """Of customers silent for 90 days today none ordered lately, by definition; of those silent then, some did."""
    silent = CustomerCondition(metric="days_since_last_order", op="ge", values=(90,))
    found = shop_terms(demo_snapshot, silent)
    assert 0 < found.baseline < shop_terms(demo_snapshot).baseline


def test_delivery_is_that_of_the_customers_meant(demo_snapshot: Snapshot) -> None:
    few = shop_terms(demo_snapshot, CustomerCondition(metric="orders", op="ge", values=(20,)))
    everybody = shop_terms(demo_snapshot)
    assert few.delivery is not None and everybody.delivery is not None
    assert 0 < few.delivery < 3 * everybody.delivery < 15, "a charge is a few euros"


def test_a_margin_that_is_said_stands_above_the_data(demo_snapshot: Snapshot) -> None:
    found = shop_terms(demo_snapshot, margin_percent=10)
    assert found.margin == 0.1 and found.said
    assert need(found, OfferCandidate(kind="percent_off", value=10)).state == "below_cost"


def test_the_weeks_after_past_campaigns_are_looked_at(demo_snapshot: Snapshot) -> None:
    """The demo shop plants no orders brought forward, so none may be found."""
    found = afterwards(demo_snapshot, [c for c in past_campaigns(demo_snapshot) if c.randomisable], 0.025)
    assert found is not None and found.share == 0 and found.campaigns > 10
    assert found.effect.lower is not None and found.effect.upper is not None
    assert found.effect.lower <= 0 <= found.effect.upper
    assert afterwards(demo_snapshot.at(past_campaigns(demo_snapshot)[0].started),
                      past_campaigns(demo_snapshot)[:1], 0.025) is None, "the weeks after are not in the data yet"
