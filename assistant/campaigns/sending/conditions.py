"""What a message waits for or is dropped for beside consent: the exit of its campaign, and the condition of its step.

Both are part of the message that was approved, and asked at the last instant on the data as they are then. An order
placed after the last load cannot be seen: where a step depends on orders, it waits for data of the days since.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from assistant.campaigns.sending.gate import SEND, Verdict

if TYPE_CHECKING:
    from assistant.campaigns.sending.orders import Orders

#: how long until data that are too old are looked at again
LOOK_AGAIN = timedelta(hours=3)


def held_back(con: sqlite3.Connection, campaign_id: str, row: dict[str, Any], orders: Orders, zone: str,
              now: datetime) -> Verdict:
    """Whether the exit of the campaign or the condition of its step keeps a message back.

    Args:
        row: the message: ``customer_id``, ``variant`` (its step, from 0), ``only_if``, ``ends_if``, ``since``.
        zone: of the shop, whose clock the data follow.
    """
    customer, ends_if = row["customer_id"], row.get("ends_if", "")
    if ends_if:
        how, _, category = ends_if.partition(":")
        last = orders.last(customer, category if how == "order_in_category" else "")
        if last is not None and last >= _day_after(row["since"], zone):
            return Verdict("skip", "has ordered since")
    if row.get("only_if") != "no_order":
        return SEND
    before, waiting = con.execute(
        "SELECT max(CASE WHEN state IN ('sent', 'unknown') THEN claimed_at END), "
        "max(state IN ('queued', 'claimed')) FROM outbox WHERE campaign_id = ? AND customer_id = ? AND variant < ?",
        (campaign_id, customer, row["variant"])).fetchone()
    if waiting:
        return Verdict("wait", "the message before has not left yet", now + LOOK_AGAIN)
    if before is None:
        return Verdict("skip", "the message before did not leave")
    last = orders.last(customer)
    if last is not None and last >= datetime.fromisoformat(before):
        return Verdict("skip", "has ordered since")
    yesterday = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    if orders.known_until() < yesterday:
        return Verdict("wait", "orders of the days since are not loaded", now + LOOK_AGAIN)
    return SEND


def _day_after(day: str, zone: str) -> datetime:
    """The end of a day of the shop: what the audience was counted on does not count again."""
    first = datetime.combine(datetime.fromisoformat(day).date() + timedelta(days=1), time())
    return first.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
