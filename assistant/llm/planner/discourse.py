"""What people say of the answer before them, whatever it was about: "what about the rest?", "the other way round".

Such texts name nothing of the shop, so no reading of their words finds them. Each is a form of the whole text
(``discourse.yaml``): some only put other words, which the other readings know; the rest are moves, each a change of the
plan before (:mod:`discourse_lists`, :mod:`discourse_pairs`, :mod:`discourse_people`). A form whose move does not fit
what was answered is left to the other readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from assistant.llm.planner import (
    discourse_acts,
    discourse_lists,
    discourse_pairs,
    discourse_people,
    discourse_reasons,
    discourse_turns,
    table_rows,
)
from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.context import LOOK_ASIDE, DialogueContext
from assistant.llm.planner.discourse_scene import FRAME, Move, Plan, Scene
from assistant.llm.planner.follow_moves import changed
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.table_edits import table_edited
from assistant.llm.planner.table_steps import one_step
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.shop import Shop

_LONGEST = 120
_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_MOVES: dict[str, Move] = {
    **table_rows.MOVES, **discourse_turns.MOVES, **discourse_reasons.MOVES,
    **discourse_lists.MOVES, **discourse_pairs.MOVES,
    **discourse_people.MOVES,
}


class _Forms:
    """The forms of a language."""

    def __init__(self, language: str) -> None:
        self.raw: dict[str, Any] = read_yaml(language, "discourse") or {}
        self._macros = self.raw.get("macros", {})
        self._opening = self._made(self.raw.get("opening", "(?!)"))
        self._closing = self._made(self.raw.get("closing", "(?!)"))
        self.acts = discourse_acts.Acts(self.raw.get("acts", {}))
        self._again = LatePatterns(((str(said), frozenset(rule.get("after", ()))), self._made(str(p)))
                                   for rule in self.raw.get("again", ()) for p, said in rule["say"])
        self._moves = LatePatterns((kind, self._made(str(p)))
                                   for kind in _MOVES for p in self.raw.get("moves", {}).get(kind, ()))

    def _made(self, pattern: str) -> LatePattern:
        while _MACRO.search(pattern):
            pattern = _MACRO.sub(lambda m: f"(?:{self._macros[m.group(1)]})", pattern)
        return LatePattern(pattern.replace(" ?", r"\s*").replace(" ", r"\s+"))

    def bare(self, text: str) -> str:
        """Without what opens and closes a remark: "hmm, …", "… please?"."""
        plain = " ".join(text.replace("’", "'").split()).strip(" .!?;,")
        while True:
            cut = self._opening.sub("", plain)
            cut = (self._closing.sub("", cut) or cut).strip(" .!?;,")
            if cut == plain or not cut:
                return plain
            plain = cut

    def otherwise(self, text: str, tool: str) -> str | None:
        """The same in words that the other readings know; None where there are none."""
        for (said, after), found in self._again.fitting(text):
            if not after or tool in after:
                return " ".join(found.expand(said).split())
        return None

    def moves(self, text: str) -> Iterator[tuple[Move, dict[str, str]]]:
        """Every move whose form fits the text."""
        for kind, found in self._moves.fitting(text):
            yield _MOVES[kind], {k.partition("__")[0]: v for k, v in found.groupdict().items() if v is not None}


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    return _Forms(language)


def of_the_talk(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary,
    within: Callable[[DialogueContext, str], Planned], alone: Plan,
) -> Planned | None:
    """The plan of a text that speaks of the answer before; None where it is something else.

    Args:
        within: plans another text in a conversation.
        alone: plans a text on its own.
    """
    if len(text) > _LONGEST:
        return None
    forms = _forms(words.lexicon.language)
    said = forms.bare(text)
    last = context.last()
    other = forms.otherwise(said, last.call.name if last is not None else "")
    again = partial(within, context)
    scene = Scene(said, {}, context, last, words, shop, again, alone, forms.raw, within)
    step = one_step(replace(scene, text=" ".join(text.replace("’", "'").split()).strip(" .!?;,")))
    if step is not None and all(c.name in tools for c in step.calls):
        return step
    if other is not None and other.casefold() != said.casefold():
        return again(other) if context.past else scene.no("no_answer_yet", words=said)
    edited = table_edited(replace(scene, text=" ".join(text.replace("’", "'").split()).strip(" .!?;,")))
    if edited is not None and all(c.name in tools for c in edited.calls):
        return edited
    for move, slots in forms.moves(said):
        found = move(replace(scene, said=slots))
        if found is not None and all(c.name in tools for c in found.calls):
            return found
    for act in forms.acts.of(said, discourse_acts.measured_words(scene)) if last is not None else ():
        if act.say.strip("?").casefold() == said.casefold():
            continue  # the other readings know it so
        acted = again(act.say) if act.say else discourse_acts.MOVES[act.name](scene)
        if acted is not None and acted.frame != "decline" and all(c.name in tools for c in acted.calls):
            return acted if acted.frame == LOOK_ASIDE else replace(acted, frame=FRAME)  # of its words none is left
    one = changed(replace(scene, text=text))
    return one if one is not None and all(c.name in tools for c in one.calls) else None


__all__ = ["of_the_talk"]
