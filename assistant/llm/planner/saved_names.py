"""Names of saved segments inside any text: conditions on customers, also denied and joined by "or"."""

from __future__ import annotations

from assistant.llm.planner.parts import Parts
from assistant.llm.planner.patterns import patterns
from assistant.llm.planner.spans import Item
from assistant.plans.filters import Filter, InGroup, Not


def attach_saved(p: Parts) -> bool:
    """Put the saved segments that the text names among the conditions; whether there were any."""
    found = False
    for i, item in enumerate(p.reading.items):
        name = _name_at(p, i)
        if name is None or i in p.conditions.used:
            continue
        group: Filter = InGroup(group="saved", name=name)
        used = {i} | _nouns_beside(p, i)
        denied, words = _denied(p, i)
        p.conditions.customers.append(Not(part=group) if denied else group)
        p.conditions.joins.append("or" if not denied and found and _or_before(p, i) else "and")
        used |= words
        p.used |= used
        p.conditions.used |= used
        _take_back(p, item)
        found = True
    if found:
        p.groups = [g for g in p.groups if g != "segment" and not (g == "customer" and p.metrics)]
    return found


def _words(p: Parts, group: str) -> set[str]:
    return set(patterns(p.reading.vocabulary.lexicon.language).raw[group])


def _name_at(p: Parts, i: int) -> str | None:
    item = p.reading.items[i]
    names = [str(n) for n in item.alts.get("saved", ())]
    if item.tokens[0].kind == "quote":
        said = item.tokens[0].text.casefold()
        names = [n for n in p.reading.vocabulary.segments if n.casefold() == said]
    if not names:
        return None
    others = set(item.alts) - {"saved"}
    lex = p.reading.vocabulary.lexicon
    if lex.lemmas(str(item.get("definition") or "")) != lex.lemmas(names[0]):
        others -= {"definition"}  # a name beats another word for an agreed term, but not the term itself
    if not others and not p.reading.is_skip(i) or item.tokens[0].kind == "quote" or _nouns_beside(p, i):
        return names[0]
    written = item.text == names[0] and any(c.isupper() for c in names[0]) and item.start > 0
    return names[0] if written and not item.has("value") else None


def _nouns_beside(p: Parts, i: int) -> set[int]:
    """The word "segment" (or its like) before or after the name, also with "called" between."""
    items = p.reading.items
    found: set[int] = set()
    k = i - 1
    while k >= 0 and items[k].lemma in _words(p, "name_leads"):
        k -= 1
    if k >= 0 and (items[k].lemma in _words(p, "name_nouns") or items[k].tokens[-1].lemma in _words(p, "name_nouns")):
        found |= set(range(k, i))
    if i + 1 < len(items) and items[i + 1].lemma in _words(p, "name_nouns") | _words(p, "name_people"):
        found.add(i + 1)
    return found


def _denied(p: Parts, i: int) -> tuple[bool, set[int]]:
    """Whether the name is denied ("but not in X"), and the words that say so."""
    items, words, k = p.reading.items, set(), i - 1
    while k >= 0 and i - k <= 6:
        lemma = items[k].lemma
        denying = _words(p, "name_denied")
        if items[k].has("neg", "not_in") or lemma in denying or lemma.split()[-1] in denying:
            return True, words | {k}
        if lemma not in _words(p, "name_joining") and items[k].tokens[0].kind != "stop":
            return False, set()
        words.add(k)
        k -= 1
    return False, set()


def _or_before(p: Parts, i: int) -> bool:
    return any(p.reading.items[k].lemma in _words(p, "name_or") for k in range(max(0, i - 4), i))


def _take_back(p: Parts, item: Item) -> None:
    """What the words of the name were taken for besides."""
    p.metrics = [m for m in p.metrics if m not in item.alts.get("metric", ())]
    p.groups = [g for g in p.groups if g not in item.alts.get("dim", ())]
    p.periods = [found for found in p.periods if not (item.start <= found.start < item.end)]
