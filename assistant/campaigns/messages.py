"""The messages of one campaign for one recipient: prices, discounts and dates only from data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from assistant.campaigns.copywriter import Copywriter, Message, Slot, offer_words
from assistant.campaigns.offers import offer_price
from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts
from assistant.plans import CampaignBrief
from assistant.results.format import show

#: printed where the sender fills in its own link and address at export; a sender without them cannot send
UNSUBSCRIBE, ADDRESS = "[unsubscribe link of your e-mail system]", "[your postal address]"


@dataclass(frozen=True)
class Pick:
    """One product for one recipient. ``because`` is a product whose purchase was tested as the reason, or None."""

    product_id: str
    because: str | None = None


Picks = Sequence[Pick]


class RecipientCopy:
    """Compiles messages of a campaign.

    Args:
        snapshot: product names and prices.
        brief: goal, offer, dates.
        campaign_id: chooses among the wordings.
    """

    def __init__(self, snapshot: Snapshot, brief: CampaignBrief, campaign_id: str) -> None:
        self._brief, self._currency = brief, snapshot.currency
        facts = product_facts(snapshot)
        columns = ["product_id", "name", "category", "subcategory", "price", "price_source"]
        rows = snapshot.execute(facts.select(*columns)).to_pylist()
        self.products: dict[str, dict[str, Any]] = {row["product_id"]: row for row in rows}
        common = {
            "shop_name": Slot(snapshot.manifest.name, "settings of the shop"),
            "unsubscribe_link": Slot(UNSUBSCRIBE, "filled in by the sending system"),
            "postal_address": Slot(ADDRESS, "filled in by the sending system"),
        }
        self.offer = self._offer_slot()
        self._campaign_id, self._common = campaign_id, common
        self.writer = self.writer_of(0)

    def writer_of(self, variant: int) -> Copywriter:
        """The writer of one wording."""
        return Copywriter(self._brief.goal, self._campaign_id, self._common, self.offer, variant=variant)

    def _offer_slot(self) -> Slot | None:
        offer = self._brief.offer
        if offer.kind == "none":
            return None
        slots: dict[str, Slot] = {}
        if offer.kind == "percent_off":
            slots["discount"] = Slot(f"{offer.value:g} %", "offer of the brief")
        elif offer.kind == "amount_off":
            slots["discount"] = Slot(show(offer.value, "currency", self._currency), "offer of the brief")
        if offer.category:
            slots["category"] = Slot(offer.category, "products.category")
        if self._brief.ends_on:
            slots["ends_on"] = Slot(show(self._brief.ends_on.isoformat(), "date"), "end date of the brief")
        scope = "category" if offer.category else "products" if offer.product_ids else "all"
        return offer_words(offer.kind, slots, scope=scope, ends=self._brief.ends_on is not None)

    def in_offer(self, product_id: str) -> bool:
        """Whether the offer applies to a product."""
        offer = self._brief.offer
        if offer.product_ids:
            return product_id in offer.product_ids
        if offer.category:
            product = self.products[product_id]
            wanted = offer.category.casefold()
            return wanted in {str(product["category"]).casefold(), str(product["subcategory"]).casefold()}
        return True

    def price(self, product_id: str) -> Decimal | None:
        """Price of one unit without the offer."""
        return self.products[product_id]["price"]

    def reduced(self, product_id: str) -> Decimal | None:
        """Price of one unit under the offer; None where the offer does not change it."""
        price = self.price(product_id)
        changes = self._brief.offer.kind in {"percent_off", "amount_off"}
        if price is None or not changes or not self.in_offer(product_id):
            return None
        return offer_price(price, self._brief.offer)

    def slots(self, pick: Pick) -> dict[str, Slot] | None:
        """Slots of one product line; None for a product without a price."""
        price = self.price(pick.product_id)
        if price is None:
            return None
        product = self.products[pick.product_id]
        column = "products.price" if product["price_source"] == "list" else "last price paid (order_lines.unit_price)"
        slots = {
            "name": Slot(str(product["name"]), f"products.name of {pick.product_id}"),
            "price": Slot(show(float(price), "currency", self._currency), f"{column} of {pick.product_id}"),
        }
        reduced = self.reduced(pick.product_id)
        if reduced is not None:
            slots["offer_price"] = Slot(show(float(reduced), "currency", self._currency),
                                        f"{column} of {pick.product_id}, less the offer of the brief")
        if pick.because and pick.because in self.products:
            slots["because"] = Slot(str(self.products[pick.because]["name"]), f"order lines: bought {pick.because}")
        return slots

    def messages(self, picks: Picks, channels: Sequence[str], variant: int = 0) -> list[Message]:
        """One message per channel (a letter gets the words of the e-mail)."""
        writer = self.writer if variant == 0 else self.writer_of(variant)
        lines: list[Mapping[str, Slot]] = [s for s in (self.slots(pick) for pick in picks) if s is not None]
        compiled = []
        for channel in channels:
            if channel == "sms":
                compiled.append(writer.sms(lines))
            elif channel == "push":
                compiled.append(writer.push(lines))
            else:
                message = writer.email(lines)
                compiled.append(Message(channel, message.body, message.subject, message.preheader, message.slots))
        return compiled
