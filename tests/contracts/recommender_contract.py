"""The one exam of every recommender. An implementation subclasses it and says how it is made:

class TestMine(RecommenderContract):
    def make(self):
        return Mine()

A model that needs to know more of the products than their sales also says, in ``side``, what it is handed.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from assistant.errors import InvalidPlan, NoRows, UnknownName
from assistant.features.interactions import Interactions, interactions_from_pairs
from assistant.features.product_side import ProductSide
from assistant.models.recommend.base import Recommender
from tests.support.purchases import checkerboard, noisy_groups


class RecommenderContract:
    def make(self) -> Recommender:
        raise pytest.UsageError("say in make() how the recommender is made")

    def side(self, data: Interactions) -> ProductSide | None:
        return None

    def fit(self, data: Interactions) -> Recommender:
        return self.make().fit(data, self.side(data))

    @pytest.fixture(scope="class")
    def board(self):
        return checkerboard()

    @pytest.fixture(scope="class")
    def fitted(self, board):
        """Fitted once; no test changes it."""
        return self.fit(board)

    @pytest.fixture(scope="class")
    def noisy(self):
        """Noisy data and what is fitted to them."""
        data = noisy_groups()
        return data, self.fit(data)

    def test_finds_the_withheld_diagonal_of_a_checkerboard(self, fitted, board):
        if not fitted.personal:
            pytest.skip("a list that is the same for everybody cannot know the diagonal")
        if not fitted.explores:
            pytest.skip("a list of what the customer owns cannot hold the diagonal")
        ids, _ = fitted.recommend(board.user_ids, k=1)
        assert [i[1:] for i in ids[:, 0]] == [u[1:] for u in board.user_ids]

    def test_the_same_list_for_everybody_is_that_of_popularity(self, fitted, board):
        if fitted.personal:
            pytest.skip("only for lists that are the same for everybody")
        ids, _ = fitted.recommend(board.user_ids, k=5, exclude_seen=False)
        assert len({tuple(row) for row in ids}) == 1

    def test_init_only_stores_parameters(self):
        model = self.make()
        assert vars(model) == model.parameters()

    def test_fit_returns_self_and_learnt_state_ends_in_underscore(self, board):
        model = self.make()
        before = set(vars(model))
        assert model.fit(board, self.side(board)) is model
        learnt = set(vars(model)) - before
        assert learnt and all(name.endswith("_") for name in learnt)

    def test_unfitted_use_raises(self):
        for call in (lambda m: m.recommend(["U00"]), lambda m: m.score_items(["U00"]),
                     lambda m: m.explain("U00", "I00")):
            with pytest.raises(NotFittedError):
                call(self.make())

    def test_scores_have_the_shape_users_by_items_and_order_the_list(self, fitted, board):
        scores = fitted.score_items(board.user_ids[:3])
        assert scores.shape == (3, board.n_items)
        ids, best = fitted.recommend(board.user_ids[:3], k=4, exclude_seen=False)
        assert (np.diff(best, axis=1) <= 0).all()
        places = board.item_positions(ids[0])
        assert np.allclose(scores[0, places], best[0])

    def test_seen_products_are_left_out_or_kept_as_asked(self, fitted, board):
        user = board.user_ids[2]
        owned = set(board.item_ids[board.matrix[[2]].indices])
        ids, _ = fitted.recommend([user], k=board.n_items)
        assert owned.isdisjoint({i for i in ids[0] if i})
        kept, _ = fitted.recommend([user], k=board.n_items, exclude_seen=False)
        assert owned & set(kept[0])
        only = np.zeros(board.n_items, dtype=bool)
        only[board.item_positions([min(owned)])] = True
        some, _ = fitted.recommend([user], k=board.n_items, exclude_seen=only)
        assert min(owned) not in some[0] and (owned - {min(owned)}) & set(some[0])

    def test_candidates_bound_the_list(self, fitted, board):
        allowed = np.zeros(board.n_items, dtype=bool)
        allowed[[3, 4, 5]] = True
        ids, scores = fitted.recommend(board.user_ids, k=5, candidates=allowed)
        assert {i for row in ids for i in row if i} <= {"I03", "I04", "I05"}
        assert np.isneginf(scores[ids == np.array(None)]).all()

    def test_all_filtered_gives_an_empty_list(self, fitted, board):
        ids, scores = fitted.recommend(board.user_ids[:2], k=3, candidates=np.zeros(board.n_items, dtype=bool))
        assert (ids == np.array(None)).all() and np.isneginf(scores).all()

    def test_k_beyond_the_catalogue_pads_and_repeats_nothing(self, fitted, board):
        ids, _ = fitted.recommend(board.user_ids[:1], k=board.n_items + 7, exclude_seen=False)
        assert ids.shape == (1, board.n_items + 7)
        named = [i for i in ids[0] if i]
        assert len(named) == len(set(named)) <= board.n_items

    def test_k_below_one_is_refused(self, fitted, board):
        with pytest.raises(InvalidPlan):
            fitted.recommend(board.user_ids[:1], k=0)

    def test_unknown_customer_or_product_is_named(self, fitted):
        with pytest.raises(UnknownName, match="nobody"):
            fitted.recommend(["nobody"])
        with pytest.raises(UnknownName, match="nothing"):
            fitted.explain("U00", "nothing")

    def test_empty_data_are_refused(self):
        with pytest.raises(NoRows):
            self.fit(interactions_from_pairs([], []))

    def test_one_customer_and_one_product(self):
        model = self.fit(interactions_from_pairs(["A"], ["X"]))
        assert model.recommend(["A"], k=3)[0].tolist() == [[None, None, None]]

    def test_identical_customers_get_identical_lists(self):
        users = [f"U{u}" for u in range(6) for _ in range(3)]
        model = self.fit(interactions_from_pairs(users, ["A", "B", "C"] * 6))
        ids, _ = model.recommend([f"U{u}" for u in range(6)], k=3, exclude_seen=False)
        assert len({tuple(row) for row in ids}) == 1

    def test_fitting_twice_gives_the_same_scores(self, noisy):
        data, first = noisy
        second = self.fit(data)
        assert np.array_equal(first.score_items(data.user_ids), second.score_items(data.user_ids))

    def test_one_customer_alone_gets_the_same_list_as_among_all(self, noisy):
        data, model = noisy
        together, _ = model.recommend(data.user_ids, k=5)
        alone = np.vstack([model.recommend([u], k=5)[0] for u in data.user_ids[:10]])
        assert (together[:10] == alone).all()

    def test_a_live_basket_is_scored_without_refitting(self, fitted, board):
        basket = board.basket(["I02", "I04", "never sold"])
        if not fitted.explores:
            assert fitted.top(basket, k=2, exclude_seen=False)[0].tolist() == [[2, 4]]
            return
        places, _ = fitted.top(basket, k=3)
        assert (places >= 0).all() and not {2, 4} & set(places[0])
        if fitted.personal:
            assert (places % 2 == 0).all()

    def test_a_customer_without_purchases_has_an_empty_row(self, fitted, board):
        rows = fitted.rows_at(np.array([3, -1]))
        assert rows.shape == (2, board.n_items) and rows[[1]].nnz == 0
        assert rows[[0]].indices.tolist() == board.matrix[[3]].indices.tolist()

    def test_a_live_basket_of_a_known_customer_is_folded_in(self, fitted, board):
        user = np.array([2])
        rows = fitted.rows_with(user, board.basket(["I05"]))
        assert set(rows.indices) == {*board.matrix[[2]].indices, 5}
        same = fitted.rows_with(user, board.basket([]))
        assert np.allclose(fitted._score_rows(same), fitted._score_rows(fitted.rows_at(user)), atol=1e-5)
        if fitted.personal:
            assert not np.allclose(fitted._score_rows(rows), fitted._score_rows(same))

    def test_reasons_name_owned_products_whose_removal_counts(self, noisy):
        data, model = noisy
        for user in data.user_ids[:12]:
            row = model.rows_of([user])
            for item in model.recommend([user], k=3, exclude_seen=model.explores)[0][0]:
                reason = model.explain(user, item)
                if not model.personal:
                    assert reason is None
                    continue
                if reason is None:
                    continue
                place, cause = data.item_positions([item, reason.because_product_id])
                assert cause in row.indices and reason.rank_without >= reason.rank
                position = int(np.flatnonzero(row.indices == cause)[0])
                raw = model.score_items([user])[0]
                assert model.scores_without(row, position, raw)[place] < raw[place]

    def test_contributions_agree_with_leaving_out(self, noisy):
        data, model = noisy
        row = model.rows_of([data.user_ids[0]])
        best = model.recommend([data.user_ids[0]], k=1, exclude_seen=model.explores)[0][0]
        item = int(data.item_positions(best)[0])
        raw = model.score_items([data.user_ids[0]])[0]
        left_out = [raw[item] - model.scores_without(row, p, raw)[item] for p in range(row.nnz)]
        if model.personal:
            assert np.allclose(model.contributions(row, item), left_out, atol=1e-4)
            assert max(left_out) > 0
        else:
            assert not model.contributions(row, item).any()

    def test_removals_at_once_equal_removals_one_by_one(self, noisy):
        data, model = noisy
        row = model.rows_at(np.array([4]))
        raw = model._score_rows(row)[0]
        positions = np.arange(row.nnz)[::2]
        each = model.scores_without_each(row, positions, raw)
        alone = np.vstack([model.scores_without(row, int(p), raw) for p in positions])
        assert np.allclose(each, alone, atol=1e-4)
        some = [0, 7, 20]
        one_by_one = np.column_stack([model.contributions(row, item) for item in some])
        assert np.allclose(model.contributions_of(row, some), one_by_one, atol=1e-4)
        assert model.usual_contributions(model.rows_at(np.arange(data.n_users))).shape == (data.n_items,)
