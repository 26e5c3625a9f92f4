"""What sending costs: the operator's price per message, else what past campaigns of the shop cost per message.

Where neither is known the cost is unknown, and nothing is assumed in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.campaigns.audience import Audience
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan


@dataclass(frozen=True)
class UnitCost:
    """Cost of one message in shop currency, and where it is from."""

    value: float
    source: Literal["settings", "past campaigns"]


@dataclass(frozen=True)
class Costs:
    """Cost of the messages of a draft.

    Attributes:
        units: channel → cost of one message; a channel of unknown cost is missing.
        messages: channel → people who get a message there.
        left_out: people whom the budget does not reach.
    """

    units: Mapping[str, UnitCost]
    messages: Mapping[str, int]
    left_out: int = 0

    @property
    def unknown(self) -> tuple[str, ...]:
        """Channels whose messages have no known cost."""
        return tuple(c for c, n in self.messages.items() if n and c not in self.units)

    @property
    def total(self) -> float | None:
        """Cost of all messages once each; None where a channel's is unknown or nobody's address is known."""
        if not self.messages or self.unknown:
            return None
        return sum(self.units[c].value * n for c, n in self.messages.items() if n)


def unit_costs(snapshot: Snapshot, configured: Mapping[str, float], channels: Sequence[str]) -> dict[str, UnitCost]:
    """Cost of one message by channel.

    Past campaigns: their booked costs over the messages to treated customers, by channel of the campaign.
    """
    observed = _observed(snapshot)
    found = {}
    for channel in channels:
        if channel in configured:
            found[channel] = UnitCost(float(configured[channel]), "settings")
        elif channel in observed:
            found[channel] = UnitCost(observed[channel], "past campaigns")
    return found


def _observed(snapshot: Snapshot) -> dict[str, float]:
    if not (snapshot.has("campaigns", "cost", "channel") and snapshot.has("touches", "channel")):
        return {}
    campaigns, touches = snapshot.table("campaigns"), snapshot.table("touches")
    if snapshot.has("touches", "arm"):
        touches = touches.filter(touches.arm != "control")
    priced = campaigns.filter(campaigns.cost.notnull()).select("campaign_id", "channel", "cost")
    sent = touches.group_by("campaign_id").aggregate(n=touches.count())
    joined = priced.join(sent, "campaign_id")
    rows = snapshot.execute(joined.group_by("channel").aggregate(
        cost=joined.cost.sum().cast("float64"), n=joined.n.sum())).to_pylist()
    return {r["channel"]: float(r["cost"]) / int(r["n"]) for r in rows if r["channel"] and r["n"]}


def check_budget(budget: float | None, units: Mapping[str, UnitCost], channels: Sequence[str]) -> None:
    """Refuse a budget that does not pay for one message.

    Raises:
        InvalidPlan: names the budget and the cheapest message.
    """
    priced = [(units[c].value, c) for c in channels if c in units]
    if budget is None or len(priced) < len(channels) or not priced:
        return
    cheapest, channel = min(priced)
    if budget < cheapest:
        raise InvalidPlan(
            f"The budget of {budget:,.2f} does not pay for one message: the cheapest is by {channel} "
            f"at {cheapest:,.2f}", received=f"{budget:g}", valid=[f"at least {cheapest:,.2f}"],
            hint="Raise the budget or choose a cheaper channel.",
        )


def messages_of(audience: Audience, people: Sequence[str], channels: Sequence[str]) -> dict[str, int]:
    """Channel → how many of the people can be written to there; empty where no contacts are known."""
    if audience.reachable is None:
        return {}
    wanted = set(people)
    return {c: len(wanted.intersection(audience.reachable.get(c, ()))) for c in channels}


def shrink(people: Sequence[str], budget: float, cost: float, campaign_id: str) -> tuple[str, ...]:
    """Fewer people in proportion to what is too much, at random."""
    count = min(int(len(people) * budget / cost), len(people) - 1)
    drawn = sorted(people, key=lambda i: hashlib.sha256(f"{campaign_id}\0budget\0{i}".encode()).digest())
    return tuple(sorted(drawn[:count]))
