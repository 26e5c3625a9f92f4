"""Frames of studies: cohorts, returning customers, order counts, bands, first days, concentration.

A frame looks for the words of its study, takes them out of the text, and lets the rest be read as any other question:
values become the filter, a stretch of time the period, a noun after "by" the split. What the study has no place for
costs as much as a word that was not understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.cues import Cues
from assistant.llm.planner.heard import heard
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.study_rest import (
    DEEDS,
    PEOPLE_METRICS,
    asks_for_time,
    counting,
    grain_said,
    how_many,
    people,
    rest_of,
    tokens_of,
)
from assistant.llm.planner.study_returns import early, returning
from assistant.llm.planner.study_sizes import concentration, largest_part, spread
from assistant.plans.studies import CohortStudy, LadderStudy

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


def studies(frames: Frames) -> Iterator[Candidate | None]:
    """Every study that the text may ask for."""
    if not frames.bound("run_study") or frames.reading.does("forecast", "recommend"):
        return
    cues = Cues(frames.reading)
    for frame in (_cohorts, returning, _ladder, early, spread, concentration, largest_part):
        try:
            yield frame(frames, cues)
        except ValidationError:
            continue  # limits that do not rise, no base period: not this study


# -- cohorts -----------------------------------------------------------------------------------------------------------


def _cohorts(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "monthly cohort retention", "customers who first ordered in January, month by month after that"."""
    reading = frames.reading
    named = cues.said("cohort") and (cues.said("cohort_follow") or len(reading.items) <= 4)
    single = cues.said("first_order") and cues.said("later_units") and cues.said("again")
    if not (named or single):
        return None
    tokens = cues.tokens("cohort", "cohort_follow", "later_units", "again") | tokens_of(
        reading,
        [i for i, item in enumerate(reading.items) if item.has("grain") or "cohort" in item.alts.get("dim", ())],
    )
    tokens |= cues.tokens("first_order", "retention") | tokens_of(reading, people(reading))
    rest = rest_of(frames, tokens)
    p = rest.parts
    measured = [m for m in p.metrics if m not in PEOPLE_METRICS]
    measure = {
        "revenue": "revenue",
        "orders": "orders",
        "revenue_per_customer": "revenue",
        "clv": "revenue",
        "orders_per_customer": "orders",
        "average_order_value": None,
    }.get(measured[0] if measured else "")
    if measured and measure is None:
        return None
    if measured and not cues.said("cohort"):
        return None
    study = CohortStudy(
        grain=grain_said(frames) or "month",  # type: ignore[arg-type]
        measure=measure or "customers",  # type: ignore[arg-type]
        filter=rest.filter,
        period=p.period,
    )
    return rest.candidate(study, fits={"periods", "metrics"}, used=counting(reading))


# -- number of orders --------------------------------------------------------------------------------------------------


def _ladder(frames: Frames, cues: Cues) -> Candidate | None:
    """As in "how many customers made one, two, three or more orders", "who go on to a second order"."""
    reading = frames.reading
    who = people(reading)
    listed, steps = _counts_listed(reading, cues)
    nth, ordinal = _nth_order(reading, cues)
    funnel = cues.said("funnel") and (who or any(i.has("metric") for i in reading.items))
    if not (listed or nth or funnel) or not (who or funnel):
        return None
    if (nth and not (listed or funnel)) and not (reading.has("share", "count") or how_many(reading)):
        return None
    if reading.having("duration") or (nth and not listed and asks_for_time(reading, cues)):
        return None
    tokens = listed | nth | cues.tokens("funnel", "step_noun", "go_on") | tokens_of(reading, who)
    first_only = any(len(place) > 1 or place.start for place in cues.places("first_order")) and not listed
    tokens |= cues.tokens("first_order") | cues.tokens("again")
    tokens |= tokens_of(reading, [i for i in reading.having("act") if reading.items[i].get("act") in DEEDS])
    rest = rest_of(frames, tokens)
    study = LadderStudy(
        steps=max(steps, ordinal + 1 if ordinal else 0) or 5,
        first_only=first_only and rest.parts.period is not None,
        filter=rest.filter,
        period=rest.parts.period,
    )
    return rest.candidate(study, fits={"periods"}, used=counting(reading))


def _counts_listed(reading: Reading, cues: Cues) -> tuple[set[int], int]:
    """Tokens of "one, two, three or more orders", and the last number."""
    tokens = reading.tokens
    nouns = {place.start for place in cues.places("step_noun")}
    run: list[int] = []
    best: list[int] = []
    for k, token in enumerate(tokens):
        if (
            token.value is not None
            and token.unit is None
            and token.value == int(token.value)
            and 0 < token.value <= 20
            or token.lemma in heard("studies.times")
        ):
            run.append(k)
        elif token.text in {",", "/", "+"} or token.lemma in heard("studies.between_numbers"):
            continue
        else:
            run = []
        best = run if len(run) > len(best) else best
    values = [int(tokens[k].value or {"once": 1, "twice": 2, "thrice": 3}.get(tokens[k].lemma, 0)) for k in best]
    rising = len(values) >= 2 and all(b == a + 1 for a, b in zip(values, values[1:], strict=False)) and values[0] <= 2
    worded = any(tokens[k].lemma in heard("studies.times") for k in best)
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
        after = range(k + 1, min(k + 5, len(reading.tokens)))
        linked = [
            j for j in after if reading.tokens[j].lemma in heard("comma_and_or") or reading.tokens[j].unit == "ordinal"
        ]
        end = next((j for j in after if j in nouns and set(range(k + 1, j)) <= set(linked)), None)
        item = next((i for i in reading.items if i.start <= k < i.end), None)
        if end is not None and item is not None and not item.has("period"):
            found |= set(range(k, end + 1))
            highest = max(highest, int(token.value))
    return found, highest
