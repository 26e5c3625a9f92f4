"""What went before in the conversation, as far as a follow-up may refer to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.plans.filters import Compare, Filter
from assistant.plans.requests import SegmentRule

_MAX_IDS = 5_000


@dataclass(frozen=True)
class Past:
    """One finished call: what was asked of which tool, and what came back (``Result`` as JSON, or nothing)."""

    call: ToolCall
    result: dict[str, Any] | None = None

    @property
    def refused(self) -> bool:
        return bool(self.result and self.result.get("refusal"))


@dataclass
class DialogueContext:
    """The conversation so far, oldest first; built from messages, never stored."""

    past: list[Past] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def last(self, *tools: str) -> Past | None:
        """The latest call (of one of the tools) that was not refused; asking back and declining do not count."""
        for past in reversed(self.past):
            if past.call.name in {"ask_back", "decline"} or past.refused:
                continue
            if not tools or past.call.name in tools:
                return past
        return None

    def column(self, past: Past, dimension: str) -> list[str]:
        """Values of a dimension in the tables of a result, in order."""
        for table in (past.result or {}).get("tables", ()):
            names = [c["name"] for c in table.get("columns", ())]
            for wanted in (f"{dimension}_id", dimension):
                if wanted in names:
                    index = names.index(wanted)
                    return [str(row[index]) for row in table.get("rows", ()) if row[index] is not None][:_MAX_IDS]
        return []

    def audience(self) -> tuple[Filter, str] | None:
        """The customers last spoken of, as a filter and in words."""
        for past in reversed(self.past):
            if past.refused or past.call.name in {"ask_back", "decline"}:
                continue
            named = ((past.result or {}).get("details") or {}).get("audience")
            if named:  # the result says itself whom it is about, also beyond the rows it shows
                return SegmentRule.model_validate({"filter": named["filter"]}).filter, named["words"]
            plan = past.call.plan()
            if past.call.name == "count_audience":
                return plan.filter, plan.name or ""
            if (
                past.call.name == "query_data"
                and plan.filter is not None
                and "customer" in plan.dimensions
                and plan.limit is None
            ):
                return plan.filter, ""
            if past.call.name == "draft_campaign" and plan.audience is not None:
                return plan.audience, plan.audience_words or ""
            ids = self.column(past, "customer")
            if past.call.name == "describe_customer":
                ids = [plan.customer_id]
            if past.call.name in {"predict_churn", "query_data", "describe_customer", "find_segments"} and ids:
                return Compare(field="customer", op="in" if len(ids) > 1 else "eq", values=tuple(ids)), ""
        return None
