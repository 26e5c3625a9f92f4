"""What the words of a campaign belong to: its budget and its audience, and not to what customers spent."""

from __future__ import annotations

from assistant.llm.planner.campaign_words import items_of, places
from assistant.llm.planner.filters import Conditions
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Reading
from assistant.plans.filters import Compare, CustomerCondition, Filter, InGroup

#: fields that name what is bought
GOODS = ("category", "subcategory", "brand")


def take_budget(p: Parts) -> float | None:
    """As in "spend at most 2,000", "budget 500", "for no more than £300": most the campaign may cost, taken out of the
    conditions on customers. "Customers who spend at most 200" is none."""
    items = p.reading.items
    for one in places(p.reading, "budget"):
        first = min(items_of(p.reading, [one]), default=0)
        if _says_who(p, first):
            continue
        for i, item in enumerate(items):
            near = 0 <= item.start - one.end <= 3 or 0 <= one.start - item.end <= 2
            if item.number is None or item.number <= 0 or item.unit not in {None, "money"} or not near:
                continue
            p.used |= {i, *items_of(p.reading, [one])}
            p.used.update(k for k, it in enumerate(items) if it.lemma in heard("brief.at_most"))
            _without(p.conditions, item.number)
            return item.number
    return None


def cut_budget(reading: Reading) -> tuple[str, float | None]:
    """As in "…, 1,000 euros max": the text without a clause that says nothing but at most the only amount of money,
    and that amount; before the rest is read, so that it is taken for no condition on what customers spent."""
    items = reading.items
    money = [i for i, item in enumerate(items) if item.unit == "money" and (item.number or 0) > 0]
    stops = [k for k, item in enumerate(items) if item.tokens[0].kind == "stop"]
    first = max((k for k in stops if money and k < money[0]), default=-1)
    if len(money) != 1 or first < 1:
        return reading.text, None
    last = next((k for k in stops if k > money[0]), len(items))
    clause = range(first + 1, last)
    bounds = [k for k in clause if {"le", "lt"} & {*items[k].alts.get("cmp", ()), *items[k].alts.get("after", ())}]
    if not bounds or any(k not in (money[0], *bounds) and not reading.is_skip(k) for k in clause):
        return reading.text, None
    end = items[last].tokens[0].start if last < len(items) else len(reading.text)
    text = f"{reading.text[: items[first].tokens[0].start]}{reading.text[end:]}"
    return " ".join(text.split()), items[money[0]].number


def _says_who(p: Parts, first: int) -> bool:
    """Whether the words before say that this is what customers do."""
    before = p.reading.items[first - 1] if first else None
    return before is not None and (before.has("who", "which") or "customer" in before.alts.get("dim", ())
                                   or before.has("definition"))


def _without(conditions: Conditions, number: float) -> None:
    """The conditions without those on an amount that is the budget."""
    conditions.measures = [m for m in conditions.measures if number not in m.values]
    while True:
        k = next((k for k, c in enumerate(conditions.customers)
                  if isinstance(c, CustomerCondition) and c.where is None and c.values == (number,)), None)
        if k is None:
            return
        del conditions.customers[k]
        if conditions.joins:
            del conditions.joins[max(0, min(k, len(conditions.joins)) - 1)]


def without_ways(p: Parts) -> None:
    """As in "customers who spend at most 200 by email": the way the campaign goes out is no way they came."""
    said = {str(i.get("channel")) for i in p.reading.items if i.has("channel")}
    for k, c in enumerate(p.conditions.customers):
        where = getattr(c, "where", None)
        if isinstance(where, Compare) and where.field == "acquisition_channel" and said & set(map(str, where.values)):
            p.conditions.customers[k] = c.model_copy(update={"where": None})


def buyers_of(p: Parts) -> list[Filter]:
    """As in "homeware buyers", "buyers of homeware": who bought it, which is the audience and no scope of an offer."""
    items = p.reading.items
    found: list[Filter] = []
    for i, item in enumerate(items):
        named = next((v for v in item.alts.get("value", ()) if v.dimension in GOODS), None)
        if i in p.conditions.used:
            continue
        after = items[i + 1] if i + 1 < len(items) else None
        if named is None:
            found += _unknown_goods(p, i)
            continue
        before = next((items[k] for k in range(i - 1, max(-1, i - 3), -1) if not p.reading.is_skip(k)), None)
        if not (_buyers(after) or (_buyers(before) and i and items[i - 1].lemma in heard("campaign_scope.of"))):
            continue
        places = {i, i + 1} if _buyers(after) else {i, i - 1}
        where = Compare(field=named.dimension, op="eq", values=(named.value,))
        fans = any(items[k].lemma in heard("campaign_scope.fans") for k in places)
        if fans and named.dimension in {"category", "brand"}:
            found.append(InGroup(group="interest", name=named.value))  # "garden lovers": an interest, not one order
            p.conditions.used |= places
        else:
            found.append(CustomerCondition(metric="orders", op="ge", values=(1,), where=where))
        p.used |= places
        said = sum(1 for it in items for v in it.alts.get("value", ()) if v == named)
        if said == 1:
            p.chosen[named.dimension] = [v for v in p.chosen.get(named.dimension, []) if v != named.value]
    return found


def _unknown_goods(p: Parts, i: int) -> list[Filter]:
    """As in "homeware buyers" where the shop has no such category: kept as said, so that the draft names what is
    missing instead of writing to everybody. A word of product names means those products."""
    items, token = p.reading.items, p.reading.items[i].tokens[0]
    item, after = items[i], items[i + 1] if i + 1 < len(items) else None
    plain = len(item.tokens) == 1 and token.kind == "word" and not item.alts and not p.reading.is_skip(i)
    if not plain or after is None or after.lemma not in heard("campaign_scope.buying"):
        return []
    p.used |= {i, i + 1}
    p.rows = [r for r in p.rows if getattr(r, "field", "") != "product" or token.lemma not in getattr(r, "values", ())]
    if token.lemma in p.reading.vocabulary.product_words and not token.misspelt:
        where = Compare(field="product", op="contains", values=(token.lemma,))
    else:  # nobody is chosen by a word that was only guessed
        where = Compare(field="category", op="eq", values=(p.reading.text[token.start : token.end] or item.text,))
    return [CustomerCondition(metric="orders", op="ge", values=(1,), where=where)]


def goods_nouns(p: Parts) -> set[int]:
    """As in "everything from the kitchen range": a noun behind the name of goods that adds nothing to it."""
    items = p.reading.items
    return {i for i in range(1, len(items)) if items[i].lemma in heard("campaign_scope.range")
            and any(v.dimension in GOODS for v in items[i - 1].alts.get("value", ()))}


def _buyers(item: object) -> bool:
    return item is not None and item.lemma in heard("campaign_scope.buyers")  # type: ignore[attr-defined]
