"""Frames of studies: cohorts, returning customers, order counts, bands, first days, concentration.

A frame looks for the words of its study, takes them out of the text, and lets the rest be read as any other question:
values become the filter, a stretch of time the period, a noun after "by" the split. What the study has no place for
costs as much as a word that was not understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.bands import ranges
from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.cues import Cues
from assistant.llm.planner.parts import GRAINS, Parts
from assistant.llm.planner.period_grammar import PeriodReader
from assistant.llm.planner.period_words import PeriodReading
from assistant.llm.planner.spans import Item, Reading
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.plans.studies import (
    CohortStudy,
    ConcentrationStudy,
    EarlyStudy,
    LadderStudy,
    ReturnStudy,
    SpreadStudy,
    StudyRequest,
)

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: a part of the question that the study has no place for
MISFIT = 0.9
#: measures that count things, and the things
_COUNTS = {"customers": "customer", "orders": "order", "product_count": "product", "products_sold": "product"}
_THINGS = ("customer", "order", "product")
#: measures of something larger, and the thing and measure of which they are the mean
_MEAN_OF = {
    "average_order_value": ("order", "revenue"),
    "median_order_value": ("order", "revenue"),
    "items_per_order": ("order", "units"),
    "lines_per_order": ("order", "order_line_count"),
    "orders_per_customer": ("customer", "orders"),
    "revenue_per_customer": ("customer", "revenue"),
    "days_between_orders": ("gap", "days_between_orders"),
    "days_since_last_order": ("customer", "days_since_last_order"),
    "lifetime_days": ("customer", "lifetime_days"),
    "average_price": ("product", "average_price"),
    "revenue_per_product": ("product", "revenue"),
}
_PEOPLE_METRICS = {"customers", "new_customers", "returning_customers", "repeat_customers"}


@dataclass
class Rest:
    """What is left of a text once the words of a study are taken out, read on its own."""

    frames: Frames
    parts: Parts
    kept: list[int]
    taken: set[int]
    filter: Filter | None

    def candidate(self, study: Any, *, fits: set[str], used: set[int] | None = None, extra: float = 0.0) -> Candidate:
        """The study with its cost.

        Args:
            fits: parts of the rest that the study has taken up: ``groups``, ``metrics``, ``periods``, ``rank``.
            used: items of the whole text that it has taken up.
        """
        p, whole = self.parts, self.frames.reading
        extra += p.implied + self._misfits(fits)
        p.used = {self.kept[i] for i in p.used} | self.taken | (used or set())
        p.used.update(whole.having("chart", "trend", "object") if "groups" in fits else whole.having("chart", "object"))
        p.reading = whole
        return self.frames.finish(p, [call(StudyRequest(study=study))], "study", extra)

    def _misfits(self, fits: set[str]) -> float:
        p = self.parts
        found = [
            p.future is not None,
            bool(p.problem),
            len(p.periods) > (1 if "periods" in fits else 0),
            bool(p.groups) and "groups" not in fits,
            bool([m for m in p.metrics if m not in _PEOPLE_METRICS]) and "metrics" not in fits,
            (p.limit is not None or p.descending is not None) and "rank" not in fits,
            bool(p.conditions.measures),
            bool(p.customer_ids),
        ]
        return MISFIT * sum(found)


def studies(frames: Frames) -> Iterator[Candidate | None]:
    """Every study that the text may ask for."""
    if not frames.bound("run_study") or frames.reading.does("forecast", "churn", "recommend", "together"):
        return
    cues = Cues(frames.reading)
    for frame in (_cohorts, _returning, _ladder, _early, _spread, _concentration):
        try:
            yield frame(frames, cues)
        except ValidationError:
            continue  # limits that do not rise, no base period: not this study


def _rest(frames: Frames, tokens: set[int], *, keep: set[int] | None = None) -> Rest:
    """Read the items that hold none of the tokens."""
    from assistant.llm.planner.intents import Frames as AllFrames

    whole = frames.reading
    taken = {
        i for i, item in enumerate(whole.items) if tokens & set(range(item.start, item.end)) and i not in (keep or ())
    }
    kept = [i for i in range(len(whole.items)) if i not in taken]
    reduced = Reading(whole.text, whole.tokens, [whole.items[i] for i in kept], whole.vocabulary, whole.skip)
    inner = AllFrames(reduced, frames.context, frames.shop, frames.bound)
    p = inner._audience_parts()
    defined = inner._defined(p)
    p.conditions.customers = [*defined, *p.conditions.customers]
    p.conditions.joins = ["and"] * len(defined) + p.conditions.joins
    inner._notes(p, defined)
    return Rest(frames, p, kept, taken, p.filter())


def _items(reading: Reading, tokens: set[int]) -> set[int]:
    return {i for i, item in enumerate(reading.items) if tokens & set(range(item.start, item.end))}


def _people(reading: Reading) -> list[int]:
    """Items that speak of customers."""
    return [
        i
        for i, item in enumerate(reading.items)
        if "customer" in item.alts.get("dim", ())
        or _PEOPLE_METRICS & set(item.alts.get("metric", ()))
        or item.has("customers_pronoun")
        or item.lemma in {"who", "people", "person", "everyone", "those"}
    ]


def _tokens(reading: Reading, items: set[int] | list[int]) -> set[int]:
    return {k for i in items for k in range(reading.items[i].start, reading.items[i].end)}


def _grain(frames: Frames, within: set[int] | None = None) -> str | None:
    """Month, quarter or year as it was said."""
    for i, item in enumerate(frames.reading.items):
        grain = item.get("grain")
        if grain in {"month", "quarter", "year"} and (within is None or i in within):
            return str(grain)
    return None


# -- cohorts -----------------------------------------------------------------------------------------------------------


def _cohorts(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "monthly cohort retention", "customers who first ordered in January, month by month after that"."""
    reading = frames.reading
    named = cues.said("cohort") and (cues.said("cohort_follow") or len(reading.items) <= 4)
    single = cues.said("first_order") and cues.said("later_units") and cues.said("again")
    if not (named or single):
        return None
    tokens = cues.tokens("cohort", "cohort_follow", "later_units", "again") | _tokens(
        reading, [i for i, item in enumerate(reading.items) if item.has("grain") or "cohort" in item.alts.get("dim", ())]
    )
    tokens |= cues.tokens("first_order", "retention") | _tokens(reading, _people(reading))
    rest = _rest(frames, tokens)
    p = rest.parts
    measured = [m for m in p.metrics if m not in _PEOPLE_METRICS]
    measure = {"revenue": "revenue", "orders": "orders", "revenue_per_customer": "revenue", "clv": "revenue",
               "orders_per_customer": "orders", "average_order_value": None}.get(measured[0] if measured else "")
    if measured and measure is None:
        return None
    if measured and not cues.said("cohort"):
        return None
    study = CohortStudy(
        grain=_grain(frames) or "month",  # type: ignore[arg-type]
        measure=measure or "customers",  # type: ignore[arg-type]
        filter=rest.filter,
        period=p.period,
    )
    return rest.candidate(study, fits={"periods", "metrics"}, used=_counting(reading))


def _counting(reading: Reading) -> set[int]:
    """Words that only ask for a number or a list."""
    return set(reading.having("count", "share", "which", "how_many", "average", "group", "who", "also", "perform"))


# -- customers of one period in another --------------------------------------------------------------------------------


def _returning(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "how many of the buyers of Q1 bought again in Q2", "retention rate from 2024 to 2025"."""
    reading = frames.reading
    if cues.said("retention") and not cues.said("cohort"):
        found = _retention(frames, cues)
        if found is not None:
            return found
    people, periods = _people(reading), _periods_said(reading)
    if not people or not 1 <= len(periods) <= 2 or cues.said("cohort"):
        return None
    joined = cues.said("first_order")
    if len(periods) == 1 and not (joined and cues.said("bare_again")):
        return None
    if len(periods) == 1 and (cues.said("later_units") or reading.having("duration")):
        return None
    if not _asks_for_number(reading, cues) or not _of_a_group(reading, periods, cues):
        return None
    base = periods[0][1]
    later = periods[1][1] if len(periods) > 1 else None
    if later is not None and not _before(frames, base, later):
        if reading.has("share") or not _before(frames, later, base):
            return None
        base, later = later, base
    tokens = cues.tokens("again", "bare_again", "first_order", "not_back", "retention")
    tokens |= _tokens(reading, people) | _tokens(reading, [i for i, _ in periods])
    tokens |= _tokens(reading, [i for i in reading.having("act") if reading.items[i].get("act") in _DEEDS])
    tokens |= _tokens(reading, [i for i in reading.having("do") if "search" in reading.items[i].alts["do"]])
    rest = _rest(frames, tokens)
    p = rest.parts
    p.metrics = [m for m in p.metrics if m not in {"revenue", "orders"}]
    away = any(_denied(reading, place) for place in cues.places("not_back"))
    study = ReturnStudy(
        base=base,
        later=later,
        first_only=joined,
        filter=rest.filter,
        asked="away" if away else "spent" if _asks_for_money(reading) else "back",
    )
    return rest.candidate(study, fits=set(), used=_counting(reading))


_DEEDS = {"buy", "visit", "spend", "join"}


def _asks_for_money(reading: Reading) -> bool:
    return any(reading.items[i].get("act") == "spend" for i in reading.having("act")) or any(
        "revenue" in item.alts.get("metric", ()) for item in reading.items
    )


def _denied(reading: Reading, place: range) -> bool:
    """Whether a denial stands before a deed: "did not come back"."""
    near = range(place.stop, min(place.stop + 4, len(reading.tokens)))
    return any(item.has("act") for item in reading.items if set(near) & set(range(item.start, item.end)))


def _asks_for_number(reading: Reading, cues: Cues) -> bool:
    """How many, what share, or what they spent; a list of customers is another question."""
    counted = reading.has("count", "share", "how_many") or any(
        item.tokens[0].lemma == "how" for item in reading.items
    )
    return counted or (cues.said("first_order") and _asks_for_money(reading))


def _of_a_group(reading: Reading, periods: list[tuple[int, Period]], cues: Cues) -> bool:
    """Whether the first stretch of time tells who, the second what they did then."""
    first = reading.items[periods[0][0]]
    if len(periods) == 1:
        return True
    second = reading.items[periods[1][0]]
    between = [item for item in reading.items if first.end <= item.start < second.start]
    deed = any(item.get("act") in _DEEDS for item in between)
    again = any(set(range(first.end, len(reading.tokens))) & set(place) for place in cues.places("again"))
    only_and = all(item.lemma in {"and", "&", "in", "also", "both", "or"} for item in between)
    return (deed or again) and not only_and


def _periods_said(reading: Reading) -> list[tuple[int, Period]]:
    found: list[tuple[int, Period]] = []
    for i, item in enumerate(reading.items):
        period = item.get("period")
        if isinstance(period, PeriodReading) and period.period is not None and not item.has("goal", "value"):
            if period.ends is not None:
                found += [(i, period.ends[0]), (i, period.ends[1])]
            elif period.period.kind != "all":
                found.append((i, period.period))
    years = {p.year for _, p in found if p.kind == "named" and p.year}
    return [(i, _in_year(p, years)) for i, p in found]


def _in_year(period: Period, years: set[int]) -> Period:
    """As in "buyers of Q1 who came back in Q2 2025": the year said once holds for both."""
    if period.kind == "named" and period.year is None and period.event is None and len(years) == 1:
        return period.model_copy(update={"year": next(iter(years))})
    return period


def _before(frames: Frames, a: Period, b: Period) -> bool:
    status = frames.reading.vocabulary.status
    reader = PeriodReader(frames.reading.tokens, frames.lex, status.as_of)
    first, second = reader.bounds(a), reader.bounds(b)
    return first is not None and second is not None and first[1] < second[0]


def _retention(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "retention rate in 2025" (of the customers of 2024), "month over month retention"."""
    reading = frames.reading
    if not any(len(p) > 1 or reading.tokens[p.start].lemma == "retention" for p in cues.places("retention")):
        return None
    if reading.does("create") or reading.has("goal", "offer") and reading.has("object"):
        return None
    periods = _periods_said(reading)
    people = _people(reading)
    grains = [i for i, item in enumerate(reading.items) if item.has("grain") and not item.has("period")]
    before = reading.having("previous")
    tokens = cues.tokens("retention", "again") | _tokens(reading, people) | _tokens(reading, grains)
    tokens |= _tokens(reading, before) | _tokens(reading, [i for i, _ in periods])
    rest = _rest(frames, tokens)
    if len(periods) == 2 and _before(frames, periods[0][1], periods[1][1]):
        study = ReturnStudy(base=periods[0][1], later=periods[1][1], filter=rest.filter)
    elif len(periods) == 1 and _unit_before(periods[0][1]) is not None and not grains:
        study = ReturnStudy(base=_unit_before(periods[0][1]), later=periods[0][1], filter=rest.filter)
    elif not periods:
        grain = _grain(frames) or _grain_of(reading, before) or "month"
        study = ReturnStudy(grain=grain, filter=rest.filter)  # type: ignore[arg-type]
    else:
        return None
    return rest.candidate(study, fits=set(), used=_counting(reading) | set(reading.having("trend")))


def _grain_of(reading: Reading, items: list[int]) -> str | None:
    for i in items:
        for token in reading.items[i].tokens:
            if token.lemma in {"month", "quarter", "year"}:
                return token.lemma
    return None


def _unit_before(period: Period) -> Period | None:
    """The unit just before a whole month, quarter or year."""
    if period.kind == "calendar" and period.count == 1:
        return period.model_copy(update={"offset": period.offset - 1})
    if period.kind != "named" or period.event or period.week or period.day or period.year is None:
        return None
    year = period.year
    if period.month:
        return period.model_copy(update={"month": period.month - 1 or 12, "year": year - (period.month == 1)})
    if period.quarter:
        return period.model_copy(update={"quarter": period.quarter - 1 or 4, "year": year - (period.quarter == 1)})
    return period.model_copy(update={"year": year - 1})


# -- number of orders --------------------------------------------------------------------------------------------------


def _ladder(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "how many customers made one, two, three or more orders", "who go on to a second order"."""
    reading = frames.reading
    people = _people(reading)
    listed, steps = _counts_listed(reading, cues)
    nth, ordinal = _nth_order(reading, cues)
    funnel = cues.said("funnel") and (people or any(i.has("metric") for i in reading.items))
    if not (listed or nth or funnel) or not (people or funnel):
        return None
    if (nth and not (listed or funnel)) and not (reading.has("share", "count") or _how_many(reading)):
        return None
    if reading.having("duration") or (nth and not listed and _times(reading, cues)):
        return None
    tokens = listed | nth | cues.tokens("funnel", "step_noun", "go_on") | _tokens(reading, people)
    first_only = any(len(place) > 1 or place.start for place in cues.places("first_order")) and not listed
    tokens |= cues.tokens("first_order") | cues.tokens("again")
    tokens |= _tokens(reading, [i for i in reading.having("act") if reading.items[i].get("act") in _DEEDS])
    rest = _rest(frames, tokens)
    study = LadderStudy(
        steps=max(steps, ordinal + 1 if ordinal else 0) or 5,
        first_only=first_only and rest.parts.period is not None,
        filter=rest.filter,
        period=rest.parts.period,
    )
    return rest.candidate(study, fits={"periods"}, used=_counting(reading))


def _how_many(reading: Reading) -> bool:
    return any(item.tokens[0].lemma == "how" for item in reading.items)


def _times(reading: Reading, cues: Cues) -> bool:
    """Whether a length of time is asked for: "how long until the second order"."""
    return cues.said("timing") and not reading.has("share") and not any(
        "customers" in item.alts.get("metric", ()) for item in reading.items
    )


def _counts_listed(reading: Reading, cues: Cues) -> tuple[set[int], int]:
    """Tokens of "one, two, three or more orders", and the last number."""
    tokens = reading.tokens
    nouns = {place.start for place in cues.places("step_noun")}
    run: list[int] = []
    best: list[int] = []
    for k, token in enumerate(tokens):
        if token.value is not None and token.unit is None and token.value == int(token.value) and 0 < token.value <= 20:
            run.append(k)
        elif token.lemma in {"once", "twice", "thrice"}:
            run.append(k)
        elif token.text in {",", "/", "+"} or token.lemma in {"and", "or", "more", "plus", "order", "time", "only"}:
            continue
        else:
            run = []
        best = run if len(run) > len(best) else best
    values = [int(tokens[k].value or {"once": 1, "twice": 2, "thrice": 3}.get(tokens[k].lemma, 0)) for k in best]
    rising = len(values) >= 2 and all(b == a + 1 for a, b in zip(values, values[1:], strict=False)) and values[0] <= 2
    worded = any(tokens[k].lemma in {"once", "twice", "thrice"} for k in best)
    if not rising or not (worded or any(n > best[0] for n in nouns)):
        return set(), 0
    return set(range(best[0], best[-1] + 1)), max(values)


def _nth_order(reading: Reading, cues: Cues) -> tuple[set[int], int]:
    """Tokens of "second order", "a third purchase", and the highest place said."""
    nouns = cues.tokens("step_noun")
    found: set[int] = set()
    highest = 0
    for k, token in enumerate(reading.tokens):
        if token.unit != "ordinal" or not token.value or token.value < 2 or token.value > 20:
            continue
        after = [j for j in range(k + 1, min(k + 5, len(reading.tokens)))]
        linked = [j for j in after if reading.tokens[j].lemma in {"and", "or", ","} or reading.tokens[j].unit == "ordinal"]
        end = next((j for j in after if j in nouns and set(range(k + 1, j)) <= set(linked)), None)
        item = next(i for i in reading.items if i.start <= k < i.end)
        if end is not None and not item.has("period"):
            found |= set(range(k, end + 1))
            highest = max(highest, int(token.value))
    return found, highest


# -- the first days ----------------------------------------------------------------------------------------------------


def _early(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "within 60 days of the first order", "90-day LTV by channel", "how long until the second order"."""
    reading = frames.reading
    found = _second_order_time(frames, cues) or _days_after_first(reading, cues)
    if found is None:
        return None
    tokens, days, measure = found
    listing = reading.has("which") and any(
        item.has("which") and reading.items[i + 1 : i + 2] and "customer" in reading.items[i + 1].alts.get("dim", ())
        for i, item in enumerate(reading.items)
    )
    if listing and not reading.has("share", "count") and measure == "repeat" and days is not None:
        return None  # a list of customers
    tokens |= cues.tokens("bare_again", "of_first", "go_on") | _tokens(
        reading, [i for i in reading.having("act") if reading.items[i].get("act") in _DEEDS and i not in reading.having("metric")]
    )
    people = [i for i in _people(reading) if not _grouped(reading, i)]
    rest = _rest(frames, tokens | _tokens(reading, people) | _aside(reading))
    p = rest.parts
    groups = [g for g in p.groups if g not in GRAINS]
    if len(groups) > 1:
        return None
    grain = [g for g in p.groups if g in GRAINS]
    by = groups[0] if groups else "cohort" if grain == ["month"] else None
    if grain and (groups or grain != ["month"]):
        return None
    p.metrics = [m for m in p.metrics if m not in {"revenue", "orders", "repeat_rate", "revenue_per_customer"}]
    study = EarlyStudy(
        days=days,
        measure=measure,  # type: ignore[arg-type]
        by=by,
        filter=rest.filter,
        period=p.period,
        lowest_first=p.descending is False,
    )
    return rest.candidate(
        study, fits={"groups", "periods", "rank"} if by else {"periods"}, used=_counting(reading)
    )


def _aside(reading: Reading) -> set[int]:
    """Tokens in brackets that list what the split may hold: "(Meta / Google / organic)"."""
    found: set[int] = set()
    start = None
    for k, token in enumerate(reading.tokens):
        if token.text == "(":
            start = k
        elif token.text == ")" and start is not None:
            inner = reading.tokens[start + 1 : k]
            if any(t.text in {"/", ","} for t in inner):
                found |= set(range(start, k + 1))
            start = None
    return found


def _grouped(reading: Reading, i: int) -> bool:
    return i > 0 and reading.items[i - 1].has("group")


def _second_order_time(frames: Frames, cues: Cues) -> tuple[set[int], int | None, str] | None:
    reading = frames.reading
    if not cues.said("second_order") or not cues.said("timing") or reading.having("duration"):
        return None
    if not _times(reading, cues) and not any(p.stop - p.start > 1 for p in cues.places("timing")):
        return None
    if reading.has("share") or any(item.lemma.startswith(("how many customer", "how many of")) for item in reading.items):
        return None
    averages = set(reading.having("average"))
    verbs = {i for i, item in enumerate(reading.items) if item.lemma in {"median", "mean", "take", "before", "until", "between"}}
    tokens = cues.tokens("second_order", "timing", "first_order") | _tokens(reading, averages | verbs)
    return tokens, None, "repeat"


def _days_after_first(reading: Reading, cues: Cues) -> tuple[set[int], int, str] | None:
    """The length of time with the words that say it begins at the first order."""
    for i in reading.having("duration"):
        item = reading.items[i]
        length = item.get("duration")
        tokens = set(range(item.start, item.end))
        ends = {item.end, item.end + 1}
        first = next((p for p in cues.places("of_first") if p.start in ends), None)
        rate = next((p for p in cues.places("early_rate") if p.start in ends), None)
        value = next((p for p in cues.places("early_value") if p.start in ends), None)
        opening = item.start and reading.tokens[item.start - 1].lemma == "first"
        if first is not None:
            tokens |= set(first)
            if opening:
                tokens.add(item.start - 1)
            money = _asks_for_money(reading) or cues.said("early_value") and not cues.said("bare_again")
            tokens |= cues.tokens("early_value") if money else set()
            return tokens, length.days, "value" if money and not cues.said("bare_again") else "repeat"
        if rate is not None:
            return tokens | set(rate), length.days, "repeat"
        if value is not None:
            return tokens | set(value), length.days, "value"
    return None


# -- bands -------------------------------------------------------------------------------------------------------------


def _spread(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "distribution of order values", "customers by their average order value in bands", "0-100, 100-500"."""
    reading = frames.reading
    limits = ranges(reading)
    banded = cues.said("spread") or limits is not None
    if not banded and not cues.said("banding"):
        return None
    tokens = cues.tokens("spread") | (limits.tokens if limits else set())
    tokens |= cues.tokens("banding") if not (limits and not cues.said("banding")) else set()
    rest = _rest(frames, tokens)
    p = rest.parts
    measured, things, items = _measured(reading, rest)
    named = _named(measured, things, cues)
    if named is None:
        return None
    of, metric = named
    if not banded and not _by_the_measure(reading, metric, measured):
        return None
    others = [g for g in p.groups if g not in _THINGS]
    if others or p.conditions.customers:
        return None
    count = frames.reading.vocabulary.metrics.get(metric)
    edges = limits.edges(count is not None and count.unit == "count") if limits else ()
    p.metrics, p.groups, p.limit, p.descending = [], [], None, None
    study = SpreadStudy(of=of, metric=metric, edges=edges, filter=rest.filter, period=p.period)
    means = set(reading.having("average", "pronoun", "customers_pronoun", "sorted", "trend", "share", "down", "content"))
    verbs = {i for i in reading.having("act") if reading.items[i].get("act") in {"buy", "spend"}}
    return rest.candidate(
        study, fits={"periods", "metrics", "groups"}, used=items | means | verbs | _counting(reading)
    )


def _measured(reading: Reading, rest: Rest) -> tuple[list[str], list[str], set[int]]:
    """Measures and things that the rest names, and their items."""
    measured: list[str] = []
    things: list[str] = []
    items: set[int] = set()
    for i in rest.kept:
        item = reading.items[i]
        metric = str(item.get("metric")) if item.has("metric") else None
        dim = next((d for d in _THINGS if d in item.alts.get("dim", ())), None)
        if metric in _COUNTS or dim is not None:
            things.append(_COUNTS.get(metric or "", dim or ""))
        elif metric is not None:
            measured.append(metric)
        else:
            continue
        items.add(i)
    return measured, list(dict.fromkeys(t for t in things if t)), items


def _named(measured: list[str], things: list[str], cues: Cues) -> tuple[str, str] | None:
    """What is counted and by which measure, or None when that stays open."""
    if len(set(measured)) > 1 or len(things) > 2:
        return None
    metric = measured[0] if measured else None
    if metric is None:
        if set(things) == {"customer", "order"} or (things == ["order"] and cues.said("per_thing")):
            return "customer", "orders"
        return None
    if metric == "clv":
        return "customer", "revenue"
    if metric in _MEAN_OF and not (things and things != [_MEAN_OF[metric][0]]):
        return _MEAN_OF[metric]
    if things:
        return things[0], metric
    return None


def _by_the_measure(reading: Reading, metric: str, measured: list[str]) -> bool:
    """Whether "by" stands before the measure: "break down customers by their average order value"."""
    for i, item in enumerate(reading.items):
        if item.has("metric") and str(item.get("metric")) in {metric, *measured}:
            k = i - 1
            while k >= 0 and (reading.items[k].has("pronoun", "customers_pronoun", "average") or reading.is_skip(k)):
                if reading.items[k].has("group"):
                    return True
                k -= 1
            return k >= 0 and reading.items[k].has("group")
    return False


# -- concentration -----------------------------------------------------------------------------------------------------


def _concentration(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "how many products make half of the revenue", "do 20 % of products make 80 % of sales"."""
    reading = frames.reading
    of = _things_said(reading)
    percents = [k for k, t in enumerate(reading.tokens) if t.unit == "percent"]
    goal = percents[-1] if percents else None
    half = next(iter(cues.places("half")), None)
    brings = cues.said("brings")
    whole = cues.said("concentration")
    reach = 50.0 if half is not None else float(reading.tokens[goal].value or 0) if goal is not None else None
    if not whole and not (of and brings and reach is not None):
        return None
    if not whole and len(percents) < 2 and not _how_many_things(reading, of):
        return None
    if reach is not None and not 0 < reach <= 100:
        return None
    tokens = cues.tokens("concentration", "half", "brings") | set(percents)
    share_words = _tokens(reading, [i for i in reading.having("share")])
    rest = _rest(frames, tokens | share_words)
    p = rest.parts
    metric, items = _money(reading, rest)
    p.metrics, p.groups = [], [g for g in p.groups if g != (of or "customer")]
    p.limit = p.descending = None
    study = ConcentrationStudy(
        of=of or "customer",
        metric=metric,
        reach=reach if reach is not None else 80.0,
        share_of_things=float(reading.tokens[percents[0]].value or 0) if len(percents) == 2 else None,
        filter=rest.filter,
        period=p.period,
    )
    return rest.candidate(study, fits={"periods", "metrics"}, used=items | _counting(reading))


def _things_said(reading: Reading) -> str | None:
    for item in reading.items:
        metric = item.get("metric")
        if metric in _COUNTS and metric != "orders":
            return _COUNTS[str(metric)]
        counts = {"country_count": "country", "category_count": "category", "brand_count": "brand", "city_count": "city"}
        if metric in counts:
            return counts[str(metric)]
        found = next((d for d in item.alts.get("dim", ()) if d in {"product", "customer", *counts.values()}), None)
        if found is not None:
            return str(found)
    return None


def _how_many_things(reading: Reading, of: str | None) -> bool:
    """Whether the number of things is asked for, not what a given number of them bring."""
    asked = _how_many(reading) or any(i.lemma.startswith(("number of", "what number")) for i in reading.items)
    return asked and of is not None


def _money(reading: Reading, rest: Rest) -> tuple[str, set[int]]:
    metrics = [
        (str(reading.items[i].get("metric")), i)
        for i in rest.kept
        if reading.items[i].has("metric") and reading.items[i].get("metric") not in {*_COUNTS, "country_count"}
    ]
    named = [m for m, _ in metrics if m in {"revenue", "units", "gross_margin", "net_revenue", "orders"}]
    items = {i for i in rest.kept if reading.items[i].has("metric", "dim")}
    return (named[0] if named else "revenue"), items


__all__ = ["studies", "Item"]
