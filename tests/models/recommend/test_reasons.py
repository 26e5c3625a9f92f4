import numpy as np
import pytest

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import candidate_mask, fit_recommender
from assistant.models.recommend.item_knn import ItemKNN
from assistant.models.recommend.popularity import Popularity
from assistant.models.recommend.reasons import MIN_OWNED, ReasonRule, _passing, calibrate, explain, reasons_for
from tests.support.purchases import noisy_groups


def planted():
    """Buyers of a lamp buy the bulb, buyers of soil buy the seed; the target owns lamp and an unrelated spoon."""
    pairs = [(f"L{i}", p) for i in range(10) for p in ("lamp", "bulb")]
    pairs += [(f"S{i}", p) for i in range(10) for p in ("soil", "seed")]
    pairs += [(f"P{i}", p) for i in range(10) for p in ("spoon", "fork")]
    pairs += [("T", "lamp"), ("T", "spoon")]
    users, items = zip(*pairs, strict=True)
    return interactions_from_pairs(users, items)


def test_the_planted_cause_is_named():
    model = ItemKNN(shrink=0.0).fit(planted())
    reason = model.explain("T", "bulb")
    assert reason.because_product_id == "lamp" and reason.share == pytest.approx(1.0)
    assert reason.rank_without > reason.rank
    assert model.explain("T", "fork").because_product_id == "spoon"


def test_no_reason_where_nothing_owned_speaks_for_the_product():
    assert ItemKNN(shrink=0.0).fit(planted()).explain("T", "seed") is None


def test_popularity_gives_no_personal_reason():
    model = Popularity().fit(planted())
    assert model.explain("T", "bulb") is None
    assert calibrate(model, model.interactions_.matrix, 3) == ReasonRule()


def test_a_higher_bar_gives_fewer_reasons():
    data = noisy_groups()
    model = ItemKNN().fit(data)
    places, _ = model.top(data.matrix, 5)

    def given(rule):
        found = reasons_for(model, data.matrix, places, rule=rule)
        return sum(reason is not None for row in found for reason in row)

    low, high = given(ReasonRule()), given(ReasonRule(min_share=0.12))
    assert 0 < high < low
    assert given(ReasonRule(min_share=2.0)) == 0


def test_the_list_in_bulk_and_the_single_explanation_agree():
    data = noisy_groups()
    model = ItemKNN().fit(data)
    rule = ReasonRule(of_largest=0.8)
    places, _ = model.top(data.matrix[[3]], 4)
    bulk = reasons_for(model, data.matrix[[3]], places, rule=rule)[0]
    for place, reason in zip(places[0], bulk, strict=True):
        single = explain(model, str(data.user_ids[3]), str(data.item_ids[place]), 4, rule)
        assert (single is None) == (reason is None)
        if reason:
            assert single.because_product_id == data.item_ids[reason[0]]


def random_reason_rate(fitted, seed: int) -> tuple[float, int]:
    """How often a random owned product would pass as the reason, for customers not used in calibration."""
    model, rule, seen = fitted.models["item_knn"], fitted.reason_rules["item_knn"], fitted.interactions
    rng = np.random.default_rng(seed)
    sizes = np.diff(seen.matrix.indptr)
    rows = seen.matrix[rng.choice(np.flatnonzero(sizes >= MIN_OWNED), 200, replace=False)]
    mask, hide = candidate_mask(fitted, ProductFilters()), ~fitted.rebuying.kept
    places, _ = model.top(rows, 5, exclude_seen=hide, candidates=mask)
    passed = cases = 0
    for part, masked in model.ranking_scores(rows, exclude_seen=hide, candidates=mask):
        for r in range(part.start, part.stop):
            scores, allowed = masked[r - part.start], np.isfinite(masked[r - part.start])
            floor = np.sort(scores[allowed])[-6] if allowed.sum() > 5 else 0.0
            for item in places[r][places[r] >= 0]:
                found = _passing(model, rows[[r]], model._score_rows(rows[[r]])[0], allowed, int(item), float(floor))
                part_of, share = found.get(int(rng.integers(rows[[r]].nnz)), (-1.0, -1.0))
                passed += part_of >= rule.of_largest and share >= rule.min_share
                cases += 1
    return passed / cases, cases


def test_random_owned_products_fail_as_reasons_on_the_demo_shop(demo_snapshot):
    fitted = fit_recommender(demo_snapshot)
    rate, cases = random_reason_rate(fitted, seed=12345)
    assert cases >= 500
    assert rate <= 0.10
    rule = fitted.reason_rules["item_knn"]
    assert rule.given >= 0.5, "reasons that are hardly ever given are of no use"
