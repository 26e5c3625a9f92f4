from __future__ import annotations

import numpy as np

from assistant.models.recommend.spectral import Spectral
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups


class TestSpectral(RecommenderContract):
    def make(self):
        return Spectral(factors=2)  # the checkerboard has two directions; the others are all alike

    def test_with_every_direction_kept_scores_are_the_purchases_themselves(self):
        data = noisy_groups()
        model = Spectral(factors=data.n_items, popularity=0.0).fit(data)
        rows = data.matrix.copy()
        rows.data = np.log1p(rows.data)
        assert np.allclose(model._score_rows(data.matrix), rows.toarray(), atol=1e-3)  # noqa: SLF001

    def test_contributions_are_the_terms_of_the_score(self):
        data = noisy_groups()
        model = self.make().fit(data)
        row = data.matrix[[0]]
        score = model._score_rows(row)[0]  # noqa: SLF001
        assert np.allclose(model.contributions_of(row, [0, 1]).sum(axis=0), score[:2], atol=1e-4)
        without = model.scores_without_each(row, np.arange(row.nnz), score)
        left = [np.delete(np.arange(row.nnz), i) for i in range(row.nnz)]
        for i, kept in enumerate(left):
            fewer = type(row)((row.data[kept], row.indices[kept], [0, len(kept)]), shape=row.shape)
            assert np.allclose(without[i], model._score_rows(fewer)[0], atol=1e-4)  # noqa: SLF001
