"""Two groups of customers beside each other: size, value, rhythm, and what they buy differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows
from assistant.features.behaviour import behaviour, blocks_of
from assistant.models.segment.behaviour_names import answers_of
from assistant.plans.filters import And, CustomerCondition, Filter, InGroup, Not, Or
from assistant.plans.groups import GroupsRequest
from assistant.plans.reword import phrase, reword, reword_filter
from assistant.query.audience import customer_ids
from assistant.query.spoken import speak
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table

if TYPE_CHECKING:
    import pandas as pd

#: Differences of behaviour that are listed, and the least share of either group that makes one worth telling (percent).
SHOWN, LEAST_SHARE = 8, 2.0
#: Measures of a rule that make a difference of the groups a matter of their definition.
_OF_RULES = {"days_since_last_order": "days", "orders": "orders_each", "revenue": "revenue_each",
             "average_order_value": "order_value", "return_rate": "returned"}
_FEW = 10
#: below this, one group brought as much as the other to the hundredth, and no "times" is said
_TELLING = 1.005


def groups_result(snapshot: Snapshot, request: GroupsRequest) -> Result:
    """Compare two groups of customers.

    Returns:
        Result of kind ``group_comparison``. Table ``groups`` (one row per group and one for all customers with orders)
        and ``differences`` (answers of behaviour, the most telling first). Figures ``first``, ``second``, ``both``,
        ``first_each``, ``second_each``, ``times``.

    Raises:
        NoRows: one of the groups has nobody who ever ordered. UnknownName, MissingData, NotPermitted: as for an
            audience.
    """
    frame = behaviour(snapshot)
    first = set(customer_ids(snapshot, request.first))
    second = set(customer_ids(snapshot, request.second)) if request.second is not None else None
    ids = frame["customer_id"].astype(str)
    inside = [ids.isin(first), ids.isin(second) if second is not None else ~ids.isin(first)]
    names = [n[:1].upper() + n[1:] for n in (request.first_name, request.second_name)]
    for name, rows in zip(names, inside, strict=True):
        if not rows.any():
            raise NoRows(f"There is nobody with an order in the group “{name}”", received=name)
    groups = _groups_table(frame, inside, names)
    skip = {"rhythm", *(["month"] if "days_since_last_order" in _rules(request) else [])}
    differences = _differences(frame, inside, names, skip)
    figures = _figures(groups, int((inside[0] & inside[1]).sum()))
    others = second if second is not None else set()
    never = [len(g - set(ids)) for g in (first, others)]
    result = Result(
        kind="group_comparison", title=f"{names[0]} and {names[1]}", currency=snapshot.currency,
        tables=[groups, differences], figures=figures, headline=["first", "second"],
        words={"first": names[0], "second": names[1], "by_rule": ", ".join(_by_rule(groups, request)),
               "any_difference": "yes" if differences.rows else ""},
        charts=_charts(differences, names), caveats=_caveats(figures, groups, never),
        evidence=_evidence(snapshot, request, len(frame)),
        followups=["Split our customers into segments", "How did the segments change since last quarter?"],
    )
    for name, rule in (("first_rule", request.first), ("second_rule", request.second)):
        if rule is not None and not isinstance(rule, InGroup):
            speak(result, name, phrase(rule))
    return result


def _groups_table(frame: pd.DataFrame, inside: list[Any], names: list[str]) -> Table:
    total = float(frame["monetary_value"].sum())
    rows = [_row(frame[rows], name, len(frame), total) for name, rows in zip(names, inside, strict=True)]
    rows.append(_row(frame, "all customers with orders", len(frame), total))
    return Table(id="groups", title="The groups beside each other", rows=rows, total_rows=len(rows), columns=[
        Column(name="group", label="Group"), Column(name="customers", label="Customers", unit="count"),
        Column(name="share", label="Share of customers", unit="percent"),
        Column(name="revenue", label="Revenue", unit="currency"),
        Column(name="revenue_share", label="Share of revenue", unit="percent"),
        Column(name="revenue_each", label="Revenue per customer", unit="currency"),
        Column(name="orders_each", label="Orders per customer", unit="number"),
        Column(name="order_value", label="Average order value", unit="currency"),
        Column(name="days", label="Days since last order, average", unit="days"),
        Column(name="repeat", label="Ordered more than once", unit="percent"),
        Column(name="returned", label="Returned or cancelled, of revenue", unit="percent"),
    ])


def _row(part: pd.DataFrame, name: str, customers: int, total: float) -> list[Any]:
    revenue, orders = float(part["monetary_value"].sum()), float(part["order_count"].astype(float).sum())
    back = float(part["returned_value"].astype(float).sum())
    return [
        name, len(part), round(100 * len(part) / customers, 2), round(revenue, 2),
        round(100 * revenue / total, 2) if total else None, round(revenue / len(part), 2),
        round(orders / len(part), 2), round(revenue / orders, 2) if orders else None,
        round(float(part["days_since_last_order"].mean()), 1),
        round(100 * float((part["order_count"].astype(float) > 1).mean()), 2),
        round(100 * back / revenue, 2) if revenue else None,
    ]


def _differences(frame: pd.DataFrame, inside: list[Any], names: list[str], skip: set[str]) -> Table:
    """Answers of behaviour that the groups give most differently, by what they add to the divergence.

    Months say nothing where a group is made by the time of the last order (``skip``).
    """
    columns = [c for block, found in blocks_of(list(frame.columns)).items() if block not in skip for c in found]
    counts = frame[columns].to_numpy(dtype=float)
    sums = [counts[rows.to_numpy()].sum(axis=0) for rows in inside]
    found = []
    for (words, a), (_, b) in zip(answers_of(sums[0], columns), answers_of(sums[1], columns), strict=True):
        if max(a, b) < LEAST_SHARE:
            continue
        floor = 0.05  # percent: what nobody of a group does still has a finite weight
        found.append(((a - b) * float(np.log(max(a, floor) / max(b, floor))), words, a, b))
    found.sort(key=lambda e: -e[0])
    rows: list[list[Any]] = [[words, round(a, 1), round(b, 1), round(a - b, 1)] for _, words, a, b in found[:SHOWN]]
    return Table(id="differences", title="What they do differently", rows=rows, total_rows=len(rows), columns=[
        Column(name="what", label="Share of their lines or orders"),
        Column(name="first", label=names[0], unit="percent"),
        Column(name="second", label=names[1], unit="percent"),
        Column(name="difference", label="Difference", unit="points"),
    ])


def _figures(groups: Table, both: int) -> dict[str, Figure]:
    figures = {"first": groups.figure(0, "customers"), "second": groups.figure(1, "customers"),
               "first_each": groups.figure(0, "revenue_each"), "second_each": groups.figure(1, "revenue_each"),
               "both": Figure(value=both, unit="count", label="In both groups",
                              source=Source(origin="derived", derivation="customers who meet both rules"))}
    low, high = sorted(float(figures[n].value or 0.0) for n in ("first_each", "second_each"))
    if low > 0 and high >= low * _TELLING:
        each = ("first_each", "second_each")
        figures["times"] = Figure(
            value=high / low, unit="ratio", label="Times the revenue per customer", source=Source(
                origin="derived", derivation="max(first_each, second_each) / min(first_each, second_each)",
                inputs={n: figures[n].source for n in each}))
    return figures


def _by_rule(groups: Table, request: GroupsRequest) -> list[str]:
    """Labels of the measures that a group's own rule is about: a difference in them says nothing new."""
    metrics = _rules(request)
    return [groups.columns[groups.column_index(c)].label for m, c in _OF_RULES.items() if m in metrics]


def _rules(request: GroupsRequest) -> set[str]:
    """Metrics that the rules of the groups are about."""
    return {m for g in (request.first, request.second) if g is not None for m in _metrics(g)}


def _metrics(rule: Filter) -> set[str]:
    match rule:
        case CustomerCondition():
            return {rule.metric}
        case And() | Or():
            return {m for part in rule.parts for m in _metrics(part)}
        case Not():
            return _metrics(rule.part)
        case InGroup() if rule.group == "segment" and rule.method != "behaviour":
            return {"days_since_last_order", "orders", "revenue"}
    return set()


def _caveats(figures: dict[str, Figure], groups: Table, never: list[int]) -> list[Caveat]:
    found = []
    small = min((0, 1), key=lambda i: float(groups.cell(i, "customers") or 0))
    if float(groups.cell(small, "customers") or 0) < _FEW:
        found.append(Caveat(code="small_sample", figures={"n": groups.figure(small, "customers")},
                            words={"what": f"customers in “{groups.cell(small, 'group')}”"}))
    for i, count in enumerate(never):
        if count:
            n = Figure(value=count, unit="count", label="Without an order",
                       source=Source(origin="derived", derivation="members of the group without an order"))
            found.append(Caveat(code="group_never_bought", figures={"n": n},
                                words={"group": str(groups.cell(i, "group"))}))
    return found


def _charts(differences: Table, names: list[str]) -> list[Chart]:
    charts = [Chart(kind="bar", table="groups", x="group", y=["share", "revenue_share"],
                    title="Share of customers and of revenue")]
    if differences.rows:
        charts.append(Chart(kind="bar", table="differences", x="what", y=["first", "second"],
                            title=f"What {names[0]} and {names[1]} do differently"))
    return charts


def _evidence(snapshot: Snapshot, request: GroupsRequest, scanned: int) -> Evidence:
    rules = [(request.first_name, request.first), (request.second_name, request.second)]
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, rows_scanned=scanned,
        definitions=[DefinitionUsed(term=n, meaning=reword_filter(r)) for n, r in rules if r is not None],
        assumptions=["Revenue is before returns, over all orders of these customers; who belongs to both groups counts "
                     "in both. A difference between groups is no proof of a cause."],
    )
