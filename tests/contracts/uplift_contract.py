"""The one exam of every learner of uplift. An implementation subclasses it and says how it is made:

class TestMine(UpliftContract):
    def make(self):
        return Mine()
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from assistant.errors import InvalidPlan
from assistant.models.uplift.learners import UpliftLearner
from assistant.models.uplift.scores import qini_score


def planted(n: int = 6000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """An experiment with three kinds of customers: moved (+0.25), not moved, and driven away (-0.2).

    Returns:
        x (column 0 tells the kinds, column 1 how likely somebody orders anyway, column 2 says nothing), treatment,
        outcome and the true effect of each.
    """
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(-1, 2, n).astype(float), rng.random(n), rng.normal(size=n)])
    effect = np.select([x[:, 0] == 1, x[:, 0] == -1], [0.25, -0.2], 0.0)
    treatment = (rng.random(n) < 0.6).astype(int)
    chance = 0.25 + 0.3 * x[:, 1] + treatment * effect
    return x, treatment, (rng.random(n) < chance).astype(int), effect


@pytest.fixture(scope="module")
def trial() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return planted()


class UpliftContract:
    def make(self) -> UpliftLearner:
        raise pytest.UsageError("say in make() how the learner is made")

    @pytest.fixture(scope="class")
    def found(self, trial):
        x, treatment, outcome, _ = trial
        return self.make().fit(x, treatment, outcome).predict(x)

    def test_finds_who_is_moved_and_who_is_driven_away(self, trial, found):
        x, _, _, effect = trial
        means = [found[x[:, 0] == kind].mean() for kind in (-1, 0, 1)]
        assert means[0] < -0.08 and means[2] > 0.12 and means[0] < means[1] < means[2]
        assert np.corrcoef(found, effect)[0, 1] > 0.85

    def test_orders_customers_of_another_draw(self, trial):
        x, treatment, outcome, _ = trial
        new = planted(seed=1)
        order = self.make().fit(x, treatment, outcome).predict(new[0])
        assert qini_score(new[2], order, new[1]) > 0.15

    def test_gives_a_difference_of_probabilities(self, found):
        assert np.isfinite(found).all() and (np.abs(found) <= 1).all()

    def test_sees_little_where_nobody_differs(self, trial):
        x, treatment, _, effect = trial
        same = (np.random.default_rng(3).random(len(x)) < 0.3 + 0.1 * treatment).astype(int)
        assert self.make().fit(x, treatment, same).predict(x).std() < 0.5 * effect.std()

    def test_manners(self, trial):
        x, treatment, outcome, _ = trial
        learner = self.make()
        before = set(vars(learner))
        assert not [name for name in before if name.endswith("_")]
        assert learner.fit(x, treatment, outcome) is learner
        assert all(name.endswith("_") for name in set(vars(learner)) - before)

    def test_predicting_before_learning_raises(self, trial):
        with pytest.raises(NotFittedError):
            self.make().predict(trial[0])

    def test_learns_the_same_twice(self, trial, found):
        x, treatment, outcome, _ = trial
        assert np.array_equal(self.make().fit(x, treatment, outcome).predict(x), found)

    def test_an_arm_without_customers_is_refused(self, trial):
        x, treatment, outcome, _ = trial
        with pytest.raises(InvalidPlan, match="held out"):
            self.make().fit(x, np.ones_like(treatment), outcome)
        with pytest.raises(InvalidPlan, match="one row per customer"):
            self.make().fit(x, treatment[:-1], outcome)

    def test_a_handful_of_identical_customers(self):
        x, treatment, outcome = np.ones((12, 3)), np.array([0, 1] * 6), np.array([0, 0, 1, 1] * 3)
        assert np.abs(self.make().fit(x, treatment, outcome).predict(x)).max() <= 1
