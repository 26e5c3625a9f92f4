"""The turn that is being planned: a text, the conversation it stands in and the shop, and how other texts are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from assistant.llm.planner.candidate import Candidate, Planned
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.rank import Encoder
from assistant.llm.planner.rephrase import rephrase
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.shop import Shop


@dataclass(frozen=True)
class Turn:
    """One text on its way through the readings.

    Attributes:
        text: what is read now; a step may have put it in other words.
        context: the conversation so far.
        plan: plans any turn from the first reading on.
        in_talk: the text stands in a conversation, be it its first one.
        notes: what is said beside the plan, whichever reading makes it.
        in_full: plans any turn as a text of its own is planned, with every word accounted for.
    """

    text: str
    context: DialogueContext
    shop: Shop
    tools: Collection[str]
    words: Vocabulary
    encoder: Encoder | None
    plan: Callable[[Turn], Planned]
    in_talk: bool
    notes: tuple[str, ...] = ()
    in_full: Callable[[Turn], Planned] | None = None

    @property
    def language(self) -> str:
        return self.words.lexicon.language

    def saying(self, text: str, *notes: str) -> Turn:
        """The same turn with its text put otherwise."""
        return replace(self, text=text, notes=(*self.notes, *notes))

    def outside(self, text: str) -> Turn:
        """A turn of the text by itself."""
        return replace(self, text=text, context=DialogueContext(), in_talk=False)

    # -- other texts, planned in full ----------------------------------------------------------------------------------

    def again(self, text: str) -> Planned:
        """The plan of another text in this conversation."""
        return self.within(self.context, text)

    def alone(self, text: str) -> Planned:
        """The plan of another text outside any conversation."""
        return self.within(DialogueContext(), text)

    def within(self, context: DialogueContext, text: str) -> Planned:
        """The plan of another text in another conversation."""
        return self.plan(replace(self, text=text, context=context, notes=()))

    def whole(self, text: str) -> Planned:
        """The plan of another text outside any conversation, with every word of it accounted for."""
        turn = self.outside(text)
        return self.plan(turn) if self.in_full is None else self.in_full(turn)

    # -- readings of other texts by the ordinary grammar, cheapest first -----------------------------------------------

    def readings(self, text: str) -> list[Candidate]:
        """Outside the conversation."""
        return candidates(read(text, self.words), DialogueContext(), self.shop, self.tools)

    def readings_here(self, text: str) -> list[Candidate]:
        """Within the conversation."""
        return candidates(read(text, self.words), self.context, self.shop, self.tools)

    def rephrased(self, text: str) -> list[Candidate]:
        """Outside the conversation, in the words of the grammar."""
        return self.readings(rephrase(text, self.words.lexicon.words, self.language))

    def rephrased_here(self, text: str) -> list[Candidate]:
        """Within the conversation, in the words of the grammar."""
        return self.readings_here(rephrase(text, self.words.lexicon.words, self.language))


#: one step of planning: a plan, the same turn in other words, or None where it has nothing to say
Step = Callable[[Turn], Planned | Turn | None]


def in_turn(steps: Sequence[Step], turn: Turn) -> Planned:
    """The plan of the first step that has one, with what the steps before it noted.

    Raises:
        ValueError: none of the steps has a plan.
    """
    for step in steps:
        found = step(turn)
        if isinstance(found, Planned):
            return replace(found, notes=[*found.notes, *turn.notes])
        turn = turn if found is None else found
    raise ValueError("the last step has to give a plan")
