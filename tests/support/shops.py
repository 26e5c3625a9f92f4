"""Shops that many tests share: built once per machine and test run, whichever worker comes first."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from assistant.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
#: Sources whose change makes a cached demo shop stale.
DEMO_SOURCES = ("assistant/data/demo", "assistant/data/schema.py", "assistant/data/warehouse.py",
                "assistant/data/manifest.py")
#: Sources whose change makes the product index of a cached shop stale.
INDEX_SOURCES = ("assistant/retrieval",)
#: Sources whose change makes a cached load of real orders stale.
LOAD_SOURCES = ("assistant/data",)
KEEP = 3


def source_hash(*sources: str, without: tuple[str, ...] = (), extra: str = "") -> str:
    """SHA-256 (16 hex digits) over names and contents of source files or folders, but for those in ``without``."""
    digest = hashlib.sha256(extra.encode())
    for source in sources:
        root = REPOSITORY / source
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
        for path in files:
            name = path.relative_to(REPOSITORY).as_posix()
            if "__pycache__" in path.parts or name.startswith(without):
                continue
            digest.update(name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` against other processes of this machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def cached_home(kind: str, key: str, build: Callable[[Settings], object]) -> Path:
    """Home folder of a shop, built at most once per ``kind`` and ``key``.

    Args:
        kind: name of the shop.
        key: hash of everything the shop depends on; older keys of the kind are removed, all but the last few.
        build: called with the settings of the new home when it does not exist yet.

    Returns:
        a folder that tests only read; whoever writes takes a copy (:func:`copy_home`).
    """
    root = Path(tempfile.gettempdir()) / f"marketing-assistant-tests-{os.getuid()}"
    home = root / f"{kind}-{key}"
    with file_lock(root / f"{kind}.lock"):
        if (home / ".complete").exists():
            os.utime(home)
            return home
        shutil.rmtree(home, ignore_errors=True)
        building = root / f".{kind}-{key}.building"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        build(Settings(home=building))
        (building / ".complete").write_text("")
        building.rename(home)
        stale = sorted(root.glob(f"{kind}-*"), key=lambda p: p.stat().st_mtime, reverse=True)[KEEP:]
        for old in stale:
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
    return home


def embed_products(settings: Settings) -> None:
    """Build the product index of a home, so that its copies need no language model of their own."""
    from assistant.data.warehouse import open_snapshot
    from assistant.retrieval.product_index import open_index

    index = open_index(open_snapshot(settings.home / "snapshots"), settings)
    index.wait()
    index.close()


def copy_home(home: Path, target: Path) -> Path:
    """Copy the current snapshot and the product index of a cached home to ``target``, for a test that changes it.

    What was measured when a recommender was chosen is shared by all copies: its records are named for the data and the
    code they belong to.
    """
    (home / "models").mkdir(exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    (target / "models").symlink_to(home / "models")
    snapshots = target / "snapshots"
    snapshots.mkdir(parents=True, exist_ok=True)
    pointer = home / "snapshots" / "current.json"
    name = json.loads(pointer.read_text(encoding="utf-8"))["snapshot"]
    for path in (home / "snapshots").glob(f"{name}*"):
        if path.is_dir():
            shutil.copytree(path, snapshots / path.name)
        else:
            shutil.copy2(path, snapshots / path.name)
    shutil.copy2(pointer, snapshots / pointer.name)
    if (home / "index").exists():
        shutil.copytree(home / "index", target / "index", copy_function=_copy_file,
                        ignore=shutil.ignore_patterns("*-shm", "*-wal"))
    return target


def _copy_file(source: str, target: str) -> None:
    """Copy a file; a database as it stands now, as another process may be reading it or writing to it."""
    if not source.endswith(".sqlite"):
        shutil.copy2(source, target)
        return
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
