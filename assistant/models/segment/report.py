"""Segments of all customers as a :class:`~assistant.results.Result` of kind ``segments``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.caching import OnceCache
from assistant.data.objectors import objectors
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, UnknownName
from assistant.features.behaviour import MARK, behaviour
from assistant.features.rfm import left_out_of_rfm, rfm
from assistant.models.close_inputs import close_inputs, proxy_caveats, told_caveats
from assistant.models.registry import SEGMENTERS, entry
from assistant.models.segment.base import FEATURES, Segmenter
from assistant.models.segment.found_tables import (
    found_quality,
    notes_of,
    stability_figures,
    traits_table,
    trials_table,
    worst_words,
)
from assistant.models.segment.rfm_rules import RFMRules
from assistant.models.segment.stability import DOUBTFUL, Stability, bootstrap_stability
from assistant.plans import InGroup, SegmentRequest
from assistant.plans.requests import MOST_SEGMENTS
from assistant.plans.reword import reword
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, ModelInfo, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

#: Below this many customers, averages of segments say little.
_FEW_CUSTOMERS = 50
#: Customers and refits used to publish stability.
_STABILITY_ROWS = 5000
_STABILITY_ROUNDS = 20


#: Methods that find groups in recency, frequency and money.
_ON_RFM = frozenset({"kmeans", "gaussian", "found"})
#: Splits kept, so that a question about each segment in turn finds them once.
_SPLITS = OnceCache(16)


@dataclass(frozen=True, eq=False)
class FittedSegments:
    """A fitted segmenter with the customers it split.

    Attributes:
        stability: of each segment under resampling; empty where it was not graded.
    """

    method: str
    segmenter: Segmenter
    frame: pd.DataFrame
    stability: dict[str, Stability]


def fit_segments(snapshot: Snapshot, request: SegmentRequest, *, graded: bool = True) -> FittedSegments:
    """Split all customers with purchases.

    Args:
        graded: also refit on resampled customers to grade the stability of each segment.

    Raises:
        MissingData: no order names a customer. NoRows: no customer bought anything. InvalidPlan: k larger than the
            number of customers who differ.
    """
    snapshot.require("order_lines", "customer_id", needed_for="Customer segments")
    method = method_of(request)
    if request.k is not None and request.k > MOST_SEGMENTS:
        raise InvalidPlan(
            f"{request.k} segments were asked for; at most {MOST_SEGMENTS} are made, because more could neither be "
            "told apart nor be treated each in its own way", received=request.k, hint="Ask for fewer segments.")
    key = (snapshot.fingerprint, method, request.k)
    split = _SPLITS.get(key, lambda: _split(snapshot, method, request.k))
    if not graded:
        return split
    return _SPLITS.get((*key, "graded"), lambda: replace(split, stability=_stability(split.segmenter, split.frame)))


def method_of(request: SegmentRequest) -> str:
    """The method in use: rules, unless a number of groups or a method was asked for."""
    return ("kmeans" if request.k is not None else "rfm") if request.method == "auto" else request.method


def frame_of(snapshot: Snapshot, method: str) -> pd.DataFrame:
    """One row per customer with what a method looks at; ``attrs["proxies"]``: what of it stands for a sensitive
    attribute. Kinds of behaviour that do are not among the columns."""
    if method != "behaviour":
        found = rfm(snapshot)
        found.attrs["proxies"] = close_inputs(snapshot, found["customer_id"].tolist(), {c: found[c] for c in FEATURES})
        return found
    frame = behaviour(snapshot)
    kinds = [c for c in frame.columns if MARK in c]
    aside = close_inputs(snapshot, frame["customer_id"].tolist(), {c: frame[c] for c in kinds})
    frame = frame.drop(columns=[p.column for p in aside])
    frame.attrs["proxies"] = aside
    return frame


def _split(snapshot: Snapshot, method: str, k: int | None) -> FittedSegments:
    frame = frame_of(snapshot, method)
    parameters: dict[str, Any] = {} if method == "rfm" else {"k": k}
    aside = {p.column for p in frame.attrs.get("proxies", ())}
    if method in _ON_RFM and aside:
        parameters["columns"] = tuple(c for c in FEATURES if c not in aside)
        if not parameters["columns"]:
            raise InvalidPlan("Recency, orders and spending all stand for a sensitive attribute of these customers, so "
                              "no groups are found in them", received=method, hint="Ask for segments by rules.")
    return FittedSegments(method, entry(SEGMENTERS, method).make(**parameters).fit(frame), frame, {})


def _stability(segmenter: Segmenter, frame: pd.DataFrame, seed: int = 1) -> dict[str, Stability]:
    """Graded on other resamples than those that chose the number of segments."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(frame), min(len(frame), _STABILITY_ROWS), replace=False))
    labels = segmenter.labels_[chosen]

    def refit(sample: pd.DataFrame, turn: int) -> Any:
        if hasattr(segmenter, "refit_on"):
            return segmenter.refit_on(sample, turn)
        return type(segmenter)(**segmenter.parameters()).fit(sample).predict

    found = bootstrap_stability(frame.iloc[chosen], labels, refit, _STABILITY_ROUNDS, seed)
    return {name: found[name] for name in map(str, segmenter.profile_.index) if name in found}


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
    aside = objectors(snapshot)
    table, left_out = _segments_table(fitted, aside), _left_out_table(snapshot, fitted)
    found = [t for t in (traits_table(fitted.segmenter), trials_table(fitted.segmenter)) if t is not None]
    result = Result(
        kind="segments", title="Customer segments", currency=snapshot.currency, tables=[table, *found, left_out],
        words={"method": fitted.method, "method_words": SEGMENTERS[fitted.method].words,
               "why": _why(request, fitted.method), "top": str(table.cell(0, "segment")),
               "several": "yes" if len(table.rows) > 1 else "no"},
        charts=_charts(table, found),
        evidence=segment_evidence(snapshot, request, fitted), followups=_followups(table),
    )
    result.figures = {
        "customers": left_out.figure(0, "customers", "Customers split"),
        "segments": Figure(value=len(table.rows), unit="count", label="Segments",
                           source=_count_source(table)),
        "top_share": table.figure(0, "share"), "top_revenue_share": table.figure(0, "revenue_share"),
    }
    result.figures |= stability_figures(table)
    result.words |= worst_words(table)
    result.headline = ["customers", "segments"]
    result.caveats = _caveats(result, fitted, left_out, request.refused)
    speak = told_caveats if fitted.method == "rfm" else proxy_caveats  # the rules are made of all three
    result.caveats += speak(fitted.frame.attrs.get("proxies", ()))
    objected = int(fitted.frame["customer_id"].astype(str).isin(aside).sum())
    if objected:
        result.caveats.append(Caveat(code="objectors_in_segments", figures={"n": Figure(
            value=objected, unit="count", label="Customers who objected", source=Source(origin="evidence"))}))
    return result


def _charts(table: Table, found: list[Table]) -> list[Chart]:
    charts = [Chart(kind="bar", table="segments", x="segment", y=["share", "revenue_share"],
                    title="Share of customers and of revenue"),
              Chart(kind="scatter", table="segments", x="average_days", y=["average_orders"], series="segment",
                    title="Orders per customer and days since the last one")]
    by_id = {t.id: t for t in found}
    if "traits" in by_id:
        charts.append(Chart(kind="heatmap", table="traits", x="trait", y=["lift"], series="segment",
                            title="How many times as often as everybody"))
    if "trials" in by_id:
        charts.append(Chart(kind="line", table="trials", x="k", y=["worst_jaccard"], series="method",
                            title="Stability of the least stable segment by number of segments"))
    return charts if len(table.rows) > 1 else charts[:1]


def _why(request: SegmentRequest, method: str) -> str:
    if request.method == "found":
        return "of the ways to find groups the one whose groups are stable and best separated was taken"
    if request.method != "auto":
        return "this method was asked for"
    if method == "kmeans":
        return "a number of segments was asked for, which only a method that finds groups can keep to"
    return "rules were used because every one of them can be read, checked and used in a question"


def _segments_table(fitted: FittedSegments, aside: frozenset[str]) -> Table:
    """Every segment; with ``aside``, who objected, how many of its customers are neither scored nor listed."""
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
        Column(name="same_name", label="Same name when found again", unit="percent"),
    ]
    if aside:
        columns.append(Column(name="objected", label="Of them neither scored nor listed (objected)", unit="count"))
        objected = fitted.frame["customer_id"].astype(str).isin(aside).to_numpy()
    advice = isinstance(segmenter, RFMRules)
    if advice:
        columns.append(Column(name="advice", label="Usual approach"))
    rows: list[list[Any]] = []
    for name, p in segmenter.profile_.iterrows():
        held = fitted.stability.get(str(name))
        rows.append([
            str(name), int(p["customers"]), round(float(p["share"]), 2), round(float(p["revenue"]), 2),
            round(float(p["revenue_share"]), 2) if np.isfinite(p["revenue_share"]) else None,
            round(float(p["average_revenue"]), 2), round(float(p["average_orders"]), 2),
            round(float(p["average_days"]), 1), segmenter.definition(str(name)),
            None if held is None else round(held.jaccard, 3), None if held is None else round(100 * held.same_name, 1),
            *([int((objected & (segmenter.labels_ == name)).sum())] if aside else []),
            *([segmenter.advice(str(name))] if advice else []),
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


def _caveats(result: Result, fitted: FittedSegments, left_out: Table, refused: str | None) -> list[Caveat]:
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
    if refused:
        caveats.append(Caveat(code="method_not_offered", words={"method": refused}))
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
    quality = found_quality(fitted.segmenter, fitted.stability)
    assumptions = list(notes_of(fitted.segmenter))
    assumptions += ["Revenue is before returns; recency counts days from the last order to the last day of the data."]
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
