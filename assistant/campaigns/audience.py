"""From a rule to the people who may be contacted, with the number left after each step.

The default audience is nobody: without a rule there is no audience. Consent is per channel and must be an explicit
yes; a missing consent is a no. Suppressed customers are left out whatever they agreed to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows
from assistant.plans import And, Filter
from assistant.plans.reword import reword_filter
from assistant.query.audience import conditions_of, customer_ids
from assistant.results import Caveat, Column, Figure, Result, Table
from assistant.results.result import Source

CHANNELS = ("email", "sms", "push", "post")


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
    """

    steps: tuple[WaterfallStep, ...]
    selected: tuple[str, ...]
    reachable: dict[str, tuple[str, ...]] | None

    @property
    def mailable(self) -> tuple[str, ...] | None:
        """Ids that may be contacted on at least one channel; None when unknown."""
        if self.reachable is None:
            return None
        return tuple(sorted(set().union(*self.reachable.values())))


def build_audience(snapshot: Snapshot, rule: Filter, channels: Sequence[str]) -> Audience:
    """Evaluate a rule step by step.

    Raises:
        NoRows: the rule selects nobody; the message says after which condition.
    """
    steps = [WaterfallStep("all known customers", len(customer_ids(snapshot, None)))]
    parts = conditions_of(rule)
    selected: Sequence[str] = ()
    for count in range(1, len(parts) + 1):
        selected = customer_ids(snapshot, And(parts=tuple(parts[:count])))
        steps.append(WaterfallStep(reword_filter(parts[count - 1]), len(selected)))
        if not selected:
            raise NoRows("No customer is left after the condition: " + steps[-1].label,
                         received=" and ".join(s.label for s in steps[1:]))
    selected = tuple(sorted(selected))
    if not snapshot.has("contacts", "consent"):
        return Audience(tuple(steps), selected, None)
    reachable, extra = _reachable(snapshot, set(selected), channels)
    return Audience((*steps, *extra), selected, reachable)


def _reachable(
    snapshot: Snapshot, selected: set[str], channels: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], list[WaterfallStep]]:
    contacts = snapshot.table("contacts")
    rows = snapshot.execute(
        contacts.filter(contacts.channel.isin(list(channels))).select(
            "customer_id", "channel", "consent", "suppressed", has_address=contacts.address.notnull()
        )
    ).to_pylist()
    mine = [row for row in rows if row["customer_id"] in selected]
    # an objection on any channel is an objection to direct marketing; the other entries are per channel
    suppressed = {row["customer_id"] for row in mine if row["suppressed"]}
    agreed = [row for row in mine if row["consent"] and row["has_address"]]
    steps = [
        WaterfallStep(f"agreed to {' or '.join(channels)}", len({row["customer_id"] for row in agreed})),
        WaterfallStep("not suppressed", len({row["customer_id"] for row in agreed} - suppressed)),
    ]
    reachable = {
        channel: tuple(sorted({r["customer_id"] for r in agreed if r["channel"] == channel} - suppressed))
        for channel in channels
    }
    return reachable, steps


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
        Column(name="suppressed", label="of these objected", unit="count"),
        Column(name="reachable", label="may be contacted", unit="count"),
    ]
    table = Table(id="reach", title="Who may be contacted", columns=columns, rows=rows, total_rows=len(rows))
    result.tables.insert(1, table)
    everywhere, _ = _reachable(snapshot, selected, CHANNELS)
    result.figures["reachable"] = Figure(
        value=len(set().union(*everywhere.values())), unit="count", label="may be contacted on some channel",
        source=Source(origin="evidence"),
    )
