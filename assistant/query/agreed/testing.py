"""Saved segments put to the test: their boundary customers, their size against what was recorded, how they drift."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows, UserError
from assistant.plans.agreements import SavedSegmentsRequest
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.plans.requests import SegmentRule
from assistant.plans.reword import phrase
from assistant.query.agreed.boundary import BoundaryCases, boundary_cases
from assistant.query.agreed.counting import evidence, size
from assistant.query.agreed.in_force import InForce, Segment, segment_of, segment_used
from assistant.query.audience import PROFILE, count_rule, customer_ids, profile_row
from assistant.query.compile import Scope
from assistant.query.metrics import metric
from assistant.query.periods import resolve
from assistant.query.present import derived, evidence_figure
from assistant.query.spoken import speak
from assistant.results import Chart, Column, Result, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.query.agreed.agreements import Agreements

#: boundary customers shown, the telling ones first
SHOWN = 14
_TELLING = ("just in", "just out", "null", "refunded only", "never bought", "member", "near", "filler")
#: over which drift is measured where nobody said
USUAL_SINCE = Period(kind="rolling", unit="day", count=90)


def keep_tests(agreed: Agreements, name: str, version: int, rule: Filter) -> BoundaryCases:
    """Make the boundary customers of a rule and keep them with this version of the segment."""
    cases = boundary_cases(agreed.snapshot, rule)
    agreed.store.keep_tests(name, version, cases.to_json())
    return cases


def tests_of(agreed: Agreements, segment: Segment, rule: Filter) -> tuple[BoundaryCases, bool]:
    """The boundary customers kept with a segment, and whether they had to be made now (it was saved without any)."""
    same = [e.version for e in agreed.store.versions("segment", segment.name)
            if e.body is not None and segment_of(e).rule == segment.rule]
    for version in (segment.version, *reversed(same)):  # taking back a change adds a version with an older rule
        kept = agreed.store.tests(segment.name, version)
        if kept is not None:
            return BoundaryCases.from_json(kept), False
    return keep_tests(agreed, segment.name, segment.version, rule), True


def show_tests(agreed: Agreements, request: SavedSegmentsRequest, segment: Segment, in_force: InForce) -> Result:
    """Put the boundary customers of a segment to its rule as it reads today.

    Returns:
        Result of kind ``segment_tested``. Tables ``boundary`` (customer, what it is, condition, then, now), ``kinds``;
        figures ``tested``, ``same``, ``changed``.
    """
    resolved = in_force.resolve(segment.rule)
    assert resolved.condition is not None
    cases, made_now = tests_of(agreed, segment, resolved.condition)
    tables, figures = _tested(agreed.snapshot, cases, resolved.condition)
    result = Result(
        kind="segment_tested", title=f"Boundary customers of the segment {segment.name}", figures=figures,
        tables=tables, headline=["same"],
        words={"name": segment.name, "made_now": "yes" if made_now else "no"},
        evidence=evidence(agreed.snapshot, request, [segment_used(segment, resolved.condition), *resolved.cited], [
            "Boundary customers are invented: members changed in one respect, without names or addresses",
            f"Their data are seen from {cases.as_of.isoformat()}, the day they were made",
        ]),
        followups=[f"Show the segment {segment.name}", f"Has the segment {segment.name} drifted?"],
    )
    speak(result, "rule", phrase(resolved.condition))
    return result


def _tested(snapshot: Snapshot, cases: BoundaryCases, rule: Filter) -> tuple[list[Table], dict[str, Any]]:
    now = cases.selected(snapshot, rule)
    sides = {True: "in", False: "out"}
    real = [c for c in cases.cases if c.kind != "filler"]
    changed = [c for c in cases.cases if (c.id in now) != c.expected]
    order = sorted(real, key=lambda c: (c not in changed, _TELLING.index(c.kind), c.id))
    shown = _spread(order, {c.id for c in changed})
    rows: list[list[Any]] = [
        [c.kind, c.label, c.condition, sides[c.expected], sides[c.id in now]] for c in shown]
    boundary = Table(
        id="boundary", title="Boundary customers", rows=rows, total_rows=len(real),
        columns=[Column(name="kind", label="kind"), Column(name="label", label="what it is"),
                 Column(name="condition", label="condition it tries"), Column(name="then", label="when saved"),
                 Column(name="now", label="now")],
    )
    counted = Counter(c.kind for c in real)
    kinds = Table(
        id="kinds", title="How many of each kind", rows=[[k, counted[k]] for k in _TELLING if counted[k]],
        columns=[Column(name="kind", label="kind"), Column(name="n", label="customers", unit="count")],
        total_rows=len(counted),
    )
    figures = {
        "tested": evidence_figure(len(cases.cases), "count", "boundary customers"),
        "same": evidence_figure(len(cases.cases) - len(changed), "count", "on the same side as when saved"),
        "changed": evidence_figure(len(changed), "count", "on the other side now"),
    }
    return [boundary, kinds], figures


def _spread(cases: list[Any], changed: set[str]) -> list[Any]:
    """Some of every kind and condition, those that changed first."""
    shown = [c for c in cases if c.id in changed][:SHOWN]
    seen: Counter[tuple[str, str]] = Counter()
    for case in cases:
        if len(shown) < SHOWN and case not in shown and not seen[(case.kind, case.condition)]:
            seen[(case.kind, case.condition)] += 1
            shown.append(case)
    return shown


def refresh(agreed: Agreements, request: SavedSegmentsRequest, segment: Segment, in_force: InForce) -> Result:
    """Count a segment anew on the data as they are, set it against the size recorded before, and run its tests.

    Returns:
        Result of kind ``segment_refreshed``, as :func:`~assistant.query.audience.count_rule` with the tables
        ``recorded``, ``boundary`` and ``kinds``.
    """
    snapshot = agreed.snapshot
    resolved = in_force.resolve(segment.rule)
    assert resolved.condition is not None
    result = count_rule(snapshot, SegmentRule(filter=resolved.condition, name=segment.name))
    customers = int(result.figures["customers"].value or 0)
    before = [s for s in agreed.store.sizes(segment.name) if s.as_of < snapshot.as_of]
    agreed.store.record_size(segment.name, segment.version, snapshot.fingerprint, snapshot.as_of, customers)
    cases, _ = tests_of(agreed, segment, resolved.condition)
    tables, figures = _tested(snapshot, cases, resolved.condition)
    result.kind, result.title = "segment_refreshed", f"Segment {segment.name}, counted anew"
    result.words |= {"name": segment.name, "as_of": snapshot.as_of.isoformat()}
    result.figures |= figures
    if before:
        result.figures["before"] = evidence_figure(before[-1].customers, "count", "customers as recorded before")
        result.figures["recorded_on"] = evidence_figure(before[-1].as_of.isoformat(), "date", "recorded on data up to")  # type: ignore[arg-type]
        result.figures["change"] = derived(
            customers - before[-1].customers, "count", "change", "customers - before",
            customers=result.figures["customers"], before=result.figures["before"])
    result.tables += tables
    result.evidence = evidence(
        snapshot, request, [segment_used(segment, resolved.condition), *resolved.cited], result.evidence.assumptions,
    ).model_copy(update={"sql": result.evidence.sql})
    result.followups = [f"Has the segment {segment.name} drifted?", f"Test the segment {segment.name}",
                        f"Draft a campaign for the segment {segment.name}"]
    speak(result, "rule", phrase(resolved.condition))
    return result


def drift(agreed: Agreements, request: SavedSegmentsRequest, segment: Segment, in_force: InForce) -> Result:
    """How far a segment has moved since a day: its size, who stayed, and what its customers are like then and now.

    Returns:
        Result of kind ``segment_drift``. Tables ``moved``, ``then_and_now`` (a row each), ``sizes`` (on seven days);
        figures ``before``, ``after``, ``stayed``, ``joined``, ``left``, ``stayed_share``.

    Raises:
        NoRows: the data do not reach back that far, or nobody met the rule then.
    """
    snapshot = agreed.snapshot
    resolved = in_force.resolve(segment.rule)
    assert resolved.condition is not None
    window = resolve(request.since or USUAL_SINCE, as_of=snapshot.as_of, first_day=snapshot.manifest.first_day)
    day = window.covered_start - timedelta(days=1)
    if day < snapshot.manifest.first_day:
        raise NoRows(f"The data begin on {snapshot.manifest.first_day.isoformat()}, so there is no size before that",
                     received=window.label)
    earlier = snapshot.at(day)
    try:
        was = set(customer_ids(earlier, resolved.condition))
    except UserError as error:
        raise NoRows(f"The rule of “{segment.name}” cannot be asked of the data as they were on {day.isoformat()}",
                     received=str(error), nearest=(f"Show the segment {segment.name}",)) from error
    now = set(customer_ids(snapshot, resolved.condition))
    if not was:
        raise NoRows(f"Nobody met the rule of “{segment.name}” on {day.isoformat()}",
                     nearest=(f"Show the segment {segment.name}",))
    moved = Table(
        id="moved", title="Who stayed, joined and left", total_rows=5,
        columns=[Column(name="what", label="customers"), Column(name="n", label="how many", unit="count")],
        rows=[["before", len(was)], ["stayed", len(was & now)], ["left", len(was - now)],
              ["joined", len(now - was)], ["now", len(now)]],
    )
    names = ("before", "stayed", "left", "joined", "after")
    figures = {n: moved.figure(i, "n", f"customers: {moved.rows[i][0]}") for i, n in enumerate(names)}
    figures["stayed_share"] = derived(
        100 * len(was & now) / len(was), "percent", "share who stayed", "stayed / before * 100",
        stayed=figures["stayed"], before=figures["before"])
    figures["change"] = derived(len(now) - len(was), "count", "change", "after - before", after=figures["after"],
                                before=figures["before"])
    sizes = _sizes(snapshot, resolved.condition, day)
    profile = _then_and_now(earlier, snapshot, resolved.condition)
    result = Result(
        kind="segment_drift", title=f"Drift of the segment {segment.name}", currency=snapshot.currency,
        figures=figures, headline=["stayed_share"], tables=[moved, profile, sizes],
        charts=[Chart(kind="line", table="sizes", x="day", y=["customers"], title="Size over time")],
        words={"name": segment.name},
        evidence=evidence(snapshot, request, [segment_used(segment, resolved.condition), *resolved.cited],
                          ["Sizes and profiles before come from the rule itself, on the data of that day"]),
        followups=[f"Why did the size of the segment {segment.name} change?", f"Test the segment {segment.name}",
                   f"Draft a campaign for the segment {segment.name}"],
    )
    for name in PROFILE[1:]:
        result.figures |= {f"{name}__then": profile.figure(0, name), name: profile.figure(1, name)}
    if request.since is None:
        result.evidence.assumptions.append("Measured over the last 90 days, as no period was named")
    result.figures["day"] = evidence_figure(day.isoformat(), "date", "day before")
    return result


def _sizes(snapshot: Snapshot, rule: Filter, since: date) -> Table:
    step = max((snapshot.as_of - since).days // 6, 1)
    days = [since + timedelta(days=step * k) for k in range(6)] + [snapshot.as_of]
    rows: list[list[Any]] = [[d.isoformat(), size(snapshot.at(d), rule)] for d in dict.fromkeys(days)]
    return Table(
        id="sizes", title="Size over time", rows=rows, total_rows=len(rows),
        columns=[Column(name="day", label="day", unit="date"),
                 Column(name="customers", label="customers", unit="count")],
    )


def _then_and_now(earlier: Snapshot, snapshot: Snapshot, rule: Filter) -> Table:
    """What the customers of the rule were like then, and are like now."""
    from assistant.query.audience import customer_expression

    found = []
    for view in (earlier, snapshot):
        scope = Scope(view)
        lines = view.table("order_lines")
        chosen = customer_expression(view, rule)
        mine = lines.filter((lines.line_type == "sale") & lines.customer_id.isin(chosen.customer_id))
        found.append(profile_row(scope, mine))
    rows: list[list[Any]] = [["then", *found[0]], ["now", *found[1]]]
    columns = [Column(name="when", label="when")] + [
        Column(name=m, label=metric(m).label, unit=metric(m).unit) for m in PROFILE]
    return Table(id="then_and_now", title="What its customers are like, then and now", columns=columns, rows=rows,
                 total_rows=2)


__all__ = ["drift", "keep_tests", "refresh", "show_tests", "tests_of"]
