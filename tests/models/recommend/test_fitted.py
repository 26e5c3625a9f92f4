"""What is fitted when, for which question, and two recommenders side by side."""

import threading

import numpy as np
import pandas as pd
import pytest

from assistant.caching import LazyMapping
from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.comparison import compare
from assistant.models.recommend.fitted import fit_recommender, recommend_for_customers
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


# -- data that hold next to nothing -----------------------------------------------------------------------------------


def _lines_of(folder, rows):
    """A shop of (customer, day, product, kind of line, quantity)."""
    from assistant.data.warehouse import open_snapshot, write_snapshot

    at = [pd.Timestamp(f"{day} 12:00") for _, day, *_ in rows]
    orders = [f"O{i:03d}" for i in range(len(rows))]
    write_snapshot(folder, {
        "orders": pd.DataFrame({"order_id": orders, "customer_id": [r[0] for r in rows], "ordered_at": at,
                                "status": "completed"}),
        "order_lines": pd.DataFrame({
            "line_id": [f"L{i}" for i in range(len(rows))], "order_id": orders, "customer_id": [r[0] for r in rows],
            "ordered_at": at, "product_id": [r[2] for r in rows], "line_type": [r[3] for r in rows],
            "quantity": [r[4] for r in rows], "unit_price": 5.0, "amount": [5.0 * r[4] for r in rows]}),
        "customers": pd.DataFrame({"customer_id": sorted({r[0] for r in rows if r[0]} | {"Z"})}),
    }, source="tests", name="little")
    return open_snapshot(folder)


EVERY = [n for n, e in RECOMMENDERS.items() if e.needs is None]


def test_one_product_bought_by_many_leaves_nothing_new_and_says_nothing(tmp_path):
    fitted = fit_recommender(shop_of(tmp_path, [(f"C{i}", "2024-01-01", ["X"]) for i in range(5)]))
    assert fitted.choice.name == "popularity"
    lists = recommend_for_customers(fitted, ["C0", "nobody"], 3)
    assert lists.product_ids.tolist() == [[None] * 3, ["X", None, None]]


def test_one_customer_gets_no_product_of_somebody_else(tmp_path):
    fitted = fit_recommender(shop_of(tmp_path, [("A", "2024-01-01", ["X", "Y"]), ("A", "2024-02-01", ["Z"])]))
    for family in fitted.models:
        lists = recommend_for_customers(fitted, ["A"], 3, method=family)
        assert lists.product_ids.tolist() == [[None] * 3], family


def test_more_asked_for_than_the_catalogue_holds_repeats_nothing(tmp_path):
    fitted = fit_recommender(shop_of(tmp_path, [("A", "2024-01-01", ["X", "Y"]), ("B", "2024-01-02", ["X", "W"])]))
    for family in fitted.models:
        shown = [p for p in recommend_for_customers(fitted, ["B"], 50, method=family).product_ids[0] if p]
        assert shown == ["Y"], family
    with pytest.raises(InvalidPlan):
        recommend_for_customers(fitted, ["B"], 0)


def test_the_same_line_twice_counts_as_one_order(tmp_path):
    once = fit_recommender(shop_of(tmp_path / "a", [("A", "2024-01-01", ["X"]), ("B", "2024-01-02", ["X", "Y"])]))
    twice = fit_recommender(shop_of(tmp_path / "b", [("A", "2024-01-01", ["X", "X"]),
                                                     ("B", "2024-01-02", ["X", "Y", "Y"])]))
    assert (once.interactions.matrix != twice.interactions.matrix).nnz == 0
    assert recommend_for_customers(once, ["A"], 2).product_ids.tolist() == \
        recommend_for_customers(twice, ["A"], 2).product_ids.tolist()


def test_returns_only_is_no_purchase(tmp_path):
    snapshot = _lines_of(tmp_path, [("A", "2024-01-01", "X", "return", -1), ("B", "2024-01-02", "Y", "return", -2)])
    with pytest.raises(NoRows, match="bought and kept"):
        fit_recommender(snapshot)


def test_everything_sent_back_is_no_purchase(tmp_path):
    snapshot = _lines_of(tmp_path, [("A", "2024-01-01", "X", "sale", 1), ("A", "2024-01-05", "X", "return", -1)])
    with pytest.raises(NoRows, match="bought and kept"):
        fit_recommender(snapshot)


def test_nobody_known_is_no_purchase(tmp_path):
    with pytest.raises((NoRows, MissingData)):
        fit_recommender(shop_of(tmp_path, [(None, "2024-01-01", ["X", "Y"])]))


@pytest.mark.parametrize("name", EVERY)
def test_every_model_bears_an_empty_and_a_tiny_matrix(name):
    with pytest.raises(NoRows):
        RECOMMENDERS[name].make().fit(interactions_from_pairs([], []))
    model = RECOMMENDERS[name].make().fit(interactions_from_pairs(["A", "A", "B"], ["X", "X", "X"]))
    assert model.recommend(["A", "B"], k=4)[0].tolist() == [[None] * 4] * 2
