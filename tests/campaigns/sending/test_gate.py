"""One verdict per recipient and instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.campaigns.sending.gate import Rules, Standing, is_quiet, quiet_ends, verdict

RULES = Rules(zone="Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AGREED = Standing(True, False, "a@example.com", "Europe/Berlin")


@pytest.mark.parametrize(("standing", "why"), [
    (None, "no consent"), (Standing(None, False, "a@x.org"), "no consent"),
    (Standing(False, False, "a@x.org"), "no consent"),
    (Standing(True, True, "a@x.org"), "objected"), (Standing(True, False, None), "no address"),
])
def test_who_may_not_be_written_to_is_skipped(standing: Standing | None, why: str) -> None:
    found = verdict("email", standing, None, NOON, RULES)
    assert (found.do, found.why) == ("skip", why)


def test_caps_differ_by_channel() -> None:
    last = NOON - timedelta(hours=17)
    assert verdict("email", AGREED, last, NOON, RULES).do == "send"
    assert verdict("sms", AGREED, last, NOON, RULES).why == "contacted too recently"
    assert verdict("email", AGREED, NOON - timedelta(hours=15, minutes=59), NOON, RULES).do == "skip"


def test_quiet_hours_are_the_recipients() -> None:
    at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # night in Berlin, eleven in the morning in Tokyo
    assert verdict("email", AGREED, None, at, RULES).until == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert verdict("email", Standing(True, False, "a", "Asia/Tokyo"), None, at, RULES).do == "send"
    assert verdict("email", Standing(True, False, "a", "Nowhere/Land"), None, at, RULES).do == "wait", "the shop's zone"


@pytest.mark.parametrize(("night", "morning"), [
    (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),    # clocks go forward
    (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),  # and back
])
def test_the_morning_after_a_change_of_clocks(night: datetime, morning: datetime) -> None:
    assert quiet_ends(night, ZoneInfo("Europe/Berlin"), RULES) == morning


def test_an_end_that_comes_twice_is_waited_for() -> None:
    from datetime import time

    rules, zone = Rules(quiet_from=time(21), quiet_until=time(2, 30)), ZoneInfo("Europe/Berlin")
    found = quiet_ends(datetime(2026, 10, 25, 0, 10, tzinfo=UTC), zone, rules)
    assert not is_quiet(found, zone, rules)
