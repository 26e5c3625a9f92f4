"""What is known of products beside their sales: vectors of their texts, attributes. Handed in, never computed here.

Models may not load an embedder. Whoever has one (the workspace, a benchmark, a test) hands its vectors over as a
:class:`ProductSide`; a model that needs them says so (``needs`` of its class) and is left out where they are absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.errors import InvalidPlan
from assistant.features.interactions import Interactions, item_places


@dataclass(frozen=True, eq=False)
class ProductSide:
    """Facts of products, bought or not.

    Attributes:
        product_ids: ids (object), sorted.
        vectors: float32 [n, d], rows of length 1 or zero (nothing known); None where no embedder is at hand.
        attributes: name (``category``, ``brand`` …) → values (object, None unknown), aligned with ``product_ids``.
    """

    product_ids: np.ndarray
    vectors: np.ndarray | None = None
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)

    def has(self, need: str) -> bool:
        """Whether ``vectors``, or an attribute of that name with any value, is there."""
        if need == "vectors":
            return self.vectors is not None
        return need in self.attributes and any(v is not None for v in self.attributes[need])

    def vectors_of(self, ids: Sequence[str]) -> np.ndarray:
        """Vectors [len(ids), d]; zero rows for products that have none.

        Raises:
            InvalidPlan: no vectors were handed in.
        """
        if self.vectors is None:
            raise InvalidPlan("This model needs vectors of the products, and none were handed in", valid=["vectors"])
        places = item_places(self.product_ids, ids)
        known = places >= 0
        found = np.zeros((len(places), self.vectors.shape[1]), dtype=np.float32)
        found[known] = self.vectors[places[known]]
        return found

    def values_of(self, name: str, ids: Sequence[str]) -> np.ndarray:
        """Values of an attribute for these products (object; None where unknown)."""
        found = np.full(len(ids), None, dtype=object)
        if name not in self.attributes:
            return found
        places = item_places(self.product_ids, ids)
        found[places >= 0] = self.attributes[name][places[places >= 0]]
        return found


def with_products(interactions: Interactions, product_ids: Sequence[str]) -> Interactions:
    """The same purchases on a longer item axis: products nobody bought become empty columns (orders in
    sequence are not kept: content asks for none).

    Args:
        product_ids: ids to add; those that are there already are kept once.
    """
    from scipy.sparse import csr_array

    items = np.unique(np.concatenate([interactions.item_ids, np.array(list(product_ids), dtype=object)]).astype(object))
    moved = np.searchsorted(items, interactions.item_ids).astype(np.int32)
    shape = (interactions.n_users, len(items))
    matrix, back = interactions.matrix, interactions.returned
    return replace(
        interactions, item_ids=items, read_history=None,
        matrix=csr_array((matrix.data, moved[matrix.indices], matrix.indptr), shape=shape),
        returned=csr_array((back.data, moved[back.indices], back.indptr), shape=shape),
    )
