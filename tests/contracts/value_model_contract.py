"""What every model of customers' future must do. Subclass and give :meth:`make` and ``output``."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from assistant.data.warehouse import Snapshot
from tests.support.leaving_shop import DAYS, FIRST, cut_off, leaving_tables, write

EARLIER = FIRST + timedelta(days=DAYS - 61)


class ValueModelContract:
    """Manners, one row per buyer, no look into the future, and the planted difference."""

    #: column of the prediction, and whether it is a probability
    output = ""
    is_probability = True
    #: prefix of customers that must be rated higher than those of ``lower``
    higher, lower = "Q", "L"

    def make(self) -> Any:
        raise AssertionError("a contract subclass gives make()")

    @pytest.fixture(scope="class")
    def tables(self) -> dict[str, pd.DataFrame]:
        return leaving_tables()

    @pytest.fixture(scope="class")
    def shop(self, tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
        return write(tmp_path_factory.mktemp("value"), tables)

    def test_init_only_stores(self) -> None:
        assert not [name for name in vars(self.make()) if name.endswith("_")]

    def test_predict_before_fit_raises(self, shop: Snapshot) -> None:
        with pytest.raises(NotFittedError):
            self.make().predict(shop)

    def test_fit_returns_self_and_scores_every_buyer_once(
        self, shop: Snapshot, tables: dict[str, pd.DataFrame]
    ) -> None:
        model = self.make()
        assert model.fit(shop) is model
        scores = model.predict(shop)
        buyers = sorted(set(tables["order_lines"]["customer_id"].dropna()))
        assert scores["customer_id"].tolist() == buyers, "guests and never-buyers have no score"
        values = scores[self.output].to_numpy()
        assert np.isfinite(values).all() and (values >= 0).all()
        assert not self.is_probability or (values <= 1).all()

    def test_later_rows_do_not_matter(self, shop: Snapshot, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
        """As of a day, a shop that goes on and a shop whose data end there give the same fit and the same scores."""
        seen = shop.at(EARLIER)
        ended = write(tmp_path, cut_off(tables, EARLIER))
        assert ended.as_of <= EARLIER == seen.as_of
        ended = ended if ended.as_of == EARLIER else Snapshot(ended.con, ended.manifest, EARLIER)
        pd.testing.assert_frame_equal(self.make().fit(seen).predict(seen), self.make().fit(ended).predict(ended))

    def test_order_of_rows_does_not_matter(
        self, shop: Snapshot, tables: dict[str, pd.DataFrame], tmp_path: Path
    ) -> None:
        shuffled = write(tmp_path, {n: t.sample(frac=1, random_state=1) for n, t in tables.items()})
        expected, found = self.make().fit(shop).predict(shop), self.make().fit(shuffled).predict(shuffled)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-6)

    def test_planted_difference_is_found(self, shop: Snapshot) -> None:
        scores = self.make().fit(shop).predict(shop)
        means = scores.groupby(scores["customer_id"].str[0])[self.output].mean()
        assert means[self.higher] > means[self.lower]

    def test_days_before_the_data_are_refused(self, shop: Snapshot) -> None:
        with pytest.raises(Exception, match="begin on|at least"):
            self.make().fit(shop.at(date(2023, 1, 20)))
