"""What a text names outright: ids of customers and products, values of a dimension, words of product names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.values import product_filter, product_words
from assistant.plans.filters import Compare, Or

if TYPE_CHECKING:
    from assistant.llm.planner.parts import Parts


def read_ids(p: Parts) -> None:
    """As in "customer 17850", "customers C1 and C2", "product 85123A"."""
    items = p.reading.items
    for i, item in enumerate(items):
        dims = item.alts.get("dim", ())
        kind = (
            "customer"
            if "customer" in dims or (item.has("do") and item.tokens[-1].lemma in heard("customer"))
            else "product"
            if "product" in dims
            else None
        )
        if kind is None or not any(
            heard("mentions.things").begins(t.word)
            for t in item.tokens
        ):
            continue
        k, listed = i + 1, False
        while k < len(items):
            token = items[k].tokens[0]
            if _is_year(token.text) and items[k].has("period") and item.tokens[-1].word.endswith("s"):
                break  # "top products 2011" speaks of the year
            if len(items[k].tokens) == 1 and _looks_like_id(token.text, token.kind) and token.unit is None:
                (p.customer_ids if kind == "customer" else p.product_ids).append(token.text)
                p.used |= {i, k}
                listed = True
            elif not (items[k].lemma in heard("mentions.id_marks") and not listed) and not (
                listed and items[k].lemma in {"and", "or", ","} | {items[k].lemma if items[k].text == "," else ""}
            ):
                break
            k += 1
    if not p.customer_ids and not p.product_ids:
        _bare_customer(p)
    if not p.customer_ids and not p.product_ids:
        _bare_product(p)
    if p.customer_ids:
        p.used.update(
            i for i, item in enumerate(items) if item.has("customers_pronoun") and heard("customer").within(item.lemma)
        )
        p.rows.append(
            Compare(field="customer", op="eq" if len(p.customer_ids) == 1 else "in", values=tuple(p.customer_ids))
        )
    if p.product_ids:
        p.rows.append(
            Compare(field="product", op="eq" if len(p.product_ids) == 1 else "in", values=tuple(p.product_ids))
        )


def _bare_customer(p: Parts) -> None:
    """As in "what should we offer 17850": a number that is a customer's, where no number could stand instead."""
    items, known = p.reading.items, p.reading.vocabulary.customer_ids
    found = [
        i
        for i, item in enumerate(items)
        if len(item.tokens) == 1 and item.tokens[0].text in known and i not in p.used and item.unit is None
        and not item.has("period", "duration", "value") and len(item.tokens[0].text) > 3
        and not (i and items[i - 1].has("cmp", "rank", "target", "last", "metric"))
        and not _is_year(item.tokens[0].text)
    ]
    if len(found) == 1:
        p.customer_ids.append(items[found[0]].tokens[0].text)
        p.used.add(found[0])


def _bare_product(p: Parts) -> None:
    """As in "sales of 85123A", "stock of TG-1030", "who would buy 22423": a product's code that is no customer's."""
    known = p.reading.vocabulary
    for i, item in enumerate(p.reading.items):
        token = item.tokens[0]
        free = i not in p.used and len(item.tokens) == 1 and not item.has("value", "period")
        code = (
            bool(_CODE.fullmatch(token.text)) if token.kind == "word"
            else token.text in known.product_ids and len(token.text) > 4 and not _number_wanted(p, i)
        )
        if free and code and token.text not in known.customer_ids:
            p.product_ids.append(token.text)
            p.used.add(i)


def _number_wanted(p: Parts, place: int) -> bool:
    """Whether a number may stand there: "over 22423", "the top 22423", "22423 orders"."""
    items = p.reading.items
    item, before = items[place], items[place - 1] if place else None
    return item.unit is not None or item.has("duration") or (
        before is not None and before.has("cmp", "rank", "target", "last")
    ) or (place + 1 < len(items) and items[place + 1].has("metric", "dim"))


#: a product's code, as shops write them
_CODE = re.compile(r"[A-Za-z]{1,5}-\d{2,}[A-Za-z]?|\d{4,6}[A-Za-z]{1,2}")


def _is_year(text: str) -> bool:
    return text.isdigit() and 1990 <= int(text) <= 2100


def _looks_like_id(text: str, kind: str) -> bool:
    return (kind == "number" and text.isdigit()) or (
        kind in {"word", "quote"} and bool(re.fullmatch(r"[A-Za-z\-_]{0,6}\d[\w\-]*", text))
    )


def dimension_values(p: Parts) -> None:
    """As in "category Garden" explains "category"; "brand 'Calvin Klein'" takes the quotation."""
    items = p.reading.items
    for i, item in enumerate(items):
        if i in p.used or not item.has("dim"):
            continue
        for k in (i + 1, i - 1):
            if 0 <= k < len(items):
                value = next((v for v in items[k].alts.get("value", ()) if v.dimension in item.alts["dim"]), None)
                grouped = i and items[i - 1].has("group") and items[i - 1].lemma not in heard("for")
                if value is not None and k in p.used and not grouped:
                    p.used.add(i)
                elif k == i + 1 and items[k].tokens[0].kind == "quote":
                    p.rows.append(Compare(field=str(item.get("dim")), op="contains", values=(items[k].tokens[0].text,)))
                    p.used |= {i, k}


def _quoted_name(p: Parts, text: str) -> bool:
    """As in "turnover with 'tea set'": a quotation that names products of the shop."""
    lemmas = list(p.reading.vocabulary.lexicon.lemmas(text))
    if not p.reading.vocabulary.products_with(lemmas) or p.reading.has("create", "object"):
        return False
    p.rows.append(Compare(field="product", op="contains", values=(text.lower(),)))
    return True


def _place_of_customers(p: Parts, i: int) -> bool:
    """Whether a word with a capital says where the customers before it live."""
    items = p.reading.items
    if i < 2 or items[i - 1].get("act") != "live" or not items[i].tokens[0].text[:1].isupper():
        return False
    whose = items[i - 3] if i > 2 and items[i - 2].lemma in heard("who_that") else items[i - 2]
    people = "customer" in whose.alts.get("dim", ()) or "customers" in whose.alts.get("metric", ())
    return people or whose.has("definition", "customers_pronoun")


def _listed(p: Parts, end: int, start: int) -> bool:
    """Whether only "and", "or" or a comma stands between two names."""
    between = p.reading.items[end:start]
    return bool(between) and all(
        i.lemma in heard("and_sign") or i.lemma in heard("season_names.or") or i.text == "," for i in between
    )


def products_named(p: Parts) -> None:
    """Words left over that occur together in product names: "revenue from red mugs"."""
    i, last = 0, 0
    while i < len(p.reading.items):
        if i in p.used or p.reading.is_skip(i) or p.reading.items[i].has(
            "absent", "do", "object", "goal", "definition", "saved"
        ):
            i += 1
            continue
        quote = p.reading.items[i].tokens[0]
        if quote.kind == "quote" and _quoted_name(p, quote.text):
            p.used.add(i)
            i += 1
            continue
        words = product_words(p.reading, i)
        known = p.reading.items[i].lemma in p.reading.vocabulary.lexicon.vocabulary
        alone = len(words) < 2 or words[-1] not in p.reading.skip  # "cake stand" is no word of the grammar
        if words and known and alone and not p.reading.items[i].has("theme"):
            words = []  # a word of the grammar is not a product because some name has it
        if words and i and p.reading.items[i - 1].has("group") and p.reading.items[i - 1].lemma not in heard("for"):
            words = []  # "by colour" asks for groups; a name that has the word is no answer to it
        if words and _place_of_customers(p, i):
            words = []  # "VIP customers from Paris": a place, also where a poster of it is sold
        if words and "product" in p.reading.vocabulary.dimensions:
            named = product_filter(words, p.reading)
            if last and _listed(p, last, i):  # "mugs and candles": no line of an order is of both
                named = Or(parts=(*(p.rows[-1].parts if isinstance(p.rows[-1], Or) else (p.rows[-1],)), named))
                p.rows.pop()
            p.rows.append(named)
            last = i + len(words)
            p.used |= set(range(i, i + len(words)))
            p.implied += 0.1
            i += len(words)
        else:
            i += 1
