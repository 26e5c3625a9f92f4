"""What a column's values look like, from a spread sample: the second witness beside its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assistant.data.currencies import CODES
from assistant.data.workbench import SEQ, RawTable, Workbench

SAMPLE = 2000
_BESIDE = rf"(?:(?i:{CODES}|kr|zł|Kč|Fr|R\$|A\$|C\$)\.?|[£$€¥₹₽₺₩%])"
_NUMBER = re.compile(rf"[-+(]?\s*{_BESIDE}?\s*[-+(]?\s*[\d.,]*\d[\d., '’\xa0\u202f]*\s*{_BESIDE}?\)?-?")
_FRACTION = re.compile(r"[-+]?\d*[.,]\d*[1-9]\d*")
_INTEGER = re.compile(r"[-+]?\d+(\.0+)?")
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([T ,].*)?"
    r"|(19|20)\d\d(0\d|1[0-2])[0-3]\d|1[4-9]\d{14}"  # microseconds since 1970, as GA4 writes them
    r"|(\d{1,2}[ .-]*[A-Za-zäéû]{3,10}|[A-Za-zäéû]{3,10}\.? \d{1,2})[ ,.-]+\d{4}([ ,T].*)?"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_YESNO = frozenset({"true", "false", "yes", "no", "y", "n", "0", "1", "t", "f", "ja", "nein", "oui", "non", "si", "sí"})


@dataclass(frozen=True)
class Profile:
    """Shares (0–1) are of the sample's non-empty values.

    Attributes:
        filled: share of rows with a value.
        values: the sample's values as text, in order, None where empty.
    """

    filled: float
    numbers: float
    integers: float
    fractions: float
    dates: float
    emails: float
    yes_no: float
    distinct: float
    values: tuple[str | None, ...]
    floats: tuple[float | None, ...]

    def fits(self, kind: str) -> float:
        """How well the values suit a kind of target, 0–1. An empty column suits anything a little."""
        if self.filled == 0:
            return 0.5
        if kind == "number":
            return self.numbers
        if kind == "date":
            return self.dates
        if kind == "email":
            return self.emails
        if kind == "boolean":
            return self.yes_no
        if kind == "id":
            return 1.0 - max(self.dates if self.integers < 0.5 else 0.0, self.emails * 0.2, self.fractions)
        return 1.0 - max(self.dates * 0.9, self.emails * 0.9) if self.dates < 1 or self.integers < 1 else 0.5

    def examples(self, count: int = 3) -> tuple[str, ...]:
        """The first different values."""
        return tuple(dict.fromkeys(v for v in self.values if v))[:count]


def profile(bench: Workbench, raw: RawTable) -> dict[str, Profile]:
    """Profiles of all columns of a raw table by header, from up to ``SAMPLE`` rows spread over it."""
    table = bench.con.table(raw.table)
    step = max(1, raw.rows // SAMPLE)
    sample = bench.fetch(table.filter((table[SEQ] - 1) % step == 0).limit(SAMPLE))
    return {h: _profile(sample.column(raw.physical(h)).to_pylist()) for h in raw.headers}


def _profile(values: list[Any]) -> Profile:
    texts = [_text(v) for v in values]
    kept = [t for t in texts if t]
    n = max(len(kept), 1)
    typed_date = any(isinstance(v, (date, datetime)) for v in values)
    return Profile(
        filled=len(kept) / max(len(values), 1),
        numbers=0.0 if typed_date else sum(bool(_NUMBER.fullmatch(t)) for t in kept) / n,
        integers=sum(bool(_INTEGER.fullmatch(t)) for t in kept) / n,
        fractions=sum(bool(_FRACTION.fullmatch(t)) for t in kept) / n,
        dates=1.0 if typed_date else sum(bool(_DATE.fullmatch(t)) for t in kept) / n,
        emails=sum(bool(_EMAIL.fullmatch(t)) for t in kept) / n,
        yes_no=sum(t.casefold() in _YESNO for t in kept) / n,
        distinct=len(set(kept)) / n,
        values=tuple(texts),
        floats=tuple(_float(v) for v in values),
    )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def _float(value: Any) -> float | None:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    digits = re.sub(r"[^\d.,-]", "", value)
    if digits.rfind(",") > digits.rfind("."):
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    try:
        return float(digits)
    except ValueError:
        return None
