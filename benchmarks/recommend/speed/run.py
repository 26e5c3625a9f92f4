"""Fit, top-10 for all customers without what they own, and peak memory, against *implicit* behind a quality gate."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from assistant.features.interactions import Interactions, interactions_from_pairs
from assistant.models.recommend.list_measures import list_quality
from assistant.models.registry import RECOMMENDERS
from benchmarks.recommend.own_shops import peers
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import data_set

REPEATS = 5
K = 10
SEED = 0
#: Ours: (name in the registry, parameters). The first settings of the peers' grids take part in the choice as well.
OURS: dict[str, tuple[dict[str, Any], ...]] = {
    "ease": ({"l2": 10.0}, {"l2": 50.0}, {"l2": 300.0}, {"l2": 1000.0}),
    "item_knn": ({"neighbours": 50}, {"neighbours": 200}, {"neighbours": 200, "shrink": 0.0},
                 {"neighbours": 200, "shrink": 100.0}),
    "spectral": ({"factors": 96}, {"factors": 128}, {"factors": 48, "popularity": 0.35},
                 {"factors": 64, "popularity": 0.35}),
}
PEERS = {"implicit ALS": peers.ALS_GRID[:4], "implicit BM25": peers.BM25_GRID[:4]}
_LIMITS = (2_000, 4_000, 8_000)


def run() -> Outcome:
    """All data sets in turn."""
    from threadpoolctl import threadpool_limits

    rows, notes = [], [
        f"One process, 2 threads pinned (threadpoolctl; implicit: its own 2, BLAS 1), alternating order, {REPEATS} "
        "repeats (three on the enlarged data), ratios of medians. Total: fit and top-10 of every customer, "
        "without what was bought.",
        "Quality gate: of each customer with three products or more, a fifth is held out by lot and split in two; "
        "settings (four of each model, in run.py and peers.py) are chosen by nDCG@10 on one half, the gate is nDCG@10 "
        "on the other. The enlarged data use the settings of the data they come from.",
        "Peak memory: the largest resident size of a fresh process that loads the matrix, fits and ranks, less that of "
        "one that only loads it.",
    ]
    with threadpool_limits(2):
        for name, data in both_data().items():
            chosen, gate = tuned(data)
            rows += _gate_rows(name, chosen, gate)
            rows += _timed_rows(name, data, chosen, gate)
            if name == "Online Retail II":
                rows += _timed_rows("Online Retail II, 10 × the customers", enlarged(data, 10), chosen, gate, 3)
        rows += _limits()
    return Outcome("Speed of recommendations", rows, "Online Retail II (all customers); ML-1M pairs (NCF training part)"
                   "; tenfold: every customer ten times, each copy with a fifth of the products swapped by popularity",
                   str(SEED), ("numpy", "scipy", "implicit", "threadpoolctl"), notes)


def both_data() -> dict[str, Interactions]:
    """Purchases of Online Retail II and the pairs of ML-1M."""
    import pyarrow.parquet as pq

    from assistant.data.load import load
    from assistant.data.warehouse import open_snapshot
    from assistant.features.interactions import interactions
    from assistant.settings import load_settings

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder))
        load([data_set("online_retail_ii", "online_retail_ii.parquet")], settings)
        shop = interactions(open_snapshot(settings.snapshots_dir))
    pairs = pq.read_table(data_set("movielens", "ncf_ml1m", "ml-1m.train_pairs_reconstructed.parquet"))
    users, items = (pairs.column(i).cast("string") for i in (0, 1))
    return {"Online Retail II": shop, "ML-1M": interactions_from_pairs(users, items)}


def enlarged(data: Interactions, times: int) -> Interactions:
    """Every customer ``times`` times; in copies a fifth of the products is swapped for ones drawn by popularity."""
    from scipy.sparse import csr_array, vstack

    rng = np.random.default_rng(SEED)
    parts = [data.matrix]
    for _ in range(times - 1):
        columns = data.matrix.indices.copy()
        swapped = rng.random(len(columns)) < 0.2
        columns[swapped] = rng.choice(data.matrix.indices, swapped.sum())
        owner = np.repeat(np.arange(data.n_users), np.diff(data.matrix.indptr))
        part = csr_array((np.ones(len(columns), np.float32), (owner, columns)), shape=data.matrix.shape)
        part.sum_duplicates()
        parts.append(part)
    return of_matrix(csr_array(vstack(parts, format="csr")), data)


def of_matrix(matrix: Any, like: Interactions) -> Interactions:
    """Interactions with this matrix (float32, indices sorted) on the products of ``like``."""
    from scipy.sparse import csr_array

    users = np.array([f"U{u:07d}" for u in range(matrix.shape[0])], dtype=object)
    days = np.zeros(matrix.nnz, dtype=np.int32)
    back = csr_array(matrix.shape, dtype=bool)
    return Interactions(matrix.astype(np.float32), users, like.item_ids, days, days, back, like.until)


# -- quality -----------------------------------------------------------------------------------------------------------


def tuned(
    data: Interactions, seed: int = SEED, grids: dict[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, float]]:
    """The best setting of each model on one half of what was held out, and its nDCG on the other.

    Args:
        seed: of the lot that holds out. grids: settings by model; those of this benchmark where none are given.
    """
    rng = np.random.default_rng(seed)
    matrix = data.matrix
    lengths = np.diff(matrix.indptr)
    owner = np.repeat(np.arange(data.n_users), lengths)
    out = (rng.random(matrix.nnz) < 0.2) & (lengths[owner] >= 3)
    half = rng.random(matrix.nnz) < 0.5
    from scipy.sparse import csr_array

    kept = csr_array((matrix.data[~out], (owner[~out], matrix.indices[~out])), shape=matrix.shape)
    train = of_matrix(kept, data)
    validation, test = (_truth(owner, matrix.indices, out & part, data.n_users) for part in (half, ~half))
    chosen, gate = {}, {}
    for name, grid in (grids or {**OURS, **PEERS}).items():
        scored = []
        for setting in grid:
            lists = _lists(name, _fit(name, setting, train), train)
            scored.append((_quality(lists, validation), _quality(lists, test), setting))
        _, gate[name], chosen[name] = max(scored, key=lambda s: s[0])
    return chosen, gate


def _truth(owner: np.ndarray, items: np.ndarray, part: np.ndarray, users: int) -> list[np.ndarray]:
    ends = np.cumsum(np.bincount(owner[part], minlength=users))
    return np.split(items[part], ends[:-1])


def _quality(lists: np.ndarray, truth: list[np.ndarray]) -> float:
    asked = [i for i, right in enumerate(truth) if len(right)]
    return float(list_quality(lists[asked], [truth[i] for i in asked])[1].mean())


def _fit(name: str, setting: Any, data: Interactions) -> Any:
    if name in PEERS:
        return peers.make(name, setting, data)
    return RECOMMENDERS[name].make(**setting).fit(data)


def _lists(name: str, model: Any, data: Interactions) -> np.ndarray:
    everybody = np.arange(data.n_users)
    if name in PEERS:
        return model.recommend(everybody, peers.matrix_of(data), N=K, filter_already_liked_items=True)[0]
    return model.top(model.rows_at(everybody), K)[0]


def _gate_rows(name: str, chosen: dict[str, Any], gate: dict[str, float]) -> list[Row]:
    best = max(PEERS, key=lambda n: gate[n])
    return [Row(f"{name}: quality gate, nDCG@{K}, {ours} {chosen[ours]}", f"{gate[ours]:.4f}",
                peer=f"{best} {chosen[best]} {gate[best]:.4f}", bar="≥ peer", met=gate[ours] >= gate[best])
            for ours in OURS]


# -- time and memory ---------------------------------------------------------------------------------------------------


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = work()
    return time.perf_counter() - started, made


def _timed_rows(
    title: str, data: Interactions, chosen: dict[str, Any], gate: dict[str, float], repeats: int = REPEATS
) -> list[Row]:
    names = [*OURS, *PEERS]
    fits: dict[str, list[float]] = {n: [] for n in names}
    tops: dict[str, list[float]] = {n: [] for n in names}
    for turn in range(repeats):
        for name in names if turn % 2 == 0 else names[::-1]:
            fit, model = _seconds(partial(_fit, name, chosen[name], data))
            top, _ = _seconds(partial(_lists, name, model, data))
            fits[name].append(fit)
            tops[name].append(top)
            del model
    memory = {n: _memory(n, chosen[n], data) for n in names}
    rows = []
    shape = f"{title} ({data.n_users:,} × {data.n_items:,}, {data.matrix.nnz:,} pairs)"
    for ours in OURS:
        for peer in PEERS:
            if gate[ours] < gate[peer]:
                continue  # a faster worse model is no claim
            for what, seconds in (("fit", fits), ("top-10 of all", tops), ("total", None)):
                mine, other = (_median(fits[n], tops[n]) if seconds is None else statistics.median(seconds[n])
                               for n in (ours, peer))
                spread = f"{other / mine:.2f} × ({mine:.2f} s)"
                rows.append(Row(f"{shape}: {what}, {ours} against {peer}", spread, peer=f"1.00 × ({other:.2f} s)",
                                bar="≥ 5 ×", met=other / mine >= 5))
            rows.append(Row(f"{shape}: peak memory, {ours} against {peer}", f"{memory[ours]:,.0f} MiB",
                            peer=f"{memory[peer]:,.0f} MiB"))
    return rows


def _median(fits: list[float], tops: list[float]) -> float:
    return statistics.median(a + b for a, b in zip(fits, tops, strict=True))


def _memory(name: str, setting: Any, data: Interactions) -> float:
    """MiB that fitting and ranking add to the peak of a process that has the matrix."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.npz"
        matrix = data.matrix
        np.savez(path, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr, shape=matrix.shape)
        peaks = []
        for model in ("", name):
            code = "from benchmarks.recommend.speed.run import peak; peak()"
            done = subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(path), model, json.dumps(setting)],
                                  capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
                                  env={**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"})
            peaks.append(float(done.stdout.split()[-1]))
    return peaks[1] - peaks[0]


def peak() -> None:
    """In a process of its own: load, fit and rank what the arguments say, print the peak in MiB."""
    import implicit.als  # noqa: F401  both sides carry the same imports
    import implicit.nearest_neighbours  # noqa: F401
    import scipy.linalg
    from scipy.sparse import csr_array

    path, name, setting = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    stored = np.load(path)
    matrix = csr_array((stored["data"], stored["indices"], stored["indptr"]), shape=tuple(stored["shape"]))
    like = interactions_from_pairs(["A"], ["X"])
    items = np.array([f"I{i:06d}" for i in range(matrix.shape[1])], dtype=object)
    data = of_matrix(matrix, Interactions(matrix, like.user_ids, items, like.first_days, like.last_days,
                                          like.returned, like.until))
    if name:
        _lists(name, _fit(name, tuple(setting) if isinstance(setting, list) else setting, data), data)
    assert scipy.linalg is not None
    status = Path("/proc/self/status").read_text()  # ru_maxrss would carry over the size of the parent
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def _limits() -> list[Row]:
    """Time and memory of dense EASE by size of catalogue, and what the default limit costs by that."""
    from scipy.sparse import random_array

    from assistant.models.recommend.ease import EASE

    rng, rows, last = np.random.default_rng(SEED), [], 0.0
    like = interactions_from_pairs(["A"], ["X"])
    for items in _LIMITS:
        matrix = random_array((5_000, items), density=100 / items, format="csr", dtype=np.float32, rng=rng)
        matrix.sort_indices()
        ids = np.array([f"I{i:06d}" for i in range(items)], dtype=object)
        data = of_matrix(matrix, Interactions(matrix, like.user_ids, ids, like.first_days, like.last_days,
                                              like.returned, like.until))
        last = statistics.median(_seconds(partial(EASE(l2=100.0).fit, data))[0] for _ in range(3))
        size = items**2 * 4 / 2**20
        rows.append(Row(f"dense EASE, {items:,} products: fit", f"{last:.2f} s, weights {size:,.0f} MiB"))
    limit = EASE().max_items
    rows.append(Row(f"dense EASE, {limit:,} products (the limit set; above it the tail gets item-kNN weights)",
                    f"about {last * (limit / _LIMITS[-1]) ** 3:.0f} s by the cube, "
                    f"{2 * limit**2 * 4 / 2**20:,.0f} MiB while fitting"))
    return rows
