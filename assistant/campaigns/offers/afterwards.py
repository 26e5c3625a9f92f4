"""Whether orders won by past campaigns were only brought forward: what customers did in the weeks after.

The same number of days as the campaign's window is looked at after its end, contacted against held out. Where the
contacted are shown to order less then (the interval lies below nought), that share of the orders won counts as brought
forward and brings nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from assistant.models.uplift.effects import FEWEST, Effect, read_out

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.features.contacted import Campaign


@dataclass(frozen=True)
class Afterwards:
    """Effect on ordering in the weeks after campaigns, and the share of orders won that it says were brought forward
    (0–1; 0 where that is not shown)."""

    effect: Effect
    share: float
    campaigns: int


def afterwards(snapshot: Snapshot, campaigns: Sequence[Campaign], won: float) -> Afterwards | None:
    """Look after past campaigns.

    Args:
        campaigns: with both arms. won: their effect on ordering within the window, 0–1.

    Returns:
        None where no campaign has its weeks after in the data, or too few customers.
    """
    import ibis

    spans = {c.campaign_id: (c.until, c.until + (c.until - c.started) + timedelta(days=1)) for c in campaigns}
    whole = {i: days for i, days in spans.items() if days[1] <= snapshot.as_of}
    if not whole:
        return None
    touches, orders = snapshot.table("touches"), snapshot.table("orders")
    picked = touches.filter(touches.campaign_id.isin(list(whole)))
    cases = picked.group_by(["campaign_id", "customer_id"]).aggregate(
        treatment=(picked.arm.fill_null("treatment") != "control").max().cast("int64"))
    cases = cases.mutate(**{
        name: cases.campaign_id.cases(*[(i, ibis.literal(days[k], "date")) for i, days in whole.items()], else_=None)
        for k, name in enumerate(("after", "until"))})
    if snapshot.has("orders", "status"):
        orders = orders.filter(orders.status.fill_null("") != "cancelled")
    placed = orders.filter(orders.customer_id.notnull()).select("customer_id", day=orders.ordered_at.date())
    met = cases.inner_join(placed, [cases.customer_id == placed.customer_id, placed.day > cases.after,
                                    placed.day <= cases.until])
    came = met.select("campaign_id", "customer_id").distinct().mutate(came=1)
    frame = snapshot.execute(
        cases.select("campaign_id", "customer_id", "treatment").left_join(came, ["campaign_id", "customer_id"])
        .select("campaign_id", "customer_id", "treatment", "came").order_by(["campaign_id", "customer_id"])).to_pandas()
    treated = frame["treatment"].to_numpy()
    if min(int(treated.sum()), int((1 - treated).sum())) < FEWEST:
        return None
    effect = read_out(frame["came"].fillna(0).to_numpy(dtype=float), treated,
                      experiment=frame["campaign_id"].to_numpy()).overall
    shown = effect.lift is not None and effect.upper is not None and effect.upper < 0 and won > 0
    return Afterwards(effect, min(1.0, -float(effect.lift or 0.0) / won) if shown else 0.0, len(whole))
