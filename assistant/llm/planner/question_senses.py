"""Which groups of words a question has: the grain, the pole ("best", "worst"), what is counted, what is asked of it.

Sentence vectors put opposites beside each other ("the month with the most orders", "with the fewest orders"). The
groups of ``question_senses.yaml`` say in what two questions differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from assistant.llm.planner.language_files import read_yaml

if TYPE_CHECKING:
    from numpy.typing import NDArray


@lru_cache(maxsize=4)
def senses(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each group with a pattern of its words, in the order of the file."""
    groups = read_yaml(language, "question_senses")
    return tuple((str(name), re.compile("|".join(_pattern(str(word)) for word in words), re.IGNORECASE))
                 for name, words in groups.items())


def senses_of(texts: Sequence[str], language: str) -> NDArray[np.float32]:
    """For each text one where it has a word of the group, else nought [n, groups]."""
    groups = senses(language)
    return np.array([[float(pattern.search(text) is not None) for _, pattern in groups] for text in texts],
                    dtype=np.float32).reshape(len(texts), len(groups))


def _pattern(word: str) -> str:
    head, tail = (r"\b" if word[:1].isalnum() else ""), (r"\b" if word[-1:].isalnum() else "")
    return head + re.escape(word).replace(r"\*", r"\w*") + tail
