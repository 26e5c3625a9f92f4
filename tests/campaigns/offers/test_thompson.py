"""Chances of arms: right where they can be worked out, logged as drawn; a better arm is found with little regret."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.campaigns.offers.off_policy import evaluate
from assistant.campaigns.offers.thompson import Arm, assign, chances, likely_best
from assistant.errors import InvalidPlan


def test_arms_of_which_nothing_is_known_are_equal() -> None:
    assert chances([Arm("a"), Arm("b"), Arm("c")]) == pytest.approx([1 / 3] * 3)


def test_the_likelihood_of_being_best_is_that_of_drawing_many_times() -> None:
    arms = [Arm("a", 100, 10), Arm("b", 80, 12), Arm("c", 120, 11)]
    rng = np.random.default_rng(0)
    drawn = np.column_stack([rng.beta(*a.posterior, 200_000) for a in arms])
    counted = np.bincount(drawn.argmax(axis=1), minlength=3) / 200_000
    assert likely_best(arms) == pytest.approx(counted, abs=0.005)


def test_profit_counts_and_not_answers() -> None:
    """More answer to b, but an answer to it brings a third."""
    found = likely_best([Arm("a", 2000, 200, per_answer=30.0), Arm("b", 2000, 260, per_answer=10.0)])
    assert found[0] > 0.99
    dear = likely_best([Arm("a", 2000, 200, 10.0, per_contact=1.5), Arm("none", 2000, 180, 10.0)])
    assert dear[1] > 0.99
    assert likely_best([Arm("a", 500, 50, per_answer=-2.0), Arm("b", 500, 5, per_answer=-2.0)])[1] > 0.99


def test_every_arm_keeps_its_least_chance() -> None:
    found = chances([Arm("a", 5000, 500), Arm("b", 5000, 50)], floor=0.1)
    assert found.min() >= 0.1 - 1e-12 and found.sum() == pytest.approx(1)


@pytest.mark.parametrize(("arms", "floor"), [([], 0.1), ([Arm("a"), Arm("b")], 0.6), ([Arm("a", 5, 6)], 0.1)])
def test_what_cannot_be_is_refused(arms: list[Arm], floor: float) -> None:
    with pytest.raises(InvalidPlan):
        chances(arms, floor)


def test_customers_are_drawn_with_the_chances_that_are_logged() -> None:
    people = [str(i) for i in range(30_000)]
    found = assign("round 1", people, [0.05, 0.25, 0.7])
    assert np.bincount(found, minlength=3) / 30_000 == pytest.approx([0.05, 0.25, 0.7], abs=0.01)
    assert assign("round 1", people, [0.05, 0.25, 0.7]) == found != assign("round 2", people, [0.05, 0.25, 0.7])


def test_the_better_arm_is_found_and_the_log_can_be_evaluated() -> None:
    rates, rng = np.array([0.10, 0.10, 0.16]), np.random.default_rng(1)
    arms, log, lost = [Arm(n) for n in "abc"], [], 0.0
    for n in range(20):
        chance = chances(arms)
        got = np.array(assign(f"r{n}", [f"{n}-{i}" for i in range(300)], chance))
        answered = rng.random(300) < rates[got]
        lost += float((rates.max() - rates[got]).sum())
        log.append((answered.astype(float), got, chance[got]))
        arms = [Arm(a.name, a.trials + int((got == j).sum()), a.successes + int(answered[got == j].sum()))
                for j, a in enumerate(arms)]
    assert chances(arms)[2] > 0.8 and lost < 0.5 * 6000 * (rates.max() - rates.mean())
    reward, action, chance = (np.concatenate(x) for x in zip(*log, strict=True))
    found = evaluate(reward, action, chance, np.eye(3)[np.full(6000, 2)])
    assert found.ips.lower <= 0.16 <= found.ips.upper
