"""Vectors of texts beside those of products (cleaned names), kept in the same record of embeddings."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import StorageError
from assistant.retrieval.embedders import Embedder
from assistant.retrieval.product_index import RECORD_NAME
from assistant.retrieval.record import DamagedRecord, EmbeddingRecord
from assistant.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)


def embedded(texts: Sequence[str], settings: Settings, embedder: Embedder) -> NDArray[np.float32]:
    """Unit vectors [n, d] of different texts; each is embedded once and kept as long as the list is in use.

    Where the record cannot be used, everything is embedded and nothing kept.
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    mark = hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:16]
    try:
        record = EmbeddingRecord(settings.index_dir / RECORD_NAME)
        record.remember(f"texts-{mark}", dict(zip(hashes, hashes, strict=True)))
        known = record.vectors(embedder.id, hashes)
        missing = {h: text for h, text in zip(hashes, texts, strict=True) if h not in known}
        if missing:
            vectors = embedder.embed(list(missing.values()))
            record.store(embedder.id, missing, vectors)
            known |= dict(zip(missing, vectors, strict=True))
    except (StorageError, DamagedRecord) as error:
        log.warning("vectors of names are not kept: %s", error)
        return embedder.embed(list(texts))
    return np.stack([known[h] for h in hashes])
