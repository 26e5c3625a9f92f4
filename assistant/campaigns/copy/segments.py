"""How an SMS is cut into segments (3GPP TS 23.038): septets of GSM-7, or 16-bit units of UCS-2."""

from __future__ import annotations

_GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED = set("^{}\\[~]|€")


def sms_segments(text: str) -> tuple[str, int]:
    """Alphabet and number of segments: 160/153 septets in GSM-7, 70/67 units in UCS-2.

    A character is never split between segments: an escape sequence or a surrogate pair that does not fit moves on.
    """
    if all(c in _GSM7 or c in _GSM7_EXTENDED for c in text):
        return "GSM-7", _parts([2 if c in _GSM7_EXTENDED else 1 for c in text], 160, 153)
    return "UCS-2", _parts([len(c.encode("utf-16-be")) // 2 for c in text], 70, 67)


def _parts(widths: list[int], alone: int, chained: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, room = 1, chained
    for width in widths:
        if width > room:
            parts, room = parts + 1, chained
        room -= width
    return parts
