"""A description of customers as clauses, joined by "and", "or", "but", "except those who" or by nothing but "who".

Every word of a clause is read or the clause is not: after its head nothing may stand that is no part of it. A clause
that these expressions (``people_clauses.yaml``) do not know may be read by somebody else (``other``). "or" binds the
clauses right beside it; with a comma before it, all before and all after.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from assistant.llm.planner.clause_meaning import Clause, Meaning
from assistant.llm.planner.clause_slots import Slotted
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern
from assistant.plans.filters import And, Filter, Not, Or
from assistant.plans.shop import Shop

#: reads a clause that is not known here: what leads it in, and the clause as it was said
Other = Callable[[str], Filter | None]
#: ends of words up to which an unknown clause is tried
_MOST_CUTS = 3
_MOST_CLAUSES = 8


@dataclass(frozen=True)
class Forms:
    """The expressions of a language."""

    raw: dict[str, Any]
    joints: tuple[tuple[str, LatePattern], ...]
    lead: LatePattern
    only: LatePattern
    early: LatePattern
    early_count: LatePattern
    heads: tuple[tuple[str, LatePattern], ...]
    mods: tuple[tuple[str, LatePattern], ...]
    carried: tuple[LatePattern, ...]
    noun: LatePattern
    who: LatePattern
    people: LatePattern
    tail: LatePattern
    first: LatePattern
    not_both: LatePattern


@lru_cache(maxsize=4)
def forms(language: str) -> Forms | None:
    """The expressions of a language; None where it has none."""
    raw: dict[str, Any] = read_yaml(language, "people_clauses")
    if not raw.get("heads"):
        return None
    macros = {name: f"(?:{body})" for name, body in raw["macros"].items()}

    def made(form: str) -> LatePattern:
        return LatePattern(told_apart(put_in(form, macros)))

    return Forms(
        raw, tuple((k, made(v)) for k, v in raw["joints"].items()), made(raw["lead"]), made(raw["only"]),
        made(raw["early"]),
        made(raw["early_count"]),
        tuple((k, made(v)) for k, vs in raw["heads"].items() for v in vs),
        tuple((k, made(v)) for k, vs in raw["mods"].items() for v in vs),
        tuple(made(v) for v in raw["carried"]), made(raw["noun"]), made(raw["who"]),
        made(raw["people_word"]), made(raw["tail"]),
        made(raw["first"]), made(raw["not_both"]),
    )


def groups(match: re.Match[str]) -> dict[str, str]:
    """What the named groups hold, numbered ones under their name."""
    return {name.partition("__")[0]: value.strip() for name, value in match.groupdict().items()
            if value and value.strip()}


@dataclass
class Described:
    """What was read: the conditions in order, each with the word that joins it, and where that ended.

    Attributes:
        failed: the clause that was not understood, as it stands in the text.
    """

    parts: list[tuple[str, Filter]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    end: int = 0
    failed: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def rule(self) -> Filter | None:
        """All conditions in one."""
        wide: list[list[list[Filter]]] = [[]]
        for joint, part in self.parts:
            if joint == "weak_or" and wide[-1]:
                wide.append([])
            if joint == "or" and wide[-1]:
                wide[-1][-1].append(part)
            else:
                wide[-1].append([part])
        sides = [_one(And, [_one(Or, either) for either in side]) for side in wide if side]
        return _one(Or, sides) if sides else None


def _one(kind: Any, parts: list[Filter]) -> Filter:
    flat: list[Filter] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) and part.term is None else [part]  # type: ignore[attr-defined]
    once = [p for i, p in enumerate(flat) if p not in flat[:i]]
    return once[0] if len(once) == 1 else kind(parts=tuple(once))  # type: ignore[no-any-return]


class ClauseReader:
    """Reads the clauses of one text from a place on."""

    def __init__(self, text: Slotted, shop: Shop, known: Forms, other: Other) -> None:
        self.t, self.f, self.other = text, known, other
        self.meaning = Meaning(text, shop, known.raw)
        self.carried: Clause | None = None
        self.several = False

    def read(self, start: int, before: list[Filter]) -> Described:
        """The clauses from ``start`` on; ``before`` what stood before the noun."""
        found = Described([("and", part) for part in before], ["noun"] * len(before), start)
        self.several = bool(before)
        while len(found.kinds) < _MOST_CLAUSES:
            joint, at = self._joint(found.end, first=len(found.kinds) == len(before))
            if joint is None:
                break
            either = self.t.text.startswith(self.f.raw["either"], at)
            at += len(self.f.raw["either"]) if either else 0
            clause = self._clause(at, joint == "nor", found)
            if clause is None:
                if not self.f.tail.compiled.match(self.t.text, self._content(found.end)):
                    found.failed = self._chunk(at)
                break
            part, kind, end = clause
            found.parts.append(("and" if joint in {"minus", "nor", "next"} else joint,
                                Not(part=part) if joint == "minus" else part))
            found.kinds.append(kind)
            found.end = end
            self.several = True
            self._not_both(found)
        found.notes = list(dict.fromkeys(self.meaning.notes))
        return found

    def _content(self, at: int) -> int:
        while self.t.text[at:at + 1] == " ":
            at += 1
        return at

    def _joint(self, at: int, first: bool) -> tuple[str | None, int]:
        if at >= len(self.t.text):
            return None, at
        if first:
            opened = self.f.first.compiled.match(self.t.text, at)
            return ("and", opened.end()) if opened else (None, at)
        for kind, pattern in self.f.joints:
            match = pattern.compiled.match(self.t.text, at)
            if match and match.end() < len(self.t.text):
                return kind, match.end()
        return None, at

    def _not_both(self, found: Described) -> None:
        match = self.f.not_both.compiled.match(self.t.text, found.end)
        if match and len(found.parts) >= 2 and found.parts[-1][0] == "or":
            last, before = found.parts.pop()[1], found.parts.pop()
            both = And(parts=(Or(parts=(before[1], last)), Not(part=And(parts=(before[1], last)))))
            found.parts.append((before[0], both))
            found.end = match.end()

    # -- one clause ----------------------------------------------------------------------------------------------

    def _clause(self, start: int, denied: bool, found: Described) -> tuple[Filter, str, int] | None:
        best: tuple[Filter, str, int] | None = None
        carried: Clause | None = None
        for at, negations, only, early in reversed(self._leads(start)):
            if negations + denied > 1:
                continue
            negated = bool(negations) or denied
            for kind, pattern in self.f.heads:
                match = pattern.compiled.match(self.t.text, at)
                if match and match.end() > at:
                    clause = self._begun(kind, match, early, negated, only)
                    whole = self._whole(clause, match.end())
                    if whole is not None and (best is None or whole[1] > best[2]):
                        told = next((f"{kind}_{mod}" for mod in ("full", "cut") if mod in clause.mods), kind)
                        best, carried = (whole[0], told, whole[1]), clause
        if best is None and self.carried is not None:
            return self._carried(start, denied, found) or self._by_others(start, denied)
        if best is None and (self.several or self._cuts(start)[0] < len(self.t.text.rstrip(" .?!"))):
            best = self._by_others(start, denied)  # a clause that stands alone is left to the ordinary grammar whole
        self.carried = carried if carried is not None and carried.head in self.f.raw["carried_heads"] else None
        return best

    def _begun(
        self, kind: str, head: re.Match[str], early: dict[str, str], negated: bool, only: bool
    ) -> Clause:
        """A clause as its head leaves it; how often and when may have been said before the verb."""
        time = {k: v for k, v in early.items() if k == "period"}
        clause = Clause(kind, groups(head) | time, {}, negated, only)
        said = early.get("count", "").strip()
        times = self.f.early_count.compiled.match(f"{said} {head.group()} ") if said else None
        if times is not None and not said.endswith(f":{self.f.raw['once']}›"):
            clause.mods["count"] = groups(times)
        return clause

    def _leads(self, start: int) -> list[tuple[int, int, bool, dict[str, str]]]:
        """Places after more and more of the words that lead a clause in, with the denials among them."""
        found = [(start, 0, False, {})]
        at, negations, only = start, 0, False
        early: dict[str, str] = {}
        while True:
            times = self.f.early_count.compiled.match(self.t.text, at) if "count" not in early else None
            if times is not None:
                early, at = {**early, "count": times.group()}, times.end()
                found.append((at, negations, only, early))
                continue
            word = self.f.lead.compiled.match(self.t.text, at)
            if word is None:
                alone = self.f.only.compiled.match(self.t.text, at)
                time = self.f.early.compiled.match(self.t.text, at) if "period" not in early else None
                if alone is not None and not only:
                    only, at = True, alone.end()
                elif time is not None:
                    early, at = {**early, **groups(time)}, time.end()
                else:
                    return found
            else:
                negations += word.group("neg__1") is not None
                at = word.end()
            found.append((at, negations, only, early))

    def _whole(self, clause: Clause, at: int, before: Clause | None = None) -> tuple[Filter, int] | None:
        """The clause with all that follows its head, and where it ends; ``before`` is the clause whose verb it has."""
        takes = self.f.raw["takes"].get(clause.head, ())
        while at < len(self.t.text):
            longest: tuple[int, str, dict[str, str]] | None = None
            for kind, pattern in self.f.mods:
                if kind not in takes or kind in clause.mods:
                    continue
                match = pattern.compiled.match(self.t.text, at + 1)
                fits = match is not None and match.end() > at + 1 and self._ends_word(match.end())
                if match is not None and fits and (longest is None or match.end() > longest[0]):
                    longest = match.end(), kind, groups(match)
            if longest is None:
                break
            at = longest[0]
            clause.mods[longest[1]] = longest[2]
        if not self._ends_word(at) or not self._may_end(at):
            return None
        if before is not None:
            if not clause.mods:
                return None
            goods = before.mods.get("goods") or (before.said if before.said.get("goods") else None)
            if "goods" not in clause.mods and goods is not None:
                clause.mods["goods"] = {k: v for k, v in goods.items() if k != "nothing"}
                clause.said["same"] = "goods"
            elif "period" not in clause.mods and (time := before.mods.get("period") or before.said.get("period")):
                clause.mods["period"] = time if isinstance(time, dict) else {"period": time}
        rule = self.meaning.of(clause)
        return None if rule is None else (rule, at)

    def _ends_word(self, at: int) -> bool:
        return at >= len(self.t.text) or self.t.text[at] == " "

    def _may_end(self, at: int) -> bool:
        """Whether a clause may be over here: at the end, before a joint, or before what belongs to the question."""
        if at >= len(self.t.text) or self.t.text[at:].strip(" .?!") == "":
            return True
        if any(p.compiled.match(self.t.text, at) for _, p in self.f.joints) or self.f.not_both.compiled.match(
                self.t.text, at):
            return True
        return self.f.tail.compiled.match(self.t.text, self._content(at)) is not None

    def _carried(self, start: int, denied: bool, found: Described) -> tuple[Filter, str, int] | None:
        """As in "bought Kitchen but nothing from Garden in 2025": the verb stands with the clause before.

        One verb has one time and, where only another time is denied ("but not in 2025"), one kind of goods."""
        before = self.carried
        for pattern in self.f.carried if before is not None else ():
            match = pattern.compiled.match(self.t.text, start)
            if match is None or before is None:
                continue
            clause = Clause(before.head, {}, {}, denied or bool(match.groupdict().get("neg__1")))
            whole = self._whole(clause, match.end() - 1 if match.end() == start else match.end(), before)
            if whole is None or whole[1] <= start:
                continue
            if "period" in clause.mods and not {"period"} & {*before.mods, *before.said} and "same" not in clause.said:
                before.mods["period"] = clause.mods["period"]
                again = self.meaning.of(before)
                if again is None:
                    return None
                found.parts[-1] = found.parts[-1][0], again
            return whole[0], before.head, whole[1]
        return None

    def _by_others(self, start: int, denied: bool) -> tuple[Filter, str, int] | None:
        """The clause as somebody else reads it, up to one of the next joints."""
        if denied:
            return None
        for end in self._cuts(start):
            piece = self.t.text[start:end]
            if re.search(self.f.raw["other"]["never"], piece) or not re.search(r"(?<![‹:\w])[a-z]+ ", piece):
                return None
            rule = self.other(self.t.source(start, end))
            if rule is not None:
                return rule, "other", end
        return None

    def _cuts(self, start: int) -> list[int]:
        """Where a clause that begins at ``start`` may end, the nearest first."""
        ends = []
        for match in re.finditer(r" |$", self.t.text[start:]):
            at = start + match.start()
            if at > start and self._may_end(at) and "›" not in self.t.text[at:at + 1]:
                ends.append(at)
        return ends[:_MOST_CUTS]

    def _chunk(self, start: int) -> str:
        cuts = self._cuts(start)
        return self.t.source(start, cuts[0] if cuts else len(self.t.text)).strip(" ?.!,")
