"""Moves on the customers of the answer before: what they spent on average, when they last ordered, where they live."""

from __future__ import annotations

from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.discourse_scene import Move, Scene, answer, dumped, made, parts_of
from assistant.llm.planner.population import in_talk
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, CustomerCondition, Filter, InGroup
from assistant.plans.query import Sort
from assistant.plans.requests import SegmentRequest, SegmentRule

_HEADS = frozenset({"customers", "new_customers", "returning_customers"})
#: … and those whom a split can show, whoever they are
_COUNTED = _HEADS | {"lost_customers"}
#: answers about customers chosen before, of whom one may go on speaking
_ABOUT_THEM = frozenset({"compare_groups", "recommend_products", "predict_uplift", "customer_value", "choose_offers"})
_NEW = {"new_customers": "new", "returning_customers": "returning"}


def _people(s: Scene) -> Filter | None:
    """The customers that the last answer was about; None where it was about none, or everybody."""
    if s.last is None:
        return None
    only = DialogueContext([s.last], s.context.questions)
    found = only.audience()
    if found is None:
        before = s.context.audience()
        same = before is not None and s.query is not None and s.query.filter == before[0]
        found = before if same or s.last.call.name in _ABOUT_THEM else None
    return found[0] if found is not None else _segment_picked(s)


def _segment_picked(s: Scene) -> Filter | None:
    """The segment that stands first in the last answer on segments by a measure ("which is the biggest?")."""
    if s.last is None or s.last.call.name != "find_segments" or s.last.call.args.get("view") != "measure":
        return None
    plan = s.last.call.plan()
    row = next(iter(s.rows()), {})
    if not isinstance(plan, SegmentRequest) or not row.get("segment"):
        return None
    return InGroup(group="segment", name=str(row["segment"]), method=plan.method, k=plan.k)


def on_average(s: Scene) -> Planned | None:
    """As in "what did they spend on average?" after a count of customers: per customer, in the time counted."""
    per = s.words.role("revenue_per_customer")
    q = s.query
    if per is None or s.last is None:
        return None
    if q is not None and not q.dimensions and q.metrics[0] in _HEADS:
        parts = parts_of(q.filter)
        if q.metrics[0] in _NEW:
            parts = [*parts, Compare(field="new_vs_returning", op="eq", values=(_NEW[q.metrics[0]],))]
        return made({"metrics": (per,), "filter": dumped(join(parts)),
                     "period": q.period.model_dump() if q.period is not None else None})
    if q is not None and not q.dimensions and q.metrics[0] == "net_revenue":
        return s.edited(["before_returns_only"], metrics=(per,))
    people = _people(s)
    spoken_of = in_talk(s.context) if people is None else None  # "which channel brings most new customers": those
    if spoken_of is not None and spoken_of.past is s.last:
        people = spoken_of.filter
    return None if people is None else made({"metrics": (per,), "filter": dumped(people)})


def last_orders(s: Scene) -> Planned | None:
    """As in "when did they last order?" after a list of customers: the day, one by one."""
    people = _people(s)
    counted = s.query is not None and not s.query.dimensions
    if people is None or counted:
        return None
    return made({"metrics": ("last_order_date",), "dimensions": ("customer",), "filter": dumped(people),
                 "sort": {"by": "last_order_date"}})


def where_from(s: Scene) -> Planned | None:
    """As in "where do they live?": the customers by country, the finest place that every shop holds."""
    head, by = s.words.role("customers"), s.words.dimensions.get("country")
    q = s.query
    if head is None or by is None or s.last is None:
        return None
    if q is not None and not q.dimensions and q.metrics[0] in _COUNTED:
        return s.edited(dimensions=("country",), sort=Sort(by=q.metrics[0]).model_dump(), compare=None)
    people = _people(s)
    if people is None:
        return None
    return made({"metrics": (head,), "dimensions": ("country",), "filter": dumped(people), "sort": {"by": head}})


def come_back(s: Scene) -> Planned | None:
    """As in "do these customers come back?": how many of them ordered more than once."""
    people = _people(s)
    if people is None:
        return s.no("no_customers_yet", words=s.said.get("whom", s.text)) if s.last is None or (
            s.query is not None and s.query.metrics[0] not in _HEADS) else None
    return made({"metrics": ("repeat_rate",), "filter": dumped(people)})


def who_in_it(s: Scene) -> Planned | None:
    """As in "who is in it?", "what do they buy?" after the largest segment: the customers of that one."""
    segment = _segment_picked(s)
    money = s.words.role("money")
    if segment is None or money is None:
        return None
    if "buy" in s.said:
        units = s.words.role("units") or money
        return made({"metrics": (units,), "dimensions": ("product",), "filter": dumped(segment),
                     "sort": {"by": units}, "limit": 10})
    return made({"metrics": (money,), "dimensions": ("customer",), "filter": dumped(segment), "sort": {"by": money}})


def reached(s: Scene) -> Planned | None:
    """As in "from which campaign?" after a count of those who unsubscribed: what they did, split by that."""
    plan: Any = s.last.call.plan() if s.last is not None and s.last.call.name in {"count_audience"} else None
    by = s.dimension(s.said["what"])
    if not isinstance(plan, SegmentRule) or by is None:
        return None
    deed = plan.filter
    done = isinstance(deed, CustomerCondition) and deed.op == "ge" and deed.values == (1.0,) and deed.rank is None
    if not done or deed.metric not in s.raw["contact_deeds"]:  # type: ignore[union-attr]
        return None
    return made({"metrics": (deed.metric,), "dimensions": (by,), "filter": dumped(deed.where),  # type: ignore[union-attr]
                 "period": deed.period.model_dump() if deed.period else None,  # type: ignore[union-attr]
                 "sort": {"by": deed.metric}})  # type: ignore[union-attr]


def ranked_then(s: Scene) -> Planned | None:
    """As in "who in the top 50 was quiet for 60 days": the condition put to the customers of a ranking."""
    money, n = s.words.role("money"), int(s.said["n"])
    listed = s.planned(s.raw["customers_who"].format(rest=s.said["rest"]))
    if money is None or listed is None or listed.filter is None or listed.dimensions != ("customer",) or not n:
        return None
    if listed.period is not None or listed.compare is not None:
        return None
    rank = "top_percent" if s.said.get("percent") else "top_n"
    top = CustomerCondition(metric=money, rank=rank, values=(float(n),))  # type: ignore[arg-type]
    kept = join([top, *parts_of(listed.filter)])
    if "many" in s.said:
        return answer(call(SegmentRule(filter=kept)))  # type: ignore[arg-type]
    return made({**listed.model_dump(), "filter": dumped(kept), "limit": None})


def left_out(s: Scene) -> Planned | None:
    """As in "exclude the wholesale customers" where nobody said who these are: that is asked."""
    name = s.said["name"]
    whole = s.planned(s.raw["customers_of"].format(name=name))
    if whole is not None or s.alone(s.raw["customers_of"].format(name=name)).score > 0:
        return None  # it means something here: the other readings put it into the plan
    lex = s.words.lexicon
    asked = s.context.questions[s.last.turn - 1] if s.last is not None and len(s.context.turns()) == 1 else None
    question = s.raw["without_them" if asked is None else "asked_without"].format(
        name=name, question=(asked or "").strip(" .?!"))
    options = [str(o).format(name=name, question=question) for o in lex.wording["named_options"]["term_meaning"]]
    text = str(lex.wording["asks"]["term_meaning"]).format(term=name)
    return Planned([ToolCall("ask_back", {"text": text, "options": options})], 0.9, frame="ask")


MOVES: dict[str, Move] = {
    "on_average": on_average, "last_orders": last_orders, "where_from": where_from, "come_back": come_back,
    "who_in_it": who_in_it, "reached": reached, "ranked_then": ranked_then, "left_out": left_out,
}
