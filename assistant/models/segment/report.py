"""Segments of all customers as a :class:`~assistant.results.Result` of kind ``segments``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.features.rfm import left_out_of_rfm, rfm
from assistant.models.registry import SEGMENTERS, entry
from assistant.models.segment.base import Segmenter
from assistant.models.segment.rfm_rules import RFMRules
from assistant.models.segment.stability import DOUBTFUL, bootstrap_jaccard
from assistant.plans import InGroup, SegmentRequest
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Table

if TYPE_CHECKING:
    import pandas as pd

#: Below this many customers, averages of segments say little.
_FEW_CUSTOMERS = 50
#: Customers and refits used to publish stability.
_STABILITY_ROWS = 5000
_STABILITY_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class FittedSegments:
    """A fitted segmenter with the customers it split. ``stability``: bootstrap Jaccard per segment (0–1)."""

    method: str
    segmenter: Segmenter
    frame: pd.DataFrame
    stability: dict[str, float]


def fit_segments(snapshot: Snapshot, request: SegmentRequest, *, graded: bool = True) -> FittedSegments:
    """Split all customers with purchases.

    Args:
        graded: also refit on resampled customers to grade the stability of each segment.

    Raises:
        MissingData: no order names a customer. NoRows: no customer bought anything. InvalidPlan: k larger than the
            number of customers who differ.
    """
    snapshot.require("order_lines", "customer_id", needed_for="Customer segments")
    method = ("kmeans" if request.k is not None else "rfm") if request.method == "auto" else request.method
    parameters = {"k": request.k} if method == "kmeans" else {}
    frame = rfm(snapshot)
    segmenter = entry(SEGMENTERS, method).make(**parameters).fit(frame)
    return FittedSegments(method, segmenter, frame, _stability(segmenter, frame) if graded else {})


def _stability(segmenter: Segmenter, frame: pd.DataFrame, seed: int = 0) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(frame), min(len(frame), _STABILITY_ROWS), replace=False))
    labels = segmenter.labels_[chosen]

    def refit(sample: pd.DataFrame, turn: int) -> Any:
        if hasattr(segmenter, "refit_on"):
            return segmenter.refit_on(sample, turn)
        return type(segmenter)(**segmenter.parameters()).fit(sample).predict

    found = bootstrap_jaccard(frame.iloc[chosen], labels, refit, _STABILITY_ROUNDS, seed)
    return {name: found.get(name, float("nan")) for name in segmenter.profile_.index}


def assign(snapshot: Snapshot, request: SegmentRequest, fitted: FittedSegments | None = None) -> pd.DataFrame:
    """Segment of every customer with purchases: columns ``customer_id``, ``segment``.

    Raises:
        the same as :func:`fit_segments`.
    """
    fitted = fitted or fit_segments(snapshot, request, graded=False)
    return fitted.frame[["customer_id"]].assign(segment=fitted.segmenter.labels_).reset_index(drop=True)


def members_of_segment(snapshot: Snapshot, condition: InGroup) -> list[str]:
    """Ids of the customers of one named segment, sorted.

    Raises:
        UnknownName: no segment of that name; ``valid`` holds the names there are.
    """
    frame = assign(snapshot, SegmentRequest(method=condition.method, k=condition.k))
    names = {str(name).casefold(): str(name) for name in frame["segment"].unique()}
    name = names.get(str(condition.name).casefold())
    if name is None:
        raise UnknownName("There is no such segment", received=condition.name, valid=sorted(names.values()))
    return sorted(frame.loc[frame["segment"] == name, "customer_id"].astype(str))


def segment_result(snapshot: Snapshot, request: SegmentRequest, fitted: FittedSegments | None = None) -> Result:
    """Segments with size, share of revenue, averages and definition; who is left out is said.

    Returns:
        table ``segments`` (most revenue first) and ``left_out``; figures ``customers``, ``segments``, and of the
        segment with most revenue ``top_share``, ``top_revenue_share``.

    Raises:
        the same as :func:`fit_segments`.
    """
    fitted = fitted or fit_segments(snapshot, request)
    table, left_out = _segments_table(fitted), _left_out_table(snapshot, fitted)
    result = Result(
        kind="segments", title="Customer segments", currency=snapshot.currency, tables=[table, left_out],
        words={"method": fitted.method, "method_words": SEGMENTERS[fitted.method].words,
               "why": _why(request, fitted.method), "top": str(table.cell(0, "segment")),
               "several": "yes" if len(table.rows) > 1 else "no"},
        charts=[Chart(kind="bar", table="segments", x="segment", y=["share", "revenue_share"],
                      title="Share of customers and of revenue")],
        evidence=segment_evidence(snapshot, request, fitted), followups=_followups(table),
    )
    result.figures = {
        "customers": left_out.figure(0, "customers", "Customers split"),
        "segments": Figure(value=len(table.rows), unit="count", label="Segments",
                           source=_count_source(table)),
        "top_share": table.figure(0, "share"), "top_revenue_share": table.figure(0, "revenue_share"),
    }
    result.headline = ["customers", "segments"]
    result.caveats = _caveats(result, fitted, left_out)
    return result


def _why(request: SegmentRequest, method: str) -> str:
    if request.method != "auto":
        return "this method was asked for"
    if method == "kmeans":
        return "a number of segments was asked for, which only the method that finds groups can keep to"
    return "rules were used because every one of them can be read, checked and used in a question"


def _segments_table(fitted: FittedSegments) -> Table:
    segmenter = fitted.segmenter
    columns = [
        Column(name="segment", label="Segment"), Column(name="customers", label="Customers", unit="count"),
        Column(name="share", label="Share of customers", unit="percent"),
        Column(name="revenue", label="Revenue", unit="currency"),
        Column(name="revenue_share", label="Share of revenue", unit="percent"),
        Column(name="average_revenue", label="Revenue per customer", unit="currency"),
        Column(name="average_orders", label="Orders per customer", unit="number"),
        Column(name="average_days", label="Days since last order, average", unit="days"),
        Column(name="definition", label="Who is in it"),
        Column(name="stability", label="Stability (bootstrap Jaccard)", unit="ratio"),
    ]
    advice = isinstance(segmenter, RFMRules)
    if advice:
        columns.append(Column(name="advice", label="Usual approach"))
    rows: list[list[Any]] = []
    for name, p in segmenter.profile_.iterrows():
        stability = fitted.stability.get(str(name), float("nan"))
        rows.append([
            str(name), int(p["customers"]), round(float(p["share"]), 2), round(float(p["revenue"]), 2),
            round(float(p["revenue_share"]), 2) if np.isfinite(p["revenue_share"]) else None,
            round(float(p["average_revenue"]), 2), round(float(p["average_orders"]), 2),
            round(float(p["average_days"]), 1), segmenter.definition(str(name)),
            round(stability, 3) if np.isfinite(stability) else None, *([segmenter.advice(str(name))] if advice else []),
        ])
    return Table(id="segments", title="Customer segments", columns=columns, rows=rows, total_rows=len(rows))


def _left_out_table(snapshot: Snapshot, fitted: FittedSegments) -> Table:
    """Who is in and who is not: the counts of the reply's caveats."""
    left = left_out_of_rfm(snapshot)
    share = round(100 * left.guest_revenue / left.total_revenue, 2) if left.total_revenue else None
    rows: list[list[Any]] = [
        ["split into segments", len(fitted.frame), None, None],
        ["guests: orders without a customer", None, left.guest_orders, share],
        ["customers who never bought", left.never_bought, None, None],
        ["customers with returns only", left.returns_only, None, None],
    ]
    return Table(
        id="left_out", title="Who is in the segments and who is not", rows=rows, total_rows=len(rows),
        columns=[Column(name="group", label="Group"), Column(name="customers", label="Customers", unit="count"),
                 Column(name="orders", label="Orders", unit="count"),
                 Column(name="revenue_share", label="Share of all revenue", unit="percent")],
    )


def _caveats(result: Result, fitted: FittedSegments, left_out: Table) -> list[Caveat]:
    caveats = []
    if left_out.cell(1, "orders"):
        caveats.append(Caveat(code="guests_not_in_segments", figures={
            "orders": left_out.figure(1, "orders"), "share": left_out.figure(1, "revenue_share")}))
    if left_out.cell(2, "customers"):
        caveats.append(Caveat(code="never_bought_not_in_segments", figures={"n": left_out.figure(2, "customers")}))
    if left_out.cell(3, "customers"):
        caveats.append(Caveat(code="returns_only_not_in_segments", figures={"n": left_out.figure(3, "customers")}))
    if len(fitted.frame) < _FEW_CUSTOMERS:
        caveats.append(Caveat(code="small_sample", figures={"n": result.figures["customers"]},
                              words={"what": "customers"}))
    table = result.table("segments")
    if len(table.rows) == 1 and len(fitted.frame) > 1:
        caveats.append(Caveat(code="customers_alike"))
    shaky = [i for i in range(len(table.rows)) if (table.cell(i, "stability") or 1.0) < DOUBTFUL]
    if shaky:
        worst = min(shaky, key=lambda i: table.cell(i, "stability"))
        caveats.append(Caveat(code="segment_unstable", figures={"stability": table.figure(worst, "stability")},
                              words={"segment": str(table.cell(worst, "segment"))}))
    return caveats


def segment_evidence(snapshot: Snapshot, request: SegmentRequest, fitted: FittedSegments) -> Evidence:
    """How the split was made: method, limits, definitions, stability."""
    worst = min((v for v in fitted.stability.values() if np.isfinite(v)), default=None)
    quality = {} if worst is None else {"worst_segment_jaccard": round(worst, 4)}
    trials = getattr(fitted.segmenter, "trials_", ())
    if trials:
        chosen = next((t for t in trials if t.k == len(fitted.segmenter.profile_)), None)
        quality |= {"silhouette": round(chosen.silhouette, 4)} if chosen else {}
    assumptions = ["Revenue is before returns; recency counts days from the last order to the last day of the data."]
    if isinstance(fitted.segmenter, RFMRules):
        assumptions.append(fitted.segmenter.value_words())
    return Evidence(
        plan=request.model_dump(mode="json"),
        plan_words=reword(request),
        snapshot=snapshot.manifest.id, source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic,
        as_of=snapshot.as_of, window_start=snapshot.manifest.first_day, window_end=snapshot.as_of,
        rows_scanned=len(fitted.frame), assumptions=assumptions,
        definitions=[DefinitionUsed(term=str(n), meaning=fitted.segmenter.definition(str(n)))
                     for n in fitted.segmenter.profile_.index],
        model=ModelInfo(name=fitted.method, parameters=fitted.segmenter.parameters(), quality=quality),
    )


def _count_source(table: Table) -> Any:
    from assistant.results import Source

    return Source(table=table.id, derivation="number of rows", origin="derived")


def _followups(table: Table) -> list[str]:
    names = [str(row[0]) for row in table.rows]
    wanted = next((n for n in ("At risk", "Must not lose", "Hibernating") if n in names), None)
    first = ["Draft a win-back campaign for lapsed customers"] if wanted else []
    return [*first, "Who is about to leave?", "Which products should we recommend to all customers?"]
