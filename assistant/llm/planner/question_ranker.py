"""Which of the known questions near a text it means: a chance for each.

The cosine of sentence vectors alone ranks badly among questions that share most of their words. For each question the
cosines of its wordings and, for every group of words (:mod:`assistant.llm.planner.question_senses`), whether text and
question both have it or only one of them, are weighed by a logistic regression that was trained on the bank itself
(``python -m benchmarks.questions.train_ranker``; each wording as a text, its question known by the others). The chance
of a question is its odds among those of all and of "none of them".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.question_bank import KnownQuestion, as_example, signature
from assistant.llm.planner.question_likeness import Likeness, QuestionIndex
from assistant.llm.planner.question_senses import senses, senses_of
from assistant.llm.planner.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: what is known of a pair beside its groups of words, in the order of the weights: cosines of the wordings and of the
#: question itself, groups and words shared, slots for a dimension or a measure
PLAIN = ("nearest", "mean", "three nearest", "question", "groups of the nearest", "groups of the question",
         "words of the question", "open slots", "next to the same")
#: of each group: in both, in the text, in the wordings; then the same with the question's own words
PER_GROUP = 6
#: questions that are weighed, by cosine and this much of the groups shared with the nearest wording
CANDIDATES, SHARED = 25, 0.8
_NEAREST = 3
#: cosine from which a wording says next to the same
_SAME = 0.85
#: of the cosine, where nothing was trained
_STEEP = 20.0
_OPEN = frozenset({"dim", "measure"})


@dataclass(frozen=True)
class Weights:
    """The weights of one language: of the sum, by :data:`PLAIN`, and by group of words and kind [groups × 6]."""

    bias: float
    plain: NDArray[np.float32]
    groups: NDArray[np.float32]

    def odds(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logarithm of the odds, for each row of :func:`features`."""
        flat = np.concatenate([self.plain, self.groups.T.reshape(-1)])
        return np.asarray(features @ flat + self.bias, dtype=np.float32)


@dataclass(frozen=True)
class Known:
    """What is fixed of the questions of an index.

    Attributes:
        groups: of every wording [rows × groups].
        rows: of each question, with their slots; the question's own words come first.
        share: of the wordings of each question that have a group [questions × groups].
        words: of each question, in its own words.
        rarity: of a word among all wordings.
    """

    groups: NDArray[np.float32]
    rows: tuple[tuple[tuple[int, str], ...], ...]
    share: NDArray[np.float32]
    words: tuple[frozenset[str], ...]
    rarity: Mapping[str, float]


def ranked(found: Sequence[Likeness], index: QuestionIndex, words: Vocabulary) -> list[tuple[Likeness, float]]:
    """Known questions with the chance that the text means them, the likeliest first.

    Args:
        found: questions with their nearest wordings; only the most alike are weighed.
        index: where they are from.
        words: of the shop.
    """
    learned = weights(index.language)
    if not found:
        return []
    if learned is None:
        alike = _STEEP * np.array([one.score for one in found])
        only = np.exp(alike - alike.max())
        return sorted(zip(found, (only / only.sum()).tolist(), strict=True), key=lambda pair: -pair[1])
    known = known_of(tuple(index.questions), index.language)
    at = {id(question): i for i, question in enumerate(index.questions)}
    texts = list(dict.fromkeys(one.text.text for one in found))
    groups = dict(zip(texts, senses_of(texts, index.language), strict=True))
    near = _most_alike(found, groups, index.language)
    vectors = dict(zip(texts, np.asarray(index.encode(texts), dtype=np.float32), strict=True))
    rows = []
    for one, nearest in near:
        which, text, slots = at[id(one.question)], one.text.text, repr(signature(one.wording))
        alike = [row for row, of in known.rows[which] if of == slots]
        cosines = index.vectors[alike] @ vectors[text]
        own, of_own = known.rows[which][0]
        beside = float(index.vectors[own] @ vectors[text]) if of_own == slots else None
        rows.append(features(cosines, beside, groups[text], nearest, known.share[which], known.groups[own],
                             same_words(text, known.words[which], known.rarity), open_slots(one.wording)))
    return sorted(zip([one for one, _ in near], chances(learned.odds(np.stack(rows))).tolist(), strict=True),
                  key=lambda pair: -pair[1])


def chances(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The chance of each, where none of them may be meant."""
    most = max(float(odds.max()), 0.0)
    parts = np.exp(odds - most)
    return np.asarray(parts / (parts.sum() + math.exp(-most)), dtype=np.float32)


def features(
    cosines: NDArray[np.float32], beside: float | None, text: NDArray[np.float32], nearest: NDArray[np.float32],
    share: NDArray[np.float32], own: NDArray[np.float32], words: float, slots: float,
) -> NDArray[np.float32]:
    """What is known of a text and a question.

    Args:
        cosines: of its wordings with the same slots.
        beside: cosine of its own words, where they have the same slots.
        text, nearest, own: groups of the text, of the nearest wording and of the question's own words.
        share: of its wordings that have each group.
        words: shared with the question's own words.
        slots: for a dimension or a measure.
    """
    top = np.sort(cosines)[::-1][:_NEAREST]
    mean = float(cosines.mean())
    plain = [float(top[0]), mean, float(top.mean()), mean if beside is None else beside, shared(text, nearest),
             shared(text, own), words, slots, max(float(top[0]) - _SAME, 0.0) / (1 - _SAME)]
    return np.concatenate([np.array(plain, dtype=np.float32), text * share, text * (1 - share), (1 - text) * share,
                           text * own, text * (1 - own), (1 - text) * own]).astype(np.float32)


def shared(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Groups in both by groups in either."""
    return float(np.minimum(one, other).sum() / max(float(np.maximum(one, other).sum()), 1.0))


def same_words(text: str, own: frozenset[str], rarity: Mapping[str, float]) -> float:
    """Words in both by words in either, rare ones counting more."""
    said = words_of(text)
    both, either = sum(rarity.get(w, 1.0) for w in said & own), sum(rarity.get(w, 1.0) for w in said | own)
    return both / either if either else 0.0


def words_of(text: str) -> frozenset[str]:
    """The words of a text, in lower case."""
    return frozenset(re.findall(r"\w+", text.casefold()))


def open_slots(wording: str) -> float:
    """How many dimensions and measures a wording leaves open."""
    return float(sum(many for kind, many in signature(wording) if kind in _OPEN))


@lru_cache(maxsize=4)
def known_of(questions: tuple[KnownQuestion, ...], language: str) -> Known:
    """What is fixed of some questions."""
    rows: list[list[tuple[int, str]]] = []
    texts: list[str] = []
    for question in questions:
        rows.append([])
        for wording in question.wordings:
            rows[-1].append((len(texts), repr(signature(wording))))
            texts.append(as_example(wording, language))
    groups = senses_of(texts, language)
    often = Counter(word for text in texts for word in words_of(text))
    return Known(
        groups, tuple(tuple(of) for of in rows),
        np.stack([groups[[row for row, _ in of]].mean(axis=0) for of in rows]),
        tuple(words_of(texts[of[0][0]]) for of in rows),
        {word: math.log(1 + len(texts) / (1 + many)) for word, many in often.items()})


@lru_cache(maxsize=4)
def weights(language: str) -> Weights | None:
    """The weights of a language; none where nothing was trained."""
    try:
        raw: Mapping[str, Any] = read_yaml(language, "question_weights") or {}
    except FileNotFoundError:
        return None
    if not raw.get("groups"):
        return None
    nothing = [0.0] * PER_GROUP
    rows = [raw["groups"].get(name, nothing) for name, _ in senses(language)]
    return Weights(float(raw["bias"]), np.array(raw["plain"], dtype=np.float32), np.array(rows, dtype=np.float32))


def _most_alike(
    found: Sequence[Likeness], groups: Mapping[str, NDArray[np.float32]], language: str
) -> list[tuple[Likeness, NDArray[np.float32]]]:
    """The questions that are weighed, with the groups of their nearest wordings."""
    nearest = senses_of([as_example(one.wording, language) for one in found], language)
    first = [one.score + SHARED * shared(groups[one.text.text], of) for one, of in zip(found, nearest, strict=True)]
    return [(found[i], nearest[i]) for i in np.argsort(-np.array(first), kind="stable")[:CANDIDATES]]
