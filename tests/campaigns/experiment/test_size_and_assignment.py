"""The control group: how large, who is in it, and the seal on it."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from assistant.campaigns.experiment import assign, minimum_detectable_lift
from assistant.campaigns.experiment.baseline import came_back
from assistant.campaigns.experiment.design import designed
from assistant.campaigns.experiment.past import past_lift
from assistant.campaigns.experiment.rule import ReadOutRule
from assistant.campaigns.experiment.size import holdout_for, people_for, power_of, size_holdout
from assistant.data.warehouse import Snapshot
from assistant.plans import CampaignBrief, Compare, CustomerCondition


def test_assignment_is_exact_reproducible_and_sealed() -> None:
    ids = [str(i) for i in range(1000)]
    split = assign("c-1", ids, 0.1)
    assert len(split.holdout) == 100 and set(split.holdout) | set(split.contacted) == set(ids)
    shuffled = ids[:]
    random.Random(0).shuffle(shuffled)
    assert assign("c-1", shuffled, 0.1) == split
    assert assign("c-2", ids, 0.1).holdout != split.holdout
    assert assign("c-1", [*ids, "new"], 0.1).digest != split.digest


def test_assignment_is_fair() -> None:
    """Over many campaigns everybody is held out about equally often."""
    ids = [str(i) for i in range(50)]
    counts = dict.fromkeys(ids, 0)
    for n in range(400):
        for i in assign(f"c-{n}", ids, 0.2).holdout:
            counts[i] += 1
    assert min(counts.values()) > 45 and max(counts.values()) < 120


def test_detectable_lift_has_the_promised_power() -> None:
    rng, n_t, n_c, base = np.random.default_rng(1), 4500, 500, 0.1
    lift = minimum_detectable_lift(base, n_t, n_c)
    assert lift is not None
    treated, control = rng.binomial(n_t, base + lift, 4000) / n_t, rng.binomial(n_c, base, 4000) / n_c
    both = (n_t * treated + n_c * control) / (n_t + n_c)
    spread = np.sqrt(both * (1 - both) * (1 / n_t + 1 / n_c))
    assert np.mean(np.abs(treated - control) > 1.96 * spread) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("base", "a", "b"), [(0.0, 10, 10), (1.0, 10, 10), (0.1, 0, 10), (0.1, 10, 0)])
def test_detectable_lift_is_unknown_without_groups_or_variation(base: float, a: int, b: int) -> None:
    assert minimum_detectable_lift(base, a, b) is None


def test_the_smallest_group_with_the_promised_power_is_held_out() -> None:
    held = holdout_for(20_000, 0.1, 0.02)
    assert held is not None
    assert power_of(0.1, 0.02, 20_000 - held, held) == pytest.approx(0.8, abs=0.001)
    assert (power_of(0.1, 0.02, 20_000 - held + 5, held - 5) or 1) < 0.8
    sized = size_holdout(20_000, 0.1, 0.02)
    assert sized.why == "power" and 0 <= sized.share - held / 20_000 < 0.0011
    assert (people_for(0.1, 0.02, held / 20_000) or 0) == pytest.approx(20_000, rel=0.01)


def test_power_of_a_sized_group_holds_in_simulation() -> None:
    rng, sized = np.random.default_rng(7), size_holdout(20_000, 0.1, 0.02)
    n_c = round(20_000 * sized.share)
    treated, control = rng.binomial(20_000 - n_c, 0.12, 4000), rng.binomial(n_c, 0.1, 4000)
    p_t, p_c = treated / (20_000 - n_c), control / n_c
    both = (treated + control) / 20_000
    z = (p_t - p_c) / np.sqrt(both * (1 - both) * (1 / (20_000 - n_c) + 1 / n_c))
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("people", "baseline", "effect", "given", "why", "share"), [
    (500, 0.1, 0.01, None, "too_small", 0.1), (500, None, 0.01, None, "no_effect_known", 0.1),
    (500, 0.1, None, None, "no_effect_known", 0.1), (500, 0.1, 0.01, 0.25, "given", 0.25),
    (10_000_000, 0.1, 0.02, None, "power", 0.05),
])
def test_why_a_group_is_as_large_as_it_is(
    people: int, baseline: float | None, effect: float | None, given: float | None, why: str, share: float
) -> None:
    sized = size_holdout(people, baseline, effect, given)
    assert (sized.why, sized.share) == (why, pytest.approx(share))
    assert (sized.best is not None) == (why == "too_small")
    assert (sized.detectable is None) == (baseline is None)


def test_every_stratum_is_held_out_alike_and_everybody_has_the_same_chance() -> None:
    ids = [str(i) for i in range(900)]
    strata = {i: "abc"[min(int(i) // 100, 2)] for i in ids}  # 100, 100 and 700 customers
    drawn: Counter[str] = Counter()
    for n in range(300):
        split = assign(f"c-{n}", ids, 0.15, strata)
        assert len(split.holdout) == 135
        held = Counter(strata[i] for i in split.holdout)
        assert all(abs(held[g] - 0.15 * size) <= 1 for g, size in (("a", 100), ("b", 100), ("c", 700)))
        drawn.update(split.holdout)
    # 300 draws at 15 %: 45 each, standard deviation 6.2
    assert len(drawn) == 900 and min(drawn.values()) > 18 and max(drawn.values()) < 75
    pairs = np.mean([len({"1", "2"} & set(assign(f"d-{n}", ids, 0.5, strata).holdout)) == 2 for n in range(400)])
    assert pairs == pytest.approx(0.25, abs=0.08)


def test_the_seal_covers_the_rule_of_the_read_out() -> None:
    ids = [str(i) for i in range(50)]
    sealed = assign("c-1", ids, 0.2, rule=ReadOutRule().digest())
    assert sealed == assign("c-1", ids, 0.2, rule=ReadOutRule().digest())
    other = assign("c-1", ids, 0.2, rule=ReadOutRule(window_days=60).digest())
    assert other.holdout == sealed.holdout and other.digest != sealed.digest


def test_a_draft_of_the_demo_shop_is_sized_by_what_such_campaigns_did(demo_snapshot: Snapshot) -> None:
    from assistant.campaigns.audience import build_audience

    rule = CustomerCondition(metric="days_since_last_order", op="ge", values=(30,))
    brief = CampaignBrief(goal="win_back", audience=rule)
    people = build_audience(demo_snapshot, rule, ("email", "sms"))
    made = designed(demo_snapshot, brief, rule, people, "c-1")
    past = past_lift(demo_snapshot, "win_back")
    assert past is not None and past.lower > 0 and made.sizing.effect == pytest.approx(past.lift)  # sums in any order
    assert made.sizing.baseline == came_back(demo_snapshot, rule)[0]
    assert len(made.split.holdout) == round(made.sizing.share * len(people.mailable or ()))
    held = Counter(made.split.strata[c] for c in made.split.holdout)
    whole = Counter(made.split.strata.values())
    assert all(abs(held[s] - made.sizing.share * n) <= 1 for s, n in whole.items())


def test_everybody_has_a_baseline_and_named_people_have_none(demo_snapshot: Snapshot) -> None:
    assert came_back(demo_snapshot, Compare(field="customer", op="not_null", values=()))[1] > 0
    assert came_back(demo_snapshot, Compare(field="customer", values=("C00001",))) == (None, 0)
