"""What a question asks for that no shop's orders hold: which concept is missing, and when a word is no evidence of one.

A word that can mean nothing else ("abandoned cart") names its concept. A word with other meanings ("session", "reach",
"issue") names one only where the rest of the question was understood; otherwise the question was not.
"""

from __future__ import annotations

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.lexicon import Concept
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.vocabulary import Vocabulary

#: concepts named in one reply
_NAMED = 2


def lacking(reading: Reading, words: Vocabulary) -> bool:
    """Whether a word that can mean nothing else names something the shop lacks, also where a product has it."""
    return any(
        item.lemma not in words.lexicon.concepts[str(name)].weak and not held(words.lexicon.concepts[str(name)], words)
        for item in reading.items
        if not item.has("metric", "value") and not held_dimension(item, words)
        for name in item.alts.get("absent", ())
    )


def missing_concepts(reading: Reading, best: Candidate | None, words: Vocabulary) -> list[Concept]:
    """The concepts that the question needs and the shop lacks, most telling first; empty where nothing names one."""
    strong: dict[str, int] = {}
    weak: dict[str, int] = {}
    for i, item in enumerate(reading.items):
        if reading.is_skip(i) or item.has("metric", "value") or held_dimension(item, words):
            continue
        for name in item.alts.get("absent", ()):
            concept = words.lexicon.concepts[str(name)]
            if held(concept, words):
                continue
            found = weak if item.lemma in concept.weak else strong
            found[concept.name] = found.get(concept.name, 0) + len(item.tokens)
    if not strong and _open_words(reading, best):
        return []
    ranked = sorted(strong or weak, key=lambda name: -(strong or weak)[name])
    return [words.lexicon.concepts[name] for name in ranked[:_NAMED]]


def _open_words(reading: Reading, best: Candidate | None) -> bool:
    """Whether words stay open that point to no concept: then it is not the weak word that is missing."""
    if best is None:
        content = [i for i in range(len(reading.items)) if not reading.is_skip(i)]
        return any(not reading.items[i].alts for i in content)
    absent = {item.text for item in reading.items if item.has("absent")}
    known = {item.text for item in reading.items if item.alts}
    return any(word not in absent and word not in known for word in best.unexplained)


def held(concept: Concept, words: Vocabulary) -> bool:
    """Whether this shop holds what most shops do not ("age", where birthdays are loaded)."""
    dimensions = any(d in words.dimensions and words.dimensions[d].available for d in concept.dimensions)
    metrics = any(m in words.metrics and words.metrics[m].available for m in concept.metrics)
    return dimensions or metrics


def held_dimension(item: Item, words: Vocabulary) -> bool:
    """Whether the shop does hold what is mostly absent elsewhere (age and gender of customers)."""
    return any(d in words.dimensions and words.dimensions[d].available for d in item.alts.get("dim", ()))
