"""Are the planted kinds of buyers found? Against an oracle that knows every customer's kind when it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import StandardScaler

from assistant.features.behaviour import blocks_of
from assistant.models.segment.behaviour_mixture import BehaviourSegments
from assistant.models.segment.rfm_rules import RFMRules
from benchmarks.customers.segments.shops import SEEDS, demo
from benchmarks.report import Row

#: Planted kinds; the peer is told, ours is not.
KINDS = 8


def planted_rows(folder: Path) -> tuple[list[Row], list[str]]:
    """Adjusted Rand index on demo shops of unseen seeds."""
    found: list[tuple[float, ...]] = []
    notes = []
    for seed in SEEDS:
        frame, kinds = demo(seed, folder)
        model = BehaviourSegments().fit(frame)
        enough = frame["order_count"].to_numpy(float) >= 5
        shares = _shares(frame)
        peer = KMeans(KINDS, n_init=10, random_state=0).fit_predict(shares)
        trained = cross_val_predict(LogisticRegression(C=0.05, max_iter=500), shares, kinds, cv=5)
        values = (adjusted_rand_score(kinds, model.labels_), _oracle(frame, kinds),
                  adjusted_rand_score(kinds, RFMRules().fit(frame).labels_), adjusted_rand_score(kinds, peer),
                  adjusted_rand_score(kinds, trained), adjusted_rand_score(kinds[enough], model.labels_[enough]))
        found.append(values)
        trial = model.trial_
        notes.append(f"Seed {seed}: {len(model.profile_)} kinds chosen (worst Jaccard {trial.worst_jaccard:.3f} when "
                     f"chosen), ARI {values[0]:.3f}, oracle {values[1]:.3f}, ratio {values[0] / values[1]:.3f}."
                     if trial else "")
    ours, oracle, rules, peer_, trained_, many = np.mean(found, axis=0)
    spread = np.std([v[0] / v[1] for v in found], ddof=1)
    ratio = float(np.mean([v[0] / v[1] for v in found]))
    rows = [
        Row("demo shops: ARI with the planted kinds, number of kinds not told", f"{ours:.3f}",
            f"{rules:.3f} (RFM rules)", f"{peer_:.3f} (k-means on shares, told {KINDS})", f"oracle {oracle:.3f}"),
        Row("demo shops: share of the oracle's ARI", f"{100 * ratio:.1f} % ± {100 * spread:.1f}", bar="≥ 90 %",
            met=ratio >= 0.9),
        Row("demo shops: ARI among customers with five orders or more", f"{many:.3f}"),
    ]
    notes.append("The oracle is the same mixture with the shares of each planted kind learnt from the true kinds of "
                 "all customers: it has the true features and number, and assigns from the same orders. A logistic "
                 f"regression trained on the true kinds (five folds, same counts as shares) reaches {trained_:.3f}. "
                 "Customers with one order cannot be told apart by anybody, which is why no figure is near one.")
    return rows, [n for n in notes if n]


def _oracle(frame: pd.DataFrame, kinds: np.ndarray) -> float:
    """The mixture with the planted kinds put in: shares and sizes as they are in truth, then everybody assigned."""
    model = BehaviourSegments(pull=0.0, levelling=1.0)
    model._prepare(frame)
    values = model._values(frame)
    true = (kinds[:, None] == np.unique(kinds)[None]).astype(float)
    return float(adjusted_rand_score(kinds, model._codes(values, model._maximise(values, true))))


def _shares(frame: pd.DataFrame) -> np.ndarray:
    """What a careful analyst would cluster: smoothed log shares of every block, standardised."""
    parts = []
    for block, columns in blocks_of(list(frame.columns)).items():
        counts = frame[columns].to_numpy(float)
        if block == "rhythm":
            parts.append(np.log1p(counts))
            continue
        overall = counts.sum(axis=0) / counts.sum()
        parts.append(np.log((counts + 4 * overall) / (counts.sum(axis=1, keepdims=True) + 4) / overall))
    return np.asarray(StandardScaler().fit_transform(np.hstack(parts)))
