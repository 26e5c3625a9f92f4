"""Builds and probes a Chroma directory in a process of its own.

A Chroma store whose writer was killed can crash the process that opens it, so the program itself never writes one and
never opens one that has not been opened here first. Exit codes: 0 whole, 3 not whole, anything else: it crashed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from assistant.retrieval.record import EmbeddingRecord

NOT_WHOLE = 3
#: Products whose own vector is looked up again to verify a store.
SELF_QUERIES = 64
#: Cosine distance within which a product has found itself (float32 rounding, and products with equal texts).
SAME = 1e-3


def client(directory: Path) -> Any:
    """A Chroma client on a directory, without telemetry."""
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(directory), settings=Settings(anonymized_telemetry=False))


def build(record: EmbeddingRecord, fingerprint: str, embedder: str, directory: Path, collection: str) -> None:
    """Write a remembered catalogue into a new directory as one collection with cosine distance."""
    ids, texts, vectors = record.catalogue(fingerprint, embedder)
    opened = client(directory)
    # Vectors are always given: without an explicit None, Chroma would fetch an embedding model of its own.
    target = opened.create_collection(
        collection, embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_search": 200}}
    )
    step = min(2000, opened.get_max_batch_size())
    for start in range(0, len(ids), step):
        end = start + step
        target.add(ids=ids[start:end], embeddings=vectors[start:end], documents=texts[start:end])
    opened.close()


def is_whole(record: EmbeddingRecord, fingerprint: str, embedder: str, directory: Path, collection: str) -> bool:
    """Whether the collection holds every product and finds a spread of them by their own vectors."""
    ids, _, vectors = record.catalogue(fingerprint, embedder)
    opened = client(directory)
    try:
        held = opened.get_collection(collection, embedding_function=None)
        if held.count() != len(ids):
            return False
        rows = np.unique(np.linspace(0, len(ids) - 1, min(SELF_QUERIES, len(ids))).astype(int))
        answer = held.query(query_embeddings=vectors[rows], n_results=1, include=["distances"])
        return all(d and d[0] <= SAME for d in answer["distances"])
    finally:
        opened.close()


def main(arguments: list[str]) -> int:
    """``build|probe RECORD FINGERPRINT EMBEDDER DIRECTORY COLLECTION``."""
    task, record_path, fingerprint, embedder, directory, collection = arguments
    record = EmbeddingRecord(Path(record_path))
    if task == "build":
        build(record, fingerprint, embedder, Path(directory), collection)
    return 0 if is_whole(record, fingerprint, embedder, Path(directory), collection) else NOT_WHOLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
