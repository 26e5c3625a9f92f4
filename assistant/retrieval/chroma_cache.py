"""The Chroma store: a cache that is built aside, verified, switched in by a pointer, and can be lost at any time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import assistant
from assistant.data.warehouse import write_atomically
from assistant.errors import StorageError

log = logging.getLogger(__name__)

POINTER = "current.json"
WORKER_SECONDS = 900

State = Literal["current", "absent", "outdated", "damaged"]


@dataclass(frozen=True)
class Pointer:
    """Which directory holds which collection; ``files`` maps each file to size and SHA-256 as built."""

    directory: str
    collection: str
    fingerprint: str
    embedder: str
    count: int
    files: dict[str, tuple[int, str]]
    previous: str | None = None


def collection_name(embedder: str, fingerprint: str) -> str:
    """Collection name that carries embedder id and catalogue fingerprint, within Chroma's 3–512 allowed characters."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", embedder).strip("._-")[:400]
    return f"products-{slug or 'embedder'}-{fingerprint}"


class ChromaCache:
    """One shop's Chroma directories below ``folder``.

    Args:
        folder: holds one directory per build and the pointer.
        record_path: the SQLite record that every build reads.
    """

    def __init__(self, folder: Path, record_path: Path) -> None:
        self.folder, self.record_path = folder, record_path
        self._worker: subprocess.Popen[bytes] | None = None
        self._closed = False

    def pointer(self) -> Pointer | None:
        """What the pointer says; None when there is none or it cannot be read."""
        try:
            stored = json.loads((self.folder / POINTER).read_text(encoding="utf-8"))
            stored["files"] = {name: (int(size), str(digest)) for name, (size, digest) in stored["files"].items()}
            return Pointer(**stored)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def state(self, collection: str) -> State:
        """Compare pointer and files with what is wanted, without opening the store."""
        pointer = self.pointer()
        if pointer is None:
            return "damaged" if (self.folder / POINTER).exists() else "absent"
        if pointer.collection != collection:
            return "outdated"
        directory = self.folder / pointer.directory
        if any(not (directory / name).is_file() for name in pointer.files):
            return "damaged"
        return "current"

    def is_untouched(self) -> bool:
        """Whether every file is byte for byte as it was built (true until somebody opens the store)."""
        pointer = self.pointer()
        return pointer is not None and _digests(self.folder / pointer.directory) == pointer.files

    def probe(self) -> bool:
        """Open the current store in another process and look up some products. False when that fails or crashes."""
        pointer = self.pointer()
        if pointer is None:
            return False
        return self._run("probe", pointer.fingerprint, pointer.embedder, self.folder / pointer.directory,
                         pointer.collection)

    def build(self, fingerprint: str, embedder: str, count: int) -> bool:
        """Build into a new directory, verify it in two processes, switch the pointer, keep the one before.

        Returns:
            False when another process is building, when this cache was closed meanwhile, or when the result did not
            verify; the old pointer then stays.

        Raises:
            StorageError: the disk refuses.
        """
        collection = collection_name(embedder, fingerprint)
        with _lock(self.folder) as free:
            if not free or self._closed:
                return False
            before = self.pointer()
            self._sweep({before.directory} if before else set())
            name = f"build-{uuid.uuid4().hex[:12]}"
            directory = self.folder / name
            arguments = (fingerprint, embedder, directory, collection)
            if not self._run("build", *arguments):
                shutil.rmtree(directory, ignore_errors=True)
                return False
            files = _digests(directory)
            copy = self.folder / f"{name}.probe"  # opening may write: what is probed is a copy of what is kept
            shutil.copytree(directory, copy)
            whole = self._run("probe", fingerprint, embedder, copy, collection)
            shutil.rmtree(copy, ignore_errors=True)
            if not whole:
                shutil.rmtree(directory, ignore_errors=True)
                return False
            previous = before.directory if before else None
            pointer = Pointer(name, collection, fingerprint, embedder, count, files, previous)
            write_atomically(self.folder / POINTER, json.dumps(asdict(pointer), indent=1))
            self._sweep({name, previous})
            return True

    def open(self) -> Any:
        """The current collection. Call only after :meth:`probe` said yes."""
        from assistant.retrieval.chroma_worker import client

        pointer = self.pointer()
        if pointer is None:
            raise StorageError("There is no product index to open", received=self.folder)
        return client(self.folder / pointer.directory).get_collection(pointer.collection, embedding_function=None)

    def close(self) -> None:
        """Stop a running worker; its half-built directory is swept by the next build."""
        self._closed = True
        worker = self._worker
        if worker is not None and worker.poll() is None:
            worker.kill()
            worker.wait()

    def _sweep(self, keep: set[str | None]) -> None:
        for path in self.folder.glob("build-*"):
            if path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)

    def _run(self, task: str, fingerprint: str, embedder: str, directory: Path, collection: str) -> bool:
        root = str(Path(assistant.__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "assistant.retrieval.chroma_worker", task, str(self.record_path), fingerprint,
             embedder, str(directory), collection],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "ANONYMIZED_TELEMETRY": "False"},
        )
        try:
            _, complaint = self._worker.communicate(timeout=WORKER_SECONDS)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            _, complaint = self._worker.communicate()
        code = self._worker.returncode
        if code and not self._closed:
            log.warning("%s of the product index ended with %s: %s", task, code,
                        complaint.decode(errors="replace")[-2000:])
        return code == 0


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Whether this process may build now; the system frees the lock of a killed one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("w")
    except OSError as error:
        raise StorageError("The folder of the product index cannot be written", received=error) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _digests(directory: Path) -> dict[str, tuple[int, str]]:
    found = {}
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        found[str(path.relative_to(directory))] = (path.stat().st_size, digest)
    return found
