"""Recipients of a draft as CSV. Consent and suppression are read again at this moment; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.campaigns.draft import Plan, Rooms, make_plan
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan
from assistant.results.export import write_table

NOT_FOR_SENDING = "NOT FOR SENDING: the data hold no contacts and no consent"


def export_draft(snapshot: Snapshot, campaign_id: str, rooms: Rooms, folder: Path) -> Path:
    """Write one row per recipient and channel, or ids only where the data hold no contacts.

    The plan is made again from the stored brief on the data as they are now; the control group is not in the file.

    Raises:
        UnknownName: no such draft.
        InvalidPlan: nobody is left to be contacted.
        StorageError: the disk refuses; no partial file is left.
    """
    draft = rooms.store.load(campaign_id)
    plan = make_plan(snapshot, draft.brief, rooms, draft.campaign_id)
    if not plan.split.contacted:
        raise InvalidPlan("Nobody is left to be contacted after consent, suppression and the control group",
                          received=campaign_id)
    if plan.audience.reachable is None:
        columns = ["note", "customer_id", "product_ids"]
        rows: Iterator[list[Any]] = (
            [NOT_FOR_SENDING, customer, " ".join(p.product_id for p in plan.picks.get(customer, ()))]
            for customer in plan.split.contacted
        )
        return write_table(folder, f"{campaign_id}-ids-not-for-sending", columns, rows)
    columns = ["campaign_id", "customer_id", "channel", "address", "subject", "preheader", "text", "product_ids"]
    return write_table(folder, f"{campaign_id}-recipients", columns, _rows(snapshot, plan))


def _rows(snapshot: Snapshot, plan: Plan) -> Iterator[list[Any]]:
    contacts = snapshot.table("contacts")
    found = snapshot.execute(
        contacts.filter(contacts.channel.isin(list(plan.brief.channels)) & contacts.address.notnull())
        .select("customer_id", "channel", "address")
    ).to_pylist()
    address = {(row["customer_id"], row["channel"]): row["address"] for row in found}
    reachable = {channel: set(ids) for channel, ids in (plan.audience.reachable or {}).items()}
    for customer in plan.split.contacted:
        channels = [c for c in plan.brief.channels if customer in reachable.get(c, ())]
        picks = plan.picks.get(customer, ())
        for message in plan.copy.messages(picks, channels):
            yield [plan.campaign_id, customer, message.channel, address[customer, message.channel], message.subject,
                   message.preheader, message.body, " ".join(p.product_id for p in picks)]
