"""Which products a person means who names a category, or words of names that several products hold, where a tool
needs one.

The family is found here; which of it an answer is about is chosen by the tool, and always said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import UnknownName
from assistant.models.recommend.catalogue import Catalogue, name_words, stem

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.results import Result


@dataclass(frozen=True)
class Meant:
    """Rows of the catalogue that words stand for.

    Attributes:
        said: the words. rows: at least one. of_category: whether they name a category and not products.
    """

    said: str
    rows: tuple[int, ...]
    of_category: bool = False

    @property
    def several(self) -> bool:
        """Whether one of them has to be chosen."""
        return len(self.rows) > 1


def products_meant(catalogue: Catalogue, said: str) -> Meant:
    """The product of that id or name; else those of that category; else those whose names hold every word.

    Raises:
        UnknownName: none of these; ``valid`` holds the nearest ids and names.
    """
    frame, wanted = catalogue.frame, said.strip()
    row = catalogue.row_of(wanted)
    if row is not None:
        return Meant(said, (row,))
    folded = wanted.casefold()
    for column in ("product_id", "name", "subcategory", "category"):
        same = np.flatnonzero(frame[column].fillna("").astype(str).str.casefold().to_numpy() == folded)
        if len(same):
            of_category = column in {"subcategory", "category"}
            return Meant(said, tuple(map(int, same)) if of_category else (int(same[0]),), of_category)
    words = {stem(w) for w in name_words(wanted)}
    held = [i for i, name in enumerate(frame["name"]) if words and words <= {stem(w) for w in name_words(str(name))}]
    if held:
        return Meant(said, tuple(held))
    from rapidfuzz import process

    labels = [f"{p} ({n})" for p, n in zip(frame["product_id"], frame["name"], strict=True)]
    nearest = [m[0] for m in process.extract(wanted, labels, limit=5)]
    raise UnknownName("The shop has no such product", received=said, valid=nearest)


def most_ordered(snapshot: Snapshot, catalogue: Catalogue, meant: Meant) -> int:
    """The row of them that most orders hold; of equals the first by id."""
    ids = catalogue.frame["product_id"].iloc[list(meant.rows)].astype(str).tolist()
    if len(ids) == 1:
        return meant.rows[0]
    lines = snapshot.table("order_lines")
    of_them = lines.filter((lines.line_type == "sale") & lines.product_id.isin(ids))
    counted = snapshot.execute(of_them.group_by("product_id").aggregate(n=of_them.order_id.nunique()))
    orders = dict(zip(counted["product_id"].to_pylist(), counted["n"].to_pylist(), strict=True))
    best = min(range(len(ids)), key=lambda i: (-orders.get(ids[i], 0), ids[i]))
    return meant.rows[best]


def say_chosen(result: Result, catalogue: Catalogue, meant: Meant, row: int, why: str) -> None:
    """Among the assumptions: which of the products meant the answer is about, and what it was chosen by."""
    if not meant.several:
        return
    kind = "is a category of several products" if meant.of_category else "is in the names of several products"
    name = str(catalogue.frame["name"].iloc[row])
    result.evidence.assumptions.append(f"“{meant.said}” {kind}: this is about {name}, {why}.")


__all__ = ["Meant", "most_ordered", "products_meant", "say_chosen"]
