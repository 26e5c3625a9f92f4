"""What a metric is, and the register of base metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from assistant.query.lexicon import words_for
from assistant.results.result import Unit

if TYPE_CHECKING:
    import ibis

Grain = Literal[
    "lines", "per_customer", "per_order", "calendar", "touches", "responses", "campaigns", "products", "contacts",
    "baskets",
]


@dataclass(frozen=True)
class MetricContext:
    """What a base metric may know besides its rows."""

    as_of: date
    lapse_days: int = 90


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        formula: the definition in words.
        grain: the fact it is counted on.
        columns: wide columns it reads.
        additive: groups that do not overlap sum to the total.
        parts: for ``ratio`` (numerator, denominator) and ``difference`` (minuend, subtrahend).
        higher_is: whether more of it is good news for the shop.
        hidden: a building block that is not offered by name.
        types: order-line types it counts; empty means all.
        quantile: for ``bound``, of the normal distribution.
        typical: a middle or extreme of values, which has no value without rows.
    """

    name: str
    label: str
    unit: Unit
    formula: str
    grain: Grain | None
    words: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    additive: bool = False
    kind: Literal["base", "ratio", "difference", "alias", "bound"] = "base"
    quantile: float = 0.0
    parts: tuple[str, ...] = ()
    higher_is: Literal["better", "worse", "neutral"] = "better"
    hidden: bool = False
    known_customers_only: bool = False
    types: tuple[str, ...] = ("sale",)
    typical: bool = False
    expression: Callable[[ibis.Table, MetricContext], ibis.Value] | None = field(default=None, compare=False)

    @property
    def zero_when_empty(self) -> bool:
        """Whether no rows mean 0 (a count or sum) and not "no value"."""
        return self.kind not in {"ratio", "bound"} and not self.typical and self.unit in {"count", "currency", "number"}


BASE: dict[str, Metric] = {}


def words_of_metric(name: str) -> tuple[str, ...]:
    return words_for("metrics").get(name, ())


def base(name: str, label: str, unit: Unit, formula: str, *, grain: Grain = "lines", **options: object) -> Callable:
    def register(function: Callable) -> Callable:
        BASE[name] = Metric(name, label, unit, formula, grain, words_of_metric(name), expression=function, **options)  # type: ignore[arg-type]
        return function

    return register


def money_sum(value: ibis.Value) -> ibis.FloatingValue:
    """Exact decimal sum to float64; no rows are 0."""
    return value.fill_null(0).cast("float64")
