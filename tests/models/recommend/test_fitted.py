"""What is fitted when, for which question, and two recommenders side by side."""

import threading

import numpy as np
import pytest

from assistant.caching import LazyMapping
from assistant.errors import InvalidPlan, NoRows
from assistant.models.recommend.comparison import compare
from assistant.models.recommend.fitted import fit_recommender
from assistant.models.registry import RECOMMENDERS, Entry
from tests.support.shop_builder import grouped_shop, shop_of

FITS: list[str] = []


def make_counted(**parameters):
    from assistant.models.recommend.item_knn import ItemKNN

    FITS.append("counted")
    return ItemKNN(**parameters)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("grouped"))


@pytest.fixture(scope="module")
def fitted(shop):
    return fit_recommender(shop)


def test_a_mapping_makes_each_value_once_also_under_threads():
    made, lock = [], threading.Barrier(4)
    lazy = LazyMapping(["a", "b"], lambda key: made.append(key) or key.upper())

    def ask():
        lock.wait()
        assert lazy["a"] == "A"

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["a"] and list(lazy) == ["a", "b"] and len(lazy) == 2 and "c" not in lazy
    with pytest.raises(KeyError):
        lazy["c"]


def test_a_model_that_does_not_compete_is_made_only_when_named(shop, monkeypatch):
    monkeypatch.setitem(RECOMMENDERS, "counted", Entry(f"{__name__}:make_counted", "counted", "counted",
                                                       competes=False))
    FITS.clear()
    fitted = fit_recommender(shop)
    assert not FITS and fitted.choice.validated("counted") is None
    trial = fitted.trial("counted")
    assert FITS and trial.ndcg == pytest.approx(fitted.trial("item_knn").ndcg, abs=0.5)
    made = len(FITS)
    assert fitted.trial("counted") is trial and len(FITS) == made
    assert fitted.models["counted"].recommend(["K000"], k=2)[0].shape == (1, 2)


def test_the_personal_family_is_the_chosen_one_or_else_the_best_measured(fitted, tmp_path):
    assert fitted.personal_family() == RECOMMENDERS[fitted.choice.name].family
    few = fit_recommender(shop_of(tmp_path, [("A", "2024-01-01", ["X", "Y"]), ("B", "2024-01-02", ["X"])]))
    assert few.family() == "popularity" and few.models[few.personal_family()].personal


def test_the_view_for_what_is_bought_next_hides_nothing_and_shares_what_is_fitted(fitted):
    following = fitted.for_purpose("next")
    assert following.choice.purpose == "next" and following.rebuying.kept.all()
    assert fitted.for_purpose("next") is following and fitted.for_purpose("new") is fitted
    assert following.models["popularity"] is not None and following.interactions is fitted.interactions


def test_comparison_is_paired_and_symmetric(fitted):
    there, back = compare(fitted, "item_knn", "popularity"), compare(fitted, "popularity", "item_knn")
    assert there.ndcg.mean == pytest.approx(-back.ndcg.mean) and there.users == fitted.choice.users
    assert there.ndcg.mean == pytest.approx(there.first.ndcg - there.second.ndcg)
    assert there.better is there.first and back.better is back.second
    assert 0 <= there.overlap < 1 and (there.last_day - there.first_day).days == 7 * fitted.choice.weeks - 1


def test_a_model_against_itself_differs_in_nothing(fitted):
    same = compare(fitted, "popularity", "popularity")
    assert same.overlap == same.same_first == 1.0 and same.ndcg.mean == 0.0 and same.better is None


def test_comparison_names_what_is_missing(fitted, tmp_path):
    with pytest.raises(InvalidPlan, match="oracle"):
        compare(fitted, "oracle", "popularity")
    few = fit_recommender(shop_of(tmp_path, [("A", "2024-01-01", ["X", "Y"]), ("B", "2024-01-02", ["X"])]))
    with pytest.raises(NoRows, match="Too few"):
        compare(few, "item_knn", "popularity")


def test_quality_in_the_evidence_is_that_of_the_test_weeks(fitted):
    family = fitted.family()
    info, trial = fitted.info(family), fitted.choice.trial(fitted.choice.name)
    assert info.quality["recall_at_10"] == trial.recall and info.quality["gini_at_10"] == trial.gini
    assert info.baseline["ndcg_at_10"] == fitted.choice.trial(fitted.names["popularity"]).ndcg
    assert np.isfinite(list(info.quality.values())).all()
