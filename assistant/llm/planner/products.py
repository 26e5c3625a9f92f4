"""Readings that name products: a phrase to look up, a basket to go on from, "why not this one"."""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.requests import Finish, price_limit, take_verbs
from assistant.plans.requests import ProductSearchRequest, RecommendRequest
from assistant.plans.shop import Shop

#: Words that open a question or an order of another kind.
_OPENERS = heard("products.openers")
_KINDS = ("do", "metric", "trend", "growth", "grain", "share", "compare", "object", "customers_pronoun", "worth",
          "definition", "target", "future", "stock_out")
_CHEAP = heard("products.cheap")
_DEAR = heard("products.dear")
_MONEY = heard("products.money")
_EMPTY = heard("products.empty")
#: Words of somebody who says what they have.
_HAVING = heard("products.having")


def phrase(p: Parts, context: DialogueContext, finish: Finish) -> Candidate | None:
    """As in "red mug" · "something for a christmas table under 20" · "cheapest candle" · "show me Toys over 50"."""
    r = p.reading
    words = [t.lemma for t in r.tokens]
    sort = _sorted(p)
    wish = r.has("wish")
    said = any(r.items[i].lemma in heard("products.showing") for i in range(min(3, len(r.items))))
    polite = set(r.does("thanks", "greet"))
    blocked = [i for i in r.having(*_KINDS) if not _names(p, i) and i not in p.used and i not in polite]
    if not r.items or r.items[0].lemma in _OPENERS or blocked or p.customer_ids or len(r.tokens) > 14:
        return None
    if r.has("how_many") or any("customers" in i.alts.get("metric", ()) for i in r.items):
        return None  # "how many people bought something from Garden" counts people
    if r.has("absent") and not all(_names(p, i) for i in r.having("absent")):
        return None
    categories = [row for row in p.rows if getattr(row, "field", "") in {"category", "subcategory"}]
    maximum, minimum = price_limit(p, {"lt", "le"}), price_limit(p, {"gt", "ge"})
    priced = maximum is not None or minimum is not None
    known = [w for w in words if w in r.vocabulary.product_words and w not in r.skip]
    if not known and not (categories and (priced or sort or wish)) and not (wish and len(words) > 1):
        return None
    if said and not (priced or sort or wish):
        return None  # "show me mugs" asks for their sales
    if r.has("group") and r.has("dim"):
        return None  # "the most popular product per country" is no wish
    text = _text(p)
    category = str(categories[0].values[0]) if categories else None  # type: ignore[union-attr]
    if category is not None and set(known) - set(r.vocabulary.lexicon.lemmas(category)):
        category = None  # "garden table": more is named than the category
    if not text and category is None:
        return None
    # a wish is looked for by its meaning, whatever its words; without one a word that no product has is not passed over
    p.used.update(i for i in range(len(r.items)) if wish or r.items[i].alts or _names(p, i))
    request = ProductSearchRequest(
        text=text or category, category=category, max_price=maximum, min_price=minimum, sort=sort or "match",  # type: ignore[arg-type]
        k=min(p.limit or (5 if sort is None else 3), 100),
    )
    return finish(p, [call(request)], "search", 0.2 if known or categories else 0.45)


def _names(p: Parts, i: int) -> bool:
    """Whether the item is a word of product names or a value, read as such."""
    item = p.reading.items[i]
    return item.has("value", "wish") or all(
        t.lemma in p.reading.vocabulary.product_words or t.lemma in p.reading.skip for t in item.tokens
    )


def _sorted(p: Parts) -> str | None:
    text = " ".join(t.lemma for t in p.reading.tokens)
    if any(f" {w} " in f" {text} " for w in _DEAR):
        return "dearest"
    return "cheapest" if any(f" {w} " in f" {text} " for w in _CHEAP) else None


def _text(p: Parts) -> str:
    """What is looked for, in the person's words, without prices, wishes and words of order."""
    drop = {w for one in (*_CHEAP, *_DEAR) for w in one.split()} | _EMPTY
    kept = []
    for item in p.reading.items:
        priced = item.has("cmp") or item.number is not None or item.lemma in _MONEY
        for token in item.tokens:
            plain = token.kind == "word" and token.lemma not in drop
            content = token.lemma not in p.reading.skip or token.lemma in p.reading.vocabulary.product_words
            if plain and content and not priced and token.lemma not in heard("products.price"):
                kept.append(token.text)
    return " ".join(kept)


def basket(p: Parts, context: DialogueContext, finish: Finish, shop: Shop) -> Candidate | None:
    """As in "I used to use A and B, now I want some TYPE product under 20" · "A is in the basket, what fits"."""
    r = p.reading
    lemmas = {t.lemma for t in r.tokens}
    wants = bool(r.does("recommend")) or lemmas & heard("products.wanting")
    if r.tokens and r.tokens[0].lemma in heard("who_whom"):
        return None  # people are asked for, not products
    if not wants or not lemmas & _HAVING or p.customer_ids or r.does("create") and r.has("object", "channel"):
        return None
    if any("customer" in i.alts.get("dim", ()) or "customers" in i.alts.get("metric", ()) for i in r.items):
        return None
    ids: list[str] = list(p.product_ids)
    for name in named_products(p):
        found = [m for m in shop.find(name, ("product",), 1) if m.kind == "product" and m.score >= 80]
        ids += [m.value for m in found if m.value not in ids]
    if not ids:
        return None
    maximum = price_limit(p, {"lt", "le"})
    category = next(
        (str(row.values[0]) for row in p.rows if getattr(row, "field", "") in {"category", "subcategory"}), None  # type: ignore[union-attr]
    )
    take_verbs(p, "recommend", "search", "create", "together")
    for i, item in enumerate(r.items):
        counted = item.number is not None and item.number != maximum
        spoken = item.has("act", "value", "cmp") or heard("products.cart").within(item.lemma)
        if not counted and (spoken or not item.has("absent", "metric", "definition")):
            p.used.add(i)
    request = RecommendRequest(basket=tuple(ids), max_price=maximum, category=category, k=p.limit or 5)
    return finish(p, [call(request)], "recommend", -0.05)


def named_products(p: Parts) -> list[str]:
    """Names of products said: values of the shop, quotations, runs of words of product names."""
    names = [v.value for item in p.reading.items for v in item.alts.get("value", ()) if v.dimension == "product"]
    names += [t.text for t in p.reading.tokens if t.kind == "quote"]
    for row in p.rows:
        for one in (row, *(getattr(row, "parts", ()) or ())):
            if getattr(one, "field", "") == "product":
                names += [str(v) for v in one.values]
    for condition in p.conditions.customers:
        where = getattr(condition, "where", None)
        if getattr(where, "field", "") == "product":
            names += [str(v) for v in where.values]
    return list(dict.fromkeys(names))


def products_said(p: Parts, shop: Shop) -> list[str]:
    """As in "how often were 85123A and 22423 ordered together": ids of the products said; bare ids are then used."""
    ids: list[str] = list(p.product_ids)
    used: set[int] = set()
    for i, item in enumerate(p.reading.items):
        text = item.tokens[0].text
        if len(item.tokens) > 1 or not any(c.isdigit() for c in text) or text in ids:
            continue
        found = [m.value for m in shop.find(text, ("product",), 1) if m.value.casefold() == text.casefold()]
        ids, used = ids + found, used | ({i} if found else set())
    for name in named_products(p) if len(ids) < 2 else []:
        found = [m.value for m in shop.find(name, ("product",), 1) if m.kind == "product" and m.score >= 95]
        ids += [v for v in found if v not in ids]
    p.used |= used
    return ids


def why_not(p: Parts, context: DialogueContext, finish: Finish, shop: Shop) -> Candidate | None:
    """As in "why not the red mug for customer 12345?" · "why didn't you recommend it to them" after a list."""
    r = p.reading
    if (
        not r.tokens
        or r.tokens[0].lemma not in heard("why")
        or not any(t.lemma in heard("products.not") for t in r.tokens)
    ):
        return None
    past = context.last("recommend_products")
    customer = p.customer_ids[0] if p.customer_ids else past.call.args.get("customer_id") if past else None
    if customer is None:
        return None
    start = next(k for k, t in enumerate(r.tokens) if t.lemma in heard("products.not"))
    stop = heard("products.after_not") | {"?", str(customer)}
    words = [t.text for t in r.tokens[start + 1 :] if t.lemma not in stop and t.kind in {"word", "quote", "number"}]
    named = p.product_ids or [m.value for m in shop.find(" ".join(words), ("product",), 1)
                              if m.kind == "product" and m.score >= 80]
    if not named:
        return None
    p.used.update(range(len(r.items)))
    own = dict(past.call.args) if past is not None and past.call.args.get("customer_id") == customer else {}
    request = RecommendRequest.model_validate({**own, "customer_id": customer, "why_not": named[0]})
    return Candidate([call(request)], -0.1, "recommend")
