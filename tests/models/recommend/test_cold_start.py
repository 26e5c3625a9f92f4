from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.features.interactions import interactions, interactions_from_pairs
from assistant.llm.replies import caveat_texts, compose
from assistant.models.recommend.category_popularity import CategoryPopularity
from assistant.models.recommend.cold_start import fit_cold_start
from assistant.models.recommend.group_popularity import fit_group_popularity
from assistant.models.recommend.report import fit_recommender, recommend_result
from assistant.models.recommend.trending import Trending, rises, scaled_z
from assistant.plans import RecommendRequest
from tests.contracts.recommender_contract import RecommenderContract
from tests.support.purchases import noisy_groups, planted_vectors

TODAY = date(2024, 6, 30)
DAY = (TODAY - date(1970, 1, 1)).days


class TestTrending(RecommenderContract):
    def make(self):
        return Trending()


class TestCategoryPopularity(RecommenderContract):
    def make(self):
        return CategoryPopularity()

    def side(self, data):
        return planted_vectors(data)


def _sold(lately, before):
    """One customer per purchase: products bought in the last days and long ago, so many times each."""
    users, items, days = [], [], []
    for n, (name, now) in enumerate(lately.items()):
        for i in range(now + before[name]):
            users.append(f"U{n}-{i}")
            items.append(name)
            days.append(DAY - 3 if i < now else DAY - 200)
    return interactions_from_pairs(users, items, first_days=days, last_days=days, until=TODAY)


def test_a_rise_is_trending_and_noise_is_not():
    rng = np.random.default_rng(0)
    steady = {f"P{i:02d}": 20 for i in range(60)}
    lately = {p: int(rng.poisson(4)) for p in steady} | {"rising": 30, "twice": 2, "new": 25}
    model = Trending().fit(_sold(lately, steady | {"rising": 20, "twice": 0, "new": 0}))
    ids = model.interactions_.item_ids
    assert ids[model.trending_].tolist() == ["rising"]  # "twice" is too little, "new" has no past
    assert model.recommend([model.interactions_.user_ids[0]], k=1, exclude_seen=False)[0][0, 0] == "rising"


def test_where_everything_moves_only_more_than_the_others_counts():
    rng = np.random.default_rng(1)
    before, lately = np.full(200, 100.0), rng.negative_binomial(2, 2 / 32, 200).astype(float)  # a restless shop
    assert np.median(scaled_z(lately, before) ** 2) == pytest.approx(0.4549, rel=0.01)
    both = before + lately
    share = lately.sum() / both.sum()
    plain = (lately - both * share) / np.sqrt(both * share * (1 - share))
    assert rises(plain, 0.1).sum() > 3 * rises(scaled_z(lately, before), 0.1).sum()


def test_benjamini_hochberg_on_paper():
    # one-sided chances .0013 .0228 .1587 .5 against .1·(1..4)/4 = .025 .05 .075 .1
    assert rises(np.array([0.0, 3.0, 1.0, 2.0]), 0.1).tolist() == [False, True, False, True]
    assert not rises(np.array([]), 0.1).any()


def test_category_popularity_on_paper():
    data = interactions_from_pairs(["U", "V", "V", "W"], ["a", "a", "b", "c"])
    side = planted_vectors(data)
    side = replace(side, attributes={"category": np.array(["x", "x", None], dtype=object)})
    model = CategoryPopularity(shrink=1.0).fit(data, side)
    empty = model._score_rows(data.basket([]))[0]
    assert np.allclose(empty, [2 / 4, 1 / 4, 1 / 4])  # nobody known: the popularity list
    taste = (np.log(2) + 3 / 4) / (np.log(2) + 1)
    assert np.allclose(model.score_items(["U"])[0], [taste * 2 / 3, taste / 3, 1 - taste])


def test_a_small_group_is_drawn_towards_everybody():
    data = interactions_from_pairs(["A", "B", "C", "D"], ["x", "x", "x", "y"])
    found = fit_group_popularity(data, {"A": "DE", "B": "DE", "D": "FR"}, shrink=2.0)
    assert found.groups == ("DE", "FR") and found.customers.tolist() == [2, 1]
    assert np.allclose(found.scores, [[(2 + 2 * 0.75) / 4, (2 * 0.25) / 4], [(2 * 0.75) / 3, (1 + 2 * 0.25) / 3]])
    assert np.allclose(found.of("Atlantis"), [0.75, 0.25]) and np.allclose(found.of(None), found.overall)


def _shop(folder, apart):
    """Newcomers every week, in two countries that buy apart or alike."""
    start, heads, lines, people = date(2023, 1, 1), [], [], []
    for n in range(360):
        country, day = ("DE", "FR")[n % 2], start + timedelta(days=2 * (n // 2))
        items = [f"{country if apart else 'P'}{(n // 2 + j) % 6}" for j in range(2)]
        people.append((f"C{n:03d}", country))
        heads.append((f"O{n:03d}", f"C{n:03d}", pd.Timestamp(day), "completed"))
        lines += [(f"L{n}-{j}", f"O{n:03d}", f"C{n:03d}", pd.Timestamp(day), p, "sale", 1, 5.0, 5.0)
                  for j, p in enumerate(items)]
    tables = {
        "customers": pd.DataFrame([*people, ("new", "FR"), ("abroad", "XX")], columns=["customer_id", "country"]),
        "orders": pd.DataFrame(heads, columns=["order_id", "customer_id", "ordered_at", "status"]),
        "order_lines": pd.DataFrame(lines, columns=["line_id", "order_id", "customer_id", "ordered_at", "product_id",
                                                    "line_type", "quantity", "unit_price", "amount"]),
    }
    write_snapshot(folder, tables, source="tests", name="countries")
    return open_snapshot(folder)


def test_the_countrys_list_is_used_where_it_proved_better(tmp_path):
    shop = _shop(tmp_path, apart=True)
    data = interactions(shop)
    cold = fit_cold_start(shop, data)
    assert cold.used and cold.gain > 0.1 and cold.newcomers >= 100 and cold.country("new") == "FR"
    everything = np.ones(data.n_items, dtype=bool)
    assert all(i.startswith("FR") for i in data.item_ids[cold.top("new", 6, everything)])
    assert cold.country("abroad") is None and cold.country("nobody") is None
    only = np.zeros(data.n_items, dtype=bool)
    only[[0, 1]] = True
    assert set(cold.top("abroad", 5, only)) <= {0, 1}


def test_a_newcomer_is_told_whose_list_it_is(tmp_path):
    shop = _shop(tmp_path, apart=True)
    fitted = fit_recommender(shop)
    result = recommend_result(shop, RecommendRequest(customer_id="new", k=3), fitted)
    assert all(str(row[0]).startswith("FR") for row in result.table("products").rows)
    assert result.table("products").cell(0, "reason") == "bought most in their country, not chosen for this one"
    assert "customers in FR buy most" in compose([result]).text
    assert [c.code for c in result.caveats][0] == "cold_start_country" and caveat_texts(result)
    abroad = recommend_result(shop, RecommendRequest(customer_id="abroad", k=3), fitted)
    assert abroad.caveats[0].code == "cold_start" and abroad.words["country"] == ""


def test_where_countries_buy_alike_everybody_gets_one_list(tmp_path):
    cold = fit_cold_start(shop := _shop(tmp_path, apart=False), interactions(shop))
    assert not cold.used and cold.country("new") is None


def test_without_countries_there_is_one_list(tmp_path):
    from tests.support.shop_builder import shop_of

    shop = shop_of(tmp_path, [("A", "2024-01-01", ["X"]), ("B", "2024-05-01", ["X", "Y"])])
    data = interactions(shop)
    cold = fit_cold_start(shop, data)
    assert not cold.used and data.item_ids[cold.top("C", 2, np.ones(2, dtype=bool))].tolist() == ["X", "Y"]


def test_fitting_twice_gives_the_same(tmp_path):
    data = noisy_groups()
    first, second = (Trending().fit(data).scores_ for _ in range(2))
    assert np.array_equal(first, second)
