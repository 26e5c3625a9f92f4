"""From a rule to the people who may be contacted, with the number left after each step.

The default audience is nobody: without a rule there is no audience. Consent is per channel and must be an explicit
yes; a missing consent is a no. Whoever objected to direct marketing on any channel is left out on every one; an
address that bounced is left out on its own channel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from assistant.data.objectors import is_objection
from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows
from assistant.plans import And, Filter
from assistant.plans.reword import reword_filter
from assistant.query.audience import conditions_of, customer_ids
from assistant.results import Caveat, Column, Figure, Result, Table
from assistant.results.result import Source

CHANNELS = ("email", "sms", "push", "post")
#: the step that leaves out whom past campaigns show better left alone
WORTH_IT = "worth contacting by what past campaigns changed"


@dataclass(frozen=True)
class WaterfallStep:
    """Customers left after one step."""

    label: str
    customers: int


@dataclass(frozen=True)
class Audience:
    """Who the rule selects and who of them may be contacted.

    Attributes:
        steps: the waterfall.
        selected: ids the rule selects.
        reachable: channel → ids that may be contacted there; None when the data hold no contacts.
        everybody: whether the rule selects every known customer.
    """

    steps: tuple[WaterfallStep, ...]
    selected: tuple[str, ...]
    reachable: dict[str, tuple[str, ...]] | None
    everybody: bool = False

    @property
    def mailable(self) -> tuple[str, ...] | None:
        """Ids that may be contacted on at least one channel; None when unknown."""
        if self.reachable is None:
            return None
        return tuple(sorted(set().union(*self.reachable.values())))

    def without(self, people: Collection[str], label: str) -> Audience:
        """The audience less some people, as one more step; nobody is taken out of ``selected``."""
        gone = set(people)
        if self.reachable is None:
            left = tuple(c for c in self.selected if c not in gone)
            return replace(self, selected=left, steps=(*self.steps, WaterfallStep(label, len(left))))
        reachable = {c: tuple(i for i in ids if i not in gone) for c, ids in self.reachable.items()}
        step = WaterfallStep(label, len(set().union(*reachable.values())))
        return replace(self, reachable=reachable, steps=(*self.steps, step))

    def first_only(self, channels: Sequence[str]) -> Audience:
        """Everybody on the first of these channels that reaches them, and on no other."""
        if self.reachable is None:
            return self
        taken: set[str] = set()
        reachable = dict(self.reachable)
        for channel in channels:
            mine = tuple(i for i in self.reachable.get(channel, ()) if i not in taken)
            reachable[channel] = mine
            taken.update(mine)
        return replace(self, reachable=reachable)

    def only(self, people: Collection[str]) -> Audience:
        """The audience narrowed to some people; its steps stay."""
        kept = set(people)
        reachable = None if self.reachable is None else {
            c: tuple(i for i in ids if i in kept) for c, ids in self.reachable.items()}
        return replace(self, selected=tuple(c for c in self.selected if c in kept), reachable=reachable)


class Narrowed(Protocol):
    """People that a rule is narrowed to, and the step that says so."""

    @property
    def people(self) -> Collection[str]: ...

    @property
    def step(self) -> str: ...


def build_audience(
    snapshot: Snapshot, rule: Filter, channels: Sequence[str], narrowed: Narrowed | None = None
) -> Audience:
    """Evaluate a rule step by step.

    Args:
        narrowed: people of an occasion, which is one more step after the rule.

    Raises:
        NoRows: the rule selects nobody; the message says after which condition.
    """
    known = len(customer_ids(snapshot, None))
    steps = [WaterfallStep("all known customers", known)]
    parts = conditions_of(rule)
    selected: Sequence[str] = ()
    for count in range(1, len(parts) + 1):
        selected = customer_ids(snapshot, And(parts=tuple(parts[:count])))
        steps.append(WaterfallStep(reword_filter(parts[count - 1]), len(selected)))
        if not selected:
            raise NoRows("No customer is left after the condition: " + steps[-1].label,
                         received=" and ".join(s.label for s in steps[1:]))
    if narrowed is not None:
        selected = [c for c in selected if c in narrowed.people]
        steps.append(WaterfallStep(narrowed.step, len(selected)))
        if not selected:
            raise NoRows("No customer is left after the condition: " + narrowed.step, received=reword_filter(rule))
    selected = tuple(sorted(selected))
    everybody = len(selected) == known
    if not snapshot.has("contacts", "consent"):
        return Audience(tuple(steps), selected, None, everybody)
    reachable, extra = _reachable(snapshot, set(selected), channels)
    return Audience((*steps, *extra), selected, reachable, everybody)


def _reachable(
    snapshot: Snapshot, selected: set[str], channels: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], list[WaterfallStep]]:
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(contacts.select(
        "customer_id", "channel", "consent", "suppressed", "suppressed_reason", has_address=contacts.address.notnull(),
    )).to_pylist()
    mine = [row for row in rows if row["customer_id"] in selected]
    # an objection on any channel is one to direct marketing; a bounced address only stops its own channel
    objected = {r["customer_id"] for r in mine if is_objection(r["suppressed"], r["suppressed_reason"])}
    bounced = {(r["customer_id"], r["channel"]) for r in mine if r["suppressed"]}
    agreed: dict[str, set[str]] = {channel: set() for channel in channels}
    for row in mine:
        if row["channel"] in agreed and row["consent"] and row["has_address"]:
            agreed[row["channel"]].add(row["customer_id"])
    allowed = {c: {i for i in ids if i not in objected and (i, c) not in bounced} for c, ids in agreed.items()}
    each = [WaterfallStep(f"agreed to {c}, with an address", len(agreed[c])) for c in channels] if channels[1:] else []
    steps = [
        *each, WaterfallStep(f"agreed to {' or '.join(channels)}", len(set().union(*agreed.values()))),
        WaterfallStep("not suppressed", len(set().union(*allowed.values()))),
    ]
    return {channel: tuple(sorted(ids)) for channel, ids in allowed.items()}, steps


def _recently_contacted(
    snapshot: Snapshot, audience: Audience, hours: Mapping[str, float], starts_on: date | None
) -> dict[str, set[str]]:
    """Channel → people whose last message there is younger than the cap when the campaign starts."""
    if audience.reachable is None or not snapshot.has("touches", "sent_at", "channel"):
        return {}
    now = datetime.combine(max(snapshot.as_of + timedelta(days=1), starts_on or snapshot.as_of), time())
    touches = snapshot.table("touches")
    if snapshot.has("touches", "arm"):
        touches = touches.filter(touches.arm != "control")
    found: dict[str, set[str]] = {}
    for channel in audience.reachable:
        since = now - timedelta(hours=hours.get(channel, 0.0))
        late = touches.filter((touches.channel == channel) & (touches.sent_at > since))
        found[channel] = set(snapshot.execute(late.select("customer_id").distinct())["customer_id"].to_pylist())
    return found


def under_caps(
    snapshot: Snapshot, audience: Audience, hours: Mapping[str, float], starts_on: date | None = None
) -> Audience:
    """The audience without those written to too recently, and a step for quiet hours, in which people wait.

    Args:
        hours: channel → fewest hours between two messages to one person.
        starts_on: first day of the campaign; unset: the day after the data end.
    """
    if audience.reachable is None:
        return audience
    late = _recently_contacted(snapshot, audience, hours, starts_on)
    reachable = {c: tuple(i for i in ids if i not in late.get(c, ())) for c, ids in audience.reachable.items()}
    left = len(set().union(*reachable.values()))
    steps = (*audience.steps, WaterfallStep("not written to too recently", left),
             WaterfallStep("in quiet hours a message waits; nobody is left out", left))
    return replace(audience, steps=steps, reachable=reachable)


def add_reach(snapshot: Snapshot, rule: Filter, result: Result, *, asked: bool = True) -> None:
    """Add to a counted audience how many of them may be contacted: table ``reach``, by channel; a caveat where the
    data hold no contacts and the person ``asked``."""
    if not snapshot.has("contacts", "consent"):
        if asked:
            result.caveats.append(Caveat(code="reach_unknown"))
        return
    result.words["reach"] = "asked" if asked else "shown"
    selected = set(customer_ids(snapshot, rule))
    rows: list[list[str | int]] = []
    for channel in CHANNELS:
        reachable, steps = _reachable(snapshot, selected, (channel,))
        if steps[0].customers:
            rows.append([channel, steps[0].customers, steps[0].customers - steps[1].customers, steps[1].customers])
    columns = [
        Column(name="channel", label="channel"), Column(name="agreed", label="agreed", unit="count"),
        Column(name="suppressed", label="of these objected, or the address fails", unit="count"),
        Column(name="reachable", label="may be contacted", unit="count"),
    ]
    table = Table(id="reach", title="Who may be contacted", columns=columns, rows=rows, total_rows=len(rows))
    result.tables.insert(1, table)
    everywhere, _ = _reachable(snapshot, selected, CHANNELS)
    result.figures["reachable"] = Figure(
        value=len(set().union(*everywhere.values())), unit="count", label="may be contacted on some channel",
        source=Source(origin="evidence"),
    )
