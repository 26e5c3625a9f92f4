"""Data questions read whole, part by part: a measure, conditions, a time, a split, a comparison, a ranking or a share.

The parts may stand in any order, each in many wordings (data: ``prompts/lexicon/<language>/composed.yaml``). A text is
taken only where every word belongs to a part and the parts fit each other; anything else is left to the other readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.errors import AssistantError
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.composed_parts import Part, Parts
from assistant.llm.planner.composed_times import against_time, current_unit, same_stretch
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import expression
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.rephrase import rephrase
from assistant.llm.planner.spans import read
from assistant.llm.planner.units import GRAINS, NUMBERS_OF_PEOPLE
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Among, Compare, Filter, Not
from assistant.plans.periods import Period
from assistant.plans.query import Comparison, QueryPlan, Sort

_LONGEST = 260
_MOST_TOKENS = 48
#: a shorter text tells no story before its question
_LEAST_WITH_BACKGROUND = 60
_WORDS_OF_BACKGROUND = 5
#: so many ways to cut a text are tried
_MOST_PARSES = 24
#: measures that are counted on lines, so that every condition on lines may narrow them
_OF_LINES = frozenset(
    {
        "revenue",
        "gross_revenue",
        "net_revenue",
        "orders",
        "units",
        "net_units",
        "average_order_value",
        "items_per_order",
        "lines_per_order",
        "median_order_value",
        "discount_amount",
        "discount_rate",
        "gross_margin",
        "margin_rate",
        "average_price",
        "products_sold",
        "units_returned",
        "returned_value",
        "return_rate",
        "discounted_orders",
    }
)
#: of these the highest is not the best
_RATHER_LOW = frozenset(
    {
        "return_rate",
        "unit_return_rate",
        "units_returned",
        "returned_value",
        "discount_amount",
        "discount_rate",
        "return_orders",
        "cancelled_orders",
        "lost_customers",
        "days_between_orders",
    }
)
#: of these several values make one figure
_SUMS = frozenset(
    {
        "revenue",
        "gross_revenue",
        "net_revenue",
        "orders",
        "units",
        "net_units",
        "customers",
        "new_customers",
        "returning_customers",
        "discount_amount",
        "gross_margin",
        "products_sold",
        "units_returned",
        "returned_value",
        "gift_card_revenue",
    }
)
_GOODS = frozenset({"category", "subcategory", "brand", "product"})
#: as a mean over days
_MEANS = {"revenue": "revenue_per_day", "orders": "orders_per_day", "units": "units_per_day"}
#: of these a plain noun is as well a list of things
_THINGS = frozenset(
    {
        "orders",
        "customers",
        "new_customers",
        "returning_customers",
        "repeat_customers",
        "units",
        "products_sold",
        "guest_orders",
        "lost_customers",
        "one_time_customers",
    }
)


#: "in a year" is said of one customer: the last one
_OF_ONE_CUSTOMER = frozenset(
    {"orders_per_customer", "units_per_customer", "revenue_per_customer", "margin_per_customer"}
)


class _Unfit(Exception):
    """The parts do not fit each other."""


@dataclass
class _Plan:
    metrics: tuple[str, ...] = ()
    dimensions: list[str] = field(default_factory=list)
    rules: list[Filter] = field(default_factory=list)
    time: PeriodReading | None = None
    compare: Comparison | None = None
    rank: dict[str, Any] = field(default_factory=dict)
    ranked: str | None = None
    #: things of a value: "top 5 garden brands" are the best selling
    ranked_inside: bool = False
    by: list[tuple[str, ...]] = field(default_factory=list)


def composed(text: str, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """The plan of a data question of which every word is a part; None where the text is none.

    Args:
        text: as typed.
        context: a text that could as well speak of the answer before is left alone.
    """
    found = _either_way(text, context, words)
    if found is not None or len(text) < _LEAST_WITH_BACKGROUND:
        return found
    for cut in expression("composed.background").finditer(text):
        before, asked = text[: cut.start()], text[cut.end() :]
        if len(before.split()) < _WORDS_OF_BACKGROUND or any(i.has("value") for i in read(before, words).items):
            continue  # what goes before narrows the question
        if "\n" in before.strip() or any(_either_way(one, context, words) for one in before.split("\n")):
            continue  # it asks for something itself
        found = _either_way(asked, context, words)
        if found is not None:
            found.notes.append(f"background|{asked.strip()}")
            return found
    return None


def _either_way(text: str, context: DialogueContext, words: Vocabulary) -> Planned | None:
    """As typed, or in the words of the grammar."""
    if len(text) > _LONGEST:
        return None
    plain = rephrase(text, words.lexicon.words, words.lexicon.language)
    return _planned(text, context, words) or (_planned(plain, context, words) if plain != text else None)


def _planned(text: str, context: DialogueContext, words: Vocabulary) -> Planned | None:
    tokens = read(text, words).tokens
    if len(tokens) > _MOST_TOKENS or any(t.kind in {"quote", "date"} and t.lemma == '""' for t in tokens):
        return None
    parts = Parts(tokens, words)
    for tried, parse in enumerate(_parses(parts)):
        if tried >= _MOST_PARSES:
            return None
        try:
            plan = _built(parse, parts)
        except (_Unfit, AssistantError, ValueError):
            continue
        if context.past and (not _asks(parse) or any(p.kind == "link" for p in parse)):
            return None  # "orders by month" after an answer is about the time and the conditions of that answer
        return Planned([call(plan)], 0.97, frame="composed")
    return None


def _asks(parse: Sequence[Part]) -> bool:
    return any(p.kind in {"open", "showing", "clause", "clause_of", "growth"} for p in parse)


def _parses(parts: Parts) -> Iterator[list[Part]]:
    """Every way to cut the text into parts, the longest parts first."""
    dead: set[tuple[int, bool, bool]] = set()

    def cut(at: int, core: bool, of_orders: bool) -> Iterator[list[Part]]:
        if at >= parts.count:
            if core:
                yield []
            return
        if (at, core, of_orders) in dead:
            return
        any_found = False
        for part in parts.at(at, core=core, of_orders=of_orders):
            for rest in cut(part.end, core or part.core, part.of_orders):
                any_found = True
                yield [part, *rest]
        if not any_found:
            dead.add((at, core, of_orders))

    yield from cut(0, False, False)


def _built(parse: Sequence[Part], parts: Parts) -> QueryPlan:
    plan = _Plan()
    shares = [p for p in parse if p.kind == "share"]
    for part in parse:
        _put(part, plan)
    times = [p.value for p in parse if p.kind == "time"] + [
        p.value["time"] for p in parse if p.kind in {"share", "rank"} and p.value.get("time")
    ]
    plan.time = _time(times, plan)
    if any(p.kind == "yearly" for p in parse):
        if plan.time is not None or not set(plan.metrics) <= _OF_ONE_CUSTOMER:
            raise _Unfit
        plan.time = PeriodReading("period", 0, 0, Period(kind="rolling", unit="year"))
    against = [p for p in parse if p.kind == "compare"]
    if against and plan.compare is not None:
        raise _Unfit
    plan.compare = plan.compare or _comparison(against, plan, parts)
    if shares:
        if plan.compare is not None or plan.ranked is not None:
            raise _Unfit
        ends = [p.value for p in parse if p.kind == "share_end"] + [shares[0].value["rule"]] * bool(
            shares[0].value["rule"]
        )
        if not ends and len(plan.rules) == 1:
            ends = [plan.rules.pop()]  # "share of orders placed in the app"
        if len(ends) != 1:
            raise _Unfit
        plan.compare = Comparison(kind="total", of=_joined(plan.rules) if plan.rules else None)
        plan.rules.append(ends[0])
    elif any(p.kind == "share_end" for p in parse):
        raise _Unfit
    for part in parse:  # means and rates of several values are shown for each
        if part.both and part.kind == "rule" and len(part.value.values) > 1 and not set(plan.metrics) <= _SUMS:
            plan.dimensions.append(part.value.field)
    _rank(plan)
    if any(p.kind == "per_day" for p in parse):
        _per_day(parse, plan)
    _check(parse, plan)
    return QueryPlan(
        metrics=_shown(plan),
        dimensions=tuple(plan.dimensions),
        filter=_joined(plan.rules),
        period=plan.time.period if plan.time else None,
        compare=plan.compare,
        **plan.rank,
    )


def _put(part: Part, plan: _Plan) -> None:
    """One part into the plan."""
    value = part.value
    if part.kind in {"metrics", "clause"}:
        plan.metrics = value
    elif part.kind == "clause_of":
        plan.metrics = value["metrics"]
        plan.rules.append(value["rule"])
    elif part.kind in {"share", "growth"}:
        plan.metrics = value["metrics"]
        if value.get("inside") is not None:
            plan.rules.append(value["inside"])
    elif part.kind == "rank":
        plan.metrics, plan.ranked = value["metrics"], value["dimension"]
        down = value["descending"]
        plan.rules.extend([value["inside"]] if value.get("inside") is not None else [])
        plan.ranked_inside = value.get("inside") is not None
        plan.rank = {"descending": down, "limit": value["limit"], "offset": value["offset"]}
    elif part.kind == "ranked_by":
        plan.by.append(value)
    elif part.kind == "rule":
        plan.rules.append(value)
    elif part.kind == "which_more":
        plan.metrics = value
    elif part.kind == "against_rest":
        plan.rules.append(value)
        plan.compare = Comparison(kind="rest")
    elif part.kind in {"each", "either_or"}:
        plan.rules.append(value)
        plan.dimensions.append(value.field)
    elif part.kind == "split":
        plan.dimensions.extend(value)
    elif part.kind == "sorted":
        plan.rank = {"sorted": value}


def _rank(plan: _Plan) -> None:
    """What rows are ranked by may stand apart from what is ranked."""
    if plan.by:
        if plan.ranked is None or plan.metrics or len(plan.by) > 1:
            raise _Unfit
        plan.metrics = plan.by[0]
    elif not plan.metrics and (plan.ranked_inside or (plan.ranked in _GOODS and plan.rules)):
        plan.metrics = ("revenue",)
    if plan.ranked is None:
        down = plan.rank.pop("sorted", None)
        if down is not None:
            if not plan.metrics or not plan.dimensions or set(plan.dimensions) & set(GRAINS):
                raise _Unfit
            if plan.metrics[0] in _RATHER_LOW:
                raise _Unfit  # whether the worst return rate is the highest is for the other readings to say
            plan.rank = {"sort": Sort(by=plan.metrics[0], descending=down)}
        return
    if not plan.metrics or plan.metrics[0] in _RATHER_LOW or len(plan.metrics) > 1:
        raise _Unfit  # whether the best return rate is the highest is for the other readings to say
    plan.rank = {
        "sort": Sort(by=plan.metrics[0], descending=plan.rank["descending"]),
        "limit": plan.rank["limit"],
        "offset": plan.rank["offset"],
    }


def _per_day(parse: Sequence[Part], plan: _Plan) -> None:
    """ "Orders per day" is a mean over the days; to be shown, it is every day."""
    kinds = {p.kind for p in parse}
    if (
        plan.ranked is not None
        or len(plan.metrics) > 1
        or not (plan.dimensions or kinds & {"showing", "open", "clause"})
    ):
        raise _Unfit
    if any(p.kind == "showing" for p in parse) or plan.metrics[0] not in _MEANS:
        plan.dimensions.append("day")
    else:
        plan.metrics = (_MEANS[plan.metrics[0]],)


def _time(found: Sequence[PeriodReading], plan: _Plan) -> PeriodReading | None:
    if not found:
        return None
    if len(found) > 1:
        raise _Unfit
    return found[0]


def _comparison(found: Sequence[Part], plan: _Plan, parts: Parts) -> Comparison | None:
    if not found:
        return None
    if len(found) > 1:
        raise _Unfit
    kind, said = found[0].value["kind"], found[0].value
    if kind in {"rest", "whole"}:
        if not plan.rules or plan.dimensions:
            raise _Unfit
        return Comparison(kind="rest" if kind == "rest" else "total")
    if kind == "from_to":
        if plan.time is not None:
            raise _Unfit
        plan.time, said = said["periods"][1], {**said, "period": said["periods"][0]}
    if plan.time is None:
        plan.time = current_unit(said["period"])
    if plan.time is None:
        raise _Unfit
    if kind == "year_earlier":
        return Comparison(kind="year_earlier")
    if kind == "previous":
        if not same_stretch(plan.time, said):
            raise _Unfit
        return Comparison(kind="previous")
    now, other = against_time(plan.time, said["period"], of_year=kind == "of_year")
    if now is None or other is None:
        raise _Unfit
    if parts.begins(now) < parts.begins(other):
        now, other = other, now  # "March vs April": the later one is looked at
    plan.time = replace(plan.time, period=now)
    return Comparison(kind="period", period=other)


def _check(parse: Sequence[Part], plan: _Plan) -> None:
    """Raises where the parts do not belong together."""
    kinds = {p.kind for p in parse}
    if not plan.metrics or len(set(plan.dimensions)) != len(plan.dimensions):
        raise _Unfit
    if "customer" in plan.dimensions and any(m in _OF_ONE_CUSTOMER for m in plan.metrics):
        raise _Unfit  # a mean over customers for each of them
    if plan.ranked is not None:
        if plan.ranked in plan.dimensions or len(plan.dimensions) > 1:
            raise _Unfit
        if plan.dimensions:
            plan.rank["within"] = tuple(plan.dimensions)
        plan.dimensions.append(plan.ranked)
        if plan.ranked in GRAINS and plan.compare is not None:
            raise _Unfit
    grains = [d for d in plan.dimensions if d in GRAINS]
    if len(grains) > 1 or (grains and plan.compare is not None):
        raise _Unfit
    if "growth" in kinds and (plan.compare is None or plan.compare.kind in {"total", "rest"}):
        raise _Unfit
    if "average" in kinds and set(plan.metrics) & _SUMS:
        raise _Unfit  # "revenue on average": per what is not said
    if ("either_or" in kinds) != ("which_more" in kinds):
        raise _Unfit  # "Millbrook or Petalworks?" is asked of what sold more
    if any(p.value["kind"] == "whole" for p in parse if p.kind == "compare") and set(plan.metrics) <= _SUMS:
        raise _Unfit  # a sum is no more or less than that of the whole shop
    if any(p.value["kind"] == "from_to" for p in parse if p.kind == "compare") and "growth" not in kinds:
        raise _Unfit
    _check_rules(plan)
    if set(plan.metrics) & NUMBERS_OF_PEOPLE and plan.time is None and plan.metrics != ("customers",):
        raise _Unfit  # who is new without a time is a matter of definition
    if plan.metrics == ("customers",) and "clause" in kinds and not (plan.rules or plan.dimensions or plan.compare):
        raise _Unfit  # who ordered then: customers that can be listed
    bare = any(p.kind in {"metrics", "clause_of"} and p.listed for p in parse)
    if bare and not plan.dimensions and plan.compare is None and "share" not in kinds:
        sourced = any(isinstance(r, Compare) and r.field == "acquisition_channel" for r in plan.rules)
        people = not sourced and bool(set(plan.metrics) & (NUMBERS_OF_PEOPLE | {"products_sold"}))
        if "showing" in kinds or (people and not kinds & {"open"}):
            raise _Unfit  # "show me orders from Belgium" asks for a list


def _check_rules(plan: _Plan) -> None:
    positive = [r.field for r in plan.rules if isinstance(r, Compare)]
    if len(set(positive)) != len(positive) or ("customer_country" in positive and "country" not in positive):
        raise _Unfit  # where customers live is told from where orders went only where both are said
    without = any(isinstance(r, Not) and isinstance(r.part, Compare) and r.part.field in _GOODS for r in plan.rules)
    if without and "orders" in plan.metrics and any(
        isinstance(r, Among) or (isinstance(r, Compare) and r.field in _GOODS) for r in plan.rules
    ):
        raise _Unfit  # orders that hold one thing and not the other: said of whole orders
    kept = {(r.field, str(v)) for r in plan.rules if isinstance(r, Compare) for v in r.values}
    dropped = {
        (r.part.field, str(v))
        for r in plan.rules
        if isinstance(r, Not) and isinstance(r.part, Compare)
        for v in r.part.values
    }
    if kept & dropped:
        raise _Unfit  # "in Germany but not in Germany"
    fields = {*positive, *(r.part.field for r in plan.rules if isinstance(r, Not) and isinstance(r.part, Compare))}
    of_lines = fields & {"new_vs_returning", "order_value", "order_units", "order_products"} or any(
        isinstance(r, Among) for r in plan.rules
    )
    if (of_lines or "new_vs_returning" in plan.dimensions) and not set(plan.metrics) <= _OF_LINES:
        raise _Unfit
    single = {r.field for r in plan.rules if isinstance(r, Compare) and r.op == "eq"}
    if single & set(plan.dimensions):
        raise _Unfit  # one value split by itself: another thing was meant


def _shown(plan: _Plan) -> tuple[str, ...]:
    """The measures; of a word that names two the first one where times are compared."""
    ambiguous = len(plan.metrics) > 1 and set(plan.metrics) == {"gross_margin", "margin_rate"}
    return plan.metrics[:1] if ambiguous and plan.compare else plan.metrics


def _joined(rules: Sequence[Filter]) -> Filter | None:
    return join(list(rules)) if rules else None
