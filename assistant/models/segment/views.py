"""Other views of the segments than who is in them: any measure per segment, how they changed, and whether they hold."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows
from assistant.models.segment.movers import NOT_YET, Stretch, stretch_of
from assistant.models.segment.report import fit_segments, frame_of, segment_evidence, segment_result
from assistant.models.segment.stability import DOUBTFUL, STABLE
from assistant.plans import InGroup, QueryPlan, SegmentRequest
from assistant.results import Chart, Column, Figure, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

    from assistant.query.compile import QueryOptions

#: A segment below this share of customers is too small to treat by itself.
SMALL_SHARE = 1.0
#: Moves between segments that are listed.
MOVES_SHOWN = 8


def view_result(snapshot: Snapshot, request: SegmentRequest, options: QueryOptions) -> Result:
    """The view that was asked for.

    Raises:
        the same as :func:`assistant.models.segment.report.fit_segments`; NoRows: the earlier day lies before the data.
    """
    if request.view == "measure":
        return measure_result(snapshot, request, options)
    if request.view == "trend":
        return trend_result(snapshot, request)
    if request.view == "check":
        return check_result(snapshot, request)
    result = segment_result(snapshot, request)
    result.words["view"] = request.view
    return result


# -- a measure per segment ---------------------------------------------------------------------------------------------


def measure_result(snapshot: Snapshot, request: SegmentRequest, options: QueryOptions) -> Result:
    """Metrics per segment, each computed over the orders of its customers as any other question would."""
    from assistant.query.engine import run_query

    fitted = fit_segments(snapshot, request, graded=False)
    metrics = request.metrics or ("revenue",)
    rows: list[list[Any]] = []
    columns: list[Column] = []
    for name, profile in fitted.segmenter.profile_.iterrows():
        group = InGroup(group="segment", name=str(name), method=request.method, k=request.k)
        plan = QueryPlan(metrics=metrics, filter=group, period=request.period)
        try:
            answer = run_query(snapshot, plan, options=options)
        except NoRows:
            rows.append([str(name), int(profile["customers"]), *([None] * len(metrics))])
            continue
        figures = [answer.figures.get(m) for m in metrics]
        if not columns:
            columns = [Column(name=m, label=f.label if f else m, unit=f.unit if f else "number")
                       for m, f in zip(metrics, figures, strict=True)]
        rows.append([str(name), int(profile["customers"]), *(f.value if f else None for f in figures)])
    if not columns:
        raise NoRows("No customer of any segment has an order in that period")
    rows.sort(key=lambda r: (r[2] is None, -(r[2] or 0.0)))
    table = Table(id="segments", title="By segment", rows=rows, total_rows=len(rows), columns=[
        Column(name="segment", label="Segment"), Column(name="customers", label="Customers", unit="count"), *columns,
    ])
    known = [i for i, row in enumerate(rows) if row[2] is not None]
    if not known:
        label = columns[0].label
        raise NoRows(f"No segment has a value of {label}: nothing in these data gives one", received=label)
    figures = {"highest": table.figure(known[0], metrics[0]), "lowest": table.figure(known[-1], metrics[0])}
    if columns[0].unit in {"currency", "count"} and metrics[0] in {"revenue", "orders", "units", "net_revenue"}:
        figures["total"] = Figure(value=sum(r[2] for r in rows if r[2] is not None), unit=columns[0].unit,
                                  label=f"{columns[0].label} of all segments",
                                  source=Source(table="segments", origin="derived", derivation="sum of the column"))
    evidence = segment_evidence(snapshot, request, fitted)
    evidence.assumptions.append("Segments are those of the analysis date; each customer's orders of the whole period "
                                "count, also those from before they were in the segment.")
    return Result(
        kind="segment_measure", title=f"{columns[0].label} by segment", currency=snapshot.currency, tables=[table],
        figures=figures, headline=["highest"], words={
            "metric": columns[0].label, "highest": str(rows[known[0]][0]), "lowest": str(rows[known[-1]][0]),
            "several": "yes" if len(known) > 1 else ""},
        charts=[Chart(kind="bar", table="segments", x="segment", y=[metrics[0]], title=columns[0].label)],
        evidence=evidence, followups=["Show me customer segments with recommended actions", "Who is about to leave?"],
    )


# -- how they changed --------------------------------------------------------------------------------------------------


def trend_result(snapshot: Snapshot, request: SegmentRequest) -> Result:
    """Sizes now and ``request.days_ago`` days before, by the limits of the earlier day, and who moved where.

    Raises:
        NoRows: the earlier day lies before the first order.
    """
    stretch = _stretch(snapshot, request)
    earlier = stretch.then
    then = fit_segments(snapshot.at(earlier), request, graded=False)
    now_frame = frame_of(snapshot.at(stretch.now), then.method)
    now = now_frame[["customer_id"]].assign(now=then.segmenter.predict(now_frame))
    before = then.frame[["customer_id"]].assign(then=then.segmenter.labels_)
    both = now.merge(before, on="customer_id", how="left")
    names = [str(n) for n in then.segmenter.profile_.index]
    names += [str(n) for n in both["now"].unique() if str(n) not in names]
    rows: list[list[Any]] = []
    for name in names:
        was, is_now = int((both["then"] == name).sum()), int((both["now"] == name).sum())
        came = int(((both["now"] == name) & both["then"].notna() & (both["then"] != name)).sum())
        fresh = int(((both["now"] == name) & both["then"].isna()).sum())
        went = int(((both["then"] == name) & (both["now"] != name)).sum())
        rows.append([name, was, is_now, is_now - was, 100 * (is_now / was - 1) if was else None, came, went, fresh])
    rows.sort(key=lambda r: -r[3])
    table = Table(id="segments", title="Customers per segment, then and now", rows=rows, total_rows=len(rows), columns=[
        Column(name="segment", label="Segment"), Column(name="then", label="Then", unit="count"),
        Column(name="now", label="Now", unit="count"), Column(name="change", label="Change", unit="count"),
        Column(name="change_percent", label="Change in percent", unit="percent"),
        Column(name="came", label="Came from other segments", unit="count"),
        Column(name="went", label="Went to other segments", unit="count"),
        Column(name="first_orders", label="First order since", unit="count"),
    ])
    moved = both[both["then"].notna() & (both["then"] != both["now"])].groupby(["then", "now"]).size()
    moves = [[str(a), str(b), int(n)] for (a, b), n in moved.sort_values(ascending=False).head(MOVES_SHOWN).items()]
    migration = _migration(both, names)
    tables = [table, migration, Table(id="moves", title="Largest moves", rows=moves, total_rows=len(moved), columns=[
        Column(name="from", label="From"), Column(name="to", label="To"),
        Column(name="customers", label="Customers", unit="count")])]
    figures = {
        "then_day": Figure(value=earlier.isoformat(), unit="date", label="Then", source=Source(origin="plan")),
        "now_day": Figure(value=stretch.now.isoformat(), unit="date", label="Now", source=Source(origin="evidence")),
        "days": Figure(value=stretch.days, unit="days", label="Days between", source=Source(origin="plan")),
        "most": table.figure(0, "change"), "least": table.figure(len(rows) - 1, "change"),
    }
    asked = next((i for i, row in enumerate(rows) if str(row[0]).casefold() == str(request.segment).casefold()), None)
    if asked is not None:
        figures |= {f"asked_{name}": table.figure(asked, name) for name in ("then", "now", "change", "came", "went")}
    evidence = segment_evidence(snapshot, request, then)
    evidence.assumptions.append(f"Both days are split by the limits found on {earlier.isoformat()}, so that a change "
                                "is one of the customers and not of the limits.")
    return Result(
        kind="segment_trend", title="Segments then and now", currency=snapshot.currency, tables=tables, figures=figures,
        headline=["most"], words={
            "most": str(rows[0][0]) if rows[0][3] > 0 else "", "least": str(rows[-1][0]) if rows[-1][3] < 0 else "",
            "moves": "yes" if moves else "", "asked": str(rows[asked][0]) if asked is not None else ""},
        charts=[Chart(kind="bar", table="segments", x="segment", y=["then", "now"], title="Customers then and now"),
                Chart(kind="heatmap", table="migration", x="to", y=["share"], series="from",
                      title="Of those in a segment then, share in each one now")],
        evidence=evidence, followups=[*_who_moved(moves), "Show me customer segments with recommended actions",
                                      "Who is about to leave?"],
    )


def _stretch(snapshot: Snapshot, request: SegmentRequest) -> Stretch:
    """The days compared. Raises NoRows where the earlier one lies before the data."""
    if request.since is not None:
        return stretch_of(snapshot, request.since)
    earlier = snapshot.as_of - timedelta(days=request.days_ago)
    if earlier <= snapshot.manifest.first_day:
        raise NoRows(f"The data begin on {snapshot.manifest.first_day.isoformat()}, so there are no segments "
                     f"{request.days_ago} days earlier", received=earlier.isoformat())
    return Stretch(earlier, snapshot.as_of)


def _migration(both: pd.DataFrame, names: list[str]) -> Table:
    """Who was where then and is where now: one row per pair of segments with anybody in it."""
    was = both["then"].astype(object).where(both["then"].notna(), NOT_YET)
    counts = both.groupby([was, "now"]).size()
    totals = counts.groupby(level=0).sum()
    order = {name: i for i, name in enumerate([*names, NOT_YET])}
    pairs = sorted(counts.items(), key=lambda e: (order[e[0][0]], order[e[0][1]]))
    rows: list[list[Any]] = [[str(a), str(b), int(n), round(100 * int(n) / int(totals[a]), 1)] for (a, b), n in pairs]
    return Table(id="migration", title="From each segment to each", rows=rows, total_rows=len(rows), columns=[
        Column(name="from", label="Then"), Column(name="to", label="Now"),
        Column(name="customers", label="Customers", unit="count"),
        Column(name="share", label="Of those who were there then", unit="percent")])


def _who_moved(moves: list[list[Any]]) -> list[str]:
    return [f"Who moved from {moves[0][0]} to {moves[0][1]}?"] if moves else []


# -- whether they hold -------------------------------------------------------------------------------------------------


def check_result(snapshot: Snapshot, request: SegmentRequest) -> Result:
    """Whether everybody is in exactly one segment, how large and how stable the segments are, who is left out."""
    fitted = fit_segments(snapshot, request)
    base = segment_result(snapshot, request, fitted)
    labels = fitted.segmenter.labels_
    twice = int(fitted.frame["customer_id"].duplicated().sum())
    nowhere = int(sum(not str(label) for label in labels))
    segments = base.table("segments")
    rows = [
        [row[0], segments.cell(i, "customers"), segments.cell(i, "share"), segments.cell(i, "revenue_share"),
         segments.cell(i, "stability"), _verdict(segments, i), segments.cell(i, "definition")]
        for i, row in enumerate(segments.rows)
    ]
    table = Table(id="segments", title="Segments checked", rows=rows, total_rows=len(rows), columns=[
        Column(name="segment", label="Segment"), Column(name="customers", label="Customers", unit="count"),
        Column(name="share", label="Share of customers", unit="percent"),
        Column(name="revenue_share", label="Share of revenue", unit="percent"),
        Column(name="stability", label="Stability (bootstrap Jaccard)", unit="ratio"),
        Column(name="verdict", label="Finding"), Column(name="definition", label="Who is in it"),
    ])
    left_out = base.table("left_out")
    flagged = [r for r in rows if r[5] not in {"in order", "not tested"}]
    cells: list[tuple[str, str, Any]] = [
        ("customers", "Customers split", len(fitted.frame)), ("segments", "Segments", len(rows)),
        ("twice", "In more than one segment", twice), ("nowhere", "In no segment", nowhere),
        ("flagged", "Segments to look at", len(flagged)),
    ]
    checks = Table(id="checks", title="Checks", total_rows=1, rows=[[c[2] for c in cells]],
                   columns=[Column(name=c[0], label=c[1], unit="count") for c in cells])
    figures = {c[0]: checks.figure(0, c[0]) for c in cells}
    known = [i for i, r in enumerate(rows) if r[4] is not None]
    if known:
        worst = min(known, key=lambda i: rows[i][4])
        figures["worst_stability"] = table.figure(worst, "stability")
    smallest = min(range(len(rows)), key=lambda i: rows[i][1])
    figures["smallest_share"] = table.figure(smallest, "share")
    limits = (("stable_from", STABLE, "Very stable from"), ("doubtful_below", DOUBTFUL, "Doubtful below"))
    for name, value, label in limits:
        figures[name] = Figure(value=value, unit="ratio", label=label, source=Source(origin="definition"))
    return Result(
        kind="segment_check", title="Segments checked", currency=snapshot.currency, tables=[checks, table, left_out],
        figures=figures, headline=["segments", "flagged"], words={
            "smallest": str(rows[smallest][0]), "worst": str(rows[worst][0]) if known else "",
            "flagged": "; ".join(f"{r[0]}: {r[5]}" for r in flagged), "method": base.words["method_words"]},
        caveats=base.caveats, evidence=base.evidence,
        followups=["Show me customer segments with recommended actions",
                   "Which segment is growing?", "Who is about to leave?"],
    )


def _verdict(segments: Table, i: int) -> str:
    stability, share = segments.cell(i, "stability"), segments.cell(i, "share")
    if stability is not None and float(stability) < DOUBTFUL:
        return "would not come out again: doubtful"
    if share is not None and float(share) < SMALL_SHARE:
        return "too small to treat by itself"
    if stability is not None and float(stability) < STABLE:
        return "its limits move somewhat with the customers sampled"
    return "in order" if stability is not None and np.isfinite(float(stability)) else "not tested"
