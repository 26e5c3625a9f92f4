"""Inputs of the shop's models that stand for a sensitive attribute are not learnt from, and it is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assistant.data.sensitive import Proxy
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan
from assistant.features.contacted import known_columns
from assistant.models.close_inputs import close_inputs
from assistant.models.segment import report as segments
from assistant.models.segment.choice import BestFound
from assistant.models.uplift.design import Design
from assistant.models.value.behaviour import EVERYTHING
from assistant.models.value.boosted import can_boost
from assistant.models.value.churn import ChurnModel
from assistant.models.value.lifetime import fit_lifetime
from assistant.models.value.lifetime_report import value_result
from assistant.models.value.ordering import OrderingModel
from assistant.models.value.report import churn_result
from assistant.plans import ChurnRequest, SegmentRequest, ValueRequest
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


def test_the_value_model_says_what_it_is_made_of_and_its_trees_leave_it_out(shop: Snapshot) -> None:
    model = fit_lifetime(shop, 60)
    assert "repeat_purchases" in {p.column for p in model.told}
    aside = {p.column for p in model.proxies}
    assert {"repeat_purchases"} <= aside
    if can_boost() is None and model.learnt.boost is not None:
        assert model.learnt.boost.booster_.num_feature() == 8 - len(aside)
    said = {c.code: c.words["inputs"] for c in value_result(shop, ValueRequest(horizon_days=60), model).caveats
            if c.code in {"inputs_left_out", "inputs_told"}}
    assert all("repeat purchases (for gender)" in words for words in said.values()) and len(said) == 2


@pytest.mark.parametrize("method", ["kmeans", "found"])
def test_groups_are_not_found_in_a_proxy(shop: Snapshot, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(segments, "close_inputs", lambda *given: (Proxy("order_count", "gender", 0.9, 100),))
    fitted = segments._split(shop, method, 3)
    finder = fitted.segmenter.best_ if isinstance(fitted.segmenter, BestFound) else fitted.segmenter
    assert finder.columns == ("days_since_last_order", "monetary_value")
    said = segments.segment_result(shop, SegmentRequest(method=method, k=3), fitted).caveats
    assert any(c.code == "inputs_left_out" and "order count (for gender)" in c.words["inputs"] for c in said)


def test_rules_by_recency_orders_and_money_say_what_they_tell(shop: Snapshot) -> None:
    fitted = segments.fit_segments(shop, SegmentRequest(method="rfm"), graded=False)
    said = segments.segment_result(shop, SegmentRequest(method="rfm"), fitted).caveats
    assert any(c.code == "inputs_told" and "order count (for gender)" in c.words["inputs"] for c in said)


def test_nothing_left_to_find_groups_in_is_refused(shop: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "close_inputs", lambda *given: tuple(
        Proxy(c, "gender", 0.9, 100) for c in segments.FEATURES))
    with pytest.raises(InvalidPlan, match="stand for a sensitive attribute"):
        segments._split(shop, "kmeans", 3)
