"""What every search for findings is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from assistant.briefing.windows import Windows
from assistant.plans.filters import And, Compare, Filter
from assistant.query.compile import Scope, grouped
from assistant.query.dimensions import dimension
from assistant.query.facts import LINES, missing
from assistant.query.periods import day_range
from assistant.query.rows import Row, fetch

YEAR_DAYS = 364
"""Fifty-two whole weeks, so that every weekday counts alike."""


@dataclass(frozen=True)
class Scene:
    """The data, the rows asked about and the stretches compared."""

    scope: Scope
    condition: Filter | None
    windows: Windows | None

    @property
    def end(self) -> date:
        """Last day looked at."""
        return self.windows.current.covered_end if self.windows else self.scope.snapshot.as_of

    @property
    def now(self) -> bool:
        """Whether the stretch looked at is the latest one, so that stock and customers of today belong to it."""
        return self.windows is None or not self.windows.chosen

    @property
    def year(self) -> tuple[date, date]:
        """The last fifty-two weeks up to the end of the stretch, as far as the data reach."""
        first = self.scope.snapshot.manifest.first_day
        return max(first, self.end - timedelta(days=YEAR_DAYS - 1)), self.end

    @property
    def year_words(self) -> str:
        return day_range(*self.year)

    def has(self, *dimensions: str) -> bool:
        """Whether orders can be split by all of these dimensions."""
        return not any(missing(self.scope.snapshot, LINES, dimension(d).columns) for d in dimensions)

    def rows(
        self, metrics: tuple[str, ...], by: tuple[str, ...], days: tuple[date, date], extra: Filter | None = None
    ) -> list[Row]:
        """Metrics by groups on some days."""
        return fetch(self.scope, grouped(self.scope, metrics, by, self.narrowed(extra), days))

    def narrowed(self, extra: Filter | None) -> Filter | None:
        """The rows asked about, narrowed further."""
        parts = tuple(c for c in (self.condition, extra) if c is not None)
        return None if not parts else parts[0] if len(parts) == 1 else And(parts=parts)

    def sql(self, metrics: tuple[str, ...], by: tuple[str, ...], days: tuple[date, date]) -> str:
        return self.scope.snapshot.sql(grouped(self.scope, metrics, by, self.condition, days))

    def names(self, products: list[str]) -> dict[str, str]:
        """Product ids and the names to show; the id where a product has no name."""
        snapshot = self.scope.snapshot
        found = {p: p for p in products}
        if products and snapshot.has("products", "name"):
            table = snapshot.table("products")
            rows = table.filter(table.product_id.isin(products)).select("product_id", "name")
            found |= {r["product_id"]: r["name"] for r in fetch(self.scope, rows) if r["name"]}
        return found


def only(field: str, value: str) -> Compare:
    """Rows of one value."""
    return Compare(field=field, op="eq", values=(value,))
