"""Requests about what was agreed on: meanings of words, saved segments, and taking a change back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.periods import Period

#: the longest name that is stored; the store says so in words, the plan only bounds what a model may send
LONGEST_SENT = 2_000


class DefineTerm(PlanModel):
    """Agree on what a word means from now on: the customers of ``filter``, or, for a word that ranks products
    ("bestseller"), the metric ``rank_by``."""

    kind: Literal["define_term"] = "define_term"
    term: str = Field(max_length=LONGEST_SENT)
    filter: Filter | None = None
    rank_by: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> DefineTerm:
        if (self.filter is None) == (self.rank_by is None):
            raise ValueError("a term means either customers (filter) or an order of products (rank_by)")
        return self


class TermsRequest(PlanModel):
    """The meanings in force; of one ``term`` also its earlier meanings."""

    kind: Literal["terms"] = "terms"
    term: str | None = Field(default=None, max_length=LONGEST_SENT)
    agreed_only: bool = Field(default=False, description="only what the shop agreed on, without built-in meanings")


class WithdrawTerm(PlanModel):
    """Stop using an agreed meaning: back to the built-in one or none (``builtin``), or to the one before
    (``previous``)."""

    kind: Literal["withdraw_term"] = "withdraw_term"
    term: str = Field(max_length=LONGEST_SENT)
    to: Literal["builtin", "previous"] = "builtin"


class SaveSegment(PlanModel):
    """Keep a rule under a name. ``replace`` allows a name that is taken: its rule is then changed."""

    kind: Literal["save_segment"] = "save_segment"
    name: str = Field(max_length=LONGEST_SENT)
    filter: Filter
    replace: bool = False


class SavedSegmentsRequest(PlanModel):
    """Saved segments with their sizes now and before, or one of them by ``name`` with its history.

    ``since``: the stretch over which growth is measured; sizes at its ends come from the rule, so they are exact.
    ``growth``: keep those that grew (``up``) or shrank (``down``), by more than ``min_percent``.
    """

    kind: Literal["saved_segments"] = "saved_segments"
    name: str | None = Field(default=None, max_length=LONGEST_SENT)
    since: Period | None = None
    growth: Literal["up", "down"] | None = None
    min_percent: float | None = Field(default=None, ge=0)
    order_by: Literal["name", "size", "change", "saved"] = "name"
    descending: bool = True
    limit: int | None = Field(default=None, ge=1, le=1_000)
    show: Literal["sizes", "history", "change", "tests", "drift", "refresh"] = Field(
        default="sizes",
        description="history: the size at the end of each month; change: who joined one, who left, why; tests: its "
        "boundary customers; drift: who stayed, and what its customers are like then and now; refresh: counted anew",
    )

    @model_validator(mode="after")
    def _of_one(self) -> SavedSegmentsRequest:
        if self.show in {"tests", "drift", "refresh"} and self.name is None:
            raise ValueError(f"'{self.show}' is asked of one segment: it needs its name")
        return self


class ChangeSegment(PlanModel):
    """Rename or delete a saved segment. Both can be undone."""

    kind: Literal["change_segment"] = "change_segment"
    name: str = Field(max_length=LONGEST_SENT)
    action: Literal["rename", "delete"]
    new_name: str | None = Field(default=None, max_length=LONGEST_SENT)

    @model_validator(mode="after")
    def _complete(self) -> ChangeSegment:
        if (self.action == "rename") != (self.new_name is not None):
            raise ValueError("a new name goes with renaming, and only with it")
        return self


class TakeBackRequest(PlanModel):
    """Take back the latest change of a meaning, a saved segment or the categories; ``name`` says whose."""

    kind: Literal["take_back"] = "take_back"
    of: Literal["any", "definition", "segment", "category"] = "any"
    name: str | None = Field(default=None, max_length=LONGEST_SENT)


class AudiencePair(PlanModel):
    """Two groups of customers set against each other: who is in both, who in only one."""

    kind: Literal["audience_pair"] = "audience_pair"
    first: Filter
    second: Filter
    first_name: str = Field(default="the first group", max_length=LONGEST_SENT)
    second_name: str = Field(default="the second group", max_length=LONGEST_SENT)
