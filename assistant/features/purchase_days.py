"""The days on which customers bought, read once; purchase histories of any past day come from the same arrays.

Aggregated by customer and day in the engine, so that a cut in the past costs no further query and can see nothing
later than itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.data.warehouse import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Days that count as "lately" for columns of :meth:`PurchaseDays.histories`.
LATELY = 90


@dataclass(frozen=True)
class PurchaseDays:
    """One entry per known customer and day with a product sale, sorted by customer, then day.

    Attributes:
        customer_ids: sorted ids; ``customer`` (entries) is the place in it.
        day: whole days since ``first_day``; ``value`` sales before returns of that day, shop currency.
        now: the analysis date as such a day.
    """

    customer_ids: np.ndarray[Any, Any]
    customer: np.ndarray[Any, Any]
    day: np.ndarray[Any, Any]
    value: np.ndarray[Any, Any]
    first_day: date
    now: int

    @staticmethod
    def of(snapshot: Snapshot) -> PurchaseDays:
        """Every purchase up to the analysis date; guests have none."""
        import numpy as np

        lines = snapshot.table("order_lines")
        sales = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())
        daily = sales.group_by("customer_id", day=sales.ordered_at.date()).aggregate(
            amount=sales.amount.sum().cast("float64")).order_by("customer_id", "day")
        frame = snapshot.execute(daily).to_pandas()
        ids, codes = np.unique(frame["customer_id"].to_numpy(dtype=object).astype(str), return_inverse=True)
        first = snapshot.manifest.first_day
        days = (frame["day"].to_numpy().astype("datetime64[D]") - np.datetime64(first)).astype(np.int64)
        order = np.lexsort((days, codes))
        return PurchaseDays(ids, codes[order], days[order], frame["amount"].to_numpy(dtype=float)[order], first,
                            (snapshot.as_of - first).days)

    def place(self, day: date) -> int:
        """A date as days since ``first_day``."""
        return (day - self.first_day).days

    def histories(self, at: int, recent_days: int) -> pd.DataFrame:
        """One row per customer with a purchase up to the day ``at``.

        Returns:
            ``customer_id``; ``order_days`` (days with orders); ``span_days`` from the first to the last of them;
            ``age_days`` from the first to ``at``; ``mean_value`` of such a day; ``value`` of all; ``recent_value`` of
            the last ``recent_days``; ``late_value`` of the last 90; ``last_day`` (date); ``row`` in ``customer_ids``.
        """
        import numpy as np
        import pandas as pd

        seen = self.day <= at
        customer, day, value = self.customer[seen], self.day[seen], self.value[seen]
        starts = np.flatnonzero(np.diff(customer, prepend=-1))
        counts = np.diff(np.append(starts, len(customer)))

        def total(amounts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            return np.add.reduceat(amounts, starts) if len(starts) else np.zeros(0)

        first, last, rows = day[starts], day[starts + counts - 1], customer[starts]
        spent = total(value)
        return pd.DataFrame({
            "customer_id": self.customer_ids[rows], "order_days": counts, "span_days": last - first,
            "age_days": at - first, "mean_value": spent / np.maximum(counts, 1), "value": spent,
            "recent_value": total(np.where(day > at - recent_days, value, 0.0)),
            "late_value": total(np.where(day > at - LATELY, value, 0.0)),
            "last_day": pd.to_datetime([self.first_day + timedelta(days=int(d)) for d in last]), "row": rows,
        })

    def value_between(self, after: int, until: int, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Sales of the customers at ``rows`` on days later than ``after`` up to ``until``."""
        import numpy as np

        within = (self.day > after) & (self.day <= until)
        sums = np.bincount(self.customer[within], weights=self.value[within], minlength=len(self.customer_ids))
        return sums[rows]
