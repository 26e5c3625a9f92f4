"""A tiny embedder for fast tests: character n-grams hashed into a vector. It knows spelling, not meaning."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.embedders import Done, Embedder, normalised


class HashingEmbedder(Embedder):
    """Counts of hashed character trigrams, normalised. ``embedded`` lists every text ever embedded."""

    def __init__(self, dimension: int = 64, version: str = "1") -> None:
        self._dimension, self._version = dimension, version
        self.embedded: list[str] = []

    @property
    def id(self) -> str:
        return f"hashing-trigrams-{self._dimension}@{self._version}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: Sequence[str], done: Done | None = None) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        vectors = np.zeros((len(texts), self._dimension))
        for row, text in enumerate(texts):
            padded = f"  {text.lower()}  "
            for start in range(len(padded) - 2):
                vectors[row, zlib.crc32(padded[start : start + 3].encode()) % self._dimension] += 1
            if done is not None:
                done(row + 1, len(texts))
        return normalised(vectors)
