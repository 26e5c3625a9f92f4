"""The planted truth can be found again by simple means, and is not too easy. Seeds differ from the shop's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from assistant.data.demo import DEFAULT_SEED
from tests.data.demo_shops import GRADING_SEEDS, shop
from tests.support import demo_grading as grading

pytestmark = pytest.mark.parametrize("seed", GRADING_SEEDS)


def test_grading_uses_other_seeds_than_building(seed):
    assert seed != DEFAULT_SEED


def test_rfm_rules_do_not_find_the_segments_but_behaviour_does(seed):
    made = shop(seed)
    planted = made.truth.customers.set_index("customer_id")["segment"]
    rules = grading.rfm_rules(made.tables)
    by_rules = adjusted_rand_score(planted[rules.index], rules)
    assert by_rules < 0.6
    features = grading.behaviour_features(made.tables)
    clusters = KMeans(8, n_init=5, random_state=0).fit_predict(features.to_numpy())
    by_behaviour = adjusted_rand_score(planted[features.index], clusters)
    assert by_behaviour > by_rules + 0.1


def test_popularity_is_well_below_item_knn_and_that_below_the_truth(seed):
    made = shop(seed)
    train, bought, on_sale = grading.time_split(made.tables)
    popular = grading.recall_at_k(grading.popularity_scores(train), train, bought, on_sale)
    nearest = grading.recall_at_k(grading.item_knn_scores(train), train, bought, on_sale)
    oracle = grading.recall_at_k(made.truth.affinity, train, bought, on_sale)
    assert nearest > 1.4 * popular
    assert oracle > 1.3 * nearest


def test_planted_seasons_are_in_the_orders(seed):
    made = shop(seed)
    daily = made.truth.daily[made.truth.daily["in_data"]].set_index("day")
    found = grading.month_factors(daily["orders"])
    expected = grading.month_factors(daily["expected_orders"])
    assert np.corrcoef(found, expected)[0, 1] > 0.9
    assert found.idxmax() in (11, 12) and found[11] > 1.25
    weekday = daily["orders"].groupby(daily.index.dayofweek).mean()
    assert weekday.idxmax() in (0, 6)


def test_planted_category_seasons_are_in_the_lines(seed):
    made = shop(seed)
    lines = grading.sales(made.tables)
    category = lines["product_id"].map(made.tables["products"].set_index("product_id")["category"])
    month = lines["ordered_at"].dt.month
    share = pd.crosstab(month, category, normalize="index")
    planted = made.truth.category_seasons.pivot(index="month", columns="category", values="factor")
    for name in ("Garden", "Christmas", "Lighting", "Stationery", "Bags & Travel"):
        assert np.corrcoef(share[name], planted[name])[0, 1] > 0.75, name


def test_november_rises_through_gifts(seed):
    made = shop(seed)
    lines = grading.sales(made.tables)
    category = lines["product_id"].map(made.tables["products"].set_index("product_id")["category"])
    month = lines["ordered_at"].dt.to_period("M")
    revenue = lines.groupby([month, category])["amount"].sum().unstack()
    for year in (2024, 2025):
        before, now = revenue.loc[f"{year}-10"], revenue.loc[f"{year}-11"]
        assert now.sum() > 1.25 * before.sum()
        assert (now - before)["Christmas"] > 0.15 * (now - before).sum()


def test_revenue_grows_from_year_to_year(seed):
    lines = grading.sales(shop(seed).tables)
    first = lines[lines["ordered_at"] < "2025-06-19"]["amount"].sum()
    second = lines[(lines["ordered_at"] >= "2025-07-01") & (lines["ordered_at"] < "2026-06-19")]["amount"].sum()
    assert 1.0 < second / first < 1.35


def test_expectation_explains_what_happened_and_what_comes(seed):
    daily = shop(seed).truth.daily
    for inside, within in ((True, 0.05), (False, 0.10)):
        part = daily[daily["in_data"] == inside]
        assert abs(part["orders"].sum() / part["expected_orders"].sum() - 1) < within
        # a Poisson count has a dispersion of one; campaigns add a little
        dispersion = ((part["orders"] - part["expected_orders"]) ** 2 / part["expected_orders"]).mean()
        assert 0.6 < dispersion < 1.8


def test_holdouts_are_randomised(seed):
    tables = shop(seed).tables
    touches, orders = tables["touches"], tables["orders"].dropna(subset=["customer_id"])
    stamps = orders[["customer_id", "ordered_at"]]
    scores = []
    for _, arm in touches.groupby("campaign_id"):
        assert 0.3 < (arm["arm"] == "control").mean() < 0.5
        before = stamps[stamps["ordered_at"] < arm["sent_at"].min()].groupby("customer_id").size()
        history = arm["customer_id"].map(before).fillna(0)
        a, b = history[arm["arm"] == "treatment"], history[arm["arm"] == "control"]
        scores.append((a.mean() - b.mean()) / np.sqrt(a.var() / len(a) + b.var() / len(b)))
    assert np.abs(scores).max() < 3.7
    assert np.mean(np.square(scores)) < 2.2
    control = touches[touches["arm"] == "control"]
    assert not control[["delivered", "unsubscribed"]].any().any()
    assert not control["opened"].fillna(False).any() and not control["clicked"].fillna(False).any()
    treated = touches[touches["arm"] == "treatment"]
    assert treated["delivered"].mean() > 0.9
    assert (treated["clicked"].fillna(False) <= treated["opened"].fillna(True)).all()


def test_planted_lift_is_recovered_from_the_holdout(seed):
    made = shop(seed)
    found = grading.lift(made.tables).join(made.truth.campaigns.set_index("campaign_id"))
    z = (found["lift"] - found["mean_effect"]) / found["se"]
    # 18 intervals of 95 %: fewer than 14 that cover are seen in about one of 600 shops
    assert (z.abs() < 1.96).sum() >= 14
    assert z.abs().max() < 4
    weight = 1 / found["se"] ** 2
    pooled = (found["lift"] * weight).sum() / weight.sum()
    assert abs(pooled - (found["mean_effect"] * weight).sum() / weight.sum()) < 3 / np.sqrt(weight.sum())
    assert pooled > 3 / np.sqrt(weight.sum())


def test_responses_are_the_outcome_of_the_arm(seed):
    made = shop(seed)
    effects = made.truth.effects
    responded = set(zip(made.tables["responses"]["campaign_id"], made.tables["responses"]["customer_id"], strict=True))
    happened = pd.Series([key in responded for key in zip(effects["campaign_id"], effects["customer_id"], strict=True)])
    treated = effects["arm"] == "treatment"
    assert (happened[~treated] == effects.loc[~treated, "outcome_control"]).all()
    delivered = made.tables["touches"]["delivered"].to_numpy()
    assert (happened[delivered] == effects.loc[delivered, "outcome_treatment"]).all()


def test_sleeping_dogs_are_driven_away_and_can_be_told(seed):
    made = shop(seed)
    effects = made.truth.effects
    dogs = effects[effects["response_type"] == "sleeping_dog"]
    assert len(dogs) > 0.03 * len(effects)
    assert (dogs["effect"] < 0).all() and dogs["effect"].mean() < -0.08
    touches = made.tables["touches"].set_index(["campaign_id", "customer_id"])
    outcome = np.where(dogs["arm"] == "treatment", dogs["outcome_treatment"], dogs["outcome_control"])
    treated = (dogs["arm"] == "treatment").to_numpy()
    assert outcome[treated].mean() < outcome[~treated].mean() - 0.05
    left = touches.loc[pd.MultiIndex.from_frame(dogs[["campaign_id", "customer_id"]]), "unsubscribed"].to_numpy()
    assert left[treated].mean() > 3 * touches["unsubscribed"].mean()
    came = made.tables["customers"].set_index("customer_id")["acquisition_channel"]
    share = made.truth.customers.set_index("customer_id")["sleeping_dog"].groupby(came).mean()
    assert share[["referral", "store"]].min() > 2 * share[["search", "social", "email", "affiliate"]].max()


def test_complements_meet_and_substitutes_avoid_each_other(seed):
    made = shop(seed)
    lines = grading.sales(made.tables)
    products = pd.Index(made.tables["products"]["product_id"])
    order, _ = pd.factorize(lines["order_id"])
    from scipy import sparse

    baskets = sparse.csr_matrix((np.ones(len(lines)), (order, products.get_indexer(lines["product_id"]))))
    baskets.data[:] = 1
    both, alone = (baskets.T @ baskets).toarray(), np.asarray(baskets.sum(axis=0)).ravel()
    pairs = made.truth.pairs
    a, b = products.get_indexer(pairs["product_id"]), products.get_indexer(pairs["other_product_id"])
    together = pd.Series(both[a, b]).groupby(pairs["relation"]).sum()
    chance = pd.Series(alone[a] * alone[b] / baskets.shape[0]).groupby(pairs["relation"]).sum()
    assert together["complement"] > 5 * chance["complement"]
    assert together["substitute"] < together["complement"] / 5


def test_prices_move_demand_as_planted(seed):
    made = shop(seed)
    products = made.tables["products"].set_index("product_id")
    planted = made.truth.products.set_index("product_id")["elasticity"]
    by_category = grading.price_slopes(made.tables, products["category"])
    assert (by_category < 0).mean() > 0.8
    assert np.corrcoef(by_category, planted.groupby(products["category"]).mean())[0, 1] > 0.4
    everything = grading.price_slopes(made.tables, pd.Series("all", index=planted.index))["all"]
    assert abs(everything - planted.mean() * made.truth.facts["mean_price_sensitivity"]) < 0.7
    thirds = pd.qcut(planted, 3, labels=["strong", "medium", "weak"]).astype(str)
    slopes = grading.price_slopes(made.tables, thirds)
    assert slopes["strong"] < slopes["weak"] - 0.2


def test_those_who_left_order_no_more_and_hazards_say_who(seed):
    made = shop(seed)
    truth = made.truth.customers
    assert 0.3 < truth["alive"].mean() < 0.8
    gone = truth[~truth["alive"]]
    assert (gone["expected_orders_90"] == 0).all() and (gone["orders_90"] == 0).all()
    stays = truth[truth["alive"]]
    ratio = stays["orders_90"].sum() / stays["expected_orders_90"].sum()
    assert 0.9 < ratio < 1.12
    assert np.corrcoef(stays["orders_90"], stays["expected_orders_90"])[0, 1] > 0.6
    hazard = truth.groupby("segment")["churn_hazard"].mean()
    assert hazard.idxmax() == "try_outs"


def test_customers_who_left_may_come_back_only_through_a_campaign(seed):
    made = shop(seed)
    truth = made.truth.customers.set_index("customer_id")["churned_on"].dropna()
    orders = made.tables["orders"]
    placed = orders[orders["order_id"].str.startswith("SO")].dropna(subset=["customer_id"])
    late = placed[placed["ordered_at"].dt.normalize() > placed["customer_id"].map(truth)]
    assert len(late) > 0
    assert set(late["order_id"]) <= set(made.tables["responses"]["order_id"])
