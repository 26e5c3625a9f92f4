"""Who is due to order again, from how often people of the shop do: the audience of a replenishment campaign."""

from __future__ import annotations

from typing import Literal

import ibis

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData
from assistant.plans import And, Compare, CustomerCondition, Filter

#: repeat orders below which no rhythm is read from the data
_FEWEST = 100


def due_again(snapshot: Snapshot, category: str | None) -> tuple[Filter, str]:
    """The rule "last ordered between one and two usual gaps ago", and how it was got, in words.

    The usual gap is the median number of days between two orders of one customer that lie on different days, among
    orders holding the category where one is given.

    Raises:
        MissingData: fewer than 100 repeat orders to read it from.
    """
    days, pairs = usual_gap(snapshot, category)
    where = None if category is None else Compare(field=_field(snapshot, category), values=(category,))
    last = CustomerCondition(metric="days_since_last_order", op="between", values=(days, 2 * days), where=where)
    of = f" of {category}" if category else ""
    why = (f"Due again: the usual gap between two orders{of} is {days} days (median of {pairs:,} repeat orders); "
           f"whoever last ordered {days} to {2 * days} days ago is taken to be due.")
    return And(parts=(last,)), why


def _field(snapshot: Snapshot, category: str) -> Literal["category", "subcategory"]:
    """Whether a name is that of a category or of one below it."""
    products = snapshot.table("products")
    above = products.filter(products.category.lower() == category.lower())
    named = snapshot.execute(above.aggregate(n=above.count())).to_pylist()[0]["n"]
    return "category" if named else "subcategory"


def usual_gap(snapshot: Snapshot, category: str | None) -> tuple[int, int]:
    """Median days between two orders of one customer, and the number of gaps behind it.

    Raises:
        MissingData: too few of them.
    """
    lines = snapshot.table("order_lines")
    sales = lines.filter((lines.line_type == "sale") & lines.customer_id.notnull())
    if category is not None:
        products = snapshot.table("products")
        wanted = products.filter((products.category.lower() == category.lower())
                                 | (products.subcategory.lower() == category.lower())).select("product_id")
        sales = sales.semi_join(wanted, "product_id")
    days = sales.select("customer_id", day=sales.ordered_at.date()).distinct()
    order = ibis.window(group_by="customer_id", order_by="day")
    gaps = days.mutate(before=days.day.lag().over(order))
    gaps = gaps.filter(gaps.before.notnull())
    gap = gaps.day.delta(gaps.before, unit="day")
    row = snapshot.execute(gaps.aggregate(n=gaps.count(), median=gap.median())).to_pylist()[0]
    if row["n"] < _FEWEST or row["median"] is None:
        of = f" of {category}" if category else ""
        raise MissingData(f"There are too few repeat orders{of} to know when people are due again ({row['n']:,})",
                          received=row["n"], valid=[f"at least {_FEWEST}"],
                          hint="Say who should get it, such as customers who last ordered 60 to 120 days ago.")
    return max(1, round(row["median"])), int(row["n"])
