"""How a value is printed. One function for replies, cards, tables and exports for people."""

from __future__ import annotations

import math
from datetime import date, datetime

from assistant.results.result import Scalar, Unit

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "CNY": "¥", "INR": "₹", "AUD": "A$", "CAD": "C$",
           "CHF": "CHF ", "SEK": "SEK ", "BRL": "R$"}
NO_VALUE = "n/a"
#: ISO 4217 for "no currency": the data do not say which one the amounts are in, so they are printed as numbers
NO_CURRENCY = "XXX"


def money_prefix(currency: str | None) -> str:
    """What stands before an amount: a sign, a code and a space, or nothing for an unknown currency."""
    if not currency or currency == NO_CURRENCY:
        return ""
    return SYMBOLS.get(currency, f"{currency} ")


def show(value: Scalar, unit: Unit = "text", currency: str | None = None) -> str:
    """Print a value with its unit.

    ``percent`` values are 0–100, ``probability`` 0–1 (both printed with %), ``date`` ISO text printed as
    ``9 December 2011``. Amounts in an unknown currency are plain numbers. None and not-a-number print as ``n/a``.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NO_VALUE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "date":
        return _day(value)
    if isinstance(value, str) or unit in {"text", "id"}:
        return str(value)
    if unit == "currency":
        sign = "-" if round(value, 2) < 0 else ""
        return f"{sign}{money_prefix(currency)}{abs(value):,.2f}"
    if unit == "percent":
        return f"{_signless_zero(round(value, 1)):,.1f} %"
    if unit == "points":
        return f"{_signless_zero(round(value, 1)):,.1f} points"
    if unit == "probability":
        return f"{value * 100:,.1f} %"
    if unit in {"days", "weeks"}:
        number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
        return f"{number} {unit if number != '1' else unit[:-1]}"
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "ratio":
        return f"{value:,.2f}"
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}"


def _signless_zero(value: float) -> float:
    return 0.0 if value == 0 else value


def _day(value: Scalar) -> str:
    text = str(value)
    try:
        day = datetime.fromisoformat(text).date() if "T" in text or " " in text else date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%B %Y}"
