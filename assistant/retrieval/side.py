"""Vectors and attributes of products in the form in which models take them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, ModelUnavailable, NoRows
from assistant.features.product_attributes import product_attributes
from assistant.features.product_side import ProductSide

if TYPE_CHECKING:
    from assistant.retrieval.product_index import ProductIndex

log = logging.getLogger(__name__)


def product_side(snapshot: Snapshot, index: Callable[[], ProductIndex]) -> ProductSide:
    """Attributes of all products, with the vectors of the index where there is one.

    Args:
        index: opens the product index; where it cannot (no names, no embedder) the side has no vectors, and models
            that need them are left out.
    """
    ids, attributes = product_attributes(snapshot)
    try:
        opened = index()
    except (MissingData, NoRows, ModelUnavailable) as error:
        log.warning("models do without vectors of product texts: %s", error)
        return ProductSide(ids, None, attributes)
    vectors = np.zeros((len(ids), opened.vectors.shape[1]), dtype=np.float32)
    places = np.array([opened.catalogue.position.get(str(i), -1) for i in ids], dtype=np.int64)
    vectors[places >= 0] = opened.vectors[places[places >= 0]]
    return ProductSide(ids, vectors, attributes)
