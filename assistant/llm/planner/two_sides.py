"""Two things of the shop set against each other by a comparative: "do Dutch buyers place bigger orders than French
ones?".

The text is cut at the comparative (``prompts/lexicon/<language>/two_sides.yaml``): two sides, what is compared and
which way. Each side is put to the ordinary grammar with the measure, as a question of one figure, and only a side that
is read whole counts. What the two plans differ in makes the plan: two values of a dimension are a table of both whose
claim is checked, two times a comparison of times, two measures two figures. What is said once at the end (a time, a
place) holds for both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.one_figure import WELL, OneFigure, PlanOne, joined, names_measure, one_figure
from assistant.llm.planner.unwrapped import one_claim
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Compare, Filter
from assistant.plans.periods import Period
from assistant.plans.premise import PremiseRequest
from assistant.plans.query import Comparison, Having, QueryPlan, Sort

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
#: the time that growth and "overtake" are told by where none is said
_THIS_YEAR = Period(kind="calendar", unit="year")
FRAME = "two_sides"


@dataclass(frozen=True)
class _Words:
    forms: tuple[tuple[LatePattern, dict[str, Any]], ...]
    choices: tuple[tuple[LatePattern, dict[str, Any]], ...]
    between_times: LatePattern
    moved: LatePattern
    before: re.Pattern[str]
    after: re.Pattern[str]
    ourselves: re.Pattern[str]
    pronouns: re.Pattern[str]
    asking: re.Pattern[str]
    persons: re.Pattern[str]
    deeds: tuple[tuple[re.Pattern[str], list[str]], ...]
    whats: tuple[tuple[re.Pattern[str], re.Pattern[str], str | None, re.Pattern[str]], ...]
    comps: tuple[tuple[re.Pattern[str], str, str | None], ...]
    raw: dict[str, Any]


@lru_cache(maxsize=4)
def _words(language: str) -> _Words | None:
    try:
        raw: dict[str, Any] = read_yaml(language, "two_sides")
    except FileNotFoundError:
        return None
    if not raw.get("forms"):
        return None  # a language that does not put these questions yet
    macros: dict[str, str] = {}
    for name, body in raw["macros"].items():
        macros[name] = f"(?:{_MACRO.sub(lambda m: macros[m.group(1)], body)})"

    def source(pattern: str) -> str:
        whole = _MACRO.sub(lambda m: macros[m.group(1)], pattern)
        return whole.replace(" ?", r"\s*").replace(" ", r"\s+").replace(r"\s+*", r"\s*")

    def whole(pattern: str) -> LatePattern:
        return LatePattern(rf"\W*(?:{source(pattern)})[\s.?!]*$")

    def full(pattern: str) -> re.Pattern[str]:
        return re.compile(rf"(?:{source(pattern)})\Z", re.IGNORECASE)

    return _Words(
        tuple((whole(f["for"]), f) for f in raw["forms"]), tuple((whole(f["for"]), f) for f in raw["choices"]),
        whole(raw["between_times"]), whole(raw["moved"]),
        re.compile(rf"^(?:{source(raw['before_side'])})", re.IGNORECASE),
        re.compile(rf"(?:{source(raw['after_side'])})\Z", re.IGNORECASE),
        full(raw["ourselves"]), full(raw["pronouns"]), full(raw["asking"]),
        re.compile(rf"\b(?:{source(raw['persons'])})\b", re.IGNORECASE),
        tuple((full(d["for"]), d["say"]) for d in raw["deeds"]),
        tuple((full(d["for"]), full(d["with"]), d["say"], full(d.get("unless", "(?!)"))) for d in raw["whats"]),
        tuple((full(d["for"]), d["say"], d.get("of_persons")) for d in raw["comps"]), raw,
    )


def two_sides(text: str, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """The comparison that a text asks for; None where it asks for none, or a side is not read.

    Args:
        text: one request, as typed.
        words: the shop's vocabulary.
        plan_one: readings of a text as one question.
    """
    told = _words(words.lexicon.language)
    claim = one_claim(text, words) if told is not None else None
    if told is None or claim is None:
        return None
    said, wrapped = claim
    for pattern, rule in told.forms:
        match = pattern.match(said)
        if match is not None:
            parts = {k: v.strip() for k, v in match.groupdict().items() if v and v.strip()}
            made = _Compared(parts, rule, told, words, plan_one).planned()
            if made is not None:
                return made
    for pattern, rule in told.choices:
        match = pattern.match(said)
        if match is not None:
            made = _chosen(match["a"], match["b"], bool(rule.get("liked")), told, words, plan_one)
            if made is not None:
                return made
    match = told.moved.match(said)
    if match is not None:
        return _moved(match["a"], match["way"], match["when"], told, plan_one)
    match = told.between_times.match(said)
    return None if match is None else _between_times(match.groupdict(), told, words, plan_one)


class _Compared:
    """One cut of a text at a comparative."""

    def __init__(
        self, said: dict[str, str], rule: dict[str, Any], told: _Words, words: Vocabulary, plan_one: PlanOne
    ) -> None:
        self.said, self.rule, self.told, self.words, self.plan_one = said, rule, told, words, plan_one
        self.way = "down" if said.get("way", "").lower() in told.raw["less"] else "up"
        self.what = said.get("what", said.get("what2", ""))
        if told.before.match(f"{self.what} "):  # "is the basket bigger in Q4 than in Q3": said of the first side
            said["a"], self.what = f"{said['a']} {self.what}", ""

    def planned(self) -> Planned | None:
        """The plan; None where one of the sides is not read whole."""
        a, b = self.said["a"], self.said["b"]
        if self.told.ourselves.match(_bare(a, self.told)):
            a, self.what = self.what, ""  # "do we sell more candles than mugs"
            if names_measure(a, self.words):
                self.said.pop("deed", None)  # "do we have more customers in Spain than in Portugal"
        if not a or self.told.asking.match(a) or any(self.told.pronouns.match(_bare(s, self.told)) for s in (a, b)):
            return None
        for measure in self._measures(f"{a} {b}"):
            first, second = _pair(a, b, measure, self.told, self.words, self.plan_one)
            if first is None or second is None:
                continue
            try:
                made = self._made(first, second)
            except ValidationError:
                made = None
            if made is not None:
                return made
        return None

    def _measures(self, sides: str) -> Iterator[str | None]:
        """What is compared, in words, likeliest first; None where one of the sides says it."""
        told, what = self.told, self.what.strip()
        way = self.said.get("way", "more").lower()
        deed = self.said.get("deed")
        if self.rule.get("likely"):
            yield told.raw["likely"][" ".join((deed or "").lower().split())]
            return
        if deed is None and not self.rule.get("worth"):
            yield None
        if what:
            for pattern, with_, say, unless in told.whats:
                if pattern.fullmatch(what) and with_.fullmatch(way):
                    if say is not None and not unless.fullmatch(deed or ""):
                        yield say
                        return
                    break
            else:
                yield what  # "a higher return rate"
                return
        if deed is not None:
            people = bool(told.persons.search(sides))
            for pattern, say in told.deeds:
                if pattern.fullmatch(deed):
                    yield say[-1] if people else say[0]
                    return
        elif deed is None:
            people = bool(told.persons.search(sides))
            yield next(
                (each if people and each else say for pattern, say, each in told.comps if pattern.fullmatch(way)), None
            )

    def _made(self, first: OneFigure, second: OneFigure) -> Planned | None:
        if first.metric != second.metric:
            return None
        growth, passed = bool(self.rule.get("growth")), bool(self.rule.get("passed"))
        apart = _difference(first, second)
        if apart is None and not growth and not passed and first.period is None and not second.conditions:
            return self._than_before(first, second)
        if apart is None:
            if first.conditions == second.conditions and None not in (first.period, second.period):
                return None if growth else self._of_times(first, second)
            sides = first.conditions and second.conditions and first.conditions != second.conditions
            if not sides or growth or passed or first.period != second.period:
                return None
            return Planned(_each_alone(first, second, (first.metric,)), 0.95, frame=FRAME)
        metric = first.metric
        also = self.told.raw["also"].get(metric)
        plan = QueryPlan(
            metrics=(metric, also) if also and not growth and not passed else (metric,), dimensions=(apart.field,),
            filter=apart.filter, period=apart.period or (_THIS_YEAR if growth or passed else None),
            compare=Comparison(kind="year_earlier") if growth or passed else None,
        )
        factor = self._factor()
        return _checked(PremiseRequest(
            relation="larger", plan=plan, item=apart.item, than=apart.than, way=self.way,
            asked="size" if self.rule.get("size") else "passed" if passed else "growth" if growth else "whether",
            factor=factor, op=self._bound() if factor else "eq",
        ))

    def _factor(self) -> float | None:
        said = " ".join(self.said.get("times", "").lower().split())
        if not said:
            return None
        known = self.told.raw["times"].get(said)
        return float(known if known is not None else re.sub(r"[^\d.]", "", said))

    def _bound(self) -> Any:
        return self.told.raw["bounds"].get(self.said.get("bound", "").lower().strip(), "eq")

    def _than_before(self, first: OneFigure, second: OneFigure) -> Planned | None:
        """As in "are we selling more on the app than last year": this year so far against the same days of the last
        one."""
        before = second.period
        if before is None or before.kind != "calendar" or before.offset != -1 or before.count != 1:
            return None
        if self.rule.get("size") or "times" in self.said:
            return None
        now = before.model_copy(update={"offset": 0})
        plan = QueryPlan(metrics=(first.metric,), filter=first.filter, period=now, compare=Comparison(kind="previous"))
        return _checked(PremiseRequest(relation="change", plan=plan, way=self.way, asked="whether"))  # type: ignore[arg-type]

    def _of_times(self, first: OneFigure, second: OneFigure) -> Planned | None:
        if self.rule.get("size") or self.rule.get("passed") or "times" in self.said:
            return None  # how much more one time has than another is a plain comparison of times
        if any(p is None or (p.kind == "named" and p.year is None) for p in (first.period, second.period)):
            return None  # which winter, which December: for readings that know the times before and after
        plan = QueryPlan(metrics=(first.metric,), filter=first.filter, period=first.period,
                         compare=Comparison(kind="period", period=second.period))
        return _checked(PremiseRequest(relation="change", plan=plan, way=self.way, asked="whether"))  # type: ignore[arg-type]


def _checked(request: PremiseRequest) -> Planned:
    args = request.model_dump(mode="json", exclude_defaults=True)
    assert request.plan is not None
    args["plan"] = call(request.plan).args
    PremiseRequest.model_validate(args)
    return Planned([ToolCall("check_premise", args)], 0.95, frame=FRAME)


def _bare(side: str, told: _Words) -> str:
    before = None
    while side != before:
        before = side
        side = told.after.sub("", told.before.sub("", f"{side.strip()} ").strip()).strip()
    return side


def _pair(
    a: str, b: str, measure: str | None, told: _Words, words: Vocabulary, plan_one: PlanOne
) -> tuple[OneFigure | None, OneFigure | None]:
    """Both sides; the measure may be named by one of them only."""
    if measure is None:
        first = _own(a, words, plan_one)
        second = _own(b, words, plan_one)
        known = first or second
        if known is None:
            return None, None
        label = words.metrics[known.metric].label if known.metric in words.metrics else known.metric.replace("_", " ")
        return first or _side(a, label, told, plan_one), second or _side(b, label, told, plan_one)
    return _side(a, measure, told, plan_one), _side(b, measure, told, plan_one)


def _own(said: str, words: Vocabulary, plan_one: PlanOne) -> OneFigure | None:
    """A side that names its measure: "the return rate in Germany"."""
    return one_figure(said, plan_one) if names_measure(said, words) else None


def _side(said: str, measure: str, told: _Words, plan_one: PlanOne) -> OneFigure | None:
    for side in dict.fromkeys((_bare(said, told), said)):
        for form in told.raw["asks"]:
            found = one_figure(form.format(measure=measure, side=side), plan_one)
            if found is not None and (found.conditions or found.period is not None):
                return found
    return None


def _single(rule: Filter | None) -> bool:
    return isinstance(rule, Compare) and rule.op == "eq" and len(rule.values) == 1


@dataclass(frozen=True)
class _Difference:
    """Two values of one dimension, and what holds for both."""

    field: str
    item: str
    than: str
    filter: Filter
    period: Period | None


def _difference(first: OneFigure, second: OneFigure) -> _Difference | None:
    """What tells two figures of one measure apart, where that is one value of a dimension; said once holds for both."""
    shared = {**second.conditions, **first.conditions}
    differing = [f for f in first.conditions.keys() & second.conditions.keys()
                 if first.conditions[f] != second.conditions[f]]
    if first.period != second.period and None not in (first.period, second.period):
        return None
    if first.metric != second.metric or len(differing) != 1:
        return None
    one, other = first.conditions[differing[0]], second.conditions[differing[0]]
    if not (isinstance(one, Compare) and isinstance(other, Compare) and _single(one) and _single(other)):
        return None
    if one.field != other.field:
        return None
    both = Compare(field=one.field, op="in", values=(one.values[0], other.values[0]))
    rest = joined([both, *(c for f, c in shared.items() if f != differing[0])])
    assert rest is not None
    return _Difference(one.field, str(one.values[0]), str(other.values[0]), rest, first.period or second.period)


def _each_alone(first: OneFigure, second: OneFigure, metrics: tuple[str, ...]) -> list[ToolCall]:
    """Two groups that are no two values of one thing: a figure of each."""
    period = first.period or second.period
    return [call(QueryPlan(metrics=metrics, filter=one.filter, period=one.period or period)) for one in (first, second)]


def _chosen(a: str, b: str, liked: bool, told: _Words, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """One of two to be picked: both, side by side."""
    if " " not in a and " " in b:
        whole = (
            _chosen(f"{a} {b.rpartition(' ')[2]}", b, liked, told, words, plan_one) if _described(a, plan_one) else None
        )
        if whole is not None:
            return whole  # "red or blue mugs"
    first = second = None
    for measure in (None, "revenue"):
        first, second = _pair(a, b, measure, told, words, plan_one)
        if first is not None and second is not None:
            break
    if first is None or second is None or first.metric != second.metric or first.conditions == second.conditions:
        return None
    metrics = tuple(told.raw["liking"]) if liked else (first.metric,)
    apart = _difference(first, second)
    notes = [f"read_as|prefer|{told.raw['liked_as']}"] if liked else []
    if apart is None:
        if not (first.conditions and second.conditions) or first.period != second.period:
            return None
        return Planned(_each_alone(first, second, metrics), 0.95, frame=FRAME, notes=notes)
    plan = QueryPlan(metrics=metrics, dimensions=(apart.field,), filter=apart.filter, period=apart.period,
                     sort=Sort(by=metrics[0]))
    return Planned([call(plan)], 0.95, frame=FRAME, notes=notes)


def _described(word: str, plan_one: PlanOne) -> bool:
    """Whether a word alone is only looked for in names: "red"."""
    alone = one_figure(f"revenue of {word}", plan_one)
    return alone is not None and any(isinstance(c, Compare) and c.op == "contains" for c in alone.conditions.values())


def _moved(a: str, way: str, when: str, told: _Words, plan_one: PlanOne) -> Planned | None:
    """Whether a figure rose or fell: of a month against the month before, of a season against that of the year
    before."""
    if (
        re.search(told.raw["moved_against"], when, re.IGNORECASE)
        or told.pronouns.match(_bare(a, told))
        or told.asking.match(a)
    ):
        return None
    found = one_figure(f"{_bare(a, told)} {when}", plan_one)
    if (
        found is None
        or found.period is None
        or found.period.kind not in {"named", "calendar"}
        or found.period.offset > 0
    ):
        return None
    seasonal = found.period.event is not None or found.period.day is not None
    plan = QueryPlan(metrics=(found.metric,), filter=found.filter, period=found.period,
                     compare=Comparison(kind="year_earlier" if seasonal else "previous"))
    down = way.lower() in told.raw["moved_down"]
    return _checked(PremiseRequest(relation="change", plan=plan, way="down" if down else "up", asked="whether"))


def _between_times(said: dict[str, str], told: _Words, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """Groups whose figure rose or fell from one time to another: "which categories had fewer buyers in Q1 than in
    Q4"."""
    what = (said.get("what") or "").strip() or "revenue"
    if any(told.pronouns.match(_bare(said[k], told)) for k in ("a", "b")):
        return None
    first, second = (_side(said[k], what, told, plan_one) for k in ("a", "b"))
    split = next(iter(plan_one(f"{what} by {said['group'].strip()}")), None)
    plan = split.calls[0].plan() if split is not None and split.cost <= WELL and not split.unexplained else None
    if first is None or second is None or not isinstance(plan, QueryPlan) or len(plan.dimensions) != 1:
        return None
    if first.metric != second.metric or first.period is None or second.period in {None, first.period}:
        return None
    if plan.metrics != (first.metric,) or plan.filter is not None or second.conditions not in ({}, first.conditions):
        return None
    if plan.having or "customer" in plan.dimensions or (first.period.year or 0) < (second.period.year or 0):
        return None  # a bound is one of another measure; customers are listed; the later time is the one looked at
    down = said["way"].lower() in told.raw["less"]
    made = QueryPlan(
        metrics=plan.metrics, dimensions=plan.dimensions, filter=first.filter,
        period=first.period, compare=Comparison(kind="period", period=second.period),
        having=(Having(metric=plan.metrics[0], op="lt" if down else "gt", values=(0,), of="change"),),
        sort=Sort(by="change", descending=not down), limit=10 if "product" in plan.dimensions else None,
    )
    return Planned([call(made)], 0.95, frame=FRAME)
