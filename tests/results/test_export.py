"""CSV for people: no cell runs as a formula, numbers and phone numbers survive, a failed write leaves nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from assistant.errors import StorageError
from assistant.results.export import file_stem, safe_cell, write_table

PREFIXES = ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "  =", "\u00a0=", "|", "%"]
PAYLOADS = ["cmd|' /C calc'!A0", "HYPERLINK(\"http://x\")", "SUM(A1:A9)", "1+1", "2+5+cmd", "IMPORTXML(1)", "a", "(1)"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_formulas_are_defused(prefix: str, payload: str) -> None:
    assert str(safe_cell(prefix + payload)).startswith("'")


@pytest.mark.parametrize("value", [
    -5, -1.5, 0, None, "-5", "-1.234,56", "+49 151 23456", "+442079460000", "Red Mug", "", "a=b", "3-2", "e-mail",
])
def test_harmless_values_stay(value: object) -> None:
    assert safe_cell(value) == value


def test_file_is_complete_and_opens_in_excel(tmp_path: Path) -> None:
    path = write_table(tmp_path / "new", "Umsätze & mehr: 2024/25", ["Name", "=x"], [["Zoë", 1], ["=1+1", -2]])
    assert path.name.startswith("umsatze-mehr-2024-25-")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(path.open(encoding="utf-8-sig"))) == [["Name", "'=x"], ["Zoë", "1"], ["'=1+1", "-2"]]


def test_title_without_letters_still_names_a_file() -> None:
    assert file_stem("../../…") == "table"


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def rows() -> object:
        yield ["a"]
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError):
        write_table(tmp_path, "x", ["c"], rows())
    assert list(tmp_path.iterdir()) == []
