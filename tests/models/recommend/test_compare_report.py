"""Two recommenders side by side, against the lists themselves."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows, UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.compare_report import comparison_result
from assistant.models.recommend.fitted import FittedRecommender, fit_recommender, recommend_for_customers
from assistant.plans import CompareRecommendersRequest
from assistant.plans.reword import reword


@pytest.fixture(scope="module")
def fitted(demo_recommender: FittedRecommender) -> FittedRecommender:
    return demo_recommender


def test_two_models_are_paired_over_the_same_customers(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    request = CompareRecommendersRequest(model="popularity", against="ease")
    result = comparison_result(demo_snapshot, request, fitted)
    one, two = fitted.trial("popularity"), fitted.trial("ease")
    assert one is not None and two is not None
    table = result.table("differences")
    assert table.cell(0, "first") == round(100 * float(one.per_user_recall.mean()), 2)
    assert table.cell(0, "difference") == pytest.approx(
        100 * float((one.per_user_recall - two.per_user_recall).mean()), abs=0.006)
    shared = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(one.places, two.places, strict=True)])
    assert result.table("alike").cell(0, "overlap") == pytest.approx(100 * shared, abs=0.06)
    assert result.words["better"] == "second"
    assert "clearly better" in compose([result]).text and "against ease" in reword(request)


def test_the_verdict_is_that_of_the_interval_shown(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    for pair in (("ease", "als"), ("item_knn", "popularity"), ("popularity", "item_knn")):
        result = comparison_result(
            demo_snapshot, CompareRecommendersRequest(model=pair[0], against=pair[1]), fitted)
        low, high = result.figures["found_low"].value, result.figures["found_high"].value
        assert isinstance(low, float) and isinstance(high, float)
        assert result.words["better"] == ("first" if low > 0 else "second" if high < 0 else "")


def test_all_models_say_which_is_used_and_why(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    result = comparison_result(demo_snapshot, CompareRecommendersRequest(), fitted)
    text = compose([result]).text
    assert fitted.choice.why in text and "(used)" in text and len(result.table("models").rows) >= 3


def test_both_lists_of_one_customer(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    customer = str(fitted.interactions.user_ids[9])
    request = CompareRecommendersRequest(model="popularity", against="item_knn", customer_id=customer, k=4)
    result = comparison_result(demo_snapshot, request, fitted)
    ids = [recommend_for_customers(fitted, [customer], 4, method=m).product_ids[0] for m in ("popularity", "item_knn")]
    assert len(result.table("lists").rows) == 4
    assert result.figures["shared"].value == len(set(ids[0]) & set(ids[1]))
    assert customer in compose([result]).text


def test_wrong_names_are_refused(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    with pytest.raises(UnknownName) as error:
        comparison_result(demo_snapshot, CompareRecommendersRequest(model="oracle"), fitted)
    assert "ease" in error.value.valid
    with pytest.raises(InvalidPlan, match="itself"):
        comparison_result(demo_snapshot, CompareRecommendersRequest(model="ease", against="ease"), fitted)
    with pytest.raises(UnknownName, match="customer"):
        comparison_result(demo_snapshot, CompareRecommendersRequest(customer_id="nobody-here"), fitted)
    with pytest.raises(ValueError, match="before"):
        CompareRecommendersRequest(against="ease")


def test_a_shop_too_small_to_measure_says_so(tiny: Snapshot) -> None:
    with pytest.raises(NoRows, match="Too few customers"):
        comparison_result(tiny, CompareRecommendersRequest(), fit_recommender(tiny))
