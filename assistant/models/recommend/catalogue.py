"""What is known of each product when a list is made: name, price, category, stock, last sale; and the rules on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, UnknownName
from assistant.features.interactions import Interactions, day_number
from assistant.features.product_facts import product_facts
from assistant.models.recommend.shaping import Kinds, Shape
from assistant.models.recommend.variants import PARENT_COLUMNS
from assistant.plans.list_rules import ListRules

if TYPE_CHECKING:
    import ibis
    import pandas as pd

#: A product without a sale for so many days counts as gone, where the data have no discontinuation dates.
QUIET_DAYS = 180

#: Rules in the order they are applied; each product is counted at the first one that leaves it out.
RULES: dict[str, str] = {
    "never_bought": "never bought by a known customer",
    "discontinued": "not on sale any more or not yet",
    "not_sold_lately": "not sold for a long time",
    "out_of_stock": "out of stock",
    "other_taste": "not what was said to be liked",
    "other_category": "in another category",
    "other_brand": "of another brand",
    "excluded_category": "in a category left out",
    "excluded_words": "with a word left out in the name",
    "excluded_product": "left out by hand",
    "price_unknown": "price unknown",
    "under_price": "under the lowest price asked for",
    "over_price": "over the price limit",
    "margin_unknown": "margin unknown, for want of a cost or a price",
    "under_margin": "margin below the floor",
    "age_gate": "only for customers known to be of age",
    "returned": "bought and sent back by this customer",
    "owned": "already bought and rarely bought again",
}


@dataclass(frozen=True)
class ProductFilters:
    """Bounds of a list, checked against the catalogue by :meth:`Catalogue.rules`.

    ``min_margin``: percent of the price. ``exclude_words``: no product whose name holds one of them as a word.
    ``also_unbought``: products that no known customer has bought, too; ``also_gone``: those no longer on sale, too.
    ``only``: ids of the products that fit what somebody likes.
    """

    category: str | None = None
    max_price: float | None = None
    in_stock_only: bool = True
    min_price: float | None = None
    min_margin: float | None = None
    exclude_categories: tuple[str, ...] = ()
    exclude_words: tuple[str, ...] = ()
    exclude_products: tuple[str, ...] = ()
    also_unbought: bool = False
    also_gone: bool = False
    only: frozenset[str] | None = None
    brand: str | None = None

    @classmethod
    def of(cls, request: ListRules) -> ProductFilters:
        """The bounds that a request states."""
        return cls(
            category=request.category, max_price=request.max_price, in_stock_only=request.in_stock_only,
            min_price=request.min_price, min_margin=request.min_margin,
            exclude_categories=request.exclude_categories, exclude_words=request.exclude_words,
            exclude_products=request.exclude_products, brand=request.brand,
        )


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All products, sold or not.

    Attributes:
        frame: one row per product: ``product_id``, ``name``, ``price`` (NaN unknown), ``price_source`` (``list``,
            ``last_paid`` or null), ``cost`` (NaN unknown), ``category``, ``subcategory``, ``stock`` (NaN unknown),
            ``discontinued`` (bool: not on sale on the analysis date), ``last_sold`` (day number or NaN), ``position``
            (column in the interactions, -1: none), ``brand``, ``parent`` (the product it is a variant of, if told).
        rows: row of each interactions column.
        has_category, has_stock, has_discontinued, has_cost: whether the shop's data hold these at all.
        today: day number of the analysis date.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    has_category: bool
    has_stock: bool
    has_discontinued: bool
    today: int
    has_cost: bool = False

    @cached_property
    def kinds(self) -> Kinds:
        """Category, variant and words of each interactions column."""
        return Kinds(self.frame.iloc[self.rows])

    @cached_property
    def all_kinds(self) -> Kinds:
        """Category, variant and words of each row of ``frame``."""
        return Kinds(self.frame)

    def row_of(self, product_id: str) -> int | None:
        """Row of a product, or None."""
        found = np.flatnonzero(self.frame["product_id"].to_numpy() == product_id)
        return int(found[0]) if len(found) else None

    def shape(self, request: ListRules) -> Shape:
        """The shape that a request states.

        Raises:
            MissingData: a cap per category, and the data hold no categories.
        """
        if request.max_per_category is not None and not self.has_category:
            raise MissingData("A cap per category needs products.category, which the loaded data do not have",
                              received="products.category")
        return Shape.of(request)

    @property
    def margin(self) -> np.ndarray:
        """Gross margin of each row in percent of its price; NaN where cost or price is unknown or the price is 0."""
        price, cost = self.frame["price"].to_numpy(dtype=float), self.frame["cost"].to_numpy(dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(price > 0, 100 * (price - cost) / price, np.nan)

    def rules(self, filters: ProductFilters) -> np.ndarray:
        """First rule that leaves each product (row of ``frame``) out, as object; None where none does.

        Raises:
            UnknownName: a category the shop does not have, or a word that no product's name holds.
            MissingData: a category or a margin is asked for, and the data hold no categories or costs.
        """
        frame = self.frame
        left: dict[str, np.ndarray] = {
            "never_bought": (frame["position"].to_numpy() < 0) & (not filters.also_unbought),
            "discontinued": frame["discontinued"].to_numpy() & (not filters.also_gone),
        }
        if not filters.also_gone and not self.has_discontinued:
            left["not_sold_lately"] = (self.today - frame["last_sold"].to_numpy()) > QUIET_DAYS
        if filters.in_stock_only and self.has_stock:
            left["out_of_stock"] = frame["stock"].to_numpy() <= 0
        left |= self._named(filters) | self._priced(filters)
        result = np.full(len(frame), None, dtype=object)
        for rule in reversed([r for r in RULES if r in left]):
            result[left[rule]] = rule
        return result

    def _named(self, filters: ProductFilters) -> dict[str, np.ndarray]:
        """Rules on category and name."""
        if (filters.category or filters.exclude_categories) and not self.has_category:
            raise MissingData("A list by category needs products.category, which the loaded data do not have",
                              received="products.category")
        left: dict[str, np.ndarray] = {}
        if filters.only is not None:
            left["other_taste"] = ~self.frame["product_id"].isin(filters.only).to_numpy()
        if filters.category is not None:
            left["other_category"] = ~self.in_category(filters.category)
        if filters.brand is not None:
            left["other_brand"] = ~self.of_brand(filters.brand)
        if filters.exclude_categories:
            left["excluded_category"] = np.logical_or.reduce([self.in_category(c) for c in filters.exclude_categories])
        if filters.exclude_products:
            left["excluded_product"] = self.frame["product_id"].isin(filters.exclude_products).to_numpy()
        if filters.exclude_words:
            left["excluded_words"] = np.logical_or.reduce([self._with_word(w) for w in filters.exclude_words])
        return left

    def _priced(self, filters: ProductFilters) -> dict[str, np.ndarray]:
        """Rules on price and margin."""
        left: dict[str, np.ndarray] = {}
        price = self.frame["price"].to_numpy(dtype=float)
        if filters.max_price is not None or filters.min_price is not None:
            left["price_unknown"] = np.isnan(price)
        if filters.min_price is not None:
            left["under_price"] = price < filters.min_price
        if filters.max_price is not None:
            left["over_price"] = price > filters.max_price
        if filters.min_margin is not None:
            if not self.has_cost:
                raise MissingData("A margin needs products.cost, which the loaded data do not have",
                                  received="products.cost")
            left["margin_unknown"] = np.isnan(self.margin)
            left["under_margin"] = self.margin < filters.min_margin
        return left

    def _with_word(self, word: str) -> np.ndarray:
        """Rows whose name holds a word (or words in a row), singular or plural."""
        wanted = [stem(w) for w in name_words(word)]
        names = self.word_stems
        size = len(wanted)
        match = np.array([any(n[i : i + size] == wanted for i in range(len(n) - size + 1)) for n in names], dtype=bool)
        if not wanted or not match.any():
            from rapidfuzz import process

            known = sorted({w for name in self.frame["name"] for w in name_words(name) if len(w) > 2})
            nearest = [m[0] for m in process.extract(word, known, limit=5)]
            raise UnknownName("No product's name holds this word", received=word, valid=nearest)
        return match

    @cached_property
    def word_stems(self) -> list[list[str]]:
        """Words of each name, plural ending cut, in order."""
        return [[stem(w) for w in name_words(name)] for name in self.frame["name"]]

    def in_category(self, category: str) -> np.ndarray:
        """Rows of a category or subcategory.

        Raises:
            UnknownName: the shop does not have it; ``valid`` holds the nearest.
        """
        wanted = category.strip().casefold()
        names = [self.frame[c].fillna("").astype(str) for c in ("category", "subcategory")]
        match = np.logical_or.reduce([n.str.casefold().to_numpy() == wanted for n in names])
        if not match.any():
            from rapidfuzz import process

            known = sorted({v for n in names for v in n if v})
            nearest = [m[0] for m in process.extract(category, known, limit=5)]
            raise UnknownName("The shop has no such category", received=category, valid=nearest)
        return match


    def of_brand(self, brand: str) -> np.ndarray:
        """Rows of a brand.

        Raises:
            MissingData: the data hold no brands. UnknownName: the shop does not have it; ``valid`` holds the nearest.
        """
        names = self.frame["brand"].fillna("").astype(str)
        known = sorted(set(names) - {""})
        if not known:
            raise MissingData("A list by brand needs products.brand, which the loaded data do not have",
                              received="products.brand")
        match = names.str.casefold().to_numpy() == brand.strip().casefold()
        if not match.any():
            from rapidfuzz import process

            raise UnknownName("The shop has no such brand", received=brand,
                              valid=[m[0] for m in process.extract(brand, known, limit=5)])
        return match


_WORD = re.compile(r"[^\W_]+")


def name_words(text: str) -> list[str]:
    """Words and numbers of a name, in small letters."""
    return _WORD.findall(text.casefold())


def stem(word: str) -> str:
    """A word without its plural ending: candles → candle, boxes → box, glass stays."""
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _parent(facts: ibis.Table) -> ibis.Value:
    """The product that a variant belongs to, where the source names it."""
    import ibis

    told = [c for c in PARENT_COLUMNS if c in facts.columns]
    return ibis.coalesce(*(facts[c].cast("string") for c in told)) if told else ibis.null("string")


def build_catalogue(snapshot: Snapshot, interactions: Interactions) -> Catalogue:
    """Gather product facts (see :func:`~assistant.features.product_facts.product_facts`)."""
    import pandas as pd

    facts = product_facts(snapshot)
    chosen = facts.select(
        "product_id", "name", "category", "subcategory", "brand", "price_source", "on_sale",
        price=facts.price.cast("float64"), cost=facts.cost.cast("float64"), stock=facts.stock.cast("float64"),
        last_day=facts.last_sold.date(), parent=_parent(facts),
    )
    frame = snapshot.execute(chosen).to_pandas().drop_duplicates("product_id")
    sold = pd.DataFrame({"product_id": interactions.item_ids})  # a sold product need not be in the product table
    frame = frame.merge(sold, on="product_id", how="outer").sort_values("product_id").reset_index(drop=True)
    ids = frame["product_id"].to_numpy(dtype=object)
    position = interactions.item_positions(ids)
    last = pd.to_datetime(frame["last_day"])
    out = pd.DataFrame({
        "product_id": ids, "name": frame["name"].where(frame["name"].notna(), frame["product_id"]).astype(str),
        "price": frame["price"].astype(float), "price_source": frame["price_source"],
        "cost": frame["cost"].astype(float),
        "category": frame["category"], "subcategory": frame["subcategory"], "stock": frame["stock"].astype(float),
        "brand": frame["brand"], "parent": frame["parent"],
        "discontinued": ~frame["on_sale"].fillna(True).to_numpy(dtype=bool),
        "last_sold": np.where(last.notna(), last.to_numpy().astype("datetime64[D]").astype("int64"), np.nan),
        "position": position,
    })
    rows = np.empty(interactions.n_items, dtype=np.int64)
    rows[position[position >= 0]] = np.flatnonzero(position >= 0)
    return Catalogue(
        out, rows, has_category=snapshot.has("products", "category"), has_stock=snapshot.has("products", "stock"),
        has_discontinued=snapshot.has("products", "discontinued_at"), today=day_number(snapshot.as_of),
        has_cost=snapshot.has("products", "cost"),
    )
