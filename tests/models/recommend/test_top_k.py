import numpy as np
import pytest

from assistant.models.recommend.base import top_k


def _plain(scores, k):
    """By sorting every row; of equal values the first position."""
    places = np.full((len(scores), k), -1)
    for r, row in enumerate(scores):
        order = [i for i in np.argsort(-row, kind="stable") if np.isfinite(row[i])][:k]
        places[r, : len(order)] = order
    return places


@pytest.mark.parametrize("k", [1, 3, 10, 25])
@pytest.mark.parametrize("seed", range(5))
def test_as_sorting_every_row_also_with_ties_and_holes(seed, k):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, size=(30, 20)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.4] = -np.inf
    scores[0] = -np.inf
    places, best = top_k(scores, k)
    assert (places == _plain(scores, k)).all()
    shown = places >= 0
    assert (best[shown] == scores[np.nonzero(shown)[0], places[shown]]).all() and np.isneginf(best[~shown]).all()


def test_equal_values_keep_their_order():
    assert top_k(np.zeros((2, 50), dtype=np.float32), 4)[0].tolist() == [[0, 1, 2, 3]] * 2


def test_no_rows_or_no_products_give_padding():
    assert top_k(np.zeros((0, 5), dtype=np.float32), 2)[0].shape == (0, 2)
    assert top_k(np.zeros((3, 0), dtype=np.float32), 2)[0].tolist() == [[-1, -1]] * 3
