"""Two groups of customers against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.plans.agreements import AudiencePair
from assistant.plans.filters import And, Not
from assistant.plans.reword import reword_filter
from assistant.query.agreed.counting import everyone, evidence, size
from assistant.query.agreed.names import name_key
from assistant.query.present import derived
from assistant.results import Chart, Column, DefinitionUsed, Result, Table

if TYPE_CHECKING:
    from assistant.query.agreed.agreements import Agreements


def compare(agreed: Agreements, request: AudiencePair) -> Result:
    """How many customers are in both groups, and how many in only one.

    Returns:
        Result of kind ``audience_pair``. Table ``overlap`` (part, customers); figures ``first``, ``second``, ``both``,
        ``only_first``, ``only_second``, ``either``, ``share_of_first``, ``share_of_second``.

    Raises:
        UnknownName, MissingData, InvalidPlan, NotPermitted: see
            :func:`assistant.query.audience.customer_expression`.
    """
    snapshot, in_force = agreed.snapshot, agreed.in_force()
    one, two = in_force.resolve(request.first), in_force.resolve(request.second)
    assert one.condition is not None and two.condition is not None
    a, b = one.condition, two.condition
    both = size(snapshot, And(parts=(a, b)))
    only_first = size(snapshot, And(parts=(a, Not(part=b))))
    only_second = size(snapshot, And(parts=(b, Not(part=a))))
    first, second = request.first_name, request.second_name
    rows: list[list[Any]] = [
        [first, both + only_first], [second, both + only_second], ["in both", both],
        [f"only in {first}", only_first], [f"only in {second}", only_second],
        ["in at least one", both + only_first + only_second],
    ]
    table = Table(
        id="overlap", title="Customers in each part", rows=rows, total_rows=len(rows),
        columns=[Column(name="part", label="part"), Column(name="customers", label="customers", unit="count")],
    )
    names = ("first", "second", "both", "only_first", "only_second", "either")
    figures = {name: table.figure(row, "customers", str(rows[row][0])) for row, name in enumerate(names)}
    for name in ("first", "second"):
        if figures[name].value:
            figures[f"share_of_{name}"] = derived(
                100 * both / figures[name].value, "percent", f"share of {rows[names.index(name)][0]}",  # type: ignore[operator]
                f"both / {name} * 100", both=figures["both"], **{name: figures[name]},
            )
    cited = {name_key(d.term): d for d in [*one.cited, *two.cited]}
    used: list[DefinitionUsed] = list(cited.values())
    return Result(
        kind="audience_pair", title=f"{first} and {second}", figures=figures, headline=["both"], tables=[table],
        charts=[Chart(kind="bar", table="overlap", x="part", y=["customers"], title="Customers in each part")],
        words={"first": first, "second": second, "first_rule": reword_filter(a), "second_rule": reword_filter(b)},
        evidence=evidence(snapshot, request, used, [f"There are {everyone(snapshot):,} known customers in all"]),
    )
