"""A shop that can be asked while a question is still being read."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from assistant.plans.query import QueryPlan
from assistant.results import Result


@runtime_checkable
class Answering(Protocol):
    """A shop that can run a data question; the planner uses it to see whether two readings answer alike."""

    def query(self, plan: QueryPlan) -> Result:
        """Run a plan. Answers are kept, so that the reading chosen is not run twice.

        Raises:
            AssistantError: the plan cannot be answered on the loaded data.
        """
        ...
