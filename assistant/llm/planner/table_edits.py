"""What a remark puts beside the table before, and its rows in one figure: "now 2024 as well", "average of these".

A remark is told by the words that say what is done (``table_edits.yaml``); what is left is the one thing that it is
done with: a measure becomes a column, a time what the table is set against, a value of the condition another row. Where
a word is left over, the remark is something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import LOOK_ASIDE
from assistant.llm.planner.dialogue_time import neighbour
from assistant.llm.planner.discourse_lists import halves_of
from assistant.llm.planner.discourse_pairs import in_both, later_first, together
from assistant.llm.planner.discourse_scene import FRAME, Scene, among, answer, dumped, made, parts_of
from assistant.llm.planner.follow_moves import Named, named, plain_words
from assistant.llm.planner.group_bounds import DIFFERENT
from assistant.llm.planner.heard import expression
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.references import extreme_row, period_of_row
from assistant.llm.planner.second_clauses import SHARE
from assistant.llm.planner.spans import read
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.values import join
from assistant.plans.filters import Compare, Filter
from assistant.plans.query import ChangePlan, Comparison, QueryPlan

_WORD = re.compile(r"[^\W_]+|%")
#: so many answers back a ranking is gone on with
_BACK = 3
_RATES = frozenset({"percent", "ratio", "probability"})
#: measures of money that are averages themselves
_AVERAGES = ("average", "revenue_per", "basket")
GOODS = frozenset({"product", "category", "subcategory", "brand"})
#: a condition that names more rows than this is no answer to read
_FEW = 200


#: forms of the whole remark
_WHOLE = ("own_share", "by_one", "bound", "by_the_last", "later", "whither", "part_of", "counted", "widen", "next_best",
          "rank_of", "whole_unit", "happened")


class _Words:
    def __init__(self, language: str) -> None:
        raw: dict[str, Any] = read_yaml(language, "table_edits") or {}
        self.around = frozenset(map(str, raw.get("around", ())))
        self.summing = frozenset(map(str, raw.get("summing", ())))
        self.everywhere = frozenset(map(str, raw.get("everywhere", ())))
        self.places: dict[int, list[str]] = raw.get("places", {})
        self.shared = frozenset(map(str, raw.get("shared", ())))
        self.whole = {k: re.compile(raw.get(k, "(?!)"), re.IGNORECASE) for k in _WHOLE}
        self.row_words = frozenset(str(w) for w in raw.get("row_words", ()))
        self.counterparts: dict[str, dict[str, str]] = raw.get("counterparts", {})
        self._kinds = {kind: [re.compile(p, re.IGNORECASE) for p in forms]
                       for kind, forms in raw.get("kinds", {}).items()}

    def left(self, kind: str, said: str) -> str | None:
        """What is left of a remark without the words that tell the kind; None where none does."""
        found = next((m for form in self._kinds.get(kind, ()) if (m := form.search(said))), None)
        if found is None:
            return None
        words = f"{said[: found.start()]} {said[found.end() :]}".split()
        while words and self._small(words[0]):
            words = words[1:]
        while words and self._small(words[-1]):
            words = words[:-1]
        return " ".join(words).strip(" ,.!?")

    def tells(self, kind: str, said: str) -> bool:
        return any(form.search(said) for form in self._kinds.get(kind, ()))

    def _small(self, word: str) -> bool:
        return word.lower().strip(",.!?").replace("'", "") in self.around


@lru_cache(maxsize=4)
def _words(language: str) -> _Words:
    return _Words(language)


def table_edited(s: Scene) -> Planned | None:
    """The table before with what a remark puts beside it, or its rows in one figure; None for any other text."""
    words = _words(s.words.lexicon.language)
    wider = _widened(s, words)
    q = s.query
    if q is None or wider is not None:
        return wider
    for reading in _READINGS:
        done = reading(s, q, words)
        if done is not None:
            return done
    for kind, act in _ACTS.items():
        if kind == "each" and q.dimensions == ("customer",) and not words.whole["by_one"].search(s.text):
            continue  # "the average order value for them" is that of all of them
        x = words.left(kind, s.text)
        found = (_counterpart(s, q, words, x) or named(s, x)) if x else _sold(s, act) if x == "" else None
        done = _before_it(s, q, x) if found is None and x and act is _beside else None
        done = done if found is None else act(s, q, found)
        if done is not None:
            return done
    return None


def _counterpart(s: Scene, q: QueryPlan, words: _Words, x: str) -> Named | None:
    """As in "gross" of a table of net revenue."""
    other = next((m for own, m in words.counterparts.get(x.lower(), {}).items() if own in q.metrics), "")
    return Named(x, metric=other) if other in s.words.metrics else None


# -- beside the table --------------------------------------------------------------------------------------------------


def _sold(s: Scene, act: Callable[..., Planned | None]) -> Named | None:
    """As in "how many did we sell of each?" of goods: pieces; "what did each bring in?": money."""
    money = s.words.role("money")
    if act is _column and money is not None and expression("table_edits.brought").search(s.text):
        return Named("", metric=money)
    pieces = act is _column and s.group() in GOODS and expression("table_edits.how_many").search(s.text)
    return Named("", metric="units") if pieces and "units" in s.words.metrics else None


def _beside(s: Scene, q: QueryPlan, found: Named) -> Planned | None:
    if found.metric:
        return _column(s, q, found)
    if found.time:
        return _time(s, q, found)
    return _value(s, q, found.values[0]) if len(found.values) == 1 else None


def _column(s: Scene, q: QueryPlan, found: Named) -> Planned | None:
    """One more measure of the same rows, in the same order."""
    if not found.metric or found.metric in q.metrics or q.transform in {"share", "growth", "cumulative"}:
        return None
    return s.edited(metrics=(*q.metrics, found.metric))


def _time(s: Scene, q: QueryPlan, found: Named) -> Planned | None:
    """The same of another time beside it; a ranking has other rows then, and is asked for of that time."""
    if q.compare is not None or q.transform is not None:
        return None
    put = plain_words(s.words.lexicon.language)
    if q.limit is not None:
        again = s.again(put["and"].format(x=found.text))
        return replace(again, frame=FRAME) if _queried(again) is not None else None
    other = s.again(put["against"].format(x=found.text))
    plan = _queried(other)
    if plan is None or plan.compare is None or plan.dimensions != q.dimensions or plan.metrics != q.metrics:
        return None
    if plan.compare.period is None or plan.period is None:
        return replace(other, frame=FRAME)
    now, before = later_first(s, plan.period, plan.compare.period)
    against = Comparison(kind="period", period=before)
    return s.edited(period=now.model_dump(), compare=against.model_dump())


def _before_it(s: Scene, q: QueryPlan, x: str) -> Planned | None:
    """As in "the day before as well": set against the stretch before."""
    if q.compare is not None or not any(i.has("previous", "year_earlier") for i in read(x, s.words).items):
        return None
    other = s.again(plain_words(s.words.lexicon.language)["against"].format(x=x))
    plan = _queried(other)
    fits = plan is not None and plan.compare is not None and plan.dimensions == q.dimensions
    return replace(other, frame=FRAME) if fits else None


def _queried(planned: Planned) -> QueryPlan | None:
    if planned.frame in {"decline", "ask"} or [c.name for c in planned.calls] != ["query_data"]:
        return None
    plan = planned.calls[0].plan()
    return plan if isinstance(plan, QueryPlan) else None


def _against(s: Scene, q: QueryPlan, found: Named) -> Planned | None:
    """As in "vs the web" after the app: both, each with its own figure."""
    return _value(s, q, found.values[0]) if len(found.values) == 1 else None


def _same_in(s: Scene, q: QueryPlan, found: Named) -> Planned | None:
    """As in "are they the same ones as in November": what stands in both lists."""
    if not found.time or q.limit is None or q.compare is not None:
        return None
    other = _queried(s.again(plain_words(s.words.lexicon.language)["and"].format(x=found.text)))
    if other is None or other.period is None or other.period == q.period or other.dimensions != q.dimensions:
        return None
    against = Comparison(kind="period", period=other.period)
    compared = replace(s.last, call=call(q.model_copy(update={"compare": against})))  # type: ignore[type-var]
    context = replace(s.context, past=[compared])
    return in_both(replace(s, context=context, last=compared)) or s.edited(period=other.period.model_dump())


def _part_of(s: Scene, q: QueryPlan, found: Named) -> Planned | None:
    """As in "as % of France" of some customers there: the figure as a part of what is named."""
    if q.compare is not None or len(found.values) != 1 or q.dimensions:
        return None
    whole = found.values[0]
    parts = parts_of(q.filter)
    kept = join(parts if whole in parts else [*parts, whole])
    if not parts or kept == whole:
        return None
    return s.edited(metrics=q.metrics[:1], filter=dumped(kept), compare={"kind": "total", "of": dumped(whole)})


def _value(s: Scene, q: QueryPlan, value: Compare) -> Planned | None:
    """Another value beside the one that the answer was kept to, each with its own figure."""
    parts = parts_of(q.filter)
    own = [f for f in parts if isinstance(f, Compare) and f.field == value.field and f.op in {"eq", "in"}]
    if len(own) != 1 or value.op not in {"eq", "in"} or set(value.values) <= set(own[0].values):
        return None
    if q.limit is not None or q.compare is not None:
        return None
    both = among(value.field, [str(v) for v in dict.fromkeys((*own[0].values, *value.values))])
    kept = join([both if f is own[0] else f for f in parts])
    split = q.dimensions if value.field in q.dimensions else (*q.dimensions, value.field)
    return s.edited(filter=dumped(kept), dimensions=split)


def _by_the_last(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "order by that" after a column was added: by the one that came last."""
    ranked = bool(q.dimensions) and not set(q.dimensions) & set(GRAINS)
    if len(q.metrics) < 2 or not ranked or not words.whole["by_the_last"].fullmatch(s.text):
        return None
    return s.edited(sort={"by": q.metrics[-1], "descending": True})


def _widened(s: Scene, words: _Words) -> Planned | None:
    """As in "now the top 100" after a top 10 and its share: the ranking goes on, not those ten."""
    said = words.whole["widen"].fullmatch(s.text)
    for past in reversed(s.context.past[-_BACK:]) if said is not None else ():
        plan = past.call.plan() if past.call.name == "query_data" and not past.refused else None
        if isinstance(plan, QueryPlan) and plan.limit is not None and plan.limit > 1:
            plain = plan is s.query or plan == s.query
            return None if plain or said is None else made({**plan.model_dump(), "limit": int(said["n"]), "offset": 0})
    return None


def _next_best(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "and second?" after the first of a ranking: the one behind it, from the same end."""
    said = words.whole["next_best"].fullmatch(s.text)
    if said is None or q.limit != 1 or not q.dimensions:
        return None
    place = next(i for i, names in words.places.items() if said["n"].lower() in names)
    return s.edited(offset=place - 1)


def _rank_of(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "how does that rank among the countries?" of one of them: all of them in order."""
    said = words.whole["rank_of"].fullmatch(s.text)
    if said is None or q.dimensions or q.compare is not None:
        return None
    one = [f for f in parts_of(q.filter) if isinstance(f, Compare) and f.op == "eq"]
    field = s.dimension(said["what"] or "") or (one[0].field if len(one) == 1 else None)
    if field not in {f.field for f in one}:
        return None
    kept = join([f for f in parts_of(q.filter) if getattr(f, "field", "") != field])
    return s.edited(filter=dumped(kept), dimensions=(field,), sort={"by": q.metrics[0], "descending": True})


# -- along the time ----------------------------------------------------------------------------------------------------


def _later(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "and the day after?": the next stretch of the same length."""
    said = words.whole["later"].fullmatch(s.text)
    if said is None or q.period is None or q.compare is not None:
        return None
    moved = neighbour(q.period, (said["a"] or said["b"]).lower(), s.shop.status().as_of, 1)
    return None if moved is None else s.edited(period=moved.model_dump())


def _whole_unit(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "the whole year" after its first half."""
    said = words.whole["whole_unit"].fullmatch(s.text)
    if said is None or q.period is None or q.compare is not None:
        return None
    span = PeriodReader([], s.words.lexicon, s.shop.status().as_of).bounds(q.period)
    period = None if span is None else period_of_row(said["unit"].lower(), span[0].isoformat())
    return None if period is None or period == q.period else s.edited(period=period.model_dump())


def _happened(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "what happened in the worst one?" of a series: why that month was as it was."""
    said = words.whole["happened"].fullmatch(s.text)
    if said is None or len(q.dimensions) != 1 or q.dimensions[0] not in GRAINS or s.last is None:
        return None
    at = extreme_row(s.last, q.dimensions[0], lowest=bool(said["low"]))
    rows = s.context.column(s.last, q.dimensions[0])
    period = period_of_row(q.dimensions[0], rows[at]) if 0 <= at < len(rows) else None
    if period is None:
        return None
    return replace(answer(call(ChangePlan(metric=q.metrics[0], period=period, filter=q.filter))), frame=LOOK_ASIDE)


def _whither(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "is it going up?" of a series: its second half against its first."""
    series = len(q.dimensions) == 1 and q.dimensions[0] in GRAINS and not q.transform
    if not series or not words.whole["whither"].fullmatch(s.text):
        return None
    if q.compare is not None:
        return answer(s.last.call) if s.last is not None else None
    cut = halves_of(s, q)
    if cut is None:
        return None
    first, second = cut
    against = Comparison(kind="period", period=first)
    found = s.edited(["growth_halves"], dimensions=(), sort=None, limit=None, having=(), period=second.model_dump(),
                     compare=against.model_dump())
    return None if found is None else replace(found, frame=LOOK_ASIDE)


# -- rows that reach a bound -------------------------------------------------------------------------------------------


def _bounded(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "only those with 30+ orders" of countries: the rows that have so many, not customers who do."""
    group = s.group()
    if group in {None, "customer", "order"} or q.transform not in {None, "share"}:
        return None
    said = words.whole["bound"].fullmatch(s.text)
    if said is None:
        return None
    op = "lt" if said["less"] else "gt" if said["more"] else "le" if said["most"] else "ge"
    items = read(said["n"].rstrip(" %"), s.words).items
    value = items[0].number if len(items) == 1 else None
    of = read(said["of"] or "", s.words).items
    things = of[0].alts if len(of) == 1 else {}
    in_percent = expression("table_edits.percent").search(said["n"] + " " + (said["of"] or "")) is not None
    role = {"customer": "customers", "order": "orders"}.get(next((str(d) for d in things.get("dim", ())), ""))
    metric = str(things["metric"][0]) if things.get("metric") else s.words.role(role) if role else None
    if not said["of"] or in_percent:
        metric = q.sort.by if q.sort is not None and q.sort.by in q.metrics else q.metrics[0]
    if value is None or metric not in s.words.metrics:
        return None
    known = [h.model_dump() for h in q.having if h.metric != metric]
    metrics = q.metrics if metric in q.metrics or q.compare is not None else (*q.metrics, metric)
    share = in_percent and s.words.metrics[metric].adds_up
    bound = {"metric": metric, "op": op, "values": (value,), "of": "share" if share else "value"}
    return s.edited(metrics=metrics, having=(*known, bound), limit=None, offset=0)


def _own_share(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "as a share of all its orders" of cancelled orders: the rate that belongs to the count, of those rows."""
    rate = SHARE.get(q.metrics[0], "")
    if not words.whole["own_share"].fullmatch(s.text) or rate not in s.words.metrics or q.transform is not None:
        return None
    return s.edited(metrics=(*q.metrics, rate)) if q.sort is not None or not q.dimensions else None


# -- the rows in one figure --------------------------------------------------------------------------------------------


def _counted(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "how many products is that?" of a list: how many rows it has."""
    said = words.whole["counted"].fullmatch(s.text)
    group = s.group()
    metric = DIFFERENT.get(group or "")
    plain = not q.having and q.compare is None
    if said is None or metric not in s.words.metrics or not plain:
        return None
    what = said["what"] or ""
    if what not in words.row_words and (group == "customer" if not what else s.dimension(what) != group):
        return None  # "how many are there" of customers is their head count, however they were listed
    return s.edited(metrics=(metric,), dimensions=(), sort=None, limit=None, offset=0, transform=None, summary=None)


def _summed(s: Scene, q: QueryPlan, words: _Words) -> Planned | None:
    """As in "and altogether?", "average of these": one figure over the rows that were listed."""
    part = bool(words.whole["part_of"].search(s.text))
    summary = None if part else next((k for k in ("median", "mean") if words.tells(k, s.text)), None)
    told = part or summary is not None or words.tells("rows", s.text)
    if not told or not q.dimensions or q.compare is not None or q.transform not in {None, "share"}:
        return None
    named = {str(m) for item in read(s.text, s.words).items for m in item.alts.get("metric", ())}
    if summary is not None and named:
        if q.dimensions == ("customer",) or not named & set(q.metrics):
            return None  # "their average order value": a measure of its own, of them all
        q = q.model_copy(update={"metrics": tuple(m for m in q.metrics if m in named)})
    said = {w.replace("'", "") for w in _WORD.findall(s.text.lower().replace("'", ""))}
    own = _valued(s, q)
    if not said <= words.summing | _measured(s, q) | {str(q.limit)} | _things(s, q) | own:
        return None
    shared = part or bool(said & words.shared)
    if summary is not None and not shared:
        return _averaged(s, q, summary, everywhere=bool(said & words.everywhere))
    if not shared and together(s) is not None:
        return None
    if not (q.limit or q.having or shared):
        return s.edited(metrics=q.metrics[:1], dimensions=(), sort=None, transform=None)
    if not (q.limit or q.having or q.filter is not None):
        return None
    return _of_rows(s, q, shared=shared, whole=q.filter if said & own else None)


def _averaged(s: Scene, q: QueryPlan, summary: str, *, everywhere: bool) -> Planned | None:
    """An average over the rows; of a rate the rate of all of them, which no mean of rates is."""
    known = s.words.metrics.get(q.metrics[0])
    rate = known is not None and (known.unit in _RATES or known.name.startswith(_AVERAGES))
    if not rate or summary != "mean" or q.limit is not None or q.having:
        kept = {} if q.metrics == s.query.metrics else {"metrics": q.metrics, "sort": None}  # type: ignore[union-attr]
        return s.edited(summary=summary, transform=None, **kept)
    return s.edited(metrics=q.metrics[:1], dimensions=(), sort=None, **({"filter": None} if everywhere else {}))


def _of_rows(s: Scene, q: QueryPlan, *, shared: bool, whole: Filter | None) -> Planned | None:
    """The rows listed as one: their own figure, or the part of everything that it is."""
    known = s.words.metrics.get(q.metrics[0])
    if len(q.dimensions) != 1 or known is None:
        return None
    key = q.dimensions[0]
    key = f"{key}_id" if s.rows() and f"{key}_id" in s.rows()[0] else key
    rows = list(dict.fromkeys(str(row[key]) for row in s.rows() if row.get(key) is not None))
    many = len(rows) > _FEW or q.dimensions[0] in GRAINS
    if not rows and q.filter is None or many and (shared or not known.adds_up):
        return None
    if many:
        return s.edited(summary="sum", transform=None)
    kept = join([*parts_of(q.filter), *([among(q.dimensions[0], rows)] if rows else [])])
    return s.edited(metrics=q.metrics[:1], dimensions=(), filter=dumped(kept), limit=None, offset=0,
                    having=(), sort=None, transform=None, within=(), summary=None,
                    compare={"kind": "total", "of": dumped(whole)} if shared else None)


def _measured(s: Scene, q: QueryPlan) -> set[str]:
    """Words for the measures of the table."""
    found: set[str] = set()
    for name in q.metrics:
        term = s.words.metrics.get(name)
        for phrase in (term.label, *term.words) if term is not None else ():
            found.update(_WORD.findall(phrase.lower()))
    return found


def _valued(s: Scene, q: QueryPlan) -> set[str]:
    """Words of the remark for the values that the table is kept to: "of German revenue"."""
    values = {(f.field, str(v)) for f in parts_of(q.filter) if isinstance(f, Compare) for v in f.values}
    return {t.word for i in read(s.text, s.words).items for t in i.tokens
            if any((v.dimension, v.value) in values for v in i.alts.get("value", ()))}


def _things(s: Scene, q: QueryPlan) -> set[str]:
    """Words of the remark for what the rows are."""
    items = read(s.text, s.words).items
    return {t.word for i in items for t in i.tokens
            if {*i.alts.get("dim", ()), *i.alts.get("grain", ())} & {*q.dimensions}}


_READINGS: tuple[Callable[[Scene, QueryPlan, _Words], Planned | None], ...] = (
    _own_share, _next_best, _rank_of, _whole_unit, _happened, _counted, _summed, _bounded, _by_the_last, _later,
    _whither,
)
_ACTS: dict[str, Callable[[Scene, QueryPlan, Named], Planned | None]] = {
    "same": _same_in, "part": _part_of, "each": _column, "beside": _beside, "against": _against,
}

__all__ = ["table_edited"]
