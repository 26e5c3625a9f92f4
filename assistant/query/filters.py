"""Filter language → boolean expressions over a wide fact, and sets of customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan
from assistant.plans.filters import (
    Among,
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    Filter,
    InGroup,
    Not,
    Or,
    Predicted,
)
from assistant.query.among import chosen, is_orders, orders_holding
from assistant.query.dimensions import NOT_SET, Dimension, dimension
from assistant.query.facts import CUSTOMERS, LINES, Fact, missing, population, require, widen
from assistant.query.metrics import metric

if TYPE_CHECKING:
    import ibis

    from assistant.query.compile import Scope

NEGATED = {"ne": "eq", "not_in": "in", "not_contains": "contains", "is_null": "not_null"}
_NUMBER_OF_VALUES = {"between": 2, "is_null": 0, "not_null": 0}


def comparisons(condition: Filter | None) -> Iterator[Compare]:
    """Every Compare of a filter, also inside customer conditions."""
    match condition:
        case Compare():
            yield condition
        case CustomerCondition() | Among():
            yield from comparisons(condition.where)
        case BoughtThen():
            for step in condition.steps:
                yield from comparisons(step)
        case And() | Or():
            for part in condition.parts:
                yield from comparisons(part)
        case Not():
            yield from comparisons(condition.part)


def customer_conditions(condition: Filter | None) -> Iterator[CustomerCondition]:
    """Every customer condition of a filter, outermost first."""
    match condition:
        case CustomerCondition():
            yield condition
            yield from customer_conditions(condition.where)
        case And() | Or():
            for part in condition.parts:
                yield from customer_conditions(part)
        case Not():
            yield from customer_conditions(condition.part)


def groups_of(condition: Filter | None) -> Iterator[InGroup | BoughtThen | Predicted]:
    """Every condition of a filter that selects customers as a set: groups, sequences, predictions."""
    match condition:
        case InGroup() | BoughtThen() | Predicted():
            yield condition
        case CustomerCondition():
            yield from groups_of(condition.where)
        case And() | Or():
            for part in condition.parts:
                yield from groups_of(part)
        case Not():
            yield from groups_of(condition.part)


def columns_of(condition: Filter | None, fact: Fact) -> set[str]:
    """Wide columns of ``fact`` that a filter reads."""
    match condition:
        case Compare():
            field = dimension(condition.field, for_filter=True)
            label = {field.label_column} if field.label_column in fact.columns else set()
            return {*field.columns, *label}
        case Among():
            return columns_of(_any_of(condition), fact)
        case CustomerCondition() | InGroup() | BoughtThen() | Predicted():
            return {"customer_id"}
        case And() | Or():
            return set().union(*(columns_of(p, fact) for p in condition.parts))
        case Not():
            return columns_of(condition.part, fact)
    return set()


def check_filter(scope: Scope, condition: Filter | None, fact: Fact, what: str) -> None:
    """Raise InvalidPlan or MissingData for a filter that ``fact`` or the loaded data cannot answer."""
    for part in _outer_comparisons(condition):
        field = dimension(part.field, for_filter=True)
        require(scope.snapshot, fact, field.columns, f"{what} filtered by {field.label}")
    if any(True for _ in customer_conditions(condition)) or any(True for _ in groups_of(condition)):
        require(scope.snapshot, fact, ("customer_id",), f"{what} filtered by customers")


def _outer_comparisons(condition: Filter | None) -> Iterator[Compare]:
    match condition:
        case Compare():
            yield condition
        case Among():
            yield _any_of(condition)
        case And() | Or():
            for part in condition.parts:
                yield from _outer_comparisons(part)
        case Not():
            yield from _outer_comparisons(condition.part)


def _any_of(condition: Among) -> Compare:
    """The comparison that a ranking will become, before it is run."""
    return Compare(field=condition.dimension, op="in", values=("",))


def predicate(scope: Scope, condition: Filter, rows: ibis.Table) -> ibis.BooleanValue:
    """The filter as an expression over the rows of a wide fact; never null."""
    match condition:
        case Compare():
            return compare(scope, condition, rows)
        case CustomerCondition():
            return in_set(scope, condition, rows.customer_id)
        case InGroup() | BoughtThen() | Predicted():
            return in_group(scope, condition, rows.customer_id)
        case Among():
            if is_orders(condition):
                return rows.order_id.isin(orders_holding(scope, condition))
            return compare(scope, chosen(scope, condition), rows)
        case And():
            parts = [predicate(scope, p, rows) for p in condition.parts]
            return _all(parts)
        case Or():
            parts = [predicate(scope, p, rows) for p in condition.parts]
            return _any(parts)
        case Not():
            return ~predicate(scope, condition.part, rows)
    raise InvalidPlan("Unknown kind of condition", received=type(condition).__name__)


def _all(parts: Sequence[ibis.BooleanValue]) -> ibis.BooleanValue:
    result = parts[0]
    for part in parts[1:]:
        result = result & part
    return result


def _any(parts: Sequence[ibis.BooleanValue]) -> ibis.BooleanValue:
    result = parts[0]
    for part in parts[1:]:
        result = result | part
    return result


def compare(scope: Scope, condition: Compare, rows: ibis.Table) -> ibis.BooleanValue:
    """One comparison. Rows without a value match only ``is_null`` and the negative operators."""
    field = dimension(condition.field, for_filter=True)
    _check_values(condition)
    positive = NEGATED.get(condition.op)
    if positive is not None:
        return ~compare(scope, condition.model_copy(update={"op": positive}), rows)
    value = field.expression(rows, scope.dimension_context())
    if condition.op == "not_null":
        return value.notnull()
    if field.role == "entity" or (field.type == "text" and field.encode is None and field.name != "price_band"):
        return _text(condition, field, value, rows)
    wanted = [_typed(field, v, scope) for v in condition.values]
    return _ordered(condition, value, wanted).fill_null(False)


def _check_values(condition: Compare | CustomerCondition) -> None:
    expected = _NUMBER_OF_VALUES.get(condition.op)
    given = len(condition.values)
    wrong = given != expected if expected is not None else given == 0
    if condition.op in {"gt", "ge", "lt", "le"} and given != 1:
        wrong = True
    if wrong:
        needs = (
            expected if expected is not None else "one" if condition.op in {"gt", "ge", "lt", "le"} else "at least one"
        )
        raise InvalidPlan(f"The operator '{condition.op}' needs {needs} value(s)", received=list(condition.values))


def _text(condition: Compare, field: Dimension, value: ibis.Value, rows: ibis.Table) -> ibis.BooleanValue:
    columns = [value]
    if field.label_column and field.label_column in rows.columns:
        columns.append(rows[field.label_column])
    lowered = [c.cast("string").lower() for c in columns]
    wanted = [str(v).casefold().strip() for v in condition.values]
    if condition.op in {"eq", "in"}:
        lowered = [c.fill_null(NOT_SET) for c in lowered]
        return (
            _any([c.isin(wanted) for c in lowered]).fill_null(False)
            if len(wanted) > 1
            else _any([(c == wanted[0]).fill_null(False) for c in lowered])
        )
    if condition.op == "contains":
        shown = lowered[-1].replace("  ", " ")  # names typed with two blanks
        return _any([(shown if " " in w else lowered[-1]).contains(w).fill_null(False) for w in wanted])
    raise InvalidPlan(
        f"{field.label} is text and cannot be compared with '{condition.op}'",
        received=condition.op,
        valid=("eq", "ne", "in", "not_in", "contains", "not_contains", "is_null", "not_null"),
    )


def _typed(field: Dimension, value: Any, scope: Scope) -> Any:
    """A person's value as the engine's."""
    if field.name == "price_band":
        return scope.price_band_index(value)
    if field.encode is not None:
        encoded = field.encode(value)
        if encoded is None:
            raise InvalidPlan(f"No such {field.label}", received=value)
        return encoded
    if field.type == "date":
        return _day(field, value)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InvalidPlan(f"{field.label} is compared with a number", received=value) from error


def _day(field: Dimension, value: Any) -> date:
    text = str(value).strip()
    padded = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text)
    try:
        return date.fromisoformat(padded)
    except ValueError as error:
        raise InvalidPlan(f"{field.label} is compared with a day (YYYY-MM-DD)", received=value) from error


def _ordered(condition: Compare | CustomerCondition, value: ibis.Value, wanted: list[Any]) -> ibis.BooleanValue:
    import ibis

    literals = [ibis.literal(w, type="date") if isinstance(w, date) else ibis.literal(w) for w in wanted]
    match condition.op:
        case "eq":
            return value == literals[0] if len(literals) == 1 else _any([value == v for v in literals])
        case "in":
            return _any([value == v for v in literals])
        case "gt":
            return value > literals[0]
        case "ge":
            return value >= literals[0]
        case "lt":
            return value < literals[0]
        case "le":
            return value <= literals[0]
        case "between":
            return (value >= literals[0]) & (value <= literals[1])
    raise InvalidPlan(
        f"Numbers cannot be compared with '{condition.op}'",
        received=condition.op,
        valid=("eq", "ne", "gt", "ge", "lt", "le", "between", "in", "not_in"),
    )


# --- sets of customers ---


def in_set(scope: Scope, condition: CustomerCondition, customer_id: ibis.Value) -> ibis.BooleanValue:
    """Whether a customer meets the condition. Guests never do.

    A customer without any matching line has 0 of what is counted: where 0 meets the condition ("bought no teapot"),
    everyone but the violators meets it.
    """
    import ibis

    known = customer_id.notnull()
    values = customer_values(scope, condition)
    if condition.rank is not None:
        return known & customer_id.isin(_ranked(values, condition)["customer"])
    _check_values(condition)
    value = values["value"]
    if condition.op in {"is_null", "not_null"}:
        has = known & customer_id.isin(values.filter(value.notnull())["customer"])
        return has if condition.op == "not_null" else known & ~has
    negated = condition.op in {"ne", "not_in"}
    base = condition.model_copy(update={"op": NEGATED[condition.op]}) if negated else condition
    wanted = [_number_or_day(condition, v) for v in condition.values]
    met = _ordered(base, value, wanted).fill_null(False)
    met = ~met if negated else met
    if metric(condition.metric).zero_when_empty and holds_for_zero(base, negated, wanted):
        return known & ~customer_id.isin(values.filter(~met)["customer"])
    return known & customer_id.isin(values.filter(met & value.notnull())["customer"]) & ibis.literal(True)


def in_group(
    scope: Scope, condition: InGroup | BoughtThen | Predicted, customer_id: ibis.Value
) -> ibis.BooleanValue:
    """Whether a customer belongs to a model-made group, bought in this order, or is predicted to. Guests never do.

    Raises:
        InvalidPlan: nobody handed in the models that make groups or predict.
    """
    import ibis

    if isinstance(condition, BoughtThen):
        from assistant.query.sequences import bought_then

        return customer_id.notnull() & customer_id.isin(bought_then(scope, condition).customer)
    if isinstance(condition, Predicted):
        from assistant.query.predicted import predicted_members

        found = predicted_members(scope.snapshot, condition)
        return customer_id.notnull() & customer_id.isin(found) if found else ibis.literal(False)
    if scope.snapshot.groups is None:
        raise InvalidPlan("Groups made by a model are not available here", received=condition.name or condition.group)
    members = list(scope.snapshot.groups(scope.snapshot, condition))
    return customer_id.notnull() & customer_id.isin(members) if members else ibis.literal(False)


def customer_values(scope: Scope, condition: CustomerCondition) -> ibis.Table:
    """One row per customer with matching lines: ``customer``, ``value``."""
    from assistant.query.compile import grouped

    if condition.within_days is not None:
        return _most_within(scope, condition)
    table = grouped(
        scope, (condition.metric,), ("customer",), condition.where, scope.window(condition.period), labels=False
    )
    return table.select("customer", value=table[condition.metric])


def _most_within(scope: Scope, condition: CustomerCondition) -> ibis.Table:
    """The most orders of each customer that lie at most ``within_days`` days apart: ``customer``, ``value``."""
    import ibis

    columns = {"customer_id", "order_id", "line_type", "at", *columns_of(condition.where, LINES)}
    rows = widen(scope.snapshot, LINES, sorted(columns), scope.window(condition.period))
    rows = rows.filter((rows.line_type == "sale") & rows.customer_id.notnull())
    if condition.where is not None:
        rows = rows.filter(predicate(scope, condition.where, rows))
    orders = rows.group_by(customer=rows.customer_id, order=rows.order_id).aggregate(day=rows["at"].min().date())
    days = orders.mutate(number=orders.day.delta(ibis.literal(date(2000, 1, 1)), unit="day"))
    stretch = ibis.range_window(
        group_by=days.customer, order_by=days.number, preceding=condition.within_days, following=0
    )
    counted = days.mutate(held=days.order.count().over(stretch))
    return counted.group_by("customer").aggregate(value=counted.held.max())


def _ranked(values: ibis.Table, condition: CustomerCondition) -> ibis.Table:
    import ibis

    if len(condition.values) != 1 or not isinstance(condition.values[0], int | float) or condition.values[0] <= 0:
        raise InvalidPlan("A rank needs one positive number", received=list(condition.values))
    n = float(condition.values[0])
    if condition.rank != "top_n" and n > 100:
        raise InvalidPlan("A share of customers is at most 100 percent", received=n)
    kept = values.filter(values.value.notnull())
    direction = ibis.asc if condition.rank == "bottom_percent" else ibis.desc
    order = [direction(kept.value), ibis.asc(kept.customer)]
    placed = kept.mutate(place=ibis.row_number().over(order_by=order), everyone=kept.count().over(ibis.window()))
    if condition.rank == "top_n":
        return placed.filter(placed.place < int(n))
    return placed.filter(placed.place < (placed.everyone * (n / 100)).ceil())


def _number_or_day(condition: CustomerCondition, value: Any) -> Any:
    if metric(condition.metric).unit == "date":
        return _day(dimension("last_order", for_filter=True), value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError as error:
            raise InvalidPlan(f"{metric(condition.metric).label} is compared with a number", received=value) from error
    return value


def holds_for_zero(base: CustomerCondition, negated: bool, wanted: list[Any]) -> bool:
    """Whether nought meets a comparison; ``base`` has the positive operator of a negated one."""
    checks = {
        "eq": lambda: 0 in wanted,
        "in": lambda: 0 in wanted,
        "gt": lambda: wanted[0] < 0,
        "ge": lambda: wanted[0] <= 0,
        "lt": lambda: wanted[0] > 0,
        "le": lambda: wanted[0] >= 0,
        "between": lambda: wanted[0] <= 0 <= wanted[1],
    }
    return checks[base.op]() != negated


def customer_set(scope: Scope, condition: Filter | None) -> ibis.Table:
    """Customers that meet a filter, as a table with the one column ``customer_id``.

    A comparison on something a customer is (country, city, first product …) is read from the customer; on something
    bought (product, category …) it means "has bought at least once" and its negation "never".
    """
    people = population(scope.snapshot)
    if condition is None:
        return people
    attributes = set(_attribute_columns(scope, condition))
    wide = widen(scope.snapshot, CUSTOMERS, ["customer_id", *sorted(attributes)], base=people)
    return wide.filter(_customer_predicate(scope, condition, wide)).select("customer_id")


def _attribute_columns(scope: Scope, condition: Filter) -> Iterator[str]:
    for part in _outer_comparisons(condition):
        if is_attribute(scope, part):
            yield from dimension(part.field, for_filter=True).columns


def is_attribute(scope: Scope, condition: Compare) -> bool:
    """Whether the field is something a customer is, in the loaded data, and not something the customer bought."""
    columns = dimension(condition.field, for_filter=True).columns
    return set(columns) <= set(CUSTOMERS.columns) and not missing(scope.snapshot, CUSTOMERS, columns)


def _customer_predicate(scope: Scope, condition: Filter, people: ibis.Table) -> ibis.BooleanValue:
    match condition:
        case Compare():
            if is_attribute(scope, condition):
                return compare(scope, condition, people)
            return _has_bought(scope, condition, people)
        case CustomerCondition():
            return in_set(scope, condition, people.customer_id)
        case InGroup() | BoughtThen() | Predicted():
            return in_group(scope, condition, people.customer_id)
        case Among():
            if is_orders(condition):
                lines = widen(scope.snapshot, LINES, ["customer_id", "line_type", "order_id"])
                held = lines.filter((lines.line_type == "sale") & lines.order_id.isin(orders_holding(scope, condition)))
                return people.customer_id.isin(held.customer_id)
            return _customer_predicate(scope, chosen(scope, condition), people)
        case And():
            return _all([_customer_predicate(scope, p, people) for p in condition.parts])
        case Or():
            return _any([_customer_predicate(scope, p, people) for p in condition.parts])
        case Not():
            return ~_customer_predicate(scope, condition.part, people)
    raise InvalidPlan("Unknown kind of condition", received=type(condition).__name__)


def _has_bought(scope: Scope, condition: Compare, people: ibis.Table) -> ibis.BooleanValue:
    positive = NEGATED.get(condition.op)
    if positive is not None and positive != "not_null":
        return ~_has_bought(scope, condition.model_copy(update={"op": positive}), people)
    check_filter(scope, condition, LINES, "customers")
    lines = widen(scope.snapshot, LINES, ["customer_id", "line_type", *sorted(columns_of(condition, LINES))])
    bought = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull() & compare(scope, condition, lines))
    return people.customer_id.isin(bought.customer_id)
