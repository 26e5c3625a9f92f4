"""Products for the recipients of a campaign, from the recommender, with the reasons it tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from assistant.campaigns.messages import Pick, Picks
from assistant.models.recommend.fitted import FittedRecommender, recommend_for_customers


def picker(
    fitted: Callable[[], FittedRecommender],
) -> Callable[[Sequence[str], int, str | None], Mapping[str, Picks]]:
    """A function that chooses ``k`` products for each customer, in one category where one is given.

    Args:
        fitted: gives the shop's recommender; asked only when products are wanted.
    """

    def pick(customer_ids: Sequence[str], k: int, category: str | None) -> Mapping[str, Picks]:
        lists = recommend_for_customers(fitted(), customer_ids, k, category=category)
        return {
            customer: [Pick(str(p), None if b is None else str(b)) for p, b in zip(products, causes, strict=True)
                       if p is not None]
            for customer, products, causes in zip(lists.customer_ids, lists.product_ids, lists.because, strict=True)
        }

    return pick


def picker_among(
    fitted: Callable[[], FittedRecommender],
) -> Callable[[Sequence[str], int, Sequence[str]], Mapping[str, Picks]]:
    """A function that chooses among some goods for each customer; goods nobody bought yet are in no list."""

    def pick(customer_ids: Sequence[str], k: int, goods: Sequence[str]) -> Mapping[str, Picks]:
        import numpy as np

        model = fitted()
        allowed = np.isin(np.asarray(model.interactions.item_ids, dtype=str), list(goods))
        if not allowed.any():
            return {}
        lists = recommend_for_customers(model, customer_ids, k, allowed=allowed)
        return {
            customer: [Pick(str(p), None if b is None else str(b)) for p, b in zip(products, causes, strict=True)
                       if p is not None]
            for customer, products, causes in zip(lists.customer_ids, lists.product_ids, lists.because, strict=True)
        }

    return pick
