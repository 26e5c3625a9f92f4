"""Campaigns by day: drafts and past campaigns, and where two of them meet the same people or stack their offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any

from assistant.campaigns.sending.occasions_ahead import LOOK_AHEAD, free_days, occasions_between
from assistant.campaigns.sending.report import evidence_of
from assistant.plans.sending import CalendarRequest
from assistant.results import Column, Figure, Result, Source, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: a campaign without an end is taken to run this long
OPEN_DAYS = 14


@dataclass(frozen=True)
class Entry:
    """One campaign of the calendar. ``people``: who would be contacted; None where it is not known."""

    campaign_id: str
    name: str
    starts: date
    ends: date
    channels: tuple[str, ...]
    offer: str
    state: str
    people: frozenset[str] | None = None
    assumed: bool = False

    def meets(self, other: Entry) -> bool:
        """Whether both run on some day."""
        return self.starts <= other.ends and other.starts <= self.ends


@dataclass(frozen=True)
class Clash:
    """Two campaigns on the same days: how many people are in both (None: not known), and whether offers stack."""

    first: Entry
    second: Entry
    days: int
    shared: int | None
    stacked: bool


def clashes(entries: Sequence[Entry]) -> list[Clash]:
    """Every pair that meets on a day and shares people (or might)."""
    found = []
    for first, second in combinations(entries, 2):
        if not first.meets(second):
            continue
        shared = None if first.people is None or second.people is None else len(first.people & second.people)
        if shared == 0:
            continue
        days = (min(first.ends, second.ends) - max(first.starts, second.starts)).days + 1
        found.append(Clash(first, second, days, shared, bool(first.offer and second.offer)))
    return sorted(found, key=lambda c: (-(c.shared or 0), c.first.campaign_id))


def span(starts: date | None, ends: date | None, today: date) -> tuple[date, date, bool]:
    """First and last day, and whether one of them is assumed."""
    begin = starts or (min(today, ends) if ends else today)
    return begin, ends or begin + timedelta(days=OPEN_DAYS), starts is None or ends is None


def calendar_result(
    snapshot: Snapshot, request: CalendarRequest, entries: Sequence[Entry], today: date,
    suggest: Callable[[str], bool] = lambda text: True,
) -> Result:
    """The calendar as a result of kind ``campaign_calendar``; tables ``entries`` and ``clashes``."""
    first, last = request.first_day or date.min, request.last_day or date.max
    listed = sorted((e for e in entries if e.starts <= last and e.ends >= first),
                    key=lambda e: (e.starts, e.campaign_id))
    found = clashes(listed)
    begin, end = request.first_day or today, request.last_day or today + timedelta(days=LOOK_AHEAD)
    ahead = occasions_between(begin, end)
    free = free_days(begin, end, [(e.starts, e.ends) for e in listed])
    rows: list[list[Any]] = [
        [e.campaign_id, e.name, e.starts.isoformat(), e.ends.isoformat(), " and ".join(e.channels), e.offer or "none",
         None if e.people is None else len(e.people), e.state] for e in listed]
    tables = [_table("entries", "Campaigns by day", rows, [
        ("campaign", "Campaign", "id"), ("name", "Kind", "text"), ("starts", "From", "date"), ("ends", "To", "date"),
        ("channels", "Channels", "text"), ("offer", "Offer", "text"), ("people", "People", "count"),
        ("state", "State", "text")])]
    tables.append(_table("clashes", "Campaigns that meet", [
        [c.first.campaign_id, c.second.campaign_id, c.days, c.shared, "both hold an offer" if c.stacked else "no"]
        for c in found], [
        ("first", "Campaign", "id"), ("second", "and", "id"), ("days", "Days together", "count"),
        ("shared", "People in both", "count"), ("stacked", "Offers stack", "text")]))
    tables.append(_table("occasions", "Occasions of these days", [
        [o.label, o.first.isoformat(), o.last.isoformat(),
         ", ".join(e.campaign_id for e in listed if e.starts <= o.last and e.ends >= o.first) or "none"]
        for o in ahead], [("occasion", "Occasion", "text"), ("from", "From", "date"), ("to", "To", "date"),
                          ("campaigns", "Campaigns on them", "text")]))
    return Result(
        kind="campaign_calendar", title="Campaign calendar", currency=snapshot.currency, tables=tables,
        figures={"campaigns": _count(len(listed), "Campaigns"), "clashes": _count(len(found), "Pairs that meet"),
                 "outside": _count(len(entries) - len(listed), "Campaigns on other days"),
                 "occasions": _count(len(ahead), "Occasions"), "free": _count(free, "Days without a campaign"),
                 "days": _count((end - begin).days + 1, "Days looked at"),
                 "stacked": _count(sum(c.stacked for c in found), "Pairs whose offers stack")},
        headline=["campaigns", "clashes"],
        words={"assumed": "yes" if any(e.assumed for e in listed) else "",
               "first_day": request.first_day.isoformat() if request.first_day else "",
               "occasions_from": begin.isoformat(), "occasions_to": end.isoformat(),
               "last_day": request.last_day.isoformat() if request.last_day else ""},
        evidence=evidence_of(snapshot, request, [
            f"A draft without a start is taken to start today ({today.isoformat()}), one without an end to run "
            f"{OPEN_DAYS} days."] if any(e.assumed for e in listed) else []),
        followups=["List my campaigns", "Show the draft"],
    )


def _table(id_: str, title: str, rows: list[list[Any]], columns: Sequence[tuple[str, str, str]]) -> Table:
    return Table(id=id_, title=title, rows=rows, total_rows=len(rows), columns=[
        Column(name=n, label=label, unit=unit) for n, label, unit in columns])  # type: ignore[arg-type]


def _count(n: int, label: str) -> Figure:
    return Figure(value=n, unit="count", label=label, source=Source(origin="derived", derivation="number of rows"))
