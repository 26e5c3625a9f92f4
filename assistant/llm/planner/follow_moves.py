"""Follow-ups that change one thing, however they are put: "how about if we look at Austria alone", "no, France".

A form (``follow_moves.yaml``) takes the wording apart: what is named, what it takes the place of, and whether it is
changed, kept alone or left out. What is named is read like any text; where it is one thing only (values, a number, a
time, a measure), the typed plan before is changed by it (:mod:`plan_edits`), or the plain form of the text is read.
What names several kinds of things, or anything that is not understood, is left to the other readings.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from assistant.llm.planner import plan_edits
from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.dialogue_campaign import spoken_of
from assistant.llm.planner.dialogue_time import in_year_of
from assistant.llm.planner.discourse_people import left_out
from assistant.llm.planner.discourse_scene import FRAME, Scene, answer, parts_of
from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.intents import Frames
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.listed_rows import OF_NOW
from assistant.llm.planner.parts import Parts
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.spans import Reading, read
from assistant.llm.planner.units import GRAINS
from assistant.plans.filters import Compare, Filter, Not
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_DEEDS = ("replace", "add", "drop", "keep", "change")
#: what only says of what values are: "orders from Austria", "customers in Austria"
_OF_ROWS = frozenset({"customers", "orders"})
_RETURNS = frozenset({"returned_value", "units_returned", "return_rate"})
#: so many answers back a row may have been shown
_BACK = 3
#: answers whose filter says which customers or lines they are about
_FILTERED = frozenset({"query_data", "explain_change", "count_audience"})


class _Forms:
    def __init__(self, language: str) -> None:
        raw: dict[str, Any] = read_yaml(language, "follow_moves") or {}
        self._macros = raw.get("macros", {})
        self.words: dict[str, str] = raw.get("words", {})
        self.bounds = re.compile(raw.get("bounds", "(?!)"), re.IGNORECASE)
        self._short = [(re.compile(str(p), re.IGNORECASE), str(put)) for p, put in raw.get("short", ())]
        self.pointing = frozenset(map(str, raw.get("pointing", ())))
        self.opening = re.compile(raw.get("opening", "(?!)"), re.IGNORECASE)
        self._correcting = re.compile(raw.get("correcting", "(?!)"), re.IGNORECASE)
        self._closing = re.compile(raw.get("closing", "(?!)"), re.IGNORECASE)
        self._forms = [(deed, self._made(p)) for deed in _DEEDS for p in raw.get(deed, ())]
        self._by_name = self._made(raw.get("by_name", "(?!)"))
        self._all_time = [self._made(p) for p in raw.get("all_time", ())]

    def _made(self, pattern: str) -> LatePattern:
        while _MACRO.search(pattern):
            pattern = _MACRO.sub(lambda m: f"(?:{self._macros[m.group(1)]})", pattern)
        return LatePattern(pattern)

    def bare(self, text: str) -> tuple[str, bool]:
        """Without what opens and closes a remark, and whether anything opened it."""
        said = " ".join(text.replace("’", "'").split()).strip(" .!?;,")
        for short, full in self._short:
            said = short.sub(full, said)
        opened = False
        while True:
            cut = self.opening.sub("", said, count=1)
            opened = opened or cut != said or bool(self._correcting.search(said))
            cut = (self._closing.sub("", cut) or cut).strip(" .!?;,")
            if cut == said or not cut:
                return said, opened
            said = cut

    def read(self, said: str) -> Iterator[tuple[str, str, str]]:
        """What is done, with what, and in whose place."""
        for deed, form in self._forms:
            found = form.fullmatch(said)
            if found:
                slots = found.groupdict()
                yield deed, slots["x"].strip(" ,"), (slots.get("y") or "").strip(" ,")

    def by_name(self, said: str) -> bool:
        return bool(self._by_name.fullmatch(said))

    def all_time(self, said: str) -> bool:
        return any(form.fullmatch(said) for form in self._all_time)


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    return _Forms(language)


def without_opening(text: str, language: str) -> str:
    """The text without what opens a remark: "fine, by month then"."""
    said = " ".join(text.split())
    opening = _forms(language).opening
    while opening.match(said):
        said = opening.sub("", said, count=1)
    return said or text


@dataclass(frozen=True)
class Named:
    """What a few words name, where it is of one kind only."""

    text: str
    values: tuple[Compare, ...] = ()
    metric: str = ""
    time: bool = False
    number: float | None = None
    days: bool = False
    side: str = ""
    money: bool = False
    rows: int | None = None


def changed(s: Scene) -> Planned | None:
    """The plan of a text that changes one thing of the answer before; None where it is something else."""
    if s.last is None:
        return None
    forms = _forms(s.words.lexicon.language)
    said, opened = forms.bare(s.text)
    if forms.all_time(said):
        return _all_time(s)
    group = s.group()
    if group is not None and forms.by_name(said):
        return s.edited(sort={"by": group, "descending": False})
    for deed, x, y in forms.read(said):
        found = _done(s, forms, said, deed, x, y)
        if found is not None:
            return found
        if deed == "drop" and _unknown(s, x):
            asked = left_out(dataclasses.replace(s, said={"name": x}))
            return None if asked is None else dataclasses.replace(asked, frame=FRAME)
    return _done(s, forms, said, "change", said, "") if opened else None


def _done(s: Scene, forms: _Forms, said: str, deed: str, x: str, y: str) -> Planned | None:
    named = _row_shown(s, x) or _named(s, forms, x)
    if named is None and deed == "drop":
        named = _named(s, forms, expression("follow_moves.ones").sub("", x))
    if named is None:
        return None
    if deed == "drop" and named.time and s.query is not None and {*s.query.dimensions} & {*GRAINS}:
        return _without_end(s, s.query, named)
    if deed == "add":
        return _one_more(s, named)
    other = _named(s, forms, y) if y else None
    if named.values:
        return _values(s, forms, said, deed, named, other)
    if named.number is not None:
        return _number(s, deed, named)
    if named.rows is not None and deed in {"keep", "change"}:
        return _first_rows(s, named.rows) if s.query is not None and s.query.dimensions else None
    if deed == "drop":
        return _plain(s, forms, said, "after_returns", x) if named.metric in _RETURNS else None
    if deed == "replace" and other is None:
        return None
    if named.metric in OF_NOW and s.query is not None and s.query.limit is not None:
        return None  # of the rows listed: no other ones come in by their stock
    if named.time:
        return _plain(s, forms, said, "and", named.text)
    return _measure(s, forms, said, named) if named.metric and deed != "keep" else None


def _without_end(s: Scene, q: QueryPlan, named: Named) -> Planned | None:
    """As in "drop Q1" of the quarters of a year: a stretch at either end of the time looked at is cut off."""
    frames = Frames(read(named.text, s.words), DialogueContext(), s.shop, lambda _: True)
    found = frames.parts().periods[0].period
    reader = PeriodReader([], s.words.lexicon, s.shop.status().as_of)
    span = reader.bounds(q.period) if q.period is not None else None
    gone = reader.bounds(in_year_of(found, q.period)) if found is not None else None
    if span is None or gone is None or q.compare is not None:
        return None
    one = timedelta(days=1)
    left = (gone[1] + one, span[1]) if gone[0] <= span[0] else (span[0], gone[0] - one) if gone[1] >= span[1] else None
    if left is None or left[0] > left[1]:
        return None
    return s.edited(period=Period(kind="absolute", start=left[0], end=left[1]).model_dump())


def _values(
    s: Scene, forms: _Forms, said: str, deed: str, named: Named, other: Named | None
) -> Planned | None:
    """Values put into the filter of the plan before, taken out of it, or exchanged in it."""
    plan: Any = s.last.call.plan()  # type: ignore[union-attr]
    kept: Filter | None = getattr(plan, "filter", None)
    if s.last.call.name not in _FILTERED or spoken_of(s.context) is not None:  # type: ignore[union-attr]
        word = {"keep": "only", "drop": "without"}.get(deed, "and")
        return _plain(s, forms, said, word, named.text)
    if deed == "replace":
        if other is None or len(other.values) != 1 or len(named.values) != 1:
            return None
        edited = plan_edits.exchanged(kept, other.values[0], named.values[0])
        return None if edited is None else _with_filter(plan, edited)
    for value in named.values:
        kept = _edited(kept, value, deed)
    return _with_filter(plan, kept)


def _edited(kept: Filter | None, value: Compare, deed: str) -> Filter | None:
    if deed == "drop":
        return plan_edits.shut_out(kept, value)
    return plan_edits.put(kept, value) if deed == "change" else plan_edits.narrowed(kept, value)


def _with_filter(plan: BaseModel, kept: Filter | None) -> Planned | None:
    fields = plan_edits.with_filter(plan, kept)
    if fields is not None and isinstance(plan, QueryPlan) and not plan.within:
        fields["dimensions"] = plan_edits.split_still(plan.dimensions, kept)
    return None if fields is None else answer(call(type(plan).model_validate(fields)))


def _measure(s: Scene, forms: _Forms, said: str, named: Named) -> Planned | None:
    """Another measure of the same: of the same groups, in the same time, in the same order."""
    q = s.query
    if q is None:
        return _plain(s, forms, said, "and", named.text)
    changes: dict[str, Any] = {"metrics": (named.metric,)}
    if q.sort is not None and q.sort.by in q.metrics:
        changes["sort"] = {"by": named.metric, "descending": q.sort.descending}
    return s.edited(**changes)


def _one_more(s: Scene, named: Named) -> Planned | None:
    """As in "and gross next to it": one more measure of the same."""
    q = s.query
    if q is None or not named.metric or named.metric in q.metrics:
        return None
    return s.edited(metrics=(*q.metrics, named.metric))


def _row_shown(s: Scene, x: str) -> Named | None:
    """What is named, where it is a row of the list before: "drop Christmas" of categories, which may be a time too."""
    group = s.group()
    if group is None or group == "customer":
        return None
    for past in reversed(s.context.past[-_BACK:]):
        if past.call.args.get("dimensions") != s.last.call.args.get("dimensions"):  # type: ignore[union-attr]
            continue
        for label, value in zip(s.context.column(past, f"{group}_label") or s.context.column(past, group),
                                s.context.column(past, group), strict=False):
            if label.casefold() == x.casefold():
                return Named(x, values=(Compare(field=group, op="eq", values=(value,)),))
    return None


def _number(s: Scene, deed: str, named: Named) -> Planned | None:
    """Another number in the condition that has one, else another number of rows."""
    q = s.query
    if q is None or named.number is None or deed == "drop" or (deed == "keep" and named.side):
        return None  # "only those above 90" bounds the measure of the list
    edited = plan_edits.with_number(q, named.number, days=named.days, side=named.side)
    if edited is not None and named.money and not _of_money(s, q, edited):
        return None
    if edited is not None:
        return s.edited(**edited.model_dump())
    whole = named.number == int(named.number) > 0
    if named.side or named.days or not whole or not q.dimensions or (q.limit is None and deed != "keep"):
        return None
    return _first_rows(s, int(named.number))


def _first_rows(s: Scene, rows: int) -> Planned | None:
    """So many rows of the list, in its order; without one the highest of its first measure."""
    q = s.query
    if q is None or q.sort is not None or any(d in GRAINS for d in q.dimensions):
        return s.edited(limit=rows)
    return s.edited(limit=rows, sort={"by": q.metrics[0], "descending": True})


def _of_money(s: Scene, before: QueryPlan, now: QueryPlan) -> bool:
    """Whether the condition that got another number bounds an amount of money."""
    known = s.words.metrics
    old, new = (parts_of(q.filter) for q in (before, now))
    changed_one = [one for one, was in zip(new, old, strict=True) if one != was]
    names = [getattr(one, "metric", None) or getattr(one, "field", "") for one in changed_one]
    names += [h.metric for h in now.having] if now.having != before.having else []
    return all(n not in known or known[n].unit == "currency" for n in names)


def _all_time(s: Scene) -> Planned | None:
    """As in "and overall, not just that year?": the same over all the data."""
    q = s.query
    return s.edited(period=None) if q is not None and q.period is not None and q.compare is None else None


def _plain(s: Scene, forms: _Forms, said: str, key: str, x: str) -> Planned | None:
    """The follow-up in its plainest form, as the other readings know it."""
    plain = forms.words[key].format(x=x)
    if plain.casefold() in {said.casefold(), s.text.strip(" .!?;,").casefold()}:
        return None
    found = s.again(plain)
    if found.frame in {"decline", "ask"} or found.score <= 0:
        return None
    found.frame = FRAME  # every word of what is named was read
    return found


def _named(s: Scene, forms: _Forms, text: str) -> Named | None:
    """What a few words name; None where it is nothing known, or several kinds of things."""
    number = _a_number(s, forms, text)
    if number is not None:
        return number
    frames = Frames(read(text, s.words), DialogueContext(), s.shop, lambda _: True)
    p, r = frames.parts(), frames.reading
    left = [i for i in range(len(r.items)) if i not in p.used and not r.is_skip(i)]
    doing = any(i.has("do", "act", "growth") and not i.has("metric", "value") for i in r.items)
    if left or doing or _points(s, r) or p.conditions.customers or p.conditions.measures or p.customer_ids:
        return None
    values = tuple(c for c in p.rows if isinstance(c, Compare) and c.op in {"eq", "in", "contains"})
    if len(values) != len(p.rows) or any(isinstance(c, Not) for c in p.rows):
        return None
    of_values = bool(values) and not p.periods and p.limit is None and not _own_groups(p, values)
    if of_values and (not p.metrics or len(set(p.metrics)) == 1 and p.metrics[0] in _OF_ROWS):
        return Named(text, values=values)
    if values or set(p.groups) - set(GRAINS):
        return None
    if p.periods and not p.metrics and not p.groups and p.limit is None:
        return Named(text, time=True)
    ranked = p.limit is not None or p.descending is not None
    if len(p.metrics) == 1 and not (r.has("definition") or p.periods or p.groups or ranked):
        return Named(text, metric=p.metrics[0])
    if p.limit is not None and not p.offset and not (p.metrics or p.periods or p.groups) and p.descending is not False:
        return Named(text, rows=p.limit)
    return None


def _unknown(s: Scene, text: str) -> bool:
    """Whether a few words mean nothing at all here: "wholesale"."""
    items = read(text, s.words).items
    return len(items) == 1 and not (items[0].alts or items[0].number is not None or items[0].unit)


def _points(s: Scene, r: Reading) -> bool:
    """Whether the words speak of something before, of which they name a part, or join more to it."""
    words = {*_forms(s.words.lexicon.language).pointing, *heard("dialogue_filters.joining")}
    return r.has("pronoun", "customers_pronoun") or any(t.word in words for t in r.tokens)


def _own_groups(p: Parts, values: tuple[Compare, ...]) -> bool:
    """Whether a split is named beside the values: not "the garden category", "garden products"."""
    return bool(set(p.groups) - {v.field for v in values} - {"product", "customer", "order"})


def _a_number(s: Scene, forms: _Forms, text: str) -> Named | None:
    """As in "500", "more than 500 euros", "90 days"."""
    bound = forms.bounds.match(text)
    side = next((k for k, v in bound.groupdict().items() if v), "") if bound else ""
    items = [i for i in read(text[bound.end() :] if bound else text, s.words).items if i.tokens[0].kind != "stop"]
    if len(items) not in (1, 2) or items[0].unit in {"ordinal", "percent"}:
        return None
    length = items[0].get("duration")
    if length is not None and len(items) == 1:
        return Named(text, number=float(length.days), days=True, side=side)
    value = items[0].number
    other_unit = len(items) == 2 and not _own_money(s, items[1].text)
    if value is None or other_unit or items[0].has("period", "duration", "value"):
        return None
    return Named(text, number=float(value), side=side, money=len(items) == 2)


def _own_money(s: Scene, word: str) -> bool:
    """Whether a word or sign is the shop's own currency."""
    own = (read_yaml(s.words.lexicon.language, "currencies") or {}).get(s.shop.status().currency, {})
    return word.casefold() in {str(w).casefold() for w in (*own.get("words", ()), *own.get("signs", ()))}


def named(s: Scene, text: str) -> Named | None:
    """What a few words name, where it is one thing of one kind."""
    return _row_shown(s, text) or _named(s, _forms(s.words.lexicon.language), text)


def plain_words(language: str) -> dict[str, str]:
    """Follow-ups in their plainest form: "and {x}"."""
    return _forms(language).words


__all__ = ["Named", "changed", "named", "plain_words", "without_opening"]
