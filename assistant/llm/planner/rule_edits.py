"""Readings that change the rule just shown: "drop the second condition", "change 300 to 500", "exclude those in Spain".

The rule of an audience, of a list of customers or of a saved segment is changed condition by condition, and shown anew
with its size after each; the rule of a saved segment is saved anew, which can be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.agreements import SURE
from assistant.llm.planner.candidate import Candidate, ToolCall, call
from assistant.llm.planner.context import Past
from assistant.llm.planner.meanings import rule_of
from assistant.llm.planner.patterns import Patterns
from assistant.llm.planner.people_forms import about_people
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.unknown_fields import fields_in_words, unknown_field
from assistant.llm.planner.values import join
from assistant.plans.agreements import SaveSegment
from assistant.plans.filters import Compare, CustomerCondition, Filter, Not, Or, Predicted
from assistant.plans.requests import SegmentRule
from assistant.plans.reword import reword_filter
from assistant.plans.rule_numbers import conditions, times_said, with_number

#: answers whose rule can be changed
_SHOWN = frozenset({"count_audience", "query_data", "save_segment", "show_saved_segments"})
#: letters by which two forms of one word are told to be one ("spend", "spent")
_STEM = 4


class RuleEdits:
    """Reads one text as a change of the rule shown before.

    Args:
        frames: the text, what was read of it and the conversation.
        meanings: patterns with which words for customers are read.
    """

    def __init__(self, frames: Any, meanings: Patterns) -> None:
        self.frames, self.meanings = frames, meanings
        self.p = Patterns(frames.lex.language, "rule_edits")
        self.text = self.p.bare(frames.reading.text)

    def read(self) -> Candidate | None:
        """The rule with the change made; None where the text is none, or nothing can be changed."""
        shown = _shown(self.frames.context)
        if shown is None or not self.text or len(self.text) > 300:
            return None
        asked, written, name = shown
        for edit, rule in ((self._dropped, written), (self._number_there, written), (self._numbered, written),
                           (self._number, written), (self._excluded, asked), (self._widened, asked),
                           (self._narrowed, asked), (self._made, written)):
            new = edit(rule)
            if new is not None and new != rule:
                request = SegmentRule(filter=new) if name is None else SaveSegment(name=name, filter=new, replace=True)
                found = Candidate([call(request)], SURE - 0.05, "audience" if name is None else "save")
                found.referred = True
                return found
        return self._unread()

    def _unread(self) -> Candidate | None:
        """As in "add a condition: favourite colour is red": what was to be added is no condition, and is said so."""
        vocabulary = self.frames.reading.vocabulary
        for slots in self.p.fits("add_condition", self.text):
            words = slots["who"]
            said = self._not_permitted(words) or unknown_field(words, vocabulary, alone=True)
            said = said or decline(self.frames.lex, "not_understood", "unread_condition", examples="segments",
                                   words=quoted([words]), fields=fields_in_words(vocabulary))
            found = Candidate([said], SURE - 0.05, "decline")
            found.referred = True
            return found
        return None

    def _not_permitted(self, words: str) -> ToolCall | None:
        """The decline of a list by a sensitive trait, where that is what was to be added."""
        for frame in self.p.raw["as_list"]:
            planned = about_people(str(frame).format(words), self.frames.context, self.frames.shop,
                                   self.frames.reading.vocabulary, ("decline",), lambda _: [])
            if planned is not None:
                return planned.calls[0]
        return None

    # -- by place and by name ------------------------------------------------------------------------------------

    def _place(self, said: str, parts: Sequence[Filter]) -> int | None:
        word = said.lower().strip()
        place = next((int(n) for n, words in self.p.raw["places"].items() if word in map(str, words)), None)
        if place is None:
            return None
        index = place - 1 if place > 0 else len(parts) + place
        return index if 0 <= index < len(parts) else None

    def _named(self, said: str, parts: Sequence[Filter]) -> int | None:
        """The one condition whose words hold the words said."""
        wanted = [w[:_STEM] for w in re.findall(r"\w+", said.lower()) if len(w) >= _STEM]
        hits = [
            sum(any(w.startswith(stem) for w in re.findall(r"\w+", reword_filter(part).lower())) for stem in wanted)
            for part in parts
        ]
        best = max(hits, default=0)
        return hits.index(best) if best and hits.count(best) == 1 else None

    def _dropped(self, rule: Filter) -> Filter | None:
        parts = conditions(rule)
        for group, find in (("drop_numbered", self._place), ("drop_named", self._named)):
            for slots in self.p.fits(group, self.text):
                index = find(slots.get("which") or slots.get("what", ""), parts)
                if index is not None and len(parts) > 1:
                    return join([*parts[:index], *parts[index + 1 :]])
        return None

    def _numbered(self, rule: Filter) -> Filter | None:
        parts = conditions(rule)
        for slots in self.p.fits("change_numbered", self.text):
            index, new = self._place(slots["which"], parts), self._rule(slots["who"])
            if index is not None and new is not None:
                return join([*parts[:index], new, *parts[index + 1 :]])
        return None

    # -- numbers -------------------------------------------------------------------------------------------------

    def _number_there(self, rule: Filter) -> Filter | None:
        """As in "in condition 2 change 300 to 500": the number of that condition alone."""
        parts = conditions(rule)
        for slots in self.p.fits("change_number_there", self.text):
            index, old, new = self._place(slots["which"], parts), _figure(slots["a"]), _figure(slots["b"])
            if index is None or old is None or new is None or times_said(parts[index], old) != 1:
                continue
            try:
                return join([*parts[:index], with_number(parts[index], old, new), *parts[index + 1 :]])
            except ValidationError:
                return None
        return None

    def _number(self, rule: Filter) -> Filter | None:
        for slots in self.p.fits("change_number", self.text):
            old, new = _figure(slots["a"]), _figure(slots["b"])
            if old is None or new is None:
                continue
            places = times_said(rule, old)
            if places == 1:
                try:
                    return with_number(rule, old, new)
                except ValidationError:
                    return None
        return None

    def _made(self, rule: Filter) -> Filter | None:
        """As in "make it at least 5 orders": what is said of the same measure is replaced."""
        parts = conditions(rule)
        for slots in self.p.fits("make_it", self.text):
            new = self._rule(slots["who"])
            same = [i for i, part in enumerate(parts) if new is not None and _same_thing(part, new)]
            if new is not None and len(same) == 1:
                return join([*parts[: same[0]], _keeping_time(parts[same[0]], new), *parts[same[0] + 1 :]])
        return None

    # -- more and fewer people -----------------------------------------------------------------------------------

    def _rule(self, words: str) -> Filter | None:
        return rule_of(self.frames, words, self.meanings)

    def _each(self, group: str, make: Callable[[Filter], Filter | None]) -> Filter | None:
        for slots in self.p.fits(group, self.text):
            found = self._rule(slots["who"])
            if found is not None:
                return make(found)
        return None

    def _excluded(self, rule: Filter) -> Filter | None:
        return self._each("exclude", lambda found: join([*conditions(rule), Not(part=found)]))

    def _narrowed(self, rule: Filter) -> Filter | None:
        return self._each("narrow", lambda found: join([*conditions(rule), *conditions(found)]))

    def _widened(self, rule: Filter) -> Filter | None:
        def wider(found: Filter) -> Filter:
            parts = conditions(rule)
            for i, part in enumerate(parts):
                same = isinstance(part, Compare) and isinstance(found, Compare) and part.field == found.field
                if same and {part.op, found.op} <= {"eq", "in"}:  # type: ignore[union-attr]
                    both = tuple(dict.fromkeys((*part.values, *found.values)))  # type: ignore[union-attr]
                    wide = part.model_copy(update={"op": "in", "values": both})
                    return join([*parts[:i], wide, *parts[i + 1 :]]) or rule
            return Or(parts=(rule, found))

        return self._each("widen", wider)


def _shown(context: Any) -> tuple[Filter, Filter, str | None] | None:
    """The rule last shown as it was asked for, and written out with what its words mean (the conditions that the card
    numbers); the name it is saved under."""
    last: Past | None = next((p for p in reversed(context.past) if not p.refused and p.call.name in _SHOWN), None)
    newest = next((p for p in reversed(context.past) if not p.refused), None)
    if last is None or newest is None or last.turn != newest.turn:
        return None
    details = ((last.result or {}).get("details") or {}).get("rule")
    written = None if details is None else SegmentRule.model_validate({"filter": details}).filter
    if last.call.name == "save_segment":
        request: Any = last.call.plan()
        return request.filter, written or request.filter, request.name
    if last.call.name == "show_saved_segments":
        name = last.call.args.get("name")
        return None if name is None or written is None else (written, written, name)
    found = context.audience()
    if found is None or (written is None and _only_a_list(last)):
        return None
    return found[0], written or found[0], None


def _only_a_list(past: Past) -> bool:
    """A list of customers whose conditions are not all in its rule (a time of its own, a bound on a figure)."""
    plan: Any = past.call.plan()
    return past.call.name == "query_data" and "customer" in plan.dimensions and plan.filter is not None and bool(
        plan.period or plan.having
    )


def _figure(text: str) -> float | None:
    plain = re.sub(r"[£$€,%\s]|[a-z]+$", "", text.lower().strip())
    thousands = bool(re.search(r"\dk\b", text.lower()))
    try:
        return float(plain) * (1000 if thousands else 1)
    except ValueError:
        return None


def _same_thing(one: Filter, other: Filter) -> bool:
    if isinstance(one, CustomerCondition) and isinstance(other, CustomerCondition):
        return one.metric == other.metric
    if isinstance(one, Predicted) and isinstance(other, Predicted):
        return one.attribute == other.attribute
    return isinstance(one, Compare) and isinstance(other, Compare) and one.field == other.field


def _keeping_time(old: Filter, new: Filter) -> Filter:
    """The new bound over the time and goods of the old one, where nothing else is said of them."""
    if not (isinstance(old, CustomerCondition) and isinstance(new, CustomerCondition)):
        return new
    return new.model_copy(update={"period": new.period or old.period, "where": new.where or old.where})
