import numpy as np
import pytest

from assistant.features.basket_history import BasketHistory
from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.neural import NeuralMLP, SelfAttention, _sequences
from tests.contracts.recommender_contract import RecommenderContract


class TestNeuralMLP(RecommenderContract):
    def make(self):
        return NeuralMLP(epochs=30, batch=64, rate=1e-2)


class TestSelfAttention(RecommenderContract):
    def make(self):
        return SelfAttention(dimension=16, length=12, blocks=1, epochs=40, batch=8, rate=1e-2, dropout=0.0)


@pytest.fixture
def chain():
    """Everybody buys A, then B, then C …, one product an order, starting somewhere."""
    from dataclasses import replace

    names = [f"P{i}" for i in range(8)]
    users, items = zip(*[(f"U{u:02d}", names[(u + step) % 8]) for u in range(40) for step in range(4)], strict=True)
    data = interactions_from_pairs(users, items)
    lines = np.array([(u + step) % 8 for u in range(40) for step in range(4)])
    from scipy.sparse import csr_array

    orders = csr_array((np.ones(160, np.float32), lines, np.arange(161)), shape=(160, 8))
    history = BasketHistory(orders, np.arange(0, 161, 4), np.tile(np.arange(4, dtype=np.int32), 40))
    return replace(data, read_history=lambda: history)


def test_self_attention_learns_what_comes_next_which_counts_cannot_tell(chain):
    model = SelfAttention(dimension=16, length=6, blocks=1, epochs=40, batch=8, rate=1e-2, dropout=0.0).fit(chain)
    best, _ = model.top(model.rows_at(np.arange(8)), 1, exclude_seen=False)
    assert best[:, 0].tolist() == [(u + 4) % 8 for u in range(8)]


def test_sequences_hold_the_latest_products_and_pad_on_the_left(chain):
    read = _sequences(chain.history.take(np.array([0, -1, 7])), 3)
    assert read.tolist() == [[1, 2, 3], [8, 8, 8], [0, 1, 2]]
    assert _sequences(chain.history.take(np.array([0])), 6).tolist() == [[8, 8, 0, 1, 2, 3]]


def test_products_of_one_order_are_mixed_only_among_themselves():
    from scipy.sparse import csr_array

    lines = csr_array((np.ones(6, np.float32), [0, 1, 2, 3, 4, 5], [0, 3, 6]), shape=(2, 6))
    history = BasketHistory(lines, np.array([0, 2]), np.array([0, 1], np.int32))
    mixed = [_sequences(history, 6, np.random.default_rng(seed))[0] for seed in range(20)]
    assert all(set(m[:3]) == {0, 1, 2} and set(m[3:]) == {3, 4, 5} for m in mixed)
    assert len({tuple(m) for m in mixed}) > 5


def test_fitting_leaves_the_random_numbers_of_others_alone():
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    NeuralMLP(epochs=1).fit(interactions_from_pairs(["A", "A", "B"], ["X", "Y", "X"]))
    assert torch.equal(torch.rand(3), expected)
