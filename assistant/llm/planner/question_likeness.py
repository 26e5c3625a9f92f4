"""How alike a text is to each known question: the cosine of sentence vectors, per set of slots."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.llm.planner.named_things import Blanked, Named, blanked, sentences
from assistant.llm.planner.question_bank import KnownQuestion, Signature, as_example, signature
from assistant.llm.planner.spans import Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: wordings looked at for each set of slots, the nearest first
_LOOKED_AT = 400

Encode = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Likeness:
    """A known question beside a text: its cosine (at most 1), its nearest wording, and the text in its slots."""

    question: KnownQuestion
    score: float
    wording: str
    text: Blanked


@dataclass
class QuestionIndex:
    """The known questions of a language with the vectors of all their wordings.

    Attributes:
        questions: of the bank.
        language: folder of the lexicon.
        encode: texts → unit vectors [n, d].
        keep: encodes texts that are asked for again at the next start.
    """

    questions: Sequence[KnownQuestion]
    language: str
    encode: Encode
    keep: Encode | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @cached_property
    def rows(self) -> list[tuple[int, str, Signature]]:
        """Every wording with the question it belongs to and its slots."""
        return [(i, wording, signature(wording)) for i, q in enumerate(self.questions) for wording in q.wordings]

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        texts = [as_example(wording, self.language) for _, wording, _ in self.rows]
        different = list(dict.fromkeys(texts))
        found = np.asarray((self.keep or self.encode)(different), dtype=np.float32)
        place = {text: i for i, text in enumerate(different)}
        return found[[place[text] for text in texts]]

    @cached_property
    def _of_signature(self) -> dict[Signature, NDArray[np.int64]]:
        groups: dict[Signature, list[int]] = {}
        for row, (_, _, slots) in enumerate(self.rows):
            groups.setdefault(slots, []).append(row)
        return {slots: np.array(rows) for slots, rows in groups.items()}

    def ready(self) -> None:
        """Encode all wordings, once whoever asks."""
        with self._lock:
            _ = self.vectors

    def nearest(
        self, reading: Reading, named: Sequence[Named], after: Collection[str] = (), leave_out: Collection[int] = ()
    ) -> list[Likeness]:
        """The known questions by likeness, the most alike first.

        Args:
            reading: the text.
            named: what it names.
            after: what was answered before, in the words of the bank's ``after``.
            leave_out: rows that do not count (to measure how well the others do).
        """
        self.ready()
        tries = [(slots, one) for span in sentences(reading) for slots in self._of_signature
                 for one in blanked(reading, named, slots, span)]
        if not tries:
            return []
        texts = list(dict.fromkeys(one.text for _, one in tries))
        encoded = dict(zip(texts, np.asarray(self.encode(texts), dtype=np.float32), strict=True))
        best: dict[int, Likeness] = {}
        for slots, one in tries:
            rows = self._of_signature[slots]
            scores = self.vectors[rows] @ encoded[one.text]
            for place in np.argsort(-scores)[:_LOOKED_AT]:
                which, wording, _ = self.rows[rows[place]]
                question = self.questions[which]
                if int(rows[place]) in leave_out or question.after and question.after not in after:
                    continue
                if which not in best or scores[place] > best[which].score:
                    best[which] = Likeness(question, float(scores[place]), wording, one)
        return sorted(best.values(), key=lambda found: -found.score)
