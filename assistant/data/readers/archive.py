"""Archives (.zip, .gz, .tar, .tar.gz): unpacked below the workbench, within bounds."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from assistant.data.warehouse import storage_errors
from assistant.errors import UnreadableFile

#: an archive may not unpack to more than this
MAX_BYTES = 4 * 2**30
#: nor, once beyond ``SMALL`` bytes, to more than this multiple of its own size: tables compress 3–40 fold
MAX_RATIO = 150
SMALL = 64 * 2**20
MAX_MEMBERS = 20_000
_CHUNK = 1 << 20


def check_expansion(path: Path) -> None:
    """Raise :class:`UnreadableFile` if a zip file says that it unpacks beyond the bounds."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile(f"'{path.name}' is a damaged zip archive or workbook", received=error) from error
    if len(members) > MAX_MEMBERS:
        raise UnreadableFile(f"'{path.name}' holds {len(members):,} files; at most {MAX_MEMBERS:,} are read")
    _check(sum(m.file_size for m in members), path)


def _check(unpacked: int, path: Path) -> None:
    packed = max(path.stat().st_size, 1)
    if unpacked > MAX_BYTES or (unpacked > SMALL and unpacked > MAX_RATIO * packed):
        raise UnreadableFile(
            f"'{path.name}' would unpack to far more than its size allows ({unpacked / 2**20:,.0f} MiB or more from "
            f"{packed / 2**20:,.2f} MiB); it was not read",
            hint="Unpack it yourself and load the files if you trust it.",
        )


def unpack(path: Path, kind: str, folder: Path) -> list[Path]:
    """Unpack an archive into ``folder`` and return the files in it, sorted by name.

    Raises:
        UnreadableFile: damaged, encrypted, or expanding beyond the bounds.
        StorageError: the disk refuses.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        if kind == "zip":
            check_expansion(path)
            return sorted(_unpack_zip(path, folder))
        if kind == "tar" or _is_tar(path):
            return sorted(_unpack_tar(path, folder))
        return [_gunzip(path, folder)]
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, RuntimeError) as error:
        raise UnreadableFile(f"'{path.name}' is a damaged or encrypted archive", received=error) from error


def _is_tar(path: Path) -> bool:
    with gzip.open(path) as stream:
        head = stream.read(512)
    return len(head) > 262 and head[257:262] == b"ustar"


def _unpack_zip(path: Path, folder: Path) -> Iterator[Path]:
    taken = 0
    with zipfile.ZipFile(path) as archive:
        for number, member in enumerate(archive.infolist()):
            if member.is_dir() or _ignored(member.filename):
                continue
            with archive.open(member) as stream:
                target = _target(folder, number, member.filename)
                taken = _copy(stream, target, taken, path)
            yield target


def _unpack_tar(path: Path, folder: Path) -> Iterator[Path]:
    taken = 0
    with tarfile.open(path, "r:*") as archive:
        for number, member in enumerate(archive):
            if number > MAX_MEMBERS:
                raise UnreadableFile(f"'{path.name}' holds more than {MAX_MEMBERS:,} files")
            if not member.isfile() or _ignored(member.name):
                continue
            stream = archive.extractfile(member)
            if stream is None:
                continue
            target = _target(folder, number, member.name)
            taken = _copy(stream, target, taken, path)
            yield target


def _gunzip(path: Path, folder: Path) -> Path:
    target = folder / (path.stem or "content")
    with gzip.open(path) as stream:
        _copy(stream, target, 0, path)
    return target


def _copy(stream: IO[bytes], target: Path, taken: int, path: Path) -> int:
    """Copy while counting, so that an archive that lies about its size is stopped too."""
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            while chunk := stream.read(_CHUNK):
                taken += len(chunk)
                try:
                    _check(taken, path)
                except UnreadableFile:
                    shutil.rmtree(target.parent, ignore_errors=True)
                    raise
                out.write(chunk)
    return taken


def _target(folder: Path, number: int, name: str) -> Path:
    """A place of our own for a member: only the last part of its name is used, so none escapes the folder."""
    return folder / f"{number:05d}" / (PurePosixPath(name.replace("\\", "/")).name or "content")


def _ignored(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(p.startswith((".", "__MACOSX")) and p not in {".", ".."} for p in parts)
