"""Readings of questions about groups of customers: how to find them, two beside each other, who moved between them.

Each is a pattern for the whole text without its words for a time (``segment_talk.yaml``). What a slot holds is a saved
segment, an agreed word, a segment of a split, or words that the grammar reads as a rule about customers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.llm.planner.brief import term_filter
from assistant.llm.planner.candidate import Candidate, Planned, call
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.meanings import rule_of, saved_group
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.llm.planner.population import in_talk
from assistant.plans.base import PlanModel
from assistant.plans.filters import CustomerCondition, Filter, InGroup
from assistant.plans.groups import GroupsRequest, MoversRequest
from assistant.plans.periods import Period
from assistant.plans.requests import MOST_SEGMENTS, SegmentRequest, SegmentRule

if TYPE_CHECKING:
    from assistant.llm.planner.intents import Frames

#: these readings fit the whole text and each of their groups was found, so they come before what only explains words
SURE = -0.55
_LONGEST = 220
_MARK = re.compile(r"<(\w+)>")


class SegmentTalk:
    """Reads one text."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.p = patterns(frames.lex.language, "segment_talk")
        self.context = frames.context
        shown = " ".join(self._shown()).lower()
        self.period, text = _timed(frames, shown)
        self.text = self.p.bare(text)
        self.notes: list[str] = []

    def read(self) -> Iterator[Candidate]:
        """The first kind of request that fits."""
        if not self.text or len(self.text) > _LONGEST or "movers_both" not in self.p.raw:
            return
        readers: tuple[Callable[[], PlanModel | None], ...] = (
            self._movers, self._two_of_split, self._compared, self._counted, self._advised, self._split,
            self._moved_where, self._checked)
        for reader in readers:
            found = reader()
            if found is not None:
                yield Candidate([call(found)], SURE, "segment_talk", notes=self.notes)
                return

    # -- who moved -----------------------------------------------------------------------------------------------

    def _movers(self) -> PlanModel | None:
        for kind, slots in self._fits("movers_both", "movers_left", "movers_lost", "movers_came"):
            if kind == "movers_lost" and not self._left_behind(slots["a"]):
                continue
            one, two = slots.get("a") or slots.get("a_who"), slots.get("b") or slots.get("b_who")
            sides = self._groups([s for s in (one, two) if s])
            if sides is None or (kind != "movers_both" and _is_saved(sides[0][0])):
                continue  # who left or joined a saved segment, and why, is its own kind of answer
            source = sides[0] if kind != "movers_came" else None
            target = sides[-1] if kind in {"movers_both", "movers_came"} else None
            return MoversRequest(
                source=source[0] if source else None, target=target[0] if target else None,
                source_name=source[1] if source else "", target_name=target[1] if target else "", period=self.period)
        return None

    def _left_behind(self, words: str) -> bool:
        """Whether losing these customers means that they left a group: one above which there is none. Who leaves
        another may have moved up."""
        found = self._named(words)
        return self._ranked(words) is not None or (found is not None and found[1] in self.p.raw["nothing_better"])

    def _moved_where(self) -> PlanModel | None:
        """As in "who moved where": sizes and moves of a whole split."""
        if not any(True for _ in self._fits("moved_where")):
            return None
        return SegmentRequest(method=self._last("method", "auto"), k=self._last("k", None), view="trend",
                              since=self.period)

    # -- two beside each other -----------------------------------------------------------------------------------

    def _compared(self) -> PlanModel | None:
        if self.period is not None:
            return None  # what groups did in a time is read by the grammar of measures
        for _, slots in self._fits("compare"):
            everyone = self._bare(slots["b"]) in self.p.raw["everyone"]
            sides = self._groups([slots["a"]] if everyone else [slots["a"], slots["b"]], people=True)
            if sides is None or (not everyone and sides[0][0] == sides[1][0]):
                continue
            second = {} if everyone else {"second": sides[1][0], "second_name": sides[1][1]}
            return GroupsRequest(first=sides[0][0], first_name=sides[0][1], **second)
        for _, slots in self._fits("compare_with_all"):
            one = self._named(slots["a"]) or self._spoken(slots["a"]) or self._meant(slots["a"], True)
            if one is not None:
                return GroupsRequest(first=one[0], first_name=one[1])
        return None

    def _two_of_split(self) -> PlanModel | None:
        """As in "compare the two biggest": the two largest or smallest segments of the split shown last."""
        past = self.context.last("find_segments")
        for _, slots in self._fits("compare_two") if past is not None and past is self.context.last() else ():
            table = next((t for t in (past.result or {}).get("tables", ()) if t.get("id") == "segments"), {})
            names = [c["name"] for c in table.get("columns", ())]
            if not {"segment", "customers"} <= set(names) or len(table.get("rows", ())) < 2:
                return None
            sized = sorted(table["rows"], key=lambda row: -row[names.index("customers")])
            small = slots["size"].lower() in self.p.raw["small_words"]
            two = sized[-2:] if small else sized[:2]
            first, second = (self._of_split(str(row[names.index("segment")])) for row in two)
            if first is None or second is None:
                return None
            return GroupsRequest(first=first[0], first_name=first[1], second=second[0], second_name=second[1])
        return None

    def _counted(self) -> PlanModel | None:
        """As in "how many customers are in Garden buyers": one segment of the split shown last."""
        for _, slots in self._fits("members"):
            one = self._of_split(slots["a"])
            if one is not None and self.period is None:
                return SegmentRule(filter=one[0], name=one[1])
        return None

    def _advised(self) -> PlanModel | None:
        """As in "what should we do with each of them?" after a split: the same split with what is usual for each."""
        last = self.context.last()
        if last is None or last.refused or last.call.name != "find_segments" or self.period is not None:
            return None
        if not any(True for _ in self._fits("advice")):
            return None
        return SegmentRequest(method=self._last("method", "auto"), k=self._last("k", None), view="actions")

    # -- splits --------------------------------------------------------------------------------------------------

    def _split(self) -> PlanModel | None:
        if self.period is not None:
            return None
        for _, slots in self._fits("many"):
            if int(slots["k"]) > MOST_SEGMENTS:  # refused with the reason when it is run
                return SegmentRequest(k=int(slots["k"]))
        for _, slots in self._fits("behaviour"):
            return SegmentRequest(method="behaviour", k=self._k(slots))
        if self.context.last("find_segments") is not None:
            for _ in self._fits("again_behaviour"):
                return SegmentRequest(method="behaviour")
        for _, slots in self._fits("named_method"):
            said = " ".join(slots["method"].lower().split())
            method = next((m for m, names in self.p.raw["methods"].items() if said in names), None)
            if method is not None:
                return SegmentRequest(method=method, k=self._k(slots) if method != "rfm" else None)
        for kind, slots in self._fits("not_used", "found"):
            return SegmentRequest(method="found", k=self._k(slots), refused=slots["method"].lower()
                                  if kind == "not_used" else None)
        return None

    def _checked(self) -> PlanModel | None:
        spoken_of = self.context.last()
        other = spoken_of is not None and spoken_of.call.name != "find_segments"
        if not any(True for _ in self._fits("check_found")) or (
                other and not self.p.expression("checked_noun").search(self.text)):
            return None  # "how reliable is it?" after a forecast asks about the forecast
        return SegmentRequest(method=self._last("method", "auto"), k=self._last("k", None), view="check")

    def _k(self, slots: dict[str, str]) -> int | None:
        said = next((slots[n].lower() for n in ("k", "k1", "k2", "k3") if slots.get(n)), None)
        number = None if said is None else int(said) if said.isdigit() else self.p.raw["numbers"].get(said)
        return number if number is not None and 2 <= number <= 20 else None

    # -- groups --------------------------------------------------------------------------------------------------

    def _groups(self, said: list[str], people: bool = False) -> list[tuple[Filter, str]] | None:
        """The groups that words stand for: segments of one split where all of them are, else what each means.

        Args:
            people: words that only the grammar can read must speak of people.
        """
        rules = [self._rfm(words) for words in said]
        known = [self._saved(words) or self._of_split(words) or self._spoken(words) for words in said]
        if all(r is not None for r in rules) and not any(known) and not any(self._agreed(w) for w in said):
            return [r for r in rules if r is not None]
        found = [k or self._ranked(w) or self._meant(w, people) or r
                 for w, k, r in zip(said, known, rules, strict=True)]
        return None if any(f is None for f in found) else [f for f in found if f is not None]

    def _named(self, words: str) -> tuple[Filter, str] | None:
        """A group that is called by a name: saved, of a split, or an agreed word."""
        return self._saved(words) or self._of_split(words) or self._term(words) or self._rfm(words)

    def _bare(self, words: str) -> str:
        text = " ".join(words.replace("-", " ").split()).strip(" \"'“”.,?").lower()
        for _ in range(2):
            text = self.p.expression("articles").sub("", text)
            text = self.p.expression("group_starts").sub("", text)
        return self.p.expression("group_ends").sub("", text).strip() or text

    def _rfm(self, words: str) -> tuple[Filter, str] | None:
        said = self._bare(words)
        for name, others in self.p.raw["rfm_words"].items():
            if said == name.lower() or said in others:
                return InGroup(group="segment", name=name, method="rfm"), name
        return None

    def _ranked(self, words: str) -> tuple[Filter, str] | None:
        """As in "the top 100", "our best 10 % of customers": by what they spent."""
        match = self.p.expression("ranked").fullmatch(" ".join(words.split()).strip(" \"'“”"))
        money = self.frames.reading.vocabulary.role("money")
        if match is None or money is None:
            return None
        rank = "top_percent" if match["percent"] else "top_n"
        try:
            rule = CustomerCondition(metric=money, rank=rank, values=(float(match["n"]),))  # type: ignore[arg-type]
        except ValidationError:
            return None
        return rule, match["name"].strip()

    def _saved(self, words: str) -> tuple[Filter, str] | None:
        wanted = {words.strip(" \"'“”").lower(), self._bare(words)}
        name = next((n for n in self.frames.shop.segment_names() if n.lower() in wanted), None)
        return None if name is None else (saved_group(name), name)

    def _of_split(self, words: str) -> tuple[Filter, str] | None:
        """A segment of the split shown last, by its name or the beginning of it that no other shares."""
        past = self.context.last("find_segments")
        wanted = {words.strip(" \"'“”").lower(), self._bare(words)}
        shown = self._shown()
        hits = [n for n in shown if n.lower() in wanted or self._bare(n) in wanted]
        hits = hits or [n for n in shown if self._bare(n.partition(",")[0]) in wanted]
        if past is None or len(hits) != 1:
            return None
        args = past.call.args
        return InGroup(group="segment", name=hits[0], method=args.get("method", "auto"), k=args.get("k")), hits[0]

    def _shown(self) -> list[str]:
        past = self.context.last("find_segments")
        return [] if past is None else [str(n) for n in self.context.column(past, "segment")]

    def _spoken(self, words: str) -> tuple[Filter, str] | None:
        """The customers the conversation speaks of, where the words point at them: "compare them with everybody"."""
        pointing = self.p.raw.get("spoken")
        if not pointing or " ".join(words.lower().split()).strip(" \"'“”.,?") not in pointing:
            return None
        people = in_talk(self.context)
        return None if people is None else (people.filter, self.p.raw["spoken_name"])

    def _agreed(self, words: str) -> bool:
        """Whether the shop itself said what the word means."""
        return any(not d.assumed for d in self._definitions(words))

    def _definitions(self, words: str) -> list[Any]:
        said = self._bare(words)
        return [d for d in self.frames.shop.definitions()
                if said in {self._bare(w) for w in (d.term, *d.words)}]

    def _term(self, words: str) -> tuple[Filter, str] | None:
        found = self._definitions(words)
        rule = term_filter(self.frames.shop, found[0].term) if found else None
        if rule is None:
            return None
        if found[0].assumed:  # what the shop agreed on is cited with the answer
            self.notes.append(f"defined_term|{found[0].term}|{found[0].meaning}")
        return rule, self._bare(words)

    def _meant(self, words: str, people: bool) -> tuple[Filter, str] | None:
        """An agreed word, or a rule read by the grammar."""
        term = self._term(words)
        if term is not None:
            return term
        low = f" {words.lower()} "
        if people and not any(f" {w} " in low for w in self.p.raw["people_words"]):
            return None
        rule = rule_of(self.frames, words, patterns(self.frames.lex.language))
        return None if rule is None else (rule, words.strip(" \"'"))

    # -- patterns ------------------------------------------------------------------------------------------------

    def _last(self, name: str, default: Any) -> Any:
        past = self.context.last("find_segments")
        return default if past is None else past.call.args.get(name, default)

    def _goes_on(self, words: str) -> bool:
        """As in "Champions and what do they buy": a second question, and no part of a group's name."""
        return "goes_on" in self.p.raw and bool(self.p.expression("goes_on").search(words))

    def _fits(self, *kinds: str) -> Iterator[tuple[str, dict[str, str]]]:
        for kind in kinds:
            for _, match in _compiled(self.p, kind).fitting(self.text):
                if not any(self._goes_on(v) for v in match.groupdict().values() if v is not None):
                    yield kind, {k: v.strip(" \"'") for k, v in match.groupdict().items() if v is not None}


def _is_saved(rule: Filter) -> bool:
    return isinstance(rule, InGroup) and rule.group == "saved"


def _compiled(found: Patterns, kind: str) -> LatePatterns[None]:
    """Patterns of a kind with ``people``, ``noun`` and marked parts of the file put in."""
    key = f"segment_talk {kind}"
    if key not in found._compiled:
        found._compiled[key] = LatePatterns((None, _pattern(found, str(p))) for p in found.raw[kind])
    return found._compiled[key]


def _pattern(found: Patterns, pattern: str) -> LatePattern:
    text = _MARK.sub(lambda m: str(found.raw[m.group(1)]) if m.group(1) in found.raw else m.group(), pattern)
    for word in ("noun", "people"):
        text = re.sub(rf"(?<!\w){word}(?!\w|_)", lambda m, w=word: str(found.raw[w]), text)  # type: ignore[misc]
    methods = sorted((n for names in found.raw["methods"].values() for n in names), key=len, reverse=True)
    text = text.replace("{method}", f"(?P<method>{'|'.join(map(re.escape, methods))})".replace(r"\ ", " "))
    text = re.sub(r"\{(\w+)\}", r"(?P<\1>.+?)", text)
    return LatePattern(text.replace(" ", r"\s+").replace(r"\s+?", r"\s*"))


def _timed(frames: Frames, names: str) -> tuple[Period | None, str]:
    """The one stretch of time that a text names, and the text without it; "Christmas buyers" is no time."""
    reading = frames.reading
    timed = [item for item in reading.items if item.has("period", "ago")]
    spoken = [r for item in timed for r in (item.get("period") or item.get("ago"),) if r is not None]
    if len(timed) != 1 or not spoken:
        return None, reading.text
    found = spoken[0]
    period = found.period
    if period is None:
        whole = found.unit is not None and 1 <= found.count <= 10_000
        period = Period(kind="rolling", unit=found.unit, count=int(found.count)) if whole else None  # type: ignore[arg-type]
    if period is None:
        return None, reading.text
    item = timed[0]
    if " ".join(t.text for t in item.tokens).lower() in names:
        return None, reading.text
    kept = [t.text for i, t in enumerate(reading.tokens) if not item.start <= i < item.end]
    return period, " ".join(kept)


def segment_talk(frames: Frames) -> Iterator[Candidate]:
    """The reading of the text as one of these questions, if it is one."""
    yield from SegmentTalk(frames).read()


def about_groups(frames: Frames) -> Planned | None:
    """The same before a text is cut into its parts: "but is now lost" is no second request."""
    found = next(iter(SegmentTalk(frames).read()), None)
    if found is None or not all(frames.bound(c.name) for c in found.calls):
        return None
    return Planned(found.calls, 0.95, notes=found.notes, frame=found.frame)
