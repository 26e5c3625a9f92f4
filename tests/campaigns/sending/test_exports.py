"""Files for other systems: their columns, their hashing, nothing active, nobody who objected."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from assistant.campaigns.sending.exports import Recipient, email_of, phone_of, write_recipients
from assistant.campaigns.sending.runs import Row
from assistant.errors import InvalidPlan, StorageError
from tests.support.hostile import HOSTILE

FORMULAS = ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =cmd|' /C calc'!A0", "|x",
            "%0A=1", "=1+1;\n=2"]


def recipient(number: int = 1, channel: str = "email", address: str = "", **fields: str) -> Recipient:
    row = Row(f"C{number}", channel, "digest", fields.get("subject", "Mugs"), "", fields.get("text", "Hello"), "",
              ("P1", "P2"), fields.get("code", "ABCD"))
    return Recipient(row, address or f"C{number}@Example.com", "c-1")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


MANY = [recipient(1), recipient(2, "sms", "+44 20 7946 0018"), recipient(3, address="broken"),
        recipient(4, "push", "token"), recipient(5, address="c1@example.com"), recipient(6, address="J.Doe@gmail.com")]


def test_klaviyo_and_mailchimp(tmp_path: Path) -> None:
    made = write_recipients(tmp_path, "c-1", "klaviyo", MANY)
    rows = read(made.path)
    assert [r["Email"] for r in rows] == ["c1@example.com", "", "j.doe@gmail.com"]
    assert rows[1]["Phone Number"] == "+442079460018" and rows[0]["promo_code"] == "ABCD"
    assert made.left_out == {"no address that the system takes": 1, "another channel": 1, "the same address again": 1}
    other = read(write_recipients(tmp_path, "c-1", "mailchimp", MANY).path)
    assert other[0]["Email Address"] == "c1@example.com" and other[0]["Tags"] == "c-1"
    assert not made.path.read_bytes().startswith(b"\xef\xbb\xbf"), "machines want no mark"


def test_customer_match_is_hashed_as_each_system_wants_it(tmp_path: Path) -> None:
    meta = read(write_recipients(tmp_path, "c-1", "meta", MANY).path)
    assert [r["email"] for r in meta] == [sha("c1@example.com"), "", sha("j.doe@gmail.com")]
    assert meta[1]["phone"] == sha("442079460018")
    google = read(write_recipients(tmp_path, "c-1", "google", MANY).path)
    assert [r["Email"] for r in google] == [sha("c1@example.com"), "", sha("jdoe@gmail.com")]
    assert google[1]["Phone"] == sha("+442079460018")
    assert set(meta[0]) == {"email", "phone"} and set(google[0]) == {"Email", "Phone"}


@pytest.mark.parametrize("text", [*FORMULAS, *HOSTILE])
def test_no_cell_of_a_file_for_people_is_active(tmp_path: Path, text: str) -> None:
    made = write_recipients(tmp_path, "c-1", "csv", [recipient(subject=text, text=text)])
    for cell in read(made.path)[0].values():
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")) or cell[0] == "'"


def test_a_workbook_holds_text_alone(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    made = write_recipients(tmp_path, "c-1", "xlsx", [recipient(n, subject=t, text=t) for n, t in enumerate(FORMULAS)])
    cells = [c for row in load_workbook(made.path)["recipients"].iter_rows() for c in row if c.value is not None]
    assert made.rows == len(FORMULAS) and {c.data_type for c in cells} == {"s"}


def test_a_machine_file_is_never_altered(tmp_path: Path) -> None:
    made = write_recipients(tmp_path, "c-1", "klaviyo", [recipient(1, code="=1+1"), recipient(2)])
    assert made.rows == 1 and made.left_out == {"text that a spreadsheet would run": 1}


def test_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    made = write_recipients(tmp_path, "c-1", "parquet", MANY)
    assert pq.read_table(made.path).num_rows == 6


def test_an_export_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match="Nobody"):
        write_recipients(tmp_path, "c-1", "meta", [recipient(address="broken")])
    assert list(tmp_path.iterdir()) == []
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError):
        write_recipients(blocked, "c-1", "csv", MANY)

    def until_full() -> object:
        yield recipient()
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="nothing was left behind"):
        write_recipients(tmp_path, "c-1", "csv", until_full())  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("typed", "found"), [
    ("+49 (0)30 901820", "+4930901820"), ("0049 30 1", None), ("030 901820", None), ("x", None)])
def test_telephone_numbers(typed: str, found: str | None) -> None:
    assert phone_of(typed) == found


def test_addresses() -> None:
    assert email_of("A@Example.com") == "a@example.com"
    assert email_of("a@") is None and email_of("a b@example.com") is None
