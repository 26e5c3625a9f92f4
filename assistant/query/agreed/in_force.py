"""Meanings and segments in force, and filters with both put in.

A filter may name a saved segment (``InGroup`` of group ``saved``), and any condition may carry the word it stands for
(``term``). Before a plan runs, every segment is replaced by its rule and every such condition by what the word means
now. What was put in is cited with author and date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from assistant.errors import InvalidPlan, UnknownName
from assistant.plans.filters import And, BoughtThen, CustomerCondition, Filter, InGroup, Not, Or
from assistant.plans.reword import reword_filter
from assistant.query.agreed.names import name_key
from assistant.query.agreed.store import Entry
from assistant.query.definitions import Definition, Definitions
from assistant.results import DefinitionUsed

FILTER: TypeAdapter[Any] = TypeAdapter(Filter)
#: names offered where one is not known
OFFERED = 5


@dataclass(frozen=True)
class Segment:
    """A saved segment as it stands.

    Attributes:
        rule: as it was saved; meanings of words inside it are those of today once it is resolved.
        decided_on: the day this version was saved.
    """

    name: str
    rule: Filter
    author: str
    decided_on: date
    version: int = 1

    @property
    def key(self) -> str:
        return name_key(self.name)


def definition_of(entry: Entry) -> Definition:
    """An agreed meaning from its stored version."""
    body = entry.body or {}
    condition = None if body.get("filter") is None else FILTER.validate_python(body["filter"])
    return Definition(
        term=entry.name, meaning=str(body["meaning"]), filter=condition, words=tuple(body.get("words", ())),
        rank_by=body.get("rank_by"), author=entry.author, decided_on=entry.day,
    )


def segment_of(entry: Entry) -> Segment:
    """A saved segment from its stored version."""
    rule = FILTER.validate_python((entry.body or {})["rule"])
    return Segment(entry.name, rule, entry.author, entry.day, entry.version)


@dataclass
class Resolved:
    """A filter with every word and segment put in.

    Attributes:
        condition: ready for the engine.
        cited: the meanings and segments that were put in.
        terms, segments: keys of the words and segments met on the way, also those inside others.
    """

    condition: Filter | None
    cited: list[DefinitionUsed] = field(default_factory=list)
    terms: set[str] = field(default_factory=set)
    segments: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class InForce:
    """Everything agreed on at one moment."""

    definitions: Definitions = field(default_factory=Definitions)
    segments: Mapping[str, Segment] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> InForce:
        """From the current entries of the store."""
        agreed = [definition_of(e) for e in entries if e.kind == "definition"]
        saved = [segment_of(e) for e in entries if e.kind == "segment"]
        return cls(Definitions(agreed), {s.key: s for s in saved})

    @cached_property
    def key(self) -> str:
        """Changes with everything that is in force."""
        meant = [(d.term, d.meaning, d.words) for d in self.definitions.agreed]
        return repr((meant, [(s.name, s.rule) for s in self.segments.values()]))

    def segment(self, name: str) -> Segment:
        """The segment of that name.

        Raises:
            UnknownName: none is saved under it; names the nearest ones.
        """
        found = self.segments.get(name_key(name))
        if found is not None:
            return found
        if not self.segments:
            raise UnknownName(
                f"No segment is saved yet, so there is none called “{name}”", received=name,
                nearest=("Save lapsed customers as Lapsed", "How many lapsed customers do we have?"),
            )
        raise UnknownName(f"No segment is saved as “{name}”", received=name, valid=self.nearest(name))

    def nearest(self, name: str) -> list[str]:
        """Names of saved segments, most alike first."""
        from rapidfuzz import fuzz, process

        names = {key: s.name for key, s in self.segments.items()}
        ranked = process.extract(name_key(name), list(names), scorer=fuzz.WRatio, limit=OFFERED)
        return [names[key] for key, _, _ in ranked]

    # -- putting in ----------------------------------------------------------------------------------------------

    def resolve(self, condition: Filter | None) -> Resolved:
        """Put in what words and segments stand for.

        Raises:
            UnknownName: a segment that is not saved.
            InvalidPlan: a segment or word that means itself.
        """
        found = Resolved(None)
        if condition is not None:
            found.condition = self._put_in(condition, found, ())
        return found

    def _put_in(self, node: Filter, found: Resolved, inside: tuple[str, ...]) -> Filter:
        if isinstance(node, InGroup) and node.group == "saved":
            return self._segment_rule(node, found, inside)
        if node.term is not None:
            return self._term_rule(node, found, inside)
        match node:
            case And() | Or():
                return node.model_copy(update={"parts": tuple(self._put_in(p, found, inside) for p in node.parts)})
            case Not():
                return node.model_copy(update={"part": self._put_in(node.part, found, inside)})
            case CustomerCondition() if node.where is not None:
                return node.model_copy(update={"where": self._put_in(node.where, found, inside)})
            case BoughtThen():
                steps = tuple(s if s is None else self._put_in(s, found, inside) for s in node.steps)
                return node.model_copy(update={"steps": steps})
        return node

    def _segment_rule(self, node: InGroup, found: Resolved, inside: tuple[str, ...]) -> Filter:
        segment = self.segment(str(node.name))
        mark = f"segment {segment.key}"
        if mark in inside:
            raise InvalidPlan(f"The segment “{segment.name}” is made of itself", received=segment.name)
        found.segments.add(segment.key)
        place = len(found.cited)
        rule = self._put_in(segment.rule, found, (*inside, mark))
        found.cited.insert(place, segment_used(segment, rule))
        return rule

    def _term_rule(self, node: Filter, found: Resolved, inside: tuple[str, ...]) -> Filter:
        """What the word means now; a word without a meaning (any more) keeps what it meant in the plan."""
        meant = self.definitions.find(str(node.term))
        mark = f"term {name_key(str(node.term))}"
        bare = node.model_copy(update={"term": None})
        if meant is None or meant.filter is None or mark in inside:
            return self._put_in(bare, found, inside).model_copy(update={"term": node.term})
        found.terms.add(name_key(meant.term))
        rule = self._put_in(meant.filter.model_copy(update={"term": None}), found, (*inside, mark))
        denied = _is_denied(bare, meant.filter)
        if all(d.term != meant.term for d in found.cited):
            used = meant.used()
            if not used.assumed:  # words inside the meaning may mean something else than when it was agreed on
                used.meaning = f"customers where {reword_filter(rule)}"
            found.cited.append(used)
        if denied and isinstance(rule, CustomerCondition):
            return rule.model_copy(update={"op": _OPPOSITE[rule.op]})
        return rule.model_copy(update={"term": node.term})


#: "not lost" is planned as the opposite of what "lost" means
_OPPOSITE = {"ge": "lt", "lt": "ge", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}


def _is_denied(node: Filter, meaning: Filter) -> bool:
    """Whether a condition that stands for a word asks for the opposite of its meaning ("not churned")."""
    return (
        isinstance(node, CustomerCondition) and isinstance(meaning, CustomerCondition)
        and node.metric == meaning.metric and meaning.rank is None and node.op == _OPPOSITE.get(meaning.op)
    )


def segment_used(segment: Segment, rule: Filter) -> DefinitionUsed:
    """A saved segment as a citation."""
    return DefinitionUsed(
        term=segment.name, meaning=f"saved segment: customers where {reword_filter(rule)}", author=segment.author,
        decided_on=segment.decided_on, assumed=False,
    )


def terms_in(condition: Filter | None) -> Iterator[str]:
    """Words that conditions of a filter stand for."""
    if condition is None:
        return
    if condition.term is not None:
        yield condition.term
    match condition:
        case And() | Or():
            for part in condition.parts:
                yield from terms_in(part)
        case Not():
            yield from terms_in(condition.part)
        case CustomerCondition():
            yield from terms_in(condition.where)


def without_term(condition: Filter, keys: set[str]) -> Filter:
    """The filter with these words' conditions standing for themselves."""
    if condition.term is not None and name_key(condition.term) in keys:
        condition = condition.model_copy(update={"term": None})
    match condition:
        case And() | Or():
            return condition.model_copy(update={"parts": tuple(without_term(p, keys) for p in condition.parts)})
        case Not():
            return condition.model_copy(update={"part": without_term(condition.part, keys)})
        case CustomerCondition() if condition.where is not None:
            return condition.model_copy(update={"where": without_term(condition.where, keys)})
    return condition
