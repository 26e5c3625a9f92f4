"""Studies: questions about how customers behave over time and how unevenly things are spread.

They are more than metrics by groups: what a customer did is followed from the first order, put into bands, or summed
from the largest down. Each study is a plan of its own; :class:`StudyRequest` holds one of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.plans.series import GapStudy, PaceStudy, ReachStudy, RunsStudy, ScaledStudy, UsualStudy

Unit = Literal["month", "quarter", "year"]


class CohortStudy(PlanModel):
    """Customers by the unit of time of their first order, followed unit by unit.

    ``period`` is that of the first orders. ``measure``: how many of them ordered, what they spent, how often they
    ordered in each unit after the first. ``filter`` selects customers.
    """

    study: Literal["cohorts"] = "cohorts"
    grain: Unit = "month"
    measure: Literal["customers", "revenue", "orders"] = "customers"
    filter: Filter | None = None
    period: Period | None = None


class ReturnStudy(PlanModel):
    """How many customers of one period ordered in a later one.

    Without ``later`` it is everything after ``base``. ``first_only``: only those whose first order ever falls in
    ``base``. ``filter`` narrows the orders of ``base``, not the later ones. ``grain`` instead of ``base``: every unit
    against the one before. ``asked`` is what the answer puts first: who came back, who did not, what they spent.
    """

    study: Literal["returning"] = "returning"
    base: Period | None = None
    later: Period | None = None
    first_only: bool = False
    grain: Unit | None = None
    filter: Filter | None = None
    asked: Literal["back", "away", "spent"] = "back"

    @model_validator(mode="after")
    def _complete(self) -> ReturnStudy:
        if (self.base is None) == (self.grain is None):
            raise ValueError("a study of returning customers needs either a base period or a grain")
        return self


class LadderStudy(PlanModel):
    """How many customers made one, two, three … orders, and what share of each step goes on to the next.

    ``period`` is that of the orders; with ``first_only`` that of the first order, and all later orders count.
    """

    study: Literal["ladder"] = "ladder"
    steps: int = Field(default=5, ge=2, le=20, description="the last step is 'so many or more'")
    first_only: bool = False
    filter: Filter | None = None
    period: Period | None = None


class SpreadStudy(PlanModel):
    """Things by bands of a measure: "customers by average order value", "distribution of order values".

    ``of`` is what is counted: a dimension (``customer``, ``order``, ``product``, ``category`` …), or ``gap`` for the
    days between two orders in a row. ``edges`` are the inner limits of the bands, each band from one limit up to, but
    not including, the next; without them round numbers are chosen.
    """

    study: Literal["spread"] = "spread"
    of: str = "customer"
    metric: str = "revenue"
    edges: tuple[float, ...] = ()
    filter: Filter | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _rising(self) -> SpreadStudy:
        if any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError(f"the limits of bands must rise: {list(self.edges)}")
        return self


class EarlyStudy(PlanModel):
    """What customers do in the first ``days`` after their first order: who orders again, what they spend.

    Only customers observed for all those days count. Without ``days``: how long until the second order. ``by``
    splits; by something bought (brand, category, product) the first order and the later ones are those that hold it.
    ``period`` is that of the first order.
    """

    study: Literal["early"] = "early"
    days: int | None = Field(default=None, ge=1, le=3650)
    measure: Literal["repeat", "value"] = "repeat"
    by: str | None = None
    lowest_first: bool = False
    filter: Filter | None = None
    period: Period | None = None


class ConcentrationStudy(PlanModel):
    """How much of a measure the largest things bring.

    ``reach``: how many are needed for so many percent of it. ``top_percent`` or ``top``: what share these bring.
    """

    study: Literal["concentration"] = "concentration"
    of: str = "customer"
    metric: str = "revenue"
    reach: float | None = Field(default=None, gt=0, le=100)
    top_percent: float | None = Field(default=None, gt=0, le=100)
    top: int | None = Field(default=None, ge=1)
    share_of_things: float | None = Field(
        default=None, gt=0, le=100, description="with reach: the claim to check, 'do 20 % of products make 80 %'"
    )
    filter: Filter | None = None
    period: Period | None = None


class ContrastStudy(PlanModel):
    """Two groups of customers, or of orders, set against each other.

    ``second`` unset: everyone else. Who belongs to both is left out; where one group lies inside the other, the
    larger one is taken without it. ``of`` orders: those with a line that meets the condition. ``measure`` is what the
    answer puts first; ``claimed`` what the question takes the first group to have of it. ``period`` is that of the
    orders counted.
    """

    study: Literal["contrast"] = "contrast"
    of: Literal["customer", "order"] = "customer"
    first: Filter
    second: Filter | None = None
    measure: Literal["value", "orders", "order_value", "units", "repeat"] = "value"
    claimed: Literal["more", "less"] | None = None
    filter: Filter | None = Field(default=None, description="which order lines count")
    period: Period | None = None


class StandingStudy(PlanModel):
    """Where a thing stands in a ranking ("in which percentile is customer 17850"), or how large the measure is at a
    place of it ("what spend puts a customer in the top 5 %").

    ``of`` is what is ranked: a dimension. ``things``: the condition on it that names the ones whose place is asked
    for; with ``top_percent`` or ``top_n`` also whether they are among these. Without ``things`` the value of the last
    of the top so many is told. ``filter`` and ``period`` say what counts for everyone.
    """

    study: Literal["standing"] = "standing"
    of: str = "customer"
    metric: str = "revenue"
    things: Filter | None = None
    top_percent: float | None = Field(default=None, gt=0, le=100)
    top_n: int | None = Field(default=None, ge=1)
    lowest_first: bool = False
    filter: Filter | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _complete(self) -> StandingStudy:
        if self.top_percent is not None and self.top_n is not None:
            raise ValueError("the top is a share or a number, not both")
        if self.things is None and self.top_percent is None and self.top_n is None:
            raise ValueError("a standing needs the things asked about, or the place whose value is asked for")
        return self


Study = Annotated[
    CohortStudy
    | ReturnStudy
    | LadderStudy
    | SpreadStudy
    | EarlyStudy
    | ConcentrationStudy
    | ContrastStudy
    | UsualStudy
    | RunsStudy
    | GapStudy
    | ReachStudy
    | PaceStudy
    | ScaledStudy
    | StandingStudy,
    Field(discriminator="study"),
]


class StudyRequest(PlanModel):
    """One study."""

    kind: Literal["study"] = "study"
    study: Study
