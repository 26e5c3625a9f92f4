"""Text to tokens: Unicode, contractions, quotes, numbers in digits and words, money, percent, spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from assistant.llm.planner.heard import heard
from assistant.llm.planner.late_patterns import folded

MAX_CHARS = 2_000
"""Longer texts are read up to here; a question is never that long."""

_QUOTES = {
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‘": "'",
    "’": "'",
    "‚": "'",
    "`": "'",
    "´": "'",
    "–": "-",
    "—": " - ",
    "−": "-",
    "\u00a0": " ",
}
_TOKEN = re.compile(
    r"""
    (?P<quote>"[^"\n]{1,80}"|(?<![\w])'[^'\n]{2,80}'(?![\w]))
  | (?P<date>\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{4}-\d{2}\b(?!-))
  | (?P<code>\b[A-Z]{1,5}-\d{2,}[A-Z]?\b)
  | (?P<number>(?:[£$€]\ ?)?\d+(?:[.,]\d+)*(?:\ ?%|[kK]\b|[mM]n?\b|st\b|nd\b|rd\b|th\b|x\b)?(?![A-Za-z0-9]))
  | (?P<word>[^\W_]+(?:'[^\W_]+)?)
  | (?P<symbol>>=|<=|[≥≤<>=%#+&/])
  | (?P<stop>[.!?;:,()\-])
    """,
    re.VERBOSE,
)

_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
_PLURAL_POSSESSIVE = re.compile(r"(?<=s)'(?=\s)")


@dataclass(frozen=True)
class Token:
    """One word, number, quotation, date or mark, with its place in the original text."""

    text: str
    lemma: str
    kind: Literal["word", "number", "quote", "date", "symbol", "stop"]
    start: int
    end: int
    value: float | None = None
    unit: Literal["money", "percent", "ordinal", None] = None
    #: edits by which the spelling was corrected
    misspelt: int = 0

    @property
    def word(self) -> str:
        return self.text.lower()


def lemma(word: str, words: Mapping[str, Any]) -> str:
    """Lower case, plural stripped; verbs are left as they are (their forms are listed in the lexicon)."""
    low = word.lower()
    known = words["plurals"].get(low)
    if known is not None:
        return str(known)
    for rule in words.get("plural_endings", ()):
        fits = len(low) > rule["longer_than"] and low.endswith(tuple(rule["ends"]))
        if fits and not low.endswith(tuple(rule["never"])):
            return low[: -rule["cut"]] + str(rule["put"])
    return low


def clean(text: str) -> str:
    """Unicode made plain: compatibility forms, straight quotes, no control or picture characters."""
    plain = unicodedata.normalize("NFKC", text[:MAX_CHARS])
    for odd, straight in _QUOTES.items():
        plain = plain.replace(odd, straight)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(
        c if not unicodedata.category(c).startswith(("C", "So")) and unicodedata.category(c) != "So" else " "
        for c in plain
    )


def expand(text: str, words: Mapping[str, Any]) -> str:
    """Contractions written out; the possessive goes."""
    result = text
    for short, pattern, long in _contractions(tuple(words["contractions"].items())):
        if short in folded(result):
            result = pattern.sub(long, result)
    return _POSSESSIVE.sub(" s", _PLURAL_POSSESSIVE.sub("", result)) if "'" in result else result


@lru_cache(maxsize=8)
def _contractions(listed: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """What each contraction needs in a text, its expression, and what it stands for."""
    begins = {short: r"(?<=\w)" if short.startswith(("'", "n'")) else r"\b" for short, _ in listed}
    return tuple((folded(short), re.compile(rf"{begins[short]}{re.escape(short)}\b", re.IGNORECASE), long)
                 for short, long in listed)


def plain_text(text: str, words: Mapping[str, Any]) -> str:
    """The text that places of tokens count in: contractions in full, marks of one kind."""
    return _cut(expand(clean(text), words), words.get("pieces") or frozenset())


def tokenise(text: str, words: Mapping[str, Any], numbers: bool = True) -> list[Token]:
    """Tokens of a text in order.

    Args:
        text: as typed.
        words: the ``words`` lexicon.
        numbers: also join number words ("five hundred") and units ("500 pounds", "ten percent").
    """
    plain = plain_text(text, words)
    tokens: list[Token] = []
    for match in _TOKEN.finditer(plain):
        kind = match.lastgroup or "stop"
        kind = "word" if kind == "code" else kind
        raw = match.group()
        root = lemma(raw, words) if kind == "word" else raw.lower()
        token = Token(raw, root, kind, match.start(), match.end())  # type: ignore[arg-type]
        if kind == "word" and root == "s":
            continue
        if kind == "quote":
            token = replace(token, text=raw[1:-1], lemma='""')
        elif kind == "number":
            token = _number(token, tokens, plain)
        if kind == "stop" and raw in "-()":
            continue
        tokens.append(token)
    return _number_words(tokens, words) if numbers else tokens


def _cut(text: str, pieces: Collection[str]) -> str:
    """Text of a language written without spaces, with spaces around the words that are known: the longest first, from
    left to right. What lies between them stays together, as names do.
    """
    if not pieces or text.isascii():
        return text
    longest, cut, i = max(map(len, pieces)), "", 0
    while i < len(text):
        found = next((text[i:k] for k in range(min(len(text), i + longest), i, -1) if text[i:k] in pieces), "")
        cut += f" {found} " if found else text[i]
        i += len(found) or 1
    return cut


#: Numbers beyond this are no numbers of a shop.
_LARGEST = 1e15


def _number(token: Token, before: list[Token], text: str) -> Token:
    raw = token.text.replace(" ", "")
    unit: Any = None
    if raw[0] in "£$€":
        raw, unit = raw[1:], "money"
    factor = 1.0
    if raw.endswith("%"):
        raw, unit = raw[:-1], "percent"
    elif raw[-2:].lower() in {"st", "nd", "rd", "th"}:
        raw, unit = raw[:-2], "ordinal"
    elif raw[-2:].lower() == "mn":
        raw, factor = raw[:-2], 1e6
    elif raw[-1] in "kK":
        raw, factor = raw[:-1], 1e3
    elif raw[-1] in "mM":
        raw, factor = raw[:-1], 1e6
    elif raw[-1] in "xX":
        raw = raw[:-1]
    value = read_number(raw) * factor
    if value > _LARGEST:  # no count, amount or id is so large; as a word it is named when it is not understood
        return replace(token, kind="word", lemma=token.text.lower().strip()[:40])
    return replace(token, value=value, unit=unit, lemma=token.text.lower().strip())


def read_number(raw: str) -> float:
    """``1,000`` → 1000, ``1.5`` → 1.5, ``1.234,56`` → 1234.56."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", raw):
        return float(raw.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", raw):
        return float(raw.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+,\d{1,2}", raw):
        return float(raw.replace(",", "."))
    digits = re.sub(r"[^\d.]", "", raw)
    return float(digits) if digits.count(".") <= 1 else float(digits.replace(".", ""))


def _number_words(tokens: list[Token], words: Mapping[str, Any]) -> list[Token]:
    """Join number words and the unit that follows a number."""
    small, scales, ordinals = words["numbers"], words["scales"], words["ordinals"]
    joined: list[Token] = []
    i = 0
    while i < len(tokens):
        token, last = tokens[i], i
        if token.kind == "word" and (token.lemma in small or token.lemma in scales and _counts(tokens, i)):
            total, current = 0.0, 0.0
            while last < len(tokens) and tokens[last].kind == "word":
                word = tokens[last].lemma
                if word in small:
                    current += small[word]
                elif word in scales and len(word) > 2:
                    current = max(current, 1) * scales[word]
                    if current >= 1000:
                        total, current = total + current, 0.0
                else:
                    break
                last += 1
            token = Token(
                " ".join(t.text for t in tokens[i:last]),
                str(total + current),
                "number",
                token.start,
                tokens[last - 1].end,
                total + current,
            )
            if token.text.lower() in heard("one"):
                token = replace(token, lemma="one")
        elif token.kind == "word" and token.lemma in ordinals:
            token, last = replace(token, value=float(ordinals[token.lemma]), unit="ordinal"), i + 1
        else:
            last = i + 1
            if token.kind == "number" and last < len(tokens) and tokens[last].kind == "word":
                scale = scales.get(tokens[last].lemma)
                if scale and len(tokens[last].lemma) > 2:
                    token = replace(token, value=(token.value or 0) * scale, end=tokens[last].end)
                    last += 1
        if token.kind == "number" and token.unit is None and last < len(tokens):
            if tokens[last].lemma in words["money_words"]:
                token = replace(token, unit="money", end=tokens[last].end)
                last += 1
            elif tokens[last].lemma in words["percent_words"]:
                token = replace(token, unit="percent", end=tokens[last].end)
                last += 1
            elif (
                tokens[last].lemma in heard("per")
                and last + 1 < len(tokens)
                and tokens[last + 1].lemma in heard("normalise.cent")
            ):
                token = replace(token, unit="percent", end=tokens[last + 1].end)
                last += 2
        joined.append(token)
        i = last
    return joined


def _counts(tokens: list[Token], i: int) -> bool:
    """``hundred`` alone is a number only after an article ("a hundred")."""
    return i > 0 and tokens[i - 1].lemma in heard("one_of") and len(tokens[i].lemma) > 2
