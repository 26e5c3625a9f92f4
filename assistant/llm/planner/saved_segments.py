"""Readings about saved segments: saving, showing, growth, renaming, deleting, overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.llm.planner.agreements import LIKELY, LONGEST_TEXT, SURE, AgreementReader
from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.categories import CategoryReader
from assistant.llm.planner.meanings import rule_of, saved_group
from assistant.llm.planner.replies import ask, candidate, decline
from assistant.llm.planner.rule_edits import RuleEdits
from assistant.plans.agreements import AudiencePair, ChangeSegment, SavedSegmentsRequest, SaveSegment, TakeBackRequest
from assistant.plans.filters import Filter, InGroup
from assistant.plans.requests import SegmentRule

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames


#: answers about one saved segment, which "it" then stands for
_OF_ONE = frozenset({"show_saved_segments", "save_segment"})


class SegmentReader(AgreementReader):
    """Reads one text about saved segments."""

    def __init__(self, frames: Frames) -> None:
        super().__init__(frames)
        self.names = list(frames.shop.segment_names())

    def read(self) -> Iterator[Candidate]:
        """Candidates, the most specific kind of request first."""
        if not self.text or len(self.text) > LONGEST_TEXT:
            return
        readers = (self._undone, self._saved, self._replaced, self._renamed, self._deleted, self._examined, self._why,
                   self._history, self._overlap, self._waterfall, self._biggest, self._grown, self._listed, self._one)
        for reader in readers:
            found = reader()
            if found is not None:
                yield found
                return

    # -- names ---------------------------------------------------------------------------------------------------

    def name_of(self, slots: dict[str, str], slot: str = "group") -> str | None:
        """The saved segment that a slot names. A name that is not saved is passed on only where it was called a
        segment, so that the refusal can name the nearest ones."""
        said = slots.get(slot, "").strip(" \"'.,")
        found = self.saved(said) or self.saved(f"{said}{slots.get(f'{slot}_after', '')}")
        if found is not None:
            return found
        if not said or len(said.split()) > 8 or said.lower() in self.p.raw["pronoun"]:
            return None
        if not self._called_a_segment(slots, slot, said):
            return None
        split = {n.lower() for n in self.lex.segment_names}
        if said.lower() in split or said.lower().split()[0] in self.p.raw["not_terms"]:
            return None  # a segment of a split, or no name at all
        if self.frames.reading.has("act", "cmp") or rule_of(self.frames, said, self.p) is not None:
            return None  # words for customers, not a name
        return said

    def _called_a_segment(self, slots: dict[str, str], slot: str, said: str) -> bool:
        """As in "the segment gold members", "the Gold Members segment"; not "the RFM segments"."""
        first = said.split()[0].lower()
        if first in self.p.raw["not_in_terms"]:
            return False
        if slots.get(f"{slot}_noun"):
            return True
        after = slots.get(f"{slot}_after", "").strip().lower()
        wanted = self.lex.lemmas(said)
        spoken = [i for i in self.frames.reading.items if set(i.lemma.split()) & set(wanted)]
        return bool(after) and not after.endswith("s") and said[:1].isupper() and not any(i.alts for i in spoken)

    def saved(self, said: str) -> str | None:
        """The saved name that words spell, in any case and number."""
        wanted = self.lex.lemmas(said.replace("-", " "))
        return next((n for n in self.names if self.lex.lemmas(n.replace("-", " ")) == wanted), None) if wanted else None

    def customers(self, words: str) -> Filter | None:
        """The customers that words stand for: those last spoken of, a saved segment, one of a split, or a rule."""
        low = words.lower()
        pronouns = {*self.p.raw["pronoun"]}
        if low in pronouns or self.p.pointed(low):
            found = self.context.audience()
            return found[0] if found is not None else None
        name = self.saved(self.term(words)) or self.saved(words)
        if name is not None:
            return saved_group(name)
        return rule_of(self.frames, words, self.p)

    # -- saving --------------------------------------------------------------------------------------------------

    def _saved(self) -> Candidate | None:
        for slots in self.p.fits("save", self.text):
            found = self._save(slots["who"], slots["name"])
            if found is not None:
                return found
        for slots in self.p.fits("save_without_who", self.text):
            known = self.context.audience()
            if known is not None:
                return self._save_rule(known[0], slots["name"])
            said = ask(self.lex, "segment_who", self.lex.wording["named_options"]["segment_who"], name=slots["name"])
            return candidate(said, SURE, "ask")
        if any(True for _ in self.p.fits("save_without_name", self.text)):
            return self._save_unnamed()
        return None

    def _save(self, who: str, name: str) -> Candidate | None:
        if len(name) > 200 or not name:
            return None
        name = self.p.expression("articles").sub("", name) or name
        rule = self.customers(who)
        if rule is not None:
            return self._save_rule(rule, name)
        if who.lower() in self.p.raw["pronoun"]:
            if self.context.questions and self.context.past and self.context.audience() is None:
                said = decline(self.lex, "not_understood", "nobody_to_save", examples="segments")
            else:
                said = decline(self.lex, "not_understood", "no_referent", words=who)
            return candidate(said, SURE, "decline")
        return None

    def _save_rule(self, rule: Filter, name: str, replace: bool = False) -> Candidate:
        return Candidate([call(SaveSegment(name=name.strip(" \"'"), filter=rule, replace=replace))], SURE, "save")

    def _save_unnamed(self) -> Candidate:
        known = self.context.audience()
        if known is None:
            said = decline(self.lex, "not_understood", "nobody_to_save", examples="segments")
            return candidate(said, SURE, "decline")
        words = known[1] or self.lex.wording["phrases"]["segment_name"]
        return candidate(ask(self.lex, "segment_name", [f"Save this as {words[:1].upper()}{words[1:]}"]), SURE, "ask")

    def _replaced(self) -> Candidate | None:
        for slots in self.p.fits("replace", self.text, self.names):
            name = self.saved(slots["segment"])
            rule = self.customers(slots["who"]) if name is not None else None
            if name is not None and rule is not None:
                return self._save_rule(rule, name, replace=True)
        return None

    # -- changing ------------------------------------------------------------------------------------------------

    def _renamed(self) -> Candidate | None:
        for slots in self.p.fits("rename", self.text, self.names):
            again = self._saved_again(slots)
            if again is not None:
                return again
            name = self.name_of(slots, "segment") or self._pronoun_segment(slots["segment"])
            if name is not None:
                request = ChangeSegment(name=name, action="rename", new_name=slots["name"])
                return Candidate([call(request)], SURE, "save")
        return None

    def _saved_again(self, slots: dict[str, Any]) -> Candidate | None:
        """As in "rename it to …" right after a saving that was refused: the same rule under the other name."""
        past = self.context.past[-1] if self.context.past else None
        low = str(slots["segment"]).lower()
        if past is None or not past.refused or past.call.name != "save_segment" or self.name_of(slots, "segment"):
            return None
        if low not in self.p.raw["pronoun"] and not self.p.pointed(low):
            return None
        request = SaveSegment.model_validate({**past.call.args, "name": str(slots["name"])})
        return Candidate([call(request)], SURE, "save")

    def _deleted(self) -> Candidate | None:
        for slots in self.p.fits("delete", self.text, self.names):
            name = self.name_of(slots, "segment")
            if name is None and slots.get("segment_noun"):
                name = self._pronoun_segment(slots["segment"])
            if name is not None:
                return Candidate([call(ChangeSegment(name=name, action="delete"))], SURE, "save")
        return None

    def _pronoun_segment(self, said: str) -> str | None:
        """As in "rename it to …": the saved segment last spoken of."""
        low = said.lower()
        last = self.context.last()
        shown = last.call.args.get("name") if last is not None and last.call.name in _OF_ONE else None
        if shown is not None:
            return str(shown) if low in self.p.raw["pronoun"] or self.p.pointed(low) else None
        known = self.context.audience()
        if known is None or not isinstance(known[0], InGroup) or known[0].group != "saved":
            return None
        return known[0].name if low in self.p.raw["pronoun"] or self.p.pointed(low) else None

    def _undone(self) -> Candidate | None:
        for slots in self.p.fits("undo_segment", self.text, self.names):
            said = slots.get("segment")
            if said is None:
                return Candidate([call(TakeBackRequest(of="segment"))], SURE, "take_back")
            past = {str(p.call.args.get("name", "")).lower() for p in self.context.past
                    if p.call.name == "change_segment"}
            if slots.get("segment_noun") or said.lower() in past:
                return Candidate([call(TakeBackRequest(of="segment", name=said))], SURE, "take_back")
        return None

    # -- showing -------------------------------------------------------------------------------------------------

    def _show(self, cost: float = SURE, **values: Any) -> Candidate:
        return Candidate([call(SavedSegmentsRequest(**values))], cost, "saved_segments")

    def _period(self) -> Any:
        periods = self.frames.parts().periods
        if periods:
            return periods[0].period
        said = next((i.get("period") for i in self.frames.reading.items if i.has("period")), None)
        return said.period if said is not None else None  # a condition took it: "who joined it since March"

    def _one(self) -> Candidate | None:
        for slots in self.p.fits("show_one", self.text, self.names):
            name = self.name_of(slots) or self._pronoun_segment(slots["group"])
            if name is not None and not self.saved(name) and self.p.expression("a_time").match(name.lower()):
                continue  # "show the segments as of 1 January": a day, not a name
            if name is not None:
                return self._show(SURE if self.saved(name) else LIKELY, name=name)
        return None

    def _examined(self) -> Candidate | None:
        """As in "test the segment X" · "has X drifted since March?" · "refresh X"."""
        for view in ("tests", "drift", "refresh"):
            for slots in self.p.fits(f"{view}_of_one", self.text, self.names):
                name = self.name_of(slots) or self._pronoun_segment(slots["group"])
                if name is not None:
                    return self._show(name=name, show=view, since=self._period() if view == "drift" else None)
        return None

    def _history(self) -> Candidate | None:
        for slots in self.p.fits("history", self.text, self.names):
            name = self.name_of(slots)
            if name is not None:
                return self._show(name=name, show="history")
        return None

    def _why(self) -> Candidate | None:
        for slots in self.p.fits("why_segment", self.text, self.names):
            name = self.name_of(slots) or self._pronoun_segment(slots["group"])
            if name is None:
                continue
            verb = slots.get("verb", "").lower()
            growth = next((k for k in ("up", "down") if any(w in verb for w in self.p.raw[f"went_{k}"])), None)
            return self._show(name=name, show="change", growth=growth, since=self._period())
        return None

    def _listed(self) -> Candidate | None:
        if not any(True for _ in self.p.fits("list_segments", self.text)):
            return None
        if not self.names and not self.p.has("explicit_saved", self.text):
            return None  # without any saved, "our segments" are those of a split
        return self._show()

    def _biggest(self) -> Candidate | None:
        for slots in self.p.fits("biggest", self.text):
            if not self.names and not self.p.has("explicit_saved", self.text):
                return None
            how = slots.get("how", "").lower()
            number = re.search(r"\b(\d+)\b", self.text)
            several = self.p.has("nouns_plural", self.text)
            limit = int(number.group(1)) if number else None if several and how in self.p.raw["several"] else 1
            small = any(str(w) in how for w in self.p.raw["small"])
            return self._show(order_by="size", descending=not small, limit=limit or None)
        return None

    def _grown(self) -> Candidate | None:
        for slots in self.p.fits("growth", self.text):
            if not self.names and not self.p.has("explicit_saved", self.text):
                return None
            verb = slots.get("verb", "").lower()
            changed = verb in self.p.raw["any_change"]
            shrinking = any(re.search(rf"\b{w}\b", verb) for w in map(str, self.p.raw["shrinking"]))
            percent = next((i.number for i in self.frames.reading.items
                            if i.unit == "percent" and i.number is not None), None)
            values: dict[str, Any] = {"since": self._period(), "min_percent": percent, "order_by": "change",
                                      "descending": not shrinking}
            if not changed:
                values["growth"] = "down" if shrinking else "up"
            if self.p.has("the_most", self.text):
                values["limit"] = 1
            return self._show(**values)
        return None

    def _waterfall(self) -> Candidate | None:
        """As in "show me the waterfall": the customers last spoken of, after each condition, down to who may be
        contacted."""
        for slots in self.p.fits("waterfall", self.text, self.names):
            name = self.saved(slots["group"]) if slots.get("group") else None
            found = self.context.audience() if name is None else None
            if name is None and (found is None or slots.get("group")):
                continue
            rule = saved_group(name) if name is not None else found[0] if found is not None else None
            assert rule is not None
            return Candidate([call(SegmentRule(filter=rule, reach=True))], SURE, "audience")
        return None

    def _overlap(self) -> Candidate | None:
        for slots in self.p.fits("overlap", self.text, self.names):
            named = any(slots.get(f"{s}_noun") or self.saved(slots[s]) for s in ("a", "b"))
            if self.p.has("compares", self.text) and not named:
                continue  # "compare Germany and France" sets figures against each other
            one, two = (self._side(slots, s) for s in ("a", "b"))
            if one is not None and two is not None:
                request = AudiencePair(first=one[0], second=two[0], first_name=one[1], second_name=two[1])
                return Candidate([call(request)], SURE, "overlap")
        return None

    def _side(self, slots: dict[str, str], slot: str) -> tuple[Filter, str] | None:
        said = slots[slot].strip(" \"'")
        name = self.saved(said)
        if name is not None:
            return saved_group(name), name
        if said.lower() in {n.lower() for n in self.lex.segment_names} and slots.get(f"{slot}_after"):
            return InGroup(group="segment", name=said, method="rfm"), said
        if slots.get(f"{slot}_noun") and self.names and rule_of(self.frames, said, self.p) is None:
            return saved_group(said), said  # called a segment and not saved: the refusal names the nearest
        rule = rule_of(self.frames, said, self.p)
        return None if rule is None else (rule, said)


def read_agreements(frames: Frames) -> Iterator[Candidate]:
    """Readings of a text as a request about categories of ours, saved segments or meanings of words."""
    for reader in (CategoryReader(frames), SegmentReader(frames), AgreementReader(frames)):
        for found in reader.read():
            found.referred = True  # they fit the whole text: what points at something earlier is in the plan
            yield found
    edited = RuleEdits(frames, SegmentReader(frames).p).read()
    if edited is not None:
        yield edited
