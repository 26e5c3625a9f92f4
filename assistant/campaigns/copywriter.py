"""Copy is compiled: typed slots are filled from data, and free text may promise nothing.

A piece of copy is a template with ``{slot}`` names. :func:`compile_text` refuses a template whose free text holds a
number, percentage, amount, date or forbidden claim, fills the slots, and records what was put where.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any

import yaml

from assistant.errors import InvalidPlan, NotPermitted

_GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED = set("^{}\\[~]|€")


@dataclass(frozen=True)
class Slot:
    """A value for copy: the text to print and where it came from (``products.price of HW-1042`` …)."""

    text: str
    source: str


@dataclass(frozen=True)
class Message:
    """One compiled message. ``slots`` lists what was filled in, in order: (name, text, source)."""

    channel: str
    body: str
    subject: str = ""
    preheader: str = ""
    slots: tuple[tuple[str, str, str], ...] = field(default=())


@lru_cache(maxsize=4)
def _data(name: str, language: str) -> dict[str, Any]:
    return yaml.safe_load(files("prompts").joinpath("copy", language, f"{name}.yaml").read_text(encoding="utf-8"))


def free_text(template: str) -> str:
    """The template without its slots.

    Raises:
        InvalidPlan: unbalanced braces or a slot that is not a plain name.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise InvalidPlan("The copy has unbalanced braces", received=template) from error
    for _, name, spec, conversion in parts:
        if name is not None and (spec or conversion or not re.fullmatch(r"[a-z_]+", name)):
            raise InvalidPlan("A slot of the copy is not a plain name", received=name)
    return " ".join(literal for literal, _, _, _ in parts)


def violations(template: str, language: str = "en") -> list[str]:
    """What the free text of a template may not say; empty if it may be sent."""
    text = free_text(template)
    return [rule["why"] for rule in _data("rules", language)["forbidden"] if re.search(rule["pattern"], text, re.I)]


def compile_text(
    template: str, slots: Mapping[str, Slot], used: list[tuple[str, str, str]], language: str = "en"
) -> str:
    """Fill a template; every slot used is appended to ``used``.

    Raises:
        NotPermitted: the free text promises something.
        InvalidPlan: a slot that no data fill.
    """
    wrong = violations(template, language)
    if wrong:
        raise NotPermitted(f"The copy may not hold {wrong[0]}", received=template)
    names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    unknown = [name for name in names if name not in slots]
    if unknown:
        raise InvalidPlan("The copy names a slot that no data fill", received=unknown[0], valid=sorted(slots))
    used.extend((name, slots[name].text, slots[name].source) for name in names)
    return template.format_map({name: slots[name].text for name in names})


def sms_segments(text: str) -> tuple[str, int]:
    """Alphabet and number of segments of an SMS (3GPP TS 23.038: 160/153 septets in GSM-7, 70/67 units in UCS-2)."""
    if all(c in _GSM7 or c in _GSM7_EXTENDED for c in text):
        length = sum(2 if c in _GSM7_EXTENDED else 1 for c in text)
        return "GSM-7", 1 if length <= 160 else -(-length // 153)
    units = len(text.encode("utf-16-be")) // 2
    return "UCS-2", 1 if units <= 70 else -(-units // 67)


class Copywriter:
    """Messages of one campaign: wording chosen once by the campaign's id, slots filled per recipient.

    Args:
        goal: picks the wordings; goals without their own use the default ones.
        seed: the campaign id.
        offer: slot of the offer in words ("10 % off everything in Homeware"), or None without an offer.
        common: slots that are the same for everyone (``shop_name`` …).
        variant: 0 for the first wording, 1 for the next …; after the last one they begin again.
    """

    def __init__(
        self, goal: str, seed: str, common: Mapping[str, Slot], offer: Slot | None, language: str = "en",
        variant: int = 0,
    ) -> None:
        self._variant = variant
        messages, self._words = _data("messages", language), _data("rules", language)["words"]
        self._lengths: dict[str, int] = _data("rules", language)["lengths"]
        self._default, self._own = messages["default"], messages.get(goal, {})
        self._seed, self._language, self._offer = seed, language, offer
        self._common = {**common, **({"offer": offer} if offer else {})}

    def _choose(self, channel: str, piece: str) -> str:
        options: Sequence[str] = (self._own.get(channel) or {}).get(piece) or self._default[channel][piece]
        digest = hashlib.sha256(f"{self._seed}\0{channel}\0{piece}".encode()).digest()
        return options[(digest[0] + self._variant) % len(options)]

    def product_line(self, slots: Mapping[str, Slot], used: list[tuple[str, str, str]]) -> str:
        """One product with its price, the offer price where there is one, and its tested reason."""
        template = self._words["product_line" if "offer_price" in slots else "product_line_plain"]
        if "because" in slots:
            template += self._words["because"]
        return compile_text(template, slots, used, self._language)

    def email(self, products: Sequence[Mapping[str, Slot]]) -> Message:
        """The e-mail for one recipient.

        Raises:
            InvalidPlan: a part longer than its limit.
        """
        used: list[tuple[str, str, str]] = []
        subject = self._part("email", "subject", used)
        preheader = self._part("email", "preheader", used)
        paragraphs = [self._part("email", "opening", used), self._part("email", "body", used)]
        if self._offer:
            paragraphs.append(compile_text("Enjoy {offer}.", self._common, used, self._language))
        paragraphs += ["- " + self.product_line(product, used) for product in products]
        for name in ("sign_off", "unsubscribe", "address"):
            paragraphs.append(compile_text(self._words[name], self._common, used, self._language))
        return Message("email", "\n\n".join(paragraphs), subject, preheader, tuple(used))

    def sms(self, products: Sequence[Mapping[str, Slot]]) -> Message:
        """The SMS for one recipient."""
        return self._short("sms", products, self._words["sms_stop"])

    def push(self, products: Sequence[Mapping[str, Slot]]) -> Message:
        """The push message for one recipient."""
        used: list[tuple[str, str, str]] = []
        title = self._part("push", "title", used)
        message = self._short("push", products, "")
        return Message("push", message.body, title, "", (*used, *message.slots))

    def _short(self, channel: str, products: Sequence[Mapping[str, Slot]], foot: str) -> Message:
        used: list[tuple[str, str, str]] = []
        slots = dict(self._common)
        line: list[tuple[str, str, str]] = []
        if products:
            without_reason = {k: v for k, v in products[0].items() if k != "because"}
            slots["top_product"] = Slot(self.product_line(without_reason, line), products[0]["name"].source)
        own = self._own.get(channel) or {}
        piece = "text" if self._offer or "text_no_offer" not in own else "text_no_offer"
        template = self._choose(channel, piece)
        if not products:
            template = re.sub(r"\s*[^.!?]*\{top_product\}", "", template).strip()
        body = compile_text(template, slots, used, self._language)
        text = " ".join(part for part in (body, foot) if part)
        self._limit(channel, "text", text)
        return Message(channel, text, "", "", (*used, *line))

    def _part(self, channel: str, piece: str, used: list[tuple[str, str, str]]) -> str:
        text = compile_text(self._choose(channel, piece), self._common, used, self._language)
        self._limit(channel, piece, text)
        return text

    def _limit(self, channel: str, piece: str, text: str) -> None:
        limit = self._lengths.get(f"{channel}.{piece}")
        if limit is not None and len(text) > limit:
            raise InvalidPlan(f"The {piece} of the {channel} has {len(text)} characters, at most {limit} fit",
                              received=text)


    def wordings(self, channel: str, piece: str) -> int:
        """How many wordings of a piece there are."""
        return len((self._own.get(channel) or {}).get(piece) or self._default[channel][piece])

    def subjects(self, n: int) -> list[str]:
        """Up to ``n`` different subject lines of the e-mail, those of the goal first."""
        own = (self._own.get("email") or {}).get("subject") or []
        options = list(dict.fromkeys([*own, *self._default["email"]["subject"]]))[:n]
        used: list[tuple[str, str, str]] = []
        return [compile_text(o, self._common, used, self._language) for o in options]

    def post(self, products: Sequence[Mapping[str, Slot]], title: Slot | None) -> Message:
        """A post for social media: title, words, products with their prices; no link and no image."""
        used: list[tuple[str, str, str]] = []
        slots = {**self._common, **({"title": title} if title else {})}
        parts = [compile_text("{title}", slots, used, self._language)] if title else []
        parts.append(compile_text(self._choose("social", "text"), slots, used, self._language))
        parts += ["- " + self.product_line(product, used) for product in products]
        return Message("social", "\n\n".join(parts), "", "", tuple(used))


def offer_words(kind: str, slots: Mapping[str, Slot], *, scope: str, ends: bool, language: str = "en") -> Slot:
    """The offer as a phrase for slots: what, on what, until when.

    Args:
        scope: ``category``, ``products`` or ``all``.
        ends: whether ``ends_on`` is filled.
    """
    words = _data("rules", language)["words"]
    beside = "on_" if kind in {"free_delivery", "gift"} else ""  # not a price of the goods themselves
    template = words[kind] + words[f"{beside}scope_{scope}"] + (words["until"] if ends else "")
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    text = template.format_map({name: slots[name].text for name in names})
    return Slot(text, "; ".join(slots[name].source for name in names) or "brief")
