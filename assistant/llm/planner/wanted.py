"""Products wanted under several conditions: price, stock, words they must or must not have, brand, kind, order.

As in "mugs that are not red under 10", "newest products in Toys", "glass vases in stock, cheapest first". The text is
taken apart condition by condition; what is left must be words of products, so that nothing said is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.spans import Item, Reading
from assistant.plans.requests import ProductSearchRequest
from assistant.plans.shop import Shop

#: A little below a reading that explains every word, as this one does, and does it with every condition named.
COST = -0.05
MOST_WORDS = 22


@dataclass
class _Wish:
    """The text that is still to be read, and what was read of it."""

    rest: str
    args: dict[str, Any] = field(default_factory=dict)

    def take(self, said: re.Pattern[str]) -> re.Match[str] | None:
        """Cut the first place of an expression out of the text."""
        found = said.search(self.rest)
        if found:
            self.rest = f"{self.rest[: found.start()]} , {self.rest[found.end() :]}"
        return found

#: values that tell sales apart, not goods
_NO_GOODS = frozenset({"country", "city", "channel", "acquisition_channel", "segment", "customer_type"})


def wanted(reading: Reading, context: DialogueContext, shop: Shop) -> Candidate | None:
    """A product search with conditions that a search by words alone would lose; None where there is none."""
    text = " ".join(reading.text.lower().split()).rstrip("?!. ")
    if not text or len(text.split()) > MOST_WORDS or expression("wanted.other").search(text) or _of_sales(reading):
        return None
    wish = _Wish(text)
    like = wish.take(expression("wanted.alike")) is not None
    _conditions(wish, shop)
    telling = bool(wish.args.keys() - {"max_price", "min_price"}) or len(wish.args) == 2
    _number(wish)
    _values(wish, reading)
    words = _left(wish, reading, shop)
    if words is None:
        return None
    args = wish.args
    words = _kind_alone(args, words, reading)
    of_shop = args.keys() & {"brand", "category"}
    telling |= bool(of_shop) and len(args) > 1 or "brand" in of_shop and bool(words or reading.does("search"))
    asks = bool(words) and (any(w.isdigit() for w in words) or bool(expression("wanted.asks_for").search(text)))
    alone = bool(args) and not words and not like and not of_shop
    narrowed = _refined(args, context) if alone else {}
    plain = like and args.keys() <= {"relative_price", "max_price"}  # read elsewhere, the product looked up
    if plain or not narrowed and not telling and (like or not asks):
        return None
    if narrowed:
        args = narrowed
    elif alone and "containing" not in args:
        return None
    elif words:
        args |= {"text": " ".join(words), "alike": like}
    ranked = args.get("sort") == "best_selling"  # "best-selling products in Toys" is a ranking by sales, as "the 3rd
    placed = any(t.unit == "ordinal" for t in reading.tokens)  # best-selling" is; "best-selling candles" are candles
    if not args or ranked and (placed or not words and expression("wanted.any").search(text)):
        return None
    try:
        return Candidate([call(ProductSearchRequest.model_validate(args))], COST, "search")
    except ValidationError:
        return None


def _of_sales(reading: Reading) -> bool:
    """Whether a place, channel or time is named, as in "top 10 products in France in 2011": that asks what was sold."""
    return any(
        any(v.dimension in _NO_GOODS for v in item.alts.get("value", ()))
        or item.has("period") and (len(item.tokens) > 1 or item.tokens[0].value is not None)
        for item in reading.items
        if not any(v.dimension == "product" for v in item.alts.get("value", ()))
    )


def _conditions(wish: _Wish, shop: Shop) -> None:
    """Everything that one expression tells, the longer ones first."""
    args = wish.args
    if wish.take(expression("wanted.cheaper")):
        args["relative_price"] = "cheaper"
    if wish.take(expression("wanted.dearer")):
        args["relative_price"] = "dearer"
    without = expression("wanted.without").search(wish.rest)
    if without and not _in_names(without.group().strip(), shop):  # "do not disturb sign" denies nothing
        wish.take(expression("wanted.without"))
        args["without"] = tuple(_listed(without["named"]))
    made = wish.take(expression("wanted.containing"))
    if made:
        args["containing"] = tuple(_listed(made["named"]))
    both = wish.take(expression("wanted.between"))
    if both:
        low, high = sorted((_money(both["low"]), _money(both["high"])))
        args |= {"min_price": low, "max_price": high}
    else:
        for name, limit in (("max_price", wish.take(expression("wanted.max_price"))),
                            ("min_price", wish.take(expression("wanted.min_price")))):
            args |= {name: _money(limit["money"])} if limit else {}
    if wish.take(expression("wanted.in_stock")):
        args["in_stock_only"] = True
    orders = {"cheapest": expression("wanted.cheapest"), "dearest": expression("wanted.dearest"),
              "newest": expression("wanted.newest"), "best_selling": expression("wanted.best_selling")}
    for name, said in orders.items():
        found = said.search(wish.rest)
        if found and not _in_names(wish.rest[found.start() :].strip(" ,"), shop):  # "new baby card" is no order
            wish.take(said)
            args.setdefault("sort", name)


def _listed(words: str) -> list[str]:
    return [w for w in expression("wanted.joined").split(words) if w][:6]


def _money(text: str) -> float:
    return float(text.replace(",", "."))


def _number(wish: _Wish) -> None:
    number = wish.take(expression("wanted.number"))
    if number:
        wish.args["k"] = max(1, min(int(number["k"]), 100))


def _values(wish: _Wish, reading: Reading) -> None:
    """A brand or category of the shop said in full is a condition; a part of its name stays a word."""
    for item in reading.items:
        said = item.text.lower()
        for value in item.alts.get("value", ()):
            kind = {"brand": "brand", "category": "category", "subcategory": "category"}.get(value.dimension)
            if kind is None or kind in wish.args or value.value.lower() != said:
                continue
            found = re.search(rf"(?<!\w){re.escape(said)}(?!\w)", wish.rest)
            if found and (kind == "brand" or _said_as_kind(wish.rest, found)):
                wish.args[kind] = value.value
                wish.rest = f"{wish.rest[: found.start()]} , {wish.rest[found.end() :]}"


def _said_as_kind(rest: str, found: re.Match[str]) -> bool:
    """As in "in Toys", "kitchen products", where a kind is named as one: in "coffee press" it is a part of a name."""
    before, after = rest[: found.start()], rest[found.end() :]
    return bool(expression("wanted.inside").search(before) or expression("wanted.any").match(after.lstrip(" ")))


def _kind_alone(args: dict[str, Any], words: list[str], reading: Reading) -> list[str]:
    """As in "candles between 10 and 20": the words that are left; none where they are the name of a kind, then asked
    for as one. "christmas cards" stay words, for they may lie in several kinds."""
    said = " ".join(words)
    kinds = [v.value for item in reading.items for v in item.alts.get("value", ())
             if v.dimension in {"category", "subcategory"} and said in {v.value.lower(), item.text.lower()}
             and v.value.lower() == item.text.lower()]
    if kinds and "category" not in args and "relative_price" not in args:
        args["category"] = kinds[0]
        return []
    return words


def _left(wish: _Wish, reading: Reading, shop: Shop) -> list[str] | None:
    """The words of products that are left; None where anything else is."""
    rest = expression("wanted.lead").sub(" ", wish.rest.strip(" ,"))
    lemmas = {t.text.lower(): t.lemma for t in reading.tokens}
    items = {t.text.lower(): item for item in reading.items for t in item.tokens}
    skip, known = reading.vocabulary.lexicon.skip, reading.vocabulary.product_words
    words, goods = [], False
    for word in expression("wanted.word").findall(rest):
        lemma = lemmas.get(word, word)
        if {lemma, word} & heard("wanted.filler"):
            continue
        item = items.get(word)
        parts = [p for p in re.split(r"[-'’]", word) if len(p) > 1] or [word]
        of_goods = all(lemmas.get(p, p) in known for p in parts) or lemma in known or _names_goods(item)
        if word.isdigit():
            words.append(word)
            continue
        of_goods = of_goods or bool(skip & {word, lemma}) and _in_names(word, shop)  # "cake stand"
        if not of_goods and (item is None or item.alts.keys() - {"absent"} or skip & {word, lemma}):
            return None  # "toys for kids" may name whom they are for: the search says what no product has
        goods |= of_goods
        words.append(word)
    return words if goods or not words else None


def _in_names(word: str, shop: Shop) -> bool:
    """Whether a product's name has the word, or the words in this order, plural or not."""
    ending = word.removesuffix("s")
    said = re.compile(rf"(?<!\w){re.escape(ending)}s?(?!\w)", re.IGNORECASE)
    return any(said.search(label) for label in shop.labels("product"))


def _names_goods(item: Item | None) -> bool:
    return item is not None and any(
        v.dimension in {"product", "category", "subcategory"} for v in item.alts.get("value", ()))


def _refined(args: dict[str, Any], context: DialogueContext) -> dict[str, Any]:
    """As in "only those in stock", "under 10", "made of glass" after a search: that search with the condition added."""
    past = context.last()
    if past is None or past.call.name != "search_products":
        return {}
    before = past.call.args
    joined = {name: tuple(dict.fromkeys((*before.get(name, ()), *args[name])))
              for name in ("without", "containing") if name in args}
    return {**before, **args, **joined}
