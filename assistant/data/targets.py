"""What a source column can be mapped to, and the names such columns go by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

from assistant.data.names import normalise
from assistant.data.presets import Role

#: targets that are no canonical column themselves but are turned into canonical ones, with what becomes of them
VIRTUAL: dict[str, str] = {
    "order_lines.part": "file or sheet a row belongs to; left out when duplicates are sought",
    "orders.currency": "currency of the amounts: one per load",
    "orders.cancelled_at": "moment of cancellation: the order's lines are cancelled then",
    "orders.subtotal": "value of the lines after the order's discount",
    "orders.refunded": "amount paid back: becomes a return line without a product",
    "contacts.email": "becomes a contact on the channel email",
    "contacts.phone": "becomes a contact on the channel sms",
    "contacts.accepts_email": "consent to e-mail",
    "contacts.accepts_sms": "consent to SMS",
    "customers.birth_date": "becomes the day and month of a birthday; the year is not kept",
    "customers.birthday_consent": "agreed to be greeted on the birthday",
    "events.email": "the customer of an event, where customers are known by their e-mail address",
    "events.abandoned_url": "link back to a checkout that was left: each row is a line of such a checkout",
    "events.completed_at": "moment at which such a checkout became an order after all",
}


@dataclass(frozen=True)
class Target:
    """A possible target with the normalised names it goes by."""

    name: str
    kind: str
    names: frozenset[str]
    phrases: tuple[str, ...]


_ID_OF = {"customer_id": "order_lines.customer_id", "product_id": "order_lines.product_id"}
_LINES = (
    "order_lines.order_id",
    "order_lines.ordered_at",
    "order_lines.product_id",
    "order_lines.quantity",
    "order_lines.unit_price",
    "order_lines.amount",
    "order_lines.customer_id",
    "order_lines.country",
    "order_lines.discount",
    "order_lines.channel",
    "order_lines.line_id",
    "order_lines.line_type",
)
_ORDERS = ("orders.status", "orders.shipping", "orders.discount", "orders.currency")
_PERSON = (
    "customers.city",
    "customers.acquisition_channel",
    "customers.registered_at",
    "customers.birth_year",
    "customers.gender",
    "customers.birth_date",
    "customers.birthday_consent",
    "contacts.email",
    "contacts.phone",
    "contacts.accepts_email",
    "contacts.accepts_sms",
)
_PRODUCT = (
    "products.name",
    "products.category",
    "products.subcategory",
    "products.brand",
    "products.description",
    "products.cost",
    "products.price",
    "products.stock",
    "products.launched_at",
    "products.discontinued_at",
)
_CONTACT = tuple(
    f"contacts.{c}"
    for c in (
        "channel",
        "address",
        "consent",
        "consent_at",
        "consent_source",
        "suppressed",
        "suppressed_reason",
        "time_zone",
    )
)
_CAMPAIGN = tuple(
    f"campaigns.{c}"
    for c in (
        "campaign_id",
        "name",
        "kind",
        "channel",
        "started_at",
        "ended_at",
        "offer",
        "discount_percent",
        "category",
        "cost",
    )
)
_TOUCH = tuple(
    f"touches.{c}"
    for c in (
        "campaign_id",
        "customer_id",
        "arm",
        "channel",
        "sent_at",
        "delivered",
        "opened",
        "clicked",
        "unsubscribed",
    )
)
_RESPONSE = tuple(f"responses.{c}" for c in ("campaign_id", "customer_id", "responded_at", "order_id", "revenue"))

_EVENT = tuple(
    f"events.{c}"
    for c in (
        "basket_id",
        "event_type",
        "occurred_at",
        "customer_id",
        "product_id",
        "quantity",
        "unit_price",
        "order_id",
        "channel",
        "email",
        "abandoned_url",
        "completed_at",
    )
)

#: targets of each role, in the order in which they are given away among equals
TARGETS_OF: dict[Role, tuple[str, ...]] = {
    "lines": (*_LINES, *_PRODUCT[:5], *_ORDERS, *_PERSON, *_PRODUCT[5:]),
    "orders": (
        *(
            t
            for t in _LINES
            if t
            not in {"order_lines.product_id", "order_lines.unit_price", "order_lines.line_id", "order_lines.line_type"}
        ),
        *_ORDERS,
        *_PERSON,
    ),
    "products": ("products.product_id", *_PRODUCT),
    "customers": ("customers.customer_id", "customers.country", *_PERSON),
    "contacts": ("contacts.customer_id", *_CONTACT),
    "campaigns": _CAMPAIGN,
    "touches": _TOUCH,
    "responses": _RESPONSE,
    "events": _EVENT,
    "none": (),
}


@lru_cache(maxsize=1)
def all_targets() -> dict[str, Target]:
    """Every target by name."""
    file = resources.files("assistant.data") / "synonyms.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    found = {name: _target(name, row["kind"], row["names"]) for name, row in data.items()}
    for table in ("customers", "contacts", "touches", "responses", "products", "events"):
        column = "product_id" if table == "products" else "customer_id"
        own = data[_ID_OF[column]]["names"]
        found[f"{table}.{column}"] = _target(
            f"{table}.{column}", "id", [*own, *(["id"] if table in {"customers", "products"} else [])]
        )
    for name in VIRTUAL:
        kind = {"orders.cancelled_at": "date", "orders.subtotal": "number", "orders.refunded": "number"}.get(
            name, "text"
        )
        found.setdefault(name, _target(name, kind, []))
    return found


def _target(name: str, kind: str, names: list[str]) -> Target:
    column = name.split(".")[1]
    phrases = tuple(dict.fromkeys([*names, column.replace("_", " ")]))
    return Target(name, kind, frozenset(normalise(n) for n in [*phrases, name.replace(".", " ")]), phrases)
