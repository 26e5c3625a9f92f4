"""What an offer does to prices and margin, and which offer each customer should get."""

from assistant.campaigns.offers.prices import MarginEffect, margin_effect, off_the_order, offer_price

__all__ = ["MarginEffect", "margin_effect", "off_the_order", "offer_price"]
