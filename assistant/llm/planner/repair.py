"""Repairs: what a person says after "I did not understand", "the data hold nothing on …" or a question back.

The words that were missing, wrong or asked for are put into the question before; the new question is read afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import heard
from assistant.llm.planner.rank import UNKNOWN, weight
from assistant.llm.planner.spans import Item, Reading, read

#: plans a text as a question of its own, best first
PlanFresh = Callable[[str], list[Candidate]]
#: a repaired question must be read this well
_WELL = 0.3
_EXTRA = -0.05
_MANY_WORDS = 9
_OFTEN = 8
_NAMING = frozenset({"save_segment", "change_segment", "define_term"})


def repairs(reading: Reading, context: DialogueContext, plan: PlanFresh) -> list[Candidate]:
    """Readings of a text as what mends the question before; none where that was answered, or where this is no scrap."""
    stuck = context.open_turn()
    said = _content(reading)
    if not stuck or not said or len(reading.items) > _MANY_WORDS or not context.questions:
        return []
    meant = reading.has("instead", "then_cue", "only", "also") or _scrap(reading)
    if not meant:
        return []
    question = context.questions[-1]
    joined = f"{question.rstrip(' ?.!')} {said}"
    texts = list(dict.fromkeys([*_options(stuck, said), *_mended(question, said, reading), joined]))
    found = []
    for place, text in enumerate(texts[:_OFTEN]):
        best = next(iter(plan(text)), None)
        if best is not None and text == joined and _grown_name(best, stuck):
            continue
        if best is not None and best.cost <= _WELL and best.frame not in {"decline", "ask", "small_talk", "refused"}:
            best.cost += _EXTRA + 0.01 * place
            best.frame, best.referred = "follow_up", True
            found.append(best)
    return sorted(found, key=lambda c: c.cost)


def _grown_name(best: Candidate, stuck: Sequence[Past]) -> bool:
    """Whether a text put behind a refused order would only be taken for more of the name to save under."""
    asked = any(past.call.name == "ask_back" for past in stuck)
    return not asked and any(call.name in _NAMING for call in best.calls)


def _scrap(reading: Reading) -> bool:
    first = reading.items[0]
    opening = first.lemma in reading.vocabulary.lexicon.sentence_openers
    return not opening and not first.has("do", "count", "how_many")


def _content(reading: Reading) -> str:
    """The text without "I meant", "ok", "then"."""
    kept = list(reading.items)
    while kept and _passing(kept[0]):
        kept.pop(0)
    while kept and _passing(kept[-1]):
        kept.pop()
    return " ".join(item.text for item in kept)


def _passing(item: Item) -> bool:
    return item.has("instead", "then_cue") or item.lemma in _LEADING or item.tokens[0].kind == "stop"


_LEADING = heard("repair.leading")


def _options(stuck: Sequence[Past], said: str) -> Iterator[str]:
    """Options of the question back that hold every word said."""
    words = set(said.lower().split())
    for past in stuck:
        for option in past.call.args.get("options", ()) if past.call.name == "ask_back" else ():
            if words <= set(str(option).lower().replace("?", " ").split()):
                yield str(option)


def _mended(question: str, said: str, reading: Reading) -> Iterator[str]:
    """The question before with what it could not use replaced by what was said."""
    before = read(question, reading.vocabulary)
    strange = [i for i, item in enumerate(before.items) if _strange(before, i)]
    kind = next((k for k in ("metric", "value", "dim", "period") for item in reading.items if item.has(k)), "")
    alike = [i for i, item in enumerate(before.items) if kind and item.has(kind) and not before.is_skip(i)]
    for chosen in (strange, alike[:1], alike):
        if chosen:
            yield _replace(before, chosen, said)


def _strange(before: Reading, i: int) -> bool:
    """A word that no plan can use: unknown, or known to be absent."""
    item = before.items[i]
    return not before.is_skip(i) and (item.has("absent") or weight(item, False) >= UNKNOWN)


def _replace(before: Reading, chosen: Sequence[int], said: str) -> str:
    words = [said if i == chosen[0] else "" if i in chosen else item.text for i, item in enumerate(before.items)]
    return " ".join(w for w in words if w)
