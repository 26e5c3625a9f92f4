"""Columns that do not come from the loaded data, shown as part of a canonical table: proposed categories of products.

The rows lie in a database in memory beside the snapshot's file, which stays as it was loaded. Every reader sees the
columns through :meth:`Snapshot.table`, :meth:`Snapshot.has` and :meth:`Snapshot.require`; :attr:`Snapshot.added` says
where they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: name under which the database in memory is attached
_BESIDE = "beside"


@dataclass(frozen=True)
class AddedColumns:
    """Columns for one table.

    Attributes:
        table: canonical table; ``key`` its id column.
        columns: canonical columns that the loaded data leave empty.
        rows: one tuple per id: the id, then a value (or None) for each column.
        fingerprint: changes with the rows.
        origin: where they come from, in words.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str | None, ...]]
    fingerprint: str
    origin: str


def with_added(snapshot: Snapshot, added: AddedColumns) -> Snapshot:
    """The snapshot with the columns in its table. Columns that the data fill themselves are never covered.

    Raises:
        ValueError: a column is filled by the loaded data.
    """
    covered = [c for c in added.columns if snapshot.has(added.table, c)]
    if covered:
        raise ValueError(f"the loaded data fill {', '.join(covered)} of {added.table} themselves")
    beside = _stored(snapshot, added)
    table = snapshot.table(added.table)
    order = table.columns
    joined = table.drop(*added.columns).left_join(beside, added.key).drop(f"{added.key}_right").select(*order)
    info = snapshot.manifest.tables[added.table]
    filled = [*info.filled, *(c for i, c in enumerate(added.columns, 1) if any(row[i] for row in added.rows))]
    manifest = snapshot.manifest.model_copy(update={
        "tables": {**snapshot.manifest.tables, added.table: info.model_copy(update={"filled": filled})},
        "fingerprint": f"{snapshot.manifest.fingerprint}+{added.fingerprint}",
    })
    return replace(
        snapshot, manifest=manifest, replaced={**snapshot.replaced, added.table: joined},
        added={**snapshot.added, **{f"{added.table}.{c}": added.origin for c in added.columns}},
    )


def _stored(snapshot: Snapshot, added: AddedColumns) -> Any:
    """The rows as a table of the engine, written once for each fingerprint."""
    import pyarrow as pa

    columns = [added.key, *added.columns]
    arrays = [pa.array([row[i] for row in added.rows], type=pa.string()) for i in range(len(columns))]
    return table_beside(snapshot, f"{added.table}_{added.fingerprint}", pa.table(dict(zip(columns, arrays,
                                                                                          strict=True))))


def table_beside(snapshot: Snapshot, name: str, rows: Any) -> Any:
    """Rows (an Arrow table) as a table of the engine in memory beside the snapshot, written once for each name."""
    with snapshot.connection_lock:
        con = snapshot.con.con
        con.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {_BESIDE} (READ_WRITE)")
        con.register("added_rows", rows)
        try:
            con.execute(f'CREATE TABLE IF NOT EXISTS {_BESIDE}.main."{name}" AS SELECT * FROM added_rows')
        finally:
            con.unregister("added_rows")
        return snapshot.con.table(name, database=(_BESIDE, "main"))
