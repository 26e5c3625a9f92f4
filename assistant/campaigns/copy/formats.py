"""Values as copy prints them, per language: percentages, money, days, and the offer in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from assistant.campaigns.copy.rules import language_file
from assistant.campaigns.copy.slots import Slot
from assistant.campaigns.copy.template import parse
from assistant.results.format import show


def percent_off(value: float, language: str) -> str:
    """A discount: ``10 %`` in English; in Chinese the share that is paid, in tenths (``9折``)."""
    words = language_file("rules", language)["words"]
    shown = (100 - value) / 10 if words.get("paid_tenths") else value
    return words["percent"].format(value=f"{shown:.4g}")


def day(value: date, language: str) -> str:
    """A day in words."""
    words = language_file("rules", language)["words"]
    if language == "en":
        return show(value.isoformat(), "date")
    return words["day"].format(year=value.year, month=value.month, day=value.day)


def offer_words(
    kind: str, slots: Mapping[str, Slot], *, scope: str = "all", ends: bool = False, language: str = "en"
) -> Slot:
    """The offer in words, from its slots.

    Args:
        kind: ``percent_off``, ``amount_off``, ``free_delivery`` or ``gift``.
        scope: ``category``, ``products`` or ``all``.
        ends: whether ``slots`` holds ``ends_on``.
    """
    words = language_file("rules", language)["words"]
    beside = "on_" if kind in {"free_delivery", "gift"} else ""
    order = words.get("offer_order", "{offer}{scope}{until}")
    text = order.format(offer=words[kind], scope=words[f"{beside}scope_{scope}"], until=words["until"] if ends else "")
    template = parse(text)
    filled = template.fill({name: slot.text for name, slot in slots.items()})
    return Slot(filled, "; ".join(slots[n].source for n in template.slots) or "brief", "discount")
