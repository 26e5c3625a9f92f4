"""What may leave the house: groups of fewer than ten people are left out of tables that are exported or shared.

A figure over a handful of people says too much of each. On the screen of the shop's own people nothing is hidden.
Where one group alone would be hidden, or the hidden ones hold fewer than ten people together, the next smallest is
hidden too: otherwise a total less the other rows would tell it (complementary suppression; Hundepool et al. 2012,
*Statistical Disclosure Control*, Wiley, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.data.warehouse import Snapshot
from assistant.errors import UserError
from assistant.plans.filters import And, Compare, CustomerCondition, Filter, InGroup, Not, Or
from assistant.plans.query import QueryPlan
from assistant.query.compile import QueryOptions
from assistant.results import Result, Table
from assistant.results.result import Scalar

#: Smallest number of people of whom a shared figure may speak.
SMALLEST = 10
#: What stands in an exported cell that is hidden.
HIDDEN = f"fewer than {SMALLEST} people"
#: Dimensions that say who the people are.
OF_PEOPLE = frozenset({"country", "city", "acquisition_channel", "gender", "age_band", "cohort", "orders_band",
                       "new_vs_returning", "customer_type", "first_product", "first_category", "segment"})
#: Columns that count the people behind a row, in tables of models.
_COUNTS = ("customers", "people")
#: Groups whose size is looked up.
_MOST_GROUPS = 1000


@dataclass(frozen=True)
class Shared:
    """Rows as they may be shared, and how many were hidden."""

    rows: list[list[Scalar]]
    hidden: int


def shared_table(snapshot: Snapshot, result: Result, table: Table, options: QueryOptions | None = None) -> Shared:
    """The rows of a table of an answer, without figures of groups of people that are too small.

    A list of single customers (their ids) stays as it is: it is no aggregate, and its export is a decision of its own.
    """
    if any(c.name in {"customer", "customer_id"} for c in table.columns) or not table.rows:
        return Shared(table.rows, 0)
    sizes = _sizes_of_query(snapshot, result, table, options)
    if sizes is None:
        sizes = _own_counts(table)
    return hide(table, sizes) if sizes is not None else Shared(table.rows, 0)


def hide(table: Table, sizes: Sequence[int | None]) -> Shared:
    """The rows with every figure of groups of fewer than :data:`SMALLEST` people hidden.

    Args:
        sizes: people behind each row; None: not known, and hidden as well. A row of nobody hides nothing.
    """
    small = {i for i, n in enumerate(sizes) if n is None or 0 < n < SMALLEST}
    if small:
        together = sum(sizes[i] or 0 for i in small)
        rest = sorted((n, i) for i, n in enumerate(sizes) if n is not None and n >= SMALLEST and i not in small)
        if rest and (len(small) == 1 or together < SMALLEST):
            small.add(rest[0][1])
    told = [c.unit in {"text", "id"} or c.name in OF_PEOPLE for c in table.columns]
    rows = [[v if keep else HIDDEN for v, keep in zip(row, told, strict=True)] if i in small else list(row)
            for i, row in enumerate(table.rows)]
    return Shared(rows, len(small))


def people_behind(snapshot: Snapshot, plan: QueryPlan, options: QueryOptions | None = None) -> dict[tuple, int]:
    """People behind each group of a plan: known customers, and guests' orders as one person each.

    Keys are the cells of the dimensions as the answer's table shows them.

    Raises:
        UserError: nobody can be counted (no customers in the orders, nothing matches).
    """
    from assistant.query.engine import run_query

    counted = QueryPlan(metrics=("customers", "guest_orders"), dimensions=plan.dimensions, filter=plan.filter,
                        period=plan.period, limit=_MOST_GROUPS if plan.dimensions else None)
    table = run_query(snapshot, counted, options=options).table("result")
    return {_key(table, plan, i): int(row[table.column_index("customers")] or 0)
            + int(row[table.column_index("guest_orders")] or 0) for i, row in enumerate(table.rows)}


def row_sizes(table: Table, plan: QueryPlan, sizes: dict[tuple, int]) -> list[int | None]:
    """The size of each row of the plan's own table."""
    return [sizes.get(_key(table, plan, i)) for i in range(len(table.rows))]


def _key(table: Table, plan: QueryPlan, row: int) -> tuple:
    return tuple(table.cell(row, d) for d in plan.dimensions)


def about_people(plan: QueryPlan) -> bool:
    """Whether a plan tells groups of people apart: by a dimension, or by choosing people."""
    return bool(set(plan.dimensions) & OF_PEOPLE) or _chooses(plan.filter)


def _chooses(condition: Filter | None) -> bool:
    match condition:
        case Compare():
            return condition.field in OF_PEOPLE | {"customer", "age"}
        case CustomerCondition() | InGroup():
            return True
        case And() | Or():
            return any(_chooses(part) for part in condition.parts)
        case Not():
            return _chooses(condition.part)
    return False


def _sizes_of_query(
    snapshot: Snapshot, result: Result, table: Table, options: QueryOptions | None
) -> list[int | None] | None:
    """People behind each row of a question's table; None where the table is of another kind, or not about people."""
    if result.kind != "query" or table.id not in {"result", "totals"}:
        return None
    plan = QueryPlan.model_validate(result.evidence.plan)
    if not about_people(plan):
        return None
    if table.id == "totals":
        plan = plan.model_copy(update={"dimensions": ()})
    try:
        return row_sizes(table, plan, people_behind(snapshot, plan, options))
    except UserError:
        return [None] * len(table.rows)  # nobody can say how many they are


def _own_counts(table: Table) -> list[int | None] | None:
    """People behind each row by the table's own column, where it has one and its rows are groups."""
    if len(table.columns) < 2 or table.columns[0].unit != "text":
        return None
    place = next((i for i, c in enumerate(table.columns) if c.name in _COUNTS and c.unit == "count"), None)
    if place is None:
        return None
    return [int(row[place]) if isinstance(row[place], int | float) else 0 for row in table.rows]
