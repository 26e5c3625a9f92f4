"""The messages of one campaign for one recipient: prices, discounts, dates, stock and claims only from data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from assistant.campaigns.copy.claims import product_claims, withdrawn
from assistant.campaigns.copy.formats import day, offer_words, percent_off
from assistant.campaigns.copy.rules import language_file
from assistant.campaigns.copy.slots import Message, Slot
from assistant.campaigns.copy.voice import BrandVoice
from assistant.campaigns.copy.writer import Copywriter, ProductLine, Style
from assistant.campaigns.offers import off_the_order, offer_price
from assistant.data.warehouse import Snapshot
from assistant.features.product_facts import product_facts
from assistant.plans import CampaignBrief
from assistant.results.format import show

#: printed where the sender fills in its own link and address at export; a sender without them cannot send
UNSUBSCRIBE, ADDRESS = "[unsubscribe link of your e-mail system]", "[your postal address]"
_COLUMNS = ("product_id", "name", "category", "subcategory", "price", "price_source", "stock", "launched_at",
            "discontinued_at")


@dataclass(frozen=True)
class Pick:
    """One product for one recipient. ``because`` is a product whose purchase was tested as the reason, or None."""

    product_id: str
    because: str | None = None


Picks = Sequence[Pick]


class RecipientCopy:
    """Compiles messages of a campaign.

    Args:
        snapshot: product names, prices, stock, and what the claims rest on.
        brief: goal, offer, dates, language, tone, length, edited texts.
        campaign_id: chooses among the wordings.
        voice: how the shop speaks.
    """

    def __init__(
        self, snapshot: Snapshot, brief: CampaignBrief, campaign_id: str, voice: BrandVoice | None = None
    ) -> None:
        self._brief, self._currency, self._as_of = brief, snapshot.currency, snapshot.as_of
        self.voice = voice or BrandVoice()
        facts = product_facts(snapshot)
        rows = snapshot.execute(facts.select(*_COLUMNS)).to_pylist()
        self.products: dict[str, dict[str, Any]] = {row["product_id"]: row for row in rows}
        self._claims = product_claims(snapshot, self.products, brief.language)
        self._lines: dict[str, ProductLine | None] = {}
        self._reasons: dict[str, ProductLine | None] = {}
        self._writers: dict[int, Copywriter] = {}
        self._campaign_id = campaign_id
        self.offer = self._offer_slot()
        self._common = self._common_slots(snapshot)
        self.style = Style(brief.language, brief.tone or self.voice.tone, brief.length, self.voice)
        self.writer = self.writer_of(0)

    def writer_of(self, variant: int) -> Copywriter:
        """The writer of one wording."""
        if variant not in self._writers:
            self._writers[variant] = Copywriter(
                self._brief.goal, self._campaign_id, self._common, self.offer, self.style, variant=variant,
                edits=self._brief.edits, reworded=self._brief.wording,
                turns=self._brief.piece_turns)
        return self._writers[variant]

    def _common_slots(self, snapshot: Snapshot) -> dict[str, Slot]:
        brief, voice = self._brief, self.voice
        common = {
            "shop_name": Slot.of_data(snapshot.manifest.name, "settings of the shop"),
            "unsubscribe_link": Slot.link(UNSUBSCRIBE, "filled in by the sending system"),
            "postal_address": Slot(voice.postal_address or ADDRESS, "brand voice file" if voice.postal_address
                                   else "filled in by the sending system", "address"),
        }
        if voice.website:
            common["shop_link"] = Slot.link(voice.website, "brand voice file")
        if brief.offer.kind in {"percent_off", "amount_off"} and self.offer is not None:
            words = language_file("rules", brief.language)["words"]
            common["reduction"] = Slot(words[brief.offer.kind].format(discount=self._discount()), "offer of the brief",
                                       "discount")
        if brief.ends_on:
            common["ends_on"] = Slot(day(brief.ends_on, brief.language), "end date of the brief", "date")
        if brief.offer.category:
            common["category"] = Slot.of_data(brief.offer.category, "products.category")
        return common

    def _discount(self) -> str:
        offer = self._brief.offer
        if offer.kind == "percent_off":
            return percent_off(offer.value or 0, self._brief.language)
        return show(offer.value, "currency", self._currency)

    def _offer_slot(self) -> Slot | None:
        offer = self._brief.offer
        if offer.kind == "none":
            return None
        slots: dict[str, Slot] = {}
        if offer.kind in {"percent_off", "amount_off"}:
            slots["discount"] = Slot(self._discount(), "offer of the brief", "discount")
        if offer.category:
            slots["category"] = Slot.of_data(offer.category, "products.category")
        if self._brief.ends_on:
            slots["ends_on"] = Slot(day(self._brief.ends_on, self._brief.language), "end date of the brief", "date")
        scope = "category" if offer.category else "products" if offer.product_ids else "all"
        return offer_words(offer.kind, slots, scope=scope, ends=self._brief.ends_on is not None,
                           language=self._brief.language)

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
        if price is None or not changes or not self.in_offer(product_id) or off_the_order(self._brief.offer):
            return None
        return offer_price(price, self._brief.offer)

    def slots(self, pick: Pick) -> dict[str, Slot] | None:
        """Slots of one product line; None for a product without a price, or one that can no longer be bought."""
        product = self.products.get(pick.product_id)
        if product is None or product["price"] is None or withdrawn(product, self._as_of):
            return None
        column = "products.price" if product["price_source"] == "list" else "last price paid (order_lines.unit_price)"
        price = show(float(product["price"]), "currency", self._currency)
        slots = {
            "name": Slot.of_data(product["name"], f"products.name of {pick.product_id}"),
            "price": Slot(price, f"{column} of {pick.product_id}", "price"),
        }
        reduced = self.reduced(pick.product_id)
        if reduced is not None:
            slots["offer_price"] = Slot(show(float(reduced), "currency", self._currency),
                                        f"{column} of {pick.product_id}, less the offer of the brief", "price")
        if pick.product_id in self._claims:
            slots["claim"] = self._claims[pick.product_id]
        if pick.because and pick.because in self.products:
            slots["because"] = Slot.of_data(self.products[pick.because]["name"], f"order lines: bought {pick.because}")
        return slots

    def lines(self, picks: Picks) -> list[ProductLine]:
        """The product lines of a recipient; lines and reasons are compiled once per product, whoever gets them."""
        found = []
        for pick in picks:
            line = self._line(pick.product_id)
            if line is not None:
                reason = self._reason(pick.because) if pick.because else None
                found.append(line if reason is None else line.because(reason))
        return found

    def _line(self, product_id: str) -> ProductLine | None:
        if product_id not in self._lines:
            slots = self.slots(Pick(product_id))
            self._lines[product_id] = None if slots is None else self.writer.line(slots)
        return self._lines[product_id]

    def _reason(self, product_id: str) -> ProductLine | None:
        if product_id not in self._reasons:
            row = self.products.get(product_id)
            said = None if row is None else Slot.of_data(row["name"], f"order lines: bought {product_id}")
            self._reasons[product_id] = None if said is None else self.writer.reason(said)
        return self._reasons[product_id]

    def messages(
        self, picks: Picks, channels: Sequence[str], variant: int = 0, *, personal: Mapping[str, Slot] | None = None,
        traced: bool = True, html: bool = True,
    ) -> list[Message]:
        """One message per channel (a letter gets the words of the e-mail).

        Args:
            personal: slots of this recipient: ``first_name``, own ``unsubscribe_link`` and ``shop_link``.
            traced: whether each message lists what was filled in; a stream of many needs no list.
            html: whether e-mails are laid out as HTML too.
        """
        writer = self.writer_of(variant)
        lines = self.lines(picks)
        compiled = []
        for channel in channels:
            if channel == "post":
                message = writer.write("email", lines, personal, traced=traced, html=False)
                message = Message(channel, message.body, message.subject, message.preheader, message.slots)
            else:
                message = writer.write(channel, lines, personal, traced=traced, html=html)
            compiled.append(message)
        return compiled
