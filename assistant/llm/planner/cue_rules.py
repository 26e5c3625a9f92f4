"""A text in any order of words as one of the rules of a lexicon file: every word a cue, or plain.

A file names ``parts`` (expressions with named slots, taken out first), ``words`` (cues by their tag), ``plain`` words
and ``rules``: ``ask`` (what is asked), ``needs`` (one of each, alternatives by ``|``), ``may`` (what else may be said),
``if`` (gates that must be open; ``question``: the text is put as one).
The first rule whose needs were heard, and which has a place for all else that was, holds. A text with any other word
holds none, so nothing that was said is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import PhraseTree, lexicon
from assistant.llm.planner.normalise import clean, tokenise
from assistant.llm.planner.vocabulary import Vocabulary

_PLAIN, _QUESTION = "plain", "question"
_LONGEST = 30


@dataclass(frozen=True)
class Heard:
    """What a text asks by its cues: the rule's name, the tags of its words, the slots of its parts."""

    ask: str
    tags: frozenset[str]
    slots: Mapping[str, str]


def heard_by_rules(
    text: str, file: str, words: Vocabulary, more: Mapping[str, Collection[str]] | None = None,
    gates: Collection[str] = (),
) -> Heard | None:
    """The rule that holds of a text; None where none does.

    Args:
        file: the lexicon file of parts, words and rules.
        more: names of the shop by tag; the one that stands in the text is its tag's slot.
        gates: names that a rule may ask for with ``if``.
    """
    language = words.lexicon.language
    raw = read_yaml(language, file)
    if not raw.get("rules"):
        return None
    rest, tags, slots = _named(" ".join(clean(text).split()), more or {})
    for tag, pattern in _parts(language, file):
        match = pattern.search(rest)
        if match is not None and match.group().strip():
            tags.append({tag})
            slots |= {k: v for k, v in match.groupdict().items() if v}
            rest = f"{rest[: match.start()]} {rest[match.end():]}"
    tokens = [t for t in tokenise(rest, words.lexicon.words) if t.kind != "stop"]
    if not tokens and not tags or len(tokens) > _LONGEST:
        return None
    lemmas, i = [t.lemma for t in tokens], 0
    tree = _tree(language, file)
    while i < len(tokens):
        end, kinds = next(((e, {str(k) for k, _ in found}) for e, found in
                           sorted(tree.matches(lemmas, i), key=lambda m: -m[0])), (i, set()))
        if end == i:
            return None
        tags.append(kinds)
        i = end
    asking = re.search(raw.get("question", ""), " ".join(text.split()), re.IGNORECASE) is not None
    return _first(raw["rules"], tags, slots, {*gates, *([_QUESTION] if asking else [])})


def _first(
    rules: Collection[Mapping[str, Any]], tags: list[set[str]], slots: Mapping[str, str], gates: Collection[str]
) -> Heard | None:
    heard = frozenset().union(*tags)
    for rule in rules:
        if not set(str(rule.get("if", "")).split()) <= set(gates):
            continue
        needs = [frozenset(str(n).split("|")) for n in rule["needs"]]
        allowed = frozenset().union(*needs) | set(rule["may"]) | {_PLAIN}
        if all(t & allowed for t in tags) and all(heard & n for n in needs):
            return Heard(str(rule["ask"]), heard, slots)
    return None


def _named(text: str, more: Mapping[str, Collection[str]]) -> tuple[str, list[set[str]], dict[str, str]]:
    """The text without names of the shop, which are written as the shop writes them."""
    tags: list[set[str]] = []
    slots: dict[str, str] = {}
    for tag, names in more.items():
        for name in sorted(names, key=len, reverse=True):
            match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
            if match is not None and tag not in slots:
                slots[tag] = name
                tags.append({tag})
                text = f"{text[: match.start()]} {text[match.end():]}"
    return text, tags, slots


@lru_cache(maxsize=16)
def _tree(language: str, file: str) -> PhraseTree:
    raw = read_yaml(language, file)
    return lexicon(language).tree_of({_PLAIN: raw["plain"], **raw["words"]})


@lru_cache(maxsize=16)
def _parts(language: str, file: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((tag, re.compile(form, re.IGNORECASE)) for tag, form in read_yaml(language, file).get("parts", ()))
