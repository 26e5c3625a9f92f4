"""What past campaigns of a kind achieved against their own control groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.size import Z_LEVEL
from assistant.data.warehouse import Snapshot
from assistant.plans import OfferSpec

if TYPE_CHECKING:
    import ibis


@dataclass(frozen=True)
class PastLift:
    """Response of treated against held-out customers over past campaigns, rates 0–1, with a 95 % interval."""

    campaigns: int
    treated: int
    control: int
    treated_rate: float
    control_rate: float
    lift: float
    lower: float
    upper: float


def past_lift(snapshot: Snapshot, kind: str, offer: OfferSpec | None = None) -> PastLift | None:
    """What past campaigns of this kind achieved against their own control groups.

    Args:
        offer: only those that made this very offer: the same percentage on the same goods, or none.

    Rates are weighted so that each campaign counts by its treated customers (otherwise campaigns with different
    response and different group sizes would be confounded).

    Returns:
        None where the data hold no such campaign with both groups.
    """
    if not (snapshot.has("touches", "arm") and snapshot.has("campaigns", "kind") and snapshot.has("responses")):
        return None
    campaigns, touches = snapshot.table("campaigns"), snapshot.table("touches")
    wanted = campaigns.filter(campaigns.kind == kind)
    if offer is not None:
        wanted = _with_offer(snapshot, wanted, offer)
        if wanted is None:
            return None
    wanted = wanted.select("campaign_id")
    responded = snapshot.table("responses").select("campaign_id", "customer_id").distinct().mutate(responded=1)
    touched = touches.semi_join(wanted, "campaign_id").select("campaign_id", "customer_id", "arm").distinct()
    joined = touched.left_join(responded, ["campaign_id", "customer_id"])
    rows = snapshot.execute(
        joined.group_by("campaign_id", "arm").aggregate(n=joined.count(), k=joined.responded.count())
    ).to_pylist()
    groups: dict[str, dict[str, tuple[int, int]]] = {}
    for row in rows:
        groups.setdefault(row["campaign_id"], {})[row["arm"]] = (row["n"], row["k"])
    pairs = [(g["treatment"], g["control"]) for g in groups.values() if {"treatment", "control"} <= g.keys()]
    return _pooled(pairs) if pairs else None


def _with_offer(snapshot: Snapshot, campaigns: ibis.Table, offer: OfferSpec) -> ibis.Table | None:
    """Those of the campaigns that made this offer; None where the data do not say what was offered."""
    if not snapshot.has("campaigns", "discount_percent"):
        return None
    if offer.kind == "none":
        said = campaigns.offer.notnull() if snapshot.has("campaigns", "offer") else False
        return campaigns.filter(campaigns.discount_percent.isnull() & ~said) if said is not False else campaigns.filter(
            campaigns.discount_percent.isnull())
    goods = campaigns.category.lower().fill_null("") == (offer.category or "").lower()
    return campaigns.filter((campaigns.discount_percent == offer.value) & goods)


def _pooled(pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> PastLift:
    total = sum(treated[0] for treated, _ in pairs)
    treated_rate = control_rate = variance = 0.0
    for (n_t, k_t), (n_c, k_c) in pairs:
        weight, p_t, p_c = n_t / total, k_t / n_t, k_c / n_c
        treated_rate += weight * p_t
        control_rate += weight * p_c
        variance += weight**2 * (p_t * (1 - p_t) / n_t + p_c * (1 - p_c) / n_c)
    lift, half = treated_rate - control_rate, Z_LEVEL * math.sqrt(variance)
    return PastLift(len(pairs), total, sum(c[0] for _, c in pairs), treated_rate, control_rate, lift,
                    lift - half, lift + half)
