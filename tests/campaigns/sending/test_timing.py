"""When messages may leave: at the hour that was planned, on the clock that counts, also when a campaign repeats."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.campaigns.sending.timing import Timing

PLANNED = datetime(2026, 12, 1, 10, 0)
ZONES = {"east": "Asia/Tokyo", "west": "America/New_York"}


def timing(now: datetime, *, local: bool = True, again: bool = True) -> Timing:
    return Timing(now, "Europe/Berlin", 48, PLANNED, local, lambda customer, channel: ZONES.get(customer), again)


def test_a_repetition_keeps_the_hour_of_each_recipient() -> None:
    now = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)  # 9 in Berlin, 17 in Tokyo, 3 in New York
    hours = {who: timing(now).of(who, "email")[0] for who in ("berlin", "east", "west")}
    assert hours["berlin"] == datetime(2026, 12, 8, 9, 0, tzinfo=UTC)
    assert hours["east"] == datetime(2026, 12, 9, 1, 0, tzinfo=UTC)  # ten has passed there: the next day
    assert hours["west"] == datetime(2026, 12, 8, 15, 0, tzinfo=UTC)
    assert all(timing(now, local=False).of(who, "email")[0] == hours["berlin"] for who in hours)


def test_a_first_start_leaves_at_once_where_its_moment_has_passed() -> None:
    now = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
    assert timing(now, again=False).of("berlin", "email")[0] == now


def test_a_repetition_before_the_planned_day_waits_for_it_and_keeps_ten_o_clock_in_summer() -> None:
    early = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    assert timing(early).of("berlin", "email")[0] == datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    summer = datetime(2027, 7, 1, 6, 0, tzinfo=UTC)
    begins, ends = timing(summer).of("berlin", "email")
    assert begins == datetime(2027, 7, 1, 8, 0, tzinfo=UTC) and (ends - begins).total_seconds() == 48 * 3600
    assert timing(summer).of("berlin", "email", 7)[0] == datetime(2027, 7, 8, 8, 0, tzinfo=UTC)
