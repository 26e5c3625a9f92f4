"""What a text names: goods, places, times, numbers …, with where they stand, so that it can be said without them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.llm.planner.normalise import plain_text
from assistant.llm.planner.question_bank import Signature, bank_words
from assistant.llm.planner.spans import Item, Reading, read
from assistant.llm.planner.vocabulary import Vocabulary

#: kinds of values by dimension; other dimensions narrow, and have no slot
_KIND_OF = {"country": "place", "city": "place", "category": "goods", "subcategory": "goods", "brand": "goods",
            "product": "goods", "channel": "channel", "campaign": "campaign", "segment": "group"}
#: kinds that may be put behind a question that has no slot for them
NARROWING = frozenset({"goods", "place", "channel", "time", "group", "campaign"})
#: kinds that stay words of the text where the question has no slot for them
AS_WORDS = frozenset({"dim", "measure", "number", "customer"})
_SENTENCE_END = re.compile(r"[.!?;:\n]+(?=\s)")
_SHORTEST_SENTENCE = 3
_DIGITS = re.compile(r"\d[\d.,]*(?<![.,])")
_LEAST_PRODUCTS = 2
_SHORTEST = 3


@dataclass(frozen=True)
class Named:
    """One thing that a text names.

    Attributes:
        kind: of slot.
        said: its words.
        start, end: its characters in the text; with the words that lead it where ``lead`` is smaller than ``start``.
        sure: whether the words mean nothing else; words of product names may be plain words.
    """

    kind: str
    said: str
    start: int
    end: int
    lead: int
    sure: bool = True


@dataclass(frozen=True)
class Blanked:
    """A text with examples for some of the things it names.

    Attributes:
        text: to be compared.
        slots: what fills the slots, by kind.
        behind: what narrows the question besides.
        left: numbers that the wording would have to hold.
    """

    text: str
    slots: dict[str, list[str]]
    behind: tuple[Named, ...] = ()
    left: tuple[str, ...] = ()


def named_things(text: str, words: Vocabulary) -> tuple[Reading, list[Named]]:
    """All that a text names, in its order, none within another."""
    reading = read(plain_text(text, words.lexicon.words), words)
    leading = frozenset(map(str, bank_words(words.lexicon.language)["leading"]))
    found: list[Named] = []
    for i, item in enumerate(reading.items):
        kind = _kind(item, words)
        end = i + 1
        if kind == "group":
            end = _with_people(reading, i)
            if end == i:
                continue
        if kind is not None:
            found.append(_named(kind, reading, i, end, leading))
    for start, end in _goods_runs(reading, words):
        run = _named("goods", reading, start, end, leading, sure=False)
        found = [n for n in found if not run.start <= n.start < run.end]  # "glass french press" names no place
        found.append(run)
    return reading, sorted(found, key=lambda n: n.start)


def _kind(item: Item, words: Vocabulary) -> str | None:
    if item.has("period"):
        return "time"
    for value in item.alts.get("value", ()):
        kind = _KIND_OF.get(getattr(value, "dimension", ""))
        if kind is not None:
            return kind
    if item.has("saved", "definition"):
        return "group"
    token = item.tokens[0]
    if token.text in words.customer_ids:
        return "customer"
    if item.number is not None and token.text[:1].isdigit():
        return "number"
    if item.has("product"):
        return "goods"
    if item.has("metric") and not item.has("dim", "act"):
        return "measure"
    dims = [str(d) for d in item.alts.get("dim", ())]
    return "dim" if dims and not {"customer", "product"} & set(dims) else None


def _with_people(reading: Reading, i: int) -> int:
    """Where a group ends, its people among the words ("lapsed shoppers", "regulars"); ``i`` where none are said."""
    item, after = reading.items[i], reading.items[i + 1:i + 2]
    if after and (after[0].has("metric", "dim") and _people(after[0])):
        return i + 2
    return i + 1 if item.text.endswith("s") or len(item.tokens) > 1 else i


def _people(item: Item) -> bool:
    return "customer" in map(str, item.alts.get("dim", ())) or "customers" in map(str, item.alts.get("metric", ()))


def _named(kind: str, reading: Reading, start: int, end: int, leading: frozenset[str], sure: bool = True) -> Named:
    tokens = [t for item in reading.items[start:end] for t in item.tokens]
    lead = start
    while lead and kind in NARROWING and reading.items[lead - 1].lemma in leading:
        lead -= 1
    first = reading.items[lead].tokens[0].start
    articles = frozenset(map(str, bank_words(reading.vocabulary.lexicon.language)["articles"]))
    own = next((i for i, t in enumerate(tokens) if t.lemma not in articles), 0)
    said = reading.text[tokens[own].start:tokens[-1].end]
    end_at = tokens[-1].end
    if kind == "number":  # its unit stays in the text: the known question has to say it too
        digits = _DIGITS.match(said)
        said = digits[0] if digits else said
        end_at = tokens[own].start + len(said)
    return Named(kind, said, tokens[0].start, end_at, first, sure)


def _goods_runs(reading: Reading, words: Vocabulary) -> Iterator[tuple[int, int]]:
    """Longest stretches of words that stand together in names of several products."""
    i, items = 0, reading.items
    while i < len(items):
        end = i
        while end < len(items) and _plain(items[end], reading, end) and _in_products(items[i:end + 1], words):
            end += 1
        if end > i:
            yield i, end
        i = max(end, i + 1)


def _in_products(items: Sequence[Item], words: Vocabulary) -> bool:
    return len(words.products_with([t.lemma for item in items for t in item.tokens])) >= _LEAST_PRODUCTS


def _plain(item: Item, reading: Reading, i: int) -> bool:
    """Whether an item may be part of the name of a product: a word without a meaning, or a place beside one."""
    beside = [k for k in (i - 1, i + 1) if 0 <= k < len(reading.items)]
    place = item.has("value") and _KIND_OF.get(item.get("value").dimension) == "place" and any(
        not reading.items[k].alts and not reading.is_skip(k) for k in beside)
    return ((not item.alts or place) and len(item.tokens) == 1 and item.tokens[0].kind == "word"
            and not reading.is_skip(i) and len(item.tokens[0].text) >= _SHORTEST)


def sentences(reading: Reading) -> list[tuple[int, int]]:
    """Where the sentences of a text stand: the whole text first, then each long enough to ask something."""
    whole = (0, len(reading.text))
    ends = [m.end() for m in _SENTENCE_END.finditer(reading.text)] + [len(reading.text)]
    spans = zip([0, *ends], ends, strict=False)
    long = [(a, b) for a, b in spans if len(reading.text[a:b].split()) >= _SHORTEST_SENTENCE]
    return [whole, *(span for span in long if span != whole)]


def blanked(
    reading: Reading, named: Sequence[Named], wanted: Signature, span: tuple[int, int] | None = None
) -> list[Blanked]:
    """The text with examples for the wanted kinds, and without what else narrows it.

    Where words may be goods or plain words and no goods are wanted, they stay. Empty where the text does not name
    what is wanted.

    Args:
        reading: the text.
        named: all that it names.
        wanted: kinds with examples.
        span: the sentence that is compared; what the others name fills slots or narrows all the same.
    """
    need = dict(wanted)
    have = Counter(n.kind for n in named)
    if any(have[kind] < count for kind, count in need.items()):
        return []
    examples = bank_words(reading.vocabulary.lexicon.language)["examples"]
    leading = frozenset(map(str, bank_words(reading.vocabulary.lexicon.language)["leading"]))
    # words that are surely a value come first; of more than are wanted the later ones narrow
    ranked = sorted(named, key=lambda n: (not n.sure, n.start))
    chosen: list[Named] = []
    for one in ranked:
        if sum(c.kind == one.kind for c in chosen) < need.get(one.kind, 0):
            chosen.append(one)
    chosen.sort(key=lambda n: n.start)
    slots: dict[str, list[str]] = {}
    start, end = span or (0, len(reading.text))
    parts, at, behind, left = [], start, [], []
    for one in named:
        inside = start <= one.start < end
        if one in chosen:
            example = examples[one.kind][len(slots.get(one.kind, []))]
            slots.setdefault(one.kind, []).append(_bare(one, leading))
            parts += [reading.text[at:one.start], example] if inside else []
        elif one.kind in NARROWING and one.sure:
            parts += [reading.text[at:max(at, one.lead)]] if inside else []
            behind.append(one)
        else:
            if one.kind in {"number", "customer"}:
                left.append(one.said)
            continue
        at = one.end if inside else at
    parts.append(reading.text[at:end])
    if sum(n.kind == "time" for n in behind) > 1:
        return []  # two times are set against each other, and narrow nothing
    return [Blanked(" ".join("".join(parts).split()), slots, tuple(behind), tuple(left))]


def _bare(one: Named, leading: frozenset[str]) -> str:
    """A time without the word that leads it, which the question has itself: "in 2025" as "2025"."""
    first, _, rest = one.said.partition(" ")
    return rest if one.kind == "time" and rest and first.casefold() in leading else one.said
