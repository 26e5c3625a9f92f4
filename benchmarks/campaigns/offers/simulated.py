"""Generated cases: how close the allocation comes and how long it takes; regret and logged chances of the sampler."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from assistant.campaigns.offers.allocate import Allocation, Limit, allocate
from assistant.campaigns.offers.off_policy import evaluate
from assistant.campaigns.offers.thompson import Arm, assign, chances
from benchmarks.report import Row

OPTIONS = 8
SMALL, SIZES, REPEATS = 2_000, (100_000, 300_000), 5
RATES = (0.10, 0.10, 0.12, 0.15)
RUNS, ROUNDS, PER_ROUND = 100, 20, 500


def allocation_rows() -> list[Row]:
    """Distance to the bound, against greedy and the whole programme."""
    rows = []
    value, allowed, limits = made(SMALL, 0)
    whole, priced = allocate(value, allowed, limits, whole=10**9), allocate(value, allowed, limits, whole=0)
    took = _turns({"ours": lambda: allocate(value, allowed, limits, whole=0),
                   "programme": lambda: allocate(value, allowed, limits, whole=10**9)}, 3)
    greedy = _greedy(value, allowed, limits)
    rows.append(Row(
        f"{SMALL:,} customers × {OPTIONS} options, budget and contacts: value found, of the bound",
        f"{priced.value / whole.bound:.6f}",
        baseline=f"{greedy / whole.bound:.6f} (greedy by gain per cost)",
        peer=f"{whole.value / whole.bound:.6f} (whole integer programme, HiGHS)", bar="≥ 0.999 of the bound",
        met=priced.value >= 0.999 * whole.bound))
    rows.append(Row("the same: time, as a share of the whole programme's (median of 3)",
                    f"{took['ours'] / took['programme']:.2f}"))
    for n in SIZES:
        value, allowed, limits = made(n, 1)
        found: list[Allocation] = []

        def run(v: np.ndarray = value, a: np.ndarray = allowed, x: list[Limit] = limits, f: list[Allocation] = found
                ) -> None:
            f.append(allocate(v, a, x))

        took = _turns({"ours": run, "greedy": lambda v=value, a=allowed, x=limits: _greedy(v, a, x)}, REPEATS)  # type: ignore[misc]
        gap = found[0].gap
        rows.append(Row(f"{n:,} customers × {OPTIONS} options: distance to the bound", f"{gap:.1e}",
                        baseline=f"{1 - _greedy(value, allowed, limits) / found[0].bound:.1e} (greedy)",
                        bar="≤ 1e-3", met=gap <= 1e-3))
        rows.append(Row(f"{n:,} customers × {OPTIONS} options: time against greedy (median of {REPEATS})",
                        f"{took['ours'] / took['greedy']:.1f} ×, {took['ours']:.1f} s"))
    return rows


def made(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[Limit]]:
    """Gains, what is allowed, and limits of which both bind."""
    rng = np.random.default_rng(seed)
    value, cost = rng.normal(0.5, 2, (n, OPTIONS)), rng.gamma(2, 1, (n, OPTIONS))
    return value, rng.random((n, OPTIONS)) < 0.8, [
        Limit("budget", cost, 0.3 * n), Limit("contacts", np.ones((n, OPTIONS)), 0.25 * n)]


def _greedy(value: np.ndarray, allowed: np.ndarray, limits: list[Limit]) -> float:
    """Pairs by gain per cost, the first that fits of each customer."""
    budget, contacts = limits[0].most, limits[1].most
    cost = limits[0].weight
    rows, columns = np.nonzero(allowed & (value > 0))
    order = np.argsort(-value[rows, columns] / cost[rows, columns], kind="stable")
    taken, total = np.zeros(len(value), dtype=bool), 0.0
    for r, c in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if taken[r] or cost[r, c] > budget or contacts < 1:
            continue
        taken[r], budget, contacts, total = True, budget - cost[r, c], contacts - 1, total + value[r, c]
    return total


def _turns(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, one in work.items():
            began = time.perf_counter()
            one()
            took[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in took.items()}


def sampler_rows() -> list[Row]:
    """Regret against an even split, whether logged chances are those drawn with, whether the log tells the truth."""
    regret, even, inside, best, off = [], [], 0, 0, []
    rates = np.array(RATES)
    for run in range(RUNS):
        rng = np.random.default_rng(run)
        lost, log, drift = _one(run, rates, rng)
        regret.append(lost)
        even.append(ROUNDS * PER_ROUND * float(rates.max() - rates.mean()))
        reward, action, chance = (np.concatenate(x) for x in zip(*log, strict=True))
        found = evaluate(reward, action, chance, np.eye(len(rates))[np.full(len(action), int(rates.argmax()))]).snips
        inside += found.lower <= rates.max() <= found.upper
        best += int(np.bincount(log[-1][1]).argmax() == rates.argmax())
        off.append(drift)
    share = statistics.mean(regret) / statistics.mean(even)
    coverage = inside / RUNS
    return [
        Row(f"sampler, rates {RATES}: orders lost against always giving the best, as a share of an even split's",
            f"{share:.2f}", baseline="1 (even split)", bar="< 0.5", met=share < 0.5),
        Row("sampler: runs in which the last round gave the best arm most", f"{best} of {RUNS}"),
        Row("sampler: share given the best arm less its logged chance, mean over rounds and runs (and standard error)",
            f"{statistics.mean(off):.5f} ({statistics.stdev(off) / RUNS**0.5:.5f})",
            bar="within 3 standard errors of 0",
            met=abs(statistics.mean(off)) <= 3 * statistics.stdev(off) / RUNS**0.5),
        Row("sampler: intervals from the log that hold the best arm's true rate", f"{coverage:.0%}", bar="≥ 90 %",
            met=coverage >= 0.9),
    ]


def _one(run: int, rates: np.ndarray, rng: np.random.Generator) -> tuple[float, list[tuple[np.ndarray, ...]], float]:
    arms, log, lost, drift = [Arm(str(j)) for j in range(len(rates))], [], 0.0, []
    for n in range(ROUNDS):
        chance = chances(arms)
        got = np.array(assign(f"{run} {n}", [f"{n}-{i}" for i in range(PER_ROUND)], chance))
        answered = rng.random(PER_ROUND) < rates[got]
        lost += float((rates.max() - rates[got]).sum())
        drift.append(float((got == int(rates.argmax())).mean() - chance[int(rates.argmax())]))
        log.append((answered.astype(float), got, chance[got]))
        arms = [Arm(a.name, a.trials + int((got == j).sum()), a.successes + int(answered[got == j].sum()))
                for j, a in enumerate(arms)]
    return lost, log, statistics.mean(drift)
