"""Canonical tables and columns, in one place.

Only ``orders`` and ``order_lines`` must be filled (a reader derives ``orders`` from lines where the source has no order
table). Every snapshot holds every canonical table with every canonical column; columns that the source does not
have are null throughout and are not listed as filled in the manifest. Sources may add columns of their own
(prefixed ``x_``).

Money is ``decimal(18, 4)``: sums are exact and the same on every engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["string", "int64", "float64", "decimal(18, 4)", "boolean", "timestamp", "date"]
MONEY: ColumnType = "decimal(18, 4)"

#: Types of an order line. ``sale`` is a product sold; the others never count as product sales
#: (``other``: a code outside the catalogue's numbering).
LINE_TYPES = ("sale", "return", "cancellation", "shipping", "fee", "adjustment", "gift_card", "test", "other")

CHANNELS = ("email", "sms", "push", "post")

#: What visitors of a web shop or app do, in the order of a visit.
EVENT_TYPES = ("view", "add_to_cart", "remove_from_cart", "checkout", "purchase")


@dataclass(frozen=True)
class ColumnSpec:
    """One canonical column: name, type, meaning, and whether a row without it is quarantined."""

    name: str
    type: ColumnType
    meaning: str
    required: bool = False


def _c(name: str, type_: ColumnType, meaning: str, required: bool = False) -> ColumnSpec:
    return ColumnSpec(name, type_, meaning, required)


TABLES: dict[str, tuple[ColumnSpec, ...]] = {
    "customers": (
        _c("customer_id", "string", "the shop's id of a customer", True),
        _c("country", "string", "country of the customer"),
        _c("city", "string", "city of the customer"),
        _c("acquisition_channel", "string", "how the customer first came: search, social, email …"),
        _c("registered_at", "timestamp", "when the account was made"),
        _c("birth_year", "int64", "year of birth (sensitive: not used by models)"),
        _c("gender", "string", "gender (sensitive: not used by models)"),
    ),
    "products": (
        _c("product_id", "string", "the shop's id of a product", True),
        _c("name", "string", "name shown to customers"),
        _c("description", "string", "longer text"),
        _c("category", "string", "first level of the catalogue"),
        _c("subcategory", "string", "second level of the catalogue"),
        _c("brand", "string", "brand or maker"),
        _c("price", MONEY, "current list price per unit"),
        _c("cost", MONEY, "purchase cost per unit"),
        _c("stock", "int64", "units in stock now"),
        _c("launched_at", "date", "first day on sale"),
        _c("discontinued_at", "date", "last day on sale; null while on sale"),
    ),
    "orders": (
        _c("order_id", "string", "the shop's id of an order", True),
        _c("customer_id", "string", "null for a guest"),
        _c("ordered_at", "timestamp", "when it was placed", True),
        _c("country", "string", "country of delivery, else of the customer"),
        _c("channel", "string", "where the order came in: web, app, store, marketplace …"),
        _c("status", "string", "completed, cancelled, returned, pending, adjustment (book-keeping only)"),
        _c("discount", MONEY, "discount on the whole order"),
        _c("shipping", MONEY, "delivery charged to the customer"),
    ),
    "order_lines": (
        _c("line_id", "string", "unique within the snapshot", True),
        _c("order_id", "string", "order it belongs to", True),
        _c("customer_id", "string", "copied from the order; null for a guest"),
        _c("ordered_at", "timestamp", "copied from the order", True),
        _c("product_id", "string", "product sold or returned; null throughout where only whole orders are known"),
        _c("line_type", "string", f"one of {', '.join(LINE_TYPES)}", True),
        _c("quantity", "int64", "units; negative when taken back; null where only whole orders are known"),
        _c("unit_price", MONEY, "price charged per unit, after discount"),
        _c("amount", MONEY, "quantity × unit_price, or the amount that the source states", True),
        _c("discount", MONEY, "discount given on the line, positive"),
        _c("country", "string", "copied from the order"),
        _c("channel", "string", "copied from the order"),
    ),
    "contacts": (
        _c("customer_id", "string", "whose contact it is", True),
        _c("channel", "string", f"one of {', '.join(CHANNELS)}", True),
        _c("address", "string", "e-mail address, phone number …: personal data, never shown or logged"),
        _c("consent", "boolean", "agreed to direct marketing on this channel"),
        _c("consent_at", "timestamp", "when consent was given or withdrawn"),
        _c("consent_source", "string", "where: checkout, newsletter form …"),
        _c("suppressed", "boolean", "must not be contacted (objection, bounce, complaint)"),
        _c("suppressed_reason", "string", "objection, bounce, complaint …"),
        _c("time_zone", "string", "IANA zone of the recipient"),
    ),
    "campaigns": (
        _c("campaign_id", "string", "id of a past campaign", True),
        _c("name", "string", "name of the campaign"),
        _c("kind", "string", "win_back, seasonal, launch …"),
        _c("channel", "string", f"one of {', '.join(CHANNELS)}"),
        _c("started_at", "timestamp", "first sending"),
        _c("ended_at", "timestamp", "end of the offer"),
        _c("offer", "string", "what was offered"),
        _c("discount_percent", "float64", "discount offered in percent"),
        _c("category", "string", "category promoted"),
        _c("cost", MONEY, "total cost"),
    ),
    "touches": (
        _c("campaign_id", "string", "campaign", True),
        _c("customer_id", "string", "customer", True),
        _c("arm", "string", "treatment or control (holdout, not contacted)"),
        _c("channel", "string", f"one of {', '.join(CHANNELS)}"),
        _c("sent_at", "timestamp", "sent; for control: would have been sent"),
        _c("delivered", "boolean", "delivered"),
        _c("opened", "boolean", "opened"),
        _c("clicked", "boolean", "clicked"),
        _c("unsubscribed", "boolean", "unsubscribed through it"),
    ),
    "responses": (
        _c("campaign_id", "string", "campaign", True),
        _c("customer_id", "string", "customer", True),
        _c("responded_at", "timestamp", "when"),
        _c("order_id", "string", "order placed within the campaign's window"),
        _c("revenue", MONEY, "revenue of that order"),
    ),
    "events": (
        _c("basket_id", "string", "the visit or basket that the event belongs to", True),
        _c("event_type", "string", f"one of {', '.join(EVENT_TYPES)}", True),
        _c("occurred_at", "timestamp", "when it happened", True),
        _c("customer_id", "string", "null for a visitor who is not known"),
        _c("product_id", "string", "null where it is about the whole basket"),
        _c("quantity", "int64", "units viewed, put in or taken out"),
        _c("unit_price", MONEY, "price per unit that was shown"),
        _c("order_id", "string", "order that a purchase made"),
        _c("channel", "string", "where: web, app …"),
    ),
    "birthdays": (
        _c("customer_id", "string", "whose birthday it is", True),
        _c("month", "int64", "month of birth, 1 to 12", True),
        _c("day", "int64", "day of the month of birth; the year is never kept", True),
        _c("consent", "boolean", "agreed to be greeted on the birthday"),
    ),
    "quarantine": (
        _c("source", "string", "file or table it came from"),
        _c("source_row", "int64", "row number in the source, from 1"),
        _c("rule", "string", "why it was left out"),
        _c("content", "string", "the row as JSON"),
    ),
}

#: Tables with a moment in time: rows after ``as_of`` are invisible.
TIME_COLUMN: dict[str, str] = {
    "orders": "ordered_at", "order_lines": "ordered_at", "campaigns": "started_at", "touches": "sent_at",
    "responses": "responded_at", "events": "occurred_at",
}


def column_names(table: str) -> tuple[str, ...]:
    """Canonical column names of a table, in order. Raises ``KeyError`` for an unknown table."""
    return tuple(spec.name for spec in TABLES[table])
