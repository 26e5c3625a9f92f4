"""What a reader or a spam filter would mind about a finished message: reported with it, beside the hard rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.campaigns.copy.rules import language_file
from assistant.campaigns.copy.segments import sms_segments
from assistant.campaigns.copy.slots import Message
from assistant.campaigns.copy.voice import is_emoji

_SENTENCE = re.compile(r"[.!?。！？]+(?:\s|$)|[。！？]|\n+")
_VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True)
class Finding:
    """One check: its name, whether it is passed, and what was seen, in words."""

    check: str
    passed: bool
    seen: str


def reading_ease(text: str) -> float | None:
    """Flesch's reading ease of English (Flesch, "A new readability yardstick", 1948): 206.835 − 1.015 words per
    sentence − 84.6 syllables per word. Syllables are groups of vowels without a silent e. None without words.
    """
    words = re.findall(r"[A-Za-z]+(?:['’][a-z]+)?", text)
    if not words:
        return None
    sentences = max(1, len([s for s in _SENTENCE.split(text) if s.strip()]))
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * sum(map(_syllables, words)) / len(words)


def _syllables(word: str) -> int:
    lower = word.lower()
    count = len(_VOWELS.findall(lower))
    silent = lower.endswith("e") and not lower.endswith(("le", "ee")) and count > 1
    return max(1, count - silent)


def characters_per_sentence(text: str) -> float | None:
    """Mean length of a sentence in characters, for scripts without spaces; None without sentences."""
    sentences = [s.strip() for s in _SENTENCE.split(text) if s.strip()]
    return sum(map(len, sentences)) / len(sentences) if sentences else None


def spam_signs(text: str, language: str) -> list[str]:
    """What spam filters look for: shouting, piled-up signs, their words."""
    rules = language_file("rules", language)["spam"]
    found = [f"“{w}”" for w in rules["words"] if re.search(rf"\b{re.escape(w)}\b" if w.isascii() else re.escape(w),
                                                            text, re.I)]
    marks = len(re.findall("[!！]", text))
    if marks > rules["most_exclamations"]:
        found.append(f"{marks} exclamation marks")
    if re.search(r"([!?！？.])\1{2,}|[$€£]{2,}", text):
        found.append("repeated signs")
    letters = [c for c in text if c.isalpha() and c.lower() != c.upper()]
    capitals = 100 * sum(c.isupper() for c in letters) / len(letters) if len(letters) > 12 else 0.0
    if capitals > rules["most_capitals_percent"]:
        found.append("many capitals")
    if sum(map(is_emoji, text)) > 2:
        found.append("many emojis")
    return found


def check_message(message: Message, free_text: str, language: str, limits: dict[str, int]) -> list[Finding]:
    """The report of one message.

    Args:
        free_text: what was worded, without the values of slots (names of the shop's products are not the writer's).
        limits: characters per piece, ``email.subject`` and the like.
    """
    found = []
    pieces = {"subject" if message.channel == "email" else "title": message.subject, "preheader": message.preheader}
    for piece, text in pieces.items():
        limit = limits.get(f"{message.channel}.{piece}")
        if text and limit:
            found.append(Finding(f"length of the {piece}", len(text) <= limit, f"{len(text)} of {limit} characters"))
    if message.channel == "sms":
        alphabet, parts = sms_segments(message.body)
        found.append(Finding("segments", parts <= 3, f"{parts} in {alphabet}"))
    elif limit := limits.get(f"{message.channel}.text"):
        found.append(Finding("length", len(message.body) <= limit, f"{len(message.body)} of {limit} characters"))
    signs = spam_signs(f"{message.subject}\n{free_text}", language)
    found.append(Finding("spam words and signs", not signs, ", ".join(signs) or "none"))
    found += _readability(free_text, language)
    if message.channel == "email":
        found.append(Finding("unsubscribe and postal address", True, "in every e-mail, not editable"))
        found.append(Finding("markup", bool(message.html), "language, title, roles and contrast are set"))
    return found


def _readability(text: str, language: str) -> list[Finding]:
    rules = language_file("rules", language)["readability"]
    if "least_ease" in rules:
        ease = reading_ease(text)
        return [] if ease is None else [Finding("reading ease", ease >= rules["least_ease"],
                                                f"{ease:.0f} (Flesch; {rules['least_ease']} or more is plain)")]
    mean = characters_per_sentence(text)
    return [] if mean is None else [Finding("sentence length", mean <= rules["most_characters"],
                                            f"{mean:.0f} characters on average")]
