"""What a draft can be expected to do, with the grade of the evidence: experiment, observed variation, or assumption."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from assistant.campaigns.experiment import PastLift
from assistant.campaigns.offers import MarginEffect, margin_effect, off_the_order
from assistant.campaigns.profit import Profit, expected_profit
from assistant.data.warehouse import Snapshot
from assistant.plans import OfferSpec

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan

@dataclass(frozen=True)
class Extra:
    """Customers who order because of the campaign, with the ends of a 95 % interval."""

    customers: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Economics:
    """Evidence for a draft. Everything is None where the data cannot say.

    Attributes:
        baseline: share (0–1) of customers the same rule selected one response window ago who then ordered by
            themselves.
        detectable: smallest difference of response rates (0–1) the read-out would find.
        margin: effect of the offer on the margin.
        given_anyway: what the offer would give away to those expected to order anyway, in shop currency; with the
            average order value behind it in ``order_value``.
        past: what past campaigns of this kind achieved against their control groups.
        extra: that lift carried over to those contacted here.
        profit: what it is expected to earn beyond no campaign.
    """

    baseline: float | None
    baseline_customers: int
    detectable: float | None
    margin: MarginEffect | None
    past: PastLift | None
    order_value: float | None = None
    given_anyway: float | None = None
    extra: Extra | None = None
    profit: Profit | None = None


def assess(snapshot: Snapshot, plan: Plan, learnt: Snapshot | None = None) -> Economics:
    """Gather the evidence for a draft.

    Args:
        learnt: the past campaigns with one's own finished experiments among them.
    """
    baseline = plan.sizing.baseline
    value, given = _given_anyway(snapshot, plan, baseline)
    past, n = plan.past, len(plan.split.contacted)
    known = past is not None and plan.audience.reachable is not None
    extra = Extra(past.lift * n, past.lower * n, past.upper * n) if known and past is not None else None
    return Economics(baseline, plan.baseline_customers, plan.sizing.detectable, _margin(snapshot, plan.brief.offer),
                     past, value, given, extra, expected_profit(snapshot, plan, learnt or snapshot))


def _given_anyway(snapshot: Snapshot, plan: Plan, baseline: float | None) -> tuple[float | None, float | None]:
    """Average order of the last year and what the offer costs on the orders that are expected without it.

    A percentage on one category is left out: how much of such an order it covers is not known.
    """
    offer = plan.brief.offer
    if baseline is None or offer.kind not in {"percent_off", "amount_off"} or offer.category or offer.product_ids:
        return None, None
    lines = snapshot.table("order_lines")
    since = snapshot.as_of - timedelta(days=365)
    sales = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since) & lines.customer_id.notnull())
    row = snapshot.execute(sales.aggregate(
        revenue=sales.amount.sum().cast("float64"), orders=sales.order_id.nunique())).to_pylist()[0]
    if not row["orders"]:
        return None, None
    average = row["revenue"] / row["orders"]
    each = average * (offer.value or 0) / 100 if offer.kind == "percent_off" else min(offer.value or 0.0, average)
    return average, len(plan.split.contacted) * baseline * each


def _margin(snapshot: Snapshot, offer: OfferSpec) -> MarginEffect | None:
    """Margin on what the offer covers, from a year of sales with known costs."""
    if not snapshot.has("products", "cost"):
        return None
    lines, products = snapshot.table("order_lines"), snapshot.table("products")
    since = snapshot.as_of - timedelta(days=365)
    sales = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since))
    joined = sales.join(products.filter(products.cost.notnull()).select("product_id", "cost", "category",
                                                                         "subcategory"), "product_id")
    if offer.category:
        wanted = offer.category.lower()
        joined = joined.filter((joined.category.lower() == wanted) | (joined.subcategory.lower() == wanted))
    if offer.product_ids:
        joined = joined.filter(joined.product_id.isin(list(offer.product_ids)))
    totals = snapshot.execute(joined.aggregate(
        revenue=joined.amount.sum().cast("float64"), cost=(joined.cost * joined.quantity).sum().cast("float64"),
        units=joined.quantity.sum().cast("float64"), orders=joined.order_id.nunique(),
    )).to_pylist()[0]
    if totals["revenue"] is None:
        return None
    times = totals["orders"] if off_the_order(offer) else totals["units"]
    return margin_effect(totals["revenue"], totals["cost"], offer, times)
