"""How many customers of a rule come back without being asked: what a campaign is measured against."""

from __future__ import annotations

from datetime import timedelta

import ibis

from assistant.campaigns.experiment.rule import RESPONSE_DAYS
from assistant.data.warehouse import Snapshot
from assistant.errors import UserError
from assistant.plans import Filter
from assistant.query.audience import customer_ids
from assistant.query.filters import comparisons


def came_back(snapshot: Snapshot, rule: Filter, days: int = RESPONSE_DAYS) -> tuple[float | None, int]:
    """Share (0–1) of those the rule would have selected ``days`` ago who then ordered, and how many they were.

    Returns:
        ``(None, 0)`` where it names people, or where nobody was selected or the data begin later.
    """
    if any(part.field == "customer" and part.op != "not_null" for part in comparisons(rule)):
        return None, 0  # named people: nobody "like them" can be found earlier
    earlier = snapshot.as_of - timedelta(days=days)
    if earlier <= snapshot.manifest.first_day:
        return None, 0
    try:
        then = set(customer_ids(snapshot.at(earlier), rule))
    except UserError:  # the rule names something that did not exist then, or selected nobody
        return None, 0
    if not then:
        return None, 0
    orders = snapshot.table("orders")
    later = orders.filter(
        (orders.ordered_at.date() > earlier) & orders.customer_id.notnull()
    ).select("customer_id").distinct()
    came = set(snapshot.execute(later)["customer_id"].to_pylist())
    return len(then & came) / len(then), len(then)


def reacted(snapshot: Snapshot, what: str, channel: str = "email") -> tuple[float | None, int]:
    """Share (0–1) of past messages of a channel that were opened or clicked, and how many messages it is counted on.

    Args:
        what: ``opens`` or ``clicks``.

    Returns:
        ``(None, 0)`` where the data do not say.
    """
    column = "opened" if what == "opens" else "clicked"
    if not snapshot.has("touches", column, "delivered", "channel"):
        return None, 0
    touches = snapshot.table("touches")
    sent = touches.filter((touches.channel == channel) & touches.delivered & touches[column].notnull())
    if snapshot.has("touches", "arm"):
        sent = sent.filter(sent.arm != "control")
    row = snapshot.execute(sent.aggregate(n=sent.count(), k=ibis.ifelse(sent[column], 1, 0).sum())).to_pylist()[0]
    return (int(row["k"]) / int(row["n"]), int(row["n"])) if row["n"] else (None, 0)
