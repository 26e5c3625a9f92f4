"""Sizes of rules: on the analysis date and on earlier days, exactly, from the rule itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.reword import reword
from assistant.query.audience import customer_expression
from assistant.query.compile import Scope
from assistant.query.facts import population
from assistant.query.rows import fetch
from assistant.results import Column, DefinitionUsed, Evidence, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def size(snapshot: Snapshot, condition: Filter | None) -> int:
    """How many known customers meet a resolved rule; 0 where the data had not begun.

    Raises:
        UnknownName, MissingData, InvalidPlan, NotPermitted: see :func:`customer_expression`.
    """
    people = customer_expression(snapshot, condition)
    return int(fetch(Scope(snapshot), people.aggregate(n=people.count()))[0]["n"] or 0)


def size_on(snapshot: Snapshot, condition: Filter, day: date) -> int | None:
    """The size on an earlier day of the data; None before the data begin."""
    return None if day < snapshot.manifest.first_day else size(snapshot.at(day), condition)


def everyone(snapshot: Snapshot) -> int:
    """All known customers."""
    people = population(snapshot)
    return int(fetch(Scope(snapshot), people.aggregate(n=people.count()))[0]["n"])


@dataclass(frozen=True)
class Affected:
    """Something that a change of meaning alters. Sizes are None where the rule selects by data that are missing."""

    what: str
    name: str
    before: int | None
    after: int | None


def affected_table(found: Sequence[Affected]) -> Table:
    """What a change alters, with the sizes before and after it."""
    rows = [
        [a.what, a.name, a.before, a.after, None if a.before is None or a.after is None else a.after - a.before]
        for a in found
    ]
    columns = [
        Column(name="what", label="what"),
        Column(name="name", label="name"),
        Column(name="before", label="customers before", unit="count"),
        Column(name="after", label="customers now", unit="count"),
        Column(name="change", label="change", unit="count"),
    ]
    return Table(id="affected", title="What this changes", columns=columns, rows=rows, total_rows=len(rows))


def evidence(
    snapshot: Snapshot, request: PlanModel, cited: Sequence[DefinitionUsed] = (), assumptions: Sequence[str] = ()
) -> Evidence:
    """How a result about agreements was got."""
    manifest = snapshot.manifest
    return Evidence(
        plan=request.model_dump(mode="json", exclude_none=True), plan_words=reword(request), snapshot=manifest.id,
        source=manifest.source, synthetic=manifest.synthetic, as_of=snapshot.as_of, window_start=manifest.first_day,
        window_end=snapshot.as_of, rows_scanned=manifest.tables["order_lines"].rows, definitions=list(cited),
        assumptions=list(assumptions), computed_at=datetime.now(UTC),
    )
