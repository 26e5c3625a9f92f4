"""Customers who bought one thing and later another, in one pass over their orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.plans.filters import Compare
from assistant.query.facts import LINES, widen

if TYPE_CHECKING:
    import ibis

    from assistant.plans.filters import BoughtThen, Filter
    from assistant.query.compile import Scope


def bought_then(scope: Scope, condition: BoughtThen) -> ibis.Table:
    """Customers whose orders hold the steps one after the other; one column ``customer``, each customer once.

    An order counts by its sale lines, unless a step names the type of the lines itself ("sent something back"). Orders
    of the same moment (of the same day, where the data know days only) are not one after the other. For every order the
    latest possible beginning of a chain that ends there is carried along, so that the shortest chain is found without
    joining orders with orders.
    """
    import ibis

    from assistant.query.filters import columns_of, predicate

    read = {"customer_id", "order_id", "line_type", "at"}.union(*(columns_of(s, LINES) for s in condition.steps if s))
    rows = widen(scope.snapshot, LINES, sorted(read), scope.window(condition.period))
    rows = rows.filter(rows.customer_id.notnull())
    if not any(map(_names_type, condition.steps)):
        rows = rows.filter(rows.line_type == "sale")
    sold = rows.line_type == "sale"
    holds = {
        f"step_{n}": sold if s is None else predicate(scope, s, rows) if _names_type(s)
        else predicate(scope, s, rows) & sold
        for n, s in enumerate(condition.steps)
    }
    lines = rows.select(customer=rows.customer_id, order=rows.order_id, moment=rows["at"], **holds)
    orders = lines.group_by(["customer", "order"]).aggregate(
        moment=lines.moment.min(), **{name: lines[name].any() for name in holds})
    moments = orders.group_by(["customer", "moment"]).aggregate(**{name: orders[name].any() for name in holds})
    chain = moments.mutate(begun=moments.step_0.ifelse(moments.moment, ibis.null("timestamp")))
    for n in range(1, len(condition.steps)):
        earlier = ibis.window(group_by=chain.customer, order_by=chain.moment, preceding=(None, 1))
        # the same column is carried from step to step: nothing but the beginning matters later
        reached = chain.begun.max().over(earlier)
        chain = chain.mutate(begun=chain[f"step_{n}"].ifelse(reached, ibis.null("timestamp")))
    done = chain.filter(chain.begun.notnull())
    if condition.within_days is not None:
        done = done.filter(done.moment.date().delta(done.begun.date(), unit="day") <= condition.within_days)
    return done.select("customer").distinct()


def _names_type(step: Filter | None) -> bool:
    return isinstance(step, Compare) and step.field == "line_type"
