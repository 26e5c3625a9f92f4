"""Character encodings of text files: found, and turned into UTF-8 where they are something else."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from assistant.data.warehouse import storage_errors
from assistant.errors import UnreadableFile

_CHUNK = 1 << 20
_SAMPLE = 1 << 18
#: single-byte encodings tried when a file is not Unicode, in the order of how often shops export them
_CANDIDATES = (
    "cp1252",
    "latin_1",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "iso8859_2",
    "iso8859_15",
    "mac_roman",
    "cp437",
    "cp850",
    "gb18030",
    "shift_jis",
    "big5",
    "euc_kr",
    "utf_16_le",
    "utf_16_be",
)


@dataclass(frozen=True)
class Encoding:
    """``errors`` is 'replace' only for UTF-8 with a few broken characters; ``note`` says so in words."""

    name: str
    errors: str = "strict"
    note: str | None = None


def find_encoding(path: Path) -> Encoding:
    """Encoding of a text file. UTF-8 is checked over the whole file, others are judged by a sample.

    Raises:
        UnreadableFile: no encoding makes text of it.
    """
    with path.open("rb") as handle:
        head = handle.read(_SAMPLE)
    if head.startswith(codecs.BOM_UTF8):
        return _checked_utf8(path, "utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        return Encoding("utf-16-le" if odd > even else "utf-16-be")
    return _checked_utf8(path, "utf-8")


def _checked_utf8(path: Path, name: str) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    offset = 0
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return _not_utf8(path, name, offset)
            offset += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _not_utf8(path, name, max(offset - _SAMPLE, 0))
    return Encoding(name)


def _not_utf8(path: Path, name: str, offset: int) -> Encoding:
    """Judge the stretch that is no UTF-8: a few broken characters in UTF-8, or another encoding throughout."""
    with path.open("rb") as handle:
        handle.seek(offset)
        sample = handle.read(_CHUNK)
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = sum(ord(c) > 127 for c in text) - broken
    if good > 5 * broken or name == "utf-8-sig":
        return Encoding(name, "replace", f"'{path.name}' is UTF-8 with broken characters; each is shown as \ufffd")
    from charset_normalizer import from_bytes

    guess = from_bytes(_telling_lines(sample), cp_isolation=list(_CANDIDATES)).best()
    found = guess.encoding if guess is not None else "cp1252"
    if found in {"latin_1", "ascii", "iso8859_15"} and not any(0x80 <= b <= 0x9F for b in sample):
        found = "cp1252"  # the same letters; cp1252 also knows the euro sign and quotation marks
    try:
        sample.decode(found, "replace" if found == "cp1252" else "strict")
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableFile(
            f"'{path.name}' is text in an unknown encoding", received=error, hint="Save it as UTF-8."
        ) from error
    label = {"cp1252": "Windows-1252 (Western European)"}.get(found, found)
    return Encoding(found, "replace", f"'{path.name}' is not UTF-8; it was read as {label}")


def _telling_lines(sample: bytes) -> bytes:
    """The lines with letters beyond ASCII: they alone tell encodings apart."""
    lines = [line for line in sample.split(b"\n") if any(b > 127 for b in line)]
    return b"\n".join(lines[:500])[:_SAMPLE]


def as_utf8(path: Path, encoding: Encoding, folder: Path) -> Path:
    """A UTF-8 copy of the file below ``folder``, or the file itself where it is UTF-8 already."""
    if encoding.name in {"utf-8", "utf-8-sig"} and encoding.errors == "strict":
        return path
    target = folder / f"utf8-{abs(hash(str(path))):x}-{path.name}"
    with (
        storage_errors(target),
        path.open("r", encoding=encoding.name, errors=encoding.errors, newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        try:
            while chunk := source.read(_CHUNK):
                out.write(chunk)
        except UnicodeError as error:
            raise UnreadableFile(f"'{path.name}' is damaged text", received=error, hint="Save it as UTF-8.") from error
    return target
