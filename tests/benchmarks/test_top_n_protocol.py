"""The MovieLens protocol: splits are as published, and two published rows come out to six digits."""

import numpy as np
import pytest

from benchmarks.recommend.top_n.candidates import BUDGET, candidates
from benchmarks.recommend.top_n.protocol import Ratings, sar_measures, shuffled, split, stratified, validation
from benchmarks.shared_data import shared_data

needs_data = pytest.mark.skipif(
    shared_data() is None or not (shared_data() / "movielens").exists(), reason="MovieLens-100K is not here")


def tiny():
    users = np.repeat(np.arange(1, 9), 5)
    items = np.tile(np.arange(1, 6), 8)
    return Ratings(users, items, np.full(40, 3), np.arange(40))


def test_each_group_gives_its_rounded_part_to_training():
    ratings = tiny()
    for chosen, groups in ((stratified(ratings, 1), ratings.items), (shuffled(ratings.users, 1), ratings.users)):
        sizes = np.bincount(groups)[1:]
        assert np.array_equal(np.bincount(groups, weights=chosen)[1:], np.round(0.75 * sizes))
    assert not np.array_equal(stratified(ratings, 1), stratified(ratings, 2))


def test_truth_is_what_is_not_in_training_and_unseen_items_still_count():
    ratings = tiny()
    chosen = ratings.items != 5
    whole = split("tiny", ratings.part(chosen), ratings.part(~chosen))
    assert whole.train.n_items == 4 and all((t >= 4).all() and len(t) == 1 for t in whole.truth)


def test_the_validation_slice_comes_from_training_alone():
    ratings = tiny()
    chosen = stratified(ratings, 0)
    inner = validation(split("tiny", ratings.part(chosen), ratings.part(~chosen)))
    assert inner.train.matrix.nnz + sum(map(len, inner.truth)) <= chosen.sum()


def test_every_row_has_the_same_budget():
    assert {len(c.grid) for c in candidates()} <= {1, BUDGET}


@needs_data
def test_two_published_rows_are_reproduced():
    from benchmarks.recommend.top_n.protocol import read

    ratings = read("u.data")
    chosen = stratified(ratings, 42)
    assert chosen.sum() == 75_066
    assert np.allclose(list(sar_measures(ratings, chosen).values()), [0.114038, 0.393819, 0.340615, 0.185377],
                       atol=5e-7)
    assert np.allclose(list(sar_measures(ratings, shuffled(ratings.users, 42)).values()),
                       [0.110591, 0.382461, 0.330753, 0.176385], atol=5e-7)
