"""Terms that are no condition on customers: words that rank ("bestsellers") and words for a time ("recently")."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.llm.planner.brief import term_filter
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_words import PeriodReading
from assistant.plans.filters import CustomerCondition
from assistant.plans.shop import Shop
from assistant.results import DefinitionUsed

#: rows of a ranking where no number was said
USUAL_ROWS = 10


def ranked_by_term(p: Parts, definitions: Sequence[DefinitionUsed]) -> None:
    """As in "our bestsellers last month": ranked by the metric that the word stands for, where none was said."""
    ranks = {d.term: d for d in definitions if d.rank_by is not None}
    for i in p.reading.having("definition"):
        meant = ranks.get(str(p.reading.items[i].get("definition")))
        if meant is None:
            continue
        p.used.add(i)
        if p.metrics or p.sort_metric or meant.rank_by not in p.reading.vocabulary.metrics:
            continue
        p.metrics = [str(meant.rank_by)]
        p.groups = p.groups or ["product"]
        p.descending = True if p.descending is None else p.descending
        p.limit = p.limit or USUAL_ROWS
        p.notes.append(f"defined_term|{meant.term}|{meant.meaning}")


def recent_time(p: Parts, shop: Shop, definitions: Sequence[DefinitionUsed]) -> None:
    """As in "which products sold best recently?": the stretch of time that the word stands for."""
    if p.periods or p.conditions.customers:
        return
    for i in p.reading.having("definition"):
        item = p.reading.items[i]
        if i in p.used or item.lemma not in p.reading.vocabulary.lexicon.wording["time_terms"]:
            continue
        rule = term_filter(shop, str(item.get("definition")))
        if not isinstance(rule, CustomerCondition) or rule.period is None:
            continue
        p.periods.append(PeriodReading("period", item.start, item.end, period=rule.period))
        p.used.add(i)
        meant = next(d for d in definitions if d.term == item.get("definition"))
        p.notes.append(f"defined_term|{meant.term}|{meant.meaning}")
        return
