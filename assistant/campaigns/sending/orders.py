"""Whether somebody has ordered meanwhile, as far as the data that are loaded now can tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from assistant.campaigns.sending.batches import Batched

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: people, and a category in lower case or "" for any
_Place = tuple[str, str]


class Orders(Batched):
    """Last order of each of a batch of people, in all and by category.

    Args:
        zone: the data's clock is taken for that of this zone.
    """

    def __init__(self, current: Callable[[], Snapshot], zone: str) -> None:
        super().__init__(current)
        self._clock = ZoneInfo(zone)
        self._last: dict[_Place, datetime] = {}
        self._categories: set[str] = set()

    def last(self, customer_id: str, category: str = "") -> datetime | None:
        """Moment of the last order (aware), in one category where one is given; None for none."""
        wanted = category.casefold()
        if wanted and wanted not in self._categories:
            self._categories.add(wanted)
            self._people = frozenset()  # what was read does not tell
        self.need(customer_id)
        return self._last.get((customer_id, wanted))

    def known_until(self) -> date:
        """Last day of the data: an order after it cannot be seen."""
        return self._current().manifest.last_day

    def read(self, snapshot: Snapshot, customer_ids: list[str]) -> None:
        lines = snapshot.table("order_lines")
        lines = lines.filter((lines.line_type == "sale") & lines.customer_id.isin(customer_ids))
        found = snapshot.execute(lines.group_by("customer_id").aggregate(at=lines.ordered_at.max())).to_pylist()
        self._last = {(r["customer_id"], ""): self._aware(r["at"]) for r in found}
        if not self._categories or not snapshot.has("products", "category"):
            return
        products = snapshot.table("products")
        for name in ("category", "subcategory"):
            if not snapshot.has("products", name):
                continue
            named = products.select("product_id", named=products[name].lower())
            joined = lines.inner_join(named.filter(named.named.isin(sorted(self._categories))), "product_id")
            rows = snapshot.execute(
                joined.group_by("customer_id", "named").aggregate(at=joined.ordered_at.max())).to_pylist()
            for r in rows:
                place, at = (r["customer_id"], r["named"]), self._aware(r["at"])
                self._last[place] = max(at, self._last.get(place, at))

    def _aware(self, at: datetime) -> datetime:
        return at.replace(tzinfo=self._clock).astimezone(UTC)
