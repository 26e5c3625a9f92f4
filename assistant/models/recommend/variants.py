"""Which products are one product in several colours and sizes.

Told by a parent id where the data hold one; otherwise by the name: without its words for colours, sizes, letters and
numbers (``assistant/features/variant_words.yaml``) the same words are left, in the same category and of the same brand
as far as these are known. A stem of one word counts only where a category is known, so that "mug" alone does not join
a shop.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from assistant.yaml_files import safe_load

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the source that name the product a variant belongs to.
PARENT_COLUMNS = ("x_parent_id", "x_parent_product_id", "x_item_group_id")

_WORD = re.compile(r"[^\W\d_]+|\d+")


@lru_cache(maxsize=1)
def _option_words() -> frozenset[str]:
    from importlib.resources import files


    raw = safe_load(files("assistant.features").joinpath("variant_words.yaml").read_text(encoding="utf-8"))
    return frozenset(str(word) for words in raw.values() for word in words)


def stem_of(name: str) -> tuple[str, ...]:
    """Words of a name that no colour or size changes, in order; plural endings cut, single letters and numbers gone."""
    found = _WORD.findall(name.casefold())
    kept = [w for w in found if len(w) > 1 and not w.isdigit() and w not in _option_words()]
    return tuple(w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in kept)


def variant_groups(frame: pd.DataFrame) -> np.ndarray:
    """Group of each product; variants of one product share a number.

    Args:
        frame: ``name``, and where known ``category``, ``subcategory``, ``brand``, ``parent`` (any may be null).

    Returns:
        int64, one per row, numbered from 0 in order of first appearance.
    """
    import pandas as pd

    def column(name: str) -> list[str | None]:
        if name not in frame.columns:
            return [None] * len(frame)
        return [v if isinstance(v, str) and v else None for v in frame[name]]

    keys: list[tuple[object, ...]] = []
    about = zip(frame["name"], *(column(c) for c in ("parent", "category", "subcategory", "brand")), strict=True)
    for row, (name, parent, *where) in enumerate(about):
        stem = stem_of(str(name))
        if parent is not None:
            keys.append(("parent", parent))
        elif len(stem) > 1 or (stem and where[0] is not None):
            keys.append(("stem", stem, *where))
        else:
            keys.append(("alone", row))
    return pd.factorize(pd.Series(keys, dtype=object))[0].astype(np.int64)
