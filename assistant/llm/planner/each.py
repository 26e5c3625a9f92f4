"""A ranking inside each group: "top 3 products in each country", "the best seller per category by month"."""

from __future__ import annotations

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.spans import Item
from assistant.llm.planner.units import GRAINS
from assistant.plans.filters import Among

#: rows of each group where no number was said
TOP_OF_EACH = 3
_WITH = heard("each.with")


def ranked_inside(p: Parts, groups: list[str]) -> list[str]:
    """The groups, or the dimension of the values named, inside each of which is ranked; ``groups`` may gain what is
    ranked."""
    if p.descending is None and p.limit is None:
        return []  # "revenue of Kitchen and Garden per quarter" ranks nothing
    found = _groups_apart(p, groups) or _values_apart(p, groups)
    if found:
        p.used.update(i for i, item in enumerate(p.reading.items) if _each(p, item) and not item.has("dim", "metric"))
    return found


def shared_inside(p: Parts, groups: list[str]) -> list[str]:
    """The groups inside each of which shares are taken: "share of each channel within each country"."""
    items, each = p.reading.items, p.reading.vocabulary.lexicon.terms["each"]
    found = []
    for i, item in enumerate(items):
        name = next((g for g in groups if g in item.alts.get("dim", ()) or item.get("grain") == g), None)
        said = [t.lemma for k in range(max(0, i - 2), i + 1) for t in items[k].tokens]
        before = said[: len(said) - len(item.tokens)] + [t.lemma for t in item.tokens[:-1]]
        inside = bool(set(before) & set(heard("each.inside")))
        if name is not None and (inside or (set(before) & set(heard("each.in")) and set(before) & set(each))):
            found.append(name)
            p.used.update(k for k in range(max(0, i - 2), i) if not items[k].has("dim", "metric", "grain"))
    of_time = all(g in GRAINS for g in found)  # shares of a unit of time are taken anyway
    return found if 0 < len(found) < len(groups) and not of_time else []


def _groups_apart(p: Parts, groups: list[str]) -> list[str]:
    """The groups inside each of which is ranked; empty when the ranking is over all.

    A noun after "each", "every" or "per" is such a group. After "by" it is one where a single thing is asked for, or
    where no time is among the groups: "top 3 products by month" follows the three best ones month by month.
    """
    strong, weak = [], []
    for name in groups:
        lead = _lead(p, name)
        if lead is None:
            continue
        (strong if _each(p, lead) else weak).append(name)
    inner = [g for g in groups if g not in strong and g not in weak]
    if not inner and strong:
        found = _ranked_thing(p)
        inner = [found] if found is not None and found not in groups else []
        groups += inner
    if not inner or not (strong or weak):
        return []
    if strong:
        return [*strong, *weak]
    if all(g in GRAINS for g in inner):
        return []
    single = p.limit == 1 or (p.limit is None and p.singular)
    return weak if single or not any(g in GRAINS for g in weak) else []


def _values_apart(p: Parts, groups: list[str]) -> list[str]:
    """As in "top 3 products in Germany and France each": the values named are the groups."""
    if not groups or not any(_each(p, item) and not item.has("dim") for item in p.reading.items):
        return []
    found = [d for d, values in p.chosen.items() if len(dict.fromkeys(values)) > 1 and d not in groups]
    ranked = [f.dimension for f in p.rows if isinstance(f, Among) and f.limit != 1]  # "in each of the top 3 categories"
    return found or [d for d in ranked if d not in groups]


def _ranked_thing(p: Parts) -> str | None:
    """What is ranked where no group says it: "best seller", "the product with the highest revenue"."""
    items = p.reading.items
    sellers = p.reading.vocabulary.lexicon.terms["sellers"]
    known = p.reading.vocabulary.dimensions
    for i, item in enumerate(items):
        if item.has("rank") and item.lemma in sellers:
            return "product" if "product" in known else None
        dim = next((d for d in item.alts.get("dim", ()) if d in known), None)
        after = items[i + 1 : i + 5]
        linked = bool(after) and after[0].lemma in _WITH
        ranked = linked and any(a.has("rank") for a in after)
        if dim is not None and ranked:
            p.used.update({i, i + 1})
            return str(dim)
    return None


def _each(p: Parts, item: Item) -> bool:
    words = p.reading.vocabulary.lexicon.terms["each"]
    return any(t.lemma in words for t in item.tokens)


def _lead(p: Parts, name: str, seen: frozenset[str] = frozenset()) -> Item | None:
    """The word before the group that makes it one: "in each", "per", "by"; none before what is ranked.

    ``seen``: the groups after it in one list, none of which leads it ("losers, item by item").
    """
    if name in seen:
        return None
    seen |= {name}
    items = p.reading.items
    for i, item in enumerate(items):
        said = name in item.alts.get("dim", ()) or item.get("grain") == name
        if not said or i not in p.used:
            continue
        if item.has("grain") and (heard("each.adverb").ends(item.tokens[-1].word) or _each(p, item)):
            return item
        k = i - 1
        while k >= 0 and p.reading.is_skip(k) and not items[k].has("group", "rank"):
            k -= 1
        if k >= 0 and items[k].has("group"):
            return items[k]
        between = items[k + 1 : i] if k >= 0 else []
        if k >= 0 and items[k].has("dim", "grain") and len(between) == 1 and between[0].text == ",":
            return _lead(p, str(items[k].get("dim") or items[k].get("grain")), seen)  # "by order, customer and day"
        if (
            k >= 0
            and items[k].lemma in heard("comma_and")
            and k
            and (items[k - 1].has("dim") or items[k - 1].has("grain"))
        ):
            before = items[k - 1].get("dim") or items[k - 1].get("grain")
            return _lead(p, str(before), seen)
    return None
