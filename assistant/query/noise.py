"""Aggregates with differential-privacy noise (OpenDP): nobody can tell from them whether one customer was in the data.

The unit of privacy is a customer with everything they bought. Each customer counts in at most so many groups (the ones
they bought most in) and with at most a capped amount in each. The cap is the smallest of a list known beforehand that,
with noise, no more customers exceed than are worth it (about one over epsilon in each group: Amin, Kulesza, Munoz &
Vassilvitskii 2019, *ICML*), found by the sparse vector technique (Lyu, Su & Li 2017, *PVLDB* 10(6), algorithm 1,
monotonic queries). Sums are whole cents, so that the noise is exact (discrete Laplace; Canonne, Kamath & Steinke 2020,
*NeurIPS* 33). Which groups there are is private too: a group is shown if its noisy number of customers passes a
threshold (Rogers 2023, arXiv:2309.09170). The whole is (epsilon, delta)-differentially private by basic composition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, MissingData, MissingExtra, NoRows
from assistant.query.sharing import SMALLEST

if TYPE_CHECKING:
    import numpy as np

#: The chance that a group of one customer is shown at all.
DELTA = 1e-6
#: Parts of epsilon: for which groups are shown (and how many customers each has), and of a metric's for its cap.
FOR_GROUPS, FOR_CAP = 0.3, 0.3
#: Customers of a group worth capping, over epsilon: there what the cap cuts off is about the noise that it spares.
EXCEEDED = 3.0
#: Caps that may come out, in units of the metric: known to everybody beforehand.
CAPS = tuple(m * 10**e for e in range(0, 7) for m in (1, 2, 5))
#: Metrics that can be summed over customers, and their smallest unit.
SUMMED = {"revenue": 100, "gross_revenue": 100, "net_revenue": 100, "orders": 1, "units": 1}


@dataclass(frozen=True)
class NoisyMetric:
    """One metric with noise.

    Attributes:
        values: group → figure. cap: most that one customer could add to a group.
        within: 95 % of the noise is at most so large, in units of the metric.
    """

    values: dict[str, float]
    cap: float
    within: float


@dataclass(frozen=True)
class NoisyReport:
    """Groups that are shown, with the figures of each metric; ``customers`` is always among them."""

    groups: tuple[str, ...]
    metrics: dict[str, NoisyMetric]
    epsilon: float
    delta: float


def opendp() -> Any:
    """OpenDP with its contributed parts.

    Raises:
        MissingData: it is not installed; says how to install it.
    """
    try:
        import opendp.prelude as dp
    except ImportError as error:
        extra = MissingExtra("privacy", "A report with differential-privacy noise")
        raise MissingData(str(extra), received="opendp", hint=extra.hint) from error
    dp.enable_features("contrib")
    return dp


def noisy_report(
    customers: Sequence[str], groups: Sequence[str], amounts: Mapping[str, np.ndarray], epsilon: float, most_groups: int
) -> NoisyReport:
    """Noisy customers and sums by group.

    Args:
        customers, groups: of each row; one row per customer and group.
        amounts: metric (a key of :data:`SUMMED`) → amount of each row. Negative amounts count as nought.
        epsilon: for the whole report. most_groups: groups that one customer may count in.

    Raises:
        NoRows: no group is large enough to be shown at this epsilon.
        MissingData: OpenDP is not installed.
    """
    import pandas as pd

    dp = opendp()
    frame = pd.DataFrame({"customer": list(customers), "group": list(groups), **amounts})
    names = [m for m in amounts if m in SUMMED]
    first = names[0] if names else "group"
    frame = frame.sort_values([first, "group"], ascending=[False, True], kind="stable")
    frame = frame.groupby("customer", sort=False).head(most_groups)  # of each customer alone: no one else decides
    share = epsilon * (FOR_GROUPS if names else 1.0)
    shown, within = _counts(dp, frame["group"].value_counts().to_dict(), share, most_groups)
    if not shown:
        raise NoRows("No group is large enough to be shown with so little of the privacy budget",
                     received=f"epsilon {epsilon:g}", hint="Ask for a larger epsilon, or for coarser groups.")
    metrics = {"customers": NoisyMetric({g: float(n) for g, n in shown.items()}, 1.0, within)}
    each = epsilon * (1 - FOR_GROUPS) / max(len(names), 1)
    for name in names:
        metrics[name] = _sums(dp, frame, name, sorted(shown), each, most_groups)
    return NoisyReport(tuple(sorted(shown)), metrics, epsilon, DELTA)


def _counts(dp: Any, counts: dict[str, int], epsilon: float, most_groups: int) -> tuple[dict[str, int], float]:
    """Noisy numbers of customers of the groups that pass the threshold, and what 95 % of the noise stays within."""
    space = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T="i64")), dp.l01inf_distance(
        dp.absolute_distance(T="i64"))
    scale = most_groups / epsilon
    threshold = max(SMALLEST, math.ceil(1 + scale * math.log(most_groups / DELTA)))
    distance = (most_groups, most_groups, 1)
    measure = dp.m.make_laplace_threshold(*space, scale=scale, threshold=threshold)
    while (loss := measure.map(distance))[0] > epsilon or loss[1] > DELTA:  # rounding of the first guess
        scale, threshold = scale * 1.0001, threshold + 1
        measure = dp.m.make_laplace_threshold(*space, scale=scale, threshold=threshold)
    return dict(measure({str(g): int(n) for g, n in counts.items()})), scale * math.log(1 / 0.05)


def _sums(dp: Any, frame: Any, name: str, groups: list[str], epsilon: float, most_groups: int) -> NoisyMetric:
    """Capped sums of one metric with noise, for the groups shown."""
    unit = SUMMED[name]
    amounts = frame[name].to_numpy(dtype=float).clip(min=0.0)
    cap = _cap(dp, amounts, epsilon * FOR_CAP, most_groups, EXCEEDED * len(groups) * most_groups / epsilon)
    cents = (amounts.clip(max=cap) * unit).round().astype("int64")
    sums = frame.assign(cents=cents).groupby("group")["cents"].sum()
    exact = [int(sums.get(g, 0)) for g in groups]
    bound = int(round(cap * unit)) * most_groups
    left = epsilon * (1 - FOR_CAP)
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    scale = dp.binary_search(lambda s: dp.m.make_laplace(*space, scale=s).check(bound, left),
                             bounds=(bound / left * 0.5, bound / left * 2 + 1))
    noisy = dp.m.make_laplace(*space, scale=scale)(exact)
    return NoisyMetric({g: max(n, 0) / unit for g, n in zip(groups, noisy, strict=True)}, cap,
                       scale * math.log(1 / 0.05) / unit)


def _cap(dp: Any, amounts: Any, epsilon: float, most_groups: int, exceeded: float) -> float:
    """The smallest cap that, with noise, at most so many amounts exceed; the largest one where none is.

    One customer changes every number of exceeding amounts by at most ``most_groups``, all in the same direction: half
    of epsilon for the noise of the limit, half for that of the first number found below it.
    """
    space = dp.atom_domain(T="i64"), dp.absolute_distance(T="i64")
    scale = 2 * most_groups / epsilon
    drawn = dp.m.make_laplace(*space, scale=scale)
    limit = drawn(math.ceil(exceeded + 3 * scale))  # so far above nought that the noise hardly hides that none exceeds
    return float(next((c for c in CAPS if drawn(int((amounts > c).sum())) <= limit), CAPS[-1]))


def check_metrics(metrics: Sequence[str]) -> None:
    """See that every metric can be given with noise.

    Raises:
        InvalidPlan: one cannot; names those that can.
    """
    other = [m for m in metrics if m not in SUMMED and m != "customers"]
    if other:
        raise InvalidPlan(
            "Only figures that are added up over customers can be given with noise",
            received=", ".join(other), valid=["customers", *SUMMED],
            nearest=["Export the revenue by country with noise"],
        )
