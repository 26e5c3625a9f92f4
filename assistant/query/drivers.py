"""Why did a figure change: what it is made of, who made it, where, and whether it is more than noise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, MissingData, NoRows
from assistant.plans.filters import And, Compare, Filter
from assistant.plans.query import ChangePlan
from assistant.plans.reword import phrase, reword
from assistant.query.caveats import about_chosen, not_yet_lost
from assistant.query.compile import QueryOptions, Scope, check, fact_of, grouped
from assistant.query.decompose import Part, to_the_cent
from assistant.query.dimensions import dimension
from assistant.query.entities import check_values
from assistant.query.facts import missing
from assistant.query.metrics import base_metrics, metric
from assistant.query.periods import PeriodPair, pair
from assistant.query.present import evidence_figure, metric_label
from assistant.query.rows import fetch
from assistant.query.split import CHAIN, Split
from assistant.query.spoken import speak, speak_period
from assistant.query.variation import LEVEL, Usual, judged
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Table
from assistant.results.result import Unit

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.settings import Settings

GROUPS_SHOWN = 10

#: how a change is split where the person names no dimension, in this order
OFFERED = ("category", "country", "product", "channel", "campaign", "message_channel")


def explain_change(
    snapshot: Snapshot,
    plan: ChangePlan,
    *,
    options: QueryOptions | None = None,
    settings: Settings | None = None,
    definitions: Sequence[DefinitionUsed] = (),
    assumptions: Sequence[str] = (),
) -> Result:
    """Decompose a change.

    Returns:
        Result of kind ``change``. Tables: ``change`` (one row: current, base, change, change_pct), ``drivers``
        (factors of the metric, where it has them), ``customers`` (new, kept, back, lost, guests), and one
        ``by_<dimension>`` each; column ``amount`` of each table sums exactly to the change. Figures: ``value``,
        ``base``, ``change``, ``change_pct``, ``usual_low``, ``usual_high``, ``usual_steps``, ``year_ago``. Words:
        ``direction`` (up, down, unchanged), ``premise`` (right, wrong, none), ``noise`` (yes, no, unknown),
        ``period``, ``base``, ``metric``.

    Raises:
        InvalidPlan: a comparison without a second period. NoRows: nothing in either period.
        UnknownName, MissingData: as for a query.
    """
    started = time.perf_counter()
    scope = Scope(snapshot, options or QueryOptions.of(settings))
    check(scope, (plan.metric,), (plan.dimension,) if plan.dimension else (), plan.filter)
    check_values(snapshot, plan.filter)
    if metric(plan.metric).unit == "date":
        raise InvalidPlan("A date does not rise or fall", received=plan.metric)
    if any(fact_of(b).time is None for b in base_metrics(plan.metric, scope.options.sales_basis)):
        label = metric_label(plan.metric, scope.options.sales_basis)
        raise MissingData(
            f"{label[:1].upper()}{label[1:]} is known only as it was when the data were loaded, so a change of it is "
            "not in the data", received="earlier states of the catalogue",
        )
    both = pair(scope.resolve(plan.period), plan.compare, fiscal_year_start=scope.options.fiscal_year_start)
    windows = (both.current.start, both.current.end), (both.base.start, both.base.end)
    expression = grouped(scope, (plan.metric,), (), plan.filter, windows[0])
    found = judged(scope, (plan.metric,), plan.filter, both.current, both.base)
    nothing: dict[str, Any] = {"rows_read": 0, plan.metric: None}
    values = [row or next(iter(fetch(scope, grouped(scope, (plan.metric,), (), plan.filter, w))), nothing)
              for row, w in zip((found.current, found.base), windows, strict=True)]
    if not any(v["rows_read"] for v in values):
        raise NoRows(f"Nothing in the data for {reword(plan, both.current.label)}", received=both.current.label)
    current, base = (v[plan.metric] for v in values)
    table, figures = _change(plan, both, current, base, scope)
    result = Result(
        kind="change",
        title=f"Why {table.columns[0].label} changed, {both.current.label} against {both.base.label}",
        currency=snapshot.currency,
        figures=figures,
        headline=["value", "change", "change_pct"],
        tables=[table],
        words=_words(plan, current, base, scope),
    )
    speak_period(result, "period", both.current)
    speak_period(result, "base", both.base)
    if plan.filter is not None:
        speak(result, "where", phrase(plan.filter))
    if current is not None and base is not None:
        _add_parts(scope, plan, both, result, current - base)
        _add_usual(result, found.usual[plan.metric])
    result.headline = [h for h in result.headline if result.figures.get(h) and result.figures[h].value is not None]
    _finish(scope, plan, both, result, snapshot.sql(expression), definitions, assumptions)
    result.evidence.milliseconds = (time.perf_counter() - started) * 1000
    return result


def _unit(name: str) -> Unit:
    unit = metric(name).unit
    return "points" if unit == "percent" else unit


def _change(
    plan: ChangePlan, both: PeriodPair, current: float | None, base: float | None, scope: Scope
) -> tuple[Table, dict[str, Figure]]:
    unit = metric(plan.metric).unit
    label = metric_label(plan.metric, scope.options.sales_basis)
    known = current is not None and base is not None
    change = round(current - base, 10) if known else None  # type: ignore[operator]
    percent = change / abs(base) * 100 if known and base and unit not in {"percent", "points"} else None  # type: ignore[operator]
    columns = [
        Column(name="value", label=label, unit=unit),
        Column(name="base", label=f"{label}, {both.base.label}", unit=unit),
        Column(name="change", label="change", unit=_unit(plan.metric)),
        Column(name="change_pct", label="change in percent", unit="percent"),
    ]
    table = Table(id="change", title="Change", columns=columns, rows=[[current, base, change, percent]], total_rows=1)
    return table, {c.name: table.figure(0, c.name) for c in columns}


def _words(plan: ChangePlan, current: float | None, base: float | None, scope: Scope) -> dict[str, str]:
    direction = "unknown"
    if current is not None and base is not None:
        direction = "up" if current > base else "down" if current < base else "unchanged"
    premise = "none" if plan.claimed is None else "right" if plan.claimed == direction else "wrong"
    return {
        "metric": metric_label(plan.metric, scope.options.sales_basis),
        "direction": direction,
        "premise": premise,
        "claimed": plan.claimed or "",
        "noise": "unknown",
        "where": "",
        "drivers": "",
        "by": "",
        "good": metric(plan.metric).higher_is,
    }


def _add_parts(scope: Scope, plan: ChangePlan, both: PeriodPair, result: Result, change: float) -> None:
    windows = (both.current.start, both.current.end), (both.base.start, both.base.end)
    name = plan.metric
    unit = _unit(name)
    split = Split(scope, plan, windows)
    factors = split.factors(change)
    if factors:
        result.tables.append(
            _parts_table("drivers", "What it is made of", to_the_cent(factors, change), unit, "driver")
        )
        result.charts.append(Chart(kind="waterfall", table="drivers", x="driver", y=["amount"], title=result.title))
        result.words["drivers"] = "yes"
    people = split.customers()
    if people:
        counts = {p.name: n for p, n in people}
        parts = to_the_cent([p for p, _ in people], change)
        table = _parts_table("customers", "Who made it", parts, unit, "customers")
        table.columns.append(Column(name="count", label="number of customers", unit="count"))
        for row, part in zip(table.rows, parts, strict=True):
            row.append(counts[part.name] or None)
        result.tables.append(table)
    for by in _dimensions(scope, plan):
        parts = split.groups(by, change)
        if parts:
            result.tables.append(_group_table(by, parts, change, unit))
            result.words["by"] = result.words["by"] or by
            result.words["by_label"] = dimension(result.words["by"]).label
        elif plan.dimension:
            words = {"metric": result.words["metric"], "by": dimension(by).label}
            result.caveats.append(Caveat(code="no_split", words=words))


def _dimensions(scope: Scope, plan: ChangePlan) -> list[str]:
    """The dimension asked for; else those of ``OFFERED`` that the measure and the data have, places only without
    categories."""
    if plan.dimension:
        return [plan.dimension]
    facts = [fact_of(base) for base in base_metrics(plan.metric, scope.options.sales_basis)]
    said = _single(plan.filter)  # a split by what was narrowed to one value says nothing
    offered = [name for name in OFFERED if name not in said and all(
        set(dimension(name).columns) <= set(fact.columns)
        and not missing(scope.snapshot, fact, dimension(name).columns) for fact in facts)]
    return [d for d in offered if d != "country" or not {"category"} & {*offered, *said}]


def _single(condition: Filter | None) -> set[str]:
    """Dimensions that a filter narrows to one value."""
    parts = condition.parts if isinstance(condition, And) else () if condition is None else (condition,)
    return {p.field for p in parts if isinstance(p, Compare) and p.op == "eq"}


def _parts_table(table_id: str, title: str, parts: list[Part], unit: Unit, head: str) -> Table:
    columns = [
        Column(name=head, label=head),
        Column(name="base", label="before", unit="number"),
        Column(name="current", label="after", unit="number"),
        Column(name="amount", label="contribution", unit=unit),
    ]
    rows: list[list] = [[p.label, p.base, p.current, p.amount] for p in parts]
    return Table(id=table_id, title=title, columns=columns, rows=rows, total_rows=len(rows))


def _group_table(by: str, parts: list[Part], change: float, unit: Unit) -> Table:
    """The largest contributions and all others in one row, exact to the cent."""
    shown, rest = parts[:GROUPS_SHOWN], parts[GROUPS_SHOWN:]
    if rest:
        others = Part(
            "others",
            "all others",
            sum(p.amount for p in rest),
            sum(p.base or 0 for p in rest),
            sum(p.current or 0 for p in rest),
        )
        shown = [*shown, others]
    exact = to_the_cent(shown, change)
    table = _parts_table(f"by_{by}", f"By {dimension(by).label}", exact, unit, by)
    table.columns[0].label = dimension(by).label
    return table.model_copy(update={"total_rows": len(parts)})


def _add_usual(result: Result, usual: Usual | None) -> None:
    """Whether the change is noise: judged in percent, or in points for a rate."""
    change = result.figures["change" if usual is not None and usual.rate else "change_pct"].value
    if usual is None or not isinstance(change, int | float):
        result.caveats.append(Caveat(code="too_little_history"))
        return
    figures, unit = result.figures, "points" if usual.rate else "percent"
    figures["usual_low"] = evidence_figure(usual.low, unit, "lower end of usual changes")
    figures["usual_high"] = evidence_figure(usual.high, unit, "upper end of usual changes")
    figures["usual_steps"] = evidence_figure(usual.steps, "count", "earlier changes looked at")
    figures["usual_level"] = evidence_figure(LEVEL, "percent", "share of changes expected within the interval")
    if usual.year_ago is not None:
        figures["year_ago"] = evidence_figure(usual.year_ago, unit, "the same step a year earlier")
    result.words["noise"] = "yes" if usual.holds(float(change)) else "no"


def _finish(
    scope: Scope,
    plan: ChangePlan,
    both: PeriodPair,
    result: Result,
    sql: str,
    definitions: Sequence[DefinitionUsed],
    assumptions: Sequence[str],
) -> None:
    manifest, snapshot = scope.snapshot.manifest, scope.snapshot
    last_day = evidence_figure(snapshot.as_of.isoformat(), "date", "last day of the data")
    asked = scope.resolve(plan.period)
    result.caveats += [*about_chosen(scope, plan.filter), *not_yet_lost(scope, (plan.metric,), both.current.end)]
    if asked.ends_early:
        result.caveats.append(
            Caveat(code="incomplete_period", figures={"last_day": last_day}, words={"period": asked.label})
        )
    if both.cut:
        result.caveats.append(
            Caveat(code="like_with_like", words={"current": both.current.label, "base": both.base.label})
        )
    if both.base.starts_late:
        first = evidence_figure(manifest.first_day.isoformat(), "date", "first day of the data")
        result.caveats.append(
            Caveat(code="base_starts_late", figures={"first_day": first}, words={"period": both.base.label})
        )
    elif both.unequal:
        days = [evidence_figure(p.days_covered, "days", f"days of {p.label}") for p in (both.current, both.base)]
        result.caveats.append(Caveat(code="unequal_periods", figures={"days": days[0], "base_days": days[1]}))
    if not result.figures["base"].value and plan.metric in CHAIN:
        result.caveats.append(Caveat(code="base_empty", words={"base": both.base.label}))
    if manifest.synthetic:
        result.caveats.append(Caveat(code="synthetic"))
    label = metric_label(plan.metric, scope.options.sales_basis)
    result.evidence = Evidence(
        plan=plan.model_dump(mode="json"),
        plan_words=reword(plan, both.current.label),
        sql=sql,
        rows_scanned=manifest.tables["order_lines"].rows,
        snapshot=manifest.id,
        source=manifest.source,
        synthetic=manifest.synthetic,
        as_of=snapshot.as_of,
        window_start=both.base.covered_start,
        window_end=both.current.covered_end,
        definitions=list(definitions),
        assumptions=[*assumptions, f"{label}: {metric(_defined(plan.metric, scope)).formula}"],
        computed_at=datetime.now(UTC),
    )
    result.followups = [
        f"{label[:1].upper()}{label[1:]} by month",
        f"Top 10 products by revenue in {both.current.label}",
        f"How many new customers did we win in {both.current.label}?",
    ]


def _defined(name: str, scope: Scope) -> str:
    return f"{scope.options.sales_basis}_revenue" if name == "revenue" else name
