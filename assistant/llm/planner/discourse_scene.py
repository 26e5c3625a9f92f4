"""What a move in a conversation is given: the text, what was answered, and how plans are made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.replies import decline
from assistant.llm.planner.spans import read
from assistant.llm.planner.units import GRAINS
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.filters import And, Compare, Filter
from assistant.plans.query import QueryPlan
from assistant.plans.shop import Shop

Plan = Callable[[str], Planned]
FRAME = "discourse"
_SURE = 0.9


@dataclass(frozen=True)
class Scene:
    """One text in its conversation.

    Attributes:
        text: without what opens and closes a remark.
        said: the slots of the form that fitted.
        last: the latest answer; None at the beginning.
        again: plans another text in this conversation; ``alone`` on its own; ``within`` in another conversation.
        raw: the language's file of forms.
    """

    text: str
    said: dict[str, str]
    context: DialogueContext
    last: Past | None
    words: Vocabulary
    shop: Shop
    again: Plan
    alone: Plan
    raw: dict[str, Any]
    within: Callable[[DialogueContext, str], Planned]

    @property
    def query(self) -> QueryPlan | None:
        """The data question that was answered last; None after any other answer."""
        if self.last is None or self.last.call.name != "query_data":
            return None
        plan = self.last.call.plan()
        return plan if isinstance(plan, QueryPlan) else None

    def named(self, table: str, slot: str) -> str | None:
        """The key of the file's table under which a slot's word stands."""
        word = self.said.get(slot, "").lower()
        return next((str(key) for key, words in self.raw[table].items() if word in words), None)

    def group(self) -> str | None:
        """What the rows of the last data question are, where they are things of one kind and no times."""
        others = [d for d in self.query.dimensions if d not in GRAINS] if self.query is not None else []
        return others[0] if len(others) == 1 else None

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the last answer's first table, by column."""
        for table in (self.last.result or {}).get("tables", ())[:1] if self.last is not None else ():
            names = [c["name"] for c in table.get("columns", ())]
            return [dict(zip(names, row, strict=False)) for row in table.get("rows", ())]
        return []

    def dimension(self, words: str) -> str | None:
        """The dimension that words name: "customers", "by country"."""
        for item in read(words, self.words).items:
            for kind in ("dim", "grain"):
                named = [str(d) for d in item.alts.get(kind, ()) if str(d) in self.words.dimensions]
                if named:
                    return named[0]
        return None

    def edited(self, notes: list[str] | None = None, **changes: Any) -> Planned | None:
        """The last data question with other parts."""
        return None if self.query is None else made({**self.query.model_dump(), **changes}, notes)

    def no(self, message: str, reason: str = "not_understood", **words: str) -> Planned:
        """A decline in the words of the language."""
        return Planned([decline(self.words.lexicon, reason, message, **words)], 0.0, frame="decline")

    def planned(self, text: str) -> QueryPlan | None:
        """The one data question that a text asks on its own, where that is sure."""
        found = self.alone(text)
        plan = found.calls[0].plan() if found.score >= _SURE and len(found.calls) == 1 else None
        return plan if isinstance(plan, QueryPlan) else None


Move = Callable[[Scene], Planned | None]


def made(fields: dict[str, Any], notes: list[str] | None = None) -> Planned | None:
    """A data question of these fields; None where they do not go together."""
    try:
        return answer(call(QueryPlan.model_validate(fields)), notes)
    except ValidationError:
        return None


def answer(one: ToolCall, notes: list[str] | None = None) -> Planned:
    """A call that answers the text."""
    return Planned([one], 1.0, frame=FRAME, notes=notes or [])


def dumped(condition: Filter | None) -> dict[str, Any] | None:
    """A condition as plans hold it."""
    return None if condition is None else condition.model_dump()


def parts_of(condition: Filter | None) -> list[Filter]:
    """The conditions that all hold."""
    return list(condition.parts) if isinstance(condition, And) else [condition] if condition is not None else []


def among(field: str, values: list[str]) -> Compare:
    """One of these values."""
    return Compare(field=field, op="eq" if len(values) == 1 else "in", values=tuple(values))


__all__ = ["FRAME", "Move", "Plan", "Scene", "among", "answer", "dumped", "made", "parts_of"]
