import numpy as np
import pytest

from assistant.models.recommend.choosing import Trial, _decide, choose_recommender, list_quality
from tests.support.shop_builder import grouped_shop, shop_of


def test_list_quality_on_paper():
    # list 7, 3, 9 · truth {3, 9}: hits at ranks 2 and 3; ideal has them at 1 and 2
    recall, ndcg = list_quality(np.array([[7, 3, 9]]), [np.array([3, 9])])
    assert recall[0] == 1.0
    assert ndcg[0] == pytest.approx((1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3)))


def test_padding_is_never_a_hit():
    recall, ndcg = list_quality(np.array([[-1, -1]]), [np.array([1])])
    assert recall[0] == 0.0 and ndcg[0] == 0.0


def test_taste_beats_popularity_where_taste_is_planted(tmp_path):
    choice = choose_recommender(grouped_shop(tmp_path))
    best, plain = choice.trial(choice.name), choice.trial(choice.best_of("popularity"))
    assert best.family == "item_knn" and best.ndcg > plain.ndcg
    assert choice.users >= 50 and choice.weeks == 4 and "ahead of the popularity list" in choice.why
    assert not any(ch.isdigit() for ch in choice.why)


def test_too_few_returning_customers_means_popularity_and_says_so(tmp_path):
    orders = [(f"C{i}", "2024-03-01", ["X", "Y"]) for i in range(20)]
    choice = choose_recommender(shop_of(tmp_path, orders))
    assert choice.name == "popularity" and not choice.trials and "too few" in choice.why
    assert choice.best_of("item_knn").startswith("item_knn")


def _trial(name, family, values):
    values = np.array(values, dtype=float)
    return Trial(name, family, name, float(values.mean()), float(values.mean()), 0.1, values)


def test_a_lead_within_the_noise_is_not_taken():
    rng = np.random.default_rng(0)
    plain = rng.random(100)
    noisy = plain + rng.normal(0, 1, 100)
    noisy += 0.01 - (noisy - plain).mean()
    name, why = _decide((_trial("popularity", "popularity", plain), _trial("item_knn", "item_knn", noisy)))
    assert name == "popularity" and "not clearly better" in why
    name, _ = _decide((_trial("popularity", "popularity", plain), _trial("item_knn", "item_knn", plain + 0.01)))
    assert name == "item_knn"
    name, why = _decide((_trial("popularity", "popularity", plain), _trial("item_knn", "item_knn", plain - 0.01)))
    assert name == "popularity" and "no personal model" in why
