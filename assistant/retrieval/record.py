"""The system of record of embeddings: one SQLite file from which every search structure can be rebuilt.

SQLite with a write-ahead log survived every kill that was tried; the vector database on top did not, so that one
is only a cache (``chroma_cache.py``).
"""

from __future__ import annotations

import sqlite3
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import SnapshotError, StorageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TABLES = """
CREATE TABLE IF NOT EXISTS vectors (
    embedder TEXT NOT NULL, text_hash TEXT NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (embedder, text_hash)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS catalogues (
    fingerprint TEXT NOT NULL, product_id TEXT NOT NULL, text_hash TEXT NOT NULL,
    PRIMARY KEY (fingerprint, product_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS remembered (place INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT NOT NULL UNIQUE);
"""
#: Catalogues remembered; older ones and the vectors that only they used are forgotten.
KEPT_CATALOGUES = 4


class DamagedRecord(SnapshotError):
    """The file is not a whole SQLite database; it can be moved aside and rebuilt from the product texts."""


class EmbeddingRecord:
    """Texts, their hashes and their vectors, by embedder; and which product has which text.

    Args:
        path: the SQLite file; made when absent.

    Raises:
        DamagedRecord: from any method, when the file cannot be trusted.
        StorageError: from any method, when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._connection() as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise DamagedRecord("The store of product embeddings is damaged", received=verdict)
            connection.executescript(_TABLES)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own per use: methods may be called from any thread and process."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=30)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                with connection:
                    yield connection
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            raise StorageError("The store of product embeddings cannot be used", received=error,
                               hint=f"Check free space and permissions of {self.path.parent}.") from error
        except sqlite3.DatabaseError as error:
            raise DamagedRecord("The store of product embeddings is damaged", received=error) from error
        except OSError as error:
            raise StorageError("The folder of the product index cannot be written", received=error) from error

    def vectors(self, embedder: str, hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Stored vectors of the given texts; a vector whose checksum is wrong counts as absent."""
        wanted, found = set(hashes), {}
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT text_hash, vector, checksum FROM vectors WHERE embedder = ?", (embedder,)
            )
            for text_hash, blob, checksum in rows:
                if text_hash in wanted and zlib.crc32(blob) == checksum and len(blob) % 4 == 0:
                    found[text_hash] = np.frombuffer(blob, dtype="<f4")
        return found

    def store(self, embedder: str, texts: Mapping[str, str], vectors: NDArray[np.float32]) -> None:
        """Keep vectors [n, d] of n texts (hash → text, in order) in one transaction."""
        rows = []
        for (text_hash, text), vector in zip(texts.items(), vectors, strict=True):
            blob = np.asarray(vector, dtype="<f4").tobytes()
            rows.append((embedder, text_hash, text, blob, zlib.crc32(blob)))
        with self._connection() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?)", rows)

    def remember(self, fingerprint: str, products: Mapping[str, str]) -> None:
        """Keep which product (id) has which text (hash) in a catalogue, and forget what no kept catalogue uses.

        Called before the vectors are stored, so that another process does not forget them meanwhile.
        """
        with self._connection() as connection:
            connection.execute("INSERT OR REPLACE INTO remembered (fingerprint) VALUES (?)", (fingerprint,))
            connection.executemany(
                "INSERT OR REPLACE INTO catalogues VALUES (?, ?, ?)",
                [(fingerprint, p, h) for p, h in products.items()],
            )
            kept = "SELECT fingerprint FROM remembered ORDER BY place DESC LIMIT ?"
            connection.execute(f"DELETE FROM remembered WHERE fingerprint NOT IN ({kept})", (KEPT_CATALOGUES,))
            connection.execute("DELETE FROM catalogues WHERE fingerprint NOT IN (SELECT fingerprint FROM remembered)")
            connection.execute("DELETE FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM catalogues)")

    def catalogue(
        self, fingerprint: str, embedder: str
    ) -> tuple[list[str], list[str], NDArray[np.float32]]:
        """Product ids [n], texts [n] and vectors [n, d] of a remembered catalogue, ordered by id.

        Raises:
            DamagedRecord: the catalogue is unknown, or a vector is absent or altered.
        """
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT c.product_id, v.text, v.vector, v.checksum FROM catalogues c LEFT JOIN vectors v"
                " ON v.text_hash = c.text_hash AND v.embedder = ? WHERE c.fingerprint = ? ORDER BY c.product_id",
                (embedder, fingerprint),
            ).fetchall()
        if not rows or any(vector is None or zlib.crc32(vector) != checksum for _, _, vector, checksum in rows):
            raise DamagedRecord("The store of product embeddings does not hold this catalogue whole")
        matrix = np.frombuffer(b"".join(r[2] for r in rows), dtype="<f4").reshape(len(rows), -1)
        return [r[0] for r in rows], [r[1] for r in rows], matrix


def set_aside(path: Path) -> Path:
    """Move a damaged record out of the way (the one before it is deleted) and return where it lies now.

    Raises:
        StorageError: the disk refuses.
    """
    aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}")
    try:
        for older in path.parent.glob(f"{path.name}.damaged-*"):
            older.unlink(missing_ok=True)
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError("The damaged store of product embeddings cannot be moved aside", received=error) from error
    return aside
