"""Questions about the rows of the list before: "which of those are in stock?", "and their margin?", "who bought them?".

The text is put as one about all such things (``listed_rows.yaml``), planned on its own, and kept to exactly the rows
that were listed; a new measure ranks no other ones into the list. The list may be a ranking, the hits of a search, what
goes with a product or what is recommended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.references import column
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, CustomerCondition, Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan

_MOST = 200
_SURE = 0.9
#: measures of now, which no time narrows
OF_NOW = frozenset({
    "stock", "stock_value", "out_of_stock", "average_list_price", "lowest_list_price", "highest_list_price",
})
#: answers that list products
_OF_PRODUCTS = frozenset({"search_products", "bought_together", "recommend_products", "find_substitutes"})


@dataclass(frozen=True)
class _Forms:
    plurals: dict[str, str]
    which: re.Pattern[str] | None
    opening: re.Pattern[str]
    asked: tuple[tuple[str, str], ...]
    of_one: tuple[tuple[str, str], ...]
    measures: dict[str, str]


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    raw: dict[str, Any] = read_yaml(language, "listed_rows") or {}
    which = re.compile(raw["which"], re.IGNORECASE) if "which" in raw else None
    return _Forms(
        raw.get("plurals", {}), which, re.compile(raw.get("opening", "(?!)"), re.IGNORECASE),
        tuple((str(p), str(q)) for p, q in raw.get("asked", ())),
        tuple((str(p), str(q)) for p, q in raw.get("asked_of_one", ())), raw.get("measures", {}),
    )


@dataclass(frozen=True)
class _Listed:
    """The rows spoken of: what they are, which they are, the time they were listed for."""

    dimension: str
    rows: tuple[str, ...]
    period: Period | None
    one: bool = False
    hits: bool = False


def _listed(context: DialogueContext, known: dict[str, str]) -> _Listed | None:
    """The list before, where it holds some of the rows and not all that there are."""
    last = context.last()
    if last is None:
        return None
    if last.call.name in _OF_PRODUCTS:
        return _rows_of(context, last, "product", None)
    query = last.call.plan() if last.call.name == "query_data" else None
    if not isinstance(query, QueryPlan) or len(query.dimensions) != 1:
        return None
    dimension = query.dimensions[0]
    named = isinstance(query.filter, Compare) and query.filter.field == dimension
    chosen = query.limit is not None or bool(query.having) or named
    return _rows_of(context, last, dimension, query) if chosen and dimension in known else None


def _rows_of(context: DialogueContext, last: Past, dimension: str, query: QueryPlan | None) -> _Listed | None:
    rows = tuple(dict.fromkeys(column(context, last, dimension)))
    one = query is not None and len(rows) == 1 and (query.limit == 1 or query.filter is not None)
    if not 0 < len(rows) <= _MOST:
        return None
    return _Listed(dimension, rows, query.period if query else None, one, query is None)


def with_rows_named(text: str, context: DialogueContext, language: str) -> str:
    """The text with what the rows are put behind "those": "which of those products have less than 30 in stock?"."""
    forms = _forms(language)
    found = _listed(context, forms.plurals) if forms.which is not None else None
    if found is None or forms.which is None:
        return text
    return forms.which.sub(lambda m: f"{m['lead']}those {forms.plurals[found.dimension]}", text)


def of_those_rows(
    text: str, context: DialogueContext, language: str, plan: Callable[[str], Planned]
) -> Planned | None:
    """A question about exactly the rows listed before; None where a text asks for no such thing.

    Args:
        plan: plans a text on its own, without the conversation.
    """
    forms = _forms(language)
    found = _listed(context, forms.plurals)
    if found is None:
        return None
    plain = " ".join(text.replace("’", "'").split()).strip(" .!?;,")
    while forms.opening.match(plain):
        plain = forms.opening.sub("", plain, count=1)
    for said in _said(plain, forms, found):
        first = plan(said)
        asked = first.calls[0].plan() if first.score >= _SURE and len(first.calls) == 1 else None
        made = _kept(asked, found) if isinstance(asked, QueryPlan) else None
        if made is not None:
            return Planned([call(made)], 1.0, frame="second_clause")
    return None


def _said(text: str, forms: _Forms, found: _Listed) -> list[str]:
    """The text as one about all such things, in every form that fits."""
    plural = forms.plurals[found.dimension]
    said = []
    for pattern, put in forms.of_one if found.one else forms.asked:
        fitting = re.fullmatch(pattern.replace("{plural}", plural).replace("{singular}", found.dimension), text,
                               re.IGNORECASE)
        if fitting:
            other = fitting.expand(put.replace("{plural}", plural).replace("{singular}", found.dimension))
            for measure, known in forms.measures.items():
                other = re.sub(rf"\b{measure}\b", known, other, flags=re.IGNORECASE)
            said.append(other)
    return said


def _kept(asked: QueryPlan, found: _Listed) -> QueryPlan | None:
    """The question kept to the rows."""
    own = found.dimension
    if asked.having and found.hits:
        return None  # "under 20 euros" of the hits of a search is their price
    if asked.compare is not None or asked.transform is not None or not {*asked.dimensions} <= {own, "customer"}:
        return None
    rows = Compare(field=own, op="eq" if len(found.rows) == 1 else "in", values=found.rows)
    people = asked.dimensions == ("customer",)
    others = [asked.filter] if asked.filter is not None else []
    kept = _of_buyers(asked.filter, rows) if people else join([*others, rows])
    if kept is None or not people and asked.filter is not None and _names(asked.filter, own):
        return None
    now = set(asked.metrics) <= OF_NOW
    period = None if now or people else asked.period or found.period
    split = asked.dimensions or (own,)
    fields: dict[str, Any] = {
        **asked.model_dump(), "dimensions": split, "filter": kept.model_dump(),
        "period": None if period is None else period.model_dump(),
        "sort": asked.sort.model_dump() if asked.sort else {"by": asked.metrics[0]},
    }
    try:
        return QueryPlan.model_validate(fields)
    except ValidationError:
        return None


def _of_buyers(condition: Filter | None, rows: Compare) -> Filter | None:
    """Customers who did with these rows what they are said to have done with any."""
    if isinstance(condition, CustomerCondition) and condition.where is None and condition.rank is None:
        return condition.model_copy(update={"where": rows})
    return None


def _names(condition: Filter, dimension: str) -> bool:
    return isinstance(condition, Compare) and condition.field == dimension


__all__ = ["OF_NOW", "of_those_rows", "with_rows_named"]
