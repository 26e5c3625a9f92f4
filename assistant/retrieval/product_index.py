"""Nearest products by vector: embeddings from the record, exact search in memory, Chroma for large catalogues."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.errors import StorageError, UnknownName
from assistant.plans.desk import Progress
from assistant.retrieval.catalogue import Catalogue, read_catalogue
from assistant.retrieval.choose_embedder import choose_embedder
from assistant.retrieval.chroma_cache import ChromaCache, collection_name
from assistant.retrieval.embedders import Embedder
from assistant.retrieval.record import DamagedRecord, EmbeddingRecord, set_aside
from assistant.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

#: Up to this many products an exact scan in memory is faster than Chroma (crossover measured at 20–25 thousand).
EXACT_LIMIT = 25_000
RECORD_NAME = "embeddings-1.sqlite"
#: Texts embedded between two commits: what an interrupt may lose.
CHUNK = 512


@dataclass(frozen=True)
class Hit:
    """A product and its cosine similarity (−1 to 1)."""

    product_id: str
    score: float


@dataclass(frozen=True)
class Notice:
    """Something the person should know about the index. Codes: embedded, record_rebuilt, cache_rebuilt, cache_failed,
    in_memory, full_precision."""

    code: str
    message: str


class ProductIndex:
    """Vectors of one catalogue, ready to be searched.

    Made by :func:`open_index`. Search is exact until the Chroma store is ready, and always for up to ``exact_limit``
    products or candidates. Safe to use from several threads.

    Attributes:
        catalogue: the products, in the order of the rows of ``vectors``.
        vectors: float32 [n, d], rows of length 1.
        embedder: turns a query text into a vector.
    """

    def __init__(
        self, catalogue: Catalogue, vectors: NDArray[np.float32], embedder: Embedder, *,
        exact_limit: int = EXACT_LIMIT, cache: ChromaCache | None = None, notices: Sequence[Notice] = (),
    ) -> None:
        self.catalogue, self.vectors, self.embedder, self.exact_limit = catalogue, vectors, embedder, exact_limit
        self._cache = cache
        self._collection: Any = None
        self._notices = list(notices)
        self._thread: threading.Thread | None = None
        self._memory: dict[object, Any] = {}
        self._memory_lock = threading.Lock()
        if cache is not None:
            weakref.finalize(self, cache.close)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What happened while opening; later ones come from the background."""
        return tuple(self._notices)

    @property
    def engine(self) -> str:
        """What answers an unfiltered search now: ``exact`` or ``chroma``."""
        return "chroma" if self._collection is not None and len(self.catalogue) > self.exact_limit else "exact"

    def vector(self, product_id: str) -> NDArray[np.float32]:
        """The vector [d] of a product.

        Raises:
            UnknownName: the catalogue has no such product.
        """
        row = self.catalogue.position.get(product_id)
        if row is None:
            raise UnknownName("There is no product with this id in the index", received=product_id)
        return self.vectors[row]

    def embed(self, text: str) -> NDArray[np.float32]:
        """The vector [d] of a query text."""
        return self.embedder.embed([text])[0]

    def search(
        self, query: str | NDArray[np.float32], k: int = 10, where: NDArray[np.bool_] | None = None
    ) -> list[Hit]:
        """The k most similar products, best first; equal scores in order of id.

        Args:
            query: a text, or a vector [d] of length 1.
            where: boolean [n] in catalogue order; only true rows may be found.
        """
        vector = self.embed(query) if isinstance(query, str) else np.asarray(query, dtype=np.float32)
        rows = None if where is None else np.flatnonzero(where)
        allowed = len(self.catalogue) if rows is None else len(rows)
        k = min(k, allowed)
        if k <= 0:
            return []
        if self._collection is not None and allowed > self.exact_limit:
            return self._search_chroma(vector, k, where)
        scores = self.vectors @ vector if rows is None else self.vectors[rows] @ vector
        kept = np.argpartition(-scores, k - 1)[:k] if k < allowed else np.arange(allowed)
        kept = np.flatnonzero(scores >= scores[kept].min()) if k < allowed else kept
        kept = kept[np.lexsort((kept, -scores[kept]))][:k]
        return [Hit(self.catalogue.ids[i if rows is None else rows[i]], float(scores[i])) for i in kept]

    def _search_chroma(self, vector: NDArray[np.float32], k: int, where: NDArray[np.bool_] | None) -> list[Hit]:
        wanted, position = k, self.catalogue.position
        while True:
            answer = self._collection.query(
                query_embeddings=[vector], n_results=min(wanted, len(self.catalogue)), include=["distances"]
            )
            pairs = zip(answer["ids"][0], answer["distances"][0], strict=True)
            hits = [Hit(i, 1.0 - float(d)) for i, d in pairs if where is None or where[position[i]]]
            if len(hits) >= k or wanted >= len(self.catalogue):
                return sorted(hits, key=lambda h: (-h.score, position[h.product_id]))[:k]
            wanted *= 4

    def remembered(self, key: object, make: Callable[[], Any]) -> Any:
        """A value derived from this index and ``key``, computed once (the eight last keys are kept)."""
        with self._memory_lock:
            if key not in self._memory:
                while len(self._memory) >= 8:
                    self._memory.pop(next(iter(self._memory)))
                self._memory[key] = make()
            return self._memory[key]

    def warm(self) -> None:
        """Load the embedder now, so that the first question does not wait for it."""
        self.embed("warm up")

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the background work on the Chroma store to end."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """Stop background work. Searching stays possible."""
        if self._cache is not None:
            self._cache.close()
        self.wait()

    def start_maintenance(self) -> None:
        """Check the Chroma store in the background; rebuild it when it is absent, outdated or damaged."""
        self._thread = threading.Thread(target=self._maintain, name="product-index", daemon=True)
        self._thread.start()

    def _maintain(self) -> None:
        assert self._cache is not None
        try:
            self._refresh_cache(self._cache)
        except StorageError as error:
            self._notices.append(Notice("cache_failed", f"The vector store could not be written: {error}"))
            log.warning("the Chroma store could not be written: %s", error)

    def _refresh_cache(self, cache: ChromaCache) -> None:
        fingerprint, embedder = self.catalogue.fingerprint, self.embedder.id
        state = cache.state(collection_name(embedder, fingerprint))
        needed = len(self.catalogue) > self.exact_limit
        if state == "current" and not (cache.probe() if needed else cache.is_untouched()):
            state = "damaged"
        if state != "current":
            built = cache.build(fingerprint, embedder, len(self.catalogue))
            if state == "damaged" and built:
                self._notices.append(Notice(
                    "cache_rebuilt",
                    "The vector store of products was damaged; it was rebuilt from the stored embeddings.",
                ))
            if not built:
                return
        if needed and cache.probe():
            self._collection = cache.open()


def open_index(
    snapshot: Snapshot, settings: Settings, embedder: Embedder | None = None, progress: Progress | None = None,
    *, exact_limit: int = EXACT_LIMIT,
) -> ProductIndex:
    """Open the product index of a snapshot; texts that were never embedded are embedded first.

    The record of embeddings is read or made in ``settings.index_dir``. When that folder cannot be written, the index
    lives in memory, and a notice says so. The Chroma store is checked and built in the background.

    Args:
        embedder: default the one that the settings name, in 8 bits where that is as good.
        progress: told about embedding.
        exact_limit: most products for which the exact scan is preferred to Chroma.

    Raises:
        MissingData: the data have no product names.
        ModelUnavailable: the embedder cannot be loaded.
    """
    catalogue = read_catalogue(snapshot)
    notices: list[Notice] = []
    if embedder is None:
        embedder, reason = choose_embedder(settings)
        notices += [Notice("full_precision", reason)] if reason else []
    path = settings.index_dir / RECORD_NAME
    try:
        try:
            vectors = _fill(EmbeddingRecord(path), catalogue, embedder, progress, notices)
        except DamagedRecord as error:
            log.warning("%s", error)
            aside = set_aside(path)
            notices.append(Notice(
                "record_rebuilt",
                f"The store of product embeddings was damaged; it was rebuilt, and the old file kept as {aside.name}.",
            ))
            vectors = _fill(EmbeddingRecord(path), catalogue, embedder, progress, notices)
    except StorageError as error:
        log.warning("the product index stays in memory: %s", error)
        notices.append(Notice("in_memory", f"The product index is kept in memory only. {error}"))
        vectors = _fill(None, catalogue, embedder, progress, notices)
        return ProductIndex(catalogue, vectors, embedder, notices=notices, exact_limit=exact_limit)
    cache = ChromaCache(settings.index_dir / "chroma", path)
    index = ProductIndex(catalogue, vectors, embedder, cache=cache, notices=notices, exact_limit=exact_limit)
    index.start_maintenance()
    return index


def _fill(
    record: EmbeddingRecord | None, catalogue: Catalogue, embedder: Embedder, progress: Progress | None,
    notices: list[Notice],
) -> NDArray[np.float32]:
    """Vectors [n, d] of the catalogue, each different text embedded once and kept in the record as soon as it is."""
    texts = {p.text_hash: p.text for p in catalogue.products}
    if record is not None:
        record.remember(catalogue.fingerprint, {p.product_id: p.text_hash for p in catalogue.products})
    known = record.vectors(embedder.id, list(texts)) if record is not None else {}
    missing = sorted(texts.keys() - known.keys(), key=lambda h: (len(texts[h]), h))
    for start in range(0, len(missing), CHUNK):
        chunk = {h: texts[h] for h in missing[start : start + CHUNK]}

        def tell(done: int, _: int, start: int = start) -> None:
            if progress is not None:
                progress("Reading product names", (start + done) / len(missing))

        vectors = embedder.embed(list(chunk.values()), tell)
        known.update(zip(chunk, vectors, strict=True))
        if record is not None:
            record.store(embedder.id, chunk, vectors)
    if missing:
        notices.append(Notice("embedded", f"{len(missing):,} product texts were embedded."))
    return np.stack([known[p.text_hash] for p in catalogue.products])
