"""The one filter language, shared by questions, segments and audiences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.periods import Period

Operator = Literal[
    "eq", "ne", "gt", "ge", "lt", "le", "between", "in", "not_in", "contains", "not_contains", "is_null", "not_null"
]
Scalar = str | int | float | bool
#: Ways to split all customers into segments.
SplitMethod = Literal["auto", "rfm", "kmeans", "gaussian", "found", "behaviour"]


class Condition(PlanModel):
    """Base of every condition. ``term`` is the word that the condition stands for ("lapsed"): wherever a plan is run,
    what the shop means by that word then replaces the condition; without a term it is taken as it stands."""

    term: str | None = None


class Compare(Condition):
    """A condition on one dimension or column of an order line, its order, product or customer.

    ``field`` is the name of a dimension (``country``, ``category``, ``product``, ``weekday`` …). ``between`` takes
    two values (both inclusive); ``in`` and ``not_in`` take any number; text comparison ignores case.
    """

    op_type: Literal["compare"] = "compare"
    field: str
    op: Operator = "eq"
    values: tuple[Scalar, ...] = ()


class CustomerCondition(Condition):
    """Customers by what they did: ``metric`` over their own lines (narrowed by ``where`` and ``period``), compared.

    "spent over 500 last year"      → metric=revenue, op=gt, values=(500,), period=last year
    "bought a mug but not a teapot" → orders where product contains mug ≥ 1  and  orders where … teapot = 0
    "ordered twice within 30 days"  → metric=orders, op=ge, values=(2,), within_days=30 (any 30 days, not the last ones)
    "not ordered for 90 days"       → metric=days_since_last_order, op=ge, values=(90,)
    ``rank`` instead of values: ``top_percent`` / ``bottom_percent`` / ``top_n`` of customers by that metric.
    """

    op_type: Literal["customer"] = "customer"
    metric: str
    op: Operator = "gt"
    values: tuple[float | str, ...] = ()
    rank: Literal["top_percent", "bottom_percent", "top_n"] | None = None
    where: Filter | None = None
    period: Period | None = None
    within_days: int | None = Field(
        default=None, ge=0, le=3650, description="orders at most so many days apart: the most in any such stretch"
    )

    @model_validator(mode="after")
    def _of_orders(self) -> CustomerCondition:
        if self.within_days is not None and (self.metric != "orders" or self.rank is not None):
            raise ValueError("only a number of orders is counted within days of each other")
        return self


#: customers by what a contact changes
CONTACT_GROUPS = ("moved", "leave_alone", "sure_buyers", "sleeping_dogs")


class InGroup(Condition):
    """Customers of a group: one that a model makes of them as of the analysis date, or one that was saved.

    ``about_to_leave``: those whom the churn model for ``horizon_days`` lists. ``segment``: those of the segment
    ``name`` that ``method`` finds. ``saved``: those who meet the rule saved under ``name``, as it stands now.
    ``interest``: those whose purchases show an interest in ``name`` (a category, brand or word of product names).
    ``contact``: those whom a message (of ``channel`` and ``campaign_kind``) is worth (``moved``), who are better left
    alone (``leave_alone``), order anyway (``sure_buyers``) or are driven away (``sleeping_dogs``), said by ``name``.
    """

    op_type: Literal["group"] = "group"
    group: Literal["about_to_leave", "segment", "saved", "interest", "contact"]
    name: str | None = None
    method: SplitMethod = "auto"
    k: int | None = Field(default=None, ge=2, le=20)
    horizon_days: int = Field(default=90, ge=7, le=730)
    channel: str | None = None
    campaign_kind: str | None = Field(default=None, max_length=60)

    @model_validator(mode="after")
    def _complete(self) -> InGroup:
        if self.group == "contact" and self.name not in CONTACT_GROUPS:
            raise ValueError(f"customers by what a contact changes are one of {', '.join(CONTACT_GROUPS)}")
        if (self.group != "about_to_leave") != (self.name is not None):
            raise ValueError("a segment needs its name, and only a segment has one")
        return self


class BoughtThen(Condition):
    """Customers who bought one thing and later another: "bought coffee, then tea within 30 days".

    Each of ``steps`` is what an order must hold (lines; None: any order at all), each in a later order than the one
    before it. ``within_days`` bounds the days from the first of them to the last; ``period`` bounds them all. A step
    that names the ``line_type`` counts such lines instead of sales: return and cancellation for "sent something back".
    """

    op_type: Literal["sequence"] = "sequence"
    steps: tuple[Filter | None, ...] = Field(min_length=2, max_length=5)
    within_days: int | None = Field(default=None, ge=0, le=3650)
    period: Period | None = None


#: a step of a sequence: something was sent back or cancelled
SENT_BACK = Compare(field="line_type", op="in", values=("return", "cancellation"))

PredictedName = Literal["churn_probability", "expected_value", "expected_orders"]


class Predicted(Condition):
    """Customers by what a model expects of each within ``horizon_days`` of the analysis date.

    ``churn_probability``: of placing no order, in percent. ``expected_value``: sales, in the shop's currency.
    ``expected_orders``: days with an order. Customers without a prediction meet only ``is_null``. ``rank`` instead of
    values as in a condition on what customers did.
    """

    op_type: Literal["predicted"] = "predicted"
    attribute: PredictedName
    op: Operator = "gt"
    values: tuple[float, ...] = ()
    rank: Literal["top_percent", "bottom_percent", "top_n"] | None = None
    horizon_days: int = Field(default=365, ge=7, le=730)


class Among(Condition):
    """Things that come first by a metric: "the five cities with the lowest revenue", "the year with the most orders".

    The ``limit`` values of ``dimension`` after ``offset`` of them, by ``metric`` over the lines that ``where`` and
    ``period`` leave (all of them without; the question's own filter and period do not count here). Without a limit,
    those for which the metric is not 0 or, where ``op`` and ``values`` say so, compares as said: "orders with at least
    2 candles" is dimension=order, metric=units, where=candles, limit=0, op=ge, values=(2,). ``following``: not these
    orders but the one that each customer placed next after the first of them ("what do people buy after a candle").
    """

    op_type: Literal["among"] = "among"
    dimension: str
    metric: str = "revenue"
    limit: int = Field(default=1, ge=0, le=1000, description="0: all of them for which the metric is not 0")
    offset: int = Field(default=0, ge=0)
    descending: bool = True
    op: Literal["gt", "ge", "lt", "le", "eq", "ne", "between"] = "ne"
    values: tuple[float, ...] = (0,)
    following: bool = False
    where: Filter | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Among:
        if self.following and (self.dimension != "order" or self.limit):
            raise ValueError("only orders follow one another, all of them")
        if self.limit and (self.op, self.values) != ("ne", (0,)):
            raise ValueError("things that come first are bounded by their number, not by their measure")
        if len(self.values) != (2 if self.op == "between" else 1):
            raise ValueError("a bound needs one number, a range two")
        return self


class And(Condition):
    op_type: Literal["and"] = "and"
    parts: tuple[Filter, ...] = Field(min_length=1)


class Or(Condition):
    op_type: Literal["or"] = "or"
    parts: tuple[Filter, ...] = Field(min_length=1)


class Not(Condition):
    op_type: Literal["not"] = "not"
    part: Filter


Filter = Annotated[
    Compare | CustomerCondition | InGroup | BoughtThen | Predicted | Among | And | Or | Not,
    Field(discriminator="op_type"),
]

for _model in (CustomerCondition, BoughtThen, Among, And, Or, Not):
    _model.model_rebuild()
