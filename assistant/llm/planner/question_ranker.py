"""Which of the known questions near a text it means: a chance for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.llm.planner.question_likeness import Likeness, QuestionIndex
from assistant.llm.planner.vocabulary import Vocabulary


def ranked(found: Sequence[Likeness], index: QuestionIndex, words: Vocabulary) -> list[tuple[Likeness, float]]:
    """Known questions with the chance that the text means them, the likeliest first."""
    if not found:
        return []
    scores = np.array([f.score for f in found]) * 20
    chances = np.exp(scores - scores.max())
    return sorted(zip(found, (chances / chances.sum()).tolist(), strict=True), key=lambda pair: -pair[1])
