"""Mail that came back, read from files: delivery reports, complaint reports and plain answers, as notices.

Formats: RFC 3464 (delivery status), RFC 5965 (feedback reports), RFC 5322 for answers. What a report quotes of the
original is used only for the address it was sent to.
"""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path

from assistant.campaigns.sending.intake import Notice
from assistant.errors import UnreadableFile


def notices_in(path: Path) -> Iterator[Notice]:
    """Notices in a mail (``.eml``), an mbox file or a Maildir folder.

    Raises:
        UnreadableFile: there is no such file, or it cannot be read.
    """
    try:
        if not path.exists():
            raise UnreadableFile("There is no such file or folder", received=path)
        for mail in _mails(path):
            yield from notices_of(mail)
    except OSError as error:
        raise UnreadableFile("The returned mail cannot be read", received=path) from error


def _mails(path: Path) -> Iterator[Message]:
    if path.is_dir():
        if not (path / "cur").is_dir():
            raise UnreadableFile("The folder is no Maildir", received=path, hint="It needs the folders cur, new, tmp.")
        for raw in mailbox.Maildir(path, create=False):
            yield _parsed(raw.as_bytes())
        return
    with path.open("rb") as file:
        many = file.read(5) == b"From "
    if many:
        for raw in mailbox.mbox(path, create=False):
            yield _parsed(raw.as_bytes())
    else:
        yield _parsed(path.read_bytes())


def _parsed(raw: bytes) -> Message:
    return BytesParser(policy=policy.default).parsebytes(raw)


def notices_of(mail: Message) -> list[Notice]:
    """What one mail says: a report about some addresses, or the answer of its sender."""
    if mail.get_content_type() == "multipart/report":
        kind = str(mail.get_param("report-type") or "").casefold()
        parts = {part.get_content_type(): part for part in mail.walk() if part is not mail}
        if kind == "delivery-status" and "message/delivery-status" in parts:
            return _delivery(parts["message/delivery-status"])
        if kind == "feedback-report" and "message/feedback-report" in parts:
            return _complaint(parts)
        return []
    if str(mail.get("Auto-Submitted", "no")).casefold() != "no":  # RFC 3834: a machine answers, nobody is meant
        return []
    sender = parseaddr(str(mail.get("From", "")))[1]
    return [Notice(kind="reply", address=sender, text=_text(mail)[:20_000])] if sender else []


def _delivery(part: Message) -> list[Notice]:
    """One notice per recipient whose delivery failed."""
    found = []
    for block in part.get_payload() if isinstance(part.get_payload(), list) else []:
        if not isinstance(block, Message) or str(block.get("Action", "")).strip().casefold() != "failed":
            continue
        address = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "").partition(";")[2].strip()
        if address:
            status = str(block.get("Status", "")).split()
            found.append(Notice(kind="bounce", address=address[:320], status=(status[0] if status else "")[:20]))
    return found


def _complaint(parts: dict[str, Message]) -> list[Notice]:
    report = parts["message/feedback-report"]
    inner = report.get_payload()
    fields = inner[0] if isinstance(inner, list) and isinstance(inner[0], Message) else report
    if str(fields.get("Feedback-Type", "")).strip().casefold() not in {"abuse", "opt-out", "fraud"}:
        return []
    told = [str(a).strip().strip("<>") for a in fields.get_all("Original-Rcpt-To", [])]
    quoted = parts.get("message/rfc822") or parts.get("text/rfc822-headers")
    if not told and quoted is not None:
        told = [a for a in [_to(quoted)] if a]
    return [Notice(kind="complaint", address=address[:320]) for address in told if address]


def _to(quoted: Message) -> str:
    inner = quoted.get_payload()
    mail = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else _parsed(
        str(inner).encode("utf-8", "replace"))
    return parseaddr(str(mail.get("To", "")))[1]


def _text(mail: Message) -> str:
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, UnicodeDecodeError):  # a character set that does not exist
        return ""
