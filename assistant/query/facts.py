"""Fact tables that metrics are counted on, and the wide columns that dimensions and filters read.

A *fact* is one canonical table with a row per event (order lines, campaign touches, responses) or per product. Its
wide columns come from the table itself or from a join on its keys; only the joins that a question needs are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.data.baskets import basket_items
from assistant.errors import InvalidPlan, MissingData

if TYPE_CHECKING:
    import ibis

    from assistant.data.warehouse import Snapshot


@dataclass(frozen=True)
class Origin:
    """Where a wide column comes from: ``table.column``, reached through ``join`` (None: the fact's own)."""

    table: str
    column: str
    join: str | None = None


@dataclass(frozen=True)
class Fact:
    """A fact table. ``columns`` maps a wide column to its origins, the first that is filled wins.

    ``rows``: where its rows are worked out from the canonical table; such rows name their own columns as the wide ones.
    """

    name: str
    label: str
    table: str
    time: str | None
    columns: dict[str, tuple[Origin, ...]]
    rows: Callable[[Snapshot], ibis.Table] | None = None


def _own(table: str, *names: str) -> dict[str, tuple[Origin, ...]]:
    return {n: (Origin(table, n),) for n in names}


_PRODUCT = {
    "product_name": (Origin("products", "name", "product"),),
    "category": (Origin("products", "category", "product"),),
    "subcategory": (Origin("products", "subcategory", "product"),),
    "brand": (Origin("products", "brand", "product"),),
    "cost": (Origin("products", "cost", "product"),),
    "list_price": (Origin("products", "price", "product"),),
    "stock": (Origin("products", "stock", "product"),),
    "launched_at": (Origin("products", "launched_at", "product"),),
}
_CUSTOMER = {
    "city": (Origin("customers", "city", "customer"),),
    "acquisition_channel": (Origin("customers", "acquisition_channel", "customer"),),
    "gender": (Origin("customers", "gender", "customer"),),
    "birth_year": (Origin("customers", "birth_year", "customer"),),
    "registered_at": (Origin("customers", "registered_at", "customer"),),
    "customer_country": (Origin("customers", "country", "customer"),),
}
#: Columns computed per customer from all of the customer's sales, whatever the question's own filter.
_HISTORY = {
    "first_day": (Origin("order_lines", "customer_id", "history"),),
    "last_day": (Origin("order_lines", "customer_id", "history"),),
    "first_product": (Origin("order_lines", "customer_id", "first_product"),),
    "first_product_name": (Origin("products", "name", "first_product"),),
    "first_category": (Origin("products", "category", "first_product"),),
}
_CAMPAIGN = {
    "campaign_name": (Origin("campaigns", "name", "campaign"),),
    "campaign_kind": (Origin("campaigns", "kind", "campaign"),),
    "offer": (Origin("campaigns", "offer", "campaign"),),
}
LINES = Fact(
    "lines",
    "orders",
    "order_lines",
    "ordered_at",
    {
        "at": (Origin("order_lines", "ordered_at"),),
        **_own(
            "order_lines",
            "line_id",
            "order_id",
            "customer_id",
            "product_id",
            "line_type",
            "quantity",
            "unit_price",
            "amount",
            "discount",
            "channel",
        ),
        "country": (Origin("order_lines", "country"), Origin("customers", "country", "customer")),
        "status": (Origin("orders", "status", "order"),),
        "x_return_reason": (Origin("order_lines", "x_return_reason"),),
        "order_value": (Origin("order_lines", "amount", "order_value"),),
        "order_units": (Origin("order_lines", "quantity", "order_value"),),
        "order_products": (Origin("order_lines", "product_id", "order_value"),),
        "order_count": (Origin("order_lines", "order_id", "order_count"),),
        "previous_day": (Origin("order_lines", "customer_id", "previous"),),
        "campaign_id": (Origin("responses", "order_id", "response"),),
        **_PRODUCT,
        **_CUSTOMER,
        **_HISTORY,
        **_CAMPAIGN,
    },
)
TOUCHES = Fact(
    "touches",
    "campaign messages",
    "touches",
    "sent_at",
    {
        "at": (Origin("touches", "sent_at"),),
        **_own("touches", "campaign_id", "customer_id", "arm", "delivered", "opened", "clicked", "unsubscribed"),
        "message_channel": (Origin("touches", "channel"),),
        "responded": (Origin("responses", "customer_id", "answer"),),
        "country": (Origin("customers", "country", "customer"),),
        **_CUSTOMER,
        **_HISTORY,
        **_CAMPAIGN,
    },
)
RESPONSES = Fact(
    "responses",
    "campaign responses",
    "responses",
    "responded_at",
    {
        "at": (Origin("responses", "responded_at"),),
        **_own("responses", "campaign_id", "customer_id", "order_id", "revenue"),
        "message_channel": (Origin("campaigns", "channel", "campaign"),),
        "country": (Origin("customers", "country", "customer"),),
        **_CUSTOMER,
        **_HISTORY,
        **_CAMPAIGN,
    },
)
CAMPAIGNS = Fact(
    "campaigns",
    "campaigns",
    "campaigns",
    "started_at",
    {
        "at": (Origin("campaigns", "started_at"),),
        "campaign_id": (Origin("campaigns", "campaign_id"),),
        "campaign_name": (Origin("campaigns", "name"),),
        "campaign_kind": (Origin("campaigns", "kind"),),
        "message_channel": (Origin("campaigns", "channel"),),
        "offer": (Origin("campaigns", "offer"),),
        "campaign_cost": (Origin("campaigns", "cost"),),
    },
)
PRODUCTS = Fact(
    "products",
    "the catalogue",
    "products",
    None,
    {
        "product_id": (Origin("products", "product_id"),),
        **{wide: (Origin("products", origins[0].column),) for wide, origins in _PRODUCT.items()},
        "unit_price": (Origin("products", "price"),),
    },
)
#: One row per known customer: what a customer is, not what was bought. Its rows come from :func:`population`.
CUSTOMERS = Fact(
    "customers",
    "customers",
    "order_lines",
    None,
    {
        "customer_id": (Origin("order_lines", "customer_id"),),
        **_CUSTOMER,
        "country": (Origin("customers", "country", "customer"),),
        **_HISTORY,
    },
)
#: One row per customer and channel on which the shop could write.
CONTACTS = Fact(
    "contacts",
    "contacts",
    "contacts",
    None,
    {
        **_own("contacts", "customer_id", "address", "consent", "suppressed"),
        "message_channel": (Origin("contacts", "channel"),),
        "country": (Origin("customers", "country", "customer"),),
        **_CUSTOMER,
        **_HISTORY,
    },
)
#: One row per visit of the web shop and product, out of its events; ``at`` is when the basket was last changed.
BASKETS = Fact(
    "baskets",
    "baskets of the web shop",
    "events",
    "at",
    {
        "at": (Origin("events", "occurred_at"),),
        **_own("events", "basket_id", "customer_id", "product_id", "channel"),
        **{name: (Origin("events", "event_type"),) for name in ("outcome", "viewed", "inside", "bought", "checkout")},
        "basket_order": (Origin("events", "order_id"),),
        "basket_value": (Origin("events", "unit_price"), Origin("products", "price")),
        "unit_price": (Origin("events", "unit_price"), Origin("products", "price")),
        "country": (Origin("customers", "country", "customer"),),
        **_PRODUCT,
        **_CUSTOMER,
        **_HISTORY,
    },
    rows=basket_items,
)
FACTS: dict[str, Fact] = {f.name: f for f in (LINES, TOUCHES, RESPONSES, CAMPAIGNS, PRODUCTS, CONTACTS, BASKETS)}


def origin(snapshot: Snapshot, fact: Fact, column: str) -> Origin | None:
    """The first filled origin of a wide column, or None when the loaded data have none of them."""
    for candidate in fact.columns.get(column, ()):
        if snapshot.has(candidate.table, candidate.column):
            return candidate
    return None


def missing(snapshot: Snapshot, fact: Fact, columns: Iterable[str]) -> tuple[str, ...]:
    """What the loaded data lack for these wide columns, as ``table.column``; empty when all are there."""
    absent = []
    if not snapshot.has(fact.table):
        absent.append(fact.table)
    for column in columns:
        if column in fact.columns and origin(snapshot, fact, column) is None:
            first = fact.columns[column][0]
            absent.append(f"{first.table}.{first.column}")
    return tuple(dict.fromkeys(a for a in absent if a.partition(".")[0] not in absent or a in {fact.table}))


#: what a table that is missing altogether would hold
_TO_LOAD = {
    "baskets": "One row per event of the web shop, as GA4 or the shop system exports them: visit or basket, what was "
    "done (view, add to cart, checkout, purchase), the time, the product, the customer where known, the order a "
    "purchase made.",
}


def require(snapshot: Snapshot, fact: Fact, columns: Iterable[str], needed_for: str) -> None:
    """Check that a fact offers the columns and that the data hold them.

    Raises:
        InvalidPlan: the fact has no such column at all.
        MissingData: the loaded data lack it; names ``table.column``.
    """
    wanted = list(columns)
    foreign = [c for c in wanted if c not in fact.columns]
    if foreign:
        raise InvalidPlan(f"{needed_for} cannot be read from {fact.label}", received=", ".join(foreign))
    absent = missing(snapshot, fact, wanted)
    if absent:
        tables = [a for a in absent if "." not in a]
        what = "the table " + ", ".join(f"'{t}'" for t in tables) if tables else ", ".join(absent)
        raise MissingData(
            f"{needed_for} needs {what}, which the loaded data do not have",
            received=", ".join(absent), hint=_TO_LOAD.get(fact.name) if tables else None,
        )


def widen(
    snapshot: Snapshot,
    fact: Fact,
    columns: Iterable[str],
    window: tuple[date, date] | None = None,
    base: ibis.Table | None = None,
) -> ibis.Table:
    """The fact with the wide columns asked for, within the days of ``window`` (inclusive).

    ``base`` replaces the fact's own table (the customers are a union of two).
    """
    if base is None:
        base = fact.rows(snapshot) if fact.rows is not None else snapshot.table(fact.table)
    table = base
    if window is not None and fact.time is not None:
        table = table.filter(within(table[fact.time], *window))
    wanted = list(dict.fromkeys(columns))
    found = {c: origin(snapshot, fact, c) for c in wanted}
    chosen = {c: o for c, o in found.items() if o is not None}
    own = {c: table[c if fact.rows is not None else o.column] for c, o in chosen.items() if o.join is None}
    keys = {
        key: table[key]
        for key in ("product_id", "customer_id", "order_id", "campaign_id")
        if key in table.columns and key not in own
    }
    wide = table.select(**own, **keys) if own or keys else table
    joins: dict[str, dict[str, Origin]] = {}
    for column, source in chosen.items():
        if source.join is not None:
            joins.setdefault(source.join, {})[column] = source
    if "campaign" in joins and "campaign_id" not in wide.columns:
        joins = {"response": {"campaign_id": Origin("responses", "order_id", "response")}, **joins}
    for name in sorted(joins, key=_JOIN_ORDER.index):
        wide = _JOINS[name](snapshot, wide, joins[name])
    return wide


def within(moment: ibis.Value, start: date, end: date) -> ibis.BooleanValue:
    """Whether a timestamp lies on one of the days."""
    import ibis

    midnight = datetime.min.time()
    return (moment >= ibis.literal(datetime.combine(start, midnight), type="timestamp")) & (
        moment < ibis.literal(datetime.combine(end + timedelta(days=1), midnight), type="timestamp")
    )


def population(snapshot: Snapshot) -> ibis.Table:
    """Ids of all customers known on the analysis date: listed, or seen in an order; column ``customer_id``."""
    import ibis

    lines = snapshot.table("order_lines")
    seen = lines.filter(lines.customer_id.notnull()).select("customer_id")
    if snapshot.has("customers", "customer_id"):
        listed = snapshot.table("customers")
        if snapshot.as_of < snapshot.manifest.last_day:
            if not snapshot.has("customers", "registered_at"):
                return seen.distinct()
            listed = listed.filter(listed.registered_at.date() <= ibis.literal(snapshot.as_of, type="date"))
        seen = ibis.union(seen, listed.select("customer_id"), distinct=False)
    return seen.distinct()


def known_sales(snapshot: Snapshot) -> ibis.Table:
    """Product sale lines with a customer."""
    lines = snapshot.table("order_lines")
    return lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())


def _attributes(key: str, table: str) -> object:
    def join(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
        other = snapshot.table(table)
        picked = other.select(**{f"{table}_key": other[key]}, **{w: other[o.column] for w, o in columns.items()})
        return wide.left_join(picked, wide[key] == picked[f"{table}_key"]).drop(f"{table}_key")

    return join


def _history(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    sales = known_sales(snapshot)
    per_customer = sales.group_by(history_key=sales.customer_id).aggregate(
        first_day=sales.ordered_at.min().date(), last_day=sales.ordered_at.max().date()
    )
    return wide.left_join(per_customer, wide.customer_id == per_customer.history_key).drop("history_key")


def _previous(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    """The customer's order day before the day of the line; null on the first one."""
    sales = known_sales(snapshot)
    days = sales.select(previous_key=sales.customer_id, day=sales.ordered_at.date()).distinct()
    before = days.mutate(previous_day=days.day.lag().over(group_by=days.previous_key, order_by=days.day))
    same = (wide.customer_id == before.previous_key) & (wide["at"].date() == before.day)
    return wide.left_join(before, same).drop("previous_key", "day")


def _first_product(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    """The product with the largest amount on the customer's first day; the smaller id on a tie."""
    import ibis

    sales = known_sales(snapshot)
    first = (
        sales.group_by("customer_id").aggregate(opening=sales.ordered_at.min().date()).rename(opening_key="customer_id")
    )
    opening = sales.join(first, (sales.customer_id == first.opening_key) & (sales.ordered_at.date() == first.opening))
    spent = opening.group_by(["customer_id", "product_id"]).aggregate(spent=opening.amount.sum())
    order = [ibis.desc(spent.spent), ibis.asc(spent.product_id)]
    ranked = spent.mutate(place=ibis.row_number().over(group_by=spent.customer_id, order_by=order))
    top = ranked.filter(ranked.place == 0).select(first_key="customer_id", first_product="product_id")
    said = {"first_product_name": "name", "first_category": "category"}
    wanted = {column: source for column, source in said.items() if column in columns}
    if wanted:
        products = snapshot.table("products")
        names = products.select(first_name_key="product_id", **wanted)
        top = top.left_join(names, top.first_product == names.first_name_key).drop("first_name_key")
    return wide.left_join(top, wide.customer_id == top.first_key).drop("first_key")


def _order_value(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    lines = snapshot.table("order_lines")
    totals = (
        lines.filter(lines.line_type == "sale")
        .group_by(value_key=lines.order_id)
        .aggregate(
            order_value=lines.amount.sum().cast("float64"),
            order_units=lines.quantity.sum().cast("float64"),
            order_products=lines.product_id.nunique(),
        )
    )
    return wide.left_join(totals, wide.order_id == totals.value_key).drop("value_key")


def _order_count(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    """Orders of the line's customer within the rows at hand, that is within the period asked about."""
    sales = wide.filter((wide.line_type == "sale") & wide.customer_id.notnull())
    counts = sales.group_by(count_key=sales.customer_id).aggregate(order_count=sales.order_id.nunique())
    return wide.left_join(counts, wide.customer_id == counts.count_key).drop("count_key")


def _response(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    """The campaign an order answered; the first by id where it is credited to several, so that no line doubles."""
    responses = snapshot.table("responses")
    credited = (
        responses.filter(responses.order_id.notnull())
        .group_by(response_key=responses.order_id)
        .aggregate(campaign_id=responses.campaign_id.min())
    )
    return wide.left_join(credited, wide.order_id == credited.response_key).drop("response_key")


def _answer(snapshot: Snapshot, wide: ibis.Table, columns: dict[str, Origin]) -> ibis.Table:
    """When the customer first answered the campaign with an order; null if not."""
    responses = snapshot.table("responses")
    answers = responses.group_by(
        answer_campaign=responses.campaign_id, answer_customer=responses.customer_id
    ).aggregate(responded=responses.responded_at.min())
    joined = wide.left_join(
        answers, (wide.campaign_id == answers.answer_campaign) & (wide.customer_id == answers.answer_customer)
    )
    return joined.drop("answer_campaign", "answer_customer")


_JOINS = {
    "product": _attributes("product_id", "products"),
    "customer": _attributes("customer_id", "customers"),
    "order": _attributes("order_id", "orders"),
    "history": _history,
    "previous": _previous,
    "first_product": _first_product,
    "order_value": _order_value,
    "order_count": _order_count,
    "response": _response,
    "answer": _answer,
    "campaign": _attributes("campaign_id", "campaigns"),
}
_JOIN_ORDER = [
    "product",
    "customer",
    "order",
    "history",
    "previous",
    "first_product",
    "order_value",
    "order_count",
    "response",
    "answer",
    "campaign",
]
