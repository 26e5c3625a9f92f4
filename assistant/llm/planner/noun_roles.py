"""What each noun of a question is: measured, split by, ranked by, or only spoken of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.llm.planner.heard import heard
from assistant.llm.planner.left_out import excluded, without_returns
from assistant.llm.planner.listed import listed_with, measured_by
from assistant.llm.planner.owned import owner
from assistant.llm.planner.spans import Item
from assistant.llm.planner.units import GRAINS

if TYPE_CHECKING:
    from assistant.llm.planner.parts import Parts


def _before(p: Parts, i: int, *, over: int = 3) -> list[Item]:
    """The nearest items before ``i``, nearest first, as far as they belong to the same phrase."""
    found = []
    for k in range(i - 1, max(-1, i - 1 - over), -1):
        if p.reading.items[k].tokens[0].kind == "stop" and p.reading.items[k].text != ",":
            break
        found.append(p.reading.items[k])
    return found


_ADJECTIVES = heard("parts.adjectives")


def lead_of(p: Parts, i: int) -> Item | None:
    """The word that governs the noun at ``i``: articles and adjectives are passed over."""
    for item in _before(p, i, over=4):
        if item.has("group", "count", "rank", "which", "share", "average") or item.number is not None:
            return item
        if item.lemma not in _ADJECTIVES and not item.has("value"):
            return item
    return None


def measures_and_groups(p: Parts) -> None:
    items = p.reading.items
    most = [it.tokens[0].lemma for it in items if it.has("metric") and it.tokens[0].lemma in heard("parts.superlative")]
    if p.descending is None and most:
        p.descending = heard("parts.least").isdisjoint(most)  # "most profitable category"
    nouns = [
        i for i, item in enumerate(items) if i not in p.used and item.has("metric", "dim") and not _is_verb_form(p, i)
    ]
    roles: dict[int, str] = {}
    for i in nouns:
        roles[i] = "excluded" if excluded(p, i, roles) else _role(p, i, nouns, roles)
    _settle(p, nouns, roles)
    for i in nouns:
        item, role = items[i], roles[i]
        p.used.add(i)
        if role == "metric":
            name = str(item.get("metric"))
            if name not in p.metrics:
                p.metrics.append(name)
        elif role == "sort":
            p.sort_metric = str(item.get("metric"))
        elif role == "group":
            name = _dimension(item)
            if name not in p.groups:
                p.groups.append(name)
        elif role == "subject" and "customer" in item.alts.get("dim", ()):
            p.counted = p.counted or False
    p.counted = any(items[i].has("metric") and items[i].tokens[0].lemma in heard("parts.counting") for i in nouns)
    p.counted = p.counted or any(
        item.has("count") and heard("parts.how_many").ends(item.lemma) for item in items
    )
    if "excluded" in roles.values():
        without_returns(p)
    p.counted = p.counted or any((lead := lead_of(p, i)) is not None and lead.has("count") for i in nouns)
    p.used.update(k for k, item in enumerate(items) if item.has("group", "count", "which") and not item.has("act"))
    _sort_direction(p, nouns, roles)


_NOUNS = heard("parts.nouns")


def _is_verb_form(p: Parts, i: int) -> bool:
    """As in "customers **order**": a verb in the middle of a sentence, not a measure; listed nouns stay."""
    item = p.reading.items[i]
    said = item.tokens[0]
    word = said.lemma + "s" * said.word.endswith("s") if said.misspelt else said.word  # "ordes" for "orders"
    return item.has("act") and word not in _NOUNS and len(item.tokens) == 1


def _dimension(item: Item) -> str:
    return str(item.get("dim"))


def _role(p: Parts, i: int, nouns: list[int], roles: dict[int, str]) -> str:
    """metric, group, sort or subject, by the word in front."""
    items = p.reading.items
    item, lead = items[i], lead_of(p, i)
    metric, dim = item.has("metric"), item.has("dim")
    if dim and (owner(items, i) or not metric and _all_but(p, i)):
        return "subject"
    counted = {"orders", "customers"} & set(item.alts.get("metric", ()))
    if counted and lead is not None and lead.lemma in heard("parts.from_of") and "metric" in roles.values():
        return "subject"  # "revenue from completed orders"
    if lead is not None and lead.has("group") and lead.lemma not in heard("in"):
        ranked = any(roles.get(k) in {"group", "ranked"} for k in nouns if k < i) or bool(set(p.groups) & set(GRAINS))
        ranked = ranked and p.descending is not None
        if metric and (not dim or ranked):
            return "sort" if p.descending is not None or roles else "metric"
        return "group" if dim else "metric"
    if lead is not None and lead.has("count"):
        return "metric" if metric else "count_of"
    if lead is not None and (lead.has("rank") or (lead.number is not None and p.limit is not None and dim)):
        if metric and not dim:
            return "metric"
        return "ranked" if metric else "group"
    listing = lead is not None and lead.has("which") and lead.lemma not in heard("what_which")
    if listing and metric and {"order", "orders_band"} & set(item.alts.get("dim", ())):  # "show number of orders"
        return "either"
    between = {items[k].lemma for k in range(max(0, i - 3), i)}
    if not heard("of").isdisjoint(between):
        between -= heard("parts.the_our")  # "which of our products"
    if lead is not None and lead.has("which") and dim and not between & heard("parts.being"):
        return "which" if metric else "group"
    chained = chained_role(p, i, roles)
    if chained:
        return (
            chained
            if (chained == "group" and dim) or (chained == "metric" and metric)
            else ("metric" if metric else "group")
        )
    if metric and not dim:
        return "metric"
    if metric:
        return "either"
    return "plain"


def _all_but(p: Parts, i: int) -> bool:
    """As in "to all countries except Germany": the rest of them together, not one by one."""
    items = p.reading.items
    if i + 2 >= len(items) or not items[i + 1].has("not_in") or not i:
        return False
    beside = {v.dimension for v in items[i + 2].alts.get("value", ())}
    whole = items[i - 1].lemma in heard("parts.before_plural")
    return whole and bool(beside & set(items[i].alts["dim"]))


def chained_role(p: Parts, i: int, roles: dict[int, str]) -> str | None:
    """As in "by month and country", "revenue, orders and units": the role carries over "and" and commas."""
    items = p.reading.items
    k = i - 1
    while k > 0 and p.reading.is_skip(k) and items[k].lemma in _ADJECTIVES:
        k -= 1  # "…, total orders placed"
    joins = k >= 0 and (items[k].lemma in heard("and_sign") or items[k].text == ",")
    totals = k < i - 1 and items[i].has("metric") and items[i - 1].lemma in heard("parts.total")
    if not joins or totals:
        return "metric" if joins else None
    while k >= 0 and (items[k].lemma in heard("parts.and_the") or items[k].text == ","):
        k -= 1
    role = roles.get(k)
    if role is None and k >= 0 and items[k].has("grain") and k and items[k - 1].has("group"):
        return "group"
    return {"group": "group", "metric": "metric"}.get(role or "")


def _settle(p: Parts, nouns: list[int], roles: dict[int, str]) -> None:
    """Decide the nouns that may be measure or group once the others are known."""
    items = p.reading.items
    firm_metric = any(roles[i] in {"metric", "sort"} for i in nouns)
    firm_group = any(roles[i] == "group" for i in nouns)
    grain = any(item.has("grain") for k, item in enumerate(items) if k not in p.used and not item.has("dim"))
    for i in nouns:
        if roles[i] == "ranked":  # "most orders", "top customers"
            word = next((it for it in _before(p, i) if it.has("rank")), None)
            most = heard("parts.bare_ranks")
            bare = word is not None and word.lemma.split()[-1] in most  # "brings in the most"
            roles[i] = (
                "metric"
                if bare
                and (
                    firm_group
                    or grain
                    or any(roles[k] in {"which", "group"} or _other_thing(p, k, i, roles) for k in nouns if k < i)
                )
                else "group"
            )
            firm_metric |= roles[i] == "metric"
            firm_group |= roles[i] == "group"
    for i in nouns:
        if roles[i] == "which":
            roles[i], firm_group = "group", True
    for i in nouns:
        after = items[i + 1] if i + 1 < len(items) else None
        acting = after is not None and after.has("act") and i + 1 not in p.conditions.used
        if roles[i] == "either" and acting and firm_group and "customer" in items[i].alts["dim"]:
            roles[i] = "subject"  # "which brands do our customers buy"
        if roles[i] == "plain" and "product" in items[i].alts["dim"] and i and items[i - 1].has("value"):
            roles[i] = "subject"  # "Garden products"
    for i in reversed(nouns):
        listed = p.conditions.customers and "customer" in items[i].alts.get("dim", ())
        if roles[i] == "either" and listed_with(items, i, roles) and not listed:
            roles[i] = "metric"  # "orders, customers and sales"
    for i in nouns:
        measure = measured_by(items, i) if roles[i] == "either" and i == nouns[0] else None
        if measure is not None and "customer" in items[i].alts["dim"]:
            roles[i], roles[measure], firm_group = "group", "metric", True  # "customers by revenue"
        if roles[i] == "either":
            listed = p.conditions.customers and "customer" in items[i].alts.get("dim", ())
            if chained_role(p, i, roles) == "metric" and not listed:
                roles[i] = "metric"  # "orders and customers in May"
                continue
            taken = (
                firm_metric
                or (listed and i == nouns[0])
                or (
                    p.descending is not None and not firm_group and "customer" in items[i].alts["dim"] and p.sort_metric
                )
            )
            roles[i] = "subject" if taken else "metric"
            firm_metric = firm_metric or roles[i] == "metric"
        elif roles[i] == "plain":
            roles[i] = "group" if "new_vs_returning" in items[i].alts["dim"] else "plain_group"
    for i in nouns:
        if roles[i] == "plain_group" and not {"product", "customer", "order", "campaign"} & set(items[i].alts["dim"]):
            roles[i] = "group"  # "rank countries by orders": a split nobody would name in passing
        elif roles[i] == "plain_group" and (_ranked_before(p, i) or (p.limit is not None and not firm_group)):
            roles[i], firm_group = "group", True  # "least profitable products", "products in Germany, top 5 by revenue"
        elif roles[i] == "plain_group":
            roles[i] = "subject" if firm_metric and (firm_group or not _lists_things(p, i)) else "group"
        elif roles[i] == "count_of":
            roles[i] = (
                "subject" if any(roles[k] == "metric" for k in nouns) and "product" in items[i].alts["dim"] else "group"
            )


def _ranked_before(p: Parts, i: int) -> bool:
    """Whether a measure used as an adjective, with "most" or "least", stands right before the noun."""
    items = p.reading.items
    if p.descending is None or not i or not items[i - 1].has("metric"):
        return False
    return items[i - 1].tokens[0].lemma in heard("parts.superlative") or (i > 1 and items[i - 2].has("rank"))


def _other_thing(p: Parts, k: int, i: int, roles: dict[int, str]) -> bool:
    """As in "cities with the most customers": the noun before is what is ranked, the one after "most" the measure."""
    items = p.reading.items
    if roles[k] not in {"plain", "either"} or not items[k].has("dim"):
        return False
    linked = any(items[j].lemma in heard("parts.having") for j in range(k + 1, i))
    return linked and items[k].alts["dim"] != items[i].alts.get("dim")


def _lists_things(p: Parts, i: int) -> bool:
    """As in "products with revenue over 1000", "countries where orders fell": the noun begins the question."""
    items = p.reading.items
    before = [k for k in range(i) if not p.reading.is_skip(k) and not items[k].has("which", "rank")]
    after = items[i + 1].lemma if i + 1 < len(items) else ""
    moving = i + 1 < len(items) and items[i + 1].has("growth", "down", "up")
    if not before and moving:
        p.lists_movers = True  # "products losing sales"
        return True
    return not before and (
        after in heard("parts.narrowing") or bool(p.conditions.measures) or measured_by(items, i) is not None
    )


def _sort_direction(p: Parts, nouns: list[int], roles: dict[int, str]) -> None:
    """As in "which country has the most orders" sorts by orders; "highest revenue by country" too."""
    if p.descending is None:
        return
    for i in nouns:
        if roles[i] == "metric":
            lead = lead_of(p, i)
            if lead is not None and lead.has("rank") and p.sort_metric is None:
                p.sort_metric = str(p.reading.items[i].get("metric"))
    if p.groups and p.limit is None:
        for i in nouns:
            if roles[i] == "group":
                token = p.reading.items[i].tokens[-1]
                p.singular = token.word == token.lemma and token.lemma not in heard("parts.sku")
                return
