"""Values and products named in a text → row filters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.vocabulary import Value
from assistant.plans.filters import And, Compare, Filter, Not, Or


def compare(value: Value) -> Compare:
    """One value of a dimension as a filter."""
    return Compare(field=value.dimension, op="eq", values=(value.value,))


def product_words(reading: Reading, start: int) -> list[str]:
    """Words from ``start`` on that together occur in a product name of the shop."""
    words: list[str] = []
    if _no_goods(reading, start):
        return words
    for item in reading.items[start : start + 5]:
        token = item.tokens[0]
        if len(item.tokens) != 1 or token.kind != "word" or item.has("dim", "metric", "value", "period"):
            break
        if token.word in reading.skip:
            if not words or not _in_a_name([*words, token.lemma], reading):
                break
            words.append(token.lemma)  # "cake stands", although how things stand is asked with that word too
            continue
        if token.lemma not in reading.vocabulary.product_words or not reading.vocabulary.products_with(
            [*words, token.lemma]
        ):
            break
        words.append(token.lemma)
    return words


def _no_goods(reading: Reading, at: int) -> bool:
    """Whether the word stands where no thing is named: "what did we rake in", "paint me a …", "how patchy are", "how
    long do"."""
    before = reading.items[at - 1].lemma if at else ""
    after = reading.items[at + 1].lemma if at + 1 < len(reading.items) else ""
    doing = before in heard("values.doers") or (not at and after in heard("values.me"))
    asked = before in heard("values.how") and (
        after in heard("values.being") or reading.items[at].lemma in heard("values.extents"))
    return doing or asked


def _in_a_name(words: Sequence[str], reading: Reading) -> bool:
    """Whether the words stand beside each other in a product's name, the last one not only joining others."""
    if words[-1] in heard("values.joining"):
        return False
    phrase = re.compile(rf"\b{re.escape(' '.join(words))}\b")
    return any(phrase.search(name.lower()) for name in reading.vocabulary.products_with(list(words[:-1])))


def product_filter(words: Sequence[str], reading: Reading) -> Filter:
    """Products whose name holds the words, as a phrase where the shop has one so named."""
    phrase = " ".join(words)
    names = reading.vocabulary.products_with(list(words))
    joined = "".join(words)
    if len(words) > 1 and joined in reading.vocabulary.product_words:  # "cake stand" and "cakestand"
        return Or(parts=tuple(Compare(field="product", op="contains", values=(v,)) for v in (phrase, joined)))
    if len(words) == 1 or any(phrase in name.lower() for name in names):
        return Compare(field="product", op="contains", values=(phrase,))
    return And(parts=tuple(Compare(field="product", op="contains", values=(w,)) for w in words))


def named_product(reading: Reading, i: int) -> tuple[list[str], set[int]] | None:
    """A product's name inside a longer run of words of one product: "hanging heart t-light holder" where the shop
    also has a
    "heart t-light holder". The words and the items they cover; None where the name at ``i`` stands alone."""
    item = reading.items[i]
    if not any(v.dimension == "product" for v in item.alts.get("value", ())):
        return None
    words, covered = [t.lemma for t in item.tokens], {i}
    for step in (-1, 1):
        k = i + step
        while 0 <= k < len(reading.items) and not reading.is_skip(k):
            token = reading.items[k].tokens[0]
            longer = [token.lemma, *words] if step < 0 else [*words, token.lemma]
            if len(reading.items[k].tokens) > 1 or not reading.vocabulary.products_with(longer):
                break
            words, covered = longer, covered | {k}
            k += step
    return (words, covered) if len(covered) > 1 else None


_IN_THE_NAME = heard("values.in_the_name")
_BEFORE_NAME = heard("values.before_name")
_CALLED = heard("values.called")


def named_texts(reading: Reading) -> tuple[set[int], list[Filter]]:
    """As in "products with christmas in the name", "anything called 'tea set'": items explained and product filters."""
    lemmas = [t.lemma for t in reading.tokens]
    for phrase in _IN_THE_NAME:
        length = len(phrase.split())
        for at in range(len(lemmas) - length + 1):
            if lemmas[at : at + length] != phrase.split():
                continue
            end = next((i for i, item in enumerate(reading.items) if item.start <= at < item.end), None)
            start = end
            while start and end is not None and start > max(0, end - 5):
                if reading.items[start - 1].lemma in _BEFORE_NAME or reading.items[start - 1].tokens[0].kind == "stop":
                    break
                start -= 1
            words = reading.items[start:end] if start is not None else []
            if not words or start == 0 and len(words) > 3:
                continue
            used = {i for i, item in enumerate(reading.items) if item.end > words[0].start and item.start < at + length}
            opening = reading.items[start - 1].lemma if start else ""
            used |= {start - 1} if start and opening in _BEFORE_NAME else set()
            text = " ".join(t.text for w in words for t in w.tokens if t.lemma not in heard("values.with_the"))
            return used, [Compare(field="product", op="contains", values=(text.lower(),))] if text else []
    for i, item in enumerate(reading.items[:-1]):
        after = reading.items[i + 1]
        if item.lemma in _CALLED and after.tokens[0].kind == "quote" and not reading.has("create", "object"):
            return {i, i + 1}, [Compare(field="product", op="contains", values=(after.tokens[0].text.lower(),))]
    return set(), []


def join(filters: Sequence[Filter], joins: Sequence[str] = ()) -> Filter | None:
    """All filters in one; "or" binds looser than "and"."""
    if not filters:
        return None
    groups: list[list[Filter]] = [[filters[0]]]
    for part, how in zip(filters[1:], list(joins[1:]) + ["and"] * len(filters), strict=False):
        if how == "or":
            groups.append([part])
        elif part not in groups[-1]:  # what is said twice is one condition
            groups[-1].append(part)
    groups = [[f for f in g if not _said_by_group(f, g)] for g in groups]
    ands: list[Any] = [g[0] if len(g) == 1 else And(parts=tuple(g)) for g in groups]
    return ands[0] if len(ands) == 1 else Or(parts=tuple(ands))


def _said_by_group(part: Filter, group: Sequence[Filter]) -> bool:
    """As in "scarf and hat revenue": where "Scarves & Hats" is a kind of goods, its one half does not narrow it."""
    if not (isinstance(part, Compare) and part.op == "contains" and part.field == "product"):
        return False
    kinds = [str(f.values[0]) for f in group
             if isinstance(f, Compare) and f.op == "eq" and f.field in {"category", "subcategory"}]
    halves = (half for kind in kinds for half in (kind.casefold().split(" & ") if " & " in kind else ()))
    return any(_singular(half) == _singular(str(part.values[0]).casefold()) for half in halves)


def _singular(word: str) -> str:
    """A noun as one of them: "scarves" and "scarf" are the same."""
    for many, one in (("ves", "f"), ("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("s", "")):
        if word.endswith(many) and len(word) > len(many) + 1:
            return word.removesuffix(many) + one
    return word


def value_filters(reading: Reading, used: set[int]) -> tuple[list[Filter], set[int], dict[str, list[str]]]:
    """Row filters from values named in the text and not used by a condition: "in Germany or France", "except Toys".

    Returns:
        filters, items used, and the values by dimension (for "Germany vs France").
    """
    chosen: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    explained: set[int] = set()
    products: list[Filter] = []
    negative = False
    for i, item in enumerate(reading.items):
        if i in used:
            continue
        if (
            item.has("not_in")
            and (i + 1 < len(reading.items))
            and any(reading.items[k].has("value", "day_kind") for k in range(i + 1, min(i + 4, len(reading.items))))
        ):
            negative = True
            explained.add(i)
            continue
        longer = named_product(reading, i)
        if longer is not None and i not in explained:
            words, covered = longer
            products.append(Not(part=product_filter(words, reading)) if negative else product_filter(words, reading))
            explained |= covered
            continue
        values = [] if i in explained else _prefer(reading, i)
        if values:
            (excluded if negative else chosen).setdefault(values[0].dimension, []).append(values[0].value)
            explained.add(i)
        elif item.has("day_kind") and item.get("day_kind").hours and "hour" in reading.vocabulary.dimensions:
            hours = Compare(field="hour", op="between", values=item.get("day_kind").hours)
            products.append(Not(part=hours) if negative else hours)
            explained.add(i)
        elif item.has("day_kind") and "weekday" in reading.vocabulary.dimensions:
            (excluded if negative else chosen).setdefault("weekday", []).extend(item.get("day_kind").weekdays)
            explained.add(i)
        elif item.lemma not in heard("values.between_names") and item.text != ",":
            negative = False
    filters: list[Filter] = [_one_of(d, v) for d, v in chosen.items()]
    filters += [Not(part=_one_of(d, v)) for d, v in excluded.items()] + products
    return filters, explained, chosen


def _names_a_campaign(reading: Reading) -> bool:
    """A campaign's name is one where a campaign is asked about, and none is to be made."""
    asked = any("campaign" in item.alts.get("dim", ()) for item in reading.items) or reading.has("object")
    of_messages = {"lift", "sent", "opened", "clicked", "delivered", "responses", "unsubscribed"}
    measured = any(
        m.endswith(("_rate", "_cost")) or m in of_messages
        for item in reading.items for m in map(str, item.alts.get("metric", ()))
    )
    return (asked or measured) and not reading.does("create", "send")


def _prefer(reading: Reading, i: int) -> list[Value]:
    """Values that an item names. A word that is also an everyday word ("store", "email", "search") names one only
    where its
    dimension is spoken of, or another of its values, or after "from" and "via"."""
    item = reading.items[i]
    values: list[Value] = list(item.alts.get("value", ()))
    if any(v.dimension == "campaign" for v in values) and not _names_a_campaign(reading):
        values = [v for v in values if v.dimension != "campaign"]
    everyday = reading.is_skip(i) or (
        item.has("act", "metric", "rank", "goal", "channel", "object", "do", "absent", "tone") and len(item.tokens) == 1
        and not any(v.dimension == "gender" for v in values)  # absent elsewhere, and no other word here
    )
    if not values or not everyday:
        return values
    before = reading.items[i - 1].tokens[-1].lemma if i else ""
    dims = {d for it in reading.items for d in it.alts.get("dim", ())}
    others = {
        v.dimension
        for k, it in enumerate(reading.items)
        if k != i and not reading.is_skip(k)
        for v in it.alts.get("value", ())
    }
    named = item.tokens[0].text[:1].isupper() and i > 0
    if item.has("absent") and i and reading.items[i - 1].has("also", "only", "instead", "not_in"):
        return values  # "what about women?"
    return [
        v
        for v in values
        if v.dimension in dims | others
        or before in heard("values.from_via")
        or (before in heard("values.through") and v.dimension.endswith("channel"))
        or (v.dimension in {"country", "category", "brand"} and (named or not reading.is_skip(i)))
    ]


def _one_of(dimension: str, values: Sequence[str]) -> Compare:
    unique = tuple(dict.fromkeys(values))
    return Compare(field=dimension, op="eq" if len(unique) == 1 else "in", values=unique)
