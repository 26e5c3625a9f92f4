"""Two conditions of which customers meet one, exactly one or none: "bought coffee or tea but not both", "neither in A
nor in B", "either garden or tea buyers".

The text is read twice, once with each of the two things in the place of both, by the grammar that reads everything
else. Only where the two plans differ in one condition on customers, and in nothing besides, that condition is put
together anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.llm.planner.candidate import Candidate, Planned, ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not, Or
from assistant.plans.rule_numbers import conditions

PlanOne = Callable[[str], Sequence[Candidate]]
#: each of the two must be read so well, and leave no word over
_WELL = 0.65
_LONGEST, _MOST_WORDS = 250, 8
_RULE: TypeAdapter[Any] = TypeAdapter(Filter)


def people_sets(text: str, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """The plan with both conditions in one; None where the text joins no two in such a way.

    Args:
        plan_one: readings of a text, best first.
    """
    raw = _raw(words.lexicon.language)
    if not raw.get("forms") or len(text) > _LONGEST:
        return None
    asked = " ".join(text.replace("’", "'").split()).strip(" ?!.")
    asked = re.sub(raw["somebody"], raw["somebody_said"], asked, flags=re.IGNORECASE)
    for kind, pattern in _forms(words.lexicon.language):
        match = pattern.fullmatch(asked)
        if match is None:
            continue
        for one, other in _texts(kind, match, raw):
            made = _together(kind, one, other, plan_one)
            if made is not None:
                return Planned([made], 0.9, frame="people_sets")
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "people_sets"))


@lru_cache(maxsize=4)
def _forms(language: str) -> tuple[tuple[str, LatePattern], ...]:
    return tuple((kind, LatePattern(form, re.IGNORECASE | re.DOTALL))
                 for kind, forms in _raw(language)["forms"].items() for form in forms)


# -- one text for each of the two --------------------------------------------------------------------------------------


def _texts(kind: str, match: re.Match[str], raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The text with the first thing alone and with the second alone, the likeliest places first."""
    before, second = match.group("before").strip(), match.group("second").strip()
    after = (match.groupdict().get("after") or "").strip(" ,")
    if kind == "one":
        before = re.sub(raw["no_longer_either"], "", before, flags=re.IGNORECASE)
        yield from _sides(*_split(before, second, raw), second, after, raw)
        return
    first = match.group("rest").strip()
    if not before:  # "either Garden or Tea buyers"
        before, first = _split(first, second, raw)
    spoken = second.split()
    for cut in range(len(spoken), max(0, len(spoken) - _MOST_WORDS), -1):  # where the second thing ends is not marked
        yield from _sides(before, first, " ".join(spoken[:cut]), " ".join(spoken[cut:]), raw)


def _split(text: str, second: str, raw: dict[str, Any]) -> tuple[str, str]:
    """What stands before the first thing, and the first thing itself."""
    said = text.split()
    low = [w.lower().strip(",") for w in said]
    verbs = [i for i, w in enumerate(low) if w in raw["verbs"]]
    if verbs:
        at = verbs[-1]
        if not _begins_clause(second, raw):
            return " ".join(said[: at + 1]), " ".join(said[at + 1 :])
        while at and low[at - 1] in raw["leads"]:
            at -= 1
        return " ".join(said[:at]), " ".join(said[at:])
    opened = next((o for o in sorted(raw["openers"], key=len, reverse=True) if text.lower().startswith(f"{o} ")), "")
    return text[: len(opened)], text[len(opened) :].strip()


def _begins_clause(text: str, raw: dict[str, Any]) -> bool:
    first = text.lower().split()[0] if text else ""
    return first in raw["verbs"] or first in raw["leads"]


def _sides(before: str, first: str, second: str, after: str, raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not first or not second:
        return
    one, other = first, second
    if second.split()[-1].lower() in raw["nouns"] and len(second.split()) > 1 and not _begins_clause(first, raw):
        one, other = (raw["bought"].format(_goods(side, raw)) for side in (first, second))
    if _begins_clause(first, raw) and not _begins_clause(second, raw):  # "neither bought garden nor tea"
        other = f"{first.split()[0]} {second}"
    yield " ".join(f"{before} {one} {after}".split()), " ".join(f"{before} {other} {after}".split())


def _goods(side: str, raw: dict[str, Any]) -> str:
    return " ".join(w for w in side.split() if w.lower() not in raw["nouns"])


# -- one plan of two ---------------------------------------------------------------------------------------------------


def _together(kind: str, one: str, other: str, plan_one: PlanOne) -> ToolCall | None:
    plans = [_plan(text, plan_one) for text in (one, other)]
    if plans[0] is None or plans[1] is None or plans[0].name != plans[1].name:
        return None
    args = [p.args for p in plans if p is not None]
    differing = [k for k in {*args[0], *args[1]} if args[0].get(k) != args[1].get(k)]
    if "filter" not in differing or not set(differing) <= {"filter", "metrics"}:
        return None
    try:
        rules = [conditions(_RULE.validate_python(a.get("filter"))) for a in args]
    except ValidationError:
        return None
    common = [part for part in rules[0] if part in rules[1]]
    first, second = ([part for part in rule if part not in common] for rule in rules)
    if len(first) != 1 or len(second) != 1 or not _of_people(first[0], second[0]):
        return None
    rule = join([*common, *_joined(kind, first[0], second[0])])
    if rule is None:
        return None
    made = {**args[0], "filter": rule.model_dump(mode="json", exclude_none=True)}
    if "metrics" in differing:  # a list shows what its conditions are about
        made["metrics"] = list(dict.fromkeys([*args[0]["metrics"], *args[1]["metrics"]]))
    return ToolCall(plans[0].name, made)


def _plan(text: str, plan_one: PlanOne) -> ToolCall | None:
    found = plan_one(text)
    best = found[0] if found else None
    if best is None or best.cost > _WELL or best.unexplained or len(best.calls) != 1:
        return None
    return best.calls[0] if best.calls[0].name in {"count_audience", "query_data"} else None


def _of_people(one: Filter, other: Filter) -> bool:
    """Whether both are conditions on customers, and either wholly different ones or of the same kind in all but what
    is bought."""
    if isinstance(one, InGroup) or isinstance(other, InGroup):
        return True
    if isinstance(one, Compare) and isinstance(other, Compare):
        return one.field == other.field and one.field in {"country", "city"}
    if not (isinstance(one, CustomerCondition) and isinstance(other, CustomerCondition)):
        return False
    same = (one.metric, one.op, one.values) == (other.metric, other.op, other.values)
    return not same or one.where is None or other.where is None or one.period == other.period


def _joined(kind: str, one: Filter, other: Filter) -> list[Filter]:
    if kind == "none":
        return [Not(part=one), Not(part=other)]
    if kind == "any":
        return [Or(parts=(one, other))]
    return [Or(parts=(one, other)), Not(part=And(parts=(one, other)))]
