import numpy as np
import pytest

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.ease import EASE
from assistant.models.recommend.ease_repeat import EASERepeat
from assistant.models.recommend.rebuying import rebuying
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import checkerboard, noisy_groups


class TestEASERepeat(RecommenderContract):
    def make(self):
        return EASERepeat(l2=10.0)


def staples():
    """All buy A and B; everybody buys A again on a later day, nobody B."""
    users = [f"U{i:02d}" for i in range(40)]
    return interactions_from_pairs([*users, *users], ["A"] * 40 + ["B"] * 40, counts=[2] * 40 + [1] * 40,
                                   first_days=[1] * 80, last_days=[9] * 40 + [1] * 40)


def test_what_is_bought_again_comes_first_again():
    data = staples()
    ids, _ = EASERepeat(l2=10.0, repeat=2.0).fit(data).recommend(["U00"], k=2, exclude_seen=False)
    assert ids[0, 0] == "A"


def test_off_the_diagonal_it_is_ease_and_on_it_the_share_who_bought_again():
    data = staples()
    model, plain = EASERepeat(l2=10.0, repeat=0.5).fit(data), EASE(l2=10.0, weighting="log").fit(data)
    assert np.allclose(model.item_weights_.diagonal(), 0.5 * rebuying(data).rate)
    away = ~np.eye(data.n_items, dtype=bool)
    assert np.array_equal(model.item_weights_[away], plain.item_weights_[away])


@pytest.mark.parametrize("data", [checkerboard(), noisy_groups()])
def test_where_nothing_is_bought_again_it_is_ease(data):
    repeat = EASERepeat(l2=10.0).fit(data).score_items(data.user_ids)
    assert np.array_equal(repeat, EASE(l2=10.0, weighting="log").fit(data).score_items(data.user_ids))


def test_a_catalogue_beyond_the_dense_limit_has_the_same_diagonal():
    data = staples()
    model = EASERepeat(l2=10.0, max_items=1).fit(data)
    assert np.allclose(model.item_weights_.diagonal(), 2.0 * rebuying(data).rate)
