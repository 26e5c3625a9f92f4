"""What is left of a question along time once its cue is taken out: a plain question of one measure.

Every word that is left has to be read by the ordinary grammar, so that a text with anything else in it is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.plans.series import GapStudy, ReachStudy, RunsStudy, UsualStudy

PlanOne = Callable[[str], Sequence[Candidate]]
#: the rest is taken only where it is read this well
WELL = 0.2
_MACRO = re.compile(r"(?<!\?P)(?<!\?P=)<(\w+)>")


@dataclass(frozen=True)
class Rest:
    """One measure with its conditions and its time; ``notes`` say what was kept from the answer before."""

    metric: str
    filter: Filter | None = None
    period: Period | None = None
    notes: tuple[str, ...] = ()
    named: bool = True


@lru_cache(maxsize=4)
def raw(language: str) -> dict[str, Any]:
    """The words of questions along time."""
    return dict(read_yaml(language, "series"))


@lru_cache(maxsize=4)
def patterns(language: str) -> Callable[[str], LatePattern]:
    """A function from the source of an expression, with the file's macros in it, to the expression."""
    macros = {name: str(source) for name, source in raw(language).get("macros", {}).items()}

    def filled(source: str) -> str:
        while _MACRO.search(source):
            source = _MACRO.sub(lambda m: macros[m.group(1)], source)
        return source

    @lru_cache(maxsize=512)
    def one(source: str) -> LatePattern:
        return LatePattern(filled(source))

    return one


def first_match(sources: Sequence[str], text: str, language: str) -> re.Match[str] | None:
    """The match of the first expression that is found in the text."""
    of = patterns(language)
    return next((m for m in (of(source).search(text) for source in sources) if m is not None), None)


def cut(text: str, match: re.Match[str]) -> str:
    """The text without what matched, but for its group ``kept``."""
    kept = (match.groupdict().get("kept") or "").strip()
    return f"{text[: match.start()]} {kept} {text[match.end():]}"


def trimmed(text: str, language: str) -> str:
    """The text without words that say nothing at its ends."""
    silent = _silent(language)
    words = re.findall(r"[\w’'\-.]*\w|[^\w\s]", " ".join(text.split()))
    start, end = 0, len(words)
    while start < end and words[start].lower() in silent:
        start += 1
    while end > start and words[end - 1].lower() in silent:
        end -= 1
    kept = " ".join(words[start:end])
    if start and words[start - 1].lower() in raw(language)["prepositions"] and kept:
        return f"{words[start - 1]} {kept}"  # "in december": a preposition says what follows
    return kept


@lru_cache(maxsize=4)
def _silent(language: str) -> frozenset[str]:
    return frozenset(str(w).lower() for w in raw(language)["unspoken"])


def rest_of(
    text: str, words: Vocabulary, plan_one: PlanOne, context: DialogueContext, measure: str | None = None
) -> Rest | None:
    """The measure, the conditions and the time that what is left asks for.

    Args:
        text: without its cue and its unit of time.
        measure: the measure where none is named; revenue, or that of the answer before, without it.
    """
    language = words.lexicon.language
    left = trimmed(text, language)
    if not left or left.lower() in {str(p) for p in raw(language)["pronouns"]}:
        before = _before(context)
        plain = Rest(measure or words.role("revenue") or "revenue", named=bool(left) and not before)
        return before if before is not None and measure is None else plain
    found = _plain(left, words, plan_one, measure)
    return None if found is None else _kept(found, context)


def _before(context: DialogueContext) -> Rest | None:
    """The measure that was answered last, with its conditions and its time."""
    last = context.last()
    plan = last.call.plan() if last is not None and last.call.name in {"query_data", "run_study"} else None
    study = getattr(plan, "study", None)
    if isinstance(study, UsualStudy | RunsStudy | GapStudy | ReachStudy):
        plan = QueryPlan(metrics=(study.metric,), filter=study.filter, period=study.period)
    if not isinstance(plan, QueryPlan) or len(plan.metrics) != 1 or plan.compare is not None:
        return None
    notes = tuple(n for n, held in (("kept_time||", plan.period), ("kept_part||", plan.filter)) if held is not None)
    return Rest(plan.metrics[0], plan.filter, plan.period, notes)


def _kept(found: Rest, context: DialogueContext) -> Rest:
    """With the time and the conditions of the answer before, where the text has none of its own."""
    before = _before(context)
    if before is None or found.period is not None or found.filter is not None:
        return found
    return Rest(found.metric, before.filter, before.period, before.notes)


def _plain(left: str, words: Vocabulary, plan_one: PlanOne, measure: str | None) -> Rest | None:
    named = any(item.has("metric") for item in read(left, words).items)
    label = words.metrics[measure].label.lower() if measure and measure in words.metrics else "revenue"
    first, _, after = left.partition(" ")
    bare = after if first.lower() in raw(words.lexicon.language)["prepositions"] and after else left
    told = [str(form) for form in raw(words.lexicon.language)["asked_as"]["named" if named else "unnamed"]]
    tries = [form.format(left=left, bare=bare, measure=label) for form in told]
    for said in dict.fromkeys(tries):
        plan = _best(said, plan_one)
        if plan is None or (not named and plan.metrics[0] not in {measure, words.role("revenue"), "revenue"}):
            continue
        return Rest(plan.metrics[0], plan.filter, plan.period)
    return None


def _best(said: str, plan_one: PlanOne) -> QueryPlan | None:
    best = next(iter(plan_one(" ".join(said.split()))), None)
    if best is None or best.cost > WELL or best.unexplained or best.absent or len(best.calls) != 1:
        return None
    plan = best.calls[0].plan() if best.calls[0].name == "query_data" else None
    if not isinstance(plan, QueryPlan) or plan.dimensions or len(plan.metrics) != 1:
        return None
    odd = plan.having or plan.compare or plan.transform or plan.limit or plan.summary
    return None if odd else plan


def number(said: str, words: Vocabulary) -> float | None:
    """The number that a text says: "100k", "half a million", "1,000th"."""
    data = raw(words.lexicon.language)["numbers"]
    plain = re.sub(data["around"], "", said.lower()).strip()
    if plain in data["ordinals"]:
        return float(data["ordinals"][plain])
    match = re.fullmatch(r"(\d[\d,]*(?:\.\d+)?)\s*([^\W\d]*)", plain)
    if match is not None:
        scale = data["scale"].get(match.group(2)) if match.group(2) else 1
        return None if scale is None else float(match.group(1).replace(",", "")) * scale
    value = 1.0
    for word in plain.split():
        if word not in data["words"]:
            return None
        value *= data["words"][word]
    return value if plain else None
