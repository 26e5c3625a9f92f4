"""The last look at a plan: a text of which a word had no part in it is not answered as if it had.

A word that changes what is asked (a condition, a denial, a comparison, a time, a measure, a second clause) makes the
answer one to another question: it is named, with the nearest question that can be answered. A single describing word
may be said in passing: the answer then says that it did not use it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.declining import nearest_without
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lost_words import lost_words
from assistant.llm.planner.question_sense import beside_the_question
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import Item, Reading, read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.shop import Shop

#: frames that answer what a word says of the conversation, not of the shop
_OF_TALK = frozenset({
    "decline", "picked", "ask", "refused", "small_talk", "undo", "back", "repeat", "explain", "advice",
    "campaign_asks",
    # these take a text only where they know every word
    "recommendation_cues", "composed", "two_sides", "share", "bought_after", "wanted_goods", "series",
})  # fmt: skip
#: words of a "why?" that only speaks of what was answered before
_LONGEST_WHY = 6
#: frames that say something of the answer before, in whatever form
_SCRAPS = frozenset({
    "decline", "picked", "ask", "refused", "small_talk", "undo", "back", "repeat", "explain", "follow_up",
})  # fmt: skip
#: tools that answer questions on data, of which each word may change the answer
_DATA = frozenset({"query_data", "count_audience", "explain_change", "run_study", "forecast_metric", "predict_churn",
                   "customer_value", "find_segments", "break_even", "check_premise"})
#: kinds of words that change what is asked of any tool: what is not, when, of which things, of what nobody knows
_STRONG = ("neg", "not_in", "never", "value", "absent", "period", "duration", "saved", "inactive")
#: … and of these
_TELLING = ("do", "value", "metric", "dim", "period", "duration", "definition", "act", "compare", "growth", "change",
            "neg", "cmp", "rank", "average", "share", "group", "not_in", "only", "customers_pronoun",
            "goal", "saved", "future", "never", "inactive", "last_order", "absent")

#: so many words without a part in the plan are a clause
_MANY = 3


@lru_cache(maxsize=4)
def _narrowing(language: str) -> frozenset[str]:
    return frozenset(map(str, read_yaml(language, "passing_words")["narrowing"]))


def accounted(
    text: str, planned: Planned, words: Vocabulary, shop: Shop, again: Callable[[str], Sequence[ToolCall] | None]
) -> Planned:
    """The plan as it is, with a line on words it did not use, or a refusal that names them.

    Args:
        text: what was planned, as it was said.
        planned: its plan.
        again: the calls that another text is planned as.
    """
    why = planned.calls and planned.calls[0].name == "explain_change" and len(text.split()) > _LONGEST_WHY
    scrap = planned.frame in _SCRAPS and not why
    beside = None if scrap else beside_the_question(text, planned.calls, words.lexicon.language)
    if beside is not None:
        no = decline(words.lexicon, "not_understood", "lost", words=quoted([beside]))
        return Planned([no], 0.0, [beside], planned.alternatives, frame="decline")
    if planned.frame in _OF_TALK or not planned.calls:
        return planned
    kept = [note.partition("|")[2] for note in planned.notes if note.startswith("background|")]
    no = _two_questions(text, planned, words)
    if no is not None:
        return no
    reading = read(kept[0] if kept else text, words)  # sentences about something else are named already
    lost = lost_words(reading, planned.calls, again, " ".join(planned.notes))
    if planned.frame == "follow_up":  # "no, I mean …": said of the answer before
        lost = [item for item in lost if item.start or not item.has("neg")]
    if not lost:
        return planned
    named = [item.text for item in lost]
    shown = _as_said(lost, reading)
    of_data = all(c.name in _DATA for c in planned.calls)
    if len(lost) < _MANY and not any(_telling(item, reading, of_data) for item in lost):
        return replace(planned, notes=[*planned.notes, f"not_used|{'”, “'.join(shown)}"])
    without = nearest_without(named, reading, words, shop)
    nearest = [without, *words.lexicon.wording["examples"]["general"][:2]] if without else None
    no = decline(words.lexicon, "not_understood", "lost", words=quoted(shown), nearest=nearest)
    return Planned([no], 0.0, named, planned.alternatives, frame="decline")


def _two_questions(text: str, planned: Planned, words: Vocabulary) -> Planned | None:
    """As in "…, and is it getting worse?": a second question that was read into the first one."""
    second = expression("accounting.second_question").search(text)
    if second is None or [c.name for c in planned.calls] != ["query_data"]:
        return None
    nearest = [text[: second.start()].strip(), *words.lexicon.wording["examples"]["general"][:2]]
    asked = second["asked"].strip()
    no = decline(words.lexicon, "not_understood", "one_by_one", words=quoted([asked]), nearest=nearest)
    return Planned([no], 0.0, [asked], planned.alternatives, frame="decline")


def _as_said(lost: Sequence[Item], reading: Reading) -> list[str]:
    """The words of the items as they stand in the text, neighbours together."""
    stretches: list[tuple[Item, Item]] = []
    for item in lost:
        if stretches and stretches[-1][1].end == item.start:
            stretches[-1] = (stretches[-1][0], item)
        else:
            stretches.append((item, item))
    return [reading.text[a.tokens[0].start : b.tokens[-1].end] for a, b in stretches]


def _said_of_counted(item: Item, reading: Reading) -> bool:
    """As in "how many orders arrived broken": what follows what is counted says which of them."""
    before = next((other for other in reading.items if other.end == item.start), None)
    return before is not None and (
        before.lemma.startswith(tuple(heard("accounting.counting")))  # part of a measure: "how many orders"
        or before.has("dim") and reading.has("how_many"))


def _telling(item: Item, reading: Reading, of_data: bool) -> bool:
    """Whether the item changes what is asked: by its kind, or as the object of a narrowing word."""
    if item.has(*(_TELLING if of_data else _STRONG)):
        return True
    if not of_data:
        return False
    if item.number is not None:
        return True
    if not item.alts and _said_of_counted(item, reading):
        return True
    narrowing = _narrowing(reading.vocabulary.lexicon.language)
    before = reading.tokens[max(0, item.start - 2) : item.end]
    return any(t.lemma in narrowing for t in before)
