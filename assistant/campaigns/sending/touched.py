"""When people were last written to, as far as the data know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def last_touches(snapshot: Snapshot, zone: str) -> dict[tuple[str, str], datetime]:
    """(customer, channel) → last message of a past campaign; aware. The data's clock is taken for that of ``zone``."""
    if not snapshot.has("touches", "sent_at", "channel"):
        return {}
    touches = snapshot.table("touches")
    if snapshot.has("touches", "arm"):
        touches = touches.filter(touches.arm != "control")
    rows = snapshot.execute(touches.group_by("customer_id", "channel").aggregate(at=touches.sent_at.max())).to_pylist()
    clock = ZoneInfo(zone)
    return {(r["customer_id"], r["channel"]): r["at"].replace(tzinfo=clock).astimezone(UTC) for r in rows if r["at"]}
