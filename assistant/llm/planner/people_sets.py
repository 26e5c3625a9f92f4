"""Two conditions of which customers meet one, exactly one or none: "bought coffee or tea but not both", "neither in A
nor in B", "either garden or tea buyers", "bought garden but neither tea nor coffee".

The text is read twice, once with each of the two things in the place of both, by the grammar that reads everything
else. Only where the two plans differ in one condition on customers, wherever it stands in their rules, and in nothing
besides, that condition is put together anew. Such a pair may stand beside another one ("…, and garden or beauty but not
both"): the texts of the first pair are then read in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.llm.planner.candidate import Candidate, Planned, ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.values import join
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not, Or
from assistant.plans.rule_numbers import conditions

PlanOne = Callable[[str], Sequence[Candidate]]
Plan = Callable[[str], ToolCall | None]
#: each of the two must be read so well, and leave no word over
_WELL = 0.65
_LONGEST, _MOST_WORDS = 250, 8
#: pairs that one text may join
_MOST_PAIRS = 2
_BRACKETS = re.compile(r"[()\[\]]")
_RULE: TypeAdapter[Any] = TypeAdapter(Filter)


def people_sets(text: str, words: Vocabulary, plan_one: PlanOne) -> Planned | None:
    """The plan with both conditions in one; None where the text joins no two in such a way.

    Args:
        plan_one: readings of a text, best first.
    """
    raw = _raw(words.lexicon.language)
    if not raw.get("forms") or len(text) > _LONGEST:
        return None
    asked = " ".join(_BRACKETS.sub(" ", text.replace("’", "'")).split()).strip(" ?!.")
    for said, instead in ((raw["somebody"], raw["somebody_said"]), (raw["their_buyers"], raw["their_buyers_said"])):
        asked = re.sub(said, instead, asked, flags=re.IGNORECASE)
    made = _read(asked, words.lexicon.language, plan_one, _MOST_PAIRS)
    return None if made is None else Planned([made], 0.9, frame="people_sets")


def _read(asked: str, language: str, plan_one: PlanOne, pairs: int) -> ToolCall | None:
    """The call with every pair of the text put together; None where it joins no two in such a way."""
    raw = _raw(language)

    def plan(text: str) -> ToolCall | None:
        inner = _read(text, language, plan_one, pairs - 1) if pairs > 1 else None
        return inner or _plan(text, plan_one)

    for kind, match in _forms(language).fitting(asked):
        made = _besides(match, raw, plan) if kind == "but_none" else None
        if made is not None:
            return made
        for one, other in _texts(kind, match, raw) if kind != "but_none" else ():
            made = _together(kind, one, other, plan)
            if made is not None:
                return made
    return None


@lru_cache(maxsize=4)
def _raw(language: str) -> dict[str, Any]:
    return dict(read_yaml(language, "people_sets"))


@lru_cache(maxsize=4)
def _forms(language: str) -> LatePatterns[str]:
    return LatePatterns((kind, LatePattern(form, re.IGNORECASE | re.DOTALL))
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


def _besides(match: re.Match[str], raw: dict[str, Any], plan: Plan) -> ToolCall | None:
    """As in "bought garden but neither tea nor coffee": those who meet what stands before, and neither of the two."""
    before, first, second = (match.group(name).strip(" ,") for name in ("before", "rest", "second"))
    said = [w.lower().strip(",") for w in before.split()]
    verb = next((w for w in reversed(said) if w in raw["verbs"]), None)
    lead = raw["anybody"]
    if not _begins_clause(first, raw):
        lead = f"{lead} {raw['who']} {verb}" if verb not in raw["places"] else f"{lead} {verb}"
    elif first.split()[0].lower() not in raw["places"]:
        lead = f"{lead} {raw['who']}"
    base = plan(before)
    if base is None or base.args.get("filter") is None or (verb is None and not _begins_clause(first, raw)):
        return None
    spoken = second.split()
    for cut in range(len(spoken), max(0, len(spoken) - _MOST_WORDS), -1):
        for one, other in _sides(lead, first, " ".join(spoken[:cut]), " ".join(spoken[cut:]), raw):
            none = _together("none", one, other, plan)
            if none is None:
                continue
            kept, left_out = (conditions(_RULE.validate_python(c.args.get("filter"))) for c in (base, none))
            if any(_any_order(part) for part in left_out):
                return _other_times(before, first, second, raw, plan)
            if not _begins_clause(first, raw):
                kept = _in_the_same_time(kept, left_out)
            rule = join(_apart([*kept, *left_out]))
            assert rule is not None
            return ToolCall(base.name, {**base.args, "filter": rule.model_dump(mode="json", exclude_none=True)})
    return None


def _other_times(before: str, first: str, second: str, raw: dict[str, Any], plan: Plan) -> ToolCall | None:
    """As in "bought coffee but not in 2025 or 2026": each time denied of what was done, as if it stood alone."""
    calls = [plan(str(raw["but_not_in"]).format(before, said)) for said in (first, second)]
    if calls[0] is None or calls[1] is None or calls[0].name != calls[1].name:
        return None
    one, other = (conditions(_RULE.validate_python(c.args.get("filter"))) for c in calls if c is not None)
    if len(one) != len(other) or len([part for part in one if part not in other]) != 1:
        return None
    rule = join(_apart([*one, *other]))
    if rule is None or calls[0].args.get("period") != calls[1].args.get("period"):
        return None
    return ToolCall(calls[0].name, {**calls[0].args, "filter": rule.model_dump(mode="json", exclude_none=True)})


def _any_order(part: Filter) -> bool:
    denied = part.part if isinstance(part, Not) else part
    ordered = isinstance(denied, CustomerCondition) and (denied.op, denied.values) == ("ge", (1,))
    return ordered and denied.where is None  # type: ignore[union-attr]


def _in_the_same_time(kept: list[Filter], left_out: list[Filter]) -> list[Filter]:
    """One verb has one time: "bought coffee but neither tea nor milk in 2025" is about coffee in 2025 as well."""
    times = [p.part.period for p in left_out if isinstance(p, Not) and isinstance(p.part, CustomerCondition)]
    bought = [i for i, p in enumerate(kept) if isinstance(p, CustomerCondition) and p.where is not None]
    if not bought or not times or times[0] is None or any(t != times[0] for t in times):
        return kept
    last = kept[bought[-1]]
    if not isinstance(last, CustomerCondition) or last.period is not None:
        return kept
    return [last.model_copy(update={"period": times[0]}) if i == bought[-1] else p for i, p in enumerate(kept)]


def _apart(parts: Sequence[Filter]) -> list[Filter]:
    """The conditions, each once."""
    return [part for i, part in enumerate(parts) if part not in parts[:i]]


def _together(kind: str, one: str, other: str, plan: Plan) -> ToolCall | None:
    plans = [plan(text) for text in (one, other)]
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
    if len(first) != 1 or len(second) != 1:
        return None
    joined = _merged(kind, first[0], second[0])
    rule = join([*common, *joined]) if joined else None
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


def _merged(kind: str, one: Filter, other: Filter) -> list[Filter]:
    """Two rules that differ in one condition, with both conditions in its place; empty where they differ in more."""
    if _of_people(one, other):
        return _joined(kind, one, other)
    if not (isinstance(one, And | Or) and type(one) is type(other) and len(one.parts) == len(other.parts)):
        return []
    pairs = list(zip(one.parts, other.parts, strict=True))
    differing = [i for i, (a, b) in enumerate(pairs) if a != b]
    if len(differing) != 1:
        return []
    inner = join(_merged(kind, *pairs[differing[0]]))
    if inner is None:
        return []
    parts = tuple(inner if i == differing[0] else part for i, part in enumerate(one.parts))
    return [type(one)(parts=parts)]


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
