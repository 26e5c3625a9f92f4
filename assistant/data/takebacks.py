"""Sales that a status, a cancellation date or a refund takes back: counter-lines, so that gross and net both hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.data.schema import MONEY

if TYPE_CHECKING:
    import ibis

_STATUS_CANCELLED = (
    "cancelled",
    "canceled",
    "voided",
    "storniert",
    "annule",
    "annulé",
    "annulée",
    "cancelado",
    "annullato",
    "geannuleerd",
)
_STATUS_RETURNED = (
    "returned",
    "refunded",
    "retourniert",
    "erstattet",
    "rembourse",
    "remboursé",
    "devuelto",
    "reembolsado",
    "reso",
    "rimborsato",
)


def counter_lines(lines: ibis.Table) -> ibis.Table:
    """Counter-lines for sales that their order's status or cancellation date takes back, as return or cancellation."""
    import ibis

    status = lines.status.lower()
    kind = ibis.cases(
        (lines.cancelled_at.notnull() | status.isin(_STATUS_CANCELLED), "cancellation"),
        (status.isin(_STATUS_RETURNED) & lines.refunded.isnull(), "return"),
        else_=ibis.null("string"),
    )
    taken = lines.filter((lines.line_type == "sale") & kind.notnull() & (lines.units > 0))
    return taken.mutate(
        line_type=ibis.cases(
            (taken.cancelled_at.notnull() | taken.status.lower().isin(_STATUS_CANCELLED), "cancellation"),
            else_="return",
        ),
        ordered_at=ibis.coalesce(taken.cancelled_at, taken.ordered_at),
        line_id=taken.line_id + "-back",
        units=-taken.units,
        amount=(-taken.amount).cast(MONEY),
        discount=ibis.null(MONEY),
    )


def refund_lines(kept: ibis.Table) -> ibis.Table:
    """One return line without a product for each order with an amount paid back (not for cancelled ones)."""
    import ibis

    some = kept.filter((kept.refunded > 0) & kept.cancelled_at.isnull() & (kept.line_type == "sale"))
    first = ibis.row_number().over(ibis.window(group_by="order_id", order_by="seq"))
    some = some.mutate(__place=first)
    some = some.filter(some["__place"] == 0).drop("__place")
    return some.mutate(
        line_id=some.line_id + "-refund",
        line_type=ibis.literal("return"),
        product_id=ibis.null("string"),
        code_raw=ibis.null("string"),
        units=ibis.literal(0).cast("int64"),
        unit_price=ibis.null(MONEY),
        amount=(-some.refunded).cast(MONEY),
        discount=ibis.null(MONEY),
    )
