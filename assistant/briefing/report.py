"""The answer to an open question: the chosen findings with their tables, evidence and next steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from assistant.briefing.choose import chosen
from assistant.briefing.finding import Finding, table_of
from assistant.briefing.scene import Scene
from assistant.plans.briefing import BriefingRequest
from assistant.plans.periods import Period
from assistant.plans.reword import phrase, reword
from assistant.query.dimensions import dimension
from assistant.query.present import evidence_figure
from assistant.query.spoken import speak, speak_period
from assistant.results import Caveat, Evidence, Figure, Result, Source, Table
from assistant.results.result import Scalar, Unit


def briefing_result(
    request: BriefingRequest, scene: Scene, found: Sequence[Finding], works: Callable[[str], bool]
) -> Result:
    """The findings that answer a request.

    Args:
        found: findings of (at least) the families that the request may show.
        works: whether a question can be planned and run; a next step that cannot is not shown.

    Returns:
        Result of kind ``briefing``. Tables: ``findings`` (one row each, most important first: title, what the amount
        is, amount, next step) and one per finding, named by its code; the main measures bring a second one, ``values``.
        ``details["findings"]`` holds code, tone and words of each. Words: ``focus``, ``period``, ``base``, ``where``.

    Raises:
        MissingData: what to reorder is asked, and the data hold no stock.
    """
    if request.focus == "reorder":
        scene.scope.snapshot.require("products", "stock", needed_for="Saying what to reorder")
    findings = chosen(found, request.focus, request.k, request.about)
    steps = {f.code: f.question if works(f.question) else "" for f in findings}
    result = Result(
        kind="briefing",
        title=reword(request)[:1].upper() + reword(request)[1:],
        currency=scene.scope.snapshot.currency,
        tables=[_overview(findings, steps), *(t for f in findings for t in (f.table, *f.more))],
        words={
            "focus": request.focus, "about": request.about or "",
            "about_label": dimension(request.about).label if request.about else "",
            "period": "", "base": "", "where": "", "compared": "",
        },
        details={"findings": [{"code": f.code, "tone": f.tone, "next": steps[f.code], **f.words} for f in findings]},
        caveats=_caveats(request, scene, findings),
        followups=list(dict.fromkeys(q for q in steps.values() if q)),
    )
    if scene.windows is not None:
        speak_period(result, "period", scene.windows.current)
        speak_period(result, "base", scene.windows.base)
        result.words["compared"] = "yes"
    speak_period(result, "year", scene.scope.resolve(Period(kind="absolute", start=scene.year[0], end=scene.year[1])))
    result.figures |= _figures(findings)
    if request.filter is not None:
        speak(result, "where", phrase(request.filter))
    result.evidence = _evidence(request, scene, findings)
    return result


def _figures(findings: list[Finding]) -> dict[str, Figure]:
    """What the sentences print beside cells: amounts, numbers of rows, and the change of each measure."""
    figures: dict[str, Figure] = {}
    for place, finding in enumerate(findings):
        code, table = finding.code, finding.table
        source = Source(table="findings", row=place, column="amount")
        if finding.size is not None:
            figures[f"{code}_amount"] = Figure(
                value=finding.size, unit="currency", label=f"{table.title}: {finding.sized_by}", source=source)
        counted = Source(table=code, derivation="number of rows", origin="derived")
        figures[f"{code}_count"] = Figure(value=table.total_rows, unit="count", label=table.title, source=counted)
        if code == "measures":
            for row in range(len(table.rows)):
                column = "change_pct" if table.cell(row, "change_points") is None else "change_points"
                figures[f"measure_{table.cell(row, 'key')}"] = table.figure(row, column)
    return figures


def _overview(findings: list[Finding], steps: dict[str, str]) -> Table:
    columns: list[tuple[str, str, Unit]] = [
        ("finding", "finding", "text"), ("about", "what the amount is", "text"), ("amount", "amount", "currency"),
        ("next", "next step", "text"),
    ]
    rows: list[list[Scalar]] = [[f.table.title, f.sized_by, f.size, steps[f.code]] for f in findings]
    return table_of("findings", "Findings", columns, rows)


def _caveats(request: BriefingRequest, scene: Scene, findings: list[Finding]) -> list[Caveat]:
    caveats = []
    if scene.windows is None:
        caveats.append(Caveat(code="briefing_short_history"))
    elif scene.windows.chosen:
        asked = scene.scope.resolve(request.period)
        if asked.ends_early:
            last = evidence_figure(scene.scope.snapshot.as_of.isoformat(), "date", "last day of the data")
            caveats.append(Caveat(code="incomplete_period", figures={"last_day": last}, words={"period": asked.label}))
            caveats.append(Caveat(code="like_with_like", words={
                "current": scene.windows.current.label, "base": scene.windows.base.label}))
    for finding in findings:
        caveats += [c for c in finding.caveats if c not in caveats]
    if scene.scope.snapshot.manifest.synthetic:
        caveats.append(Caveat(code="synthetic"))
    return caveats


def _evidence(request: BriefingRequest, scene: Scene, findings: list[Finding]) -> Evidence:
    snapshot = scene.scope.snapshot
    manifest = snapshot.manifest
    assumptions = [f"{f.table.title}: {f.method}." for f in findings]
    if scene.windows is not None and not scene.windows.chosen:
        assumptions.append("No period was named: the last weeks that are over are compared with as many before.")
    if len(findings) > 1:
        assumptions.append("Order: by money, brought to the same length of time.")
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request),
        sql=";\n\n".join(dict.fromkeys(f.sql for f in findings if f.sql)) or None,
        rows_scanned=manifest.tables["order_lines"].rows, snapshot=manifest.id, source=manifest.source,
        synthetic=manifest.synthetic, as_of=snapshot.as_of,
        window_start=scene.windows.base.covered_start if scene.windows else manifest.first_day,
        window_end=scene.windows.current.covered_end if scene.windows else snapshot.as_of,
        assumptions=assumptions, computed_at=datetime.now(UTC),
    )
