"""Purchase histories as grouped sufficient statistics: what the fit of a million customers costs does not grow.

CLV names: ``frequency`` repeat purchases after the first, ``recency`` time from the first to the last, ``T`` time from
the first to now. Equal histories are one row with a weight, and parts of a likelihood that see one of the three alone
are computed once per distinct value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Histories:
    """Distinct histories with their weights.

    Attributes:
        frequency, recency, T: one value per distinct history; ``recency`` and ``T`` in one unit of time.
        weights: how many customers each stands for.
        rows: per customer given, the distinct history that is theirs.
    """

    frequency: Floats
    recency: Floats
    T: Floats
    weights: Floats
    rows: np.ndarray[Any, np.dtype[np.int64]]

    @staticmethod
    def of(frequency: Any, recency: Any, T: Any, weights: Any = None) -> Histories:  # noqa: N803  the field's name
        """Group customers (arrays of one length) by their history.

        Raises:
            InvalidPlan: nobody given, lengths that differ, a value that is missing or negative, or a recency beyond T.
        """
        import numpy as np

        x, tx, age = (np.asarray(v, dtype=np.float64) for v in (frequency, recency, T))
        _check(x, tx, age)
        codes, sizes = np.zeros(len(x), dtype=np.int64), 1
        values = []
        for column in (x, tx, age):
            distinct, code = _codes(column)
            values.append(distinct)
            codes, sizes = codes * len(distinct) + code, sizes * len(distinct)
        if sizes <= min(1 << 24, 64 * len(x) + 65_536):  # a table of every combination is cheaper than a sort
            held = np.bincount(codes, weights=weights, minlength=sizes)
            keys = np.flatnonzero(np.bincount(codes, minlength=sizes)) if weights is not None else np.flatnonzero(held)
            place = np.empty(sizes, dtype=np.int64)
            place[keys] = np.arange(len(keys))
            rows, counts = place[codes], held[keys]
        else:
            keys, rows = np.unique(codes, return_inverse=True)
            counts = np.bincount(rows, weights=weights, minlength=len(keys))
        last, rest = keys % len(values[2]), keys // len(values[2])
        return Histories(values[0][rest // len(values[1])], values[1][rest % len(values[1])], values[2][last],
                         counts.astype(np.float64), rows)

    def scaled(self, by: float) -> Histories:
        """The same in a unit of time that is ``by`` times as long."""
        return Histories(self.frequency, self.recency / by, self.T / by, self.weights, self.rows)

    def weighted(self, weights: Floats) -> Histories:
        """The same histories standing for other numbers of customers, as in a bootstrap."""
        return Histories(self.frequency, self.recency, self.T, weights, self.rows)

    @cached_property
    def by_frequency(self) -> tuple[Floats, Any]:
        """Distinct frequencies, and which of them each history has."""
        return _codes(self.frequency)

    @cached_property
    def by_recency(self) -> tuple[Floats, Any]:
        """Distinct recencies, and which of them each history has."""
        return _codes(self.recency)

    @cached_property
    def by_age(self) -> tuple[Floats, Any]:
        """Distinct T, and which of them each history has."""
        return _codes(self.T)


def _codes(column: Floats) -> tuple[Floats, Any]:
    """Distinct values, rising, and the place of each value among them; whole numbers are counted, not sorted."""
    import numpy as np

    top = column.max() if len(column) else 0.0
    if top < 1 << 20 and (column == np.floor(column)).all():
        whole = column.astype(np.int64)
        there = np.flatnonzero(np.bincount(whole))
        place = np.empty(int(top) + 1, dtype=np.int64)
        place[there] = np.arange(len(there))
        return there.astype(np.float64), place[whole]
    return np.unique(column, return_inverse=True)  # type: ignore[return-value]


def _check(x: Floats, tx: Floats, age: Floats) -> None:
    import numpy as np

    if not len(x) or not len(x) == len(tx) == len(age):
        raise InvalidPlan("Purchase histories need at least one customer, and frequency, recency and T of each",
                          received=f"{len(x)}, {len(tx)} and {len(age)} values")
    if not (np.isfinite(x).all() and np.isfinite(tx).all() and np.isfinite(age).all()):
        raise InvalidPlan("A purchase history has a missing or infinite value", received="NaN or infinity",
                          valid=["finite numbers"])
    if (x < 0).any() or (tx < 0).any() or (tx > age).any():
        raise InvalidPlan("A purchase history must have frequency ≥ 0 and 0 ≤ recency ≤ T",
                          received=f"{int(((x < 0) | (tx < 0) | (tx > age)).sum())} customers outside")
