"""Amounts compared by group: the mean of each group with its interval, and whether it differs from everybody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.models.people.fairness import ERROR, FEWEST_TO_JUDGE, SMALLEST_GROUP, UNKNOWN
from assistant.results import Column, Table
from assistant.results.result import Unit

_Z = 1.96


@dataclass(frozen=True)
class Measure:
    """One amount per person; NaN: not known."""

    name: str
    label: str
    unit: Unit
    values: np.ndarray


@dataclass(frozen=True)
class MeasuredGroup:
    """A group's mean with its 95 % interval, and everybody else's; ``differs``: beyond chance, the error shared out
    among all comparisons (Welch's test, Bonferroni). No mean is given of fewer than ten people."""

    measure: Measure
    attribute: str
    group: str
    people: int
    mean: float | None
    low: float | None
    high: float | None
    others: float | None
    differs: bool


def measured(measures: Sequence[Measure], attributes: Mapping[str, Sequence[str | None]]) -> list[MeasuredGroup]:
    """Every measure by every known group; the order of the arguments, groups by name."""
    named = {a: np.array([UNKNOWN if g is None else str(g) for g in groups]) for a, groups in attributes.items()}
    comparisons = max(1, len(measures) * sum(len(set(g) - {UNKNOWN}) for g in named.values()))
    found = []
    for measure in measures:
        known = np.isfinite(measure.values)
        for attribute, groups in named.items():
            for group in sorted(set(groups) - {UNKNOWN}):
                mine = measure.values[known & (groups == group)]
                rest = measure.values[known & (groups != group) & (groups != UNKNOWN)]
                found.append(_group(measure, attribute, group, mine, rest, ERROR / comparisons))
    return found


def _group(
    measure: Measure, attribute: str, group: str, mine: np.ndarray, rest: np.ndarray, error: float
) -> MeasuredGroup:
    if len(mine) < SMALLEST_GROUP:
        return MeasuredGroup(measure, attribute, group, len(mine), None, None, None, None, False)
    mean, half = float(mine.mean()), _Z * float(mine.std(ddof=1)) / float(np.sqrt(len(mine)))
    differs = min(len(mine), len(rest)) >= FEWEST_TO_JUDGE and _welch(mine, rest) < error
    return MeasuredGroup(measure, attribute, group, len(mine), mean, mean - half, mean + half,
                         float(rest.mean()) if len(rest) >= SMALLEST_GROUP else None, differs)


def _welch(one: np.ndarray, other: np.ndarray) -> float:
    """p of equal means; 1 where neither varies and both are the same, 0 where they are not."""
    from scipy.stats import ttest_ind

    if one.std() == 0 and other.std() == 0:
        return float(one.mean() == other.mean())
    return float(ttest_ind(one, other, equal_var=False).pvalue)


def measures_tables(found: Sequence[MeasuredGroup]) -> list[Table]:
    """One table per unit, because a column has one: ``measures_<unit>``; what differs comes first."""
    tables = []
    for unit in dict.fromkeys(g.measure.unit for g in found):
        mine = sorted((g for g in found if g.measure.unit == unit), key=lambda g: not g.differs)
        rows: list[list[Any]] = [
            [g.measure.label, g.attribute, g.group, g.people, g.mean, g.low, g.high, g.others,
             _finding(g) if g.differs else "too few to tell" if g.people < FEWEST_TO_JUDGE else "no difference shown"]
            for g in mine]
        columns = [
            Column(name="measure", label="What is compared"), Column(name="attribute", label="Attribute"),
            Column(name="group", label="Group"), Column(name="people", label="People", unit="count"),
            Column(name="mean", label="On average", unit=unit), Column(name="low", label="at least", unit=unit),
            Column(name="high", label="at most", unit=unit),
            Column(name="others", label="Everybody else", unit=unit), Column(name="finding", label="Finding")]
        titles = {"score": "Quality and rarity, by group", "currency": "Price of what is shown, by group",
                  "percent": "Categories shown, by group"}
        tables.append(Table(id=f"measures_{unit}", title=titles.get(unit, "By group"), columns=columns, rows=rows,
                            total_rows=len(rows)))
    return tables


def _finding(group: MeasuredGroup) -> str:
    return "higher" if (group.mean or 0.0) > (group.others or 0.0) else "lower"
