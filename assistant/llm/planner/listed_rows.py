"""Questions about the rows of the list before: "which of those have less than 30 in stock?", "and their margin?".

The rows stay those that were listed; a new measure ranks no other ones into the list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.references import column
from assistant.plans.filters import Compare
from assistant.plans.query import QueryPlan

_MOST = 50
_SURE = 0.9
#: measures of now, which no time narrows
_OF_NOW = frozenset({
    "stock", "stock_value", "out_of_stock", "average_list_price", "lowest_list_price", "highest_list_price",
})


@lru_cache(maxsize=4)
def _forms(language: str) -> tuple[dict[str, str], list[re.Pattern[str]], list[re.Pattern[str]], list[str]]:
    raw: dict[str, Any] = read_yaml(language, "listed_rows") or {}
    which = [re.compile(raw["which"], re.IGNORECASE)] if "which" in raw else []
    return raw.get("plurals", {}), which, [re.compile(p, re.IGNORECASE) for p in raw.get("their", ())], list(
        raw.get("which_alone", ()))


def _selected(context: DialogueContext, known: dict[str, str]) -> tuple[Past, QueryPlan, str] | None:
    """The list before and what its rows are, where it holds some of the rows and not all that there are."""
    last = context.last()
    query = last.call.plan() if last is not None and last.call.name == "query_data" else None
    if last is None or not isinstance(query, QueryPlan) or len(query.dimensions) != 1:
        return None
    dimension = query.dimensions[0]
    named = isinstance(query.filter, Compare) and query.filter.field == dimension
    chosen = query.limit is not None or bool(query.having) or named
    return (last, query, dimension) if chosen and dimension in known else None


def with_rows_named(text: str, context: DialogueContext, language: str) -> str:
    """The text with what the rows are put behind "those": "which of those products have less than 30 in stock?"."""
    plurals, which, _, _ = _forms(language)
    found = _selected(context, plurals)
    if found is None:
        return text
    for pattern in which:
        text = pattern.sub(lambda m: f"{m['lead']}those {plurals[found[2]]}", text)
    return text


def of_those_rows(
    text: str, context: DialogueContext, language: str, plan: Callable[[str], Planned]
) -> Planned | None:
    """A measure of exactly the rows listed before ("and their margin?"); None where a text asks for no such thing.

    Args:
        plan: plans a text on its own, without the conversation.
    """
    plurals, _, their, alone = _forms(language)
    found = _selected(context, plurals)
    if found is None:
        return None
    past, query, dimension = found
    plain = text.strip().rstrip(" ?!.")
    said = next((m["what"] for m in (p.match(plain) for p in their) if m), None)
    which = _asked_which(plain, plurals[dimension], alone) if said is None else None
    if said is None and which is None:
        return None
    rows = column(context, past, dimension)
    first = plan(said or which or "")
    asked = first.calls[0].plan() if first.score >= _SURE and len(first.calls) == 1 else None
    if not isinstance(asked, QueryPlan) or not 0 < len(rows) <= _MOST:
        return None
    shape = (asked.dimensions, bool(asked.having)) == (((dimension,), True) if which else ((), False))
    if not shape or asked.compare is not None or asked.filter is not None or asked.transform is not None:
        return None
    period = asked.period if asked.period is not None else query.period
    now = set(asked.metrics) <= _OF_NOW
    kept = Compare(field=dimension, op="eq" if len(rows) == 1 else "in", values=tuple(rows))
    fields: dict[str, Any] = {
        "metrics": asked.metrics, "dimensions": (dimension,), "filter": kept.model_dump(),
        "having": [h.model_dump() for h in asked.having], "sort": {"by": asked.metrics[0]},
        "period": None if now or period is None else period.model_dump(),
    }
    try:
        made = QueryPlan.model_validate(fields)
    except ValidationError:
        return None
    return Planned([call(made)], 1.0, frame="second_clause")


def _asked_which(text: str, plural: str, forms: list[str]) -> str | None:
    """"Which of those have …" as a question about all such rows: the rows listed are put to it afterwards."""
    if len(forms) != 2:
        return None
    found = re.match(forms[0].replace("{plural}", plural), text, re.IGNORECASE)
    return forms[1].format(plural=plural, rest=found["rest"]) if found else None


__all__ = ["of_those_rows", "with_rows_named"]
