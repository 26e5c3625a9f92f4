"""The last look at a text that points at customers: its plan is about those, or it is not answered.

Whatever reading made the plan, it has to hold the customers that the conversation speaks of. Where it does not, the
text is planned as one about all customers and they are put into that plan, whatever tool it calls; where that cannot
be done, the text is declined, naming whom it points at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.discourse_scene import parts_of
from assistant.llm.planner.plan_edits import with_filter
from assistant.llm.planner.pointed_people import Pointing, pointed, speaks_of_people
from assistant.llm.planner.population import Population, flat, in_talk, left_over, of_answer
from assistant.llm.planner.replies import decline
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, Not, Or, Predicted
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.requests import CampaignBrief, SegmentRule
from assistant.plans.reword import reword_filter
from assistant.plans.studies import StudyRequest

Within = Callable[[str, DialogueContext], Planned]

#: frames that answer a text by what was said before it, whoever was spoken of
_OF_TALK = frozenset({
    "picked", "ask", "both_groups", "undo", "back", "repeat", "explain", "fresh_start", "small_talk", "refused",
})
#: tools whose answer is about customers, so that "they" afterwards are these
_ABOUT_PEOPLE = frozenset({
    "count_audience", "predict_churn", "customer_value", "likely_buyers", "predict_orders", "predict_uplift",
    "save_segment", "draft_campaign", "choose_offers", "recommend_products", "find_interests",
})
#: tools that are asked of customers alone
_OF_PEOPLE = frozenset({
    "count_audience", "save_segment", "predict_churn", "customer_value", "predict_orders", "predict_uplift",
    "likely_buyers",
})
#: … and those that may be
_MAY_BE = _OF_PEOPLE | {
    "query_data", "draft_campaign", "recommend_products", "choose_offers", "find_interests", "forecast_metric",
    "run_study", "compare_groups", "find_segments", "explain_change", "export_report", "size_experiment",
    "bought_together", "search_products", "brief_shop", "check_premise", "find_substitutes", "plan_stock",
    "propose_bundles",
}
_REACHED = frozenset({"mailable_customers", "consenting_customers"})
_SALES = frozenset({"revenue", "net_revenue", "gross_revenue", "orders", "units", "average_order_value"})
_HEADS = frozenset({"customers", "new_customers", "returning_customers"})
#: what splits customers, so that the rows are still of people
_THEIRS = frozenset({"customer", "country", "city", "gender", "new_vs_returning", "acquisition_channel", "segment"})


def kept_people(
    text: str, planned: Planned, context: DialogueContext, words: Vocabulary, within: Within
) -> Planned:
    """The plan, or another one that is about the customers the text points at.

    Args:
        planned: what the text is read as.
        within: plans a text in a conversation.
    """
    said = pointed(text, words.lexicon.language)
    before = context.past[-1] if context.past else None
    if said is None or before is None or before.call.name == "ask_back" or planned.frame in _OF_TALK:
        return planned
    people = left_over(context) if said.others else in_talk(context)
    language = words.lexicon.language
    if people is None or not _meant(said, planned, context, language):
        return planned
    if _refused_of_others(context, language):
        return planned if _declined(planned) else _no(planned, words, "open_people", words=said.words)
    if said.alone:
        return _of_the_others(said, planned, people, context)
    if not said.others and not _declined(planned) and all(
            _holds(c, people, said) and not _lost(c, planned, people, said) for c in planned.calls):
        return _then(replace(planned, calls=[
            _sent_by(_counted(_tidy(_with_goods(c, people, said)), people), people) for c in planned.calls]), people)
    if planned.done is None and (not _declined(planned) or _may_be_read(said, planned)):
        for read in _readings(said, planned, people, within):
            kept = _about(read, people, said)
            if kept is not None:
                return kept
    if _declined(planned):
        return planned
    return _no(planned, words, "those_people", words=said.words, whom=_whom(people))


def _about(read: Planned, people: Population, said: Pointing) -> Planned | None:
    """A plan with the customers put into every call; None where one has no place for them."""
    made = [_with_goods(c, people, said) if people.held_by(c) else _with(c, people, said) for c in read.calls]
    calls = [_sent_by(_counted(c, people), people) for c in made if c is not None and _asks(c, people, said)]
    if read.done is not None or len(calls) < len(read.calls) or not calls:
        return None
    return _then(replace(read, calls=calls, notes=[*read.notes, _note(said, people)], frame="second_clause",
                         alternatives=[]), people)


def _declined(planned: Planned) -> bool:
    return any(c.name in {"decline", "ask_back"} for c in planned.calls)


def _may_be_read(said: Pointing, planned: Planned) -> bool:
    """Whether a text that was declined may mean something once the words that point are gone."""
    reasons = {c.args.get("reason", "asked") for c in planned.calls}
    return reasons <= ({"not_understood", "missing_data", "asked"} if said.sure else {"not_understood"})


def _no(planned: Planned, vocabulary: Vocabulary, message: str, **said: str) -> Planned:
    no = decline(vocabulary.lexicon, "not_understood", message, **said)
    return Planned([no], 0.0, planned.unexplained, planned.alternatives, frame="decline")


# -- whether these customers are meant ---------------------------------------------------------------------------------


def _meant(said: Pointing, planned: Planned, context: DialogueContext, language: str) -> bool:
    """Whether the words mean the customers, and not the things that the last answer listed."""
    if not _declined(planned) and not all(_asked_of_people(c) for c in planned.calls):
        return False
    if not _declined(planned) and _lists_things(context.last()) and any(_of_rows(c, context) for c in planned.calls):
        return False  # "which of them grew?" of countries
    if said.sure and (said.others or speaks_of_people(said.words, language) or _about_people(context.last())):
        return True
    last = context.last()
    if _about_people(last):
        return True
    if said.sure and said.of_people and last is not None and of_answer(last, context) is not None:
        return True  # "how many of them are from Spain?" after what they bought
    return not _declined(planned) and all(
        c.name in _OF_PEOPLE or c.name == "draft_campaign" or _counts(c) for c in planned.calls
    ) and not any(_of_rows(c, context) for c in planned.calls)


def _asked_of_people(one: ToolCall) -> bool:
    return one.name in _MAY_BE and not (one.name == "draft_campaign" and one.args.get("campaign_id"))


def _about_people(last: Past | None) -> bool:
    """Whether an answer is about customers and lists nothing else."""
    if last is None or last.call.name != "query_data":
        return last is not None and last.call.name in _ABOUT_PEOPLE
    plan: Any = last.call.plan()
    picked = plan.limit == 1 and set(plan.metrics) <= _HEADS  # "which month was best?" of new customers
    return picked or not set(plan.dimensions) - _THEIRS


def _lists_things(last: Past | None) -> bool:
    """Whether an answer ranks things by what they sold, and counts no customers."""
    plan: Any = last.call.plan() if last is not None and last.call.name == "query_data" else None
    return plan is not None and bool(plan.dimensions) and "customer" not in plan.dimensions and not (
        set(plan.metrics) & _HEADS)


def _counts(one: ToolCall) -> bool:
    if one.name != "query_data":
        return False
    plan: Any = one.plan()
    return plan.dimensions == ("customer",) or not plan.dimensions and set(plan.metrics) <= _HEADS


def _of_rows(one: ToolCall, context: DialogueContext) -> bool:
    """Whether a call names rows of the last answer: "who bought those?" after products."""
    last = context.last()
    if last is None or last.call.name != "query_data":
        return False
    held = str(one.args)
    return any(repr(row) in held for d in last.call.args.get("dimensions", ()) for row in context.column(last, d)[:50])


def _refused_of_others(context: DialogueContext, language: str) -> bool:
    """Whether the question before was refused and had named customers of its own: "they" may be those."""
    if not context.open_turn() or not context.questions:
        return False
    asked = context.questions[context.past[-1].turn - 1] if context.past[-1].turn <= len(context.questions) else ""
    return pointed(asked, language) is None and speaks_of_people(asked, language)


def _holds(one: ToolCall, people: Population, said: Pointing) -> bool:
    """Whether a call is about the customers, or shows the same list another way; some of them are no products."""
    if said.part and said.of_people and one.name == "query_data" and set(one.plan().dimensions) - _THEIRS:
        return False
    return people.held_by(one) or not said.sure and (_same_list(one, people.past) or _exchanged(one, people.past))


def _exchanged(one: ToolCall, past: Past) -> bool:
    """Whether a call asks the same of others of the same kind: "and those from search?" after those from social."""
    if one.name != past.call.name or one.name not in {"query_data", "count_audience"}:
        return False
    kinds = [[(type(p), getattr(p, "field", None), getattr(p, "metric", None)) for p in flat(c.plan().filter)]
             for c in (one, past.call)]
    same = all(one.args.get(n) == past.call.args.get(n) for n in ("metrics", "dimensions"))
    return same and kinds[0] == kinds[1] and bool(kinds[0])


def _same_list(one: ToolCall, past: Past) -> bool:
    """Whether a call shows the list before in another way: more rows of it, in another order."""
    names = ("metrics", "dimensions", "filter", "having")
    return one.name == past.call.name == "query_data" and all(one.args.get(n) == past.call.args.get(n) for n in names)


def _lost(one: ToolCall, planned: Planned, people: Population, said: Pointing) -> bool:
    """Whether a plan counts or lists the very customers before, and nothing that the text says of some of them."""
    if planned.frame != "query" or _asks(one, people, said):
        return False
    plan: Any = one.plan()
    counted = said.part and said.counted
    return counted or one.name == "query_data" and plan.dimensions == ("customer",) and (
        plan.metrics in {("revenue",), tuple(people.past.call.args.get("metrics", ()))}
        and plan.period is None and plan.limit is None and not plan.having)


def _readings(said: Pointing, planned: Planned, people: Population, within: Within) -> Iterator[Planned]:
    """What the text asks when nobody is left out: as it was read, for a draft that names nobody else, and of all."""
    draft = [c.name for c in planned.calls] == ["draft_campaign"] and not said.others
    if draft and all(p in people.parts for p in parts_of(planned.calls[0].plan().audience)):
        yield planned
    counted = DialogueContext([Past(call(SegmentRule(filter=people.filter)), None, 1)], [""])
    for text in (*said.texts, said.of_them):
        read = within(text, counted if text == said.of_them else DialogueContext())
        if not _declined(read):
            yield read


def _asks(one: ToolCall, people: Population, said: Pointing) -> bool:
    """Whether a call asks anything of the customers; a count or list of all of them does only where that was asked."""
    plan: Any = one.plan()
    if said.writes and one.name in {"query_data", "count_audience"}:
        return False  # "send the others a reminder" asks for no count of what was sent
    if one.name == "query_data" and plan.dimensions == ("customer",) and not _own(plan.filter, people):
        return said.listed
    counts = one.name == "count_audience" or one.name == "query_data" and not plan.dimensions and (
        set(plan.metrics) <= _HEADS and plan.period is None)
    return not counts or said.counted and said.bare or bool(_own(plan.filter, people))


# -- putting them into a plan ------------------------------------------------------------------------------------------


def _with(one: ToolCall, people: Population, said: Pointing) -> ToolCall | None:
    """The call about these customers alone; None where it has no place for them."""
    plan: Any = one.plan()
    if one.name not in _MAY_BE - {"predict_uplift"} or any(_ranks(f) for f in _filters(plan)):
        return None
    try:
        if isinstance(plan, CampaignBrief):
            own = _own(plan.audience, people)
            found = call(plan.model_copy(update={"audience": join([*people.parts, *own]), "audience_words": None}))
        elif isinstance(plan, StudyRequest):
            fields = with_filter(plan.study, join([*people.parts, *parts_of(getattr(plan.study, "filter", None))]))
            found = None if fields is None else call(StudyRequest.model_validate({"study": fields}))
        elif getattr(plan, "customer_id", None) or isinstance(plan, QueryPlan) and not _of_customers(plan):
            found = None
        elif one.name == "export_report":
            inner = _with(call(plan.plan), people, said)
            found = None if inner is None else call(plan.model_copy(update={"plan": inner.plan()}))
        else:
            fields = with_filter(plan, join([*people.parts, *_own(getattr(plan, "filter", None), people)]))
            found = None if fields is None else call(type(plan).model_validate(fields))
    except ValidationError:
        return None
    return None if found is None else _with_goods(found, people, said)


def _own(condition: Filter | None, people: Population) -> list[Filter]:
    """What a text says of the customers besides who they are."""
    return [p for p in flat(condition) if not _all(p) and p not in people.parts]


def _of_customers(plan: QueryPlan) -> bool:
    """Whether the figures are such as customers make; those of the whole against them are not."""
    return plan.compare is None or plan.compare.kind in {"previous", "year_earlier", "period"}


def _filters(plan: Any) -> Iterator[Filter]:
    for name in ("filter", "audience"):
        yield from parts_of(getattr(plan, name, None))


def _ranks(condition: Filter) -> bool:
    """Whether a condition ranks all customers ("the top 10 %"), which among some are others."""
    if isinstance(condition, And | Or):
        return any(map(_ranks, condition.parts))
    if isinstance(condition, Not):
        return _ranks(condition.part)
    return isinstance(condition, CustomerCondition | Predicted) and condition.rank is not None


def _all(condition: Filter) -> bool:
    return isinstance(condition, Compare) and condition.field == "customer" and condition.op == "not_null"


def _with_goods(one: ToolCall, people: Population, said: Pointing) -> ToolCall:
    """As in "bought more than one", "spent on it": of the goods that the customers were picked by."""
    goods, plan = people.goods(), one.plan()
    if goods is None or "filter" not in type(plan).model_fields:
        return one
    own = [p for p in parts_of(plan.filter) if p not in people.parts]
    if said.number_of_it and any(map(_bare_number, own)):
        own = [_of_goods(p, goods, said.again) if _bare_number(p) else p for p in own]
        return call(type(plan).model_validate(
            {**plan.model_dump(), "filter": join([*people.parts, *own]).model_dump()}))  # type: ignore[union-attr]
    if said.on_it and isinstance(plan, QueryPlan) and set(plan.metrics) <= _SALES and goods.where not in own:
        period = plan.period or goods.period
        return call(QueryPlan.model_validate({
            **plan.model_dump(), "filter": join([*parts_of(plan.filter), goods.where]).model_dump(),  # type: ignore
            "period": None if period is None else period.model_dump()}))
    return one


def _sent_by(one: ToolCall, people: Population) -> ToolCall:
    """A draft for customers picked as reachable by one channel goes out by that one where none is said."""
    if one.name != "draft_campaign" or "channels" in one.args or one.args.get("campaign_id"):
        return one
    named = {v for p in people.parts if isinstance(p, CustomerCondition) and p.metric in _REACHED
             for w in flat(p.where) if isinstance(w, Compare) and w.field == "message_channel" for v in w.values}
    return call(one.plan().model_copy(update={"channels": tuple(named)})) if len(named) == 1 else one


def _counted(one: ToolCall, people: Population) -> ToolCall:
    """A draft, a segment or an audience of those who were counted, when only who ordered was."""
    where = {"draft_campaign": "audience", "count_audience": "filter", "save_segment": "filter"}.get(one.name)
    ordered = people.as_counted() if where is not None else None
    if where is None or ordered is None or one.args.get("campaign_id"):
        return one
    plan: Any = one.plan()
    rule = join([*parts_of(getattr(plan, where)), ordered])
    return call(plan.model_copy(update={where: rule}))


def _tidy(one: ToolCall) -> ToolCall:
    """The call with every condition said once."""
    plan: Any = one.plan()
    parts = flat(getattr(plan, "filter", None))
    once = [p for i, p in enumerate(parts) if p not in parts[:i]]
    return one if len(once) == len(parts) else call(plan.model_copy(update={"filter": join(once)}))


def _then(planned: Planned, people: Population) -> Planned:
    """Who is "new" among the customers of a time was new then, whatever the word means of all customers today."""
    defined = [n for n in planned.notes if n.startswith("defined_term|")]
    times = {p.period for p in people.parts if isinstance(p, CustomerCondition) and p.period is not None}
    then = times.pop() if len(times) == 1 else None
    if not defined or then is None:
        return planned
    calls = [_new_then(c, people, then) for c in planned.calls]
    changed = calls != planned.calls
    notes = [n for n in planned.notes if not (changed and len(defined) == 1 and n in defined)]
    return replace(planned, calls=calls, notes=notes)


def _new_then(one: ToolCall, people: Population, then: Period) -> ToolCall:
    plan: Any = one.plan()
    if not hasattr(plan, "filter"):
        return one
    known = any(isinstance(p, CustomerCondition) and p.metric == "new_customers" for p in people.parts)
    own: list[Filter] = []
    for part in _own(plan.filter, people):
        new = isinstance(part, CustomerCondition) and part.metric == "new_customers"
        if not (new and known):
            own.append(part.model_copy(update={"period": then, "term": None}) if new else part)
    return one if own == _own(plan.filter, people) else call(plan.model_copy(update={
        "filter": join([*people.parts, *own])}))


def _bare_number(condition: Filter) -> bool:
    return isinstance(condition, CustomerCondition) and condition.metric in {"orders", "units"} and (
        condition.where is None and condition.period is None and condition.rank is None)


def _of_goods(condition: Filter, goods: CustomerCondition, again: bool) -> Filter:
    """So many of the goods: orders of them where they were bought again, else pieces."""
    metric = {} if again else {"metric": "units"}
    return condition.model_copy(update={**metric, "where": goods.where, "period": goods.period})


# -- the others --------------------------------------------------------------------------------------------------------


def _of_the_others(said: Pointing, planned: Planned, people: Population, context: DialogueContext) -> Planned:
    """As in "and the others?": the last question, asked of those it left out."""
    last, narrow = context.last(), in_talk(context)
    if last is None or narrow is None or last.call.name != "query_data":
        return planned
    plan: Any = last.call.plan()
    kept = [p for p in parts_of(plan.filter) if p not in narrow.parts]
    if not plan.dimensions and set(plan.metrics) <= _HEADS:
        plan = QueryPlan(metrics=("customers",), filter=people.filter)
    elif len(kept) < len(parts_of(plan.filter)):
        plan = plan.model_copy(update={"filter": join([*people.parts, *kept])})
    else:
        return planned
    return Planned([call(plan)], 1.0, frame="second_clause", notes=[_note(said, people)])


# -- in words ----------------------------------------------------------------------------------------------------------


def _whom(people: Population) -> str:
    if isinstance(people.filter, Compare) and people.filter.field == "customer" and len(people.filter.values) > 3:
        return f"the {len(people.filter.values)} customers of the list before"
    count = "" if people.size is None else f"{people.size:,} "
    return f"the {count}customers where {reword_filter(people.filter)}"


def _note(said: Pointing, people: Population) -> str:
    return f"those_people|{said.words}|{_whom(people)}"


def about_those(planned: Planned, people: Population, words: str) -> Planned | None:
    """A plan of all customers, about these; None where it is a refusal or has no place for them."""
    said = Pointing(words, (), sure=True, listed=True)
    if _declined(planned) or planned.done is not None:
        return None
    made = [_with(c, people, said) for c in planned.calls]
    return None if any(c is None for c in made) else replace(planned, calls=[c for c in made if c is not None])


__all__ = ["about_those", "kept_people"]
