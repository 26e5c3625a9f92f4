"""Saved segments: kept, listed with sizes and growth, renamed, deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, NoRows, UserError
from assistant.plans.agreements import ChangeSegment, SavedSegmentsRequest, SaveSegment
from assistant.plans.filters import Filter, InGroup
from assistant.plans.periods import Period
from assistant.plans.requests import SegmentRule
from assistant.plans.reword import phrase, reword_filter
from assistant.query.agreed.boundary import boundary_cases
from assistant.query.agreed.counting import evidence, size, size_on
from assistant.query.agreed.history import month_ends, size_changes
from assistant.query.agreed.in_force import InForce, Segment, segment_used
from assistant.query.agreed.names import checked_name, name_key
from assistant.query.agreed.store import NameTaken
from assistant.query.agreed.testing import drift, refresh, show_tests
from assistant.query.audience import count_rule
from assistant.query.periods import ResolvedPeriod, resolve
from assistant.query.present import derived
from assistant.query.spoken import speak, speak_period
from assistant.results import Caveat, Chart, Column, Figure, Result, Table
from assistant.results.result import Source

if TYPE_CHECKING:
    from assistant.query.agreed.agreements import Agreements

_TESTED = {"tests": show_tests, "drift": drift, "refresh": refresh}
#: over which growth is measured where nobody said
USUAL_SINCE = Period(kind="rolling", unit="day", count=30)


def save(agreed: Agreements, request: SaveSegment) -> Result:
    """Keep a rule under a name.

    Returns:
        Result of kind ``segment_saved``: that of :func:`assistant.query.audience.count_rule` under the name.

    Raises:
        InvalidPlan: a name that cannot be stored, or a rule that names the segment itself.
        UnknownName: the name is taken; or the rule names something that does not exist.
        NoRows: nobody meets the rule.
    """
    name = checked_name(request.name, "a segment")
    before = agreed.in_force()
    known = before.segments.get(name_key(name))
    if known is not None and not request.replace:
        raise NameTaken("segment", known.name)
    resolved = before.resolve(request.filter)
    assert resolved.condition is not None
    if name_key(name) in resolved.segments:
        raise InvalidPlan(f"The segment “{name}” cannot be made of itself", received=name)
    result = count_rule(agreed.snapshot, SegmentRule(filter=resolved.condition, name=name))
    snapshot = agreed.snapshot
    cases = boundary_cases(snapshot, resolved.condition)  # before anything is written: a rule without tests is not kept
    body = {"rule": request.filter.model_dump(mode="json"), "words": reword_filter(request.filter),
            "snapshot": snapshot.manifest.id, "as_of": snapshot.as_of.isoformat(),
            "customers": result.figures["customers"].value}
    change = agreed.store.write(
        f"save {name}", agreed.author, [("segment", name, body)], absent=() if request.replace else [("segment", name)]
    )
    agreed.forget_read()
    segment = agreed.in_force().segment(name)
    _record(agreed, segment, int(result.figures["customers"].value or 0))
    agreed.store.keep_tests(segment.name, segment.version, cases.to_json())
    result.figures["boundary"] = _figure(len(cases.cases), "boundary customers kept as tests")
    result.kind, result.title = "segment_saved", f"Saved segment {name}"
    result.words |= {"name": name, "author": agreed.author, "replaced": "yes" if known is not None else "no"}
    result.evidence = evidence(agreed.snapshot, request, [segment_used(segment, resolved.condition), *resolved.cited],
                               result.evidence.assumptions).model_copy(update={"sql": result.evidence.sql})
    if known is not None and change.before[0] is not None:
        was = size(agreed.snapshot, before.resolve(known.rule).condition)
        result.figures["before"] = _figure(was, "customers before")
    _speak_of(result, segment)
    result.followups = [f"Draft a campaign for the segment {name}", f"Revenue of the segment {name} by month",
                        f"Test the segment {name}"]
    return result


def _speak_of(result: Result, segment: Segment) -> None:
    """What "they" means after this result."""
    rule = InGroup(group="saved", name=segment.name)
    result.details["audience"] = {"filter": rule.model_dump(mode="json"), "words": segment.name}


def _figure(value: int | float | None, label: str, unit: Any = "count") -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="evidence"))


def _record(agreed: Agreements, segment: Segment, customers: int) -> None:
    snapshot = agreed.snapshot
    agreed.store.record_size(segment.name, segment.version, snapshot.fingerprint, snapshot.as_of, customers)


def record_sizes(agreed: Agreements) -> tuple[int, list[str]]:
    """Keep the size of every saved segment on the data as they are now, in one transaction.

    Returns:
        how many were recorded, and the names of those whose rule these data cannot answer.

    Raises:
        StorageError: nothing was recorded.
    """
    in_force, snapshot = agreed.in_force(), agreed.snapshot
    found: list[tuple[str, int, int]] = []
    unknown: list[str] = []
    for segment in in_force.segments.values():
        try:
            customers = size(snapshot, in_force.resolve(segment.rule).condition)
        except UserError:  # a column or a value that the rule needs is no longer there
            unknown.append(segment.name)
        else:
            found.append((segment.name, segment.version, customers))
    agreed.store.record_sizes(found, snapshot.fingerprint, snapshot.as_of)
    return len(found), unknown


# -- showing -----------------------------------------------------------------------------------------------------------


def show_segments(agreed: Agreements, request: SavedSegmentsRequest) -> Result:
    """The saved segments with their sizes, or one of them.

    Returns:
        Result of kind ``saved_segments`` (table ``segments``), or for one segment ``saved_segment`` (as
        :func:`~assistant.query.audience.count_rule`, with the table ``history``), or ``segment_change``.

    Raises:
        UnknownName: no such segment; names the nearest.
        NoRows: none is saved, or none grew as asked.
    """
    in_force = agreed.in_force()
    if request.name is not None:
        segment = in_force.segment(request.name)
        if request.show == "change":
            return _why(agreed, request, segment, in_force)
        if request.show in _TESTED:
            result = _TESTED[request.show](agreed, request, segment, in_force)
            _speak_of(result, segment)
            return result
        return _one(agreed, request, segment, in_force)
    if not in_force.segments:
        raise NoRows("No segment is saved yet", nearest=("Save lapsed customers as Lapsed",
                                                         "Split our customers into segments"))
    return _list(agreed, request, in_force)


def _window(agreed: Agreements, period: Period | None) -> ResolvedPeriod:
    snapshot = agreed.snapshot
    return resolve(period or USUAL_SINCE, as_of=snapshot.as_of, first_day=snapshot.manifest.first_day)


def _list(agreed: Agreements, request: SavedSegmentsRequest, in_force: InForce) -> Result:
    snapshot = agreed.snapshot
    measured = request.since is not None or request.growth is not None or request.order_by == "change"
    window = _window(agreed, request.since) if measured else None
    rows, cited = [], []
    for segment in in_force.segments.values():
        resolved = in_force.resolve(segment.rule)
        assert resolved.condition is not None
        row = _row(agreed, segment, resolved.condition, window)
        if _kept(row, request):
            rows.append(row)
            cited += [segment_used(segment, resolved.condition), *resolved.cited]
    if not rows:
        raise NoRows(
            f"None of the {len(in_force.segments):,} saved segments {_asked(request)}"
            + (f" in {window.label}" if window is not None else ""),
            nearest=("Which segments have we saved?",),
        )
    by = {"size": "customers", "saved": "saved_on"}.get(request.order_by, request.order_by)
    rows.sort(key=lambda r: (r[by] is not None, r[by] if by != "name" else r[by].casefold()),
              reverse=request.descending and by != "name")
    total, rows = len(rows), rows[: request.limit]
    table = _segments_table(rows, window, total)
    result = Result(
        kind="saved_segments", title="Saved segments", tables=[table], currency=snapshot.currency,
        figures={"saved": _figure(len(in_force.segments), "saved segments")},
        charts=[Chart(kind="bar", table="segments", x="name", y=["customers"], title="Customers in each segment")],
        words={"order": request.order_by if request.limit is not None else "", "growth": request.growth or "",
               "first": str(rows[0]["name"]), "direction": "largest" if request.descending else "smallest"},
        evidence=evidence(snapshot, request, cited,
                          ["Sizes before come from the rule itself, on the data of that day"] if window else []),
        followups=[f"Revenue of the segment {rows[0]['name']} by month",
                   f"Draft a campaign for the segment {rows[0]['name']}"],
    )
    if request.limit == 1:
        _speak_of(result, in_force.segment(rows[0]["name"]))
    if window is not None:
        speak_period(result, "period", window)
        if request.since is None:
            result.evidence.assumptions.append("Growth is measured over the last 30 days, as no period was named")
    return result


def _row(agreed: Agreements, segment: Segment, rule: Filter, window: ResolvedPeriod | None) -> dict[str, Any]:
    snapshot = agreed.snapshot
    row: dict[str, Any] = {"name": segment.name, "rule": reword_filter(rule), "author": segment.author,
                           "saved_on": segment.decided_on.isoformat()}
    if window is None:
        row["customers"] = size(snapshot, rule)
        _record(agreed, segment, row["customers"])
        return row
    row["before"] = size_on(snapshot, rule, window.covered_start - timedelta(days=1))
    row["customers"] = size_on(snapshot, rule, window.covered_end)
    row["change"] = None if row["before"] is None else row["customers"] - row["before"]
    row["change_pct"] = 100 * row["change"] / row["before"] if row["before"] else None
    return row


def _kept(row: dict[str, Any], request: SavedSegmentsRequest) -> bool:
    if request.growth is None:
        return True
    change, percent = row["change"], row["change_pct"]
    if change is None or (change <= 0 if request.growth == "up" else change >= 0):
        return False
    return request.min_percent is None or percent is None or abs(percent) > request.min_percent


def _asked(request: SavedSegmentsRequest) -> str:
    verb = "grew" if request.growth == "up" else "shrank"
    return verb + (f" by more than {request.min_percent:g} %" if request.min_percent is not None else "")


def _segments_table(rows: list[dict[str, Any]], window: ResolvedPeriod | None, total: int) -> Table:
    columns = [Column(name="name", label="segment"), Column(name="customers", label="customers", unit="count")]
    if window is not None:
        columns += [
            Column(name="before", label="customers before", unit="count"),
            Column(name="change", label="change", unit="count"),
            Column(name="change_pct", label="change in percent", unit="percent"),
        ]
    columns += [Column(name="rule", label="customers where"), Column(name="author", label="saved by"),
                Column(name="saved_on", label="saved on", unit="date")]
    return Table(id="segments", title="Saved segments", columns=columns,
                 rows=[[row[c.name] for c in columns] for row in rows], total_rows=total)


def _one(agreed: Agreements, request: SavedSegmentsRequest, segment: Segment, in_force: InForce) -> Result:
    """One segment: its rule, its size now and at the end of each month."""
    snapshot = agreed.snapshot
    resolved = in_force.resolve(segment.rule)
    assert resolved.condition is not None
    result = count_rule(snapshot, SegmentRule(filter=resolved.condition, name=segment.name))
    _record(agreed, segment, int(result.figures["customers"].value or 0))
    result.kind, result.title = "saved_segment", f"Saved segment {segment.name}"
    result.words |= {"name": segment.name, "author": segment.author, "show": request.show}
    result.figures["saved_on"] = _figure(segment.decided_on.isoformat(), "saved on", "date")  # type: ignore[arg-type]
    if request.show == "history":
        days = [*month_ends(snapshot.manifest.first_day, snapshot.as_of), snapshot.as_of]
        rows: list[list[Any]] = [[d.isoformat(), size_on(snapshot, resolved.condition, d)] for d in days]
        result.tables.insert(0, Table(
            id="history", title="Size at the end of each month", rows=rows, total_rows=len(rows),
            columns=[Column(name="day", label="day", unit="date"),
                     Column(name="customers", label="customers", unit="count")],
        ))
        result.charts = [Chart(kind="line", table="history", x="day", y=["customers"], title="Size over time")]
    _compared(agreed, request, resolved.condition, result)
    recorded = agreed.store.sizes(segment.name)
    result.tables.append(_recorded_table([(s.as_of, s.customers, s.at.date()) for s in recorded]))
    result.evidence = evidence(snapshot, request, [segment_used(segment, resolved.condition), *resolved.cited],
                               result.evidence.assumptions).model_copy(update={"sql": result.evidence.sql})
    _speak_of(result, segment)
    result.followups = [f"Draft a campaign for the segment {segment.name}", f"Revenue of the segment {segment.name}",
                        f"Why did the size of the segment {segment.name} change?"]
    speak(result, "rule", phrase(resolved.condition))
    return result


def _compared(agreed: Agreements, request: SavedSegmentsRequest, rule: Filter, result: Result) -> None:
    """The size at the beginning of the stretch asked for, or a month ago."""
    window = _window(agreed, request.since)
    before = size_on(agreed.snapshot, rule, window.covered_start - timedelta(days=1))
    if before is None:
        return
    after = size_on(agreed.snapshot, rule, window.covered_end) or 0
    result.figures |= {"before": _figure(before, "customers before"), "after": _figure(after, "customers after")}
    result.figures["change"] = derived(after - before, "count", "change", "after - before",
                                       after=result.figures["after"], before=result.figures["before"])
    speak_period(result, "period", window)


def _recorded_table(sizes: list[tuple[date, int, date]]) -> Table:
    rows: list[list[Any]] = [[day.isoformat(), n, at.isoformat()] for day, n, at in sizes]
    columns = [Column(name="day", label="data up to", unit="date"),
               Column(name="customers", label="customers", unit="count"),
               Column(name="recorded", label="recorded on", unit="date")]
    return Table(id="recorded", title="Sizes as they were recorded", columns=columns, rows=rows, total_rows=len(rows))


def _why(agreed: Agreements, request: SavedSegmentsRequest, segment: Segment, in_force: InForce) -> Result:
    """Who joined and who left a segment, and which condition did it."""
    snapshot = agreed.snapshot
    resolved = in_force.resolve(segment.rule)
    assert resolved.condition is not None
    window = _window(agreed, request.since)
    start = window.covered_start - timedelta(days=1)
    if start < snapshot.manifest.first_day:
        raise NoRows(f"The data begin on {snapshot.manifest.first_day.isoformat()}, so there is no size before that",
                     received=window.label)
    figures, tables = size_changes(snapshot.at(start), snapshot.at(window.covered_end), resolved.condition)
    change = figures["change"].value or 0
    claimed = request.growth
    false = claimed is not None and ((claimed == "up") != (change > 0))  # type: ignore[operator]
    result = Result(
        kind="segment_change", title=f"Why the segment {segment.name} changed", figures=figures, tables=tables,
        headline=["change"],
        words={"name": segment.name, "direction": "grew" if change > 0 else "shrank" if change < 0 else "",  # type: ignore[operator]
               "false_premise": "yes" if false else "no"},
        evidence=evidence(snapshot, request, [segment_used(segment, resolved.condition), *resolved.cited]),
        followups=[f"Revenue of the segment {segment.name}", "Which segments have we saved?"],
    )
    if request.since is None:
        result.evidence.assumptions.append("Measured over the last 30 days, as no period was named")
    if any(isinstance(c, InGroup) for c in (resolved.condition,)):
        result.caveats.append(Caveat(code="segment_by_model"))
    speak_period(result, "period", window)
    _speak_of(result, segment)
    return result


# -- renaming and deleting ---------------------------------------------------------------------------------------------


def change(agreed: Agreements, request: ChangeSegment) -> Result:
    """Rename or delete a segment.

    Returns:
        Result of kind ``segment_changed``; table ``affected`` lists segments that are made of it.

    Raises:
        UnknownName: no such segment, or the new name is taken.
        InvalidPlan: another segment is made of the one to be deleted.
    """
    before = agreed.in_force()
    segment = before.segment(request.name)
    users = [s.name for s in before.segments.values()
             if s.key != segment.key and segment.key in before.resolve(s.rule).segments]
    if users and request.action == "delete":
        raise InvalidPlan(f"“{segment.name}” is part of the saved segments {', '.join(users)}", received=segment.name,
                          hint="Delete those first, or save them anew without it.")
    rule = segment.rule.model_dump(mode="json")
    body = {"rule": rule, "words": reword_filter(segment.rule)}
    if request.action == "delete":
        agreed.store.write(f"delete {segment.name}", agreed.author, [("segment", segment.name, None)],
                           present=[("segment", segment.name)])
        new = ""
    else:
        new = checked_name(str(request.new_name), "a segment")
        tests = agreed.store.tests(segment.name, segment.version)
        _rename(agreed, before, segment, new, body)
        if tests is not None:
            agreed.forget_read()
            agreed.store.keep_tests(new, agreed.in_force().segment(new).version, tests)
    agreed.forget_read()
    resolved = before.resolve(segment.rule)
    customers = size(agreed.snapshot, resolved.condition)
    result = Result(
        kind="segment_changed", title=f"Segment {segment.name}", figures={"customers": _figure(customers, "customers")},
        words={"action": request.action, "name": segment.name, "new_name": new, "author": agreed.author},
        evidence=evidence(agreed.snapshot, request, resolved.cited),
        followups=[f"Show the segment {new}" if new else "Which segments have we saved?"],
    )
    if new:
        _speak_of(result, agreed.in_force().segment(new))
    return result


def _rename(agreed: Agreements, before: InForce, segment: Segment, new: str, body: dict[str, Any]) -> None:
    """Close the old name and open the new one in one change; segments made of it follow."""
    if name_key(new) == segment.key:
        agreed.store.write(f"rename {segment.name}", agreed.author, [("segment", new, body)],
                           present=[("segment", segment.name)])
        return
    entries: list[Any] = [("segment", segment.name, None), ("segment", new, body)]
    for other in before.segments.values():
        renamed = _following(other.rule, segment.key, new)
        if other.key != segment.key and renamed != other.rule:
            entries.append(("segment", other.name,
                            {"rule": renamed.model_dump(mode="json"), "words": reword_filter(renamed)}))
    agreed.store.write(f"rename {segment.name} to {new}", agreed.author, entries, absent=[("segment", new)],
                       present=[("segment", segment.name)])


def _following(rule: Filter, key: str, new: str) -> Filter:
    """A rule that names the segment by its new name."""
    from assistant.plans.filters import And, Not, Or

    match rule:
        case InGroup(group="saved") if name_key(str(rule.name)) == key:
            return rule.model_copy(update={"name": new})
        case And() | Or():
            return rule.model_copy(update={"parts": tuple(_following(p, key, new) for p in rule.parts)})
        case Not():
            return rule.model_copy(update={"part": _following(rule.part, key, new)})
    return rule
