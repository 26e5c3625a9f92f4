"""Filters in words."""

from __future__ import annotations

from assistant.plans.contact_words import contact_phrase
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    Filter,
    InGroup,
    Not,
    Or,
    Predicted,
)
from assistant.plans.reword_base import OPERATORS, compared, counted, join_words, label, number_words, plain
from assistant.plans.reword_periods import during, said

#: how a condition on a customer's metric is said: before and after the number
_CUSTOMER_PHRASES = {
    "revenue": ("spent", ""),
    "orders": ("placed", " orders"),
    "units": ("bought", " units"),
    "days_since_last_order": ("last ordered", " days ago"),
    "customer_tenure": ("first ordered", " days ago"),
    "lifetime_days": ("ordered over a span of", " days"),
}

#: how what is left out is said without a bracket
_OPPOSITE = {"eq": "ne", "in": "not_in"}


def reword_filter(condition: Filter) -> str:
    """A filter in words: "country is Germany and the customer placed at least 2 orders"."""
    return plain(filter_words(condition))


def filter_words(condition: Filter) -> str:
    match condition:
        case Compare():
            return _compare(condition)
        case CustomerCondition():
            return _customers(condition)
        case Among():
            from assistant.plans.reword_studies import reword_among

            return reword_among(condition)
        case BoughtThen() | Predicted() | InGroup(group="contact"):
            from assistant.plans.reword_ahead import reword_ahead

            return reword_ahead(condition)
        case InGroup():
            return _group(condition)
        case And():
            return " and ".join(_nested(p, Or) for p in condition.parts)
        case Or():
            return " or ".join(_nested(p, And) for p in condition.parts)
        case Not():
            if isinstance(condition.part, Among) and condition.part.dimension == "order":
                from assistant.plans.reword_studies import reword_among

                return reword_among(condition.part, denied=True)
            if isinstance(condition.part, Compare) and condition.part.op in _OPPOSITE:
                return _compare(condition.part.model_copy(update={"op": _OPPOSITE[condition.part.op]}))
            return f"not ({filter_words(condition.part)})"
    raise TypeError(f"{type(condition).__name__} is not a filter")


#: a longer list of values is counted, and the first so many are named
_MOST_NAMED, _NAMED = 20, 3


def _nested(condition: Filter, bracketed: type) -> str:
    return f"({filter_words(condition)})" if isinstance(condition, bracketed) else filter_words(condition)


def _compare(condition: Compare) -> str:
    name = label(condition.field)
    if condition.op in {"is_null", "not_null"}:
        return f"{name} is {'unknown' if condition.op == 'is_null' else 'known'}"
    if condition.op == "between" and condition.field == "hour":
        first, last = (int(v) for v in condition.values)
        return f"time of day is {said(f'{first:02}:00')} to {said(f'{last:02}:59')}"
    if condition.op == "between":
        return f"{name} {compared('between', condition.values)}"
    shown = join_words([number_words(v) for v in condition.values], "or")
    if len(condition.values) > _MOST_NAMED:  # the plan beside the answer holds them all
        first = ", ".join(number_words(v) for v in condition.values[:_NAMED])
        shown = f"{said(str(len(condition.values)))} ({first} …)"
    if condition.op in {"gt", "ge", "lt", "le"}:
        return f"{name} is {OPERATORS[condition.op]} {shown}"
    return f"{name} {OPERATORS[condition.op]} {shown}"


def _group(condition: InGroup) -> str:
    if condition.group in {"segment", "saved"}:
        return f"the customer is in the {'saved ' if condition.group == 'saved' else ''}segment {condition.name}"
    if condition.group == "interest":
        return f"the customer is interested in {condition.name}"
    return f"the customer is about to leave (within {number_words(condition.horizon_days)} days)"


def _customers(condition: CustomerCondition) -> str:
    where = f" of lines where {filter_words(condition.where)}" if condition.where is not None else ""
    when = f" {during(condition.period)}" if condition.period is not None and condition.period.kind != "all" else ""
    name = label(condition.metric)
    if condition.rank is not None:
        n = number_words(condition.values[0]) if condition.values else "?"
        rank = {"top_percent": f"top {n} %", "bottom_percent": f"bottom {n} %", "top_n": f"top {n}"}[condition.rank]
        return f"the customer is among the {rank} by {name}{where}{when}"
    if condition.metric == "new_customers" and condition.op in {"ge", "gt", "eq"}:
        held = where.replace(" of lines", " with a line", 1)
        return f"the customer placed the first order{when}{held}" if held else f"the customer first ordered{when}"
    contact = contact_phrase(condition)
    if contact is not None:
        return f"the customer {contact}{when}"
    verb, noun = _CUSTOMER_PHRASES.get(condition.metric, (f"has {name}", ""))
    noun = counted(noun, condition.values) if not noun.endswith("ago") else noun
    if condition.metric == "days_since_last_order" and list(condition.values) == [1]:
        noun = " day ago"
    apart = f" within {number_words(condition.within_days)} days of each other" if condition.within_days else ""
    apart = " on the same day" if condition.within_days == 0 else apart
    return f"the customer {verb} {compared(condition.op, condition.values)}{noun}{apart}{where}{when}"
