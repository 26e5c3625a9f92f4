"""Names that people give to meanings and segments: what is accepted, and how two spellings of one name are told."""

from __future__ import annotations

import re
import unicodedata

from assistant.errors import InvalidPlan

LONGEST = 60
#: marks that may stand in a name besides letters, digits and blanks
MARKS = "-_&'’.,+/()%#!€£$:"
_TAKEN = frozenset({
    "all", "everyone", "everybody", "anyone", "nobody", "customer", "customers", "segment", "segments", "audience",
    "audiences", "group", "groups", "them", "they", "these", "those", "it", "this", "that", "all customers", "the rest",
})


def name_key(name: str) -> str:
    """What makes two names the same: case, hyphens and blanks do not count."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("-", " ").replace("’", "'")
    return " ".join(text.split())


def checked_name(name: str, what: str) -> str:
    """The name as it is stored.

    Args:
        name: as somebody typed it.
        what: what is being named, with its article, for the message ("a segment").

    Raises:
        InvalidPlan: empty, too long, with signs that names may not have, or a word that means something else here.
    """
    bad = next((c for c in name if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}), None)
    if bad is not None:
        raise InvalidPlan(f"The name of {what} may hold no control characters", received=ascii(name[:LONGEST]))
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if len(text) > LONGEST:
        raise InvalidPlan(
            f"The name of {what} has {len(text):,} characters; at most {LONGEST} are allowed", received=text[:LONGEST]
        )
    wrong = sorted({c for c in text if not (c.isalnum() or c == " " or c in MARKS or unicodedata.combining(c))})
    if wrong:
        raise InvalidPlan(
            f"The name of {what} may hold letters, digits, blanks and {' '.join(MARKS)} only, not {' '.join(wrong)}",
            received=text,
        )
    if not any(c.isalnum() for c in text):
        raise InvalidPlan(f"The name of {what} needs a letter or a digit", received=text)
    if name_key(text) in _TAKEN:
        raise InvalidPlan(f"“{text}” already means something else here; choose another name for {what}", received=text)
    return text
