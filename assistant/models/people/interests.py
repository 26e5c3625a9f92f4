"""What each customer buys more often than others do: interest tags with strength, for everyone in one pass.

A topic is a category, subcategory or brand, or, where a shop has no categories, a word of product names. The strength
is how many times as often as those of the average customer somebody's orders hold the topic:

    strength = (orders with it + 10 p) / (all orders + 10) / p        p: share of all customers' orders that hold it

Adding ten orders of an average customer (the mean of a beta prior of that weight) keeps one lucky order of a newcomer
from counting as an interest. Objectors to direct marketing have no tags, and no topic that would tell a sensitive
trait is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.data.objectors import objectors
from assistant.data.sensitive import tells_a_trait
from assistant.features.interactions import encode
from assistant.features.rfm import TAKEN_BACK

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from assistant.data.warehouse import Snapshot

#: Orders of an average customer added to everybody's own.
PRIOR_ORDERS = 10.0
#: A tag needs so many orders with the topic, and to be so many times as strong as with the average customer.
FEWEST_ORDERS = 2
LEAST_STRENGTH = 1.5
#: Strength from which a tag is called clear, and strong.
CLEAR, STRONG = 2.0, 3.0
#: Products that a word of names must be in to be a topic, and the share of the catalogue it may be in at most.
WORD_PRODUCTS = 8
WORD_SHARE = 0.2
#: Kinds of topics, the widest first.
KINDS = ("category", "subcategory", "brand", "word", "named")


@dataclass(frozen=True, eq=False)
class Purchases:
    """Orders of known customers, each customer's one after the other, the oldest first.

    Attributes:
        customer_ids, item_ids: ids as objects of str, sorted.
        lines: orders × items, float32: what each order holds (a value above nought).
        sizes: [customers] number of orders. days: [orders] days since 1970-01-01.
    """

    customer_ids: np.ndarray
    item_ids: np.ndarray
    lines: csr_array
    sizes: np.ndarray
    days: np.ndarray


@dataclass(frozen=True, eq=False)
class Topics:
    """What interests are about.

    Attributes:
        kinds, names: [topics] kind of each topic and its name as the shop writes it.
        holds: products × topics, float32 0/1, rows as the items of the interactions.
        withheld: names that were left out because they would tell a sensitive trait.
    """

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    holds: csr_array
    withheld: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Interests:
    """Interests of all customers with an order.

    Attributes:
        topics: what they are about.
        customer_ids: [customers] ids as objects of str, sorted.
        orders: [customers] number of orders.
        counts: customers × topics, float32: orders that hold the topic (only pairs with any).
        last_days: as ``counts.data``: day of the latest such order, days since 1970-01-01.
        strengths: as ``counts.data``: times as often as the average customer.
        shares: [topics] share of all orders that hold the topic.
        tagged: as ``counts.data``, bool: counts as an interest.
        left_out: customers who objected to direct marketing; they have no row.
    """

    topics: Topics
    customer_ids: np.ndarray
    orders: np.ndarray
    counts: csr_array
    last_days: np.ndarray
    strengths: np.ndarray
    shares: np.ndarray
    tagged: np.ndarray
    left_out: int

    def of_customer(self, customer_id: str) -> list[tuple[int, int]]:
        """(topic, place in the arrays) of the tags of one customer, the strongest first."""
        row = int(np.searchsorted(self.customer_ids.astype(str), customer_id))
        if row >= len(self.customer_ids) or self.customer_ids[row] != customer_id:
            return []
        places = np.arange(self.counts.indptr[row], self.counts.indptr[row + 1])
        places = places[self.tagged[places]]
        order = np.lexsort((self.counts.indices[places], -self.strengths[places]))
        return [(int(self.counts.indices[p]), int(p)) for p in places[order]]

    def with_topic(self, topic: int) -> list[tuple[int, int]]:
        """(customer's row, place in the arrays) of everybody with the tag, the strongest first."""
        places = np.flatnonzero((self.counts.indices == topic) & self.tagged)
        rows = np.searchsorted(self.counts.indptr, places, side="right") - 1
        order = np.lexsort((rows, -self.strengths[places]))
        return [(int(rows[i]), int(places[i])) for i in order]

    def members(self, topic: int) -> list[str]:
        """Ids of everybody with the tag, sorted."""
        return sorted(str(self.customer_ids[row]) for row, _ in self.with_topic(topic))


def find_interests(snapshot: Snapshot, named: str | None = None) -> Interests:
    """Interests of all customers as of the analysis date.

    Args:
        named: also a topic of the products whose names hold all of these words ("lunch bag"), where there are any.

    Raises:
        MissingData: orders carry no customer or no product.
    """
    snapshot.require("order_lines", "customer_id", "product_id", needed_for="Finding interests")
    product_ids, columns = catalogue_topics(snapshot)
    if named is not None and snapshot.has("products", "name"):
        products = snapshot.table("products")
        names = dict(zip(*snapshot.execute(products.select("product_id", "name")).to_pydict().values(), strict=True))
        columns["named"] = [_holding(names.get(p), named) for p in product_ids]
    return interests_of(purchases(snapshot), product_ids, columns, objected=objectors(snapshot))


def purchases(snapshot: Snapshot) -> Purchases:
    """What each order of a known customer holds, read in one pass; pairs of customer and product that were wholly sent
    back are left out."""
    from scipy.sparse import csr_array

    lines = snapshot.table("order_lines")
    kept = lines.filter(lines.customer_id.notnull(), lines.product_id.notnull(),
                        lines.line_type.isin(["sale", *TAKEN_BACK]))
    table = snapshot.execute(kept.select(
        "customer_id", "order_id", "product_id", sale=kept.line_type == "sale", day=kept.ordered_at.date(),
        units=kept.quantity.fill_null(1)))
    customer_ids, who = encode(table["customer_id"])
    item_ids, items = encode(table["product_id"])
    sale = table["sale"].to_numpy().astype(bool)
    pair = who.astype(np.int64) * len(item_ids) + items
    found, place = np.unique(pair, return_inverse=True)
    owned = np.bincount(place, weights=table["units"].to_numpy(), minlength=len(found)) > 0
    own = sale & owned[place]
    # every order with a sale counts, also one of which nothing was kept
    coded = table["order_id"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    numbers, orders = np.unique(coded[sale], return_inverse=True)
    owners = np.zeros(len(numbers), dtype=np.int64)
    days = np.zeros(len(numbers), dtype=np.int32)
    owners[orders] = who[sale]
    np.maximum.at(days, orders, table["day"].to_numpy()[sale].astype("datetime64[D]").astype(np.int32))
    ranked = np.lexsort((days, owners))
    rank = np.empty(len(numbers), dtype=np.int64)
    rank[ranked] = np.arange(len(numbers))
    rows = rank[orders][own[sale]]
    held = csr_array((np.ones(len(rows), dtype=np.float32), (rows, items[own])), shape=(len(numbers), len(item_ids)))
    return Purchases(customer_ids, item_ids, held, np.bincount(owners, minlength=len(customer_ids)), days[ranked])


def _holding(name: str | None, wanted: str) -> str | None:
    """The words, where a product's name holds all of them in the singular or plural."""
    from assistant.models.taxonomy.words import words_of

    held = {w.removesuffix("s") for w in words_of(name or "")}
    said = [w.removesuffix("s") for w in words_of(wanted)]
    return wanted if said and held.issuperset(said) else None


def interests_of(
    bought: Purchases, product_ids: Sequence[str], columns: dict[str, Sequence[str | None]],
    objected: frozenset[str] = frozenset(),
) -> Interests:
    """Interests from purchases.

    Args:
        bought: orders with what they hold.
        product_ids: products of the catalogue; ``columns``: kind → topic of each (None: unknown), and ``name`` for the
            names that words are taken from where there are no categories.
        objected: customers to leave out.
    """
    from scipy.sparse import csr_array

    topics = _topics(bought, product_ids, columns)
    held = csr_array(bought.lines @ topics.holds)
    held.data[:] = 1.0
    owners = np.repeat(np.arange(len(bought.sizes)), bought.sizes)
    kept = ~np.isin(bought.customer_ids.astype(str), list(objected)) & (bought.sizes > 0)
    counts, last = _per_customer(held, owners, bought.days, len(bought.sizes))
    orders = bought.sizes.astype(np.float64)
    everybody = max(float(orders.sum()), 1.0)
    shares = np.asarray(counts.sum(axis=0)).ravel() / everybody
    mine, days = counts[kept], last[np.repeat(kept, np.diff(counts.indptr))]
    rows = np.repeat(np.arange(mine.shape[0]), np.diff(mine.indptr))
    average = shares[mine.indices]
    own = (mine.data + PRIOR_ORDERS * average) / (orders[kept][rows] + PRIOR_ORDERS)
    strengths = own / average
    return Interests(
        topics=topics, customer_ids=bought.customer_ids[kept], orders=bought.sizes[kept], counts=mine, last_days=days,
        strengths=strengths, shares=shares,
        tagged=(mine.data >= FEWEST_ORDERS) & (strengths >= LEAST_STRENGTH),
        left_out=int((~kept & (bought.sizes > 0)).sum()),
    )


def strength_word(strength: float) -> str:
    """``strong``, ``clear`` or ``slight``."""
    return "strong" if strength >= STRONG else "clear" if strength >= CLEAR else "slight"


def _per_customer(
    held: csr_array, owners: np.ndarray, days: np.ndarray, customers: int
) -> tuple[csr_array, np.ndarray]:
    """Orders per customer and topic (customers × topics), and the latest day of each pair, aligned with its data."""
    from scipy.sparse import csr_array

    n = held.shape[1]
    rows = np.repeat(owners, np.diff(held.indptr))
    when = np.repeat(days, np.diff(held.indptr))
    keys = rows.astype(np.int64) * max(n, 1) + held.indices
    order = np.argsort(keys, kind="stable")  # orders lie by customer, the oldest first: the last one of a run is latest
    found, starts, sizes = np.unique(keys[order], return_index=True, return_counts=True)
    pointers = np.searchsorted(found, np.arange(customers + 1, dtype=np.int64) * max(n, 1))
    indices = (found % max(n, 1)).astype(np.int32)
    counts = csr_array((sizes.astype(np.float32), indices, pointers.astype(np.int32)), shape=(customers, n))
    return counts, when[order][starts + sizes - 1] if len(found) else when[:0]


def catalogue_topics(snapshot: Snapshot) -> tuple[list[str], dict[str, list[str | None]]]:
    """Product ids and, for every kind that the shop fills, the topic of each; names where it fills no category."""
    if not snapshot.has("products"):
        return [], {}
    filled = [c for c in KINDS[:3] if snapshot.has("products", c)]
    named = [] if "category" in filled or not snapshot.has("products", "name") else ["name"]
    table = snapshot.table("products")
    found = snapshot.execute(table.select("product_id", *filled, *named)).to_pydict()
    return found.pop("product_id"), found


def _topics(bought: Purchases, product_ids: Sequence[str], columns: dict[str, Sequence[str | None]]) -> Topics:
    """Topics over the products bought."""
    from scipy.sparse import csr_array

    places = dict(zip(product_ids, range(len(product_ids)), strict=True))
    rows: list[int] = []
    cells: list[int] = []
    known: dict[tuple[str, str], int] = {}
    withheld: set[str] = set()
    named = _names_by_product(product_ids, columns)
    for item, product in enumerate(bought.item_ids):
        place = places.get(product)
        for kind, name in named[place] if place is not None else ():
            if tells_a_trait(name):
                withheld.add(name)
                continue
            rows.append(item)
            cells.append(known.setdefault((kind, name), len(known)))
    holds = csr_array((np.ones(len(rows), dtype=np.float32), (rows, cells)), shape=(len(bought.item_ids), len(known)))
    return Topics(tuple(k for k, _ in known), tuple(n for _, n in known), holds, tuple(sorted(withheld)))


def _names_by_product(
    product_ids: Sequence[str], columns: dict[str, Sequence[str | None]]
) -> list[set[tuple[str, str]]]:
    """(kind, name) of every topic of each product; a name that two kinds share counts for the wider one."""
    found: list[set[tuple[str, str]]] = [set() for _ in product_ids]
    for place in range(len(product_ids)):
        said: set[str] = set()
        for kind in KINDS[:3]:
            name = (columns.get(kind) or [None] * len(product_ids))[place]
            if name and str(name).strip() and str(name).casefold() not in said:
                said.add(str(name).casefold())
                found[place].add((kind, str(name).strip()))
        wanted = (columns.get("named") or [None] * len(product_ids))[place]
        if wanted:
            found[place].add(("named", wanted))
    if "name" in columns:
        for place, words in enumerate(_words(columns["name"])):
            found[place] |= {("word", word) for word in words}
    return found


def _words(names: Sequence[str | None]) -> list[set[str]]:
    """Words of each name that say a kind of thing and that enough other names hold, few enough to tell them apart."""
    from assistant.models.taxonomy.words import take_apart, word_lists

    lists = word_lists()
    apart = take_apart([str(n or "") for n in names])
    most = max(WORD_PRODUCTS, WORD_SHARE * len(names))
    kept = {w for w, n in apart.counts.items() if WORD_PRODUCTS <= n <= most and lists.can_name(w)}
    return [set(words) & kept for words in apart.words]
