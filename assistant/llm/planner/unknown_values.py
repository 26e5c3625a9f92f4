"""Names that the shop does not have: taken whole, of the kind that the words around them say, with the nearest it has.

Words beside each other that nothing explains are one name ("Calvin Klein"). A dimension beside it says the kind ("brand
Calvin Klein"), a preposition or verb narrows it ("in Narnia": places; "likes columbia": brands, categories, products).
What is offered instead is the question with the whole name replaced, and only where that can be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Reading
from assistant.plans.alike import GOODS, alike
from assistant.plans.shop import Shop

_LIKE = 55
"""Likeness (0 to 100) from which a name is offered where no kind was said."""
_SHOWN = 3


@dataclass(frozen=True)
class Unknown:
    """Names without a match, and what to ask instead.

    Attributes:
        names: as typed, in order.
        kind: plural of what they would be ("brands").
        nearest: the question with the names replaced; each can be answered.
    """

    names: list[str]
    kind: str
    nearest: list[str]


@dataclass(frozen=True)
class _Name:
    first: int
    last: int
    text: str
    kinds: tuple[str, ...]
    sure: bool


def unknown(left: Sequence[str], reading: Reading, shop: Shop, works: Callable[[str], bool]) -> Unknown | None:
    """The names among the words that a reading leaves.

    Args:
        left: words that nothing explains.
        reading: the whole text.
        shop: finds the nearest values.
        works: whether a question can be answered.
    """
    names = _names(left, reading)
    for name in names:
        labels = _labels(name, shop)
        if not labels:
            continue
        alike = [n for n in names if n.kinds == name.kinds]
        kind, values = labels
        plural = str(reading.vocabulary.lexicon.terms["plurals"][kind])
        questions = [_replaced(reading, alike, value) for value in values]
        return Unknown([n.text for n in alike], plural, [q for q in questions if works(q)][:_SHOWN])
    return None


# -- which words are names ---------------------------------------------------------------------------------------------


def _names(left: Sequence[str], reading: Reading) -> list[_Name]:
    """Runs of unexplained words, with the kinds that the text allows."""
    gone = {w.lower() for text in left for w in text.split()}
    items = reading.items
    runs: list[list[int]] = []
    for i, item in enumerate(items):
        if not (set(item.text.lower().split()) & gone) or item.tokens[0].kind not in {"word", "quote"}:
            continue
        if item.alts and not item.has("value", "absent"):
            continue  # a word of the grammar that found no place is no name
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    found: list[_Name] = []
    for run in runs:
        if all(items[i].has("value") or reading.is_skip(i) for i in run):
            continue  # the shop does have it: what is not understood is something else
        run = [*_goods_before(run[0], reading), *run]
        text = reading.text[items[run[0]].tokens[0].start : items[run[-1]].tokens[-1].end]
        text = text if text.strip() else " ".join(items[i].text for i in run)
        kinds, sure = _kinds(run, reading, found)
        capital = text[:1].isupper() and not text.isupper() and not _opens(run[0], reading)
        place = any(text.lower() in group for group in reading.vocabulary.lexicon.places)
        if place:
            kinds, sure = ("country",), True
        if kinds == ("campaign",):
            run, text = _with_capitals(run, reading)
        if kinds and (sure or capital):
            found.append(_Name(run[0], run[-1], text, kinds, sure))
    return found


def _opens(i: int, reading: Reading) -> bool:
    """Whether a word begins the text or a sentence of it, where a capital letter says nothing."""
    start = reading.items[i].tokens[0].start
    return i == 0 or reading.text[:start].rstrip()[-1:] in {".", "!", "?", ":", ";"}


def _goods_before(first: int, reading: Reading) -> list[int]:
    """As in "bought women's shoes": a value that only narrows the unknown thing after it, and was bought with it."""
    items, k = reading.items, first - 1
    while k >= 0 and items[k].has("value") and not {v.dimension for v in items[k].alts["value"]} & {"country", "city"}:
        k -= 1
    bought = k >= 0 and items[k].get("act") == "buy"
    return list(range(k + 1, first)) if bought else []


def _with_capitals(run: list[int], reading: Reading) -> tuple[list[int], str]:
    """The whole name of a campaign: also words before it that mean something else ("Halloween Madness")."""
    first, items = run[0], reading.items
    while first > 1 and items[first - 1].tokens[-1].text[:1].isupper() and items[first - 1].tokens[0].kind == "word":
        first -= 1
    start = next(t for t in items[first].tokens if t.text[:1].isupper()).start if first < run[0] else (
        items[first].tokens[0].start
    )
    return [*range(first, run[0]), *run], reading.text[start : items[run[-1]].tokens[-1].end]


def _kinds(run: list[int], reading: Reading, before: list[_Name]) -> tuple[tuple[str, ...], bool]:
    """What a run may name, and whether the text says so beyond its capital letter."""
    items, terms = reading.items, reading.vocabulary.lexicon.terms
    if bought_by_name(reading, run[-1]):
        return tuple(d for d in terms["plurals"] if d in GOODS and _known(d, reading)), True
    before_it = run[0] - 1
    while before_it > 0 and reading.is_skip(before_it) and not items[before_it].has("dim"):  # "country is Narnia"
        before_it -= 1
    for k in (run[0] - 1, run[-1] + 1, before_it if before_it >= run[0] - 2 else run[0] - 1):
        if 0 <= k < len(items):
            said = next((d for d in items[k].alts.get("dim", ()) if d in terms["plurals"]), None)
            if said is not None and len(items[k].tokens) == 1:
                return (str(said),), True
    if before and run[0] - before[-1].last == 2 and items[run[0] - 1].lemma in heard("comma_and_or"):
        return before[-1].kinds, before[-1].sure
    k = run[0] - 1
    while k >= 0 and items[k].lemma in heard("unknown_values.articles"):
        k -= 1
    lemma = items[k].tokens[-1].lemma if k >= 0 else ""
    for kinds in terms["named_after"]:
        held = tuple(d for d in kinds["kinds"] if _known(d, reading))
        if held and (lemma in kinds["words"] or (k >= 0 and items[k].get("act") in kinds["acts"])):
            return held, bool(k >= 0 and items[k].get("act") in kinds["acts"])
    every = tuple(d for d in terms["plurals"] if d != "campaign" and _known(d, reading))  # one is called a campaign
    return every, False


def bought_by_name(reading: Reading, last: int) -> bool:
    """As in "homeware buyers": what stands before such people is what they bought."""
    after = reading.items[last + 1] if last + 1 < len(reading.items) else None
    return after is not None and after.tokens[0].lemma in heard("unknown_values.takers")


def _known(dimension: str, reading: Reading) -> bool:
    term = reading.vocabulary.dimensions.get(dimension)
    return term is not None and term.available


# -- what to offer -----------------------------------------------------------------------------------------------------


def _labels(name: _Name, shop: Shop) -> tuple[str, list[str]] | None:
    """The kind and its nearest values; of a kind that was said, its first ones where none is near."""
    found = [m for m in shop.find(name.text, name.kinds, 12) if m.score >= _LIKE]
    goods = bool(found) and found[0].kind in GOODS
    if goods:
        found = alike(name.text, found)
        if not found:  # nothing like it is sold: what is
            return ("product" if "product" in name.kinds else name.kinds[0]), list(shop.labels("category"))[:_SHOWN]
    if not found and set(name.kinds) & GOODS and name.sure:
        return name.kinds[0], list(shop.labels("category"))[:_SHOWN]
    if found:
        kind = found[0].kind if len(name.kinds) > 1 and not name.sure else name.kinds[0]
        near = [m.label for m in found if m.kind == kind]
        return (kind, near) if near else (kind, list(shop.labels(kind))[:_SHOWN])
    if len(name.kinds) <= 2 or name.sure:
        values = list(shop.labels(name.kinds[0]))[:_SHOWN]
        return (name.kinds[0], values) if values else None
    return None


def _replaced(reading: Reading, names: Sequence[_Name], value: str) -> str:
    """The question with the names, and what joins them, replaced by one value."""
    items, text = reading.items, reading.text
    first, last = names[0], names[0]
    for name in names[1:]:
        if name.first - last.last <= 2:
            last = name
    start, end = items[first.first].tokens[0].start, items[last.last].tokens[-1].end
    before, after = text[:start].rstrip("\"'“‘ "), text[end:].lstrip("\"'”’")
    if after.lower() == "s" or after.lower().startswith("s "):
        after = after[1:]
    return " ".join(f"{before} {value}{after}".split())
