"""Invented customers for the tests of a rule: copied from real ones without their names and numbers, then changed in
one respect; and a shop in memory that holds nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assistant.data.schema import TABLES

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: tables with rows of one customer
OWN = ("customers", "orders", "order_lines", "contacts", "touches", "responses")
#: what is kept of a customer beside what the rule reads: nothing that names anybody
_PERSONAL = {"customers": ("birth_year", "gender"), "contacts": ("address",)}
_CENT = Decimal("0.01")
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Person:
    """One invented customer.

    Attributes:
        rows: canonical rows by table; never changed in place.
        groups: model-made groups (by the condition as JSON) that the customer is in.
        predicted: what is predicted, by attribute.
    """

    rows: Rows
    groups: frozenset[str] = frozenset()
    predicted: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def sales(self) -> list[dict[str, Any]]:
        return [line for line in self.rows["order_lines"] if line["line_type"] == "sale"]

    def with_rows(self, **tables: list[dict[str, Any]]) -> Person:
        return replace(self, rows=self.rows | tables)

    # -- changes in one respect ----------------------------------------------------------------------------------

    def without(self, lines: Iterable[str]) -> Person:
        """Without these lines."""
        gone = set(lines)
        return self.with_rows(order_lines=[li for li in self.rows["order_lines"] if li["line_id"] not in gone])

    def moved(self, orders: Iterable[str], moment: datetime) -> Person:
        """These orders placed at another moment."""
        which = set(orders)
        return self.with_rows(**{
            table: [r | {"ordered_at": moment} if r["order_id"] in which else r for r in self.rows[table]]
            for table in ("orders", "order_lines")
        })

    def shifted(self, days: int) -> Person:
        """Everything bought so many days later."""
        step = timedelta(days=days)
        return self.with_rows(**{
            table: [r | {"ordered_at": r["ordered_at"] + step} for r in self.rows[table]]
            for table in ("orders", "order_lines")
        })

    def again(self, order: str, name: str, moment: datetime | None = None) -> Person:
        """One order placed a second time, under another number."""
        added = {
            table: [
                r | {"order_id": name, "ordered_at": moment or r["ordered_at"]}
                | ({"line_id": f"{name}-{i}"} if table == "order_lines" else {})
                for i, r in enumerate(self.rows[table])
                if r["order_id"] == order and r.get("line_type", "sale") == "sale"
            ]
            for table in ("orders", "order_lines")
        }
        return self.with_rows(**{table: [*self.rows[table], *rows] for table, rows in added.items()})

    def worth(self, lines: Sequence[str], total: Decimal) -> Person:
        """These lines bring this much together, to the cent; each at least one cent."""
        which = [li for li in self.rows["order_lines"] if li["line_id"] in set(lines)]
        now = sum((Decimal(str(li["amount"])) for li in which), Decimal(0))
        if not which or now <= 0 or total < _CENT * len(which):
            return self
        parts = [max((Decimal(str(li["amount"])) * total / now).quantize(_CENT), _CENT) for li in which]
        parts[-1] += total - sum(parts, Decimal(0))
        amounts = dict(zip((li["line_id"] for li in which), parts, strict=True))
        return self.with_rows(order_lines=[
            li | {"amount": amounts[li["line_id"]]} if li["line_id"] in amounts else li
            for li in self.rows["order_lines"]
        ])

    def of_goods(self, lines: Iterable[str], template: Mapping[str, Any]) -> Person:
        """These lines sold another thing, in another place or channel, for the same money."""
        which = set(lines)
        goods = {k: template[k] for k in ("product_id", "country", "channel") if k in template}
        place = {k: v for k, v in goods.items() if k != "product_id"}
        touched = {li["order_id"] for li in self.rows["order_lines"] if li["line_id"] in which}
        return self.with_rows(
            order_lines=[li | goods if li["line_id"] in which else li for li in self.rows["order_lines"]],
            orders=[o | place if o["order_id"] in touched else o for o in self.rows["orders"]],
        )

    def for_nothing(self, lines: Iterable[str]) -> Person:
        """These lines were given away."""
        which = set(lines)
        return self.with_rows(order_lines=[
            li | {"amount": Decimal(0)} if li["line_id"] in which else li for li in self.rows["order_lines"]
        ])

    def units(self, lines: Sequence[str], total: int | None) -> Person:
        """These lines hold so many units together; None: nobody knows how many."""
        which = [li for li in self.rows["order_lines"] if li["line_id"] in set(lines)]
        if not which or (total is not None and total < len(which)):
            return self
        counts: dict[str, int | None] = {li["line_id"]: None if total is None else 1 for li in which}
        if total is not None:
            counts[which[-1]["line_id"]] = total - len(which) + 1
        return self.with_rows(order_lines=[
            li | {"quantity": counts[li["line_id"]]} if li["line_id"] in counts else li
            for li in self.rows["order_lines"]
        ])

    def sent_back(self) -> Person:
        """Everything bought was returned a day later."""
        returned = [
            li | {"line_id": f"{li['line_id']}-r", "order_id": f"{li['order_id']}-r", "line_type": "return",
                  "ordered_at": li["ordered_at"] + timedelta(days=1), "amount": -Decimal(str(li["amount"])),
                  "quantity": None if li["quantity"] is None else -li["quantity"]}
            for li in self.sales
        ]
        return self.with_rows(order_lines=[*self.rows["order_lines"], *returned])

    def never_bought(self) -> Person:
        return self.with_rows(orders=[], order_lines=[], responses=[])

    def being(self, table: str, column: str, value: Any) -> Person:
        """Another value of an attribute."""
        return self.with_rows(**{table: [r | {column: value} for r in self.rows[table]]})

    def expecting(self, attribute: str, value: float | None) -> Person:
        return replace(self, predicted={**self.predicted, attribute: value})

    def in_group(self, key: str, member: bool) -> Person:
        return replace(self, groups=self.groups | {key} if member else self.groups - {key})


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12))


def copied(snapshot: Snapshot, customer_ids: Sequence[str], tables: Iterable[str] = OWN) -> dict[str, Person]:
    """Real customers' rows, without what names them; only of these tables, customers and orders always."""
    found: dict[str, Rows] = {c: {table: [] for table in OWN} for c in customer_ids}
    for table in OWN:
        kept_always = table in {"customers", "orders", "order_lines"}
        if not snapshot.has(table, "customer_id") or not (kept_always or table in set(tables)):
            continue
        rows = snapshot.table(table)
        for row in snapshot.execute(rows.filter(rows.customer_id.isin(list(customer_ids)))).to_pylist():
            kept = {k: None if k in _PERSONAL.get(table, ()) else v for k, v in row.items()}
            if table == "contacts" and row.get("address") is not None:
                kept["address"] = "on file"
            found[row["customer_id"]][table].append(kept)
    for customer, rows_of in found.items():
        if not rows_of["customers"]:
            rows_of["customers"] = [{"customer_id": customer}]
        rows_of["order_lines"].sort(key=lambda r: (r["ordered_at"], r["line_id"]))
    return {c: Person(rows) for c, rows in found.items()}


def named(person: Person, name: str) -> Rows:
    """The rows under an invented customer's number, with order numbers of its own."""
    def renamed(row: dict[str, Any]) -> dict[str, Any]:
        row = row | {"customer_id": name}
        return row | {k: f"{name}-{row[k]}" for k in ("order_id", "line_id") if row.get(k) is not None}

    return {table: [renamed(r) for r in rows] for table, rows in person.rows.items()}


def shop_of_people(rows: Rows, shared: Rows, like: Snapshot, groups: Any, predicted: Any) -> Snapshot:
    """A shop in memory with these rows and nobody else, seen from the same day.

    Args:
        rows: of customers; ``shared``: of products and campaigns.
        like: where the columns, their types and the dates come from.
    """
    import ibis
    import pyarrow as pa

    from assistant.data.warehouse import Snapshot as View

    con = ibis.duckdb.connect()
    known = [t for t in TABLES if t in like.manifest.tables]  # a snapshot may be older than a table of the data model
    held = {**{t: [] for t in known}, **shared, **rows}
    for table in known:
        schema = like.table(table).schema()
        frame = [{name: row.get(name) for name in schema.names} for row in held[table]]
        con.create_table(table, pa.Table.from_pylist(frame, schema=schema.to_pyarrow()))
    digest = hashlib.sha256(repr(sorted((t, len(r), repr(r)) for t, r in held.items())).encode()).hexdigest()[:16]
    tables = {
        name: info.model_copy(update={"rows": max(info.rows and 1, len(held.get(name, ())))})
        for name, info in like.manifest.tables.items()
    }
    manifest = like.manifest.model_copy(update={"id": f"boundary-{digest}", "fingerprint": digest, "tables": tables})
    return View(con, manifest, like.as_of, groups, predicted, declared=like.declared)
