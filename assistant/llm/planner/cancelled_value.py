"""Money of cancellations: "value of cancellations by month", "how much were our cancelled orders worth in 2011".

Cancelled orders are a count; what they were worth is the value that was taken back on lines of that kind. The text is
planned as one about that value and kept to cancellations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assistant.llm.planner.candidate import Planned, ToolCall, filter_json, one_query
from assistant.llm.planner.heard import expression
from assistant.llm.planner.one_figure import joined
from assistant.plans.filters import Compare

_VALUE, _RATE = "returned_value", "return_rate"
_CANCELLED = Compare(field="line_type", op="eq", values=("cancellation",))


def with_cancelled_value(text: str, again: Callable[[str], Planned]) -> Planned | None:
    """The plan of a text about what cancellations were worth; None where it is about something else.

    Args:
        again: plans another text in full.
    """
    match = expression("cancelled_value.said").search(text)
    if match is None:
        return None
    planned = again(expression("cancelled_value.said").sub(expression("cancelled_value.say").pattern, text, count=1))
    plan = one_query(planned)
    if plan is not None and plan.metrics == (_RATE,):  # its sales are those of all lines
        return replace(planned, notes=[*planned.notes, expression("cancelled_value.as_rate").pattern])
    if plan is None or plan.metrics != (_VALUE,):
        return None
    kept = joined([*([plan.filter] if plan.filter is not None else []), _CANCELLED])
    assert kept is not None
    return replace(planned, calls=[ToolCall("query_data", {**planned.calls[0].args, "filter": filter_json(kept)})])
