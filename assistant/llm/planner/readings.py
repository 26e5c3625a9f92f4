"""Questions that can be read in two ways: whether the answers differ, and what is asked then.

A word may stand for two measures ("margin": in money or as a rate; "returns": value or pieces), a ranking may leave
open what is ranked ("which have the highest margins?"). Where nothing depends on it both measures are shown; where the
reading decides the answer, the readings are run: the same answer is given, different ones are asked about, with each
reading in full words as an option that stands for exactly its plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from assistant.errors import AssistantError
from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.parts import GRAINS
from assistant.llm.planner.spans import Reading
from assistant.plans.answering import Answering
from assistant.plans.query import QueryPlan, Sort
from assistant.plans.reword import reword
from assistant.plans.shop import Shop

MOST = 3
"""Readings that are run for one question; each is a query whose answer is kept and shown when it is chosen."""
_RANKED = ("category", "product", "country")
"""What a ranking without a subject is offered for, first those that shops split by most."""
TOP = 10


def settle(best: Candidate, reading: Reading, shop: Shop) -> Candidate:
    """The reading to act on: ``best`` itself, with both measures, or a question back.

    Args:
        best: cheapest reading of the text.
        reading: the text.
        shop: runs the readings where it can; a shop that cannot leaves ``best`` as it is.
    """
    plan = _query_of(best)
    if plan is None:
        return best
    pair = _open_word(reading, plan)
    if pair is None:
        return best
    word, first, second = pair
    if not _depends(plan):
        shown = plan.model_copy(update={"metrics": _with(plan.metrics, first, second)})
        return Candidate([call(shown)], best.cost, best.frame, best.unexplained, best.absent, best.notes)
    other = _swapped(plan, first, second)
    if other is None or not isinstance(shop, Answering) or not _differ(shop, plan, other):
        return best
    asked = question(reading.vocabulary.lexicon.wording["asks"]["measure"].format(word=word), [plan, other])
    return Candidate([asked], best.cost, "ask", best.unexplained, best.absent)


def question(text: str, plans: Sequence[QueryPlan]) -> ToolCall:
    """A question back whose options stand for exactly these plans."""
    options = [spoken(plan) for plan in plans]
    calls = [{"name": c.name, "args": c.args} for c in map(call, plans)]
    return ToolCall("ask_back", {"text": text, "options": options, "plans": calls})


def spoken(plan: QueryPlan) -> str:
    """A plan in full words, as an option."""
    words = reword(plan)
    return f"{words[:1].upper()}{words[1:]}"


def ranked_of_what(plan: QueryPlan, reading: Reading) -> ToolCall | None:
    """As in "which have the highest margins?": the ranking, for each thing it may be of."""
    held = reading.vocabulary.dimensions
    metric = plan.metrics[0]
    unit = reading.vocabulary.metrics[metric].unit if metric in reading.vocabulary.metrics else "date"
    names = [d for d in _RANKED if d in held and held[d].available]
    if unit == "date" or len(names) < 2 or plan.dimensions or plan.compare is not None or plan.transform is not None:
        return None
    sort = plan.sort or Sort(by=metric, descending=True)
    plans = [plan.model_copy(update={"dimensions": (d,), "sort": sort, "limit": plan.limit or TOP}) for d in names]
    pair = _open_word(reading, plans[0])
    if pair is not None:
        plans = [p for one in plans[:2] for p in (one, _swapped(one, *pair[1:])) if p is not None]
    return question(str(reading.vocabulary.lexicon.wording["asks"]["ranked"]), plans)


# -- words with two meanings -------------------------------------------------------------------------------------------


def _query_of(candidate: Candidate) -> QueryPlan | None:
    if len(candidate.calls) != 1 or candidate.calls[0].name != "query_data" or candidate.frame != "query":
        return None
    plan = candidate.calls[0].plan()
    return plan if isinstance(plan, QueryPlan) else None


def _open_word(reading: Reading, plan: QueryPlan) -> tuple[str, str, str] | None:
    """A word that names two measures, one of which the plan has: the word, that measure, the other."""
    known = reading.vocabulary.metrics
    held = set(plan.metrics) | ({plan.sort.by} if plan.sort else set()) | {h.metric for h in plan.having}
    for item in reading.items:
        meant = set(item.alts.get("metric", ()))
        for pair in reading.vocabulary.lexicon.terms["two_ways"]:
            first = next((m for m in pair if m in held), None)
            other = next((m for m in pair if m != first), None)
            if first is None or other is None or not set(pair) <= meant or other in held:
                continue
            if all(m in known and known[m].available for m in pair):
                return item.text, first, other
    return None


def _depends(plan: QueryPlan) -> bool:
    """Whether more than a column hangs on the measure: an order, a bound, a comparison, a share."""
    return bool(plan.sort or plan.limit or plan.having or plan.compare or plan.transform) or plan.chart in {"pie"}


def _with(metrics: tuple[str, ...], first: str, second: str) -> tuple[str, ...]:
    at = metrics.index(first) + 1 if first in metrics else len(metrics)
    return (*metrics[:at], second, *metrics[at:])


def _swapped(plan: QueryPlan, first: str, second: str) -> QueryPlan | None:
    sort = plan.sort
    if any(h.metric == first for h in plan.having):
        return None  # a bound is said in the unit of one of them
    update: dict[str, Any] = {"metrics": tuple(second if m == first else m for m in plan.metrics)}
    if sort is not None and sort.by == first:
        update["sort"] = sort.model_copy(update={"by": second})
    try:
        return QueryPlan.model_validate(plan.model_copy(update=update).model_dump())
    except ValidationError:
        return None


# -- answers -----------------------------------------------------------------------------------------------------------


def _differ(shop: Answering, *plans: QueryPlan) -> bool:
    """Whether the readings answer differently: other things on top of a ranking, else other figures."""
    answers = [_answer(shop, plan) for plan in plans[:MOST]]
    return len({a for a in answers if a is not None}) > 1


def _answer(shop: Answering, plan: QueryPlan) -> tuple[Any, ...] | None:
    """What a person would take from the answer; None where the reading has none."""
    try:
        result = shop.query(plan)
    except AssistantError:
        return None
    table = result.tables[0] if result.tables else None
    if table is None or not table.rows:
        return None
    names = [c.name for c in table.columns]
    groups = [d for d in plan.dimensions if d not in GRAINS]
    if plan.sort is not None and groups and groups[0] in names:
        at = names.index(groups[0])
        return tuple(str(row[at]) for row in table.rows)
    return tuple(tuple(str(cell) for cell in row) for row in table.rows)
