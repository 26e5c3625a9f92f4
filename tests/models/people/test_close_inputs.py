"""Inputs of the shop's models that stand for a sensitive attribute are not learnt from, and it is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assistant.data.sensitive import Proxy
from assistant.data.warehouse import Snapshot
from assistant.features.contacted import known_columns
from assistant.models.close_inputs import close_inputs
from assistant.models.segment import report as segments
from assistant.models.uplift.design import Design
from assistant.models.value.behaviour import EVERYTHING
from assistant.models.value.churn import ChurnModel
from assistant.models.value.ordering import OrderingModel
from assistant.models.value.report import churn_result
from assistant.plans import ChurnRequest
from tests.support.leaving_shop import leaving_tables, write


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The leaving shop, in which women are exactly those with more orders than the median (planted)."""
    tables = leaving_tables(180)
    counts = tables["orders"]["customer_id"].value_counts()
    orders = tables["customers"]["customer_id"].map(counts).fillna(0)
    tables["customers"]["gender"] = np.where(orders > orders.median(), "female", "male")
    return write(tmp_path_factory.mktemp("close"), tables)


def test_a_planted_proxy_is_found_and_an_unrelated_input_is_not(shop: Snapshot) -> None:
    people = shop.execute(shop.table("customers")).to_pandas()
    chance = np.random.default_rng(3).normal(size=len(people))
    found = close_inputs(shop, people["customer_id"].tolist(), {
        "planted": (people["gender"] == "female").to_numpy(), "chance": chance})
    assert [(p.column, p.of) for p in found] == [("planted", "gender")] and found[0].strength > 0.95


def test_the_churn_model_does_not_learn_from_a_proxy_and_says_so(shop: Snapshot) -> None:
    model = ChurnModel(60).fit(shop)
    aside = {p.column for p in model.proxies_}
    assert "order_count" in aside
    assert set(model.columns_) == set(EVERYTHING) - aside
    frame = model.predict(shop)
    assert not aside & set(model.curve_.predictors(frame).columns)
    said = next(c for c in churn_result(shop, ChurnRequest(horizon_days=60), model).caveats
                if c.code == "inputs_left_out")
    assert "order count (for gender)" in said.words["inputs"]


def test_the_ordering_model_does_not_learn_from_a_proxy(shop: Snapshot) -> None:
    model = OrderingModel(30).fit(shop)
    assert "order_count" in {p.column for p in model.proxies_}
    assert "order_count" not in model.curve_.predictors(model.predict(shop)).columns


def test_without_a_sensitive_attribute_nothing_is_left_out(tiny: Snapshot) -> None:
    assert close_inputs(tiny, ["C1", "C2"], {"orders": [1, 2]}) == ()


def test_the_uplift_model_leaves_out_what_it_is_told() -> None:
    frame = pd.DataFrame({"acquisition_channel": ["shop"] * 60})
    full, less = Design().fit(frame, []), Design({"tenure_days", "acquisition_channel"}).fit(frame, [])
    assert set(full.columns_) - set(less.columns_) == {"tenure_days", "came by shop"}
    assert set(less.columns_) == set(known_columns()) - {"tenure_days"}


def test_segments_by_behaviour_leave_out_a_proxy(demo_snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = segments.frame_of(demo_snapshot, "behaviour")
    column = next(c for c in plain.columns if c.startswith("category:"))
    monkeypatch.setattr(segments, "close_inputs", lambda *given: (Proxy(column, "gender", 0.8, 100),))
    assert set(plain.columns) - set(segments.frame_of(demo_snapshot, "behaviour").columns) == {column}


def test_no_input_of_the_demo_shop_stands_for_a_trait(demo_snapshot: Snapshot) -> None:
    assert segments.frame_of(demo_snapshot, "behaviour").attrs["proxies"] == ()
