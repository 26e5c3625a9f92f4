"""Questions about the data as plans."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter, Not, Operator
from assistant.plans.periods import Period

#: the most rows that one answer holds
MOST_ROWS = 10_000


class Comparison(PlanModel):
    """What the figures are set against.

    ``previous``: the period of equal length just before · ``year_earlier``: the same period a year before ·
    ``period``: the given one · ``rest``: everybody outside the filter · ``total``: everything, as a share (of the whole
    ``period``, where that is longer than the plan's).
    """

    kind: Literal["previous", "year_earlier", "period", "rest", "total"]
    period: Period | None = None
    of: Filter | None = Field(default=None, description="of 'total': the part that is the whole; without it everything")

    @model_validator(mode="after")
    def _complete(self) -> Comparison:
        if (self.kind == "period") != (self.period is not None) and self.kind != "total":
            raise ValueError("comparison kind 'period' and a period go together")
        if self.of is not None and self.kind != "total":
            raise ValueError("only a share (comparison kind 'total') is of a part")
        return self


class Having(PlanModel):
    """Keep only groups whose metric compares as said ("customers who spent over 500").

    ``of`` says what is compared: the metric's ``value`` · its value as a multiple of the ``average`` over all groups
    ("brands that sell more than the average brand": values=(1,)) · its ``share`` of the total in percent · its
    ``change`` or its change in percent, ``change_pct``, against what the plan compares with, or, with the transform
    ``growth``, on the unit of time before.
    """

    metric: str
    op: Operator = "gt"
    values: tuple[float, ...] = Field(min_length=1)
    of: Literal["value", "average", "share", "change", "change_pct"] = "value"


class Sort(PlanModel):
    """Order of the groups. ``by`` is a metric or dimension of the plan; with a comparison or the transform ``growth``
    also ``change``, and ``change_pct`` for the change in percent."""

    by: str
    descending: bool = True


class QueryPlan(PlanModel):
    """One question: metrics, by dimensions, filtered, in a period, compared, ranked.

    ``metrics`` and ``dimensions`` are names of :mod:`assistant.query.metrics` and ``dimensions``; a plan without
    dimensions gives one row. ``limit`` keeps the first rows after sorting; rows tied with the last one are kept.
    ``having`` filters the groups by metrics (which need not be among ``metrics``).
    ``transform`` is applied to the metric columns along the time dimension or over the groups.
    """

    kind: Literal["query"] = "query"
    metrics: tuple[str, ...] = Field(min_length=1)
    dimensions: tuple[str, ...] = ()
    filter: Filter | None = None
    period: Period | None = None
    compare: Comparison | None = None
    having: tuple[Having, ...] = ()
    sort: Sort | None = None
    limit: int | None = Field(default=None, ge=1, le=MOST_ROWS)
    offset: int = Field(default=0, ge=0, description="skip so many rows first; 'the second best' = limit 1, offset 1")
    within: tuple[str, ...] = Field(
        default=(),
        description="dimensions inside each of which the limit holds, or the share is taken: 'top 3 products in each"
        " country', 'share of each channel within each country'",
    )
    summary: Literal["mean", "median", "sum", "least", "largest"] | None = Field(
        default=None, description="also one figure over the rows shown: 'average revenue of the five best cities'"
    )
    transform: Literal["share", "cumulative", "moving_average", "growth"] | None = None
    window: int = Field(default=3, ge=2, le=366, description="length of the moving average in rows")
    chart: Literal["auto", "line", "bar", "area", "pie", "table", "none"] = "auto"

    def set_against(self) -> Filter | None:
        """The filter of the other side of a comparison with the rest or with a whole; None for everything."""
        if self.compare is None:
            return None
        return Not(part=self.filter) if self.compare.kind == "rest" and self.filter else self.compare.of

    @model_validator(mode="after")
    def _parts_fit(self) -> QueryPlan:
        if self.within:
            if not set(self.within) < set(self.dimensions):
                raise ValueError("'within' names some, not all, of the dimensions")
            if self.compare is not None or (self.limit is None) != (self.transform == "share") or (
                self.transform not in {None, "share"}
            ):
                raise ValueError("'within' goes with a limit or with shares, and with no comparison")
        if self.transform == "growth" and (len(self.dimensions) != 1 or self.compare is not None):
            raise ValueError("growth from one unit of time to the next needs that unit alone, and no comparison")
        moved = self.transform == "growth" or (
            self.compare is not None and self.compare.kind in {"previous", "year_earlier", "period"}
        )
        if not moved and any(h.of in {"change", "change_pct"} for h in self.having):
            raise ValueError("a condition on a change needs a comparison with another time, or growth")
        if self.summary is not None and not self.dimensions:
            raise ValueError("a summary over rows needs a dimension")
        return self


class ChangePlan(PlanModel):
    """Why did a metric change: exact decomposition between two periods.

    ``claimed`` is the direction the person presupposes ("why did sales *drop*"), checked against the data.
    """

    kind: Literal["change"] = "change"
    metric: str = "revenue"
    period: Period
    compare: Comparison = Comparison(kind="previous")
    filter: Filter | None = None
    dimension: str | None = Field(default=None, description="also split the change by this dimension")
    claimed: Literal["up", "down"] | None = None
