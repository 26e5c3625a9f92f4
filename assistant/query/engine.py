"""Run a QueryPlan and word what it found: the one way from a question to a number."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.plans.query import QueryPlan
from assistant.plans.reword import join_words, joined, phrase, reword
from assistant.query.caveats import caveats_for
from assistant.query.compile import QueryOptions, Scope, check
from assistant.query.dimensions import dimension
from assistant.query.empty_groups import nought_belongs, only_nought
from assistant.query.entities import check_values
from assistant.query.followups import followups_for
from assistant.query.listed_people import listed_by
from assistant.query.metrics import base_metrics, metric
from assistant.query.missing_goods import missing_goods
from assistant.query.no_rows import no_rows
from assistant.query.present import (
    base_words,
    chart_for,
    derived,
    evidence_figure,
    groups_label,
    headline_figures,
    incomplete_labels,
    main_table,
    metric_label,
    plan_figure,
    shown_shares,
    summary_table,
    totals_table,
    whole_label,
)
from assistant.query.recorded import since_recorded
from assistant.query.rows import ADDS_OVER_TIME, Answer, answer, is_ranked, time_dimension
from assistant.query.spoken import speak, speak_period
from assistant.query.transforms import picks_moves, share_units
from assistant.results import DefinitionUsed, Evidence, Result
from assistant.results.format import NO_VALUE

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.settings import Settings


def run_query(
    snapshot: Snapshot,
    plan: QueryPlan,
    *,
    options: QueryOptions | None = None,
    settings: Settings | None = None,
    definitions: Sequence[DefinitionUsed] = (),
    assumptions: Sequence[str] = (),
) -> Result:
    """Answer a plan.

    Args:
        options: what changes figures; taken from ``settings`` when absent.
        definitions: terms of the question that were given a meaning, shown with the answer.
        assumptions: further readings to show.

    Returns:
        Result of kind ``query``. Table ``result`` holds the groups (or one row), table ``totals`` one exact row over
        all groups. Figures: every column of a one-row answer or of the totals by name (``revenue``,
        ``revenue__base``, ``revenue__change``, ``revenue__change_pct``, ``net_revenue`` …), ``groups``, for a time
        series ``highest``, ``lowest``, ``latest`` (+ ``_when``), for a ranking ``top_share`` and ``shown_share``.
        Words: ``shape`` (value, series, ranking, groups, customers, list), ``metric``, ``metrics``, ``by``, ``period``,
        ``base``, ``where``, ``direction``.

    Raises:
        UnknownName, MissingData, InvalidPlan: the plan cannot be carried out; the message says what would help.
        NoRows: nothing matches, with the nearest question that can be answered.
    """
    started = time.perf_counter()
    scope = Scope(snapshot, options or QueryOptions.of(settings))
    check(scope, (*plan.metrics, *(h.metric for h in plan.having)), plan.dimensions, plan.filter)
    check_values(snapshot, plan.filter)
    scope, plan = since_recorded(scope, plan)
    shown, beside = _shown_beside(scope, plan)
    found = answer(scope, plan, shown, beside)
    if _empty(found):
        raise missing_goods(scope, plan.filter) or no_rows(scope, found)
    result = _present(scope, plan, found)
    result.evidence = _evidence(scope, plan, found, definitions, assumptions)
    result.caveats, more = caveats_for(scope, found, result)
    result.evidence.assumptions.extend(more)
    result.followups = followups_for(scope, found)
    result.evidence.milliseconds = (time.perf_counter() - started) * 1000
    return result


def _shown_beside(scope: Scope, plan: QueryPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The net figure stands beside sales; guests' sales are counted where guests are left out."""
    shown, beside = list(plan.metrics), []
    other = "net_revenue" if scope.options.sales_basis == "gross" else "gross_revenue"
    if "revenue" in shown and not {"net_revenue", "gross_revenue"} & set(shown):
        simple = len(plan.metrics) == 1 and plan.compare is None and plan.transform is None and not plan.having
        (shown if simple else beside).append(other)
    if {"customers", "average_order_value"} & set(plan.metrics) and "orders" not in shown:
        beside.append("orders")
    return tuple(shown), tuple(beside)


def _empty(found: Answer) -> bool:
    """Nothing matched in the period: no rows counted and none in the one compared with."""
    if found.checked or (nought_belongs(found.plan) and found.rows):
        return False
    counted = found.totals.get("rows_read") or 0
    base = (found.base_totals or {}).get("rows_read") or 0
    if found.plan.dimensions and not found.rows:
        return True
    return counted == 0 and base == 0


def _present(scope: Scope, plan: QueryPlan, found: Answer) -> Result:
    basis = scope.options.sales_basis
    labels = [metric_label(m, basis) for m in plan.metrics]
    by = join_words(["week" if d == "week" else dimension(d).label for d in plan.dimensions])
    title = (
        join_words(labels)[:1].upper()
        + join_words(labels)[1:]
        + (f" by {by}" if by else "")
        + f", {found.period.label}"
    )
    table = main_table(found, scope, title, shown_shares(found))
    totals = totals_table(found, scope)
    over = summary_table(found, table)
    chart, chart_caveat = chart_for(found, table)
    figures = headline_figures(found, table, totals)
    if plan.offset:
        figures["place"] = plan_figure(plan.offset + 1, "count", "place in each group" if plan.within else "place")
    if over is not None:
        figures |= {f"{c.name}__summary": over.figure(0, c.name) for c in over.columns}
    if found.checked:
        figures["checked"] = evidence_figure(found.checked, "count", f"{groups_label(plan)} looked at")
        if "groups" in figures:
            figures["checked_share"] = derived(
                100 * found.all_groups / found.checked, "percent", f"share of the {groups_label(plan)} looked at",
                "groups / checked * 100", groups=figures["groups"], checked=figures["checked"])
    if not plan.dimensions and "net_revenue" in figures and "revenue" in figures and "returned_value" not in figures:
        figures["returned"] = derived(
            figures["revenue"].value - figures["net_revenue"].value,
            "currency",
            "returned value",
            "gross - net",
            gross=figures["revenue"],
            net=figures["net_revenue"],
        )
    inside = share_units(plan) if plan.transform == "share" else plan.within
    words = {
        "shape": shape_of(found),
        "metric": labels[0],
        "metrics": join_words(labels),
        "by": by,
        "where": "",
        "having": "",
        "when": {"day": "on ", "week": "in the week from "}.get(plan.dimensions[0] if plan.dimensions else "", "in "),
        "direction": direction(figures, plan.metrics[0]),
        "metric_names": ",".join(plan.metrics),
        "label_column": _label_column(found, table.columns),
        "order": "lowest" if found.sort and not found.sort.descending else "highest",
        "compare": plan.compare.kind if plan.compare else "",
        "transform": plan.transform or "",
        "chart_caveat": chart_caveat or "",
        "one": dimension(plan.dimensions[0]).label if plan.dimensions else "",
        "sorted_by": _sorted_by(found, basis),
        "in_order": "yes" if found.sort and found.sort.by in plan.dimensions else "",
        "asked": ",".join(a.column for a in found.asked),
        "whole": whole_label(found, scope),
        "many": groups_label(plan),
        "limit": "yes" if plan.limit is not None else "",
        "summary": plan.summary or "",
        "outer": ",".join(_shown_as(d, table.columns) for d in plan.dimensions if d in plan.within),
        "inner": ",".join(_shown_as(d, table.columns) for d in plan.dimensions if d not in plan.within),
        "each": join_words([dimension(d).label for d in inside]),
        "place": "yes" if plan.offset else "",
        "bare": "yes" if any(only_nought(h) and h.metric in plan.metrics for h in plan.having) else "",
    }
    result = Result(
        kind="query",
        title=title,
        currency=scope.snapshot.currency,
        figures=figures,
        headline=_headline(found, figures),
        tables=[table, totals, *([over] if over is not None else [])],
        charts=[chart] if chart else [],
        words=words,
        details=({"incomplete_periods": incomplete_labels(found, scope)} if time_dimension(plan) else {})
        | listed_by(plan),
    )
    timeless = all(b.grain == "products" for m in plan.metrics for b in base_metrics(m, basis))
    speak_period(result, "period", None if timeless and found.window is None else found.period)
    speak_period(result, "base", found.base_period, base_words(found))
    if plan.filter is not None:
        speak(result, "where", phrase(plan.filter))
    if plan.compare is not None and plan.compare.of is not None:
        speak(result, "share_of", phrase(plan.compare.of))
    if plan.having:
        speak(result, "having", joined([phrase(h) for h in plan.having]))
    return result


def _sorted_by(found: Answer, basis: str) -> str:
    if found.sort is None:
        return ""
    if found.sort.by in {"change", "change_pct"}:
        return "change" if found.sort.by == "change" else "change in percent"
    asked = next((a.label for a in found.asked if a.column == found.sort.by), None)
    if asked is not None:
        return asked
    if found.sort.by in found.plan.dimensions:
        return dimension(found.sort.by).label
    return metric_label(found.sort.by, basis)


def shape_of(found: Answer) -> str:
    """Which paragraph of the reply template words this answer."""
    plan = found.plan
    if not plan.dimensions:
        return "value"
    if plan.within and plan.limit is not None:
        return "within"
    if not found.rows and found.checked:
        return "none"
    if picks_moves(plan):
        return "moves"
    if time_dimension(plan):
        if len(plan.dimensions) > 1:
            return "groups"
        if not is_ranked(found):
            return "series"
    if len(plan.dimensions) > 1:
        return "groups"
    if plan.dimensions[0] == "customer" and plan.compare is None and (plan.having or plan.limit is None or found.asked):
        return "customers"
    if plan.having and plan.compare is None:
        return "list"
    if plan.compare is not None:
        return "compared"
    return "ranking"


def direction(figures: dict, name: str) -> str:
    """``up``, ``down`` or ``unchanged`` against the other side; empty without one."""
    change = figures.get(f"{name}__change")
    if change is None or change.value is None:
        return ""
    return "up" if change.value > 0 else "down" if change.value < 0 else "unchanged"


def _label_column(found: Answer, columns: Sequence) -> str:
    if not found.plan.dimensions:
        return ""
    first = found.plan.dimensions[0]
    return f"{first}_label" if any(c.name == f"{first}_label" for c in columns) else first


def _shown_as(name: str, columns: Sequence) -> str:
    """The column that shows a dimension: its label where it has one."""
    return f"{name}_label" if any(c.name == f"{name}_label" for c in columns) else name


def _headline(found: Answer, figures: dict) -> list[str]:
    """Figures shown large on the card."""
    plan = found.plan
    names = list(plan.metrics) if not plan.dimensions else []
    if plan.summary is not None:
        return [f"{m}__summary" for m in plan.metrics if f"{m}__summary" in figures]
    if plan.dimensions:
        if plan.limit == 1 and "top" in figures:
            names = ["top"]
        elif shape_of(found) in {"customers", "list", "none"}:
            names = ["groups"]
        elif shape_of(found) == "series":
            adds = metric(plan.metrics[0]).additive or plan.metrics[0] in ADDS_OVER_TIME
            names = [plan.metrics[0]] if adds else ["latest"]
        else:
            names = [plan.metrics[0]]
    for name in list(names):
        names += [f"{name}__{what}" for what in ("change_pct", "change", "share") if f"{name}__{what}" in figures][:1]
    if not plan.dimensions and "net_revenue" in figures and "net_revenue" not in names:
        names.append("net_revenue")
    return [
        n
        for n in dict.fromkeys(names)
        if n in figures and figures[n].value is not None and figures[n].value != NO_VALUE
    ]


def _evidence(
    scope: Scope, plan: QueryPlan, found: Answer, definitions: Sequence[DefinitionUsed], assumptions: Sequence[str]
) -> Evidence:
    snapshot, manifest = scope.snapshot, scope.snapshot.manifest
    basis = scope.options.sales_basis
    stated = list(assumptions)
    stated += [f"{metric_label(m, basis)}: {metric(_basis_metric(m, basis)).formula}" for m in plan.metrics]
    return Evidence(
        plan=plan.model_dump(mode="json"),
        plan_words=reword(plan, found.period.label),
        sql=snapshot.sql(found.expression),
        rows_scanned=_rows_scanned(scope, plan, found),
        snapshot=manifest.id,
        source=manifest.source,
        synthetic=manifest.synthetic,
        as_of=snapshot.as_of,
        window_start=found.period.covered_start,
        window_end=found.period.covered_end,
        definitions=list(definitions),
        assumptions=stated,
        computed_at=datetime.now(UTC),
    )


def _basis_metric(name: str, basis: str) -> str:
    return f"{basis}_revenue" if name == "revenue" else name


def _rows_scanned(scope: Scope, plan: QueryPlan, found: Answer) -> int:
    """Rows of the tables read to answer: all rows of every fact a metric is counted on."""
    from assistant.query.compile import fact_of

    tables = {fact_of(b).table for m in found.metrics for b in base_metrics(m, scope.options.sales_basis)}
    return sum(scope.snapshot.manifest.tables[t].rows for t in tables)
