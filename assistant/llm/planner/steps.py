"""How many steps of a series fit into a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.periods import Period

_DAYS = {"hour": 1, "day": 1, "weekday": 7, "week": 7, "month": 31, "quarter": 92, "year": 366}
#: a short step, as a February in two months, counts
_SLACK = 7


def covers_steps(period: Period, dimensions: Iterable[str], words: Vocabulary) -> bool:
    """Whether a series by these dimensions has two steps or more in the time; true where none of them is a time."""
    grains = [_DAYS[d] for d in dimensions if d in _DAYS]
    if not grains:
        return True
    bounds = PeriodReader([], words.lexicon, words.status.as_of).bounds(period)
    return bounds is not None and (bounds[1] - bounds[0]).days + 1 >= 2 * max(grains) - _SLACK


__all__ = ["covers_steps"]
