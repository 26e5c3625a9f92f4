"""Requests about experiments: how large, how long, what came of one, may it be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.reword_uplift import SPLIT_WORDS
from assistant.plans.uplift import SplitName


class ExperimentSizeRequest(PlanModel):
    """How large a control group or a test must be, how long it must run, or which effect it can show.

    ``campaign_id``: of a draft; else an ``audience``, else so many ``people``; none of them: the latest draft, else all
    customers. ``effect``: expected difference in points of the share who order; unset: what past campaigns of the kind
    did. ``baseline``: share who order anyway, in percent; unset: from the data. ``orders_per_day``: orders come in one
    by one while two versions are shown at random, and ``in_test`` of them count. ``outcome``: what each recipient does.
    """

    kind: Literal["experiment_size"] = "experiment_size"
    about: Literal["control_group", "duration", "detectable", "test"] = "control_group"
    campaign_id: str | None = None
    audience: Filter | None = None
    audience_words: str | None = Field(default=None, max_length=200)
    goal: str | None = Field(default=None, max_length=60, description="kind of past campaigns to expect the effect of")
    people: int | None = Field(default=None, ge=2, le=1_000_000_000)
    effect: float | None = Field(default=None, gt=0, lt=100, description="points")
    effect_relative: float | None = Field(default=None, gt=0, le=1000, description="percent of the baseline")
    baseline: float | None = Field(default=None, gt=0, lt=100, description="percent")
    share: float | None = Field(default=None, gt=0, lt=1, description="held out")
    arms: int = Field(default=2, ge=2, le=6, description="of a test: its variants, the control among them")
    orders_per_day: float | None = Field(default=None, gt=0, le=10_000_000)
    in_test: float = Field(default=1.0, gt=0, le=1, description="share of the customers that the test is run on")
    outcome: Literal["orders", "opens", "clicks"] = "orders"

    @model_validator(mode="after")
    def _one_effect(self) -> ExperimentSizeRequest:
        if self.effect is not None and self.effect_relative is not None:
            raise ValueError("the effect is in points or in percent of the baseline, not both")
        return self


class ExperimentRequest(PlanModel):
    """What an experiment showed: a campaign of one's own (``campaign_id``), or a ``table`` that was added.

    ``about``: the read-out; its wordings against each other (``wordings``); whether a running campaign may be looked at
    (``look``); the arms' sizes (``arms``); which tables there are (``tables``); what every finished campaign of one's
    own showed (``learnt``). ``outcome``, ``by``: columns of the table; ``split``: of a campaign's customers.
    """

    kind: Literal["experiment"] = "experiment"
    about: Literal["read_out", "wordings", "look", "arms", "tables", "learnt"] = "read_out"
    campaign_id: str | None = None
    table: str | None = Field(default=None, max_length=80)
    outcome: str | None = Field(default=None, max_length=120)
    by: str | None = Field(default=None, max_length=120)
    split: SplitName | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> ExperimentRequest:
        if self.campaign_id is not None and self.table is not None:
            raise ValueError("an experiment is a campaign or a table, not both")
        return self


_SIZES = {
    "control_group": "how large the control group{of} must be", "duration": "how long the test{of} must run",
    "detectable": "which effect the test{of} can show", "test": "how many customers a test{of} needs",
}


def _size(request: ExperimentSizeRequest, reword_filter: Callable[[Any], str]) -> str:
    of = f" of campaign {request.campaign_id}" if request.campaign_id else ""
    if request.audience is not None:
        of = f" among customers where {reword_filter(request.audience)}"
    elif request.people is not None:
        of = f" with {request.people:,} customers"
    said = [_SIZES[request.about].format(of=of)]
    if request.effect is not None:
        said.append(f"for a difference of {request.effect:g} points")
    if request.effect_relative is not None:
        said.append(f"for a difference of {request.effect_relative:g} %")
    if request.baseline is not None:
        said.append(f"where {request.baseline:g} % order anyway")
    if request.share is not None:
        said.append(f"with {request.share * 100:g} % held out")
    if request.arms > 2:
        said.append(f"in {request.arms} arms")
    if request.orders_per_day is not None:
        said.append(f"at {request.orders_per_day:g} orders a day")
    if request.in_test < 1:
        said.append(f"on {request.in_test * 100:g} % of the customers")
    if request.outcome != "orders":
        said.append("measured by openings" if request.outcome == "opens" else "measured by clicks")
    return " ".join(said)


def _experiment(request: ExperimentRequest, reword_filter: Callable[[Any], str]) -> str:
    if request.about == "tables":
        return "the tables of experiments"
    if request.about == "learnt":
        return "what our own finished experiments showed"
    what = (f"campaign {request.campaign_id}" if request.campaign_id
            else f"the experiment {request.table}" if request.table else "the latest experiment")
    if request.about == "look":
        return f"whether {what} may be looked at already"
    if request.about == "arms":
        return f"whether the arms of {what} have the sizes they were drawn with"
    if request.about == "wordings":
        return f"how the wordings of {what} did against each other"
    on = f" on {request.outcome}" if request.outcome else ""
    by = request.by or (SPLIT_WORDS[request.split] if request.split else "")
    return f"what {what} changed{on}" + (f", by {by}" if by else "")


WORDERS: dict[type[Any], Callable[[Any, Any], str]] = {ExperimentSizeRequest: _size, ExperimentRequest: _experiment}
