import pytest

from assistant.features.interactions import interactions_from_pairs
from assistant.models.recommend.rebuying import rebuying


def test_products_bought_again_are_kept_and_others_not():
    users, items, counts, first, last = [], [], [], [], []
    for i in range(60):
        for item, n, days in (("coffee", 3, (1, 40)), ("kettle", 1, (1, 1))):
            users.append(f"U{i}")
            items.append(item)
            counts.append(n)
            first.append(days[0])
            last.append(days[1])
    found = rebuying(interactions_from_pairs(users, items, counts=counts, first_days=first, last_days=last))
    assert found.kept.tolist() == [True, False]
    assert found.shop_rate == pytest.approx(0.5)
    assert found.rate[0] == pytest.approx((60 + 5) / 70) and found.rate[1] == pytest.approx(5 / 70)


def test_buyers_who_never_came_back_say_nothing():
    found = rebuying(interactions_from_pairs(["A", "B"], ["X", "X"]))
    assert found.shop_rate == 0.0 and not found.kept.any()
