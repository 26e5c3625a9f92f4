"""One request: its readings, cheapest first, and the one that is acted on."""

from __future__ import annotations

from collections.abc import Collection

from assistant.llm.planner.absent_forms import absent_by_form
from assistant.llm.planner.candidate import Candidate, Planned, ToolCall
from assistant.llm.planner.candidate_readings import candidates
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.contrasts import contrasted
from assistant.llm.planner.coverage import GAP
from assistant.llm.planner.declining import bad_date, declined
from assistant.llm.planner.lost_words import lost_words
from assistant.llm.planner.offered import answerable
from assistant.llm.planner.rank import Encoder, by_meaning
from assistant.llm.planner.readings import settle
from assistant.llm.planner.repair import repairs
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.llm.planner.wording import reword
from assistant.plans.shop import Shop

#: kinds of words for which another reading is looked for, and tools of whose readings
_TELLING = ("absent", "act", "value", "period", "duration", "definition", "times")
_OF_DATA = frozenset({"query_data", "count_audience", "run_study", "forecast_metric"})
#: A reading that leaves more than this is not answered.
LIMIT = 0.65


def answerable_text(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary
) -> bool:
    return one_request(text, context, shop, tools, words, None).frame != "decline"


def one_request(
    text: str, context: DialogueContext, shop: Shop, tools: Collection[str], words: Vocabulary, encoder: Encoder | None
) -> Planned:
    lacking = absent_by_form(text, words, alone=True)
    if lacking is not None:
        return Planned([lacking], 0.0, frame="decline")
    reading = read(text, words)
    found = candidates(reading, context, shop, tools)
    if "run_study" in tools:
        found += contrasted(text, words, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    mended = repairs(reading, context, lambda t: candidates(read(t, words), DialogueContext(), shop, tools))
    found = sorted([*mended, *found], key=lambda c: c.cost)
    if encoder is not None:
        found = by_meaning(text, found, lambda c: reword(c, words), encoder)
    found = _without_lost_words(found, reading, context, shop, tools, words)
    best = found[0] if found else None
    problem = bad_date(reading)
    if problem is not None:
        message = "reversed" if problem.ends else "bad_date"
        no = decline(words.lexicon, "not_understood", message, words=quoted([problem.problem]))
        return Planned([no], 0.0, frame="decline")
    if best is None or best.cost > LIMIT:
        return Planned(
            [declined(reading, best, words, shop)], 0.0, best.unexplained if best else [], found[:3], frame="decline"
        )
    if "ask_back" in tools:
        best = settle(found, reading, shop)
        best = answerable(
            best, words, lambda t: next(iter(candidates(read(t, words), DialogueContext(), shop, tools)), None)
        )
    return Planned(best.calls, max(0.0, 1 - best.cost), best.unexplained, found[1:4], best.notes, best.frame)


def _without_lost_words(
    found: list[Candidate], reading: Reading, context: DialogueContext, shop: Shop, tools: Collection[str],
    words: Vocabulary,
) -> list[Candidate]:
    """The readings, cheapest first, once the cheapest is not one in which what the text says has no part."""

    def again(text: str) -> list[ToolCall] | None:
        other = candidates(read(text, words), context, shop, tools)
        return other[0].calls if other else None

    for _ in found[:2]:
        best = found[0]
        told = best.cost <= LIMIT and all(c.name in _OF_DATA for c in best.calls)
        lost = [item.text for item in lost_words(reading, best.calls, again) if item.has(*_TELLING)] if told else []
        if not lost:
            break
        best.cost += GAP * len(lost)
        best.unexplained += [w for w in lost if w not in best.unexplained]
        found = sorted(found, key=lambda c: c.cost)
    return found
