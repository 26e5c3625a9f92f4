"""One row per product: words, list price, last price paid, cost, stock, dates and units sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.data.warehouse import Snapshot

if TYPE_CHECKING:
    import ibis


def product_facts(snapshot: Snapshot) -> ibis.Table:
    """Everything known of each product as of the snapshot's date.

    Columns: those of ``products``; ``list_price`` (its ``price``), ``last_paid`` (unit price of the last sale line,
    ties by line id), ``price`` (list price, else last price paid; decimal), ``price_source`` (``list``, ``last_paid``
    or null), ``first_sold``, ``last_sold`` (timestamps), ``units_sold`` (sale lines; 0 where never sold), ``on_sale``
    (launched and not discontinued on the analysis date).
    """
    import ibis

    products, lines = snapshot.table("products"), snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & (lines.quantity > 0))
    sold = sales.group_by("product_id").aggregate(
        units_sold=sales.quantity.sum(), first_sold=sales.ordered_at.min(), last_sold=sales.ordered_at.max()
    )
    paid = sales.filter(sales.unit_price > 0)
    latest = ibis.window(group_by=paid.product_id, order_by=[ibis.desc(paid.ordered_at), ibis.desc(paid.line_id)])
    paid = paid.mutate(place=ibis.row_number().over(latest))
    last = paid.filter(paid.place == 0).select("product_id", last_paid=paid.unit_price)
    facts = products.rename(list_price="price").left_join(last, "product_id").drop("product_id_right")
    facts = facts.left_join(sold, "product_id").drop("product_id_right")
    today = ibis.literal(snapshot.as_of, type="date")
    return facts.mutate(
        price=ibis.coalesce(facts.list_price, facts.last_paid),
        price_source=ibis.cases(
            (facts.list_price.notnull(), "list"), (facts.last_paid.notnull(), "last_paid"), else_=ibis.null("string")
        ),
        units_sold=facts.units_sold.fill_null(0),
        on_sale=(facts.launched_at.isnull() | (facts.launched_at <= today))
        & (facts.discontinued_at.isnull() | (facts.discontinued_at >= today)),
    )
