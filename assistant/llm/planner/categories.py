"""Readings about categories of products: proposed, accepted, shown, renamed, merged, products moved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assistant.llm.planner.agreements import LONGEST_TEXT, SURE
from assistant.llm.planner.candidate import Candidate, call
from assistant.llm.planner.patterns import Patterns, patterns
from assistant.plans.categories import AdoptCategories, ChangeCategories, ProposeCategories, ShowCategories

if TYPE_CHECKING:
    from assistant.llm.planner.context import Past
    from assistant.llm.planner.intents import Frames

#: tools that are about categories; right after them "the second one" and "use these" speak of categories
_OURS = frozenset({"propose_categories", "adopt_categories", "show_categories", "change_categories", "undo_change"})
_LEVELS = ("category", "subcategory")


class CategoryReader:
    """Reads one text. Names of categories are the shop's; a name that is none is passed on only where the text calls it
    a category, or right after an answer about categories, so that the refusal can name the nearest ones."""

    def __init__(self, frames: Frames) -> None:
        self.frames, self.context = frames, frames.context
        self.p: Patterns = patterns(frames.lex.language, "categories")
        self.text = self.p.bare(frames.reading.text)
        self.last = self._last()

    def read(self) -> Iterator[Candidate]:
        """At most one candidate."""
        if not self.text or len(self.text) > LONGEST_TEXT:
            return
        readers = (self._adopted, self._proposed, self._stopped, self._added, self._ruled, self._renamed, self._merged,
                   self._moved, self._listed, self._members)
        for reader in readers:
            found = reader()
            if found is not None:
                yield found
                return

    # -- names ---------------------------------------------------------------------------------------------------

    def _last(self) -> Past | None:
        """The last answer, where it was about categories."""
        answered = [p for p in self.context.past if not p.refused and p.call.name not in {"ask_back", "decline"}]
        return answered[-1] if answered and answered[-1].call.name in _OURS else None

    @property
    def called_so(self) -> bool:
        """Whether the text speaks of categories, or the last answer did."""
        return self.last is not None or bool(self.p.expression("called_so").search(self.frames.reading.text))

    def known(self, said: str, level: str | None = None) -> str | None:
        """The name of a category (of one level) that words spell, or the one at a place of the last list."""
        wanted = self._stem(said)
        names = [str(v) for d in _LEVELS if level in {None, d} for v in self.frames.shop.values(d)]
        placed = self._placed(said)
        if placed is not None:
            return placed
        exact = next((n for n in names if self._stem(n) == wanted), None)
        if exact is not None or not wanted:
            return exact
        parts = [n for n in names if wanted in {self._stem(part) for part in re.split(r",| & ", n)}]
        return parts[0] if parts and self.called_so else None

    def _stem(self, words: str) -> tuple[str, ...]:
        plain = self.p.expression("articles").sub("", words.strip(" \"'.,!?"))
        return self.frames.lex.lemmas(plain.replace("-", " ").replace("&", f" {self.p.raw['and']} "))

    def _placed(self, said: str) -> str | None:
        """As in "the second one", "number 3"."""
        place = str(self.p.raw["place"]).replace("noun", str(self.p.raw["noun"]))
        match = re.fullmatch(place, said.strip(), re.IGNORECASE)
        shown = self._shown() if match is not None else []
        if match is None or not shown:
            return None
        n = match.group("n").lower()
        ordinals = [str(o) for o in self.p.raw["ordinals"]]
        if n in self.p.raw["last"]:
            return shown[-1] if shown else None
        number = int(n) if n.isdigit() else ordinals.index(n) + 1 if n in ordinals else 0
        return shown[number - 1] if 0 < number <= len(shown) else None

    def _shown(self) -> list[str]:
        """Names of the latest list of categories, in its order; of subcategories where the answer lists those."""
        for past in reversed(self.context.past):
            if past.refused or past.call.name in {"ask_back", "decline", "change_categories", "undo_change"}:
                continue
            found = [self.context.column(past, level) for level in _LEVELS]
            return next((values for values in found if values), [])
        return []

    def _name(self, said: str | None) -> str | None:
        """The category meant, as the shop calls it; as it was said where the text is about categories anyway."""
        if not said:
            return None
        found = self.known(said)
        if found is not None:
            return found
        plain = self.p.expression("articles").sub("", said.strip(" \"'.,"))
        return plain if self.called_so and 0 < len(plain.split()) <= 8 else None

    # -- proposing and accepting ---------------------------------------------------------------------------------

    def _anew(self, slots: dict[str, str]) -> bool | None:
        """Whether "from scratch" was said; None where the text ends in something else."""
        rest = slots.get("anew", "").strip(" ,.")
        if not rest:
            return False
        return True if rest.lower() in self.p.raw["anew"] else None

    def _proposed(self) -> Candidate | None:
        for slots in self.p.fits("propose", self.text):
            anew = self._anew(slots)
            if anew is not None and not self._of_customers(slots.get("what", "")):
                return _one(ProposeCategories(fresh=anew))
        return None

    def _of_customers(self, what: str) -> bool:
        """As in "suggest groups": without products said, groups are of customers."""
        plain = not self.p.expression("called_so").search(what)
        goods = any({"product", "category"} & set(i.alts.get("dim", ())) for i in self.frames.reading.items)
        return bool(what) and plain and not goods

    def _adopted(self) -> Candidate | None:
        proposed = self.last is not None and self.last.call.name == "propose_categories"
        fresh = bool(self.last.call.args.get("fresh")) if proposed and self.last else False
        for slots in self.p.fits("use", self.text):
            anew = self._anew(slots)
            if anew is not None and (proposed or self.p.expression("called_so").search(slots.get("what") or "")):
                if self.frames.shop.status().added and not proposed:
                    return _one(ProposeCategories(fresh=anew))  # what would move is shown before it is done
                return _one(AdoptCategories(fresh=fresh or anew))
        if proposed and any(True for _ in self.p.fits("use_these", self.frames.reading.text.strip(" .!"))):
            return _one(AdoptCategories(fresh=fresh))
        return None

    def _stopped(self) -> Candidate | None:
        for slots in self.p.fits("stop", self.text):
            if self.last is not None or self.p.expression("called_so").search(slots["what"]):
                return _one(AdoptCategories(action="stop"))
        return None

    # -- showing -------------------------------------------------------------------------------------------------

    def _listed(self) -> Candidate | None:
        if not self.frames.shop.status().added:
            return None  # categories of the data, or none: a question like any other
        for slots in self.p.fits("show", self.text):
            if self.last is not None or self.p.expression("called_so").search(slots["what"]):
                return _one(ShowCategories())
        return None

    def _members(self) -> Candidate | None:
        if not self.frames.shop.status().added:
            return None
        for slots in self.p.fits("members", self.text):
            name = self.known(slots["category"])
            if name is not None:
                count = slots.get("n")
                return _one(ShowCategories(category=name, **({"limit": int(count)} if count else {})))
        return None

    # -- changing ------------------------------------------------------------------------------------------------

    def _renamed(self) -> Candidate | None:
        for slots in self.p.fits("rename", self.text):
            name = self._name(slots["category"])
            sure = self.known(slots["category"]) is not None or self._may_be(slots["category"])
            if name is not None and slots["name"] and sure:
                return _one(ChangeCategories(action="rename", category=name, new_name=_said(slots["name"])))
        return None

    def _may_be(self, said: str) -> bool:
        """No saved segment's name."""
        return all(self._stem(n) != self._stem(said) for n in self.frames.shop.segment_names())

    def _merged(self) -> Candidate | None:
        for slots in self.p.fits("merge", self.text):
            one = self._name(slots["category"])
            level = next((d for d in _LEVELS if one in self.frames.shop.values(d)), None)
            other = self.known(slots["into"], level) or self._name(slots["into"])
            if one and other and (level or self.known(slots["into"])):
                return _one(ChangeCategories(action="merge", category=one, into=other))
        return None

    def _ruled(self) -> Candidate | None:
        for slots in self.p.fits("rule", self.text):
            into = self._name(slots["into"])
            if into is not None and slots["words"]:
                return _one(ChangeCategories(action="rule", words=_said(slots["words"]), into=into))
        return None

    def _moved(self) -> Candidate | None:
        for slots in self.p.fits("move", self.text):
            into = self._name(slots["into"])
            if into is None or not slots["what"]:
                continue
            ids = self._pointed(slots["what"]) or self._code(slots["what"])
            if ids:
                return _one(ChangeCategories(action="move", product_ids=tuple(ids), into=into))
            words = self.p.expression("articles").sub("", _said(slots["what"]))
            words = self.p.expression("after_words").sub("", words)
            if self.known(words) is not None and self.known(slots["into"]) is not None:
                return _one(ChangeCategories(action="merge", category=self.known(words), into=into))
            if self.known(slots["into"]) is not None or self.called_so:
                return _one(ChangeCategories(action="move", words=words, into=into))
        return None

    def _pointed(self, said: str) -> Sequence[str]:
        """As in "move them to Bags": the products of the last answer."""
        if said.lower() not in self.p.raw["pronoun"]:
            return ()
        past = self.context.past[-1] if self.context.past else None
        return self.context.column(past, "product") if past is not None else ()

    def _code(self, said: str) -> Sequence[str]:
        """The product whose code the word is."""
        if " " in said.strip() or not any(c.isdigit() for c in said):
            return ()
        found = self.frames.shop.find(said, ("product",), 1)
        return [m.value for m in found if m.value.casefold() == said.strip().casefold()]

    def _added(self) -> Candidate | None:
        for slots in self.p.fits("add", self.text):
            if not self.called_so or not self.frames.shop.status().added:
                return None
            values: dict[str, Any] = {"action": "add", "new_name": _said(slots["name"])}
            if slots.get("words"):
                values["words"] = _said(slots["words"])
            return _one(ChangeCategories(**values))
        return None


def _said(text: str) -> str:
    return " ".join(text.strip(" \"'.,!?").split())


def _one(request: Any) -> Candidate:
    return Candidate([call(request)], SURE, "categories")
