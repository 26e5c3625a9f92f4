from datetime import date

import numpy as np
import pandas as pd
import pytest

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend import choosing
from assistant.models.recommend.choosing import Past, _decide, choose_recommender, split_history
from assistant.models.recommend.exam import Trial, build_exam
from assistant.models.recommend.tuning import Sitting
from assistant.models.registry import RECOMMENDERS
from tests.support.purchases import noisy_groups
from tests.support.shop_builder import grouped_shop, shop_of


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    return grouped_shop(tmp_path_factory.mktemp("grouped"))


@pytest.fixture(scope="module")
def choice(grouped):
    return choose_recommender(grouped)


def test_taste_beats_popularity_where_taste_is_planted(choice):
    best, plain = choice.trial(choice.name), choice.trial(choice.best_of("popularity"))
    assert best.family != "popularity" and best.ndcg > plain.ndcg
    assert choice.users >= 50 and choice.weeks == 4 and "ahead of the popularity list" in choice.why
    assert not any(ch.isdigit() for ch in choice.why)
    recall, ndcg = choice.lead()
    assert ndcg.mean == pytest.approx(best.ndcg - plain.ndcg) and ndcg.low > 0
    assert recall.mean == pytest.approx(best.recall - plain.recall)


def test_train_validation_and_test_follow_one_another(choice, grouped):
    validation, test = choice.split.validation, choice.split.test
    assert validation.last_day == test.cutoff and test.last_day == grouped.as_of
    assert (test.last_day - test.cutoff).days == (validation.last_day - validation.cutoff).days == 7 * choice.weeks
    assert validation.train.until == validation.cutoff and choice.split.apart == "weeks"
    assert validation.first_day > validation.cutoff


def test_the_test_weeks_have_no_say_in_the_choice(tmp_path, choice):
    """Customers change their taste in the test weeks: the same choice, other figures, and it says so."""
    grouped = grouped_shop(tmp_path / "a")
    lines = grouped.execute(grouped.table("order_lines")).to_pandas()
    last = pd.Timestamp(choice.cutoff) + pd.Timedelta(hours=23)
    orders = []
    for (_, customer), part in lines.groupby(["order_id", "customer_id"], sort=True):
        at = part["ordered_at"].iloc[0]
        items = [("A" if p[0] == "B" else "B") + p[1:] if at > last else p for p in part["product_id"]]
        orders.append((customer, f"{at:%Y-%m-%d}", items))
    swapped = choose_recommender(shop_of(tmp_path / "b", orders, customers=["Z999"]))
    assert swapped.name == choice.name and swapped.cutoff == choice.cutoff
    assert [t.ndcg for t in swapped.compared] == [t.ndcg for t in choice.compared]
    assert swapped.trial(swapped.name).ndcg < choice.trial(choice.name).ndcg
    assert "had no say" in swapped.why


def test_history_for_one_window_only_halves_its_customers(tmp_path):
    """14 weeks: enough for one window of four weeks after eight, not for two."""
    start = pd.Timestamp("2024-01-01")
    orders = [
        (f"K{i:03d}", f"{start + pd.Timedelta(days=14 * visit + i % 14):%Y-%m-%d}",
         [f"{'AB'[i % 2]}{(i + 3 * visit + j) % 24}" for j in range(3)])
        for i in range(160) for visit in range(7)
    ]
    split = split_history(Past(shop_of(tmp_path, orders)), "new")
    assert split.apart == "customers" and split.weeks == 4
    assert split.validation.cutoff == split.test.cutoff
    assert not set(split.validation.users) & set(split.test.users)
    assert min(len(split.validation.users), len(split.test.users)) >= choosing.MIN_USERS


def test_too_few_returning_customers_means_popularity_and_says_so(tmp_path):
    orders = [(f"C{i}", "2024-03-01", ["X", "Y"]) for i in range(20)]
    choice = choose_recommender(shop_of(tmp_path, orders))
    assert choice.name == "popularity" and not choice.trials and "too few" in choice.why
    assert choice.best_of("item_knn").startswith("item_knn") and choice.lead() is None and choice.weeks == 0


def test_the_truth_of_new_holds_nothing_that_a_list_hides():
    """A is never bought again, B always: an owner's later A is no right answer of ``new``, an owner's B is."""
    users = [f"U{i:02d}" for i in range(40)]
    items = ["A"] * 40 + ["B"] * 40
    first, last = [10] * 40 + [10] * 40, [10] * 40 + [20] * 40
    train = interactions_from_pairs([*users, *users, "V"], [*items, "C"], first_days=[*first, 10],
                                    last_days=[*last, 10], until=date(1970, 1, 31))
    after = interactions_from_pairs(["U00"] * 4 + ["V"], ["A", "B", "C", "new", "A"], last_days=[40] * 5,
                                    first_days=[10, 10, 40, 40, 40], until=date(1970, 2, 28))
    exam = build_exam(train, after, "new")
    names = {str(train.user_ids[u]): set(train.item_ids[t]) for u, t in zip(exam.users, exam.truth, strict=True)}
    assert names == {"U00": {"B", "C"}, "V": {"A"}}


def test_next_asks_for_the_first_order_after_the_cut_and_hides_nothing(grouped):
    exam = split_history(Past(grouped), "next").test
    assert not exam.hide.any() and exam.purpose == "next"
    lines = grouped.execute(grouped.table("order_lines")).to_pandas()
    later = lines[lines["ordered_at"] > pd.Timestamp(exam.first_day)].sort_values("ordered_at")
    for row, right in list(zip(exam.users, exam.truth, strict=True))[:20]:
        own = later[later["customer_id"] == exam.train.user_ids[row]]
        first = own.loc[own["order_id"] == own["order_id"].iloc[0], "product_id"]
        assert set(exam.train.item_ids[right]) == set(first)


def test_customers_or_products_first_seen_after_the_cut_are_not_asked(grouped):
    past = Past(grouped)
    early, late = past.until(grouped.as_of.replace(day=1)), past.until(grouped.as_of)
    exam = build_exam(early, late, "next")
    assert (exam.users < early.n_users).all() and all((t < early.n_items).all() and (t >= 0).all() for t in exam.truth)


def test_each_competitor_is_compared_and_the_best_of_each_family_shown(choice):
    wanted = {n for n, e in RECOMMENDERS.items()
              if e.competes and "new" in e.purposes and e.needs is None and (not e.tuned or n in choice.parameters)}
    assert {t.name for t in choice.compared} == wanted
    assert {t.name for t in choice.trials} == {choice.best_of(t.family) for t in choice.compared}
    for trial in choice.trials:
        assert 0 <= trial.coverage <= 1 and 0 <= trial.gini <= 1 and trial.novelty > 0 and trial.fit_seconds > 0


def _trial(name, family, values):
    values = np.array(values, dtype=float)
    return Trial(name, family, name, float(values.mean()), float(values.mean()), 0.1, values, values)


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


def test_a_blend_is_taken_only_where_it_clearly_beats_the_best_single_model():
    rng = np.random.default_rng(0)
    plain, single = rng.random(100), rng.random(100) + 1
    noisy = single + 0.01 + rng.normal(0, 1, 100)
    others = [_trial("popularity", "popularity", plain), _trial("ease", "ease", single)]
    assert _decide((*others, _trial("blend", "blend", noisy)))[0] == "ease"
    assert _decide((*others, _trial("blend", "blend", single + 0.01)))[0] == "blend"


def _sitting():
    """Half of each customer's products to learn from, the rest to be found."""
    data = noisy_groups()
    users = np.repeat(data.user_ids, np.diff(data.matrix.indptr))
    items = data.item_ids[data.matrix.indices]
    early = np.arange(len(items)) % 2 == 0
    train = interactions_from_pairs(users[early], items[early], until=date(1970, 1, 31))
    return Sitting(build_exam(train, interactions_from_pairs(users, items, until=date(1970, 3, 1),
                                                             last_days=np.where(early, 0, 50)), "new"))


def test_tuned_weights_are_the_best_on_the_grid_and_members_without_weight_leave():
    sitting = _sitting()
    found = sitting.tune("blend", {"ease": "ease", "als": "als", "popularity": "popularity"})
    if found is None:  # one member alone was best: no blend
        singles = [sitting.trial(n).ndcg for n in ("ease", "als")]
        sitting.parameters["blend"] = {"models": ("ease", "als"), "weights": (0.5, 0.5)}
        assert sitting.trial("blend").ndcg <= max(singles)
        return
    assert sum(found["weights"]) == pytest.approx(1.0) and min(found["weights"]) > 0
    sitting.parameters["blend"] = found
    blend = sitting.trial("blend")
    assert blend.ndcg >= max(sitting.trial(n).ndcg for n in found["models"])
    assert blend.fit_seconds == pytest.approx(sum(sitting.trial(n).fit_seconds for n in found["models"]))
    assert sitting.model("blend").members_[0] is sitting.model(found["models"][0])


def test_a_blend_of_one_family_is_none():
    assert _sitting().tune("blend", {"ease": "ease"}) is None
