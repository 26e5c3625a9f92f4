import numpy as np
import pytest

from assistant.errors import InvalidPlan
from assistant.models.segment.behaviour_mixture import BehaviourSegments
from assistant.models.segment.behaviour_names import name_kinds
from tests.contracts.segmenter_contract import SegmenterContract, blobs
from tests.support.kinds_of_buyers import buyers


class TestBehaviour(SegmenterContract):
    planted_ari = 0.95
    planted_purity = 0.97

    def make(self):
        return BehaviourSegments(rounds=3)

    def planted(self):
        return buyers()


@pytest.fixture(scope="module")
def fitted():
    return BehaviourSegments(rounds=6).fit(buyers()[0])


def test_the_planted_number_of_kinds_is_stable_and_chosen(fitted):
    assert len(fitted.profile_) == 3
    trial = fitted.trial_
    assert trial.stable and trial.worst_jaccard > 0.9
    assert not fitted.trials_[-1].stable  # of ten kinds, seven are empty or do not come out again


def test_names_and_definitions_say_what_was_planted(fitted):
    truth = buyers()[1]
    names = [str(fitted.labels_[truth == kind][0]) for kind in range(3)]
    assert names[0].startswith("Garden buyers") and names[1].startswith("Kitchen buyers")
    assert names[2].startswith("Gifts and Paper buyers")
    assert "orders in November" in [t.words for t in fitted.traits_[names[2]]]
    assert "lines of Garden" in fitted.definition(names[0])
    for name in names:
        for trait in fitted.traits_[name]:
            assert trait.share > trait.everyone and trait.lift == pytest.approx(trait.share / trait.everyone)


def test_who_orders_more_weighs_more():
    # one line of Garden is hardly a gardener, twenty are
    model = BehaviourSegments(k=3, rounds=2).fit(buyers()[0])
    frame = buyers()[0].iloc[:2].copy()
    frame.loc[:, [c for c in frame if ":" in c]] = 0.0
    frame["category:Garden"] = [1.0, 20.0]
    chance = np.exp(model._values(frame) @ model.learnt_.log_shares.T + model.learnt_.log_sizes)
    chance /= chance.sum(axis=1, keepdims=True)
    assert chance[0].max() < chance[1].max() and chance[1].max() > 0.99


def test_without_counts_of_behaviour_it_says_what_can_be_done():
    with pytest.raises(InvalidPlan, match="recency, orders and spending"):
        BehaviourSegments().fit(blobs()[0])


def test_a_kind_like_everybody_is_called_so():
    everyone = np.array([50.0, 50.0])
    columns = ["category:A", "category:B"]
    assert name_kinds(np.array([[5.0, 5.0], [9.0, 1.0]]), columns, everyone) == ["Buyers of everything", "A buyers"]


def test_equal_names_are_told_apart():
    columns, everyone = ["category:A", "category:B"], np.array([50.0, 50.0])
    names = name_kinds(np.array([[9.0, 1.0], [9.0, 1.0]]), columns, everyone)
    assert len(set(names)) == 2


def test_kinds_are_drawn_towards_everybody_and_their_sizes_levelled():
    """A fifth of the buyers against the others: closer in their shares, and of a third instead of a fifth."""
    frame = buyers()[0]
    plain, drawn = (BehaviourSegments(pull=pull, levelling=levelling) for pull, levelling in ((0.0, 1.0), (1.0, 0.5)))
    spread = {}
    for name, model in (("plain", plain), ("drawn", drawn)):
        model._prepare(frame)
        values = model._values(frame)
        uneven = np.zeros((len(values), 2))
        uneven[:, 0], uneven[: len(values) // 5] = 1.0, [0.0, 1.0]
        kinds = model._maximise(values, uneven)
        assert np.isclose(np.exp(kinds.log_sizes).sum(), 1)
        spread[name] = (np.abs(kinds.log_shares[0] - kinds.log_shares[1]).max(), np.exp(kinds.log_sizes).max())
    assert spread["drawn"][0] < spread["plain"][0]
    assert np.isclose(spread["plain"][1], 0.8, atol=0.01) and np.isclose(spread["drawn"][1], 2 / 3, atol=0.01)
