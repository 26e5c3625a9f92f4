"""The group in the place of "it": "how much did it sell in May?" after "which brand is growing fastest?"."""

from __future__ import annotations

from dataclasses import replace

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.spans import read
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare
from assistant.plans.query import QueryPlan

#: rows of these have readings of their own
_OTHERS = frozenset({"customer", "order", "segment", "campaign", *GRAINS})
_HEADS = frozenset({"customers", "new_customers", "returning_customers"})
_GOODS = frozenset({"product", "category", "subcategory", "brand"})


def with_row_named(text: str, context: DialogueContext) -> str:
    """The text with the group named; itself where it speaks of none, or the answer before does not pick one.

    After a ranking of one row that row is meant, by whatever word; after a longer one, asked for by "which …", only
    "it" can be one thing: its first row.
    """
    text = _which_for_who(text, context)
    part = expression("row_in_talk.part").search(text)
    whole = _row(context, several=False) if part is not None else None
    if part is not None and whole is not None:  # "which of its products sold best"
        return f"{part['lead']} {part['noun']} {next(iter(heard('of')))} {whole}{text[part.end() :]}"
    subject = expression("row_in_talk.subject").search(text) or expression("row_in_talk.object").search(text)
    owner = expression("row_in_talk.owner").search(text)
    said = subject or owner
    name = _row(context, several=said["it"].lower() in heard("row_in_talk.several")) if said else None
    if name is None or said is None:
        return text
    if subject is not None:
        return f"{text[: subject.start('it')]}{name}{text[subject.end('it') :]}"
    left, right = text[: said.start("it")], text[said.end("it") :].lstrip()
    bare = right.rstrip(" ?.!")
    return f"{left}{bare} {next(iter(heard('of')))} {name}{right[len(bare) :]}"


def with_row_as_scope(text: str, context: DialogueContext, words: Vocabulary) -> tuple[str, DialogueContext]:
    """As in "how many customers bought in it?" after the best month: the talk goes on as if that month alone had been
    asked for."""
    last = context.last()
    plan = last.call.plan() if last is not None and last.call.name == "query_data" else None
    if last is None or not isinstance(plan, QueryPlan) or plan.limit != 1 or len(plan.dimensions) != 1:
        return text, context
    by = plan.dimensions[0]
    timed = by in GRAINS
    said = expression("row_in_talk.then").search(text) if timed else expression("row_in_talk.there").search(text)
    heads = plan.metrics[0] in _HEADS  # those who were counted are spoken of as customers
    if said is None and not timed and not heads and by not in {*_GOODS, *_OTHERS}:
        said = expression("row_in_talk.they").search(text)
    bare = said is None and _bare_measure(text, words)
    rows = context.column(last, by)
    if said is None and not bare or len(rows) != 1 or by in _OTHERS - {*GRAINS}:
        return text, context
    if expression("row_in_talk.why").match(text):
        return text, context
    changes: dict[str, object] = {"dimensions": (), "limit": None, "sort": None, "offset": 0, "having": (),
                                  "compare": None, "transform": None, "within": (), "summary": None}
    if timed:
        changes["period"] = period_of_row(by, rows[0])
        text = text if said is None else f"{text[: said.start()]}{text[said.end() :]}".strip()
    else:
        picked = Compare(field=by, op="eq", values=(rows[0],))
        changes["filter"] = join([*([plan.filter] if plan.filter else []), picked])
    if timed and changes["period"] is None or not text:
        return text, context
    of_row = replace(last, call=call(plan.model_copy(update=changes)), result=None)
    past = [of_row if p is last else p for p in context.past]
    return text, DialogueContext(past[: past.index(of_row) + 1], context.questions)


def _bare_measure(text: str, words: Vocabulary) -> bool:
    """As in "how many units?": a measure and nothing else."""
    items = [i for i in read(text, words).items if i.tokens[0].kind != "stop"]
    rest = [i for i in items if not i.has("metric")]
    return len(items) - len(rest) == 1 and all(t.word in heard("row_in_talk.bare") for i in rest for t in i.tokens)


def _which_for_who(text: str, context: DialogueContext) -> str:
    """As in "who sells the least?" of countries: what is ranked stands in the rows, not a customer."""
    last: Past | None = context.past[-1] if context.past else None
    plan = last.call.plan() if last is not None and not last.refused and last.call.name == "query_data" else None
    who = expression("row_in_talk.who").match(text)
    if who is None or not isinstance(plan, QueryPlan) or len(plan.dimensions) != 1 or plan.dimensions[0] in _OTHERS:
        return text
    if plan.dimensions[0] in _GOODS and expression("row_in_talk.buys").match(text):
        return text  # of goods nobody but customers buys
    one = next(iter(heard("row_in_talk.which_one")))
    return f"{text[: who.start('who')]}{one} {text[who.end('who') :].lstrip()}"


def of_the_row(text: str, planned: Planned, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """Another measure of the row that was picked, where the text points at it: "how many orders was that" after the
    best month is of that month, and ranks no month by orders."""
    last: Past | None = context.past[-1] if context.past else None
    before = last.call.plan() if last is not None and last.call.name == "query_data" and not last.refused else None
    now = planned.calls[0].plan() if len(planned.calls) == 1 and planned.calls[0].name == "query_data" else None
    if last is None or not isinstance(before, QueryPlan) or not isinstance(now, QueryPlan) or planned.done is not None:
        return None
    again = now.limit == before.limit == 1 and now.dimensions == before.dimensions and len(now.dimensions) == 1
    reading = read(text, words)
    told = {t.word for t in reading.tokens} & heard("row_in_talk.pointing")
    pointing = bool(told) or any(item.has("pronoun") for item in reading.items)
    if not again or not pointing or set(now.metrics) & set(before.metrics) or now.filter != before.filter:
        return None
    by = now.dimensions[0]
    value = next(iter(context.column(last, by)), None)
    if value is None or by == "customer":
        return None
    changes: dict[str, object] = {"dimensions": (), "limit": None, "sort": None, "offset": 0}
    if by in GRAINS:
        changes["period"] = period_of_row(by, value)
    else:
        changes["filter"] = join([*([now.filter] if now.filter else []), Compare(field=by, op="eq", values=(value,))])
    if by in GRAINS and changes["period"] is None:
        return None
    return replace(planned, calls=[call(now.model_copy(update=changes))])


def _row(context: DialogueContext, *, several: bool) -> str | None:
    last: Past | None = context.past[-1] if context.past else None
    plan = last.call.plan() if last is not None and not last.refused and last.call.name == "query_data" else None
    if last is None or not isinstance(plan, QueryPlan) or len(plan.dimensions) != 1 or plan.sort is None:
        return None
    group = plan.dimensions[0]
    if group in _OTHERS:
        return None
    if plan.limit != 1:
        opened = context.questions[-1].split()[:1] if context.questions else []
        if several or not opened or opened[0].lower() not in heard("row_in_talk.which"):
            return None
    found = context.column(last, f"{group}_label") or context.column(last, group)
    return found[0] if found else None


__all__ = ["of_the_row", "with_row_as_scope", "with_row_named"]
