"""Column names, compared as people mean them: without case, accents, spaces and punctuation."""

from __future__ import annotations

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def normalise(name: str) -> str:
    """``Customer ID``, ``CustomerID``, ``customer_id`` and ``customer-id (1)`` → ``customerid``."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", plain) if re.search(r"\w.*[(\[]", plain) else plain
    return re.sub(r"[^0-9a-z]+", "", plain) or plain.strip()


def words(name: str) -> str:
    """The words of a column name, for comparing by likeness: ``CustomerID`` → ``customer id``."""
    spaced = re.sub(r"[_\-./]+", " ", _CAMEL.sub(" ", name))
    plain = unicodedata.normalize("NFKD", spaced)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())
