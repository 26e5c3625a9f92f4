"""Conditions on what no column and no measure holds ("customers where favourite_colour is red"): which name it is, and
what a rule can speak of instead.

Only asked about a text that nothing else explains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.vocabulary import Vocabulary

_LONGEST = 200
#: likeness (0 to 100) from which a field's name is offered for a misspelt one
_NEAR = 78
_SHOWN = 3


def unknown_field(text: str, words: Vocabulary, *, alone: bool = False) -> ToolCall | None:
    """A decline that names the field the data lack and those a rule can use; None where the text has no such form.

    Args:
        text: a question, as typed.
        alone: the text is a condition and nothing else.
    """
    name = _name(text, words, alone)
    if name is None:
        return None
    labels = list(_labels(words))
    found = process.extract(name, labels, scorer=fuzz.ratio, limit=_SHOWN)
    near = [label for label, score, _ in found if score >= _NEAR]
    return decline(words.lexicon, "not_understood", "unknown_field", examples="segments", words=quoted([name]),
                   fields=fields_in_words(words, near))


def fields_in_words(words: Vocabulary, near: list[str] | None = None) -> str:
    """What a rule about customers can speak of here: the nearest fields, else the usual ones."""
    if near:
        return _listed(words, near)
    fields, measures = (
        [known[n].label for n in _raw(words)[group] if n in known and known[n].available]
        for group, known in (("fields", words.dimensions), ("measures", words.metrics))
    )
    return str(_raw(words)["said"]).format(fields=_listed(words, fields), measures=_listed(words, measures))


def _listed(words: Vocabulary, labels: list[str]) -> str:
    last = str(words.lexicon.wording["joins"]["and_the"])
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])}{last}{labels[-1]}"


def _name(text: str, words: Vocabulary, alone: bool) -> str | None:
    asked = " ".join(text.replace("’", "'").split()).strip(" ?!.:")
    if len(asked) > _LONGEST:
        return None
    for _, match in _forms(words.lexicon.language, "alone" if alone else "forms").fitting(asked):
        name = match.group("name").replace("_", " ").strip()
        first = name.split()[0].lower()
        if first in _raw(words)["no_name"] or len(name.split()) > 4 or _known(name, words):
            continue
        return name
    return None


def _known(name: str, words: Vocabulary) -> bool:
    """Whether a field or measure of the shop, or a part of the grammar, is called so."""
    spoken = set(words.lexicon.lemmas(name))
    return any(spoken == set(words.lexicon.lemmas(label)) for label in _labels(words))


def _labels(words: Vocabulary) -> Iterator[str]:
    for term in (*words.dimensions.values(), *words.metrics.values()):
        if term.available:
            yield term.label


def _raw(words: Vocabulary) -> dict[str, Any]:
    return _file(words.lexicon.language)


@lru_cache(maxsize=4)
def _file(language: str) -> dict[str, Any]:
    return {"forms": [], "alone": []} | dict(read_yaml(language, "unknown_fields") or {})


@lru_cache(maxsize=8)
def _forms(language: str, group: str) -> LatePatterns[None]:
    raw = _file(language)
    places = {**raw.get("macros", {}), "name": raw.get("name", "")}

    def filled(form: str) -> str:
        return re.sub(r"(?<!P)<(\w+)>", lambda m: str(places.get(m.group(1), m.group())), form)

    return LatePatterns((None, LatePattern(filled(str(form)), re.IGNORECASE)) for form in raw[group])
