"""Aggregate reports to share: small groups left out, or with differential-privacy noise paid for from a budget."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.data.privacy_budget import PrivacyBudget
from assistant.errors import InvalidPlan, NotPermitted
from assistant.plans.people import ReportRequest
from assistant.plans.query import QueryPlan
from assistant.plans.reword import reword
from assistant.query import noise
from assistant.query.compile import QueryOptions, Scope, check, grouped
from assistant.query.dimensions import dimension
from assistant.query.metrics import metric
from assistant.query.rows import fetch
from assistant.query.sharing import OF_PEOPLE, SMALLEST, hide, people_behind, row_sizes
from assistant.results import Caveat, Chart, Column, Evidence, Figure, Result, Source, Table
from assistant.results.export import write_table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: Groups that one customer counts in: of people (one country, one age) a single one, of months and other times more
#: than of categories and other things. More groups mean more noise, fewer mean that more is left out.
MOST_THINGS, MOST_TIMES = 6, 12
_JOIN = " / "


def shared_report(
    snapshot: Snapshot, request: ReportRequest, options: QueryOptions, budget: PrivacyBudget, epsilon: float,
    author: str, folder: Path,
) -> Result:
    """Write an aggregate report as CSV and say what it holds.

    Args:
        epsilon: what a report with noise uses where the request says nothing. author: signs the release.

    Returns:
        kind ``report``; table ``report`` as it was written.

    Raises:
        NotPermitted: a list of single customers, or the budget left is too small.
        InvalidPlan, MissingData, NoRows, UnknownName: the figures cannot be had, or not with noise.
        StorageError: the disk refuses.
    """
    started = time.perf_counter()
    plan = request.plan
    if "customer" in plan.dimensions or "order" in plan.dimensions:
        raise NotPermitted("A report to share holds groups, not single customers or orders",
                           received=", ".join(plan.dimensions), nearest=["Export the revenue by country with noise"])
    if request.noise:
        result = _noisy(snapshot, request, options, budget, request.epsilon or epsilon, author)
    else:
        result = _plain(snapshot, request, options)
    table = result.table("report")
    path = write_table(folder, result.title, [c.label for c in table.columns], table.rows)
    result.figures["file"] = Figure(value=path.name, unit="text", label="File", source=Source(origin="evidence"))
    manifest = snapshot.manifest
    result.evidence = Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=manifest.id, source=manifest.source,
        synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=manifest.first_day, window_end=snapshot.as_of,
        rows_scanned=manifest.tables["order_lines"].rows, assumptions=result.evidence.assumptions,
        computed_at=datetime.now(UTC), milliseconds=(time.perf_counter() - started) * 1000,
    )
    return result


# -- without noise -----------------------------------------------------------------------------------------------------


def _plain(snapshot: Snapshot, request: ReportRequest, options: QueryOptions) -> Result:
    from assistant.query.engine import run_query

    answer = run_query(snapshot, request.plan, options=options)
    table = answer.table("result")
    sizes = people_behind(snapshot, request.plan, options)
    shared = hide(table, row_sizes(table, request.plan, sizes))
    report = Table(id="report", title=answer.title, columns=table.columns, rows=shared.rows,
                   total_rows=len(shared.rows))
    figures = {
        "groups": _evidence("Groups", len(shared.rows) - shared.hidden), "hidden": _evidence("Hidden", shared.hidden),
        "smallest": Figure(value=SMALLEST, unit="count", label="Smallest group shown",
                           source=Source(origin="definition")),
    }
    result = Result(
        kind="report", title=answer.title, currency=snapshot.currency, tables=[report], figures=figures,
        words={"noise": "", "what": answer.title, "again": ""}, caveats=answer.caveats,
        followups=["How much of the privacy budget is left?"],
    )
    result.evidence.assumptions = [
        f"Groups of fewer than {SMALLEST} people are hidden, and the next smallest where one alone would be hidden. "
        "An order of a guest counts as one person.",
    ]
    return result


def _evidence(label: str, value: Any) -> Figure:
    return Figure(value=value, unit="count", label=label, source=Source(origin="evidence"))


# -- with noise --------------------------------------------------------------------------------------------------------


def _noisy(
    snapshot: Snapshot, request: ReportRequest, options: QueryOptions, budget: PrivacyBudget, epsilon: float,
    author: str,
) -> Result:
    plan = request.plan
    noise.check_metrics(plan.metrics)
    simple = QueryPlan(metrics=plan.metrics, dimensions=plan.dimensions, filter=plan.filter, period=plan.period)
    if not plan.dimensions or plan.compare is not None or plan.having or plan.transform is not None:
        raise InvalidPlan("With noise a report gives sums by groups, without comparisons and conditions on the groups",
                          received=reword(plan), nearest=["Export the revenue by country with noise"])
    noise.opendp()  # nothing is looked up where no noise could be added
    said = f"{snapshot.fingerprint}|{epsilon:g}|{options}|{simple.model_dump_json()}"
    key = hashlib.sha256(said.encode()).hexdigest()
    body, fresh = budget.release(key, reword(simple), epsilon, noise.DELTA, author,
                                 lambda: _made(snapshot, simple, options, epsilon))
    return _told(snapshot, simple, body, budget, fresh)


def _made(snapshot: Snapshot, plan: QueryPlan, options: QueryOptions, epsilon: float) -> dict[str, Any]:
    import numpy as np

    scope = Scope(snapshot, options)
    check(scope, (*plan.metrics, "customers"), (*plan.dimensions, "customer"), plan.filter)
    sums = [m for m in plan.metrics if m in noise.SUMMED]
    expression = grouped(scope, tuple(sums) or ("orders",), ("customer", *plan.dimensions), plan.filter,
                         scope.window(plan.period), labels=False)
    rows = [r for r in fetch(scope, expression) if r["customer"] is not None]
    groups = [_JOIN.join(_said(d, r[d]) for d in plan.dimensions) for r in rows]
    amounts = {m: np.array([float(r[m] or 0.0) for r in rows]) for m in sums}
    times = any(dimension(d).role == "time" for d in plan.dimensions)
    most = 1 if set(plan.dimensions) <= OF_PEOPLE else MOST_TIMES if times else MOST_THINGS
    made = noise.noisy_report([r["customer"] for r in rows], groups, amounts, epsilon, most)
    return {"most_groups": most, **asdict(made)}


def _said(name: str, value: Any) -> str:
    decode = dimension(name).decode
    shown = decode(value) if decode is not None and value is not None else value
    return shown.isoformat() if isinstance(shown, date) else "unknown" if shown is None else str(shown)


def _told(snapshot: Snapshot, plan: QueryPlan, body: dict[str, Any], budget: PrivacyBudget, fresh: bool) -> Result:
    found = body["metrics"]
    names = [m for m in plan.metrics if m in found] or ["customers"]
    names += [] if "customers" in names else ["customers"]
    label = " and ".join(dimension(d).label for d in plan.dimensions)
    columns = [Column(name="group", label=label)]
    columns += [Column(name=m, label=f"{metric(m).label}, with noise", unit=metric(m).unit) for m in names]
    rows = [[g, *(found[m]["values"][g] for m in names)] for g in body["groups"]]
    rows.sort(key=lambda r: -r[1])
    title = f"{metric(names[0]).label} by {label}, with noise"
    title = title[:1].upper() + title[1:]
    report = Table(id="report", title=title, columns=columns, rows=rows, total_rows=len(rows))
    spread = Table(id="noise", title="How much noise", columns=[
        Column(name="metric", label="Figure"),
        Column(name="within", label="Noise, 19 times of 20 at most", unit="number"),
        Column(name="cap", label="Counted per customer and group at most", unit="number")],
        rows=[[metric(m).label, found[m]["within"], found[m]["cap"]] for m in names], total_rows=len(names))
    figures = {
        "groups": _evidence("Groups", len(rows)), "most_groups": _evidence("Groups per customer", body["most_groups"]),
        "epsilon": Figure(value=body["epsilon"], unit="number", label="Epsilon", source=Source(origin="plan")),
        "delta": Figure(value=f"{body['delta']:g}", unit="text", label="Delta", source=Source(origin="definition")),
        **budget_figures(budget),
    }
    unit = "currency" if metric(names[0]).unit == "currency" else "number"
    figures |= {name: spread.figure(0, name).model_copy(update={"unit": unit}) for name in ("within", "cap")}
    result = Result(
        kind="report", title=title, currency=snapshot.currency, tables=[report, spread], figures=figures,
        headline=["epsilon", "left"], words={"noise": "yes", "what": title, "again": "" if fresh else "yes"},
        charts=[Chart(kind="bar", table="report", x="group", y=[names[0]], title=title)] if len(rows) > 1 else [],
        caveats=[Caveat(code="noise_added")], followups=["How much of the privacy budget is left?"],
    )
    result.evidence.assumptions = [
        "Laplace noise (OpenDP): the report would come out nearly as likely if any one customer were not in the data; "
        f"epsilon {body['epsilon']:g}, delta {body['delta']:g}.",
        f"Each customer counts in at most {body['most_groups']} of the groups and with a capped amount; guests are "
        "left out, because nobody knows which orders are of one person.",
        "A group is shown only if its noisy number of customers passes a threshold.",
    ]
    return result


def budget_figures(budget: PrivacyBudget) -> dict[str, Figure]:
    """Epsilon of the year, used and left."""
    spent = budget.spent()
    source = Source(origin="evidence")
    return {"budget": Figure(value=budget.total, unit="number", label="Budget of the year", source=source),
            "spent": Figure(value=round(spent, 6), unit="number", label="Used", source=source),
            "left": Figure(value=round(max(budget.total - spent, 0.0), 6), unit="number", label="Budget left",
                           source=source)}
