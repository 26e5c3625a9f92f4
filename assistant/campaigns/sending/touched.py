"""When people were last written to, as far as the data know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from assistant.campaigns.sending.batches import Batched

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


class Touches(Batched):
    """Last message of a past campaign to each of a batch of people.

    Args:
        zone: the data's clock is taken for that of this zone.
    """

    def __init__(self, current: Callable[[], Snapshot], zone: str) -> None:
        super().__init__(current)
        self._clock = ZoneInfo(zone)
        self._last: dict[tuple[str, str], datetime] = {}

    def last(self, customer_id: str, channel: str) -> datetime | None:
        """Aware; None for never, and where the data hold no messages."""
        self.need(customer_id)
        return self._last.get((customer_id, channel))

    def read(self, snapshot: Snapshot, customer_ids: list[str]) -> None:
        self._last = {}
        if not snapshot.has("touches", "sent_at", "channel"):
            return
        touches = snapshot.table("touches")
        touches = touches.filter(touches.customer_id.isin(customer_ids))
        if snapshot.has("touches", "arm"):
            touches = touches.filter(touches.arm != "control")
        rows = snapshot.execute(
            touches.group_by("customer_id", "channel").aggregate(at=touches.sent_at.max())).to_pylist()
        self._last = {(r["customer_id"], r["channel"]): r["at"].replace(tzinfo=self._clock).astimezone(UTC)
                      for r in rows if r["at"]}
