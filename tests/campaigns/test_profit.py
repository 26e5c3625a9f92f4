"""The expected profit of a draft: by experiment for an offer that was made, an assumption for another, else none."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.campaigns.draft import Rooms, draft_campaign, make_plan
from assistant.campaigns.experiment.past import past_lift
from assistant.campaigns.offers.terms import lift_needed, shop_terms, taken
from assistant.campaigns.profit import expected_profit
from assistant.campaigns.store import DraftStore
from assistant.data.warehouse import Snapshot
from assistant.plans import CampaignBrief, CustomerCondition, OfferSpec
from assistant.plans.offers import OfferCandidate

LAPSED = CustomerCondition(metric="days_since_last_order", op="ge", values=(90,))
TESTED = OfferSpec(kind="percent_off", value=10, category="Homeware")


def rooms(folder: Path) -> Rooms:
    return Rooms(store=DraftStore(folder / "app.sqlite"), pick=lambda ids, k, category: {},
                 definition=lambda term: None)


def brief(offer: OfferSpec, goal: str = "win_back") -> CampaignBrief:
    return CampaignBrief(goal=goal, audience=LAPSED, channels=("email",), offer=offer,  # type: ignore[arg-type]
                         products_per_recipient=0, holdout_share=0.1)


def test_an_offer_that_was_made_rests_on_its_own_campaigns(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    plan = make_plan(demo_snapshot, brief(TESTED), rooms(tmp_path), "c-1")
    found = expected_profit(demo_snapshot, plan, demo_snapshot)
    assert found is not None and found.tested and found.past == past_lift(demo_snapshot, "win_back", TESTED)
    assert found.past is not None and found.past.campaigns == 2 < past_lift(demo_snapshot, "win_back").campaigns  # type: ignore[union-attr]
    terms = shop_terms(demo_snapshot, plan.rule)
    given = taken(terms, OfferCandidate(kind="percent_off", value=10, category="Homeware"))
    n, cost, base = len(plan.split.contacted), plan.costs.total, plan.sizing.baseline
    assert given is not None and cost is not None and base is not None and terms.margin is not None
    earned = n * (found.past.lift * (terms.margin * terms.order - given) - base * given) - cost
    assert found.expected == pytest.approx(earned)
    assert found.lower < found.expected < found.upper  # type: ignore[operator]
    at_break_even = n * (found.needed * (terms.margin * terms.order - given) - base * given) - cost  # type: ignore[operator]
    assert at_break_even == pytest.approx(0, abs=1e-6)
    assert found.needed == pytest.approx(lift_needed(terms, given, cost / n))


def test_another_offer_is_an_assumption_with_its_break_even(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    offer = OfferSpec(kind="percent_off", value=25, category="Homeware")
    drafted = draft_campaign(demo_snapshot, brief(offer), rooms(tmp_path))
    assert drafted.words["profit"] == "assumed" and drafted.figures["profit_campaigns"].value == 6
    part = next(row for row in drafted.table("outline").rows if row[0] == "expected profit")
    assert part[2] == "assumed" and "it pays from a lift of" in str(part[1])
    cheaper = draft_campaign(demo_snapshot, brief(TESTED), rooms(tmp_path))
    assert cheaper.figures["needed_lift"].value < drafted.figures["needed_lift"].value  # type: ignore[operator]
    assert cheaper.words["profit"] == "tested"


@pytest.mark.slow
def test_a_lift_that_was_not_shown_is_not_carried_over(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    drafted = draft_campaign(demo_snapshot, brief(OfferSpec(kind="percent_off", value=5), "loyalty"), rooms(tmp_path))
    assert past_lift(demo_snapshot, "loyalty").lower <= 0  # type: ignore[union-attr]
    assert "profit" not in drafted.figures and "needed_lift" in drafted.figures
    gift = draft_campaign(demo_snapshot, brief(OfferSpec(kind="gift")), rooms(tmp_path))
    assert "needed_lift" not in gift.figures and gift.words["profit"] == ""
