"""Two groups set against each other: what they spend, how often they order, and whether the difference can be chance.

Every figure is a mean over customers, or a ratio of sums over customers (average order value, units per order). The
interval of a difference is the normal one from both groups' spread; that of a ratio takes the spread of its
linearisation, so that the orders of one customer are not taken for independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from assistant.errors import NoRows
from assistant.plans.filters import Compare, Filter
from assistant.plans.reword import phrase, reword
from assistant.plans.studies import ContrastStudy, StudyRequest
from assistant.query.compile import Scope, check
from assistant.query.facts import LINES, widen
from assistant.query.filters import columns_of, comparisons, customer_conditions, customer_set, is_attribute, predicate
from assistant.query.present import derived, evidence_figure
from assistant.query.rows import fetch
from assistant.query.spoken import speak
from assistant.query.studies.report import SMALL_SAMPLE, guests_left_out, known_lines, report, time_caveats
from assistant.results import Caveat, Column, Figure, Result, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    import ibis

#: percent of repetitions in which the interval of a difference would hold the true one
LEVEL = 95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 200)

#: label, unit, and whether it is a mean over the things compared ("v") or a ratio of two sums ("v/o")
_MEASURES: dict[str, tuple[str, Unit, tuple[str, ...]]] = {
    "value": ("revenue per customer", "currency", ("v",)),
    "orders": ("orders per customer", "number", ("o",)),
    "order_value": ("average order value", "currency", ("v", "o")),
    "units": ("units per order", "number", ("u", "o")),
    "repeat": ("share with more than one order", "percent", ("r",)),
}
#: measures of orders are means over them
_OF_ORDERS = {"order_value": ("v",), "units": ("u",)}


@dataclass(frozen=True)
class Estimate:
    """A figure of one group and its standard error."""

    value: float
    error: float


def contrast(scope: Scope, study: ContrastStudy) -> Result:
    """Compare two groups.

    Returns:
        Result of kind ``contrast``. Tables: ``groups`` (``group``, ``things`` and a column for every measure, the
        first group above the second), ``difference`` (rows difference, lower and upper end of its interval). Figures:
        ``first_things``, ``second_things``, ``both``, ``first``, ``second``, ``difference``, ``low``, ``high`` of the
        measure asked for, ``level``. Words: ``first``, ``second``, ``measure``, ``sure`` (the interval leaves out
        nought), ``way``, ``claimed``, and ``sure_<measure>`` for each.

    Raises:
        NoRows: one of the groups is empty. MissingData, InvalidPlan: a condition needs what is not loaded.
    """
    for condition in (study.first, study.second):
        check(scope, ("customers",) if study.of == "customer" else ("orders",), (), condition)
    period = scope.resolve(study.period)
    window = None if period.shape == "all" else (period.start, period.end)
    each = _customers(scope, study, window) if study.of == "customer" else _orders(scope, study, window)
    expression = _sums(each)
    sums = {row["part"]: row for row in fetch(scope, expression) if row["part"] is not None}
    first, second, both = _split(sums, study)
    for name, group in ((study.first, first), (study.second, second)):
        if group["n"] < 2:
            what = phrase(name).text if name is not None else f"other {study.of}s"
            raise NoRows(f"There is nobody to compare where {what}" if study.of == "customer" else
                         f"There are no orders to compare where {what}", nearest=[reword(StudyRequest(study=study))])
    names = [n for n in _MEASURES if study.of == "customer" or n in _OF_ORDERS]
    found = {n: (_estimate(n, first, study), _estimate(n, second, study)) for n in names}
    groups, gaps = _tables(study, found, first["n"], second["n"])
    measure = study.measure if study.measure in names else "order_value"
    figures = _figures(groups, gaps, measure, both)
    sure = {n: "yes" if _is_sure(*pair) else "" for n, pair in found.items()}
    ahead = found[measure][0].value - found[measure][1].value
    result = report(
        scope, study, f"Two groups of {study.of}s", figures=figures, headline=["first", "second", "difference"],
        tables=[groups, gaps],
        words={
            "of": study.of, "things": f"{study.of}s", "measure": _MEASURES[measure][0], "column": measure,
            "sure": sure[measure], "way": "more" if ahead > 0 else "less" if ahead < 0 else "same",
            "claimed": study.claimed or "", "second": "", **{f"sure_{n}": s for n, s in sure.items()},
        },
        caveats=_caveats(scope, study, period, min(first["n"], second["n"])),
        definitions=[("surely more than chance", f"the {LEVEL} % interval of the difference leaves out nought")],
        assumptions=["Groups that differ in one thing can differ in others: a difference is no proof of a cause"],
        expression=expression, period=period,
        followups=["How concentrated is our revenue by customer?", "Split our customers into segments"],
    )
    speak(result, "first", phrase(study.first))
    if study.second is not None:
        speak(result, "second", phrase(study.second))
    return result


# -- one row per customer or order -------------------------------------------------------------------------------------


def _customers(scope: Scope, study: ContrastStudy, window: Any) -> ibis.Table:
    lines = known_lines(scope, ["amount", "quantity"], study.filter, window)
    each = lines.group_by("customer_id").aggregate(
        v=lines.amount.sum().cast("float64"), o=lines.order_id.nunique().cast("float64"),
        u=lines.quantity.sum().cast("float64"),
    )
    each = each.mutate(r=(each.o >= 2).ifelse(1.0, 0.0))
    a = each.customer_id.isin(customer_set(scope, study.first).customer_id)
    b = ~a if study.second is None else each.customer_id.isin(customer_set(scope, study.second).customer_id)
    return each.mutate(a=a, b=b)


def _orders(scope: Scope, study: ContrastStudy, window: Any) -> ibis.Table:
    wanted = {"order_id", "line_type", "amount", "quantity"}
    for condition in (study.filter, study.first, study.second):
        wanted |= columns_of(condition, LINES)
    rows = widen(scope.snapshot, LINES, sorted(wanted), window)
    rows = rows.filter(rows.line_type == "sale")
    if study.filter is not None:
        rows = rows.filter(predicate(scope, study.filter, rows))
    marked = rows.mutate(hit=predicate(scope, study.first, rows).fill_null(False))
    second = predicate(scope, study.second, rows).fill_null(False) if study.second is not None else ~marked.hit
    marked = marked.mutate(other=second)
    each = marked.group_by("order_id").aggregate(
        v=marked.amount.sum().cast("float64"), u=marked.quantity.sum().cast("float64"), a=marked.hit.any(),
        other=marked.other.any(),
    )
    b = ~each.a if study.second is None else each.other
    return each.mutate(b=b, o=each.v * 0 + 1.0, r=each.v * 0)


def _sums(each: ibis.Table) -> ibis.Table:
    """Sums of each part: in the first group alone, the second alone, both."""
    import ibis

    part = ibis.cases((each.a & each.b, "both"), (each.a, "first"), (each.b, "second"), else_=None)
    keyed = each.mutate(part=part)
    sums = {"n": keyed.count().cast("float64")}
    for i, one in enumerate(("v", "o", "u", "r")):
        sums[one] = keyed[one].sum()
        for other in ("v", "o", "u", "r")[i:]:
            sums[f"{one}{other}"] = (keyed[one] * keyed[other]).sum()
    return keyed.group_by("part").aggregate(**sums).order_by("part")


def _split(sums: dict[str, Any], study: ContrastStudy) -> tuple[dict[str, float], dict[str, float], int]:
    """The sums of the two groups and how many belong to both and are left out."""
    names = next(iter(sums.values())).keys() - {"part"} if sums else {"n"}
    parts = {p: {k: float((sums.get(p) or {}).get(k) or 0.0) for k in names} for p in ("first", "second", "both")}
    first, second, both = parts["first"], parts["second"], parts["both"]
    if both["n"] and not first["n"]:
        return both, second, 0
    if both["n"] and not second["n"]:
        return first, both, 0
    return first, second, int(both["n"])


# -- estimates ---------------------------------------------------------------------------------------------------------


def _estimate(name: str, group: dict[str, float], study: ContrastStudy) -> Estimate:
    """Mean or ratio of a group with its standard error, both in the unit of the measure."""
    over = _MEASURES[name][2] if study.of == "customer" else _OF_ORDERS[name]
    n = group["n"]
    if len(over) == 1:
        total, squares = group[over[0]], group[over[0] * 2]
        mean = total / n
        spread = max(squares - n * mean * mean, 0.0) / (n - 1)
        error = math.sqrt(spread / n)
    else:
        top, bottom = over
        mean = group[top] / group[bottom]
        cross = group.get(top + bottom, group.get(bottom + top, 0.0))
        spread = max(group[top * 2] - 2 * mean * cross + mean * mean * group[bottom * 2], 0.0) / (n - 1)
        error = math.sqrt(spread * n) / group[bottom]
    scale = 100.0 if _MEASURES[name][1] == "percent" else 1.0
    return Estimate(mean * scale, error * scale)


def _gap(first: Estimate, second: Estimate) -> tuple[float, float, float]:
    """Difference and the ends of its interval."""
    difference = first.value - second.value
    half = _Z * math.hypot(first.error, second.error)
    return difference, difference - half, difference + half


def _is_sure(first: Estimate, second: Estimate) -> bool:
    _, low, high = _gap(first, second)
    return low > 0 or high < 0


# -- tables ------------------------------------------------------------------------------------------------------------


def _tables(
    study: ContrastStudy, found: dict[str, tuple[Estimate, Estimate]], n: float, other: float
) -> tuple[Table, Table]:
    columns = [Column(name=name, label=_MEASURES[name][0], unit=_MEASURES[name][1]) for name in found]
    gaps = [c.model_copy(update={"unit": "points" if c.unit == "percent" else c.unit}) for c in columns]
    rows: list[list[Scalar]] = [
        ["first", int(n), *(pair[0].value for pair in found.values())],
        ["second", int(other), *(pair[1].value for pair in found.values())],
    ]
    intervals = [_gap(*pair) for pair in found.values()]
    groups = Table(
        id="groups", title="The two groups", rows=rows, total_rows=2,
        columns=[Column(name="group", label="group"), Column(name="things", label=f"{study.of}s", unit="count"),
                 *columns],
    )
    difference = Table(
        id="difference", title=f"First group less the second, with the {LEVEL} % interval", total_rows=3,
        columns=[Column(name="what", label="what"), *gaps],
        rows=[[label, *(gap[i] for gap in intervals)] for i, label in enumerate(("difference", "lower", "upper"))],
    )
    return groups, difference


def _figures(groups: Table, gaps: Table, measure: str, both: int) -> dict[str, Figure]:
    first, second = groups.figure(0, measure), groups.figure(1, measure)
    figures = {
        "first_things": groups.figure(0, "things"), "second_things": groups.figure(1, "things"),
        "first": first, "second": second, "difference": gaps.figure(0, measure), "low": gaps.figure(1, measure),
        "high": gaps.figure(2, measure), "level": evidence_figure(LEVEL, "percent", "level of the intervals"),
        "both": evidence_figure(both, "count", "in both groups, left out"),
    }
    if second.value and first.unit != "percent":
        figures["relative"] = derived(
            100 * (float(first.value) / float(second.value) - 1), "percent",  # type: ignore[arg-type]
            "difference in percent", "100 * (first / second - 1)", first=first, second=second)
    return figures


def _caveats(scope: Scope, study: ContrastStudy, period: Any, smaller: float) -> list[Caveat]:
    caveats = time_caveats(scope, period)
    if study.of == "customer":
        caveats += guests_left_out(scope)
        if any(_by_deeds(scope, c) for c in (study.first, study.second)):
            caveats.append(Caveat(code="more_orders_more_chances"))
    if smaller < SMALL_SAMPLE:
        caveats.append(Caveat(code="few_in_group", figures={"n": evidence_figure(int(smaller), "count", "in a group")},
                              words={"things": f"{study.of}s"}))
    return caveats


def _by_deeds(scope: Scope, condition: Filter | None) -> bool:
    """Whether a group is chosen by what its members bought or did, not by what they are."""
    if condition is None:
        return False
    bought = any(isinstance(c, Compare) and not is_attribute(scope, c) for c in comparisons(condition))
    return bought or any(True for _ in customer_conditions(condition))
