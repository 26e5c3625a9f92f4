"""A text heard in its conversation: what :mod:`models_in_talk` and :mod:`people_in_talk` make requests of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.cue_rules import Heard
from assistant.llm.planner.discourse_scene import FRAME
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.replies import decline
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.periods import Period
from assistant.plans.shop import Shop

FIGURE = "f_"
#: what stands for the measure that is asked for, the more particular first
FIGURES = ("f_growth", "f_return_rate", "f_gross_margin", "f_last_order_date", "f_orders", "f_revenue")


@dataclass(frozen=True)
class InTalk:
    """A text heard in its conversation.

    Attributes:
        last: the answer before.
        kind: of the one thing that it is about; ``both``: the two of that kind that are spoken of.
        period: the time that was said, where it was taken out of the text; ``segment``: the name of one.
    """

    heard: Heard
    text: str
    last: Past
    context: DialogueContext
    shop: Shop
    words: Vocabulary
    alone: Callable[[str], Planned]
    kind: str | None
    both: tuple[str, ...]
    period: Period | None
    segment: str | None = None

    @property
    def raw(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = read_yaml(self.words.lexicon.language, "in_talk")
        return found

    def number(self, slot: str) -> int | None:
        said = self.heard.slots.get(slot, "").lower()
        return int(self.raw["numbers"].get(said, said)) if said else None

    def no(self, reason: str, message: str, **words: str) -> Planned:
        return Planned([decline(self.words.lexicon, reason, message, **words)], 0.0, frame="decline")


def planned(made: ToolCall | None, *notes: str) -> Planned | None:
    return None if made is None else Planned([made], 1.0, frame=FRAME, notes=list(notes))


__all__ = ["FIGURE", "FIGURES", "InTalk", "planned"]
