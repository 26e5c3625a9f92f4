"""What can be asked of the loaded data: metrics, dimensions, what is there and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.data.schema import TABLES
from assistant.plans.requests import DataRequest
from assistant.plans.shop import Term
from assistant.query.compile import fact_of
from assistant.query.dimensions import DIMENSIONS, offered_dimensions
from assistant.query.facts import FACTS, missing
from assistant.query.metrics import METRICS, base_metrics, offered_metrics
from assistant.query.present import evidence_figure
from assistant.results import Caveat, Column, Evidence, Result, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: what became of the rows that a rule of cleaning found
LEFT_OUT, KEPT_APART, TIDIED = "left out", "kept apart", "tidied"
#: facts that say how things stand now
_OF_NOW = frozenset({"products", "contacts", "campaigns"})
_TABLE_WORDS = {
    "customers": "customers",
    "products": "products in the catalogue",
    "orders": "order documents, with returns and cancellations",
    "order_lines": "order lines",
    "contacts": "contacts with consents",
    "campaigns": "past campaigns",
    "touches": "campaign messages",
    "responses": "campaign responses",
    "events": "visits and baskets of the web shop, event by event",
    "birthdays": "days and months of birth, for greetings",
    "quarantine": "rows left out",
}


def metric_missing(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    """``table.column`` that the loaded data lack for a metric; empty when it can be computed."""
    absent = [m for b in base_metrics(name) for m in missing(snapshot, fact_of(b), b.columns)]
    return tuple(dict.fromkeys(absent))


def dimension_missing(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    """``table.column`` that the loaded data lack for a dimension on every fact that offers it."""
    columns = DIMENSIONS[name].columns
    lacks = [missing(snapshot, f, columns) for f in FACTS.values() if set(columns) <= set(f.columns)]
    return () if any(not x for x in lacks) or not lacks else lacks[0]


def metric_terms(snapshot: Snapshot) -> list[Term]:
    """All metrics with their words, and whether the loaded data allow them."""
    terms = []
    for name in offered_metrics():
        absent = metric_missing(snapshot, name)
        found = METRICS[name]
        of_now = found.grain in _OF_NOW
        terms.append(Term(name, found.label, found.words, found.unit, not absent, absent, found.additive, of_now))
    return terms


def dimension_terms(snapshot: Snapshot) -> list[Term]:
    """All dimensions with their words, and whether the loaded data allow them; filter-only fields come last."""
    names = [*offered_dimensions(), *(n for n, d in DIMENSIONS.items() if d.role == "filter")]
    terms = []
    for name in names:
        absent = dimension_missing(snapshot, name)
        found = DIMENSIONS[name]
        terms.append(Term(name, found.label, found.words, found.unit, not absent, absent))
    return terms


def describe_data(snapshot: Snapshot) -> Result:
    """What data are loaded.

    Returns:
        Result of kind ``data_overview``. Tables: ``tables`` (rows and filled columns of each), ``exclusions`` (every
        quality rule with its count and what became of the rows), ``steps`` (rows after each step of cleaning),
        ``missing`` (columns the data lack and what they would allow). Figures: ``orders``, ``order_lines``,
        ``customers``, ``products`` (0 where there are none), ``first_day``, ``last_day``, ``rows_read``, ``left_out``,
        ``kept_apart``, ``tidied``, ``metrics``, ``dimensions``.
    """
    manifest = snapshot.manifest
    tables = _tables(snapshot)
    figures = {}
    for i, row in enumerate(tables.rows):
        figures[str(row[0])] = tables.figure(i, "rows", str(row[1]))
    for name in TABLES:
        figures.setdefault(name, evidence_figure(0, "count", _TABLE_WORDS[name]))
    figures["first_day"] = evidence_figure(manifest.first_day.isoformat(), "date", "first day")
    figures["last_day"] = evidence_figure(snapshot.as_of.isoformat(), "date", "last day")
    excluded, steps = _exclusions(snapshot), _steps(snapshot)
    for fate in (LEFT_OUT, KEPT_APART, TIDIED):
        rows = sum(int(row[2]) for row in excluded.rows if row[4] == fate)
        figures[fate.replace(" ", "_")] = evidence_figure(rows, "count", f"rows {fate}")
    figures["rows_read"] = evidence_figure(manifest.quality.rows_read, "count", "rows read from the source")
    metrics = [t for t in metric_terms(snapshot) if t.available]
    dims = [t for t in dimension_terms(snapshot) if t.available and DIMENSIONS[t.name].role != "filter"]
    figures["metrics"] = evidence_figure(len(metrics), "count", "metrics that can be asked for")
    figures["dimensions"] = evidence_figure(len(dims), "count", "ways to split them")
    absent = _missing(snapshot)
    return Result(
        kind="data_overview",
        title=f"Data of {manifest.name}",
        currency=manifest.currency,
        figures=figures,
        headline=["orders", "customers", "products"],
        tables=[tables, absent, excluded, steps],
        words={
            "name": manifest.name,
            "source": manifest.source,
            "fates": ",".join(dict.fromkeys(str(row[4]) for row in excluded.rows)),
            "metrics": ", ".join(t.label for t in metrics[:8]),
            "dimensions": ", ".join(t.label for t in dims[5:13]),
        },
        details={"metrics": [t.name for t in metrics], "dimensions": [t.name for t in dims]},
        caveats=[Caveat(code="synthetic")] if manifest.synthetic else [],
        evidence=Evidence(
            plan=DataRequest().model_dump(mode="json"),
            plan_words="what data are loaded",
            snapshot=manifest.id,
            source=manifest.source,
            synthetic=manifest.synthetic,
            as_of=snapshot.as_of,
            window_start=manifest.first_day,
            window_end=snapshot.as_of,
            computed_at=datetime.now(UTC),
        ),
        followups=["How much did we sell last month?", "Revenue by month", "Top 10 products by revenue"],
    )


def _tables(snapshot: Snapshot) -> Table:
    rows = []
    for name, info in snapshot.manifest.tables.items():
        if info.rows and name != "quarantine":
            rows.append([name, _TABLE_WORDS.get(name, name), info.rows, ", ".join(info.filled)])
    columns = [
        Column(name="table", label="table"),
        Column(name="what", label="what"),
        Column(name="rows", label="rows", unit="count"),
        Column(name="columns", label="columns filled"),
    ]
    return Table(id="tables", title="Tables", columns=columns, rows=rows, total_rows=len(rows))


def _exclusions(snapshot: Snapshot) -> Table:
    rows: list[list] = []
    for rule in snapshot.manifest.quality.exclusions:
        if rule.count:
            fate = LEFT_OUT if rule.kept_as is None else TIDIED if rule.kept_as == "sale" else KEPT_APART
            rows.append([rule.rule, rule.reason, rule.count, (rule.kept_as or "").replace("_", " "), fate])
    columns = [
        Column(name="rule", label="rule"),
        Column(name="reason", label="reason"),
        Column(name="count", label="rows", unit="count"),
        Column(name="kept_as", label="kept as"),
        Column(name="fate", label="what became of them"),
    ]
    return Table(id="exclusions", title="What cleaning did", columns=columns, rows=rows, total_rows=len(rows))


def _steps(snapshot: Snapshot) -> Table:
    rows: list[list] = [[s.step, s.rows] for s in snapshot.manifest.quality.steps]
    columns = [Column(name="step", label="after this step"), Column(name="rows", label="rows", unit="count")]
    return Table(id="steps", title="Rows after each step of cleaning", columns=columns, rows=rows, total_rows=len(rows))


def _missing(snapshot: Snapshot) -> Table:
    """Each missing column with the metrics and dimensions it would allow."""
    allows: dict[str, list[str]] = {}
    for term in (*metric_terms(snapshot), *dimension_terms(snapshot)):
        for column in term.missing:
            labels = allows.setdefault(column, [])
            if term.label not in labels:
                labels.append(term.label)
    if not snapshot.has("contacts", "consent"):
        allows["contacts"] = ["who may be mailed"]
    rows = [[column, ", ".join(labels)] for column, labels in sorted(allows.items())]
    columns = [Column(name="column", label="missing"), Column(name="allows", label="would allow")]
    return Table(
        id="missing", title="Missing, and what it would allow", columns=columns, rows=rows, total_rows=len(rows)
    )
