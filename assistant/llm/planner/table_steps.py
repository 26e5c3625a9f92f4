"""One step further from the answer before: its measure per customer, its rows broken down, its row against the average.

A remark is told by a form of the whole of it (``table_steps.yaml``); what it does is a change of the typed plan before,
and what it does not say stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from assistant.llm.planner.answers import run
from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.composed_measures import taken_per
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.discourse_lists import growth
from assistant.llm.planner.discourse_scene import FRAME, Plan, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.follow_moves import named
from assistant.llm.planner.group_bounds import DIFFERENT
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.population import in_talk, populations
from assistant.llm.planner.references import period_of_row
from assistant.llm.planner.spans import read
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, CustomerCondition
from assistant.plans.periods import Period
from assistant.plans.query import Comparison, QueryPlan, Sort

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_TIMED = frozenset({"previous", "year_earlier", "period"})
_COUNTS = frozenset({"customers", "orders", "units", "new_customers", "returning_customers"})
#: rows that can be kept by name
_FEW = 60
#: a comparison of times shorter than this is of no whole year
_YEAR = 300
_OF_ORDERS = frozenset({"orders", "average_order_value"})
_LARGEST = frozenset({"largest_order_value"})
_PAIR = 2
_GOODS = ("product", "category", "subcategory", "brand")


class _Forms:
    def __init__(self, language: str) -> None:
        raw: dict[str, Any] = read_yaml(language, "table_steps") or {}
        macros = raw.pop("macros", {})

        def made(pattern: str) -> LatePattern:
            while _MACRO.search(pattern):
                pattern = _MACRO.sub(lambda m: f"(?:{macros[m.group(1)]})", pattern)
            return LatePattern(pattern)

        self._forms = {name: made(str(pattern)) for name, pattern in raw.items()}

    def said(self, name: str, text: str) -> dict[str, str] | None:
        """The slots of a form that the whole text fits."""
        form = self._forms.get(name)
        found = form.fullmatch(text) if form is not None else None
        return None if found is None else {k: v for k, v in found.groupdict().items() if v}


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    return _Forms(language)


def one_step(s: Scene) -> Planned | None:
    """The plan before, one step further; None for any other text, and where the last text was not answered."""
    q = s.query
    if s.last is None or s.context.open_turn() or s.context.past[-1] is not s.last:
        return None
    forms = _forms(s.words.lexicon.language)
    for name, of_people in _OF_PEOPLE.items():
        said = forms.said(name, s.text)
        found = of_people(replace(s, said=said)) if said is not None else None
        if found is not None:
            return found
    for name, step in _STEPS.items() if q is not None else ():
        said = forms.said(name, s.text)
        found = step(replace(s, said=said), q) if said is not None and q is not None else None
        if found is not None:
            return found
    return None


# -- the measure -------------------------------------------------------------------------------------------------------


def _per(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "and per customer?" of revenue by country: revenue per customer by country."""
    what = next((k.partition("_")[0] for k in s.said if k.startswith(("customer", "order", "unit"))), "")
    if not what or what in q.dimensions or q.compare is not None and q.compare.kind not in _TIMED:
        return None
    metric = q.metrics[0]
    money = s.words.role("money")
    if money is not None and metric in _COUNTS and ("money" in s.said or metric == f"{what}s"):
        metric = money
    made = taken_per(metric, what, s.words)
    if made is None:
        return None
    sort = None if q.sort is None else q.sort.model_copy(update={"by": made if q.sort.by in q.metrics else q.sort.by})
    kept: dict[str, Any] = {}
    if {"that", "money_of"} & {*s.said} and q.limit is not None:
        kept = _only_rows(s, q) or {}
    return s.edited(**{"metrics": (made,), "sort": None if sort is None else sort.model_dump(), "transform": None,
                       "summary": None, **kept})


def _share_of(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "what share of revenue do they make?" of some orders or customers: their part of everything."""
    of = named(s, s.said["what"])
    if of is None or not of.metric or q.dimensions or q.compare is not None or q.transform is not None:
        return None
    people = in_talk(s.context) if q.metrics[0].endswith("customers") else None
    kept = people.filter if people is not None else q.filter
    known = s.words.metrics.get(of.metric)
    if kept is None or known is None or not known.adds_up:
        return None
    return s.edited(metrics=(of.metric,), filter=dumped(kept), compare={"kind": "total"})


def _as_share(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "as a share" of new customers by channel: each row's part of them, not another measure."""
    known = s.words.metrics.get(q.metrics[0])
    sums = known is not None and known.unit in {"count", "currency"} and q.limit != 1
    plain = q.compare is None and not q.having and len(q.metrics) == 1
    return s.edited(transform="share", summary=None) if sums and plain and q.dimensions else None


def _share_of_before(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "what share is that?" after some of the customers before: their part of those, and not of all."""
    told = list(islice(populations(s.context), 2))
    if len(told) < _PAIR or told[0].past is not s.last or q.dimensions or q.compare is not None:
        return None
    now, before = told
    if before.past.turn == now.past.turn or now.parts == before.parts or not all(p in now.parts for p in before.parts):
        return None
    return s.edited(metrics=("customers",), filter=dumped(now.filter), period=None, transform=None,
                    compare={"kind": "total", "of": dumped(before.filter)})


def _sold(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "how many did we sell?" of the product that made most: its pieces."""
    if "units" in q.metrics or "units" not in s.words.metrics or q.compare is not None or s.last is None:
        return None
    if q.dimensions and q.limit == 1 and q.dimensions[0] in _GOODS and len(q.dimensions) == 1:
        row = next(iter(s.context.column(s.last, q.dimensions[0])), None)
        kept = None if row is None else join([*parts_of(q.filter), among(q.dimensions[0], [row])])
        return None if row is None else s.edited(metrics=("units",), dimensions=(), filter=dumped(kept), limit=None,
                                                 offset=0, sort=None, transform=None)
    goods = any(isinstance(p, Compare) and p.field in _GOODS for p in parts_of(q.filter))
    return s.edited(metrics=("units",)) if goods and not q.dimensions and q.metrics[0] not in _COUNTS else None


def _worth_each(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "what's their average value?" of orders that were counted."""
    worth = s.words.role("average_order_value") if {"mean", "mean_2"} & {*s.said} else s.words.role("money")
    counted = not q.dimensions and q.metrics == ("orders",) and q.compare is None
    return s.edited(metrics=(worth,)) if counted and worth in s.words.metrics else None


def _on_average(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "and on average each?" of a list of customers and their orders: the mean over the rows."""
    if q.compare is not None or q.transform is not None:
        return None
    if q.dimensions in {("customer",), ("order",)}:
        return s.edited(summary="mean") if q.summary is None else None
    people = any(isinstance(p, CustomerCondition) or getattr(p, "field", "") == "customer" for p in parts_of(q.filter))
    made_of = taken_per(q.metrics[0], "customer", s.words) if people and not q.dimensions else None
    return None if made_of is None else s.edited(metrics=(made_of,))


# -- the rows ----------------------------------------------------------------------------------------------------------


def _only_rows(s: Scene, q: QueryPlan) -> dict[str, Any] | None:
    """What keeps a plan to the rows that were listed; None where they are too many, or no things of one kind."""
    group = s.group()
    if group is None or len(q.dimensions) != 1 or s.last is None:
        return None
    rows = list(dict.fromkeys(s.context.column(s.last, group)))
    if not 0 < len(rows) <= _FEW:
        return None
    return {"filter": dumped(join([*parts_of(q.filter), among(group, rows)])), "limit": None, "offset": 0}


def _broken(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "break that down by month" of a ranking: its rows, each by month; of the row that was picked, that one."""
    items = read(s.said["by"], s.words).items
    by = s.dimension(s.said["by"]) if len(items) == 1 else None
    plain = q.compare is None and not q.having and q.transform in {None, "share"} and not q.within
    if by is None or len(q.dimensions) != 1 or by in q.dimensions or by == "customer" or not plain:
        return None
    group = q.dimensions[0]
    if group in GRAINS and by in GRAINS:
        return None
    if q.limit == 1:
        value = next(iter(s.context.column(s.last, group)), None) if s.last is not None else None
        if value is None:
            return None
        if group in GRAINS:
            then = period_of_row(group, value)
            return None if then is None else s.edited(dimensions=(by,), period=then.model_dump(), limit=None, offset=0,
                                                      sort=None, transform=None)
        kept = join([*parts_of(q.filter), among(group, [value])])
        return s.edited(dimensions=(by,), filter=dumped(kept), limit=None, offset=0, sort=None, transform=None)
    listed = {} if q.limit is None else _only_rows(s, q)
    if listed is None or q.limit is None and group in {"customer", "product", "order"}:
        return None
    split = (by, group) if by in GRAINS else (group, by)
    return s.edited(dimensions=split, sort=None, transform=None, summary=None, **listed)


def _grew(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "which of them grew in 2011?" of a list: those of its rows, over the time that is said."""
    if "x" not in s.said:  # over the two times asked about, or the time and the one before
        listed = "them" in s.said and "most" not in s.said and s.group() not in {None, "customer", "order"}
        return growth(replace(s, said={k: v for k, v in s.said.items() if k == "down"})) if listed else None
    if s.group() is None or s.group() in {"customer", "order"} or len(q.dimensions) != 1:
        return None
    period = _time(s, s.said["x"])
    listed = _only_rows(s, q) if q.limit is not None else {}
    if period is None or listed is None or q.transform not in {None, "share"} or q.having:
        return None
    year = period.unit in {"year", None} or period.kind == "named"
    down = "down" in s.said
    metric = q.metrics[0]
    most = {"having": ({"metric": metric, "op": "lt" if down else "gt", "values": (0.0,), "of": "change"},)}
    if "most" in s.said:
        most = {"limit": 1}  # type: ignore[dict-item]
    return s.edited(**{**listed, "metrics": (metric,), "period": period.model_dump(), "transform": None,
                       "compare": {"kind": "year_earlier" if year else "previous"}, "summary": None,
                       "sort": {"by": "change", "descending": not down}, **most})


def _beside_average(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "which ones are below that?" of a table: its rows below the average row."""
    plain = q.compare is None and not q.having and q.transform in {None, "share"} and q.limit is None
    if not plain or len(q.dimensions) != 1 or q.dimensions[0] in {"customer", "order", "product"}:
        return None
    op = "lt" if "below" in s.said else "gt"
    bound = {"metric": q.metrics[0], "op": op, "values": (1.0,), "of": "average"}
    return s.edited(metrics=q.metrics[:1], having=(bound,), transform=None, summary=None,
                    sort={"by": q.metrics[0], "descending": op == "gt"})


def _average(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "how far above average is that?" of the month that was picked: it and the average month."""
    metric = q.metrics[0]
    moved = q.compare is not None or q.having or q.transform not in {None, "share"}
    if moved or len(q.dimensions) > 1 or s.last is None:
        return None
    if q.dimensions:
        if q.limit != 1:
            return None
        group, kept = q.dimensions[0], q.filter
        rows = s.rows()
        item = next((str(r.get(f"{group}_label") or r.get(group)) for r in rows), None)
    else:
        one = [f for f in parts_of(q.filter) if isinstance(f, Compare) and f.op == "eq"]
        if len(one) != 1 or one[0].field not in s.words.dimensions or len(parts_of(q.filter)) > 1:
            return None
        group, item, kept = one[0].field, str(one[0].values[0]), None
    if item is None or group in {"customer", "order"}:
        return None
    plan = QueryPlan(metrics=(metric,), dimensions=(group,), filter=kept, period=q.period, summary="mean",
                     sort=None if group in GRAINS else Sort(by=metric))
    way = "down" if {"below", "less"} & {*s.said} else "up"
    asked = "whether" if "whether" in s.said else "size"
    return answer(ToolCall("check_premise", {"relation": "larger", "plan": call(plan).args, "item": item, "way": way,
                                             "asked": asked}))


def _difference(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "what's the difference?" after the highest and the lowest: the two rows that were picked."""
    picked = [p for p in s.context.past if p.turn in {t[0].turn for t in s.context.turns()[-_PAIR:]}]
    plans = [p.call.plan() for p in picked if p.call.name == "query_data"]
    if len(plans) != _PAIR or not all(isinstance(p, QueryPlan) and p.limit == 1 and not p.offset for p in plans):
        return None
    one, other = plans
    same = (one.metrics, one.dimensions, one.filter, one.period) == (other.metrics, other.dimensions, other.filter,
                                                                     other.period)
    if not same or len(one.dimensions) != 1 or one.compare is not None or one.sort == other.sort:
        return None
    group = one.dimensions[0]
    items = [next(iter(s.context.column(p, f"{group}_label") or s.context.column(p, group)), None) for p in picked]
    if None in items or items[0] == items[1]:
        return None
    plan = QueryPlan(metrics=one.metrics[:1], dimensions=(group,), filter=one.filter, period=one.period)
    if one.sort is not None and not one.sort.descending:
        items.reverse()
    return answer(ToolCall("check_premise", {"relation": "larger", "plan": call(plan).args, "item": items[0],
                                              "than": items[1], "way": "up", "asked": "size"}))


def _which_ones(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "which ones have fewer than 10 customers?" after the number of countries: countries that do."""
    group = next((d for d, m in DIFFERENT.items() if m == q.metrics[0] and d != "customer"), None)
    if group is None or q.dimensions or q.compare is not None or group not in s.words.dimensions:
        return None
    rest = s.said.get("rest", "").strip()
    if not rest:
        money = s.words.role("money") or "revenue"
        return s.edited(metrics=(money,), dimensions=(group,), sort={"by": money, "descending": True})
    found = s.again(f"which {s.words.dimensions[group].label.lower()} {rest}")
    return replace(found, frame=FRAME) if found.frame not in {"decline", "ask"} else None


# -- the times ---------------------------------------------------------------------------------------------------------


def _time(s: Scene, text: str) -> Period | None:
    """The time that a few words name in this talk."""
    found = named(s, text)
    if found is None or not found.time:
        return None
    money = s.words.metrics[s.words.role("money") or s.query.metrics[0]].label.lower()  # type: ignore[union-attr]
    plan = s.planned(f"{money} {text}") or s.planned(f"{money} in {text}")
    return None if plan is None else plan.period


def _other_side(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "and to November 2024?" after November 2025 against October: what it is set against changes."""
    if q.compare is None or q.compare.kind not in _TIMED or q.period is None:
        return None
    period = _time(s, s.said["x"])
    if period is None or period == q.period:
        return None
    return s.edited(compare=Comparison(kind="period", period=period).model_dump())


def _both_narrowed(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "just November" after one year against the other: that month of either."""
    if q.compare is None or q.compare.kind not in _TIMED or q.period is None or any(c.isdigit() for c in s.said["x"]):
        return None
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    span = reader.bounds(q.period)
    base = reader.bounds(q.compare.period) if q.compare.period is not None else None
    if span is None or (span[1] - span[0]).days < _YEAR:
        return None
    text = s.said["x"]
    found = named(s, text)
    if found is None or not found.time:
        return None
    first = _time(s, f"{text} {span[0].year}")
    inside = reader.bounds(first) if first is not None else None
    if first is None or inside is None or not span[0] <= inside[0] <= span[1] or inside[0].year != span[0].year:
        return None
    if q.compare.kind == "year_earlier" or base is not None and base[0].year == span[0].year - 1:
        return s.edited(period=first.model_dump(), compare={"kind": "year_earlier"})
    other = _time(s, f"{text} {base[0].year}") if base is not None else None
    return None if other is None else s.edited(
        period=first.model_dump(), compare=Comparison(kind="period", period=other).model_dump())


# -- the customers -----------------------------------------------------------------------------------------------------


def _were_new(s: Scene) -> Planned | None:
    """As in "how many of them were new?" of the customers of a month: new then, whatever the word means today."""
    people = in_talk(s.context)
    times = [p.period for p in people.parts if isinstance(p, CustomerCondition) and p.period is not None] if (
        people is not None and people.past is s.last) else []
    own = parts_of(getattr(s.last.call.plan(), "filter", None)) if s.last is not None else []
    timed = any(isinstance(p, CustomerCondition) and p.period is not None for p in own)
    if people is None or not timed or len(times) != 1 or any(
            getattr(p, "metric", "") == "new_customers" for p in people.parts):
        return None
    new = CustomerCondition(metric="new_customers", op="ge", values=(1,), period=times[0])
    return answer(call(QueryPlan(metrics=("customers",), filter=join([*people.parts, new]))))


def _came_back(s: Scene) -> Planned | None:
    """As in "how many came back in January?" of those who bought in December: the January after it, and of those."""
    people = in_talk(s.context)
    if people is None or people.past is not s.last:
        return None
    timed = [p for p in people.parts if isinstance(p, CustomerCondition) and p.period is not None]
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    span = reader.bounds(timed[0].period) if len(timed) == 1 and timed[0].period is not None else None
    if span is None:
        return None
    if "x" in s.said:
        period = _after(s, s.said["x"], span[1])
        back = None if period is None else CustomerCondition(metric="orders", op="ge", values=(1,), period=period)
    elif timed[0].metric == "new_customers" or timed[0].metric.startswith("first"):
        back = CustomerCondition(metric="orders", op="ge", values=(2,))
    else:
        return None
    if back is None:
        return None
    return answer(call(QueryPlan(metrics=("customers",), filter=join([*people.parts, back]))))


def _after(s: Scene, text: str, day: Any) -> Period | None:
    """The time that is named, where no year is said the first one that begins after a day."""
    if any(c.isdigit() for c in text):
        return _time(s, text)
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    for year in (day.year, day.year + 1):
        period = _time(s, f"{text} {year}")
        bounds = reader.bounds(period) if period is not None else None
        if bounds is not None and bounds[0] > day:
            return period
    return None


# -- orders ------------------------------------------------------------------------------------------------------------


def _order(s: Scene, q: QueryPlan) -> str | None:
    """The order that was picked: the one row of a ranking of orders, or the one behind "the largest order"."""
    if q.dimensions and q.dimensions[0] == "order" and s.last is not None:
        rows = s.context.column(s.last, "order")
        place = {"second": 1, "third": 2, "last": -1}.get(s.said.get("place", ""), 0)
        single = len(rows) == 1 or "place" in s.said
        return rows[place] if rows and single and -1 <= place < len(rows) else None
    if q.dimensions or q.metrics[0] not in _LARGEST:
        return None
    money = s.words.role("money") or "revenue"
    ranked = QueryPlan(metrics=(money,), dimensions=("order",), filter=q.filter, period=q.period, limit=1,
                       sort=Sort(by=money))
    result = run(s.shop, call(ranked))  # type: ignore[arg-type]
    if result is None or len(result.tables[0].rows) != 1:
        return None
    return str(result.tables[0].rows[0][[c.name for c in result.tables[0].columns].index("order")])


def _in_order(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "what was in it?" of the largest order: its products."""
    found = _order(s, q)
    if found is None:
        return None
    money = s.words.role("money") or "revenue"
    metrics = tuple(m for m in ("units", money) if m in s.words.metrics)
    return answer(call(QueryPlan(metrics=metrics, dimensions=("product",), filter=among("order", [found]),
                                 sort=Sort(by=money))))


def _by_whom(s: Scene, q: QueryPlan) -> Planned | None:
    """As in "who placed it?" of the largest order: the customer."""
    found = _order(s, q)
    if found is None:
        return None
    money = s.words.role("money") or "revenue"
    return answer(call(QueryPlan(metrics=(money,), dimensions=("order", "customer"), filter=among("order", [found]))))


def kept_orders(text: str, planned: Planned, context: DialogueContext, language: str, alone: Plan) -> Planned | None:
    """As in "what share of these baskets came back?" of orders that were counted: those, and not all of them."""
    said = _forms(language).said("those_orders", text.strip(" ?!."))
    last = context.past[-1] if context.past else None
    q = last.call.plan() if last is not None and last.call.name == "query_data" and not last.refused else None
    if said is None or not isinstance(q, QueryPlan) or q.dimensions or q.compare is not None:
        return None
    if q.metrics[0] not in _OF_ORDERS or q.filter is None and q.period is None:
        return None
    at = text.index(said["it"])
    first = said["it"].split()[0]
    put = f"{first} orders" if first.lower() in heard("table_steps.before") else "orders"
    found = alone(f"{text[:at]}{put}{text[at + len(said['it']):]}")
    plan = found.calls[0].plan() if len(found.calls) == 1 and found.calls[0].name == "query_data" else None
    own = parts_of(plan.filter) if isinstance(plan, QueryPlan) else []
    if not isinstance(plan, QueryPlan) or plan.period is not None or any(isinstance(p, CustomerCondition) for p in own):
        return None
    kept = join([*parts_of(q.filter), *(p for p in own if p not in parts_of(q.filter))])
    fields: dict[str, Any] = {**plan.model_dump(), "filter": dumped(kept),
                              "period": None if q.period is None else q.period.model_dump()}
    if plan.compare is not None and plan.compare.kind == "total" and own:
        fields["compare"] = {"kind": "total", "of": dumped(q.filter)}
    return made(fields)


def narrowed_share(planned: Planned, context: DialogueContext, text: str) -> Planned | None:
    """As in "and in France?" of a share of orders: the part and the whole are both narrowed."""
    last = context.last()
    before = last.call.plan() if last is not None and last.call.name == "query_data" else None
    now = planned.calls[0].plan() if len(planned.calls) == 1 and planned.calls[0].name == "query_data" else None
    if not isinstance(before, QueryPlan) or not isinstance(now, QueryPlan) or before.compare is None:
        return None
    if before.compare.kind != "total" or now.compare != before.compare or now.metrics != before.metrics:
        return None
    old = parts_of(before.filter)
    fields = {p.field for p in old if isinstance(p, Compare)}
    added = [p for p in parts_of(now.filter) if p not in old]
    plain = all(isinstance(p, Compare) and p.op in {"eq", "in"} and p.field not in fields for p in added)
    if not old or not added or not plain or not all(p in parts_of(now.filter) for p in old) or pointed(text):
        return None
    whole = join([*parts_of(now.compare.of), *added])
    compare = Comparison(kind="total", of=whole, period=now.compare.period)
    return replace(planned, calls=[call(now.model_copy(update={"compare": compare}))])


def pointed(text: str) -> bool:
    """Whether a text speaks of those before: "and the German ones?"."""
    return expression("table_steps.those").search(text) is not None


_OF_PEOPLE: dict[str, Callable[[Scene], Planned | None]] = {"came_back": _came_back, "were_new": _were_new}
_STEPS: dict[str, Callable[[Scene, QueryPlan], Planned | None]] = {
    "share_of_before": _share_of_before, "as_share": _as_share, "sold": _sold, "difference": _difference,
    "which_ones": _which_ones, "each_on_average": _on_average, "worth_each": _worth_each,
    "per": _per, "broken": _broken, "average": _average, "beside_average": _beside_average,
    "grew": _grew, "share_of": _share_of,
    "in_order": _in_order, "by_whom": _by_whom, "other_side": _other_side,
    "both_narrowed": _both_narrowed,
}

__all__ = ["kept_orders", "narrowed_share", "one_step"]
