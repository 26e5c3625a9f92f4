"""Files of an approved campaign for other systems and for people.

Files for people have their formulas defused. Files for machines are never altered: a row that does not keep the
system's rules is left out and counted. Consent and objections are asked again while the file is written, and a file
of those who objected goes with each file of recipients.

Column rules: Klaviyo (help.klaviyo.com, articles 360043841811 and 360035428731), Mailchimp (mailchimp.com/help/
format-guidelines-for-your-import-file), Meta ("How to format a customer list when creating a custom audience"), Google
(support.google.com/google-ads/answer/7476159: SHA-256 of lower-cased text, telephone numbers as E.164).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.campaigns.sending.runs import Row
from assistant.errors import InvalidPlan
from assistant.results.export import file_stem, safe_cell, whole_file

if TYPE_CHECKING:
    from assistant.plans.sending import Target

#: files for systems of others; every one of them is CSV in UTF-8 without a mark
MACHINES = ("klaviyo", "mailchimp", "meta", "google")
PEOPLE = ("csv", "xlsx", "parquet")


@dataclass(frozen=True)
class Recipient:
    """A message with the address it goes to now."""

    row: Row
    address: str
    campaign_id: str


@dataclass(frozen=True)
class Written:
    """A finished file; ``left_out``: reason → rows that could not be in it."""

    path: Path
    rows: int
    sha256: str
    left_out: dict[str, int]


def email_of(address: str) -> str | None:
    """An e-mail address as systems want it, or None where it is none."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


def phone_of(address: str) -> str | None:
    """A telephone number as E.164, or None where it is none or its country is not said."""
    import phonenumbers

    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def sha256(text: str) -> str:
    """Lower-case hexadecimal SHA-256, as the customer match of Meta and Google wants it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _google_email(email: str) -> str:
    """Google's rule for its own domains: dots before the @ do not count."""
    name, _, domain = email.partition("@")
    return f"{name.replace('.', '')}@{domain}" if domain in {"gmail.com", "googlemail.com"} else email


Cells = tuple[str, ...]


def _klaviyo(email: str | None, phone: str | None, each: Recipient) -> Cells:
    return (email or "", phone or "", each.row.customer_id, each.campaign_id, each.row.code,
            " ".join(each.row.product_ids))


def _mailchimp(email: str | None, phone: str | None, each: Recipient) -> Cells:
    return email or "", phone or "", each.campaign_id, each.row.code, " ".join(each.row.product_ids)


def _meta(email: str | None, phone: str | None, each: Recipient) -> Cells:
    # the country code without the plus sign, digits only
    return (sha256(email) if email else "", sha256(phone.lstrip("+")) if phone else "")


def _google(email: str | None, phone: str | None, each: Recipient) -> Cells:
    return (sha256(_google_email(email)) if email else "", sha256(phone) if phone else "")


#: target → columns, how one row is written
_SYSTEMS: dict[str, tuple[Cells, Callable[[str | None, str | None, Recipient], Cells]]] = {
    "klaviyo": (("Email", "Phone Number", "External ID", "campaign_id", "promo_code", "product_ids"), _klaviyo),
    "mailchimp": (("Email Address", "SMS Phone Number", "Tags", "PROMOCODE", "PRODUCTS"), _mailchimp),
    "meta": (("email", "phone"), _meta),
    "google": (("Email", "Phone"), _google),
}
_COLUMNS = ("campaign_id", "customer_id", "channel", "address", "subject", "preheader", "text", "html", "promo_code",
            "product_ids")


def write_recipients(folder: Path, campaign_id: str, target: Target, recipients: Iterable[Recipient]) -> Written:
    """Write the recipients of an approved campaign.

    Raises:
        InvalidPlan: not one row keeps the rules of the system, or an unknown target.
        StorageError: the disk refuses; no partial file is left.
    """
    ending = target if target in {"xlsx", "parquet"} else "csv"
    path = folder / f"{file_stem(f'{campaign_id}-{target}')}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.{ending}"
    left_out = dict[str, int]()
    with whole_file(path) as part:
        if target in MACHINES:
            n = _csv(part, _SYSTEMS[target][0], _for_machine(target, recipients, left_out), "utf-8")
        elif target == "csv":
            n = _csv(part, _COLUMNS, ([safe_cell(c) for c in _cells(r)] for r in recipients), "utf-8-sig")
        elif target == "xlsx":
            n = _xlsx(part, recipients)
        elif target == "parquet":
            n = _parquet(part, recipients)
        else:
            raise InvalidPlan("Recipients cannot be written for this target", received=target,
                              valid=[*PEOPLE, *MACHINES])
        if not n:
            raise InvalidPlan("Nobody of this campaign can be written for this target", received=target,
                              hint=", ".join(f"{why}: {count}" for why, count in left_out.items()) or None)
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
    return Written(path, n, digest, left_out)


def _cells(each: Recipient) -> list[str]:
    row = each.row
    return [each.campaign_id, row.customer_id, row.channel, each.address, row.subject, row.preheader, row.text,
            row.html, row.code, " ".join(row.product_ids)]


def _for_machine(target: str, recipients: Iterable[Recipient], left_out: dict[str, int]) -> Iterator[Sequence[str]]:
    """One row per message with a usable address; text that a spreadsheet would run is left out, not altered."""
    make = _SYSTEMS[target][1]
    seen: set[str] = set()
    for each in recipients:
        email = email_of(each.address) if each.row.channel == "email" else None
        phone = phone_of(each.address) if each.row.channel == "sms" else None
        if email is None and phone is None:
            why = "no address that the system takes" if each.row.channel in {"email", "sms"} else "another channel"
            left_out[why] = left_out.get(why, 0) + 1
            continue
        if (email or phone or "") in seen:
            left_out["the same address again"] = left_out.get("the same address again", 0) + 1
            continue
        cells = make(email, phone, each)
        if any(safe_cell(c) != c for c in cells):
            left_out["text that a spreadsheet would run"] = left_out.get("text that a spreadsheet would run", 0) + 1
            continue
        seen.add(email or phone or "")
        yield cells


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], encoding: str) -> int:
    n = 0
    with path.open("w", encoding=encoding, newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            n += 1
    return n


def _xlsx(path: Path, recipients: Iterable[Recipient]) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book, n = Workbook(write_only=True), 0
    sheet = book.create_sheet("recipients")
    sheet.append(list(_COLUMNS))
    for each in recipients:
        cells = []
        for text in _cells(each):
            cell = WriteOnlyCell(sheet, value=_printable(str(safe_cell(text))))
            cell.data_type = "s"  # text whatever it begins with: never a formula
            cells.append(cell)
        sheet.append(cells)
        n += 1
    book.save(path)
    return n


def _printable(text: str) -> str:
    """Without the control characters that a workbook cannot hold."""
    return "".join(c for c in text[:32_767] if c in "\t\n\r" or ord(c) >= 32)


def _parquet(path: Path, recipients: Iterable[Recipient]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in _COLUMNS])
    rows, n = [], 0
    with pq.ParquetWriter(path, schema) as writer:
        for each in recipients:
            rows.append(dict(zip(_COLUMNS, _cells(each), strict=True)))
            n += 1
            if len(rows) == 10_000:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, schema))
    return n
