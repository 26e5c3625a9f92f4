"""Exact search in memory against Chroma: queries per second and recall, at three sizes."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from assistant.retrieval.catalogue import Catalogue, Product
from assistant.retrieval.chroma_worker import client
from assistant.retrieval.product_index import EXACT_LIMIT, ProductIndex
from benchmarks.report import Row

SIZES = (4_000, 25_000, 200_000)
DIMENSION, QUERIES, REPEATS, K, SEED = 384, 100, 5, 10, 11
#: Vectors per cluster, and how far they lie from its centre (norm of the noise beside a centre of length 1).
PER_CLUSTER, SPREAD = 50, 0.8


def clustered(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors [n, 384] around random centres, and queries drawn around the same centres."""
    rng = np.random.default_rng(SEED)
    centres = rng.normal(size=(size // PER_CLUSTER, DIMENSION)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)

    def around(n: int) -> NDArray[np.float32]:
        noise = rng.normal(size=(n, DIMENSION)).astype(np.float32) * np.float32(SPREAD / np.sqrt(DIMENSION))
        found = centres[rng.integers(0, len(centres), n)] + noise
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    return around(size), around(QUERIES)


def _times(asks: list[NDArray[np.float32]], ask: object) -> float:
    started = time.perf_counter()
    for vector in asks:
        ask(vector)  # type: ignore[operator]
    return (time.perf_counter() - started) / len(asks)


def rows() -> tuple[list[Row], list[str]]:
    """One row per size; both engines in one process, one query at a time, alternating."""
    from assistant.retrieval.embedders import load_embedder

    out = []
    for size in SIZES:
        vectors, asks = clustered(size)
        catalogue = Catalogue([Product(f"P{i:07d}", "x") for i in range(size)])
        exact = ProductIndex(catalogue, vectors, load_embedder(), exact_limit=size)
        with tempfile.TemporaryDirectory() as folder:
            opened = client(Path(folder))
            collection = opened.create_collection(
                "vectors", embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_search": 200}})
            started = time.perf_counter()
            for start in range(0, size, 2_000):
                ids = catalogue.ids[start : start + 2_000]
                collection.add(ids=ids, embeddings=vectors[start : start + 2_000])
            filled = time.perf_counter() - started

            def chroma(vector: NDArray[np.float32], collection: object = collection) -> list[str]:
                answer = collection.query(query_embeddings=[vector], n_results=K, include=["distances"])  # type: ignore[attr-defined]
                return answer["ids"][0]  # type: ignore[no-any-return]

            def scan(vector: NDArray[np.float32], exact: ProductIndex = exact) -> list[str]:
                return [hit.product_id for hit in exact.search(vector, K)]

            found = [len(set(chroma(v)) & set(scan(v))) / K for v in asks]
            taken: dict[str, list[float]] = {"exact": [], "chroma": []}
            with threadpool_limits(1):
                for _ in range(REPEATS):
                    taken["exact"].append(_times(list(asks), scan))
                    taken["chroma"].append(_times(list(asks), chroma))
            opened.close()
        mine, theirs = statistics.median(taken["exact"]), statistics.median(taken["chroma"])
        used = "exact" if size <= EXACT_LIMIT else "chroma"
        faster = "exact" if mine <= theirs else "chroma"
        out.append(Row(
            f"{size:,} vectors: exact queries per second as a multiple of Chroma's",
            f"{theirs / mine:.2f} ({1 / mine:,.0f} per s, recall 1)",
            peer=f"1.00 ({1 / theirs:,.0f} per s, recall@10 {np.mean(found):.3f}, filled at "
                 f"{size / filled:,.0f} per s)",
            bar="the program uses the faster one", met=used == faster))
    notes = [f"Vectors: {DIMENSION} dimensions, unit length, clusters of {PER_CLUSTER}, noise {SPREAD}, seed {SEED}; "
             f"{QUERIES} queries one at a time, one thread, both engines in one process, alternating, median of "
             f"{REPEATS}; Chroma with cosine and ef_search 200, as the program makes it. The program searches exactly "
             f"up to {EXACT_LIMIT:,}."]
    return out, notes
