"""A million customers: ours against scikit-learn's KMeans on the same arrays, time and memory as ratios."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.report import Row

CUSTOMERS, GROUPS, REPEATS, SEED = 1_000_000, 5, 5, 11


def customers(n: int = CUSTOMERS) -> pd.DataFrame:
    """Six kinds of customers whose recency, orders and money overlap, as in a shop."""
    rng = np.random.default_rng(SEED)
    kind = rng.choice(6, n, p=[0.3, 0.22, 0.18, 0.14, 0.1, 0.06])
    days = rng.gamma(2.0, np.array([150, 60, 20, 220, 8, 90])[kind])
    orders = 1 + rng.poisson(np.array([0.1, 1.5, 5, 4, 22, 12])[kind])
    money = orders * rng.lognormal(np.array([3.2, 3.6, 3.9, 4.0, 4.2, 5.5])[kind], 0.6)
    return pd.DataFrame({"days_since_last_order": np.round(days), "order_count": orders, "monetary_value": money})


def million_rows() -> tuple[list[Row], list[str]]:
    """Time on alternating runs in this process; peak memory each in a process of its own."""
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    from assistant.models.segment.kmeans import KMeansSegments

    frame = customers()
    model = KMeansSegments(k=GROUPS, rounds=1)
    model._prepare(frame)
    values = model._values(frame)
    ours, peer, quality, batches = [], [], [], []
    with threadpool_limits(2):
        for turn in range(REPEATS):
            started = time.perf_counter()
            centres = model._learn(values, GROUPS, turn, 4)
            codes = model._codes(values, centres)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            other = KMeans(GROUPS, n_init=10, random_state=turn).fit(values)
            peer.append(time.perf_counter() - started)
            inertia = float(((values - centres[codes]) ** 2).sum())
            quality.append(inertia / other.inertia_)
            started = time.perf_counter()
            small = MiniBatchKMeans(GROUPS, n_init=4, batch_size=8192, random_state=turn).fit(values)
            batches.append((time.perf_counter() - started, small.inertia_ / other.inertia_))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.npy"
        np.save(path, values)
        memory = {way: _peak(way, path) for way in ("ours", "peer", "nothing")}
    own, theirs = (max(memory[w] - memory["nothing"], 1.0) for w in ("ours", "peer"))
    ratios = sorted(p / o for o, p in zip(ours, peer, strict=True))
    ratio, spread = statistics.median(ratios), f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    rows = [
        Row("1 M customers: time, scikit-learn KMeans (10 starts) : ours", f"{ratio:.1f} × faster ({spread})",
            bar="> 1", met=ratio > 1),
        Row("1 M customers: peak memory above the data, scikit-learn KMeans : ours", f"{theirs / own:.2f} ×", bar="≥ 1",
            met=theirs >= own),
        Row("1 M customers: sum of squares within groups, ours : scikit-learn", f"{statistics.median(quality):.4f}",
            bar="≤ 1.02", met=statistics.median(quality) <= 1.02),
    ]
    seconds = f"{statistics.median(ours):.2f} s and {statistics.median(peer):.2f} s here"
    return rows, [f"1 M customers, {GROUPS} groups, three columns, {REPEATS} alternating runs, 2 threads for the peer "
                  f"and 1 for ours; a batch of 50,000 with 4 starts against 10 full starts; medians {seconds}; "
                  f"scikit-learn's MiniBatchKMeans {statistics.median(b[0] for b in batches):.2f} s at "
                  f"{statistics.median(b[1] for b in batches):.3f} times the sum of squares; peak memory "
                  f"above that of loading the data: {own:.0f} and {theirs:.0f} MiB."]


def _peak(way: str, path: Path) -> float:
    """MiB of peak resident memory of one run in its own process."""
    done = subprocess.run([sys.executable, "-m", __name__, way, str(path)], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["mib"])


def _alone(way: str, path: str) -> None:
    from sklearn.cluster import KMeans

    from assistant.models.segment.kmeans import KMeansSegments

    model, values = KMeansSegments(k=GROUPS, rounds=1), np.load(path)
    if way == "ours":
        model._codes(values, model._learn(values, GROUPS, 0, 4))
    elif way == "peer":
        KMeans(GROUPS, n_init=10, random_state=0).fit(values)
    print(json.dumps({"mib": _peak_of_this_process()}))


def _peak_of_this_process() -> float:
    """MiB; getrusage would count the parent's peak, which a child inherits."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return float(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    _alone(sys.argv[1], sys.argv[2])
