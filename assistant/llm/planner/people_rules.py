"""Conditions on customers that span several orders or look ahead: "bought A followed within 30 days by B", "with a
churn probability above 70 %", "expected to spend over 200 next year".

Read with expressions of their own (``people_rules.yaml``) before the grammar of single orders sees the text; other ways
of saying them are put into these words by ``rephrase_people.yaml``. What is read here is marked as explained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.filters import ConditionReader
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.spans import Reading
from assistant.plans.filters import And, BoughtThen, Compare, CustomerCondition, Filter, Not, Or, Predicted

#: days that a prediction looks ahead where nobody said
USUAL_AHEAD = {"churn_probability": 90, "expected_value": 365, "expected_orders": 365}
_SHORTEST, _LONGEST = 7, 730
#: what is bought, and not where or how
_GOODS = frozenset({"product", "category", "subcategory", "brand"})
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


@dataclass
class PeopleRules:
    """What was found: conditions on customers, and the items they explain."""

    customers: list[Filter] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Words:
    sequence: tuple[LatePattern, ...]
    joint: LatePattern
    another: LatePattern
    first: tuple[LatePattern, ...]
    predicted: tuple[tuple[str, LatePattern], ...]
    operators: dict[str, str]
    units: dict[str, int]
    numbers: dict[str, float]


@lru_cache(maxsize=4)
def _words(lex: Lexicon) -> _Words:
    raw: dict[str, Any] = read_yaml(lex.language, "people_rules")
    macros = {name: f"(?:{body})" for name, body in raw.get("macros", {}).items()}

    def compiled(text: str) -> LatePattern:
        for _ in range(3):
            text = re.sub(r"<(\w+)>", lambda m: macros.get(m.group(1), m.group()), text)
        return LatePattern(text.replace(" ?", r"\s*").replace(" ", r"\s+"))

    return _Words(
        tuple(compiled(t) for t in raw.get("sequence", ())),
        compiled(raw.get("joint", "(?!)")),
        compiled(raw.get("another", "(?!)")),
        tuple(compiled(t) for t in raw.get("first", ())),
        tuple((name, compiled(t)) for name, texts in raw.get("predicted", {}).items() for t in texts),
        {str(word): op for op, words in raw.get("operators", {}).items() for word in words},
        {str(word): _DAYS[unit] for unit, words in raw.get("units", {}).items() for word in words},
        {"1": 1.0} | {str(word): float(n) for word, n in raw.get("numbers", {}).items()},
    )


def people_rules(reading: Reading) -> PeopleRules:
    """Every such condition of a text, left to right."""
    if "people_rules" not in reading.memo:
        found, words = PeopleRules(), _words(reading.vocabulary.lexicon)
        for match in _apart(words.sequence, reading.text):
            _sequence(reading, words, match, found)
        for match in _apart(words.first, reading.text):
            if not _items(reading, *match.span()) & found.used:
                _first_order(reading, words, match, found)
        for attribute, pattern in words.predicted:
            for match in pattern.finditer(reading.text):
                items = _items(reading, *match.span())
                if not items & found.used:
                    _prediction(words, attribute, match, items, found)
        reading.memo["people_rules"] = found
    kept: PeopleRules = reading.memo["people_rules"]
    return PeopleRules(list(kept.customers), set(kept.used))


def _apart(patterns: tuple[LatePattern, ...], text: str) -> Iterator[re.Match[str]]:
    """Matches that do not share words, the first pattern's first."""
    taken: list[tuple[int, int]] = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            if all(match.end() <= a or match.start() >= b for a, b in taken):
                taken.append(match.span())
                yield match


def _items(reading: Reading, start: int, end: int) -> set[int]:
    """Items that stand between two places of the text."""
    tokens = reading.tokens
    return {
        i for i, item in enumerate(reading.items)
        if tokens[item.start].start < end and tokens[item.end - 1].end > start
    }


# -- one thing after another ------------------------------------------------------------------------------------------


def _sequence(reading: Reading, words: _Words, match: re.Match[str], found: PeopleRules) -> None:
    """One chain of things bought, or one that was never finished ("not followed by")."""
    pieces, at = [], match.start("steps")
    days: int | None = None
    for joint in words.joint.finditer(match.group("steps")):
        pieces.append((at, match.start("steps") + joint.start()))
        at = match.start("steps") + joint.end()
        days = _days(words, joint.group("n"), joint.group("unit")) if joint.group("n") else days
    pieces.append((at, match.end("steps")))
    if match.group("n"):
        days = _days(words, match.group("n"), match.group("unit"))
    steps: list[Filter | None] = []
    end = match.start("steps")
    for start, stop in pieces:
        if words.another.fullmatch(reading.text[start:stop].strip()):
            steps.append(None)
            end = stop
            continue
        thing = _thing(reading, start, stop)
        if thing is None:
            return
        steps.append(thing[0])
        end = max(end, thing[1])
    last = match.end() if match.group("n") else end
    try:
        chain: Filter = BoughtThen(steps=tuple(steps), within_days=days)
    except ValidationError:
        return
    if match.group("not"):
        began = CustomerCondition(metric=_orders(reading), op="ge", values=(1,), where=steps[0])
        chain = And(parts=(began, Not(part=chain)))
    found.customers.append(chain)
    found.used |= _items(reading, match.start(), last)


def _first_order(reading: Reading, words: _Words, match: re.Match[str], found: PeopleRules) -> None:
    """As in "whose first order held Garden in 2025": what was bought on the day of the first order ever, and when that
    was."""
    metric = reading.vocabulary.role("new_customers")
    thing = _thing(reading, *match.span("thing"))
    if thing is None or metric is None or not _of_goods(thing[0]):
        return
    end, period = thing[1], None
    after = next((i for i, item in enumerate(reading.items) if reading.tokens[item.start].start >= end), None)
    if after is not None:
        for i in range(after, min(after + 2, len(reading.items))):
            if reading.items[i].has("period"):
                period = reading.items[i].get("period").period
                end = reading.tokens[reading.items[i].end - 1].end
                break
            if not reading.is_skip(i):
                break
    found.customers.append(CustomerCondition(metric=metric, op="ge", values=(1,), where=thing[0], period=period))
    found.used |= _items(reading, match.start(), max(end, match.end("last") if match.group("last") else end))


def _of_goods(what: Filter) -> bool:
    if isinstance(what, And | Or):
        return all(_of_goods(part) for part in what.parts)
    return isinstance(what, Compare) and what.field in _GOODS


def _thing(reading: Reading, start: int, end: int) -> tuple[Filter, int] | None:
    """What a stretch of the text names, and where that ends."""
    items = sorted(_items(reading, start, end))
    objects = ConditionReader(reading)
    for i in items:
        named = objects._object(i)
        if named is not None:
            return named[0], reading.tokens[reading.items[named[1] - 1].end - 1].end
        if not reading.is_skip(i) and not reading.items[i].has("dim"):
            return None
    return None


def _orders(reading: Reading) -> str:
    return reading.vocabulary.role("orders") or "orders"


def _days(words: _Words, number: str, unit: str) -> int:
    count, per = _value(words, number), words.units[unit.lower()]
    if per == _DAYS["month"] and count and count % 12 == 0:  # twelve months are a year
        return round(count / 12 * _DAYS["year"])
    return round(count * per)


def _value(words: _Words, text: str) -> float:
    plain = text.lower().strip().lstrip("£$€").strip().replace(",", "")
    if plain in words.numbers:
        return words.numbers[plain]
    return float(plain[:-1]) * 1000 if plain.endswith("k") else float(plain)


# -- what is expected --------------------------------------------------------------------------------------------------


def _prediction(words: _Words, attribute: str, match: re.Match[str], items: set[int], found: PeopleRules) -> None:
    said = {k: v for k, v in match.groupdict().items() if v}
    ahead = USUAL_AHEAD[attribute]
    unit = said.get("unit") or said.get("within")
    if unit is not None:
        ahead = _days(words, said.get("ahead") or said.get("later") or "1", unit)
        ahead = min(max(ahead, _SHORTEST), _LONGEST)
    values = tuple(_value(words, said[name]) for name in ("value", "second") if name in said)
    told: dict[str, Any] = {"attribute": attribute, "values": values, "horizon_days": ahead}
    if "rank" in said:
        lowest = words.operators.get(said["rank"].lower()) == "lt"
        share = "percent" in said
        told["rank"] = ("bottom_percent" if lowest else "top_percent") if share else "top_n"
        if lowest and not share:
            return
    else:
        told["op"] = "between" if "second" in said else words.operators.get(said.get("op", "").lower(), "ge")
    try:
        found.customers.append(Predicted(**told))
    except ValidationError:
        return
    found.used |= items
