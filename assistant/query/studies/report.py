"""What all studies share: the lines they read, and the envelope of their results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.plans.reword import phrase, reword
from assistant.plans.studies import StudyRequest
from assistant.query.compile import Scope
from assistant.query.facts import LINES, widen
from assistant.query.filters import columns_of, predicate
from assistant.query.periods import ResolvedPeriod, day_range
from assistant.query.present import evidence_figure
from assistant.query.spoken import speak, speak_period
from assistant.results import Caveat, Chart, DefinitionUsed, Evidence, Figure, Result, Table

if TYPE_CHECKING:
    import ibis

#: a rate from fewer customers than this is not concluded from
SMALL_SAMPLE = 30


def known_lines(
    scope: Scope, columns: Iterable[str], condition: Filter | None, window: tuple[Any, Any] | None = None
) -> ibis.Table:
    """Product sale lines of known customers that fulfil the filter, with the wide columns asked for."""
    wanted = sorted({"customer_id", "order_id", "line_type", "at", *columns, *columns_of(condition, LINES)})
    rows = widen(scope.snapshot, LINES, wanted, window)
    rows = rows.filter((rows.line_type == "sale") & rows.customer_id.notnull())
    return rows if condition is None else rows.filter(predicate(scope, condition, rows))


def nothing(scope: Scope, study: Any) -> NoRows:
    """Nobody matches: what was looked for, and the study without its filter and period."""
    fields = {name: None for name in ("filter", "period") if getattr(study, name, None) is not None}
    wider = [reword(StudyRequest(study=study.model_copy(update=fields)))] if fields else []
    manifest = scope.snapshot.manifest
    return NoRows(
        f"Nothing in the data matches: {reword(StudyRequest(study=study))}",
        valid=(f"data from {day_range(manifest.first_day, scope.snapshot.as_of)}",),
        nearest=wider,
    )


def time_caveats(scope: Scope, *periods: ResolvedPeriod | None) -> list[Caveat]:
    """Periods that the data cover only in part, and a made-up shop."""
    last = evidence_figure(scope.snapshot.as_of.isoformat(), "date", "last day of the data")
    first = evidence_figure(scope.snapshot.manifest.first_day.isoformat(), "date", "first day of the data")
    found = []
    for period in periods:
        if period is None or period.shape == "all":
            continue
        if period.ends_early:
            found.append(Caveat(code="incomplete_period", figures={"last_day": last}, words={"period": period.label}))
        if period.starts_late:
            found.append(Caveat(code="starts_late", figures={"first_day": first}, words={"period": period.label}))
    return found


def guests_left_out(scope: Scope, window: tuple[Any, Any] | None = None) -> list[Caveat]:
    """Sales of guests, which no study of customers can count."""
    from assistant.query.compile import grouped
    from assistant.query.rows import fetch

    if not scope.snapshot.has("order_lines", "customer_id"):
        return []
    row = fetch(scope, grouped(scope, ("guest_revenue", "gross_revenue"), (), None, window))[0]
    if not row["guest_revenue"] or not row["gross_revenue"]:
        return []
    share = row["guest_revenue"] / row["gross_revenue"] * 100
    figures = {
        "share": evidence_figure(share, "percent", "share of product sales from guests"),
        "amount": evidence_figure(row["guest_revenue"], "currency", "product sales from guests"),
    }
    return [Caveat(code="guests_excluded", figures=figures)]


def report(
    scope: Scope,
    study: Any,
    title: str,
    *,
    figures: dict[str, Figure],
    headline: Sequence[str],
    tables: Sequence[Table],
    charts: Sequence[Chart] = (),
    words: dict[str, str] | None = None,
    caveats: Sequence[Caveat] = (),
    definitions: Sequence[tuple[str, str]] = (),
    assumptions: Sequence[str] = (),
    expression: Any = None,
    period: ResolvedPeriod | None = None,
    followups: Sequence[str] = (),
) -> Result:
    """The result of a study with its evidence; ``words`` gain ``period`` and ``where``."""
    snapshot, manifest = scope.snapshot, scope.snapshot.manifest
    request = StudyRequest(study=study)
    covered = period if period is not None else scope.resolve(Period())
    result = Result(
        kind=study.study,
        title=title,
        currency=snapshot.currency,
        figures=figures,
        headline=[n for n in headline if n in figures and figures[n].value is not None],
        tables=list(tables),
        charts=list(charts),
        words={"where": "", **(words or {})},
        caveats=[*caveats, *([Caveat(code="synthetic")] if manifest.synthetic else [])],
        evidence=Evidence(
            plan=request.model_dump(mode="json"),
            plan_words=reword(request),
            sql=snapshot.sql(expression) if expression is not None else None,
            rows_scanned=manifest.tables["order_lines"].rows,
            snapshot=manifest.id,
            source=manifest.source,
            synthetic=manifest.synthetic,
            as_of=snapshot.as_of,
            window_start=covered.covered_start,
            window_end=covered.covered_end,
            definitions=[DefinitionUsed(term=term, meaning=meaning) for term, meaning in definitions],
            assumptions=list(assumptions),
            computed_at=datetime.now(UTC),
        ),
        followups=list(followups),
    )
    speak_period(result, "period", covered)
    if study.filter is not None:
        speak(result, "where", phrase(study.filter))
    return result
