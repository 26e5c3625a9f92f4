"""Invented customers that fill the places around the bound of a ranking ("the top 10 % by revenue")."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from assistant.plans.filters import CustomerCondition, Predicted
from assistant.plans.reword import reword_filter
from assistant.query.agreed.boundary_people import Person

if TYPE_CHECKING:
    from assistant.query.agreed.boundary_changes import Change, Probe

#: customers with values close together, among whom the bound lies; others that only fill places, at most
STEPS, FILLERS = 30, 1_200


def ladder(
    probe: Probe, leaf: CustomerCondition | Predicted, person: Person, made: Sequence[Person]
) -> Iterator[tuple[Change, Person]]:
    """Steps just beside the member's value, and as many others as put the bound among the steps.

    Only for rankings by sales, by orders, or by what is predicted, over all goods.
    """
    from assistant.query.agreed.boundary_changes import MONEY, Change

    value = _value(leaf, person)
    if not value or not leaf.values or getattr(leaf, "where", None) is not None:
        return
    if isinstance(leaf, CustomerCondition) and leaf.metric not in MONEY:
        return
    lowest = leaf.rank == "bottom_percent"
    sign = 1 if lowest else -1
    ahead = sum(1 for p in made if (v := _value(leaf, p)) is not None and (v < value if lowest else v >= value * 0.995))
    n = float(leaf.values[0])
    if leaf.rank == "top_n":
        total = ahead + STEPS
        steps = min(max(STEPS, int(n) - ahead + STEPS // 2), FILLERS)
    else:
        steps = STEPS
        total = math.ceil((ahead + STEPS // 2) * 100 / n)
    said = reword_filter(leaf)
    # the last place first: where another measure leaves all of them equal, the order of their ids is the other way
    for k in reversed(range(steps)):
        step = value * (1 + sign * (0.005 + 0.004 * (k + 1)))
        yield Change("edge", f"{step:,.2f}", said, f"rank/{leaf.rank}"), _at(leaf, person, step)
    beyond = _at(leaf, person, value * (1 + sign * (0.005 + 0.004 * steps)))
    if beyond.sales:
        order = beyond.sales[0]["order_id"]
        yield Change("near", "many units and a return", said), beyond.units(
            [li["line_id"] for li in beyond.sales], 50 * len(beyond.sales)).again(order, "more").sent_back()
    far = value * (50 if lowest else 0.001)
    for _ in range(max(0, min(total - len(made) - steps, FILLERS))):
        yield Change("filler", "fills a place", said), _at(leaf, _small(person), far)


def _small(person: Person) -> Person:
    """One line of one order is enough to have a place."""
    if not person.sales:
        return person
    line = person.sales[-1]
    return person.with_rows(order_lines=[line], orders=[o for o in person.rows["orders"]
                                                        if o["order_id"] == line["order_id"]][:1],
                            touches=[], contacts=[], responses=[])


def _value(leaf: CustomerCondition | Predicted, person: Person) -> float | None:
    if isinstance(leaf, Predicted):
        return person.predicted.get(leaf.attribute)
    return float(sum((Decimal(str(li["amount"])) for li in person.sales), Decimal(0)))


def _at(leaf: CustomerCondition | Predicted, person: Person, value: float) -> Person:
    if isinstance(leaf, Predicted):
        return person.expecting(leaf.attribute, value)
    return person.worth([li["line_id"] for li in person.sales], Decimal(str(round(value, 2))))
