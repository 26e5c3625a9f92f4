"""The baseline: a router that looks for keywords, as a first afternoon's chatbot would.

It knows a few measures, groups, the ten countries that sell most, years, months, "last month" and "top n",
answers everything in which it finds a measure, and says that it does not understand where it finds none. It neither
remembers a conversation nor sees what it did not use.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from benchmarks.questions.truth import GoldShop
from benchmarks.questions.truth.answers import measure, ranking

MEASURES = {
    "aov": ("average order", "basket", "aov"), "return_rate": ("return rate", "returned"),
    "new_customers": ("new customer",), "units": ("units", "quantity"), "orders": ("orders",),
    "customers": ("customers", "buyers"), "revenue": ("revenue", "sales", "sell", "sold", "turnover", "top", "best"),
}
GROUPS = {
    "country": ("countr", "market"), "category": ("categor",), "product": ("product", "item"), "brand": ("brand",),
    "channel": ("channel",), "weekday": ("weekday", "day of the week"), "month": ("by month", "monthly", "per month"),
    "customer": ("best customers", "top customers", "biggest customer"),
}
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
NUMBERS = {"three": 3, "five": 5, "ten": 10}


@dataclass
class KeywordRouter:
    """Answers in the form of ``ask --json`` from one look at the words."""

    shop: GoldShop

    def answer(self, thread: str, text: str) -> dict[str, Any]:
        words = text.lower()
        metric = next((m for m, keys in MEASURES.items() if any(k in words for k in keys)), None)
        if metric is None:
            return {"outcome": "refused", "reason": "not_understood", "reply": "", "tables": [], "numbers": [],
                    "options": [], "caveats": [], "plan": [], "milliseconds": 0.0}
        start, end = self._period(words)
        named = [c for c in self._countries if c.lower() in words]
        where = {"country": named} if named else None
        by = next((g for g, keys in GROUPS.items() if any(k in words for k in keys)), None)
        if by is None or self._empty(by):
            return _said([], measure(self.shop, metric, start, end, where))
        found = ranking(self.shop, metric, by, _limit(words), start, end, where)
        return _said([[label, value] for label, value in found], None)

    def forget(self, thread: str) -> None:
        """Nothing was remembered."""

    def _empty(self, by: str) -> bool:
        return by in self.shop.lines and bool(self.shop.lines[by].isna().all())

    @cached_property
    def _countries(self) -> list[str]:
        return [label for label, _ in ranking(self.shop, "revenue", "country", 10)]

    def _period(self, words: str) -> tuple[str | None, str | None]:
        year = re.search(r"\b20\d\d\b", words)
        month = next((n for name, n in MONTHS.items() if name in words), None)
        if "last month" in words:
            before = self.shop.as_of.replace(day=1) - timedelta(days=1)
            return _month(before.year, before.month)
        if month:
            return _month(int(year[0]) if year else self.shop.as_of.year, month)
        return (f"{year[0]}-01-01", f"{year[0]}-12-31") if year else (None, None)


def _month(year: int, month: int) -> tuple[str, str]:
    return date(year, month, 1).isoformat(), date(year, month, calendar.monthrange(year, month)[1]).isoformat()


def _limit(words: str) -> int | None:
    found = re.search(r"\b(?:top|best|worst)\s+(\d+|three|five|ten)\b", words)
    return (NUMBERS.get(found[1]) or int(found[1])) if found else None


def _said(rows: list[list[Any]], value: float | None) -> dict[str, Any]:
    number = {"value": value, "unit": "number", "source": {"origin": "cell", "inputs": {}}}
    rows = rows if value is None else [[value]]
    return {
        "outcome": "answered", "reason": None, "reply": "", "caveats": [], "options": [], "plan": [],
        "milliseconds": 0.0, "numbers": [] if value is None else [number],
        "tables": [{"columns": [], "rows": rows, "total_rows": len(rows)}],
    }
