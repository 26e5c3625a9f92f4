"""Files or a database → a new snapshot: read, map, clean, derive, write aside, switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.data import derive
from assistant.data.birthdays import birthdays
from assistant.data.cleaning import Cleaned, clean, unified_codes
from assistant.data.connections import redact
from assistant.data.counts import number_of
from assistant.data.currencies import Currency, decide
from assistant.data.event_rows import events
from assistant.data.manifest import Manifest, QualityReport
from assistant.data.mapping import TableMapping, labels, map_tables, missing_columns, proposals, save_mappings
from assistant.data.presets import Preset, general_rules, recognise
from assistant.data.presets import preset as preset_named
from assistant.data.readers import as_source, read_sources
from assistant.data.retention import prune_snapshots
from assistant.data.stage import stage
from assistant.data.targets import all_targets
from assistant.data.warehouse import write_snapshot
from assistant.data.workbench import RawTable, Workbench, open_workbench
from assistant.errors import EmptyData, MappingError
from assistant.plans.desk import LoadPreview, LoadSummary, Progress
from assistant.settings import Settings


def preview_load(
    paths: Sequence[Path | str],
    settings: Settings,
    preset: str | None = None,
    mapping: Mapping[str, str | None] | None = None,
) -> LoadPreview:
    """What a load would make of the sources; nothing is replaced.

    Args:
        paths: files, folders, archives or database URLs.
        preset: name of a known export; None: recognised from the headers.
        mapping: corrections, source column → target or None.

    Raises:
        DataError: unreadable or empty sources, an unknown preset, column or target.
    """
    with open_workbench(settings.snapshots_dir) as bench:
        tables = read_sources(paths, bench)
        chosen, mappings = _mapped(bench, tables, settings, preset, mapping, examples=True)
        ignored = [m.raw.name for m in mappings if m.role == "none"]
        if ignored and len(mappings) > 1:
            bench.warn(f"Not used: {', '.join(ignored)}")
        lines = [m for m in mappings if m.role == "lines"] or [m for m in mappings if m.role == "orders"]
        if bench.rejected:
            bench.warn(
                f"{len(bench.rejected):,} ragged rows will be quarantined, the first is row {bench.rejected[0].row}"
            )
        return LoadPreview(
            paths=tuple(Path(redact(str(p))) for p in paths),
            preset=chosen.name if chosen else None,
            columns=proposals(mappings),
            rows=sum(m.raw.rows for m in lines) or sum(t.rows for t in tables),
            missing=missing_columns(mappings),
            warnings=(*bench.warnings, *(chosen.warnings if chosen else ())),
            targets=tuple(sorted(all_targets())),
        )


def load(
    paths: Sequence[Path | str],
    settings: Settings,
    *,
    mapping: Mapping[str, str | None] | None = None,
    preset: str | None = None,
    name: str | None = None,
    currency: str | None = None,
    progress: Progress | None = None,
) -> LoadSummary:
    """Load sources into a new snapshot and switch to it. On any error the old snapshot stays current.

    Args:
        paths: files, folders, archives or database URLs.
        mapping: corrections to the proposed mapping, source column → target or None; saved for files alike.
        preset: name of a known export; None: recognised from the headers.
        name: name of the shop; default the name of the first source.
        currency: three-letter code; rows in other currencies are quarantined.
        progress: called with a phrase and the share done.

    Raises:
        DataError: unreadable or empty sources, required columns missing, several currencies.
        StorageError: the disk refuses.
    """
    say: Progress = progress or (lambda words, share: None)
    say("Reading", 0.0)
    with open_workbench(settings.snapshots_dir) as bench:
        tables = read_sources(paths, bench, say)
        chosen, mappings = _mapped(bench, tables, settings, preset, mapping)
        _require(mappings, tables)
        say("Cleaning", 0.4)
        content, quality, money = _prepare(bench, mappings, chosen, currency, say)
        say("Writing", 0.8)
        source = ", ".join(redact(str(as_source(p))) if "://" in str(as_source(p)) else Path(p).name for p in paths)
        manifest = write_snapshot(
            settings.snapshots_dir,
            content,
            engine=bench.con,
            source=source,
            name=name or Path(str(paths[0])).stem,
            currency=money.code,
            quality=quality,
            notes={**(chosen.notes if chosen else {}), **({"preset": chosen.name} if chosen else {})},
        )
        if mapping:
            save_mappings(settings.mappings_dir, mappings)
    prune_snapshots(settings.snapshots_dir)
    say("Done", 1.0)
    return summary_of(manifest)


def summary_of(manifest: Manifest) -> LoadSummary:
    """The summary of a snapshot's load, from its manifest."""
    return LoadSummary(
        snapshot=manifest.id,
        source=manifest.source,
        steps=tuple((s.step, s.rows) for s in manifest.quality.steps),
        exclusions=tuple((e.rule, e.reason, e.count) for e in manifest.quality.exclusions),
        warnings=tuple(manifest.quality.warnings),
        first_day=manifest.first_day.isoformat(),
        last_day=manifest.last_day.isoformat(),
    )


def _mapped(
    bench: Workbench,
    tables: list[RawTable],
    settings: Settings,
    preset: str | None,
    corrections: Mapping[str, str | None] | None,
    *,
    examples: bool = False,
) -> tuple[Preset | None, list[TableMapping]]:
    chosen = preset_named(preset) if preset else recognise([t.headers for t in tables])
    mappings = map_tables(
        bench, tables, preset=chosen, folder=settings.mappings_dir, corrections=corrections, examples=examples
    )
    return chosen, mappings


def _require(mappings: Sequence[TableMapping], tables: Sequence[RawTable]) -> None:
    """Raise :class:`MappingError` naming what is missing and what there is."""
    missing = missing_columns(mappings)
    if missing:
        raise MappingError(
            f"No column was found for {', '.join(missing)}",
            received=", ".join(t.name for t in tables),
            valid=[label for label, _, _ in labels(tables)],
            hint="Say which column it is with a mapping, source column to canonical column. "
            "A table of customers without orders, with a yes/no column, is added with: app.py table FILE",
        )


def _prepare(
    bench: Workbench, mappings: Sequence[TableMapping], chosen: Preset | None, currency: str | None, say: Progress
) -> tuple[dict[str, Any], QualityReport, Currency]:
    """Canonical tables as expressions over the workbench, the quality report and the currency."""
    rules = chosen.rules if chosen else general_rules()
    staged = stage(bench, mappings, rules)
    money = decide(bench, staged, currency, chosen.currency if chosen else None)
    say("Cleaning", 0.5)
    cleaned = clean(bench, staged, mappings, rules, money)
    sources = [m for m in mappings if m.role == ("lines" if staged.with_products else "orders")]
    lines = derive.order_lines(bench, cleaned.lines, mappings)
    if not cleaned.kept:
        worst = max(cleaned.exclusions, key=lambda e: e.count, default=None)
        why = f": {number_of(worst.count, 'row')} left out by '{worst.rule}' ({worst.reason})" if worst else ""
        raise EmptyData(f"No usable order line was found{why}", received=sources[0].raw.name)
    say("Deriving customers, products and orders", 0.65)
    content = _content(bench, lines, cleaned, mappings, sources, rules)
    _judge(bench, cleaned, staged.with_products, mappings, chosen, money)
    unified = unified_codes(bench, cleaned)
    quality = QualityReport(
        rows_read=staged.rows_read,
        steps=cleaned.steps,
        exclusions=[*cleaned.exclusions, *([unified] if unified else [])],
        warnings=list(bench.warnings),
        figures=cleaned.figures,
    )
    return content, quality, money


def _content(
    bench: Workbench,
    lines: Any,
    cleaned: Cleaned,
    mappings: Sequence[TableMapping],
    sources: Sequence[TableMapping],
    rules: Any,
) -> dict[str, Any]:
    tables: dict[str, Any] = {
        "customers": derive.customers(bench, lines, mappings),
        "products": derive.products(bench, lines, mappings, rules),
        "orders": derive.orders(lines),
        "contacts": derive.contacts(bench, lines, mappings),
        **{role: derive.simple(bench, mappings, role) for role in ("campaigns", "touches", "responses")},
        "events": events(bench, mappings, rules),
        "birthdays": birthdays(bench, mappings),
    }
    content: dict[str, Any] = {name: table for name, table in tables.items() if table is not None}
    content["order_lines"] = derive.canonical_lines(lines, with_codes=cleaned.coded > 0)
    content["quarantine"] = bench.keep("quarantined", derive.quarantine(bench, cleaned.lines, sources))
    for mapping in mappings:  # nothing reads the rows as they came any more: writing can have their memory
        if mapping.role in {"lines", "orders"}:
            bench.drop(mapping.raw.table)
    return content


def _judge(
    bench: Workbench,
    cleaned: Cleaned,
    with_products: bool,
    mappings: Sequence[TableMapping],
    chosen: Preset | None,
    money: Currency,
) -> None:
    """Warnings a marketer should see."""
    for words in chosen.warnings if chosen else ():
        bench.warn(words)
    if not with_products:
        bench.warn("The data hold whole orders without their products; questions about products cannot be answered")
    have = {t for m in mappings for t in m.columns}
    if with_products and "order_lines.order_id" not in have:
        bench.warn("There is no order id; lines of one customer at one moment were taken for one order")
    if not cleaned.with_customer:
        bench.warn("No order has a customer; questions about customers cannot be answered")
    if money.others:
        listed = ", ".join(f"{n:,} in {c}" for c, n in money.others.items())
        bench.warn(f"Amounts in other currencies than {money.code} were quarantined: {listed}")
    ignored = [m.raw.name for m in mappings if m.role == "none"]
    if ignored and len(mappings) > 1:
        bench.warn(f"Not used: {', '.join(ignored)}")
