"""Texts that a spreadsheet would run, in every column of an export: none is active, no number is damaged."""

from __future__ import annotations

import csv
import itertools
import tempfile
import unicodedata
from pathlib import Path

from assistant.campaigns.sending.exports import Recipient, write_recipients
from assistant.campaigns.sending.runs import Row as Message
from assistant.results.export import write_table
from benchmarks.report import Outcome, Row

BODIES = ('HYPERLINK("http://x.example")', "1+1", "SUM(A1:A9)", "cmd|' /C calc'!A0",
          'IMPORTXML("http://x.example";"//a")',
          "WEBSERVICE(\"http://x.example\")", "A1", "DDE(\"cmd\";\"/C calc\")", "rand()", "'Sheet'!A1")
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t=", "\r=", "\n=", " =", "\u00a0=", "\ufeff=", "=+", "=-", "+=",
         "-=", "@=", "==", "|", "%0A=", "\t+", "\t-", "\t@", "\r+", "\r-", "\r@", "  +", "  -", "  @", "\u200b=",
         "\u2003=",
         "\n+", "\n-", "\n@", "+-", "-+", "@@")
PAYLOADS = [sign + body for sign, body in itertools.product(SIGNS, BODIES)]
HARMLESS = ("-12.50", "+4930901820", "-7", "12", "A-1", "a=b", "3 % off", "+49 30 901820", "-1,234.5", "x@example.com")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"


def active(cell: str) -> bool:
    """Whether a spreadsheet would run a text cell, judged generously: spaces and invisible signs do not protect it."""
    seen = unicodedata.normalize("NFKC", cell).strip().strip(_INVISIBLE).strip()
    if not seen.startswith(("=", "+", "-", "@")):
        return False
    return not seen[1:].replace(".", "").replace(",", "").replace(" ", "").isdigit()


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.reader(handle))[1:]


def _message(number: int, text: str) -> Recipient:
    row = Message(f"C{number}", "email", "d", text, text, text, "", (text,), text)
    return Recipient(row, f"c{number}@example.com", "c-1")


def run() -> Outcome:
    import pandas as pd
    from openpyxl import load_workbook

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [_message(n, text) for n, text in enumerate(PAYLOADS)]
        cells = [c for row in _read(write_recipients(folder, "c", "csv", made).path) for c in row]
        cells += [c for row in _read(write_table(folder, "t", ["x"], [[p] for p in PAYLOADS])) for c in row]
        sheet = load_workbook(write_recipients(folder, "c", "xlsx", made).path)["recipients"]
        formulas = sum(c.data_type == "f" or active(str(c.value or "")) for row in sheet.iter_rows() for c in row)
        machine = write_recipients(folder, "c", "klaviyo", [*made, _message(len(made), "MUGS")])
        raw = folder / "pandas.csv"
        pd.DataFrame({"x": PAYLOADS}).to_csv(raw, index=False)
        naive = sum(active(c) for row in _read(raw) for c in row)
        kept = _read(write_table(folder, "h", ["x"], [[h] for h in HARMLESS]))
        altered = sum(row[0] != text for row, text in zip(kept, HARMLESS, strict=True))
    found = sum(map(active, cells))
    rows = [
        Row(f"active cells in CSV for people ({len(PAYLOADS)} texts, every text column)", str(found),
            peer=f"{naive} (pandas.to_csv)", bar="0", met=found == 0),
        Row("active cells in a workbook", str(formulas), bar="0", met=formulas == 0),
        Row("negative numbers, telephone numbers and harmless texts altered", str(altered), bar="0", met=altered == 0),
        Row("rows with such texts in a file for machines", str(machine.rows - 1), bar="0", met=machine.rows == 1),
    ]
    return Outcome("campaigns.formulas", rows, f"{len(PAYLOADS)} texts: {len(SIGNS)} beginnings × {len(BODIES)} bodies",
                   "–", ("openpyxl", "pandas"), [
        "A cell counts as active when it begins, after spaces and invisible signs, with = + - or @ in any width, and "
        "is no number; a leading apostrophe makes it text."])
