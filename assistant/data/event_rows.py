"""Visits and baskets of a web shop as canonical events; lines of checkouts that were left become events as well."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assistant.data.counts import number_of
from assistant.data.dates import date_facts, moment
from assistant.data.mapping import TableMapping
from assistant.data.presets import Rules
from assistant.data.schema import MONEY, TABLES
from assistant.data.values import identifier, number, number_facts, text
from assistant.data.workbench import SEQ, Workbench
from assistant.yaml_files import safe_load

if TYPE_CHECKING:
    import ibis

_IDS = ("basket_id", "customer_id", "product_id", "order_id")
_NUMBERS = {"quantity": "float64", "unit_price": MONEY}
_DATES = ("occurred_at", "completed_at")


@lru_cache(maxsize=1)
def _types() -> dict[str, tuple[str, ...]]:
    """Canonical type of an event → how exports call it, without case and punctuation."""
    raw = safe_load(files("assistant.data").joinpath("event_types.yaml").read_text(encoding="utf-8"))
    return {name: tuple(str(w) for w in words) for name, words in raw.items()}


def events(bench: Workbench, mappings: Sequence[TableMapping], rules: Rules) -> ibis.Table | None:
    """Canonical events of all tables that hold some, or None. What has no basket, no moment or another type (page
    views, scrolling …) is left out and counted in a warning."""
    import ibis

    own = [_of_table(bench, m, rules) for m in mappings if m.role == "events"]
    if not own:
        return None
    every = bench.keep("events_read", own[0] if len(own) == 1 else ibis.union(*own))
    kept = every.filter(every.basket_id.notnull() & every.occurred_at.notnull() & every.event_type.notnull())
    counts = {n: bench.one(t.aggregate(n=t.count()))["n"] for n, t in (("read", every), ("kept", kept))}
    left = counts["read"] - counts["kept"]
    if left:
        bench.warn(
            f"{number_of(left, 'event was', 'events were')} left out: without a basket, without a readable time, or of "
            f"a type that is none of {', '.join(_types())}"
        )
    if not counts["kept"]:
        return None
    return kept.order_by(["occurred_at", "basket_id", "event_type", "product_id"])


def _of_table(bench: Workbench, mapping: TableMapping, rules: Rules) -> ibis.Table:
    import ibis

    raw = bench.con.table(mapping.raw.table)
    found = {t.split(".")[1]: mapping.raw.physical(h) for t, h in mapping.columns.items() if t.startswith("events.")}
    facts = number_facts(bench, raw, [c for n, c in found.items() if n in _NUMBERS])
    columns: dict[str, Any] = {}
    for name, physical in found.items():
        column = raw[physical]
        if name in _IDS:
            columns[name] = identifier(column)
        elif name in _DATES:
            columns[name] = moment(column, date_facts(bench, raw, physical, SEQ)).cast("timestamp")
        elif name in _NUMBERS:
            columns[name] = number(column, facts[physical], _NUMBERS[name])
        else:
            columns[name] = text(column)
    if "product_id" in columns and rules.unify_codes == "upper":
        columns["product_id"] = columns["product_id"].upper()
    if "quantity" in columns:
        columns["quantity"] = columns["quantity"].round().cast("int64")
    if rules.customer_from_email and "email" in columns:
        key = ibis.literal("E-") + columns["email"].lower().strip().hexdigest("sha256").substr(0, 16)
        columns["customer_id"] = ibis.coalesce(columns["customer_id"], key) if "customer_id" in columns else key
    table = raw.select(**columns)
    if "event_type" in columns:
        return _shaped(table.mutate(event_type=_canonical(table.event_type)))
    return _checkouts(table)


def _canonical(value: ibis.StringValue) -> ibis.StringValue:
    import ibis

    plain = value.lower().re_replace("[^a-z]", "")
    return ibis.cases(*((plain.isin(words), name) for name, words in _types().items()), else_=ibis.null("string"))


def _checkouts(table: ibis.Table) -> ibis.Table:
    """Rows of checkouts as events: each line was in a checkout; one that was completed made an order later."""
    import ibis

    started = _shaped(table.mutate(event_type=ibis.literal("checkout"), order_id=ibis.null("string")))
    if "completed_at" not in table.columns:
        return started
    done = table.filter(table.completed_at.notnull())
    return ibis.union(started, _shaped(done.mutate(event_type=ibis.literal("purchase"), occurred_at=done.completed_at)))


def _shaped(table: ibis.Table) -> ibis.Table:
    import ibis

    return table.select(**{
        s.name: table[s.name].cast(s.type) if s.name in table.columns else ibis.null(s.type) for s in TABLES["events"]
    })
