"""Taking back the latest change of a meaning or a saved segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.plans.agreements import TakeBackRequest
from assistant.query.agreed.counting import affected_table, evidence
from assistant.query.agreed.in_force import InForce
from assistant.query.agreed.store import Entry
from assistant.query.agreed.terms import affected_by
from assistant.results import Column, Result, Table

if TYPE_CHECKING:
    from assistant.query.agreed.agreements import Agreements


def undo(agreed: Agreements, request: TakeBackRequest) -> Result:
    """Take back the latest change that stands.

    Returns:
        Result of kind ``undone``. Tables: ``entries`` (what, name, was, is), ``affected``.

    Raises:
        NoRows: there is nothing to take back.
    """
    before = agreed.in_force()
    kind = None if request.of == "any" else request.of
    name = request.name
    if name is not None and kind != "segment":
        known = before.definitions.find(name)
        name = known.term if known is not None and not known.assumed else name
    taken, made = agreed.store.undo(agreed.author, kind, name)
    agreed.forget_read()
    now = agreed.in_force()
    rows: list[list[Any]] = [
        ["change", _category_change(e, old), "made", "taken back"] if e.kind == "category" else
        [e.kind, e.name, _words(old, before), _words(e, now)]
        for old, e in zip(made.before, made.after, strict=True)
    ]
    table = Table(
        id="entries", title="What was taken back", rows=rows, total_rows=len(rows),
        columns=[Column(name="what", label="what"), Column(name="name", label="name"),
                 Column(name="was", label="was"), Column(name="is", label="is now")],
    )
    changed = {e.key for e in made.after if e.kind == "definition"}
    altered = affected_by(agreed, changed, before, now) if changed else []
    return Result(
        kind="undone", title="Taken back", tables=[table, affected_table(altered)],
        words={"change": taken.what, "author": taken.author},
        evidence=evidence(agreed.snapshot, request,
                          [d for e in made.after if e.kind == "definition" for d in now.definitions.used(e.name)]),
        followups=["Which definitions do we use?" if changed else "Show the categories"
                   if any(e.kind == "category" for e in made.after) else "Which segments have we saved?"],
    )


def _category_change(entry: Entry, before: Entry | None) -> str:
    """What a change of categories did, as it was recorded."""
    body = (before.body if before is not None else None) or entry.body or {}
    return str(body.get("said") or body.get("words") or entry.name)


def _words(entry: Entry | None, in_force: InForce) -> str:
    """A version in words; where a meaning was given up, the built-in one that takes its place."""
    if entry is not None and entry.body is not None:
        if entry.kind == "definition":
            return str(entry.body["meaning"])
        return f"customers where {entry.body['words']}"
    builtin = None if entry is None or entry.kind != "definition" else in_force.definitions.find(entry.name)
    return "not there" if builtin is None else f"the built-in assumption: {builtin.meaning}"
