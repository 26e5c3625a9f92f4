"""What is new among the products that a category or words of names stand for: "our newest jumbo bag"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import NoRows
from assistant.features.interactions import EPOCH
from assistant.features.launches import launches
from assistant.models.recommend.catalogue import Catalogue
from assistant.models.recommend.meant import products_meant
from assistant.plans.recommending import LaunchRequest
from assistant.plans.requests import BuyersRequest

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

#: a product counts as new for so many days, as everywhere
_DAYS = int(LaunchRequest.model_fields["days"].default)
#: no request names more products
_MOST = 20


def new_ones_of(snapshot: Snapshot, request: BuyersRequest, catalogue: Catalogue) -> BuyersRequest:
    """The request for the new ones of the products it names, the newest first where they are too many.

    Raises:
        UnknownName: nothing is called so. NoRows: none of them is new; the message names the newest.
    """
    said = request.category or request.text or request.brand or ""
    rows_meant = np.ones(len(catalogue.frame), dtype=bool)
    if request.category or request.text:
        rows_meant = np.isin(np.arange(len(rows_meant)), products_meant(catalogue, said).rows)
    if request.brand:
        rows_meant &= catalogue.of_brand(request.brand)
        said = said if said == request.brand else f"{request.brand} {said}"
    meant = set(catalogue.frame["product_id"].to_numpy()[rows_meant].astype(str))
    known = launches(snapshot)
    rows = known.frame["product_id"].isin(meant).to_numpy()
    day = known.frame["launched"].to_numpy(dtype=float)
    order = [i for i in np.argsort(-np.nan_to_num(day, nan=-1.0), kind="stable") if rows[i]]
    new = known.new(snapshot.as_of, _DAYS)
    ids = [str(known.frame["product_id"].iloc[i]) for i in order if new[i]][:_MOST]
    if not ids:
        raise NoRows(f"Nothing called “{said}” is new: none was launched within the last {_DAYS} days"
                     + _latest(known.frame, order, day), received=said)
    one = {"product_id": ids[0]} if len(ids) == 1 else {"product_ids": tuple(ids)}
    return request.model_copy(update={"category": None, "text": None, "brand": None, **one})


def _latest(frame: object, order: list[int], day: np.ndarray) -> str:
    """As in "; the newest is the Red Mug, of 3 May 2026"; empty where no day is known."""
    if not order or np.isnan(day[order[0]]):
        return ""
    when = EPOCH + timedelta(days=int(day[order[0]]))
    return f"; the newest is {frame['name'].iloc[order[0]]}, of {when.day} {when:%B %Y}"  # type: ignore[index]


__all__ = ["new_ones_of"]
