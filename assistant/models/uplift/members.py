"""Customers by what a contact changes, as members of a group that rules and campaigns can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import NoRows

if TYPE_CHECKING:
    import pandas as pd

    from assistant.models.uplift.fitted import ShopUplift

_KINDS = {
    "moved": ("moved",), "sure_buyers": ("sure_buyer",), "sleeping_dogs": ("sleeping_dog",),
    "leave_alone": ("sure_buyer", "sleeping_dog", "not_worth_it"),
}


def members(model: ShopUplift, scores: pd.DataFrame, name: str) -> list[str]:
    """Ids of the judged customers of a kind, sorted; whether they may be contacted does not matter here.

    Args:
        name: one of :data:`assistant.plans.filters.CONTACT_GROUPS`.

    Raises:
        NoRows: past campaigns do not show that customers are moved differently.
    """
    if model.abstains:
        raise NoRows("Past campaigns do not show that customers are moved differently, so nobody is picked by it",
                     received=name.replace("_", " "), nearest=["How good is the uplift model?"])
    picked = scores["judged"] & scores["group"].isin(_KINDS[name])
    return sorted(scores.loc[picked, "customer_id"].astype(str))


def better_left_alone(model: ShopUplift, scores: pd.DataFrame, discounted: bool) -> list[str]:
    """Ids of the judged customers whose contact costs more than it brings, sorted.

    Args:
        discounted: count what a discount gives away on orders that come anyway; without one a sure buyer costs the
            message alone.

    Raises:
        NoRows: see :func:`members`.
    """
    alone = set(members(model, scores, "leave_alone"))
    if discounted:
        return sorted(alone)
    picked = scores[scores["customer_id"].astype(str).isin(alone)]
    numbers = (picked[c].to_numpy(dtype=float) for c in ("uplift", "baseline", "usual_order"))
    parts = model.money_.parts(*numbers)
    return sorted(picked.loc[parts["margin"] - parts["message"] < 0, "customer_id"].astype(str))
