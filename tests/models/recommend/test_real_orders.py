"""On a real shop, where it is present: the chosen model earns its place, and its reasons are not chance."""

import numpy as np
import pytest

from assistant.llm.replies import compose
from assistant.models.recommend.report import fit_recommender, recommend_for_customers, recommend_result
from assistant.plans import RecommendRequest
from tests.models.recommend.test_reasons import random_reason_rate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fitted(online_retail_snapshot):
    return fit_recommender(online_retail_snapshot)


def test_the_chosen_model_ranks_better_than_popularity(fitted):
    best, plain = fitted.choice.trial(fitted.choice.name), fitted.choice.trial(fitted.names["popularity"])
    assert best.family != "popularity"
    assert best.ndcg > plain.ndcg and best.recall > plain.recall and best.coverage > plain.coverage


def test_random_owned_products_fail_as_reasons(fitted):
    rate, cases = random_reason_rate(fitted, seed=99)["all"]
    assert cases >= 3000 and rate <= 0.10


def test_every_reason_for_a_thousand_customers_is_something_they_own(fitted):
    seen = fitted.interactions
    lists = recommend_for_customers(fitted, seen.user_ids[:1000], 3)
    for i in range(1000):
        owned = set(seen.item_ids[seen.matrix[[i]].indices])
        causes = {b for b in lists.because[i] if b}
        assert causes <= owned
        assert not (lists.because[i] == lists.product_ids[i])[lists.because[i] != np.array(None)].any()
    told = (lists.because != np.array(None)) | lists.bought_before
    assert np.mean(told) > 0.5


def test_a_customer_of_the_shop(online_retail_snapshot, fitted):
    result = recommend_result(online_retail_snapshot, RecommendRequest(customer_id="17850"), fitted)
    assert len(result.table("products").rows) == 5
    assert any("no stock" in a for a in result.evidence.assumptions)
    assert "17850" in compose([result]).text
