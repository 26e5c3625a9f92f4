"""A shop that can be asked while a question is still being read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from assistant.plans.query import QueryPlan
from assistant.plans.requests import SegmentRule
from assistant.plans.studies import StudyRequest
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


@runtime_checkable
class Computing(Answering, Protocol):
    """A shop that can also count the customers of a rule and run a study."""

    def count_audience(self, rule: SegmentRule) -> Result:
        """Count the customers of a rule. Raises :class:`AssistantError` as :meth:`query` does."""
        ...

    def run_study(self, request: StudyRequest) -> Result:
        """Run a study; answers are kept. Raises :class:`AssistantError` as :meth:`query` does."""
        ...


@runtime_checkable
class Likening(Protocol):
    """A shop with a sentence encoder; the planner uses it to find the known question that a text means."""

    def sentence_vectors(self, texts: Sequence[str], keep: bool = False) -> Any:
        """Unit vectors of texts, float32 [n, d].

        Args:
            texts: any strings.
            keep: whether they are asked for again at the next start, and are kept on disk.

        Raises:
            ModelUnavailable: the encoder cannot be loaded.
        """
        ...
