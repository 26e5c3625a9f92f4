"""How well texts find their known question, with the question's other wordings; and the training of the weights.

    python -m benchmarks.questions.train_ranker            # five folds of questions: cosine, weights
    python -m benchmarks.questions.train_ranker --write    # and writes prompts/lexicon/en/question_weights.yaml

Every wording is a text once, and its question is known by the other wordings. As people also say nearly what is in the
bank, some wordings are texts once more with words put around them and some left out, and their questions are known by
all. The figures are those of questions that no weight was trained on, for either kind of texts; the first is the harder
one, as the wordings of a question were written to differ.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.llm.planner.question_bank import as_example, known_questions, signature
from assistant.llm.planner.question_ranker import (
    CANDIDATES,
    PER_GROUP,
    PLAIN,
    SHARED,
    chances,
    features,
    known_of,
    open_slots,
    same_words,
)
from assistant.llm.planner.question_senses import senses, senses_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANGUAGE = "en"
WEIGHTS = Path("prompts/lexicon/en/question_weights.yaml")
FOLDS, RIDGE, ROUNDS, SEED = 5, 30.0, 6, 0
NEARLY = 0.33
"""Share of the wordings that are texts once more."""
BEFORE = ("please tell me", "I'd like to know", "quick question:", "hi,", "can you tell me", "for my report:", "so",
          "ok,", "my boss asks:", "")
AFTER = ("please", "thanks", "?", "for us", "overall", "then", "")


@dataclass(frozen=True)
class Pairs:
    """Texts beside questions: features, whether it is the text's own question, text, that question, and a hard text."""

    features: NDArray[np.float32]
    own: NDArray[np.bool_]
    text: NDArray[np.int64]
    of: NDArray[np.int64]
    hard: NDArray[np.bool_]


def pairs() -> Pairs:
    """Every wording that is not the question itself, twice, beside the questions most alike."""
    from assistant.retrieval.int8_embedder import Int8Embedder

    bank = tuple(q for q in known_questions(LANGUAGE) if not q.after)
    known = known_of(bank, LANGUAGE)
    wordings = [w for q in bank for w in q.wordings]
    owner = np.array([i for i, q in enumerate(bank) for _ in q.wordings])
    slots = np.unique([repr(signature(w)) for w in wordings], return_inverse=True)[1]
    open_of = [open_slots(w) for w in wordings]
    texts = [as_example(w, LANGUAGE) for w in wordings]
    draw = np.random.default_rng(SEED)
    near = [_nearly(text, draw) for text in texts]
    encode = Int8Embedder().embed
    vectors, others = (np.asarray(encode(t), dtype=np.float32) for t in (texts, near))
    near_groups = senses_of(near, LANGUAGE)
    many = np.bincount(owner).astype(np.float32)
    rows, own, text, of, hard = [], [], [], [], []
    for r, i in enumerate(owner):
        first_row = known.rows[i][0][0]
        if r == first_row:
            continue
        for is_hard in (True, False)[: 2 if draw.random() < NEARLY else 1]:
            said, vector = (texts[r], vectors[r]) if is_hard else (near[r], others[r])
            groups = known.groups[r] if is_hard else near_groups[r]
            beside_it = np.flatnonzero((slots == slots[r]) & ((np.arange(len(owner)) != r) | (not is_hard)))
            cosine = vectors[beside_it] @ vector
            both = np.minimum(known.groups[beside_it], groups).sum(1)
            first = cosine + SHARED * both / np.maximum(np.maximum(known.groups[beside_it], groups).sum(1), 1)
            for question, n in _first_of_each(owner[beside_it], cosine, first).items():
                mine = owner[beside_it] == question
                ask = known.rows[question][0][0]
                share = known.share[question]
                if is_hard and question == i:
                    share = (share * many[i] - groups) / max(many[i] - 1, 1)
                rows.append(features(
                    cosine[mine], float(vectors[ask] @ vector) if slots[ask] == slots[r] else None, groups,
                    known.groups[beside_it[n]], share, known.groups[ask],
                    same_words(said, known.words[question], known.rarity), open_of[beside_it[n]]))
                own.append(question == i)
                text.append(2 * r + is_hard)
                of.append(i)
                hard.append(is_hard)
    return Pairs(np.stack(rows), np.array(own), np.array(text), np.array(of), np.array(hard))


def _first_of_each(owner: NDArray[np.int64], cosine: NDArray[np.float32], first: NDArray[np.float32]) -> dict[int, int]:
    """The questions to weigh, each with its nearest wording."""
    best: dict[int, int] = {}
    for n in np.argsort(-cosine):
        best.setdefault(int(owner[n]), int(n))
    chosen = sorted(best, key=lambda q: -first[best[q]])[:CANDIDATES]
    return {q: best[q] for q in chosen}


def _nearly(text: str, draw: np.random.Generator) -> str:
    """A text with a courtesy around it or a word left out."""
    words = text.split()
    for _ in range(int(draw.integers(3))):
        if len(words) > 3:
            words.pop(int(draw.integers(len(words))))
    return " ".join(filter(None, (str(draw.choice(BEFORE)), *words, str(draw.choice(AFTER)))))


def fit(x: NDArray[np.float32], own: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights and bias of a logistic regression with a ridge, by Newton's method."""
    mean, scale = x.mean(0), np.maximum(x.std(0), 0.02)
    x = np.concatenate([(x - mean) / scale, np.ones((len(x), 1))], axis=1).astype(np.float32)
    w = np.zeros(x.shape[1])
    ridge = np.append(np.full(x.shape[1] - 1, RIDGE), 0.0)
    for _ in range(ROUNDS):
        p = (1.0 / (1.0 + np.exp(-(x @ w.astype(np.float32))))).astype(np.float32)
        slope = x.T @ (own - p) - ridge * w
        bend = (x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge + 1e-6)
        w += np.linalg.solve(bend.astype(np.float64), slope.astype(np.float64))
    plain = w[:-1] / scale
    return np.append(plain, w[-1] - plain @ mean)


def measure(known: Pairs) -> None:
    """Print how often the first question is the right one, for cosine and weights."""
    fold = np.random.default_rng(SEED).integers(0, FOLDS, int(known.of.max()) + 1)[known.of]
    odds = np.zeros(len(known.own), dtype=np.float32)
    for f in range(FOLDS):
        w = fit(known.features[fold != f], known.own[fold != f])
        odds[fold == f] = known.features[fold == f] @ w[:-1].astype(np.float32) + w[-1]
    for kind, those in (("other wordings", known.hard), ("nearly the same", ~known.hard)):
        for name, score in (("cosine", known.features[:, 0]), ("weights", odds)):
            first, sure = [], []
            at = np.flatnonzero(those)
            for of_text in np.split(at, np.flatnonzero(np.diff(known.text[at])) + 1):
                said = chances(score[of_text]) if name == "weights" else score[of_text]
                order = np.argsort(-said)
                first.append((known.own[of_text[order[0]]], known.own[of_text[order[:3]]].any()))
                sure.append(said[order[0]])
            hit, sures = np.array(first), np.array(sure)
            order = np.argsort(-sures)
            parts = [(p, order[: int(p * len(order))]) for p in (0.05, 0.1, 0.2, 0.3, 0.5)]
            surest = ", ".join(f"{p:.0%} {hit[some, 0].mean():.2f} (from {sures[some[-1]]:.2f})" for p, some in parts)
            print(f"{kind}, {name}: first {hit[:, 0].mean():.3f}, among three {hit[:, 1].mean():.3f}, of {len(hit)}; "
                  f"surest {surest}")


def _row(values: NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{v:.3f}" for v in values) + "]"


def write(w: NDArray[np.float64]) -> None:
    """The weights as a file of the lexicon."""
    names = [name for name, _ in senses(LANGUAGE)]
    groups = w[len(PLAIN):-1].reshape(PER_GROUP, len(names)).T
    command = "python -m benchmarks.questions.train_ranker --write"
    lines = [f"# Weights of question_ranker.py, trained on questions/*.yaml: {command}", f"bias: {w[-1]:.3f}",
             f"plain: {_row(w[:len(PLAIN)])}", "groups:"]
    lines += [f"  {name}: {_row(row)}" for name, row in zip(names, groups, strict=True)]
    WEIGHTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    store = parser.parse_args().write
    all_pairs = pairs()
    measure(all_pairs)
    if store:
        write(fit(all_pairs.features, all_pairs.own))
