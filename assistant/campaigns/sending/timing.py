"""When each message of a run may leave: at once, from a moment of the shop's clock, or of the recipient's own.

Later messages of a journey are counted in days of the same clock, so that ten o'clock stays ten o'clock when clocks
change. A moment that has passed already where somebody lives means at once; quiet hours hold in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assistant.campaigns.sending.gate import zone_of


@dataclass(frozen=True)
class Timing:
    """When the messages of one start may leave.

    Attributes:
        now: of the start; aware.
        zone: of the shop.
        expires_hours: how long a message may wait.
        send_at: not before; without a zone it is of the clock that ``local`` says. None: at once.
        local: the clock of each recipient, not the shop's.
        zones: (customer, channel) → zone of a recipient, or None where it is not known.
        again: a repetition: the hour of ``send_at`` holds, the next time it comes on the clock that counts.
    """

    now: datetime
    zone: str
    expires_hours: float
    send_at: datetime | None = None
    local: bool = False
    zones: Callable[[str, str], str | None] = lambda customer_id, channel: None
    again: bool = False

    def of(self, customer_id: str, channel: str, after_days: int = 0) -> tuple[datetime, datetime]:
        """Not before and not after (UTC) of a message."""
        zone = zone_of(self.zones(customer_id, channel) if self.local else None, self.zone)
        begins = self.now
        if self.send_at is not None:
            begins = max(self.now, self._at(self.send_at if self.send_at.tzinfo else
                                            self.send_at.replace(tzinfo=zone)).astimezone(UTC))
        if after_days:
            wall = begins.astimezone(zone).replace(tzinfo=None) + timedelta(days=after_days)
            begins = wall.replace(tzinfo=zone).astimezone(UTC)
        return begins, begins + timedelta(hours=self.expires_hours)

    def _at(self, planned: datetime) -> datetime:
        """The moment planned; of a repetition after it, the same hour on the first day on which it has not passed."""
        if not self.again or planned >= self.now:
            return planned
        wall = datetime.combine(self.now.astimezone(planned.tzinfo).date(), planned.time())
        today = wall.replace(tzinfo=planned.tzinfo)
        return today if today >= self.now else (wall + timedelta(days=1)).replace(tzinfo=planned.tzinfo)
