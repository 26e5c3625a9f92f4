"""How much of what customers bought had been recommended to them before, where the contact history tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from assistant.data.warehouse import Snapshot

#: Purchases looked at, and how long after a recommendation a purchase counts as following it, in days.
RECENT_DAYS, FOLLOW_DAYS = 90, 30
#: Columns that would name the recommended product: of the shop's own export, kept under its name.
_PRODUCT_COLUMNS = ("product_id", "x_product_id", "x_recommended_product_id")


@dataclass(frozen=True)
class Feedback:
    """Shares of recent sale lines with a customer, in percent.

    Attributes:
        recommended: bought within :data:`FOLLOW_DAYS` after the product was sent to that customer; None: not known.
        answered: in an order recorded as the answer to a campaign, an upper bound of the above; None: not known.
        missing: columns that would have to be loaded to know ``recommended``.
    """

    recommended: float | None
    answered: float | None
    missing: tuple[str, ...] = ()


def feedback(snapshot: Snapshot) -> Feedback:
    """Read what campaigns sent and what was bought after it in the last :data:`RECENT_DAYS` days."""
    lines = snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=RECENT_DAYS)
    sold = lines.filter(lines.line_type == "sale", lines.customer_id.notnull(), lines.ordered_at.date() > since)
    total = _count(snapshot, sold)
    answered = None
    if total and snapshot.has("responses", "order_id"):
        responses = snapshot.table("responses")
        orders = responses.filter(responses.order_id.notnull()).select("order_id").distinct()
        answered = 100 * _count(snapshot, sold.semi_join(orders, "order_id")) / total
    product = next((c for c in _PRODUCT_COLUMNS if snapshot.has("touches", "customer_id", "sent_at", c)), None)
    if product is None:
        known = [c for c in ("customer_id", "sent_at") if not snapshot.has("touches", c)]
        return Feedback(None, answered, tuple(f"touches.{c}" for c in (*known, "product_id")))
    return Feedback(100 * _followed(snapshot, sold, product) / total if total else None, answered)


def _followed(snapshot: Snapshot, sold: object, product: str) -> int:
    """Sale lines whose product was sent to the customer in the days before."""
    touches = snapshot.table("touches")
    sent = touches.filter(touches.sent_at.notnull(), touches[product].notnull())
    if snapshot.has("touches", "arm"):
        sent = sent.filter(sent.arm != "control")
    pairs = sent.select(customer_id=sent.customer_id, product_id=sent[product], sent_on=sent.sent_at.date())
    joined = sold.join(pairs, ["customer_id", "product_id"])  # type: ignore[attr-defined]
    gap = joined.ordered_at.date() - joined.sent_on
    hit = joined.filter(gap.cast("int64") >= 0, gap.cast("int64") <= FOLLOW_DAYS)
    return _count(snapshot, hit.select("line_id").distinct())


def _count(snapshot: Snapshot, table: object) -> int:
    return int(snapshot.execute(table.count().as_table()).column(0)[0].as_py())  # type: ignore[attr-defined]
