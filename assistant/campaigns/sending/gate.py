"""Whether one message may leave at one instant. Pure: what is known of the person in, a verdict out.

Asked for every recipient in the transaction that claims the message, not when the audience was counted. Quiet hours
are those of the recipient's zone with its daylight-saving changes; a missing consent is a no.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.campaigns.sending.config import SendingConfig

_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


@dataclass(frozen=True)
class Standing:
    """What is known of one person on one channel now. ``objected``: on any channel, here or in the data."""

    consent: bool | None
    objected: bool
    address: str | None
    zone: str | None = None


@dataclass(frozen=True)
class Rules:
    """Limits of sending. ``zone`` counts for a recipient whose own is not known."""

    zone: str = "UTC"
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    cap_hours: tuple[tuple[str, float], ...] = (("email", 16.0), ("sms", 24.0), ("push", 24.0))

    @classmethod
    def of(cls, config: SendingConfig) -> Rules:
        """The limits that the operator's file sets."""
        return cls(config.time_zone, config.quiet_from, config.quiet_until, tuple(sorted(config.caps().items())))


@dataclass(frozen=True)
class Verdict:
    """``send`` now, ``wait`` until a moment (UTC), or ``skip`` for a reason."""

    do: Literal["send", "wait", "skip"]
    why: str = ""
    until: datetime | None = None


SEND = Verdict("send")


@lru_cache(maxsize=1024)
def zone_of(name: str | None, otherwise: str) -> ZoneInfo:
    """The zone of that name, or the other one where there is none of that name."""
    for wanted in (name, otherwise):
        if wanted and _NAME.fullmatch(wanted):
            found = _packaged(wanted)
            if found is not None:
                return found
    return ZoneInfo(otherwise)


def _packaged(name: str) -> ZoneInfo | None:
    """The zone from the installed tzdata package, which is newer than many systems' own; else the system's."""
    try:
        with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (ModuleNotFoundError, OSError, ValueError):
        pass
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_quiet(moment: datetime, zone: ZoneInfo, rules: Rules) -> bool:
    """Whether a moment lies in the quiet hours of a zone."""
    local, begins, ends = moment.astimezone(zone).time(), rules.quiet_from, rules.quiet_until
    if begins == ends:
        return False
    return begins <= local < ends if begins < ends else local >= begins or local < ends


def quiet_ends(moment: datetime, zone: ZoneInfo, rules: Rules) -> datetime:
    """The first moment (UTC) at or after ``moment`` outside the quiet hours."""
    found = moment.astimezone(UTC)
    while is_quiet(found, zone, rules):
        local = found.astimezone(zone)
        end = datetime.combine(local.date(), rules.quiet_until)
        ahead = [c for day in (0, 1) for fold in (0, 1)
                 if (c := (end + timedelta(days=day)).replace(tzinfo=zone, fold=fold).astimezone(UTC)) > found]
        found = min(ahead)  # when clocks change, the hour may come twice: the loop looks again
    return found


def verdict(channel: str, standing: Standing | None, last_contact: datetime | None, now: datetime,
            rules: Rules) -> Verdict:
    """Whether a message may leave now.

    Args:
        standing: None for somebody of whom nothing is known on this channel.
        last_contact: when this person was last written to on this channel, aware; None for never.
        now: aware.
    """
    if standing is None or standing.consent is not True:
        return Verdict("skip", "no consent")
    if standing.objected:
        return Verdict("skip", "objected")
    if not standing.address:
        return Verdict("skip", "no address")
    hours = dict(rules.cap_hours).get(channel, 0.0)
    if last_contact is not None and now - last_contact < timedelta(hours=hours):
        return Verdict("skip", "contacted too recently")
    zone = zone_of(standing.zone, rules.zone)
    if is_quiet(now, zone, rules):
        return Verdict("wait", "quiet hours", quiet_ends(now, zone, rules))
    return SEND
