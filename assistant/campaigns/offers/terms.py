"""What an offer takes from an order, and the lift it needs to pay for itself: arithmetic, no effect is guessed.

With b the chance to order anyway, o the order, m its margin as a share, g what the offer takes of it as a share, f what
it costs per order and c the message, contacting pays when the chance to order rises by more than

    (b · (g · o + f) + c) / ((m − g) · o − f)

the offer on orders that come anyway plus the message, over what an order won leaves. Where that is below nought, every
order under the offer loses money and no lift pays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows
from assistant.plans import Filter
from assistant.plans.offers import OfferCandidate
from assistant.query.audience import customer_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.data.warehouse import Snapshot

#: Days in which an order counts as an answer, and days of sales that margin and delivery are taken from.
ANSWER_DAYS, YEAR_DAYS = 30, 365


@dataclass(frozen=True)
class ShopTerms:
    """What customers do by themselves and what their orders leave, as of the analysis date.

    Attributes:
        customers: who they are the means of; ``returned``: how many of them ordered in the last ``ANSWER_DAYS`` days,
            none of which is known to be the doing of a message.
        baseline: ``returned / customers``, 0–1.
        order: sales of an average order of the last year, shop currency.
        margin: share of sales left after costs of goods, 0–1; None where no costs are known.
        delivery: delivery charged, over all orders, shop currency; None where none is recorded.
        categories: category → share of sales, 0–1.
        message: cost of one message, shop currency; 0 where it is not known.
        said: the margin was typed by the person.
    """

    customers: int
    returned: int
    baseline: float
    order: float
    margin: float | None
    delivery: float | None
    categories: dict[str, float]
    message: float = 0.0
    message_known: bool = False
    said: bool = False


@dataclass(frozen=True)
class Need:
    """What an offer costs and must achieve.

    Attributes:
        given: what it takes from an order, shop currency; None where that is not known.
        lift: change of the chance to order at which it pays, 0–1; None where it never does or is not known.
        state: ``known``, ``below_cost`` (no order under it earns anything), ``out_of_reach`` (more than everybody would
            have to order) or ``unknown`` (what it costs is not known).
    """

    offer: OfferCandidate
    given: float | None
    lift: float | None
    state: str


def shop_terms(
    snapshot: Snapshot, rule: Filter | None = None, *, margin_percent: float | None = None,
    message: float | None = None,
) -> ShopTerms:
    """Means of the shop's customers.

    Args:
        rule: only customers it selects. Who orders anyway is told from those whom it selected ``ANSWER_DAYS`` ago: of
            those it selects today, how they ordered lately is part of the rule.
        margin_percent: margin where the data hold no costs; a typed one stands above the data's.
        message: cost of one message, where it is known.

    Raises:
        NoRows: none of them ordered within the last year.
    """
    people = None if rule is None else customer_ids(snapshot, rule)
    row, categories = _sales(snapshot, people)
    if not row["orders"]:
        raise NoRows("None of these customers ordered in the last year of the data, so what their orders leave is not "
                     "known", received=None if people is None else f"{len(people):,} customers")
    known = row.get("covered") is not None and row["covered"] > 0
    margin = row["margin"] / row["covered"] if known else None
    customers, returned = _returned(snapshot, rule)
    if not customers:
        raise NoRows("The data are too short to say how many customers order by themselves within "
                     f"{ANSWER_DAYS} days, or nobody met the condition then",
                     received=snapshot.manifest.first_day.isoformat())
    return ShopTerms(
        customers, returned, returned / customers, row["revenue"] / row["orders"],
        margin_percent / 100 if margin_percent is not None else margin, _delivery(snapshot, people, row["orders"]),
        categories, message or 0.0, message is not None, margin_percent is not None)


def need(terms: ShopTerms, offer: OfferCandidate) -> Need:
    """The lift that an offer needs. Without costs of goods the whole sales of an order count as earned."""
    given = taken(terms, offer)
    if given is None:
        return Need(offer, None, None, "unknown")
    lift = lift_needed(terms, given, terms.message)
    if lift is None:
        return Need(offer, given, None, "below_cost")
    if lift > 1 - terms.baseline:
        return Need(offer, given, lift, "out_of_reach")
    return Need(offer, given, lift, "known")


def lift_needed(terms: ShopTerms, given: float, message: float) -> float | None:
    """Change of the chance to order (0–1) that pays for an offer taking ``given`` from an order, and for the message;
    None where an order under it earns nothing."""
    earned = (1.0 if terms.margin is None else terms.margin) * terms.order - given
    return (terms.baseline * given + message) / earned if earned > 0 else None


def taken(terms: ShopTerms, offer: OfferCandidate) -> float | None:
    """What an offer takes from an average order, shop currency; None where the data do not say.

    A discount on one category takes its share of that category's part of sales. A bundle is taken for its dearest case:
    that the whole order is made of it.
    """
    value = offer.value or 0.0
    match offer.kind:
        case "percent_off" | "bundle":
            part = 1.0
            if offer.category is not None:
                part = next((s for c, s in terms.categories.items() if c.casefold() == offer.category.casefold()), 0.0)
            return terms.order * part * value / 100
        case "amount_off":
            return min(value, terms.order)
        case "free_delivery":
            return offer.cost if offer.cost is not None else terms.delivery
        case "gift":
            return offer.cost
        case "early_access" | "none":
            return 0.0


def _sales(snapshot: Snapshot, people: Sequence[str] | None) -> tuple[dict[str, Any], dict[str, float]]:
    lines = snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=YEAR_DAYS)
    sales = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since) & lines.customer_id.notnull())
    if people is not None:
        sales = sales.filter(sales.customer_id.isin(list(people)))
    row = snapshot.execute(sales.aggregate(
        revenue=sales.amount.sum().cast("float64"), orders=sales.order_id.nunique())).to_pylist()[0]
    products = snapshot.table("products")
    if snapshot.has("products", "cost"):
        costed = sales.inner_join(products.filter(products.cost.notnull()).select("product_id", "cost"), "product_id")
        row |= snapshot.execute(costed.aggregate(
            covered=costed.amount.sum().cast("float64"),
            margin=(costed.amount - costed.cost * costed.quantity).sum().cast("float64"))).to_pylist()[0]
    if not snapshot.has("products", "category") or not row["revenue"]:
        return row, {}
    parted = sales.inner_join(products.select("product_id", "category"), "product_id")
    rows = snapshot.execute(parted.group_by("category").aggregate(sold=parted.amount.sum().cast("float64")))
    return row, {str(r["category"]): r["sold"] / row["revenue"] for r in rows.to_pylist() if r["category"]}


def _returned(snapshot: Snapshot, rule: Filter | None) -> tuple[int, int]:
    """Customers with an order before the last days (whom the rule selected then), and those who ordered since."""
    start = snapshot.as_of - timedelta(days=ANSWER_DAYS)
    if start <= snapshot.manifest.first_day:
        return 0, 0
    orders = snapshot.table("orders")
    known = orders.filter(orders.customer_id.notnull())
    each = known.group_by("customer_id").aggregate(
        first=known.ordered_at.min().date(), last=known.ordered_at.max().date())
    each = each.filter(each["first"] <= start)
    if rule is not None:
        each = each.filter(each.customer_id.isin(customer_ids(snapshot.at(start), rule)))
    row = snapshot.execute(each.aggregate(n=each.count(), back=(each["last"] > start).sum())).to_pylist()[0]
    return int(row["n"] or 0), int(row["back"] or 0)


def _delivery(snapshot: Snapshot, people: Sequence[str] | None, count: int) -> float | None:
    """Delivery charged, over all ``count`` orders of these customers: one without a charge has nothing to give away."""
    if not snapshot.has("orders", "shipping"):
        return None
    orders = snapshot.table("orders")
    since = snapshot.as_of - timedelta(days=YEAR_DAYS)
    late = orders.filter((orders.ordered_at.date() > since) & orders.customer_id.notnull() & (orders.shipping > 0))
    if people is not None:
        late = late.filter(late.customer_id.isin(list(people)))
    charged = snapshot.execute(late.aggregate(charged=late.shipping.sum().cast("float64"))).to_pylist()[0]["charged"]
    return float(charged) / count if charged else None
