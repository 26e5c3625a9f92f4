"""Canonical tables from cleaned lines and from the source's own tables of customers, products, contacts, campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assistant.data.dates import date_facts, moment
from assistant.data.mapping import TableMapping
from assistant.data.presets import Rules
from assistant.data.schema import MONEY, TABLES
from assistant.data.stage import content, fed_columns
from assistant.data.takebacks import counter_lines, refund_lines
from assistant.data.values import boolean, identifier, number, number_facts, text
from assistant.data.workbench import PART, ROW, SEQ, Workbench, rejected_rows

if TYPE_CHECKING:
    import ibis

#: types of lines that are about products
_GOODS = ("sale", "return", "cancellation")


def order_lines(bench: Workbench, typed: ibis.Table, tables: Sequence[TableMapping]) -> ibis.Table:
    """Kept lines, with counter-lines for orders taken back and refunds.

    Columns of products and persons stay on board for the tables derived from them; :func:`canonical_lines` drops them.
    """
    import ibis

    kept = typed.filter(typed.line_type.notnull())
    fed = fed_columns(tables)
    numbered = "line_id" in fed
    if numbered:
        facts = bench.one(
            kept.aggregate(ids=kept.line_id.count(), different=kept.line_id.nunique(), rows=kept.count())
        )
        if facts["ids"] > facts["different"]:
            bench.warn("The line ids of the source are not unique; lines were numbered anew")
        numbered = facts["ids"] == facts["different"] == facts["rows"]
    if not numbered:
        kept = kept.mutate(line_id=ibis.literal("L") + kept.source.cast("string") + "-" + kept.seq.cast("string"))
    if fed & {"status", "cancelled_at", "refunded"}:
        back = counter_lines(kept)
        kept = bench.keep("lines", ibis.union(kept.select(back.columns), back, refund_lines(kept).select(back.columns)))
    return kept.drop("broken").rename(quantity="units")


def canonical_lines(lines: ibis.Table, *, with_codes: bool) -> ibis.Table:
    """The canonical columns of order lines, and the product code as written where one was written otherwise."""
    written = {"x_code_as_written": lines.code_raw} if with_codes else {}
    return lines.select(*(s.name for s in TABLES["order_lines"]), **written)


def orders(lines: ibis.Table) -> ibis.Table:
    """One row per order: its first moment, customer, country; delivery from shipping lines where no column has it."""
    import ibis

    def has(kind: str) -> ibis.Value:
        return (lines.line_type == kind).any()

    charged = lines.amount.sum(where=lines.line_type == "shipping")
    taken_back = lines.amount.sum(where=lines.line_type.isin(["cancellation", "return"])).fill_null(0).cast("float64")
    sold = lines.amount.sum(where=lines.line_type == "sale").fill_null(0).cast("float64")
    gone = (sold + taken_back) <= 0.005
    status = ibis.cases(
        (~has("sale") & has("cancellation"), "cancelled"),
        (~has("sale") & has("return"), "returned"),
        (has("sale") & gone & has("cancellation"), "cancelled"),
        (has("sale") & gone & has("return"), "returned"),
        (~has("sale") & has("adjustment"), "adjustment"),
        ((lines.status.lower().max() == "pending"), "pending"),
        else_="completed",
    )
    return (
        lines.group_by("order_id")
        .aggregate(
            customer_id=lines.customer_id.max(),
            ordered_at=lines.ordered_at.min(),
            country=lines.country.max(),
            channel=lines.channel.max(),
            status=status,
            discount=lines.order_discount.max(),
            shipping=ibis.coalesce(lines.shipping.max(), charged).cast(MONEY),
        )
        .order_by("order_id")
    )


def customers(bench: Workbench, lines: ibis.Table, tables: Sequence[TableMapping]) -> ibis.Table:
    """Customers of the source's own tables and of the lines; country and city are the most frequent of the orders."""
    known = lines.filter(lines.customer_id.notnull())
    fed = fed_columns(tables)
    derived = _most_frequent(known, "customer_id", "country")
    if "city" in fed:
        derived = _attach(derived, _most_frequent(known, "customer_id", "city"), "customer_id")
    if "acquisition_channel" in fed:
        first = known.group_by("customer_id").aggregate(
            acquisition_channel=known.acquisition_channel.argmin(known.ordered_at)
        )
        derived = _attach(derived, first, "customer_id")
    own = [_own_table(bench, m, "customers") for m in tables if m.role == "customers"]
    return _merged(derived, own, "customer_id", "customers").order_by("customer_id")


def products(bench: Workbench, lines: ibis.Table, tables: Sequence[TableMapping], rules: Rules) -> ibis.Table:
    """Products of the source's own tables and of the lines.

    From the lines: the name is the most frequent one among sales, the price the latest *list* price. A source without
    list prices leaves the price empty: what was last paid is not a price the shop asks today, and the rooms that need
    one take it from the lines and call it so.
    """
    goods = lines.filter(lines.line_type.isin(_GOODS) & lines.product_id.notnull())
    sold = goods.line_type == "sale"
    fed = fed_columns(tables)
    derived = _most_frequent(goods, "product_id", "name", first=sold)
    for column in ("category", "subcategory", "brand", "description"):
        if column in fed:
            seen = _most_frequent(goods.filter(sold), "product_id", column)
            derived = _attach(derived, seen, "product_id")
    latest = {
        name: goods[column].argmax(goods.ordered_at)
        for name, column in (("price", "list_price"), ("cost", "cost"))
        if column in fed
    }
    if latest:
        derived = _attach(derived, goods.group_by("product_id").aggregate(**latest), "product_id")
    own = [_own_table(bench, m, "products") for m in tables if m.role == "products"]
    if rules.unify_codes == "upper":
        own = [t.mutate(product_id=t.product_id.upper()) for t in own]
    return _merged(derived, own, "product_id", "products").order_by("product_id")


def contacts(bench: Workbench, lines: ibis.Table, tables: Sequence[TableMapping]) -> ibis.Table | None:
    """Contacts of the source's own tables, else from e-mail addresses and phone numbers beside orders or customers.

    Consent is what the source says and null where it says nothing: an import never implies consent.
    """
    if not any(target.startswith("contacts.") for m in tables for target in m.columns):
        return None
    own = [_own_table(bench, m, "contacts") for m in tables if m.role == "contacts"]
    people = [lines.select("customer_id", "email", "phone", "accepts_email", "accepts_sms", at=lines.ordered_at)]
    people += [p for m in tables if m.role == "customers" for p in [_people(bench, m)] if p is not None]
    import ibis

    found = list(own)
    for person in people:
        for channel, address, consent in (("email", "email", "accepts_email"), ("sms", "phone", "accepts_sms")):
            some = person.filter(person.customer_id.notnull() & person[address].notnull())
            latest = some.group_by("customer_id").aggregate(
                address=some[address].argmax(some["at"]),
                consent=some[consent].argmax(some["at"]),
                consent_at=ibis.null("timestamp"),
            )
            said = ibis.cases((latest.consent.notnull(), "shop export"), else_=ibis.null("string"))
            found.append(_shaped(latest.mutate(channel=ibis.literal(channel), consent_source=said), "contacts"))
    every = ibis.union(*found) if len(found) > 1 else found[0]
    place = ibis.row_number().over(
        ibis.window(
            group_by=["customer_id", "channel"],
            order_by=[every.consent.isnull(), every.consent_at.desc(), every.address],
        )
    )
    every = every.mutate(__place=place)
    kept = bench.keep(
        "contacts", every.filter(every["__place"] == 0).drop("__place").order_by(["customer_id", "channel"])
    )
    return kept if bench.one(kept.aggregate(n=kept.count()))["n"] else None


def simple(bench: Workbench, tables: Sequence[TableMapping], role: str) -> ibis.Table | None:
    """Campaigns, touches or responses as the source gives them; rows without their ids are left out by the caller."""
    own = [_own_table(bench, m, role) for m in tables if m.role == role]
    if not own:
        return None
    import ibis

    return own[0] if len(own) == 1 else ibis.union(*own)


def quarantine(bench: Workbench, typed: ibis.Table, sources: Sequence[TableMapping]) -> ibis.Table:
    """All quarantined rows with their origin and content, personal data left out."""
    import ibis

    parts = [rejected_rows(bench)] if bench.rejected else []
    for place, mapping in enumerate(sources):
        raw = bench.con.table(mapping.raw.table)
        left_out = typed.filter(typed.line_type.isnull() & (typed.source == place)).select("rule", left="seq")
        some = raw.inner_join(left_out, raw[SEQ] == left_out["left"]).order_by(SEQ)
        shown = content(mapping, some)
        parts.append(some.select(source=some[PART], source_row=some[ROW], rule=some.rule, content=shown))
    return parts[0] if len(parts) == 1 else ibis.union(*parts)


def _most_frequent(table: ibis.Table, key: str, column: str, first: ibis.BooleanValue | None = None) -> ibis.Table:
    """The most frequent value of a column per key, null where it has none; ties go to the most recent, then to the
    first by alphabet.

    Args:
        first: rows that count before the others: only a key without a value in them takes one from elsewhere.
    """
    import ibis

    among = {} if first is None else {"n_first": first.sum(), "last_first": table.ordered_at.max(where=first)}
    counted = table.group_by([key, column]).aggregate(**among, n=table.count(), last=table.ordered_at.max())
    order = [counted[column].isnull()]
    if first is not None:
        order += [counted.n_first.desc(), counted.last_first.desc(nulls_first=False)]
    order += [counted.n.desc(), counted["last"].desc(), counted[column]]
    counted = counted.mutate(__place=ibis.row_number().over(ibis.window(group_by=key, order_by=order)))
    return counted.filter(counted["__place"] == 0).select(key, column)


def _attach(table: ibis.Table, other: ibis.Table, key: str) -> ibis.Table:
    joined = table.left_join(other, table[key] == other[key])
    right = f"{key}_right"
    return joined.drop(right) if right in joined.columns else joined


def _shaped(table: ibis.Table, canonical: str) -> ibis.Table:
    """All canonical columns in order, null where the table has none."""
    import ibis

    return table.select(
        **{
            s.name: table[s.name].cast(s.type) if s.name in table.columns else ibis.null(s.type)
            for s in TABLES[canonical]
        }
    )


def _merged(derived: ibis.Table, own: Sequence[ibis.Table], key: str, canonical: str) -> ibis.Table:
    """Rows of both; where both know a value the source's own table counts."""
    import ibis

    left = _shaped(derived, canonical)
    for table in own:
        right = _shaped(table.filter(table[key].notnull()), canonical)
        place = ibis.row_number().over(ibis.window(group_by=key, order_by=list(right.columns)))
        right = right.mutate(__place=place)
        right = right.filter(right["__place"] == 0).drop("__place")
        right = right.rename({f"own_{c}": c for c in right.columns})
        joined = left.outer_join(right, left[key] == right[f"own_{key}"])
        left = joined.select(**{c: ibis.coalesce(joined[f"own_{c}"], joined[c]) for c in left.columns})
    return left


def _own_table(bench: Workbench, mapping: TableMapping, canonical: str) -> ibis.Table:
    """Canonical columns of a source table that holds one row per customer, product, campaign …"""
    raw = bench.con.table(mapping.raw.table)
    found = {
        t.split(".")[1]: mapping.raw.physical(h) for t, h in mapping.columns.items() if t.split(".")[0] == canonical
    }
    kinds = {s.name: s.type for s in TABLES[canonical]}
    found = {c: p for c, p in found.items() if c in kinds}
    facts = number_facts(bench, raw, [p for c, p in found.items() if kinds[c] in {"int64", "float64", MONEY}])
    columns: dict[str, Any] = {}
    for name, physical in found.items():
        column, kind = raw[physical], kinds[name]
        if name.endswith("_id"):
            columns[name] = identifier(column)
        elif kind in {"timestamp", "date"}:
            dates = date_facts(bench, raw, physical, SEQ)
            for words in dates.warnings(next(h for t, h in mapping.columns.items() if t == f"{canonical}.{name}")):
                bench.warn(words)
            columns[name] = moment(column, dates).cast(kind)
        elif kind == "boolean":
            columns[name] = boolean(column)
        elif kind == "int64":
            columns[name] = number(column, facts[physical]).round().cast("int64")
        elif kind in {"float64", MONEY}:
            columns[name] = number(column, facts[physical]).cast(kind)
        else:
            columns[name] = text(column)
    return _shaped(raw.select(**columns), canonical)


def _people(bench: Workbench, mapping: TableMapping) -> ibis.Table | None:
    """E-mail addresses, phone numbers and consents that stand in a table of customers."""
    import ibis

    found = {t.split(".")[1]: mapping.raw.physical(h) for t, h in mapping.columns.items() if t.startswith("contacts.")}
    key = mapping.columns.get("customers.customer_id")
    if key is None or not {"email", "phone"} & set(found):
        return None
    raw = bench.con.table(mapping.raw.table)
    nulls = {"email": "string", "phone": "string", "accepts_email": "boolean", "accepts_sms": "boolean"}
    columns = {
        name: (boolean if kind == "boolean" else text)(raw[found[name]]) if name in found else ibis.null(kind)
        for name, kind in nulls.items()
    }
    return raw.select(
        customer_id=identifier(raw[mapping.raw.physical(key)]),
        **columns,
        at=ibis.literal("1970-01-01").cast("timestamp"),
    )
