"""What may be asked of any customers: whether they order again or leave, what they will spend, since when they have
been here, who of them can be reached, how many each condition leaves.

A question is a frame ("how likely are … to …", "what share of … will …", "forecast what … will …") with customers and
an act in its places (``people_acts.yaml``); a frame takes every act of its kind. Whom the words for customers mean is
planned as a question of its own ("how many …"), so everything that can be counted can be asked about here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.churn_forms import LEAVE_DAYS
from assistant.llm.planner.context import OF_A_GROUP, counted_customers, listed_customers
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.people_forms import plain
from assistant.llm.planner.population import flat, in_talk
from assistant.llm.planner.turn import Turn
from assistant.llm.planner.turn_memory import once
from assistant.llm.planner.values import join
from assistant.plans import ChurnRequest, OrderingRequest, SegmentRule, ValueRequest
from assistant.plans.filters import Compare, CustomerCondition, Filter, InGroup
from assistant.plans.groups import GroupsRequest
from assistant.plans.query import Comparison, QueryPlan, Sort

FRAME = "people_acts"
FRAMES = frozenset({FRAME, OF_A_GROUP})
_LONGEST = 260
#: customers that are all shown with their risk; more are shown by who is about to leave
_FEW = 100
#: … of those spoken of before
_SHOWN = 25
#: the days that a kind of request can look ahead
_BOUNDS = {"order": (7, 365), "stay": (7, 365), "leave": (7, 730), "spend": (7, 1825)}
#: frames about leaving that ask of the whole group; after the others "they" are those who are about to leave
_OF_ALL = frozenset({"likely", "noun_of", "safe"})
_LISTED = frozenset({"query_data", "count_audience"})


@dataclass(frozen=True)
class _Whom:
    """The customers meant: a filter, one customer, or everybody; with what was said of how they were read."""

    filter: Filter | None = None
    customer: str | None = None
    first: int | None = None
    spoken: bool = False
    notes: tuple[str, ...] = ()


def people_acts(turn: Turn) -> Planned | None:
    """The plan of such a question; None where the text is none, or nobody knows whom it means."""
    raw = read_yaml(turn.language, "people_acts")
    if len(turn.text) > _LONGEST or not raw.get("frames"):
        return None
    text = _written_out(plain(turn.text, turn.language), raw)
    listing = re.match(str(raw["listing"]), text, re.IGNORECASE) is not None
    for (kind, act), match in _compiled(turn.language).fitting(text):
        said = {name.partition("__")[0]: value.strip(" ,") for name, value in match.groupdict().items() if value}
        whom = _meant(said["whom"], turn, raw) if "whom" in said else _in_talk(turn)
        if whom is None:
            continue
        made = _made(kind, act, said, whom, text, turn, raw)
        if made is not None and call(made).name in turn.tools:
            calendar = re.search(str(raw["calendar_like"]), said.get("ahead", ""), re.IGNORECASE)
            notes = [f"next_as_days|{calendar.group()}"] if calendar is not None else []
            some = listing or act == "leave" and kind not in _OF_ALL or kind == "stake"
            return Planned([call(made)], 0.95, frame=FRAME if some else OF_A_GROUP, notes=[*whom.notes, *notes])
    return None


def _written_out(text: str, raw: dict[str, Any]) -> str:
    """Short forms as whole words."""
    for short, whole in raw["expand"].items():
        text = re.sub(rf"\b{re.escape(short)}(?!\w)", str(whole), text, flags=re.IGNORECASE)
    return text


@lru_cache(maxsize=4)
def _compiled(language: str) -> LatePatterns[tuple[str, str]]:
    raw = read_yaml(language, "people_acts")
    numbers = "|".join(sorted(map(re.escape, raw["numbers"]), key=len, reverse=True))
    channels = "|".join(sorted((w for said in raw["channels"].values() for w in said), key=len, reverse=True))
    places = dict(raw["macros"]) | {
        "W": "(?P<whom>.+?)", "A": "(?P<whom>.+?)", "B": "(?P<other>.+?)", "NUMBER": rf"(?P<n>\d{{1,4}}|{numbers})",
        "UNIT": "(?P<unit>" + "|".join(raw["units"]) + ")s?",
        "CH1": f"(?P<first>{channels})", "CH2": f"(?P<second>{channels})",
    }
    acts = {act: places | {slot.upper(): said for slot, said in forms.items()} for act, forms in raw["acts"].items()}

    def made() -> Iterator[tuple[tuple[str, str], LatePattern]]:
        for act, kinds in raw["asked"].items():
            for kind in kinds:
                for form in raw["frames"][kind]:
                    yield (kind, act), LatePattern(told_apart(put_in(form, acts[act])))
        for kind in raw["frames"].keys() - {k for kinds in raw["asked"].values() for k in kinds}:
            for form in raw["frames"][kind]:
                yield (kind, ""), LatePattern(told_apart(put_in(form, places)))

    return LatePatterns(made())


# -- whom ------------------------------------------------------------------------------------------------------------


def _whom(words: str, turn: Turn, raw: dict[str, Any]) -> _Whom | None:
    """The customers that words mean; None where they mean none."""
    said = re.sub(str(raw["of_them"]), "", words.strip(" ,:;"), flags=re.IGNORECASE)
    said = re.sub(str(raw["single"]), str(raw["several"]), said, flags=re.IGNORECASE)
    if re.fullmatch(str(raw["everybody"]), said, re.IGNORECASE):
        return _Whom()
    if re.fullmatch(str(raw["them"]), said, re.IGNORECASE):
        return _in_talk(turn)
    one = re.fullmatch(str(raw["one"]), said, re.IGNORECASE)
    if one is not None:
        found = [m for m in turn.shop.find(one["id"], ("customer",), 1) if m.value.casefold() == one["id"].casefold()]
        return _Whom(customer=found[0].value) if found else None
    return _first(said, turn, raw) or _counted(said, turn, raw)


def _meant(words: str, turn: Turn, raw: dict[str, Any]) -> _Whom | None:
    return once(("people_acts", words), lambda: _whom(words, turn, raw))


def _in_talk(turn: Turn) -> _Whom | None:
    """The customers the conversation speaks of."""
    people = in_talk(turn.context)
    if people is None:
        return None
    rule = people.filter
    if isinstance(rule, Compare) and _named(rule) and len(rule.values) == 1:
        return _Whom(customer=str(rule.values[0]))
    return _Whom(rule, spoken=True)


def _first(said: str, turn: Turn, raw: dict[str, Any]) -> _Whom | None:
    """As in "our 25 best customers", "the top 10 % by spend": the first of all by what they brought."""
    numbers = "|".join(sorted(map(re.escape, raw["numbers"]), key=len, reverse=True))
    match = re.fullmatch(str(raw["ranked"]).replace("<NUMBER>", numbers), said, re.IGNORECASE)
    money = turn.words.role("money")
    if match is None or money is None:
        return None
    word = (match["n"] or match["n2"]).casefold()
    n = int(word) if word.isdigit() else int(raw["numbers"].get(word, 100))
    percent = bool(match["percent"] or match["percent2"])
    try:
        rule = CustomerCondition(metric=money, rank="top_percent" if percent else "top_n", values=(float(n),))
    except ValidationError:
        return None
    return _Whom(rule, first=None if percent else n)


def _counted(said: str, turn: Turn, raw: dict[str, Any]) -> _Whom | None:
    """The customers that a question after their number would count, every word of it accounted for."""
    said = re.sub(str(raw["article"]), "", said, flags=re.IGNORECASE)
    said = f"{raw['several']} {said}" if re.match(str(raw["only_which"]), said, re.IGNORECASE) else said
    named = re.sub(str(raw["group_noun"]), str(raw["group_said"]), said, flags=re.IGNORECASE)
    for text in dict.fromkeys((*(str(ask).format(said) for ask in raw["asks"]), str(raw["asks"][0]).format(named))):
        planned = turn.whole(text)
        if len(planned.calls) != 1 or planned.calls[0].name not in _LISTED or planned.frame == "ask":
            continue
        plan = planned.calls[0].plan()
        if any(note.startswith(("not_used|", "background|")) for note in planned.notes):
            continue
        rule = plan.filter if isinstance(plan, SegmentRule) else _of_query(plan)
        if rule is not None:
            return _Whom(rule, notes=tuple(planned.notes))
    return None


def _of_query(plan: QueryPlan) -> Filter | None:
    """The customers that a plan counts or lists; None where it shows something else."""
    if plan.compare is not None or plan.transform is not None:
        return None
    if plan.dimensions == ("customer",):
        if plan.limit and plan.filter is None and plan.period is None and not plan.having:
            return CustomerCondition(metric=plan.metrics[0], rank="top_n", values=(float(plan.limit),))
        return listed_customers(plan)
    return counted_customers(plan) if not plan.dimensions and plan.metrics[0] == "customers" else None


# -- what is asked ---------------------------------------------------------------------------------------------------


def _made(
    kind: str, act: str, said: dict[str, str], whom: _Whom, text: str, turn: Turn, raw: dict[str, Any]
) -> BaseModel | None:
    try:
        if act:
            days = _days(act, said, turn, raw)
            return None if days is None or _of_others(act, said, whom, text, raw) else _ACTS[act](whom, days, text, raw)
        if whom.customer is not None:
            whom = replace(whom, filter=Compare(field="customer", values=(whom.customer,)))
        return _OTHERS[kind](whom, said, turn, raw)
    except ValidationError:
        return None


def _days(act: str, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> dict[str, int] | None:
    """The stretch ahead that is named, in days; None where it is shorter or longer than can be told."""
    unit = said.get("unit", "").casefold()
    if not unit:
        return {}
    if "until" in said:
        days = _days_left(unit, turn.shop.status().as_of)
    else:
        word = said.get("n", "one").casefold()
        days = round((int(word) if word.isdigit() else int(raw["numbers"].get(word, 1))) * float(raw["units"][unit]))
    least, most = _BOUNDS[act]
    return {"horizon_days": days} if least <= days <= most else None


def _days_left(unit: str, today: date) -> int:
    """Days from today to the end of its week, month, quarter or year."""
    if unit == "week":
        return 6 - today.weekday()
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months is None:
        return 0
    after = ((today.month - 1) // months + 1) * months  # months of the year that are over by then
    return (date(today.year + after // 12, after % 12 + 1, 1) - today).days - 1


def _of_others(act: str, said: dict[str, str], whom: _Whom, text: str, raw: dict[str, Any]) -> bool:
    """Whether customers are meant, too, who have not ordered yet: what a new one brings, how many will order."""
    if act == "spend" and re.fullmatch(str(raw["newcomers"]), said["whom"], re.IGNORECASE):
        return True
    everybody = whom.filter is None and whom.customer is None
    counted = re.match(str(raw["how_many"]), text, re.IGNORECASE) is not None
    return act == "order" and everybody and counted and re.search(str(raw["anew"]), text, re.IGNORECASE) is None


def _order(whom: _Whom, days: dict[str, int], text: str, raw: dict[str, Any]) -> OrderingRequest:
    if whom.customer is not None:
        return OrderingRequest(customer_id=whom.customer, **days)
    return OrderingRequest(filter=whom.filter, **days)


def _stay(whom: _Whom, days: dict[str, int], text: str, raw: dict[str, Any]) -> OrderingRequest:
    """To stay is to order within the days after which somebody counts as gone."""
    return _order(whom, {"horizon_days": LEAVE_DAYS} | days, text, raw)


def _leave(whom: _Whom, days: dict[str, int], text: str, raw: dict[str, Any]) -> ChurnRequest:
    """Who of them is about to leave; all of them with their standing where few are meant, or "any of them" is asked."""
    if whom.customer is not None:
        return ChurnRequest(customer_id=whom.customer, **days)
    reasons = re.search(rf"{put_in(raw['macros']['why'], raw['macros'])}$", text, re.IGNORECASE) is not None
    if whom.spoken and not reasons:
        return ChurnRequest(filter=whom.filter, everyone=True, k=_SHOWN, **days)
    listing = re.match(str(raw["listing"]), text, re.IGNORECASE) is not None
    if whom.first is not None and whom.first <= _FEW and not listing:
        return ChurnRequest(filter=whom.filter, everyone=True, k=whom.first, **days)
    return ChurnRequest(filter=whom.filter, **days)


def _named(rule: Filter | None) -> bool:
    """Whether customers are meant by their numbers."""
    return isinstance(rule, Compare) and rule.field == "customer" and rule.op in {"eq", "in"}


def _spend(whom: _Whom, days: dict[str, int], text: str, raw: dict[str, Any]) -> ValueRequest:
    if whom.customer is not None:
        return ValueRequest(customer_id=whom.customer, **days)
    return ValueRequest(filter=whom.filter, **days)


_ACTS = {"order": _order, "stay": _stay, "leave": _leave, "spend": _spend}


def _tenure(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    return QueryPlan(metrics=("customer_tenure",), filter=whom.filter)


def _alive(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    return ValueRequest(about="alive", filter=whom.filter)


def _rule(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    return None if whom.filter is None else SegmentRule(filter=whom.filter)


def _by_channel(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    """Who may be contacted, or agreed, channel by channel: each counted by itself."""
    metric = "consenting_customers" if "agreed" in said else "mailable_customers"
    rules: list[Filter] = [] if whom.filter is None else [whom.filter]
    named = tuple(next(name for name, words in raw["channels"].items() if said[slot].casefold() in words)
                  for slot in ("first", "second") if slot in said)
    if named:
        if len(set(named)) < len(named):
            return None
        rules.append(Compare(field="message_channel", op="in", values=named))
    return QueryPlan(metrics=(metric,), dimensions=("message_channel",), filter=join(rules) if rules else None,
                     sort=Sort(by=metric))


def _stake(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    """What the leaving of some customers would cost: of those about to leave, as they were asked about before."""
    leaving = [p for p in flat(whom.filter) if isinstance(p, InGroup) and p.group == "about_to_leave"]
    if "whom" not in said and not leaving:
        return None
    rest = join([p for p in flat(whom.filter) if p not in leaving])
    return ChurnRequest(filter=rest, **({"horizon_days": leaving[0].horizon_days} if leaving else {}))


def _habits(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    """What two groups do otherwise: how much goes back, who orders again."""
    others = re.fullmatch(str(raw["others"]), said["other"], re.IGNORECASE) is not None
    second = None if others else _meant(said["other"], turn, raw)
    if whom.filter is None or not others and (second is None or second.filter is None):
        return None
    beside = {} if second is None else {"second": second.filter, "second_name": said["other"]}
    return GroupsRequest(first=whom.filter, first_name=said["whom"], **beside)  # type: ignore[arg-type]


def _share(whom: _Whom, said: dict[str, str], turn: Turn, raw: dict[str, Any]) -> BaseModel | None:
    """What part of all sales those in talk bring."""
    money = turn.words.role("money")
    if money is None or whom.filter is None:
        return None
    last = turn.context.last()
    before: Any = last.call.plan() if last is not None and last.call.name == "query_data" and whom.spoken else None
    ranked = isinstance(before, QueryPlan) and before.dimensions == ("customer",)  # by what they brought in some time
    return QueryPlan(metrics=(money,), filter=whom.filter, compare=Comparison(kind="total"),
                     period=before.period if ranked else None)


_OTHERS = {
    "share": _share,
    "tenure": _tenure,
    "alive": _alive,
    "sizes": _rule,
    "left_out": _rule,
    "by_channel": _by_channel,
    "two_channels": _by_channel,
    "stake": _stake,
    "habits": _habits,
}


__all__ = ["FRAMES", "people_acts"]
