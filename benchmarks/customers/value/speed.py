"""Fit and predict against *lifetimes*, at 2 thousand and 2 million customers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from assistant.models.value.bg_nbd import BGNBD
from assistant.models.value.pareto_nbd import ParetoNBD
from benchmarks.customers.value.cdnow import summary
from benchmarks.report import Row

REPEATS = 5
SEED = 0
MANY, SOME = 2_000_000, 20_000


def rows() -> list[Row]:
    """Small: CDNOW. Large: customers simulated from the CDNOW parameters, days as the unit of observation."""
    from lifetimes import BetaGeoFitter, ParetoNBDFitter

    history, large = summary(), simulated(MANY)
    some = tuple(v[:SOME] for v in large)
    cases: list[tuple[str, tuple[np.ndarray, ...], Callable[[], Any], Callable[[], Any], int]] = [
        ("BG/NBD, 2,357 customers", history, BGNBD, BetaGeoFitter, REPEATS),
        ("Pareto/NBD, 2,357 customers", history, ParetoNBD, ParetoNBDFitter, REPEATS),
        (f"Pareto/NBD, {SOME:,} customers", some, ParetoNBD, ParetoNBDFitter, REPEATS),
        (f"BG/NBD, {MANY:,} customers", large, BGNBD, BetaGeoFitter, REPEATS),
    ]
    found = []
    for name, data, ours, peer, repeats in cases:
        mine, other = _alternating(partial(_ours, ours, data), partial(_peer, peer, data), repeats)
        found.append(Row(f"speed: {name}, fit and predict", f"{other / mine:.1f} × ({1000 * mine:,.0f} ms)",
                         peer=f"lifetimes 1.0 × ({1000 * other:,.0f} ms)", bar="faster", met=mine < other))
    alone = statistics.median(_seconds(partial(_ours, ParetoNBD, large)) for _ in range(REPEATS))
    peer = _seconds(partial(_peer, ParetoNBDFitter, large))
    found.append(Row(f"speed: Pareto/NBD, {MANY:,} customers, fit and predict (lifetimes once, ours median)",
                     f"{peer / alone:.1f} × ({1000 * alone:,.0f} ms)",
                     peer=f"lifetimes 1.0 × ({1000 * peer:,.0f} ms)", bar="faster", met=alone < peer))
    return found


def simulated(customers: int) -> tuple[np.ndarray, ...]:
    """Histories of BG/NBD customers, weeks in whole days, begun over twelve of 39 weeks."""
    rng = np.random.default_rng(SEED)
    rate, stop = rng.gamma(0.243, 1 / 4.414, customers), rng.beta(0.793, 2.426, customers)
    age = np.round((39 - rng.uniform(0, 12, customers)) * 7) / 7
    x, last, time_now, going = np.zeros(customers), np.zeros(customers), np.zeros(customers), np.ones(customers, bool)
    while going.any():
        time_now = time_now + rng.exponential(1 / np.maximum(rate, 1e-12))
        going &= time_now < age
        x[going] += 1
        last[going] = np.round(time_now[going] * 7) / 7
        going &= rng.random(customers) > stop
    return x, np.minimum(last, age), age


def _ours(model: Callable[[], Any], data: tuple[np.ndarray, ...]) -> None:
    model().fit(*data).expected_purchases(39, *data)


def _peer(model: Callable[[], Any], data: tuple[np.ndarray, ...]) -> None:
    model().fit(*data).conditional_expected_number_of_purchases_up_to_time(39, *data)


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _alternating(ours: Callable[[], None], peer: Callable[[], None], repeats: int) -> tuple[float, float]:
    """Medians of both, in alternating order."""
    mine, other = [], []
    for turn in range(repeats):
        for work, kept in ((ours, mine), (peer, other)) if turn % 2 == 0 else ((peer, other), (ours, mine)):
            kept.append(_seconds(work))
    return statistics.median(mine), statistics.median(other)
