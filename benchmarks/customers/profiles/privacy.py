"""How often the fairness test errs, and how far reports with noise are off."""

from __future__ import annotations

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.models.people.fairness import judge
from assistant.models.people.traits import groups_of, traits
from assistant.query.compile import Scope, grouped
from assistant.query.noise import noisy_report
from assistant.query.rows import fetch
from benchmarks.report import Row

TRIALS, DRAWS = 400, 40


def fairness_rows(name: str, snapshot: Snapshot, seed: int) -> list[Row]:
    """Of selections that know nothing of the traits, how many are said to differ; and of planted differences."""
    rng = np.random.default_rng(seed)
    known = traits(snapshot)
    customers = sorted(set().union(*known.values()))
    attributes = groups_of(known, customers)
    wrong = np.mean([any(a.verdict.startswith("differs") for a in judge(
        attributes, rng.random(len(customers)) < rng.uniform(0.05, 0.5), quick=True)) for _ in range(TRIALS)])
    rows = [Row(f"{name}: random selections called different, of {TRIALS}", f"{100 * wrong:.1f} %", bar="at most 7.5 %",
                met=bool(wrong <= 0.075))]
    female = np.array([g == "female" for g in attributes["gender"]])
    for ratio in (0.5, 0.7, 0.8):
        found = 0
        for _ in range(TRIALS // 4):
            share = np.where(female, 0.3 * ratio, 0.3)
            chosen = rng.random(len(customers)) < share
            one, = judge({"gender": attributes["gender"]}, chosen, quick=True)
            found += one.verdict.startswith("differs")
        rows.append(Row(f"{name}: women chosen {ratio:g} times as often (30 % of the others): found",
                        f"{100 * found / (TRIALS // 4):.0f} %"))
    return rows


def noise_rows(name: str, snapshot: Snapshot, epsilon: float) -> list[Row]:
    """Revenue and customers by country over several draws: what is missing, and whether the noise is as told."""
    scope = Scope(snapshot)
    rows = [r for r in fetch(scope, grouped(scope, ("revenue",), ("customer", "country"), None, None, labels=False))
            if r["customer"] is not None and r["country"] is not None]
    customers, groups = [r["customer"] for r in rows], [r["country"] for r in rows]
    spent = np.array([float(r["revenue"]) for r in rows])
    low, inside, counts = [], [], []
    for _ in range(DRAWS):
        report = noisy_report(customers, groups, {"revenue": spent}, epsilon, 1)
        found = report.metrics["revenue"]
        for group in report.groups:
            mine = np.array([g == group for g in groups])
            capped = spent[mine].clip(max=found.cap).sum()
            low.append(found.values[group] / spent[mine].sum() - 1)
            inside.append(abs(found.values[group] - capped) <= found.within)
            counts.append(abs(report.metrics["customers"].values[group] / mine.sum() - 1))
    return [
        Row(f"{name}: epsilon {epsilon:g}, revenue by country: median difference from the true figure",
            f"{100 * np.median(low):+.1f} %"),
        Row(f"{name}: epsilon {epsilon:g}, noise within what is told (19 times of 20)",
            f"{100 * np.mean(inside):.1f} %", bar="93 to 97 %", met=bool(0.93 <= np.mean(inside) <= 0.97)),
        Row(f"{name}: epsilon {epsilon:g}, customers by country: median absolute difference",
            f"{100 * np.median(counts):.2f} %"),
    ]
