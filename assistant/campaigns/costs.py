"""What sending costs: the operator's price per message, else what past campaigns of the shop cost per message.

Where neither is known the cost is unknown, and nothing is assumed in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assistant.campaigns.audience import Audience
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan
from assistant.plans import JourneyStep


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
        messages: channel → messages sent there: all steps to everybody whom they may reach, before anybody has
            ordered, opened or left.
        left_out: people whom the budget does not reach.
        people: channel → how many can be written to there.
        steps: how many messages follow one another.
    """

    units: Mapping[str, UnitCost]
    messages: Mapping[str, int]
    left_out: int = 0
    people: Mapping[str, int] = field(default_factory=dict)
    steps: int = 1

    @property
    def unknown(self) -> tuple[str, ...]:
        """Channels whose messages have no known cost."""
        return tuple(c for c, n in self.messages.items() if n and c not in self.units)

    @property
    def total(self) -> float | None:
        """Cost of all messages, the most it can be; None where a channel's is unknown or nobody's address is known."""
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


def check_budget(
    budget: float | None, units: Mapping[str, UnitCost], channels: Sequence[str], steps: Sequence[JourneyStep] = ()
) -> None:
    """Refuse a budget that does not pay for one person: one message, or all steps of the cheapest channel.

    Raises:
        InvalidPlan: names the budget and the least that one person costs.
    """
    many = {c: sum(s.channel == c for s in steps) or 1 for c in channels}
    priced = [(units[c].value * many[c], c) for c in channels if c in units]
    if budget is None or len(priced) < len(channels) or not priced:
        return
    cheapest, channel = min(priced)
    if budget < cheapest:
        what = "one message" if many[channel] == 1 else f"the {many[channel]} messages to one person"
        raise InvalidPlan(
            f"The budget of {budget:,.2f} does not pay for {what}: the cheapest is by {channel} "
            f"at {cheapest:,.2f}", received=f"{budget:g}", valid=[f"at least {cheapest:,.2f}"],
            hint="Raise the budget or choose a cheaper channel.",
        )


def costs_of(
    units: Mapping[str, UnitCost], audience: Audience, people: Sequence[str], steps: Sequence[JourneyStep],
    left_out: int = 0,
) -> Costs:
    """What writing to these people costs; with steps, each counts for everybody whom it may reach."""
    if audience.reachable is None:
        return Costs(units, {}, left_out, steps=max(1, len(steps)))
    wanted = set(people)
    reach = {c: wanted.intersection(ids) for c, ids in audience.reachable.items()}
    once = {c: len(ids) for c, ids in reach.items()}
    if not steps:
        return Costs(units, once, left_out, once)
    messages = dict.fromkeys(reach, 0)
    for step in steps:
        others = {s.channel for s in steps} - {step.channel}
        found = reach.get(step.channel, set())
        if step.only_if == "no_address":
            found = found.difference(*(reach.get(c, set()) for c in others))
        if step.channel in messages:
            messages[step.channel] += len(found)
    return Costs(units, messages, left_out, once, len(steps))


def shrink(people: Sequence[str], budget: float, cost: float, campaign_id: str) -> tuple[str, ...]:
    """Fewer people in proportion to what is too much, at random."""
    count = min(int(len(people) * budget / cost), len(people) - 1)
    drawn = sorted(people, key=lambda i: hashlib.sha256(f"{campaign_id}\0budget\0{i}".encode()).digest())
    return tuple(sorted(drawn[:count]))
