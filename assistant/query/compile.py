"""QueryPlan → Ibis: which facts, which joins, which groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.plans.query import QueryPlan
from assistant.query.calendar_days import days_that_count
from assistant.query.dimensions import (
    NOT_SET,
    TIME_GRAINS,
    Dimension,
    DimensionContext,
    dimension,
    price_band_label,
    season_of,
)
from assistant.query.facts import FACTS, LINES, Fact, require, widen
from assistant.query.filters import check_filter, columns_of, comparisons, customer_conditions, predicate
from assistant.query.metric_types import Metric, MetricContext
from assistant.query.metrics import base_metrics, combine, metric
from assistant.query.periods import ResolvedPeriod, resolve, unit_start

if TYPE_CHECKING:
    import ibis

    from assistant.data.warehouse import Snapshot
    from assistant.settings import Settings

Window = tuple[date, date] | None
#: dimensions that guests have no value for
KNOWN_ONLY = {"customer", "cohort", "first_product", "first_category", "orders_band"}
#: dimensions that share out the days of a period, and the group that a day falls into
DAYS_OF: dict[str, Callable[[date], Any]] = {
    **{grain: (lambda day, grain=grain: unit_start(day, grain)) for grain in TIME_GRAINS},
    "weekday": lambda day: day.weekday(),
    "month_of_year": lambda day: day.month,
    "season_of_year": lambda day: season_of(day.month),
}


@dataclass(frozen=True)
class QueryOptions:
    """Settings of the shop that change figures."""

    sales_basis: str = "gross"
    fiscal_year_start: int = 1
    lapse_days: int = 90

    @classmethod
    def of(cls, settings: Settings | None) -> QueryOptions:
        """The options that settings hold; the defaults without any."""
        if settings is None:
            return cls()
        return cls(sales_basis=settings.sales_basis, fiscal_year_start=settings.fiscal_year_start)


@dataclass(frozen=True)
class Scope:
    """What every compilation needs: the data and the options."""

    snapshot: Snapshot
    options: QueryOptions = QueryOptions()

    def resolve(self, period: Period | None) -> ResolvedPeriod:
        return resolve(
            period,
            as_of=self.snapshot.as_of,
            first_day=self.snapshot.manifest.first_day,
            fiscal_year_start=self.options.fiscal_year_start,
        )

    def window(self, period: Period | None) -> Window:
        """Days of a period, None for all data."""
        if period is None or period.kind == "all":
            return None
        found = self.resolve(period)
        return found.start, found.end

    def metric_context(self) -> MetricContext:
        return MetricContext(as_of=self.snapshot.as_of, lapse_days=self.options.lapse_days)

    def dimension_context(self) -> DimensionContext:
        return DimensionContext(price_edges=self.price_edges(), as_of=self.snapshot.as_of)

    def price_edges(self) -> tuple[float, ...]:
        return _price_edges(SnapshotKey(self.snapshot.fingerprint, self.snapshot))

    def price_band_index(self, value: Any) -> int:
        labels = [price_band_label(self.price_edges(), i) for i in range(len(self.price_edges()) + 1)]
        for index, label in enumerate(labels):
            if str(value).strip().casefold() == label:
                return index
        raise InvalidPlan("No such price band", received=value, valid=labels)


@dataclass(frozen=True)
class SnapshotKey:
    """A snapshot as a cache key: equal when the data and the analysis date are."""

    fingerprint: str
    snapshot: Any

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SnapshotKey) and other.fingerprint == self.fingerprint


@lru_cache(maxsize=8)
def _price_edges(key: SnapshotKey) -> tuple[float, ...]:
    """Round prices (1, 2, 5 × powers of ten) nearest to the fifths of prices paid."""
    lines = key.snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & (lines.unit_price > 0))
    prices = sales.unit_price.cast("float64")
    row = key.snapshot.execute(sales.aggregate(**{f"q{i}": prices.quantile(i / 5) for i in range(1, 5)})).to_pylist()[0]
    edges = [_round_price(float(v)) for v in row.values() if v is not None]
    return tuple(dict.fromkeys(edges))


def _round_price(value: float) -> float:
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 0.1
    steps = [m * power for m in (1, 1.5, 2, 3, 4, 5, 7.5, 10)]
    return round(min(steps, key=lambda s: abs(s - value)), 2)


def fact_of(base: Metric) -> Fact:
    """The fact a base metric is counted on."""
    return FACTS.get(str(base.grain), LINES)


def grouped(
    scope: Scope,
    metrics: Sequence[str],
    dimensions: Sequence[str],
    condition: Filter | None,
    window: Window,
    *,
    known_only: bool = False,
    labels: bool = True,
    extra: Sequence[Dimension] = (),
) -> ibis.Table:
    """Metrics by dimensions: one row per group, columns named as in the plan (+ ``<dimension>_label``, ``rows_read``).

    Args:
        window: first and last day, None for all data. Facts without a time (the catalogue) ignore it.
        known_only: leave guests out also where no dimension asks for it (totals beside customer lists).
        extra: dimensions that have no name in plans (:mod:`assistant.query.steps`).

    Raises:
        MissingData, InvalidPlan, UnknownName: see :func:`check`.
    """
    basis = scope.options.sales_basis
    bases = list(dict.fromkeys(b for name in metrics for b in base_metrics(name, basis)))
    dims = [*(dimension(name) for name in dimensions), *extra]
    by_source: dict[str, list[Metric]] = {}
    for base in bases:
        if base.grain != "calendar":
            by_source.setdefault(str(base.grain), []).append(base)
    order = sorted(by_source, key=[*FACTS, "per_customer", "per_order"].index)
    parts = [_aggregate(scope, grain, by_source[grain], dims, condition, window, known_only) for grain in order]
    table = parts[0]
    for part in parts[1:]:
        table = _joined(table, part, [d.name for d in dims])
    by_name = {b.name: b for b in bases}

    def value(name: str) -> ibis.Value:
        if by_name[name].grain == "calendar":
            return _calendar_days(scope, table, dims, condition, window)
        column = table[name]
        return column.fill_null(0) if by_name[name].zero_when_empty and len(parts) > 1 else column

    chosen = {name: combine(name, value, basis) for name in metrics}
    result = table.select(*(d.name for d in dims), **chosen, rows_read=table["rows_read"])
    return _labelled(scope, result, dims) if labels else result


def check(scope: Scope, metrics: Sequence[str], dimensions: Sequence[str], condition: Filter | None) -> None:
    """Raise what stands against a plan before anything runs.

    Raises:
        UnknownName: a metric, dimension or field that does not exist.
        MissingData: the loaded data lack a column; the message names it.
        InvalidPlan: a metric cannot be split or filtered that way.
    """
    for part in comparisons(condition):
        dimension(part.field, for_filter=True)
    for name in metrics:
        found = metric(name)
        for base in base_metrics(name, scope.options.sales_basis):
            fact = fact_of(base)
            require(scope.snapshot, fact, base.columns, _capital(found.label))
            for dim in map(dimension, dimensions):
                if not set(dim.columns) <= set(fact.columns):
                    raise InvalidPlan(f"{_capital(found.label)} cannot be split by {dim.label}", received=dim.name)
                require(scope.snapshot, fact, dim.columns, f"{_capital(found.label)} by {dim.label}")
            check_filter(scope, condition, fact, found.label)
    for inner in customer_conditions(condition):
        check(scope, (inner.metric,), ("customer",), inner.where)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _aggregate(
    scope: Scope,
    grain: str,
    bases: list[Metric],
    dims: list[Dimension],
    condition: Filter | None,
    window: Window,
    known_only: bool,
) -> ibis.Table:
    fact = FACTS.get(grain, LINES)
    needed = {c for b in bases for c in b.columns} | {c for d in dims for c in d.columns} | columns_of(condition, fact)
    rows = widen(scope.snapshot, fact, sorted(needed), window)
    if fact is LINES:
        rows = _of_types(rows, bases, condition, dims)
    if condition is not None:
        rows = rows.filter(predicate(scope, condition, rows))
    if (
        known_only or grain == "per_customer" or any(d.name in KNOWN_ONLY for d in dims)
    ) and "customer_id" in rows.columns:
        rows = rows.filter(rows.customer_id.notnull())
    keyed = {d.name: _key(d, rows, scope) for d in dims}
    if grain == "per_customer":
        return _per_customer(scope, rows, keyed, bases)
    if grain == "per_order":
        return _per_order(scope, rows, keyed, bases)
    context = scope.metric_context()
    # Keys and rows in one table, so that the engine groups by plain columns.
    keys = {f"key_{name}": value for name, value in keyed.items()}
    table = rows.mutate(**keys) if keys else rows
    values = {b.name: b.expression(table, context) for b in bases if b.expression is not None}
    values["rows_read"] = table.count()
    if not keys:
        return table.aggregate(**values)
    return table.group_by(**{name: table[f"key_{name}"] for name in keyed}).aggregate(**values)


def _of_types(rows: ibis.Table, bases: list[Metric], condition: Filter | None, dims: list[Dimension]) -> ibis.Table:
    """Only the line types that are counted, so that shipping or returns make no empty groups."""
    if any(not b.types for b in bases) or "line_type" not in rows.columns:
        return rows
    types = sorted({t for b in bases for t in b.types})
    return rows.filter(rows.line_type == types[0]) if len(types) == 1 else rows.filter(rows.line_type.isin(types))


def _key(dim: Dimension, rows: ibis.Table, scope: Scope) -> ibis.Value:
    context = scope.dimension_context() if dim.name in {"price_band", "age_band"} else DimensionContext()
    value = dim.expression(rows, context)
    return value.fill_null(NOT_SET) if value.type().is_string() else value


def _per_customer(scope: Scope, rows: ibis.Table, keyed: dict[str, Any], bases: list[Metric]) -> ibis.Table:
    """First one row per group and customer, then one per group."""
    table = rows.mutate(**{f"key_{n}": v for n, v in keyed.items()}, buyer=rows.customer_id)
    names = {n: table[f"key_{n}"] for n in keyed}
    each = table.group_by(**names, buyer=table.buyer).aggregate(
        orders=table.order_id.nunique(),
        order_days=table["at"].date().nunique(),
        first_day=table["at"].min().date(),
        last_day=table["at"].max().date(),
        line_rows=table.count(),
    )
    values = {b.name: b.expression(each, scope.metric_context()) for b in bases if b.expression is not None}
    values["rows_read"] = each.line_rows.sum()
    return each.group_by(list(keyed)).aggregate(**values) if keyed else each.aggregate(**values)


def _per_order(scope: Scope, rows: ibis.Table, keyed: dict[str, Any], bases: list[Metric]) -> ibis.Table:
    """First one row per group and order, then one per group."""
    table = rows.mutate(**{f"key_{n}": v for n, v in keyed.items()}, single=rows.order_id)
    names = {n: table[f"key_{n}"] for n in keyed}
    each = table.group_by(**names, single=table.single).aggregate(
        value=table.amount.sum().cast("float64"), order_units=table.quantity.sum(), line_rows=table.count()
    )
    values = {b.name: b.expression(each, scope.metric_context()) for b in bases if b.expression is not None}
    values["rows_read"] = each.line_rows.sum()
    return each.group_by(list(keyed)).aggregate(**values) if keyed else each.aggregate(**values)


def _calendar_days(
    scope: Scope, table: ibis.Table, dims: list[Dimension], condition: Filter | None, window: Window
) -> ibis.Value:
    """Days of the window that fall into each group: all of them, or those of a unit of time. Days on which nothing
    can meet the condition ("on Saturdays") do not count."""
    import ibis

    first, last = scope.snapshot.manifest.first_day, scope.snapshot.as_of
    start, end = (max(first, window[0]), min(last, window[1])) if window else (first, last)
    every = [start + timedelta(days=i) for i in range((end - start).days + 1)]
    counted = days_that_count(every, condition, DAYS_OF)
    placed = next((d.place for d in dims if hasattr(d, "place")), None)
    if placed is not None:
        counts = Counter(placed(day) for day in counted)
        counts.pop(None, None)
        key = table["step"]
        return ibis.cases(*((key == place, n) for place, n in counts.items()), else_=0)
    timed = [d for d in dims if d.name in DAYS_OF]
    if len(timed) > 1:
        raise InvalidPlan(
            "Figures per day are split by one unit of time at most", received=", ".join(d.name for d in timed)
        )
    if not timed:
        return ibis.literal(len(counted))
    counts = Counter(DAYS_OF[timed[0].name](day) for day in counted)
    if timed[0].name == "day":
        return ibis.literal(1)
    key = table[timed[0].name]
    return ibis.cases(*((key == ibis.literal(k, type=key.type()), n) for k, n in counts.items()), else_=0)


def _joined(left: ibis.Table, right: ibis.Table, keys: list[str]) -> ibis.Table:
    """Groups of both sides; a group that one side lacks has nulls there."""
    import ibis

    renamed = right.rename({f"{name}_other": name for name in (*keys, "rows_read")})
    if not keys:
        both = left.cross_join(renamed)
    else:
        both = left.outer_join(renamed, [left[k] == renamed[f"{k}_other"] for k in keys])
    kept_left = {c: both[c] for c in left.columns if c not in keys and c != "rows_read"}
    kept_right = {c: both[c] for c in right.columns if c not in keys and c != "rows_read"}
    both_keys = {k: ibis.coalesce(both[k], both[f"{k}_other"]) for k in keys}
    read = both["rows_read"].fill_null(0) + both["rows_read_other"].fill_null(0)
    joined = both.select(**both_keys, **kept_left, **kept_right, rows_read=read)
    return joined.filter(joined.rows_read.notnull())  # closes the join, so that another may follow


_LABEL_SOURCE = {
    "product": ("products", "product_id", "name"),
    "first_product": ("products", "product_id", "name"),
    "campaign": ("campaigns", "campaign_id", "name"),
}


def _labelled(scope: Scope, table: ibis.Table, dims: list[Dimension]) -> ibis.Table:
    """Add ``<dimension>_label`` for entities with a name, after grouping, so that few rows are joined."""
    for dim in dims:
        source = _LABEL_SOURCE.get(dim.name)
        if source is None or not scope.snapshot.has(source[0], source[2]):
            continue
        other = scope.snapshot.table(source[0])
        names = other.select(label_key=other[source[1]], label=other[source[2]])
        joined = table.left_join(names, table[dim.name] == names.label_key)
        table = joined.select(*table.columns, **{f"{dim.name}_label": joined["label"]})
    return table


def ranked(table: ibis.Table, plan: QueryPlan, sort_by: str, descending: bool, keys: Sequence[str]) -> ibis.Table:
    """Sorted, cut to ``limit`` after ``offset`` rows, ties of the last kept; ``all_groups`` counts before the cut."""
    import ibis

    direction = (
        ibis.desc(table[sort_by], nulls_first=False) if descending else ibis.asc(table[sort_by], nulls_first=False)
    )
    ties = [ibis.asc(table[k]) for k in keys if k != sort_by]
    placed = table.mutate(
        place=ibis.row_number().over(order_by=[direction, *ties]),
        tie_rank=ibis.rank().over(order_by=direction),
        all_groups=table.count().over(ibis.window()),
    )
    if plan.offset:
        placed = placed.filter(placed.place >= plan.offset)
    if plan.limit is not None:
        placed = placed.filter(placed.tie_rank < plan.offset + plan.limit)
    return placed.order_by(placed.place)
