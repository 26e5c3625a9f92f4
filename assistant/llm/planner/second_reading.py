"""A second try at a text that could not be read: in other words, without asides, without a word that only colours it.

Only a "not understood" is tried again; what the data do not hold or what is not permitted stays refused. In this order:
words are put into those of the grammar (:mod:`assistant.llm.planner.thesaurus`); clauses that name nothing the shop
knows are taken off; a word nobody knows is taken out where it stands as a verb of the shop's doing or as an adverb of
manner, so that it cannot narrow what is counted. Whatever was read as something else, or not used, is said beside the
answer. A text that remains unread is refused as it was at first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.discourse_scene import FRAME
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import plain_text
from assistant.llm.planner.spans import Item, Reading, read
from assistant.llm.planner.thesaurus import Replaced, in_other_words
from assistant.llm.planner.vocabulary import Vocabulary

#: declines of words that nobody knows, by their keys in ``wording.yaml``
_OF_WORDS = ("not_understood", "lost", "not_understood_all", "unknown_value", "unknown_values", "no_referent", "clause",
             "no_customers_yet", "no_answer_yet")
#: tools that make or change something
MAKING = frozenset({"draft_campaign", "draft_post", "save_segment", "change_segment", "define_term", "withdraw_term",
                     "plan_sending", "adopt_categories", "change_categories", "stop_sending", "export_report",
                     "export_campaign", "undo_change", "undo_campaign"})
_NO_ANSWER = frozenset({"decline", "ask", "refused", "small_talk"})
#: what a clause that is only background does not hold
_TELLING = ("metric", "dim", "value", "do", "definition", "saved", "compare", "rank", "cmp", "neg", "share", "growth",
            "average", "act", "group", "absent", "goal", "never", "inactive", "not_in", "only")
#: … whoever it speaks of
_OF_SHOP = ("metric", "dim", "definition", "saved", "cmp", "rank", "neg", "share", "group", "absent")
_PARTS = re.compile(r"\s*(?:[;:.!?]+(?=\s)|,(?=\s)|\s[-–—]+(?=\s))\s*")
_SENTENCE_END = re.compile(r"[\s?.!,;:]+$")
#: words that one text may leave unread, and clauses it may have
_MOST_WORDS, _MOST_CLAUSES = 2, 5
_SHORTEST_CLAUSE = 3
_SHORTEST_NAME = 2


@lru_cache(maxsize=4)
def _places(language: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(map(str, words)) for name, words in read_yaml(language, "second_reading").items()}


def refused_for_words(planned: Planned, words: Vocabulary) -> bool:
    """Whether the text was refused, or asked about, for words that nobody knows."""
    if len(planned.calls) != 1 or planned.done is not None:
        return False
    call = planned.calls[0]
    if call.name == "ask_back":
        return _says(str(call.args.get("text")), str(words.lexicon.wording["asks"]["term_meaning"]))
    if call.name != "decline" or call.args.get("reason") != "not_understood":
        return False
    return refused_with(planned, words, _OF_WORDS)


def refused_with(planned: Planned, words: Vocabulary, keys: Collection[str]) -> bool:
    """Whether the text was refused with one of these messages, by their keys."""
    if not planned.calls or planned.calls[0].name != "decline":
        return False
    said = str(planned.calls[0].args.get("message"))
    return any(_says(said, str(words.lexicon.wording["declines"][key])) for key in keys)


def second_reading(
    text: str, first: Planned, words: Vocabulary, again: Callable[[str], Planned]
) -> Planned | None:
    """The plan of the text read another way; None where no other way answers it.

    Args:
        text: as it was said.
        first: its plan, a "no" for want of words.
        again: plans another text, every word accounted for.
    """
    if first.frame == FRAME:
        return None  # asked about a change of the answer before: the word is not taken out
    weak = any(note.startswith("not_used|") for note in first.notes) and _answered(first)
    if weak:
        return _all_used(text, words, again)
    if not refused_for_words(first, words):
        return None
    for said in _ways(text, words):
        planned = again(said.text) if said.text != text else first
        notes = [f"read_as|{old}|{new}" for old, new in said.read]
        notes += [f"not_used|{said.dropped}"] if said.dropped else []
        if _answered(planned):
            if _acts(planned):
                continue
            return replace(planned, notes=[*planned.notes, *notes])
        if planned.calls and planned.calls[0].name == "ask_back" and said.text != text:
            if not refused_for_words(planned, words):
                return planned
            continue
        if not refused_for_words(planned, words):
            continue
        left = _without_unknown(said.text, words, again)
        if left is not None:
            return replace(left, notes=[*left.notes, *notes])
    return None


def _all_used(text: str, words: Vocabulary, again: Callable[[str], Planned]) -> Planned | None:
    """The plan of the text in other words, where that leaves no word unused."""
    said = in_other_words(text, words.lexicon.language, lambda word: _is_value(word, words))
    planned = again(said.text) if said is not None else None
    if said is None or planned is None or not _answered(planned) or any(
        note.startswith("not_used|") for note in planned.notes
    ) or _acts(planned):
        return None
    return replace(planned, notes=[*planned.notes, *(f"read_as|{old}|{new}" for old, new in said.read)])


def _acts(planned: Planned) -> bool:
    """Whether the plan makes or changes something, which keeps to the words as they were said."""
    return any(c.name in MAKING for c in planned.calls)


def _says(said: str, template: str) -> bool:
    pattern = "(.+)".join(re.escape(part) for part in re.split(r"\{\w+\}", template))
    return re.fullmatch(pattern, said, re.DOTALL) is not None


def _answered(planned: Planned) -> bool:
    return bool(planned.calls) and planned.frame not in _NO_ANSWER and planned.done is None and not any(
        c.name in {"decline", "ask_back"} for c in planned.calls)


def _ways(text: str, words: Vocabulary) -> Iterator[Replaced]:
    """The text in other words, as it stands, and both without clauses that are background; the likeliest first."""
    plain = in_other_words(text, words.lexicon.language, lambda word: _is_value(word, words))
    texts = [plain] if plain is not None else []
    texts.append(Replaced(text, ()))
    yield from texts
    for one in texts:
        for kept, dropped in _clauses(one.text, words):
            yield Replaced(kept, one.read, dropped)


def _is_value(word: str, words: Vocabulary) -> bool:
    """Whether the word alone names a country, category, brand … of the shop."""
    lemmas = words.lexicon.lemmas(word)
    return any(end == len(lemmas) and any(kind == "value" for kind, _ in entries)
               for end, entries in words.trees[1].matches(list(lemmas), 0))


# -- clauses that are background ---------------------------------------------------------------------------------------


def _clauses(text: str, words: Vocabulary) -> Iterator[tuple[str, str]]:
    """The text without its clauses in which the shop has no word, and what was taken off."""
    parts = [p for p in _PARTS.split(text) if p]
    if not 1 < len(parts) <= _MOST_CLAUSES:
        return
    kept = [p for p in parts if len(p.split()) < _SHORTEST_CLAUSE or _asks(p, words)]
    if kept and len(kept) < len(parts):
        yield ", ".join(kept), "; ".join(p for p in parts if p not in kept)


def _asks(clause: str, words: Vocabulary) -> bool:
    reading = read(clause, words)
    if _intends(clause, reading):
        return False
    items = reading.items
    if any(t.lemma in _places(words.lexicon.language)["telling"] for t in reading.tokens):
        return True
    others = len(items) > 1 and items[0].lemma in _places(words.lexicon.language)["somebody_s"] and _unknown(
        items[1], reading, 1)
    pointed = any(item.has("pronoun") for item in items)  # "my director wants them on her desk tomorrow"
    if others and not any(item.has(*_OF_SHOP) or item.has("value") and not pointed for item in items):
        return False
    timed = any(item.number is not None or item.has("period", "duration") for item in reading.items)
    story = any(_unknown(item, reading, i) for i, item in enumerate(reading.items))
    return any(item.has(*_TELLING) for item in reading.items) or (timed and not story)


def _intends(clause: str, reading: Reading) -> bool:
    """Whether a clause only tells what somebody will do with the answer: "we'd like to invite them to a preview"."""
    if not any(item.has("pronoun", "customers_pronoun") for item in reading.items):
        return False
    starts = _places(reading.vocabulary.lexicon.language)["intending"]
    said = " ".join(t.word for t in reading.tokens)
    return any(said.startswith(f"{start} ") for start in starts)


# -- words that only colour --------------------------------------------------------------------------------------------


def _without_unknown(text: str, words: Vocabulary, again: Callable[[str], Planned]) -> Planned | None:
    """The plan of the text without words that cannot narrow it; None where a word may."""
    reading = read(plain_text(text, words.lexicon.words), words)
    unknown = [i for i, item in enumerate(reading.items) if _unknown(item, reading, i)]
    if not unknown or len(unknown) > _MOST_WORDS:
        return None
    free = [i for i in unknown if _colours(reading, i)]
    for size in range(len(free), 0, -1):
        for chosen in combinations(free, size):
            rest = _cut(reading, chosen)
            planned = again(rest)
            if _answered(planned) and not _acts(planned):
                said = "”, “".join(reading.items[i].text for i in chosen)
                return replace(planned, notes=[*planned.notes, f"not_used|{said}"])
    return None


def _unknown(item: Item, reading: Reading, i: int) -> bool:
    token = item.tokens[0]
    return (not item.alts and len(item.tokens) == 1 and token.kind == "word" and token.text.isalpha()
            and len(token.text) > _SHORTEST_NAME and not reading.is_skip(i) and (i == 0 or token.text.islower()))


def _colours(reading: Reading, i: int) -> bool:
    """Whether the unknown word stands where it says how, not which: an adverb of manner, a verb of the shop's doing."""
    places = _places(reading.vocabulary.lexicon.language)
    item = reading.items[i]
    word = item.text.lower()
    if item.lemma in places["telling"] or word in places["telling"]:
        return False
    before = reading.items[i - 1] if i else None
    after = reading.items[i + 1] if i + 1 < len(reading.items) else None
    if before is not None and before.tokens[-1].lemma in places["narrowing"]:
        return False
    if word.endswith(tuple(places["adverb_ends"])):
        return word not in places["narrowing_adverbs"]
    if after is not None and after.has("metric", "dim", "value", "definition", "period") and not _verb(before, places):
        return False  # "premium customers", "wholesale revenue"
    if before is not None and before.tokens[-1].word in places["askers"] and after is not None and after.has("metric"):
        return False  # "do blueberry sales peak": it says which sales
    asked_which = any(t.lemma in places["which"] for t in reading.tokens)
    if asked_which or before is None:
        return False  # the verb says which of them: "which categories disappoint?"
    if before.has("dim") or before.has("value") and not _verb_of_group(reading, i, places):
        return False  # "customers complained": the verb says which of them
    doing = before.has("metric") and not _counts_people(before) and not word.endswith(tuple(places["doing_ends"]))
    return _verb(before, places) or doing


def _verb(before: Item | None, places: dict[str, frozenset[str]]) -> bool:
    return before is not None and before.tokens[-1].word in places["before_verbs"]


def _verb_of_group(reading: Reading, i: int, places: dict[str, frozenset[str]]) -> bool:
    """As in "how did Germany fare": the doing of a part of the shop, asked with an auxiliary before it."""
    return i > 1 and reading.items[i - 2].tokens[-1].word in places["before_verbs"]


def _counts_people(item: Item) -> bool:
    return any("customers" in str(m) for m in item.alts.get("metric", ()))


def _cut(reading: Reading, chosen: Sequence[int]) -> str:
    gone = [(reading.items[i].tokens[0].start, reading.items[i].tokens[-1].end) for i in chosen]
    text, at = "", 0
    for start, end in gone:
        text += reading.text[at:start]
        at = end
    return " ".join((text + reading.text[at:]).split())
