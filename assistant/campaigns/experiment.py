"""The control group a campaign is born with, and what past ones showed.

Sample size: normal approximation for two proportions (Fleiss, Levin and Paik 2003, *Statistical Methods for Rates and
Proportions*, 3rd ed., p. 72), two-sided level 5 %, power 80 %.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.data.warehouse import Snapshot

#: two-sided 5 % and power 80 %
_Z_LEVEL, _Z_POWER = 1.959964, 0.841621
LEVEL_PERCENT, POWER_PERCENT = 5, 80


@dataclass(frozen=True)
class Split:
    """Sealed assignment: ``holdout`` is never contacted; ``digest`` changes when any assignment does."""

    contacted: tuple[str, ...]
    holdout: tuple[str, ...]
    digest: str


def assign(campaign_id: str, customer_ids: Sequence[str], share: float) -> Split:
    """Assign exactly ``round(share · n)`` customers to the control group, at random and reproducibly.

    The order of SHA-256 over campaign and customer is as good as a random draw, needs no stored seed, and can be
    re-computed by anyone to check the assignment.
    """
    ordered = sorted(customer_ids, key=lambda i: hashlib.sha256(f"{campaign_id}\0{i}".encode()).digest())
    count = round(share * len(ordered))
    holdout, contacted = sorted(ordered[:count]), sorted(ordered[count:])
    digest = hashlib.sha256("\n".join([*contacted, "--", *holdout]).encode()).hexdigest()
    return Split(tuple(contacted), tuple(holdout), digest)


def minimum_detectable_lift(baseline: float, contacted: int, holdout: int) -> float | None:
    """Smallest difference of response rates (0–1) that a read-out would find in four of five cases.

    Args:
        baseline: response rate expected without contact, 0–1.

    Returns:
        None where a group is empty or the baseline is 0 or 1 (nothing can be computed).
    """
    if min(contacted, holdout) == 0 or not 0 < baseline < 1:
        return None
    spread = math.sqrt(baseline * (1 - baseline) * (1 / contacted + 1 / holdout))
    return (_Z_LEVEL + _Z_POWER) * spread


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


def past_lift(snapshot: Snapshot, kind: str) -> PastLift | None:
    """What past campaigns of this kind achieved against their own control groups.

    Rates are weighted so that each campaign counts by its treated customers (otherwise campaigns with different
    response and different group sizes would be confounded).

    Returns:
        None where the data hold no such campaign with both groups.
    """
    if not (snapshot.has("touches", "arm") and snapshot.has("campaigns", "kind") and snapshot.has("responses")):
        return None
    campaigns, touches = snapshot.table("campaigns"), snapshot.table("touches")
    wanted = campaigns.filter(campaigns.kind == kind).select("campaign_id")
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


def _pooled(pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> PastLift:
    total = sum(treated[0] for treated, _ in pairs)
    treated_rate = control_rate = variance = 0.0
    for (n_t, k_t), (n_c, k_c) in pairs:
        weight, p_t, p_c = n_t / total, k_t / n_t, k_c / n_c
        treated_rate += weight * p_t
        control_rate += weight * p_c
        variance += weight**2 * (p_t * (1 - p_t) / n_t + p_c * (1 - p_c) / n_c)
    lift, half = treated_rate - control_rate, _Z_LEVEL * math.sqrt(variance)
    return PastLift(len(pairs), total, sum(c[0] for _, c in pairs), treated_rate, control_rate, lift,
                    lift - half, lift + half)
