"""Studies of one measure along time: what is usual, runs in a row, the best against the average, targets, what-ifs.

They read the values of a measure unit by unit (day, week, month …). Units at the ends that the period or the data
cover only in part do not count; units without a sale count with 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.periods import Grain, Period

#: what a unit of time is held against: the one before it, the same one a year before, a number, the average, nothing
Condition = Literal["grew", "fell", "grew_on_year", "fell_on_year", "over", "at_least", "under", "at_most",
                    "above_average", "below_average", "none", "some"]
BOUNDED = frozenset({"over", "at_least", "under", "at_most"})


class UsualStudy(PlanModel):
    """What a measure usually is per unit of time, and how much it varies: median, middle half, mean, standard
    deviation, least and largest. ``asked``: whether the middle or the variation is put first."""

    study: Literal["usual"] = "usual"
    metric: str = "revenue"
    grain: Grain = "day"
    asked: Literal["middle", "variation"] = "middle"
    filter: Filter | None = None
    period: Period | None = None


class RunsStudy(PlanModel):
    """Units of time that meet a condition: how many of them (``asked`` count), or how many in a row (``asked`` run:
    the longest run, and the one that the data end with), or the first or latest of them. ``value`` is the bound of
    "over", "under" and the like."""

    study: Literal["runs"] = "runs"
    metric: str = "revenue"
    grain: Grain = "month"
    condition: Condition = "grew"
    value: float | None = None
    asked: Literal["run", "count", "first", "latest"] = "run"
    filter: Filter | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _bounded(self) -> RunsStudy:
        if (self.condition in BOUNDED) != (self.value is not None):
            raise ValueError("a value goes with the conditions over, at_least, under and at_most, and with no other")
        return self


class GapStudy(PlanModel):
    """How far one unit of time lies from the average of all: the highest, the lowest or the latest whole one, or that
    of the period ``unit``."""

    study: Literal["gap"] = "gap"
    metric: str = "revenue"
    grain: Grain = "month"
    end: Literal["highest", "lowest", "latest"] = "highest"
    unit: Period | None = Field(default=None, description="one unit of time that was named, instead of an end")
    filter: Filter | None = None
    period: Period | None = None


class ReachStudy(PlanModel):
    """When the running total of a measure reached a number, counted from the first day of the period."""

    study: Literal["reach"] = "reach"
    metric: str = "revenue"
    target: float = Field(gt=0)
    grain: Grain = "day"
    filter: Filter | None = None
    period: Period | None = None


class PaceStudy(PlanModel):
    """What is needed per unit of time until the end of the current year, quarter or month to reach a target: a number,
    or (without one) what the same stretch brought a year before."""

    study: Literal["pace"] = "pace"
    metric: str = "revenue"
    of: Literal["month", "quarter", "year"] = "year"
    grain: Literal["day", "week", "month"] = "day"
    target: float | None = Field(default=None, gt=0)
    before: bool = Field(default=False, description="against the stretch just before instead of a year before")
    filter: Filter | None = None


class ScaledStudy(PlanModel):
    """A measured figure with so many percent more or less of itself, or of a part of it: plain arithmetic, no
    prediction. ``part`` returns: revenue after returns, with that change of what was returned."""

    study: Literal["scaled"] = "scaled"
    metric: str = "revenue"
    percent: float = Field(ge=-100, le=1000)
    part: Literal["itself", "returns"] = "itself"
    driver: str | None = Field(default=None, description="what changes so, where the measure is in proportion to it")
    only: Filter | None = Field(default=None, description="only the part of the measure that meets this changes")
    filter: Filter | None = None
    period: Period | None = None


SeriesStudy = UsualStudy | RunsStudy | GapStudy | ReachStudy | PaceStudy | ScaledStudy
