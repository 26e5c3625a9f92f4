"""What the loaded shop adds to the lexicon: its metrics, dimensions, values and agreed terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.lexicon import Lexicon, PhraseTree, lexicon
from assistant.llm.planner.spelling import Spelling
from assistant.llm.planner.units import GRAINS
from assistant.plans.shop import Shop, ShopStatus, Term

#: Dimensions whose values are looked up word for word; products and customers are found by search.
_VALUE_DIMENSIONS = (
    "country",
    "category",
    "subcategory",
    "brand",
    "channel",
    "city",
    "acquisition_channel",
    "segment",
    "price_band",
    "gender",
    "customer_type",
    "order_status",
)
_MAX_VALUES = 3_000
#: Beginnings of a term's phrases that are conditions, not names; the condition grammar reads those.
_NOT_NAMES = heard("vocabulary.not_names")
#: Words of terms that the grammar reads otherwise.
_NOT_TERMS = heard("vocabulary.not_terms")
#: Fields that rows can be filtered by but not split by.
_FILTER_ONLY = frozenset(
    {
        "unit_price",
        "list_price",
        "quantity",
        "order_value",
        "order_units",
        "order_products",
        "line_amount",
        "stock",
        "age",
        "registered",
        "launched",
        "first_order",
        "last_order",
        "days_before_last_order",
        "line_type",
        "discount",
    }
)


@dataclass(frozen=True)
class Value:
    """One value of a dimension."""

    dimension: str
    value: str


@dataclass
class Vocabulary:
    """The lexicon joined with one shop's words.

    Attributes:
        trees: language first, shop second.
        metrics, dimensions: the shop's terms by name.
        product_words: lemma → names of the products whose name has it.
        names: lemmas of the shop's values and products, of months and days.
        customer_ids: ids of customers, as far as the shop lists them.
    """

    lexicon: Lexicon
    status: ShopStatus
    trees: tuple[PhraseTree, PhraseTree]
    metrics: dict[str, Term]
    dimensions: dict[str, Term]
    words: frozenset[str]
    product_words: dict[str, set[str]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    customer_ids: frozenset[str] = frozenset()
    #: names of saved segments
    segments: tuple[str, ...] = ()
    #: the shop's acquisition channels
    sources: tuple[str, ...] = ()
    #: names of past campaigns
    campaigns: PhraseTree = field(default_factory=PhraseTree)
    #: kinds of order lines the shop has
    line_types: frozenset[str] = frozenset()
    #: names of past campaigns, the latest first
    latest_campaigns: tuple[str, ...] = ()
    #: ids of products, as far as the shop lists them
    product_ids: frozenset[str] = frozenset()

    @cached_property
    def spelling(self) -> Spelling:
        """Reads misspelt words by what the language and the shop know."""
        lex = self.lexicon
        known = lex.known | lex.dictionary | lex.absent_words | lex.side_words | self.product_words.keys()
        speakable = self.words - lex.only_absent
        return Spelling(
            lex.grammar_words, speakable, known, self.names, self.product_words, self.products_with, lex.skip
        )

    def in_days(self, metrics: Iterable[Any]) -> bool:
        """Whether one of the measures is a length of time."""
        return any(m in self.metrics and self.metrics[m].unit == "days" for m in metrics)

    def role(self, role: str) -> str | None:
        """Name of the metric or dimension that plays a role in the grammar ("money", "recency"), if the shop knows
        it."""
        for name in self.lexicon.terms["roles"].get(role, (role,)):
            if name in self.metrics or name in self.dimensions:
                return str(name)
        return None

    def products_with(self, words: list[str]) -> set[str]:
        """Names of the products that hold all these lemmas (inflected alike)."""
        found: set[str] | None = None
        for word in words:
            if len(word) <= 2 or word in self.lexicon.skip:
                continue
            names = self.product_words.get(word, set())
            found = names if found is None else found & names
            if not found:
                return set()
        return found or set()


_CACHE: dict[tuple[int, str, str], Vocabulary] = {}


def vocabulary(shop: Shop, language: str = "en") -> Vocabulary:
    """The vocabulary of a shop, built once per snapshot and kept for the four latest."""
    status = shop.status()
    agreed = [(d.term, *d.words) for d in shop.definitions() if not d.assumed]
    key = (id(type(shop)), f"{status.fingerprint}|{status.as_of}|{agreed}|{list(shop.segment_names())}", language)
    if key not in _CACHE:
        while len(_CACHE) >= 4:
            _CACHE.pop(next(iter(_CACHE)))
        _CACHE[key] = _build(shop, status, lexicon(language))
    return _CACHE[key]


def _build(shop: Shop, status: ShopStatus, lex: Lexicon) -> Vocabulary:
    tree = PhraseTree()
    metrics = {term.name: term for term in shop.metrics()}
    dimensions = {term.name: term for term in shop.dimensions()}
    for kind, terms in (("metric", metrics), ("dim", dimensions)):
        group = "metrics" if kind == "metric" else "dimensions"
        for term in terms.values():
            if kind == "dim" and (term.name in GRAINS or term.name in _FILTER_ONLY):
                continue  # the grain lexicon reads time
            phrases = {term.label, term.name.replace("_", " "), *term.words, *lex.terms[group].get(term.name, ())}
            for phrase in phrases:
                if not _NOT_NAMES.begins(phrase.lower()) and phrase.lower() not in _NOT_TERMS:
                    tree.add(lex.lemmas(phrase), (kind, term.name))
    _add_terms(shop, tree, lex)
    for name in shop.segment_names():
        tree.add(lex.lemmas(name.replace("-", " ")), ("saved", name))
    _add_values(shop, tree, lex, dimensions)
    product_words = _add_products(shop, tree, lex)
    campaigns = PhraseTree()
    _add_campaigns(shop, campaigns, lex, dimensions)
    words = frozenset(tree.words() | campaigns.words() | lex.vocabulary)
    source = dimensions.get("acquisition_channel")
    sources = tuple(shop.values(source.name)) if source is not None and source.available else ()
    values = PhraseTree()
    _add_values(shop, values, lex, dimensions)
    names = frozenset(values.words() | product_words.keys() | lex.time_words)
    trees = (lex.tree, tree)
    return Vocabulary(
        lex, status, trees, metrics, dimensions, words, product_words, names,
        _ids(shop, dimensions, "customer"), tuple(shop.segment_names()), sources, campaigns,
        _line_types(shop, dimensions), _latest_campaigns(shop, dimensions), _ids(shop, dimensions, "product"),
    )


def _line_types(shop: Shop, dimensions: dict[str, Term]) -> frozenset[str]:
    term = dimensions.get("line_type")
    return frozenset(shop.values("line_type")) if term is not None and term.available else frozenset()


def _latest_campaigns(shop: Shop, dimensions: dict[str, Term]) -> tuple[str, ...]:
    term = dimensions.get("campaign")
    return tuple(shop.labels("campaign")) if term is not None and term.available else ()


def _add_campaigns(shop: Shop, tree: PhraseTree, lex: Lexicon, dimensions: dict[str, Term]) -> None:
    """Names of campaigns, where they are of more than one word."""
    term = dimensions.get("campaign")
    if term is None or not term.available:
        return
    for name in list(shop.labels("campaign"))[:_MAX_VALUES]:
        words = lex.lemmas(name)
        if len(words) > 1:
            tree.add(words, ("value", Value("campaign", name)))


def _ids(shop: Shop, dimensions: dict[str, Term], what: str) -> frozenset[str]:
    term = dimensions.get(what)
    return frozenset(shop.values(what)) if term is not None and term.available else frozenset()


def _add_terms(shop: Shop, tree: PhraseTree, lex: Lexicon) -> None:
    """Agreed terms first, so that one hides the built-in term that has the same word."""
    taken: set[tuple[str, ...]] = set()
    agreed = [d for d in shop.definitions() if not d.assumed]
    builtin = [d for d in shop.definitions() if d.assumed]
    people = {lex.lemmas(word)[0] for word in lex.terms["dimensions"]["customer"]}
    for definition in agreed:
        own = lex.lemmas(definition.term.replace("-", " "))
        tree.add(own, ("definition", definition.term))
        for word in people:
            tree.add((*own, word), ("definition", definition.term))
        taken |= {own, *((*own, word) for word in people)}
    for definition in (*agreed, *builtin):
        phrases = (definition.term, *lex.terms["definitions"].get(definition.term, ()))
        for phrase in {lex.lemmas(p.replace("-", " ")) for p in phrases} - taken:
            tree.add(phrase, ("definition", definition.term))


def _add_values(shop: Shop, tree: PhraseTree, lex: Lexicon, dimensions: dict[str, Term]) -> None:
    for dimension in _VALUE_DIMENSIONS:
        term = dimensions.get(dimension)
        if term is not None and not term.available and dimension == "channel":
            _add_unheld(tree, lex, dimension)  # "web vs store" is then refused for the column it needs
        if term is None or not term.available:
            continue
        for value in list(shop.values(dimension))[:_MAX_VALUES]:
            phrase = lex.lemmas(value)
            if dimension == "order_status" and (not phrase or phrase[0] in lex.vocabulary):
                continue  # "completed orders", "cancelled orders" are measures
            if phrase:
                tree.add(phrase, ("value", Value(dimension, value)))
            for part in _parts(value) if dimension in {"category", "subcategory"} else ():
                words = lex.lemmas(part)
                if words and len(part) > 3 and words[0] not in lex.tree.children and words[0] not in lex.skip:
                    tree.add(words, ("value", Value(dimension, value)))
        if dimension == "country":
            _add_places(shop.values(dimension), tree, lex)
        held = {str(v).lower(): str(v) for v in list(shop.values(dimension))[:_MAX_VALUES]}
        for value, phrases in lex.terms["values"].get(dimension, {}).items():
            for phrase in phrases if str(value) in held else ():
                tree.add(lex.lemmas(phrase), ("value", Value(dimension, held[str(value)])))


def _add_unheld(tree: PhraseTree, lex: Lexicon, dimension: str) -> None:
    """Usual values of a dimension that the shop's data do not hold."""
    for value, phrases in lex.terms["values"].get(dimension, {}).items():
        for phrase in (str(value), *phrases):
            tree.add(lex.lemmas(phrase), ("value", Value(dimension, str(value))))


def _parts(value: str) -> list[str]:
    """As in "Toys & Games" is also called "toys" and "games"."""
    parts = [p.strip() for p in expression("vocabulary.between_names").split(value)]
    return parts if len(parts) > 1 else []


def _add_places(countries: object, tree: PhraseTree, lex: Lexicon) -> None:
    by_name = {str(c).lower(): str(c) for c in countries}  # type: ignore[attr-defined]
    for group in lex.places:
        known = [by_name[name] for name in group if name in by_name]
        if known:
            for name in group:
                if len(name) > 2 or name in heard("vocabulary.short_places"):
                    tree.add(lex.lemmas(name), ("value", Value("country", known[0])))


def _add_products(shop: Shop, tree: PhraseTree, lex: Lexicon) -> dict[str, set[str]]:
    index: dict[str, set[str]] = {}
    if "product" not in {t.name for t in shop.dimensions()}:
        return index
    for name in list(shop.labels("product"))[:10_000]:
        words = lex.lemmas(name)
        if len(words) > 1 and not any(w in lex.tree.children for w in words[:1]):
            tree.add(words, ("value", Value("product", name)))
        verbatim = lex.spelt(name)
        if len(verbatim) > 2:  # a name of several words typed out is that product, whatever its words mean otherwise
            tree.add(verbatim, ("value", Value("product", name)))
        for word in words:
            if len(word) > 2 and word not in lex.skip:
                index.setdefault(word, set()).add(name)
    return index
