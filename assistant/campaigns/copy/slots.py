"""Values for copy, typed, each with where it came from; and the finished message."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from assistant.errors import InvalidPlan

SlotKind = Literal["name", "price", "discount", "date", "stock", "claim", "link", "address", "text"]

_LINK = re.compile(r"https?://[^\s<>\"'{}]+|mailto:[^\s<>\"'{}]+")
_PLACEHOLDER = re.compile(r"\[[^\[\]<>]+\]")


@dataclass(frozen=True, slots=True)
class Slot:
    """A value for copy: the text to print, where it came from (``products.price of HW-1042`` …), what it is."""

    text: str
    source: str
    kind: SlotKind = "text"

    @classmethod
    def of_data(cls, text: object, source: str, kind: SlotKind = "name") -> Slot:
        """A value out of a table: one line, without control or direction signs, however it was typed there."""
        return cls(clean(str(text)), source, kind)

    @classmethod
    def link(cls, address: str, source: str) -> Slot:
        """A link, or the place that the sending system fills.

        Raises:
            InvalidPlan: neither a web or mail address nor a place in square brackets.
        """
        if not (_LINK.fullmatch(address) or _PLACEHOLDER.fullmatch(address)):
            raise InvalidPlan("A link of the copy is no web address", received=address,
                              valid=["https://shop.example/…"])
        return cls(address, source, "link")

    @property
    def is_address(self) -> bool:
        """Whether it is a link that can be followed."""
        return self.kind == "link" and _LINK.fullmatch(self.text) is not None


def clean(text: str) -> str:
    """One line of visible characters: control, format and direction signs out, runs of white space to one space."""
    visible = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text
                      if unicodedata.category(c) not in {"Cf", "Co", "Cs"})
    return " ".join(visible.split())


@dataclass(frozen=True)
class Message:
    """One compiled message. ``slots`` lists what was filled in, in order: (name, text, source)."""

    channel: str
    body: str
    subject: str = ""
    preheader: str = ""
    slots: tuple[tuple[str, str, str], ...] = field(default=())
    html: str = ""
    button: str = ""
