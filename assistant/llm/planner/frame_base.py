"""What every frame reads a text with: its parts, and the agreed terms that are said of customers."""

from __future__ import annotations

from collections.abc import Callable

from assistant.llm.planner import (
    brief,
    groups,
    references,
)
from assistant.llm.planner.candidate import Candidate, ToolCall
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts, gather
from assistant.llm.planner.rank import cost_of
from assistant.llm.planner.spans import Reading
from assistant.plans.filters import Filter
from assistant.plans.shop import Shop


class FrameBase:
    """One text, the conversation and the shop."""

    def __init__(self, reading: Reading, context: DialogueContext, shop: Shop, bound: Callable[[str], bool]) -> None:
        self.reading, self.context, self.shop, self.bound = reading, context, shop, bound
        self.lex = reading.vocabulary.lexicon
        self._gathered: Parts | None = None

    def parts(self) -> Parts:
        """Fresh parts: every frame marks what it uses in its own copy."""
        if self._gathered is None:
            p = self._gathered = gather(self.reading)
            groups.attach(p, self.context)
            references.attach(p, self.context)
        return self._gathered.copy()

    def _audience_parts(self) -> Parts:
        """Parts in which "about to leave" names a group of customers."""
        p = self.parts()
        groups.leaving(p)
        return p

    def finish(self, p: Parts, calls: list[ToolCall], frame: str, extra: float = 0.0) -> Candidate:
        return cost_of(p, calls, frame, extra)

    def _notes(self, p: Parts, defined: list[Filter]) -> None:
        """Agreed terms that the plan uses are shown with their meaning."""
        if not defined:
            return
        meanings = {d.term: d.meaning for d in self.shop.definitions() if d.assumed}  # agreed ones are cited
        for i in self.reading.having("definition"):
            if i in p.used:
                term = str(self.reading.items[i].get("definition"))
                if term in meanings:
                    p.notes.append(f"defined_term|{term}|{meanings[term]}")

    def _defined(self, p: Parts, aside: tuple[str, ...] = ("customer",)) -> list[Filter]:
        """Filters of the agreed terms that are said of customers; groups ``aside`` make no term a measure."""
        found: list[Filter] = []
        for i in self.reading.having("definition"):
            item = self.reading.items[i]
            if i in p.conditions.used or i in p.ranked_terms or not self._said_of_customers(i):
                continue
            if item.has("metric") and (
                p.periods or [g for g in p.groups if g not in aside] or self.reading.has("trend", "growth")
            ):
                continue  # "new customers last month" is a measure
            meant = brief.term_filter(self.shop, str(item.get("definition")))
            if meant is not None:
                found.append(meant)
                p.used.add(i)
                p.metrics = [m for m in p.metrics if m not in item.alts.get("metric", ())]
        return found

    def _said_of_customers(self, i: int) -> bool:
        """As in "loyal customers", "customers who are loyal", "our regulars": not "recent campaigns"."""
        items = self.reading.items
        if len(items[i].tokens) > 1 or items[i].lemma in heard("intents.kinds_of_customer") or self._agreed_noun(i):
            return True
        after = next((it for it in items[i + 1 : i + 3] if not it.has("object")), None)
        if after is not None and "customer" in after.alts.get("dim", ()):
            return True
        things = [d for it in items[:i] for d in it.alts.get("dim", ()) if d != "customer"]
        if things and not any("customer" in it.alts.get("dim", ()) for it in items[:i]):
            return False  # "which of our brands lost …"
        return items[i].lemma not in heard("intents.recent") and any(
            "customer" in it.alts.get("dim", ()) or it.has("customers_pronoun") or it.has("which")
            for it in items[max(0, i - 5) : i]
        )

    def _agreed_noun(self, i: int) -> bool:
        """A term people agreed on that is written as a noun ("regulars"), or stands where one stands."""
        word = str(self.reading.items[i].get("definition"))
        if self.reading.items[i].lemma in self.lex.wording["time_terms"]:
            return False
        agreed = any(d.term == word and not d.assumed for d in self.shop.definitions())
        after = self.reading.items[i + 1] if i + 1 < len(self.reading.items) else None
        return agreed and (after is None or not after.has("dim", "value") or "customer" in after.alts.get("dim", ()))
