"""Products found, by price, by age or by units sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import MissingData
from assistant.retrieval.filtering import Search

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Products that cover this share of what the best one covers of the query are what was asked for; the others lie near.
AS_ASKED = 0.9
LESS_CLOSE = "less close to what was asked for"


def ordered(search: Search, rows: list[int]) -> list[int]:
    """Rows [best match first] in the order that was asked for; those without the value are left out and counted.

    "The cheapest candle" is a candle, not what lies near one: only products that cover the words count.

    Raises:
        MissingData: no product found has a price, or a date.
    """
    order, offers = search.request.sort, search.offers
    if order == "match":
        return rows
    if search.reading is not None:
        coverage = search.lexical.coverage(search.reading)[rows]
        if coverage.max() > 0:
            asked = [i for i, share in zip(rows, coverage, strict=True) if share >= AS_ASKED * coverage.max()]
            if len(asked) < len(rows):
                search.left_out[LESS_CLOSE] = len(rows) - len(asked)
            rows = asked
    if order == "best_selling":
        return _by(rows, -offers.units)
    if order == "newest":
        return _by(_with(search, rows, offers.since, "date unknown", "products.launched_at"), -offers.since)
    rows = _with(search, rows, offers.price, "price unknown", "products.price")
    return _by(rows, -offers.price if order == "dearest" else offers.price)


def _by(rows: list[int], key: NDArray[np.float64]) -> list[int]:
    place = {row: i for i, row in enumerate(rows)}
    return sorted(rows, key=lambda i: (float(key[i]), place[i]))


def _with(search: Search, rows: list[int], values: NDArray[np.float64], reason: str, column: str) -> list[int]:
    known = [i for i in rows if not np.isnan(values[i])]
    if not known:
        raise MissingData(f"No product found has what it is to be sorted by ({reason})", received=column)
    if len(known) < len(rows):
        search.left_out[reason] = len(rows) - len(known)
    return known
