"""The 8-bit embedder against full precision: texts per second, time of one query, agreement."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.embedders import Embedder, load_embedder
from assistant.retrieval.int8_embedder import Int8Embedder
from benchmarks.report import Row

TEXTS, QUERIES, REPEATS, SEED = 1_000, 60, 5, 5


def _throughput(embedder: Embedder, texts: Sequence[str]) -> float:
    started = time.perf_counter()
    embedder.embed(texts)
    return len(texts) / (time.perf_counter() - started)


def _latency(embedder: Embedder, queries: Sequence[str]) -> float:
    taken = []
    for query in queries:
        started = time.perf_counter()
        embedder.embed([query])
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def rows(names: Sequence[str], queries: Sequence[str]) -> list[Row]:
    """Titles of products and what people typed, drawn at random; alternating, median of five."""
    rng = np.random.default_rng(SEED)
    texts = [names[i] for i in rng.choice(len(names), TEXTS, replace=False)]
    asked = [queries[i] for i in rng.choice(len(queries), QUERIES, replace=False)]
    fast, full = Int8Embedder(), load_embedder()
    one: NDArray[np.float32] = fast.embed(texts)
    cosines = np.sum(one * full.embed(texts), axis=1)
    rates: dict[str, list[float]] = {"fast": [], "full": []}
    waits: dict[str, list[float]] = {"fast": [], "full": []}
    for _ in range(REPEATS):
        for name, embedder in (("fast", fast), ("full", full)):
            rates[name].append(_throughput(embedder, texts))
            waits[name].append(_latency(embedder, asked))
    quick, slow = (statistics.median(rates[n]) for n in ("fast", "full"))
    short, long = (statistics.median(waits[n]) for n in ("fast", "full"))
    return [
        Row("embedding, texts per second: 8 bits as a multiple of full precision",
            f"{quick / slow:.2f} ({quick:,.0f} per s)",
            peer=f"1.00 (torch fp32, {slow:,.0f} per s)", bar="> 1", met=quick > slow),
        Row("embedding one query, p50: full precision as a multiple of 8 bits", f"{long / short:.2f} ({short:.2f} ms)",
            peer=f"1.00 ({long:.2f} ms)", bar="> 1", met=long > short),
        Row(f"cosine of 8 bits with full precision on {TEXTS:,} titles, mean / least",
            f"{cosines.mean():.4f} / {cosines.min():.4f}", bar="≥ .99", met=bool(cosines.min() >= 0.99)),
    ]
