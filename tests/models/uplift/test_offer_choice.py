"""Offers chosen from what the demo shop's campaigns teach (they share its model)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.campaigns.offers.choose import SMALLEST_GROUP, Choice, Limits, best_for_all, choose_offers
from assistant.campaigns.offers.exam import examine_choice
from assistant.campaigns.offers.report import total
from assistant.data.objectors import objectors
from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData
from assistant.features.reachable import reachable
from assistant.models.people.traits import traits
from assistant.models.uplift.fitted import ShopUplift
from assistant.plans import CampaignBrief, CustomerCondition, OfferSpec
from assistant.plans.offers import OfferCandidate
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.shops import copy_home


@pytest.fixture(scope="module")
def choice(demo_snapshot: Snapshot, model: ShopUplift) -> Choice:
    return choose_offers(demo_snapshot, model)


def test_everybody_gets_the_option_that_brings_most_or_none(choice: Choice) -> None:
    found = choice.gains
    free = np.where(found.allowed, found.gain, -np.inf)
    best = free.max(axis=1)
    taken = choice.chosen >= 0
    assert (taken == (best > 0)).all() and taken.any() and not taken.all()
    rows = np.flatnonzero(taken)
    assert np.allclose(found.gain[rows, choice.chosen[rows]], best[rows])
    assert np.allclose(found.gain, found.won - found.given - found.message)


def test_only_those_who_agreed_to_the_channel_get_it(demo_snapshot: Snapshot, choice: Choice) -> None:
    offers = choice.offers()
    assert not offers.keys() & objectors(demo_snapshot)
    for channel in {o.channel for o in offers.values()}:
        assert {c for c, o in offers.items() if o.channel == channel} <= (reachable(demo_snapshot, [channel]) or set())


def test_limits_hold_and_spending_them_well_beats_simpler_ways(demo_snapshot: Snapshot, model: ShopUplift) -> None:
    found = choose_offers(demo_snapshot, model, limits=Limits(budget=150.0, max_contacts=400))
    assert total(found.gains.spend, found.chosen) <= 150.0 + 1e-6 and (found.chosen >= 0).sum() <= 400
    best = total(found.gains.gain, found.chosen)
    assert best >= total(found.gains.gain, found.everybody) and best >= total(found.gains.gain, found.likeliest)
    assert found.allocation.gap < 0.001


def test_a_share_of_customers_is_kept_to(demo_snapshot: Snapshot, model: ShopUplift) -> None:
    found = choose_offers(demo_snapshot, model, limits=Limits(max_share=0.1))
    assert found.picked == int(0.1 * found.could) > 100


def test_groups_are_chosen_at_similar_rates_where_that_is_asked(demo_snapshot: Snapshot, model: ShopUplift) -> None:
    groups = traits(demo_snapshot, "gender")["gender"]
    found = choose_offers(demo_snapshot, model, limits=Limits(max_contacts=150, groups=groups))
    able = found.gains.allowed.any(axis=1)
    label = np.array([groups.get(str(c), "") for c in found.gains.customers])
    large = [g for g in sorted(set(label[able]) - {""}) if (able & (label == g)).sum() >= SMALLEST_GROUP]
    rates = [(found.chosen[able & (label == g)] >= 0).mean() for g in large]
    assert len(rates) == 2 and min(rates) >= 0.8 * max(rates) - 1e-9


def test_an_offer_that_was_never_tested_is_not_chosen(demo_snapshot: Snapshot, model: ShopUplift) -> None:
    found = choose_offers(demo_snapshot, model, candidates=[OfferCandidate(kind="free_delivery")])
    assert found.menu.options == () and not found.offers()


def test_the_rule_is_tried_on_past_campaigns_against_contacting_nobody(model: ShopUplift) -> None:
    found = examine_choice(model)
    everybody = found.of("everybody")
    assert found.campaigns == 18 and everybody.against_everybody.value == 0
    # the same question that the read-out of margin answers, asked another way: the intervals must meet
    seen, paid = model.checked_.margin_by_group.overall, model.money_.per_message
    assert seen.lower is not None and seen.upper is not None
    assert everybody.against_nobody.lower <= seen.upper - paid and everybody.against_nobody.upper >= seen.lower - paid
    assert found.of("rule").contacted == found.of("likeliest").contacted == found.of("lot").contacted


def test_orders_brought_forward_are_taken_off(demo_snapshot: Snapshot, model: ShopUplift, choice: Choice) -> None:
    half = choose_offers(demo_snapshot, model, forward=0.5).gains
    won = choice.gains.won > 0
    assert np.allclose(half.won[won], choice.gains.won[won] / 2) and np.allclose(half.won[~won], choice.gains.won[~won])


def test_a_campaign_gets_the_offer_that_pays_best_for_all_it_contacts(
    demo_snapshot: Snapshot, model: ShopUplift, choice: Choice, demo_home: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = choice.gains
    sums = {o: float(found.gain[found.allowed[:, j], j].sum()) for j, o in enumerate(choice.menu.options)}
    best = best_for_all(choice, ("email",))
    assert best is not None and best.channel == "email" and sums[best] == max(
        s for o, s in sums.items() if o.channel == "email") > 0
    assert best_for_all(choice, ()) is None

    workspace = Workspace(load_settings(copy_home(demo_home, tmp_path / "home")))
    monkeypatch.setattr(workspace, "uplift_model", lambda *scope: model)
    lapsed = CustomerCondition(metric="days_since_last_order", op="ge", values=(90,))
    asked = CampaignBrief(goal="win_back", audience=lapsed, channels=("email",), best_offer=True)
    brief = workspace.with_best_offer(asked)
    assert brief.offer.kind == "percent_off" and brief.offer == brief.offer_chosen and not brief.best_offer
    named = asked.model_copy(update={"offer": OfferSpec(kind="percent_off", value=5)})
    assert workspace.with_best_offer(named) == named, "what a person names stands"
    nothing = MissingData("no campaigns are loaded")
    monkeypatch.setattr(workspace, "uplift_model", lambda *scope: (_ for _ in ()).throw(nothing))
    without = workspace.with_best_offer(asked)
    assert without.offer.kind == "none" and "no campaigns are loaded" in without.not_included[0]
