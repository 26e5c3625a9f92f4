"""Does what is proposed come out again? Graded on resamples that chose nothing; HDBSCAN beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import HDBSCAN

from assistant.features.behaviour import behaviour
from assistant.models.segment.behaviour_mixture import BehaviourSegments
from assistant.models.segment.choice import BestFound, finder_of
from assistant.models.segment.rfm_rules import RFMRules
from assistant.models.segment.stability import STABLE, bootstrap_stability
from benchmarks.customers.segments.shops import SEEDS, cdnow, demo, online_retail
from benchmarks.report import Row

if TYPE_CHECKING:
    import pandas as pd

    from assistant.models.segment.base import Segmenter

#: Refits and customers that grade a proposal, and the seed of their resamples (the choice uses seed 0).
ROUNDS, GRADED, SEED = 30, 10_000, 77
#: HDBSCAN: smallest groups tried, as shares of the customers graded, and refits.
SMALLEST, HDBSCAN_ROWS, HDBSCAN_ROUNDS = (0.01, 0.02, 0.05), 4000, 8


def stability_rows(folder: Path) -> tuple[list[Row], list[str]]:
    """One row per shop and way to find segments."""
    retail = behaviour(online_retail(folder))
    shop = demo(SEEDS[0], folder)[0]
    rows, notes = [], []
    for name, frame, makers in (("CDNOW", cdnow(), (BestFound,)), ("Online Retail II", retail, (BestFound,
                                BehaviourSegments)), (f"demo shop {SEEDS[0]}", shop, (BestFound, BehaviourSegments))):
        rules = _graded(RFMRules().fit(frame), frame)
        for make in makers:
            model = make().fit(frame)
            worst, same = _graded(model, frame)
            finder = finder_of(model)
            trial = finder.trial_ if finder is not None else None
            stable = trial is not None and trial.stable
            method = model.chosen_ if isinstance(model, BestFound) else "kinds of buyers"
            rows.append(Row(
                f"{name}: {method}, {len(model.profile_)} segments: worst Jaccard (name agreement)",
                f"{worst:.3f} ({same:.2f})", f"{rules[0]:.3f} ({rules[1]:.2f}, RFM rules)",
                _hdbscan(model, frame) if isinstance(model, BestFound) else "–", f"≥ {STABLE}",
                worst >= STABLE if stable else None))
            if not stable:
                notes.append(f"{name}, {method}: no number of segments was stable when tried, and the answer says so; "
                             "the most stable one is shown.")
    notes.append(f"Stability: {ROUNDS} refits on at most {GRADED:,} customers, other resamples than those that chose "
                 f"the number. Peer: HDBSCAN on the same logged and scaled values ({HDBSCAN_ROWS:,} customers), "
                 f"smallest group {', '.join(f'{100 * s:g} %' for s in SMALLEST)} tried and the one that leaves fewest "
                 "customers out shown: share left in no group, number of groups, worst Jaccard.")
    return rows, notes


def _graded(model: Segmenter, frame: pd.DataFrame) -> tuple[float, float]:
    """Worst Jaccard and worst name agreement."""
    part = frame.sample(min(len(frame), GRADED), random_state=SEED)

    def refit(sample: pd.DataFrame, seed: int) -> Any:
        if hasattr(model, "refit_on"):
            return model.refit_on(sample, seed)
        return type(model)(**model.parameters()).fit(sample).predict

    held = bootstrap_stability(part, model.predict(part), refit, ROUNDS, SEED)
    return min(s.jaccard for s in held.values()), min(s.same_name for s in held.values())


def _hdbscan(model: BestFound, frame: pd.DataFrame) -> str:
    """HDBSCAN of the same values: customers in no group, groups, worst Jaccard of a group."""
    part = frame.sample(min(len(frame), HDBSCAN_ROWS), random_state=SEED)
    values = model.best_._values(part)
    rng = np.random.default_rng(SEED)
    values = values + rng.normal(0, 1e-4, values.shape)  # equal customers would make cells of no size
    tried = []
    for share in SMALLEST:
        size = max(5, int(share * len(values)))
        labels = HDBSCAN(min_cluster_size=size, copy=True).fit_predict(values)
        tried.append((float((labels < 0).mean()), size, labels))
    left, size, labels = min(tried, key=lambda t: t[0])
    groups = int(labels.max()) + 1
    if groups < 1:
        return "HDBSCAN: no group at all"
    worst = np.zeros((HDBSCAN_ROUNDS, groups))
    for turn in range(HDBSCAN_ROUNDS):
        chosen = np.unique(rng.integers(len(values), size=len(values)))
        again = HDBSCAN(min_cluster_size=max(5, int(size * len(chosen) / len(values))), copy=True).fit_predict(
            values[chosen])
        for g in range(groups):
            mine = labels[chosen] == g
            worst[turn, g] = max((np.sum(mine & (again == h)) / max(np.sum(mine | (again == h)), 1)
                                  for h in range(int(again.max()) + 1)), default=0.0)
    return f"HDBSCAN: {100 * left:.0f} % in no group, {groups} groups, {worst.mean(axis=0).min():.2f}"
