"""Bad files: one clear line, and the old data stay."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assistant.data.load import load, preview_load
from assistant.data.warehouse import current_manifest, open_snapshot
from assistant.errors import DataError, EmptyData, MappingError, StorageError, UnreadableFile
from tests.data.loading import HEADER, LINES, csv, loaded, revenue, rows, settings_in, write


@pytest.fixture(scope="module")
def good_home(tmp_path_factory):
    """Home folder of a shop that holds good data, loaded once."""
    folder = tmp_path_factory.mktemp("good")
    found = settings_in(folder)
    load([csv(folder)], found)
    return found.home


@pytest.fixture
def settings(good_home, tmp_path):
    """A shop that holds good data already."""
    found = settings_in(tmp_path)
    shutil.copytree(good_home, found.home)
    return found


def refused(settings, source, error, match, **options):
    """The load fails with one clear line, nothing is left behind and the old data answer."""
    before = current_manifest(settings.snapshots_dir)
    with pytest.raises(error, match=match) as caught:
        load([source], settings, **options)
    assert "\n" not in caught.value.message
    assert current_manifest(settings.snapshots_dir) == before
    assert revenue(open_snapshot(settings.snapshots_dir)) == 75.5
    assert not [p for p in settings.snapshots_dir.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize(
    ("content", "error", "match"),
    [
        (b"", EmptyData, "empty"),
        (b" \n\n\t\n", EmptyData, "empty"),
        (HEADER.encode() + b"\n", EmptyData, "no rows"),
        (HEADER.encode() + b"\n\n\n", EmptyData, "no rows"),
        (b"just one line of words", UnreadableFile, "no columns"),
        (b"%PDF-1.7 something", UnreadableFile, "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), UnreadableFile, "picture"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), UnreadableFile, "old Excel"),
        (bytes(range(256)) * 40, UnreadableFile, "binary"),
        (b"PAR1 but no more", UnreadableFile, "damaged Parquet"),
        (b"PK\x03\x04 but no more", UnreadableFile, "damaged zip"),
        (b"\x1f\x8b\x08 but no more", UnreadableFile, "damaged"),
        (b"<!DOCTYPE html><html><body>Login</body></html>", UnreadableFile, "web page"),
        (b'[{"order": 1}]', UnreadableFile, "JSON"),
        (b"SQLite format 3\0" + bytes(200), UnreadableFile, "sqlite"),
        (b"a,b,c\n1,2,3\n4,5,6\n", MappingError, "No column was found"),
    ],
)
def test_wrong_content(tmp_path, settings, content, error, match):
    refused(settings, write(tmp_path / "orders.csv", content), error, match)


def test_no_such_file_empty_folder_unknown_database(tmp_path, settings):
    refused(settings, tmp_path / "nowhere.csv", UnreadableFile, "no such file")
    refused(settings, Path("/dev/null"), UnreadableFile, "device")
    (tmp_path / "nothing").mkdir()
    refused(settings, tmp_path / "nothing", EmptyData, "no files")
    refused(settings, "oracle://u:secret@host/db", UnreadableFile, "kind of database")
    refused(settings, f"duckdb:///{tmp_path}/none.duckdb", UnreadableFile, "no such database file")


def test_ragged_rows_are_quarantined_with_their_row_number(tmp_path):
    shop = loaded(tmp_path, csv(tmp_path, [*LINES[:2], "1009,2024-01-09,P-9", LINES[2], "", LINES[3] + ",extra,more"]))
    assert revenue(shop) == 35.5
    left_out = rows(shop, "quarantine")
    assert [(r["rule"], r["source_row"]) for r in left_out] == [("ragged_row", 4), ("ragged_row", 7)]
    assert "1009,2024-01-09,P-9" in left_out[0]["content"]
    exclusion = next(e for e in shop.manifest.quality.exclusions if e.rule == "ragged_row")
    assert exclusion.count == 2
    assert shop.manifest.quality.rows_read == 5


def test_rows_after_a_ragged_one_keep_their_numbers(tmp_path):
    shop = loaded(tmp_path, csv(tmp_path, ["short,row", *LINES, "1004,soon,P-1,Red mug,1,1.00,C1,France"]))
    assert {(r["rule"], r["source_row"]) for r in rows(shop, "quarantine")} == {
        ("ragged_row", 2),
        ("unreadable_date", 7),
    }


def test_mostly_ragged_is_no_table(tmp_path, settings):
    lines = [line.rsplit(",", 3)[0] if i % 5 else line for i, line in enumerate(LINES * 5)]
    header = HEADER + ",a,b,c"
    refused(settings, csv(tmp_path, lines, header), DataError, "ragged|No column|columns")


def test_broken_characters_in_utf8_are_said(tmp_path):
    text = "\n".join([HEADER, *LINES]).replace("Red mug", "Größe für Zoë, naïve café".replace(",", "")).encode()
    broken = text.replace("Größe".encode(), b"Gr\xf6\xc3\x9fe", 1)
    shop = loaded(tmp_path, write(tmp_path / "o.csv", broken))
    assert any("broken characters" in w or "not UTF-8" in w for w in shop.manifest.quality.warnings)
    assert revenue(shop) == 75.5


def test_zip_bombs_are_not_unpacked(tmp_path, settings):
    zeros = b"0," * (1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(40):
            archive.writestr(f"{i}.csv", zeros)
    refused(settings, tmp_path / "bomb.zip", UnreadableFile, "far more than its size")
    with gzip.open(tmp_path / "bomb.csv.gz", "wb") as out:
        for _ in range(40):
            out.write(zeros)
    refused(settings, tmp_path / "bomb.csv.gz", UnreadableFile, "far more than its size")
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        for i in range(40):
            archive.writestr(f"xl/{i}.xml", zeros)
    refused(settings, tmp_path / "bomb.xlsx", UnreadableFile, "far more than its size")


def test_a_workbook_that_is_none(tmp_path, settings):
    with zipfile.ZipFile(tmp_path / "o.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<not a workbook")
    refused(settings, tmp_path / "o.xlsx", UnreadableFile, "damaged workbook")


def test_five_thousand_columns(tmp_path, settings):
    header = ",".join(f"c{i}" for i in range(5000))
    refused(settings, csv(tmp_path, [",".join(["1"] * 5000)] * 3, header), UnreadableFile, "5,000 columns")


def test_duplicate_headers(tmp_path):
    preview = preview_load([csv(tmp_path, [f"{line},x" for line in LINES], HEADER + ",SKU")], settings_in(tmp_path))
    assert [c.source for c in preview.columns if c.source.startswith("SKU")] == ["SKU", "SKU (2)"]
    assert {c.source: c.target for c in preview.columns}["SKU"] == "order_lines.product_id"


def test_zero_customers(tmp_path):
    lines = [",".join([*line.split(",")[:6], "", line.split(",")[7]]) for line in LINES]
    shop = loaded(tmp_path, csv(tmp_path, lines))
    assert revenue(shop) == 75.5
    assert not shop.has("customers")
    assert any("No order has a customer" in w for w in shop.manifest.quality.warnings)


def test_two_date_formats_in_one_column(tmp_path):
    lines = [LINES[0], LINES[2].replace("2024-02-14", "02/02/2024"), LINES[3].replace("2024-03-20", "03/04/2024")]
    shop = loaded(tmp_path, csv(tmp_path, lines))
    assert revenue(shop) == 30.0
    assert [(r["rule"], r["source_row"]) for r in rows(shop, "quarantine")] == [("unreadable_date", 4)]
    assert any("2 formats" in w for w in shop.manifest.quality.warnings)


def test_several_currencies(tmp_path, settings):
    lines = [f"{line},{code}" for line, code in zip(LINES, ["EUR", "EUR", "USD", "GBP"], strict=True)]
    path = csv(tmp_path, lines, HEADER + ",Currency")
    refused(settings, path, MappingError, "several currencies")
    refused(settings, path, MappingError, "No amount is in CHF", currency="chf")
    refused(settings, path, MappingError, "three letters", currency="euros")
    shop = loaded(tmp_path / "other", path, currency="EUR")
    assert (shop.currency, revenue(shop)) == ("EUR", 25.5)
    assert {r["rule"] for r in rows(shop, "quarantine")} == {"other_currency"}


def test_currency_signs_beside_amounts(tmp_path):
    shop = loaded(tmp_path, csv(tmp_path, [line.replace(",10.00,", ",£10.00,") for line in LINES]))
    assert (shop.currency, revenue(shop)) == ("GBP", 75.5)


def test_nothing_usable(tmp_path, settings):
    lines = [line.replace("2024", "someday") for line in LINES]
    refused(settings, csv(tmp_path, lines), DataError, "No usable order line|No column was found")


def test_column_names_are_data_not_code(tmp_path):
    header = HEADER.replace("Country", 'x"); DROP TABLE raw_0; --')
    shop = loaded(tmp_path, csv(tmp_path, header=header.replace('x"', '"x""').replace("--", '--"')))
    assert revenue(shop) == 75.5


def test_full_disk(tmp_path, settings, monkeypatch):
    original = Path.open

    def full(self, mode="r", *args, **kwargs):
        if "w" in mode and self.name.endswith(".tmp"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    refused(settings, csv(tmp_path, LINES[:1]), StorageError, "disk is full")
    assert len(list(settings.snapshots_dir.glob("*.duckdb"))) == 1


def test_full_disk_while_the_tables_are_written(tmp_path, settings, monkeypatch):
    import duckdb

    from assistant.data import warehouse

    def full(*args):
        raise duckdb.IOException("Could not write file: No space left on device")

    monkeypatch.setattr(warehouse, "_write_table", full)
    refused(settings, csv(tmp_path, LINES[:1]), StorageError, "refused to hold")


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_read_only_folder(tmp_path, settings):
    settings.snapshots_dir.chmod(0o500)
    try:
        refused(settings, csv(tmp_path), StorageError, "permission")
    finally:
        settings.snapshots_dir.chmod(0o700)


def test_folder_that_cannot_be_made(tmp_path, settings, monkeypatch):
    orders = csv(tmp_path)

    def denied(self, *args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(StorageError, match="read-only"):
        load([orders], settings)


@pytest.mark.parametrize(
    "phrase", ["Reading orders.csv", "Cleaning", "Deriving customers, products and orders", "Writing"]
)
def test_interrupt_at_any_stage(tmp_path, settings, phrase):
    def interrupt(words, share):
        if words == phrase:
            raise KeyboardInterrupt

    before = current_manifest(settings.snapshots_dir)
    with pytest.raises(KeyboardInterrupt):
        load([csv(tmp_path, LINES[:1])], settings, progress=interrupt)
    assert current_manifest(settings.snapshots_dir) == before
    assert not [p for p in settings.snapshots_dir.iterdir() if p.name.startswith(".")]
    assert revenue(open_snapshot(settings.snapshots_dir)) == 75.5


def test_killed_load_leaves_the_old_data_and_is_cleared_away(tmp_path, settings):
    path = csv(tmp_path, LINES[:1])
    code = (
        "import os, signal, sys\n"
        "from assistant.data.load import load\nfrom assistant.settings import load_settings\n"
        "def kill(words, share):\n    words == 'Cleaning' and os.kill(os.getpid(), signal.SIGKILL)\n"
        f"load([{str(path)!r}], load_settings({str(settings.home)!r}), progress=kill)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert [p for p in settings.snapshots_dir.iterdir() if p.name.startswith(".load-")]
    assert revenue(open_snapshot(settings.snapshots_dir)) == 75.5
    load([path], settings)
    assert not [p for p in settings.snapshots_dir.iterdir() if p.name.startswith(".")]
    assert revenue(open_snapshot(settings.snapshots_dir)) == 20.0
