"""What is known of each product in words, read from a snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows

if TYPE_CHECKING:
    import ibis

#: Line types that make a code a product; a code that only ever occurs on other lines is postage, a fee, a gift card …
PRODUCT_LINES = ("sale", "return", "cancellation")


@dataclass(frozen=True)
class Product:
    """The words of one product; absent ones are empty."""

    product_id: str
    name: str
    description: str = ""
    category: str = ""
    subcategory: str = ""
    brand: str = ""
    #: False: the category was proposed from the name, so it says nothing that the name does not
    own_category: bool = True

    @cached_property
    def text(self) -> str:
        """What is embedded: name first, then what describes it."""
        filed = " ".join(p for p in (self.category, self.subcategory) if p) if self.own_category else ""
        parts = [self.name, self.description, filed, self.brand]
        return ". ".join(p.rstrip(". ") for p in parts if p)

    @cached_property
    def text_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


class Catalogue:
    """Products in a fixed order (by id)."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.products = tuple(sorted(products, key=lambda p: p.product_id))
        self.position = {p.product_id: i for i, p in enumerate(self.products)}

    def __len__(self) -> int:
        return len(self.products)

    @cached_property
    def fingerprint(self) -> str:
        """Changes when a product comes, goes or changes its words; prices and stock do not count."""
        digest = hashlib.sha256()
        for product in self.products:
            digest.update(f"{product.product_id}\0{product.text_hash}\n".encode())
        return digest.hexdigest()[:16]

    @cached_property
    def ids(self) -> list[str]:
        return [p.product_id for p in self.products]


def product_rows(snapshot: Snapshot) -> ibis.Table:
    """The products table without codes that were only ever used for postage, fees and the like."""
    lines = snapshot.table("order_lines")
    seen = lines.group_by("product_id").aggregate(
        any_line=lines.count(), product_lines=lines.line_type.isin(PRODUCT_LINES).cast("int64").sum()
    )
    not_products = seen.filter(seen.product_lines == 0).select("product_id")
    return snapshot.table("products").anti_join(not_products, "product_id")


def read_catalogue(snapshot: Snapshot) -> Catalogue:
    """Every product that has a name.

    Raises:
        MissingData: there is no products table, or no product has a name.
        NoRows: the table has names, but only of codes that are no products.
    """
    snapshot.require("products", "product_id", "name", needed_for="Product search")
    table = product_rows(snapshot)
    table = table.select("product_id", "name", "description", "category", "subcategory", "brand")
    columns = snapshot.execute(table.filter(table.name.notnull())).to_pydict()
    products = {}
    own = "products.category" not in snapshot.added
    for row in zip(*(columns[name] for name in table.columns), strict=True):
        cleaned = [" ".join(str(value).split()) if value is not None else "" for value in row[1:]]
        if cleaned[0]:
            products[str(row[0])] = Product(str(row[0]), *cleaned, own_category=own)
    if not products:
        raise NoRows("The loaded data hold no named product")
    return Catalogue(list(products.values()))
