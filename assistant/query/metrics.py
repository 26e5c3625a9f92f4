"""All metrics by name: the base ones, and the ratios and differences of them."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.errors import UnknownName
from assistant.plans.ratio_names import ratio_parts
from assistant.query import base_metrics as _sales
from assistant.query import basket_metrics as _baskets
from assistant.query import contact_metrics as _contacts
from assistant.query import marketing_metrics as _marketing
from assistant.query import order_metrics as _orders
from assistant.query.lexicon import words_for
from assistant.query.metric_types import BASE, Metric
from assistant.query.ratios import BOUNDS_OF_DIFFERENCES, DIFFERENCES, DIFFERENCES_OF_RATIOS, RATIOS
from assistant.results.result import Unit

if TYPE_CHECKING:
    import ibis

#: importing the files of base metrics fills the register
_SOURCES = (_sales, _orders, _marketing, _contacts, _baskets)
METRICS: dict[str, Metric] = dict(BASE)


def _words(name: str) -> tuple[str, ...]:
    return words_for("metrics").get(name, ())


def _derived(
    kind: str, name: str, label: str, unit: Unit, parts: tuple[str, str], formula: str, **options: object
) -> None:
    METRICS[name] = Metric(name, label, unit, formula, None, _words(name), kind=kind, parts=parts, **options)  # type: ignore[arg-type]


# --- derived metrics (their definitions are data in ratios.py) ---

for _name, _label, _unit, _parts, _formula, _options in (*DIFFERENCES, *DIFFERENCES_OF_RATIOS):
    _derived("difference", _name, _label, _unit, _parts, _formula, **_options)  # type: ignore[arg-type]
for _name, _label, _unit, _parts, _formula, _options in RATIOS:
    _derived("ratio", _name, _label, _unit, _parts, _formula, **_options)  # type: ignore[arg-type]
for _name, _label, _unit, _bounded, _formula, _options in BOUNDS_OF_DIFFERENCES:
    _derived("bound", _name, _label, _unit, _bounded, _formula, **_options)  # type: ignore[arg-type]
METRICS["revenue"] = Metric(
    "revenue",
    "revenue",
    "currency",
    "product sale lines before returns and without shipping (or after returns, by the shop's setting)",
    None,
    _words("revenue"),
    additive=True,
    kind="alias",
    parts=("gross_revenue",),
)


#: no amount that another one could be set against
_NO_PART = frozenset({"ratio", "bound"})


@lru_cache(maxsize=256)
def _ratio(name: str) -> Metric | None:
    """A ratio of two metrics that no file defines; None where ``name`` is not the name of one."""
    over, under = ratio_parts(name) or ("", "")
    parts = [METRICS.get(part) for part in (over, under)]
    if over == under or any(part is None or part.kind in _NO_PART or not part.zero_when_empty for part in parts):
        return None
    first, second = (part for part in parts if part is not None)
    unit: Unit = "currency" if first.unit == "currency" and second.unit != "currency" else "number"
    label, formula = f"ratio of {first.label} to {second.label}", f"{first.label} ÷ {second.label}"
    return Metric(name, label, unit, formula, None, kind="ratio", parts=(over, under), higher_is="neutral",
                  known_customers_only=first.known_customers_only or second.known_customers_only)


def metric(name: str) -> Metric:
    """The metric of that name; ``<a>_over_<b>`` is the ratio of any two counts or sums.

    Raises:
        UnknownName: with the nearest names.
    """
    found = METRICS.get(name) or _ratio(name)
    if found is None:
        offered = offered_metrics()
        near = get_close_matches(name, offered, n=5, cutoff=0.4)
        raise UnknownName("No such metric", received=name, valid=near or offered)
    return found


def offered_metrics() -> list[str]:
    """Names that may be asked for, in order of definition with ``revenue`` first."""
    return ["revenue", *(n for n, m in METRICS.items() if not m.hidden and n != "revenue")]


def parts_of(name: str, sales_basis: str = "gross") -> tuple[str, ...]:
    """Parts of a derived metric; ``revenue`` stands for gross or net revenue by the setting."""
    if name == "revenue":
        return (f"{sales_basis}_revenue",)
    return metric(name).parts


def base_metrics(name: str, sales_basis: str = "gross") -> tuple[Metric, ...]:
    """The base metrics that a metric is made of, each once."""
    found = metric(name)
    if found.kind == "base":
        return (found,)
    nested = [b for part in parts_of(name, sales_basis) for b in base_metrics(part, sales_basis)]
    return tuple(dict.fromkeys(nested))


def _bound(parts: list[ibis.Value], quantile: float) -> ibis.Value:
    """A bound of the difference of two shares in points, by the normal approximation."""
    hits, size, other_hits, other_size = (p.cast("float64") for p in parts)
    share, other = hits / size.nullif(0), other_hits / other_size.nullif(0)
    variance = share * (1 - share) / size.nullif(0) + other * (1 - other) / other_size.nullif(0)
    return (share - other + quantile * variance.sqrt()) * 100


def combine(name: str, values: Callable[[str], ibis.Value], sales_basis: str = "gross") -> ibis.Value:
    """The metric as an expression over the columns of its base metrics."""
    found = metric(name)
    if found.kind == "base":
        return values(name)
    parts = [combine(p, values, sales_basis) for p in parts_of(name, sales_basis)]
    if found.kind == "alias":
        return parts[0]
    if found.kind == "difference":
        return parts[0] - parts[1]
    if found.kind == "bound":
        return _bound(parts, found.quantile)
    quotient = parts[0].cast("float64") / parts[1].cast("float64").nullif(0)
    return quotient * 100 if found.unit == "percent" else quotient
