"""An amount off an order is taken once, and off no single price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.campaigns.economics import _margin
from assistant.campaigns.messages import RecipientCopy
from assistant.campaigns.offers import off_the_order
from assistant.data.warehouse import Snapshot
from assistant.plans import CampaignBrief, OfferSpec

VOUCHER = OfferSpec(kind="amount_off", value=5)


def test_the_margin_falls_by_one_amount_an_order(demo_snapshot: Snapshot) -> None:
    found = _margin(demo_snapshot, VOUCHER)
    assert found is not None
    orders = demo_snapshot.execute(_sold(demo_snapshot)).to_pylist()[0]
    lost = 5 * orders["orders"] / orders["revenue"]
    assert found.margin_rate - found.offer_margin_rate == pytest.approx(lost, rel=1e-6)


def _sold(snapshot: Snapshot):  # noqa: ANN202
    from datetime import timedelta

    lines, products = snapshot.table("order_lines"), snapshot.table("products")
    since = snapshot.as_of - timedelta(days=365)
    sold = lines.filter((lines.line_type == "sale") & (lines.ordered_at.date() > since))
    sold = sold.join(products.filter(products.cost.notnull()).select("product_id"), "product_id")
    return sold.aggregate(orders=sold.order_id.nunique(), revenue=sold.amount.sum().cast("float64"))


def test_no_product_is_printed_at_a_price_that_nobody_pays(demo_snapshot: Snapshot) -> None:
    copy = RecipientCopy(demo_snapshot, CampaignBrief(offer=VOUCHER), "c-1")
    some = next(p for p in copy.products if copy.price(p) is not None)
    assert off_the_order(VOUCHER) and copy.reduced(some) is None
    named = RecipientCopy(demo_snapshot, CampaignBrief(offer=OfferSpec(
        kind="amount_off", value=1, product_ids=(some,))), "c-1")
    assert named.reduced(some) == max(Decimal(0), (copy.price(some) or Decimal(0)) - 1).quantize(Decimal("0.01"))
