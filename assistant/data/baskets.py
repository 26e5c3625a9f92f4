"""Baskets of a web shop out of its events: one row per visit and product, and what became of the visit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from assistant.data.schema import MONEY

if TYPE_CHECKING:
    import ibis

    from assistant.data.warehouse import Snapshot

#: A basket counts as left when nothing was done with it for so long and it made no order.
LEFT_AFTER_HOURS = 1
#: What became of a visit's basket; ``open`` cannot be told yet, ``none``: nothing was put in.
ORDERED, LEFT, OPEN, NONE = "ordered", "left", "open", "none"
#: Events that change a basket: the last of them is when it was left.
_CHANGES = ("add_to_cart", "remove_from_cart", "checkout")


def end_of_data(snapshot: Snapshot) -> datetime:
    """The moment from which hours are counted back: the end of the analysis date."""
    return datetime.combine(snapshot.as_of + timedelta(days=1), datetime.min.time())


def basket_items(snapshot: Snapshot, hours: float = LEFT_AFTER_HOURS) -> ibis.Table:
    """One row per visit and product that was looked at or put in.

    Columns: ``basket_id``, ``customer_id``, ``channel``, ``product_id``, ``at`` (when the basket was last changed; of a
    visit that only looked, its last event), ``outcome`` (of the visit), ``viewed``, ``inside`` (it lies, or lay when
    ordered, in the basket), ``bought``, ``checkout`` (of the visit), ``units``, ``unit_price`` (the last one shown,
    else the list price), ``basket_value`` (units × price), ``basket_order`` (the order of the visit).
    """
    import ibis

    events = snapshot.table("events")
    visits = _visits(events, end_of_data(snapshot) - timedelta(hours=hours))
    items = _items(snapshot, events)
    joined = items.inner_join(visits, items.basket_id == visits.visit)
    # what lies in a basket that became an order is what was bought
    inside = ibis.cases((joined.order_made, joined.bought), else_=joined.in_units > 0)
    units = ibis.cases((joined.bought, joined.bought_units), else_=joined.in_units)
    outcome = ibis.cases((joined.order_made, ORDERED), (~joined.filled, NONE),
                         (joined.changed_at < joined.settles_before, LEFT), else_=OPEN)
    table = joined.select(
        "basket_id", "product_id", "viewed", "bought", "unit_price", customer_id=joined.visitor, channel=joined.via,
        at=ibis.coalesce(joined.changed_at, joined.last_at), outcome=outcome, inside=inside, units=units,
        checkout=joined.at_checkout, basket_order=joined.made,
    )
    return table.mutate(basket_value=(table.unit_price * table.units).cast(MONEY))


def _visits(events: ibis.Table, limit: datetime) -> ibis.Table:
    """What is known of a visit as a whole."""
    import ibis

    kind = events.event_type
    visits = events.group_by(visit=events.basket_id).aggregate(
        visitor=events.customer_id.max(), via=events.channel.max(), made=events.order_id.max(),
        order_made=((kind == "purchase") | events.order_id.notnull()).any(),
        at_checkout=((kind == "checkout") | (kind == "purchase")).any(),
        filled=((kind == "add_to_cart") | ((kind == "checkout") & events.product_id.notnull())).any(),
        changed_at=events.occurred_at.max(where=kind.isin(_CHANGES)), last_at=events.occurred_at.max(),
    )
    return visits.mutate(settles_before=ibis.literal(limit, type="timestamp"), filled=visits.filled | visits.order_made)


def _items(snapshot: Snapshot, events: ibis.Table) -> ibis.Table:
    """What was done with each product of a visit; a source that counts no units means one."""
    import ibis

    rows = events.filter(events.product_id.notnull())
    kind, units = rows.event_type, rows.quantity.fill_null(1)
    made = rows.group_by(["basket_id", "product_id"]).aggregate(
        viewed=(kind == "view").any(), bought=(kind == "purchase").any(),
        added=units.sum(where=kind == "add_to_cart").fill_null(0),
        removed=units.sum(where=kind == "remove_from_cart").fill_null(0),
        carried=units.sum(where=kind == "checkout").fill_null(0),
        bought_units=units.sum(where=kind == "purchase").fill_null(0).cast("int64"),
        shown=rows.unit_price.argmax(rows.occurred_at),
    )
    # a checkout lists the units that were put in before: they count where putting in was not recorded
    put_in = ibis.cases((made.added > 0, made.added - made.removed), else_=made.carried)
    made = made.mutate(in_units=put_in.cast("int64"))
    if not snapshot.has("products", "price"):
        return made.mutate(unit_price=made.shown)
    products = snapshot.table("products").select(listed_id="product_id", listed="price")
    joined = made.left_join(products, made.product_id == products.listed_id)
    return joined.select(*made.columns, unit_price=ibis.coalesce(joined.shown, joined.listed))
