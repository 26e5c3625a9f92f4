"""What comes back: only what is certain suppresses, at once, with where it came from."""

from __future__ import annotations

import hashlib
import hmac
import json
import mailbox
from pathlib import Path

import pytest

from assistant.campaigns.sending.intake import Notice, decided, signed_notices, take_in, wants_to_stop
from assistant.campaigns.sending.ledger import Ledger, open_ledger
from assistant.campaigns.sending.objections import objected
from assistant.campaigns.sending.returned import notices_in
from assistant.errors import InvalidPlan, NotPermitted, UnreadableFile
from tests.campaigns.sending.shop import NOON, Shop, shop

DSN = """From: mailer-daemon@mail.example
To: news@example.org
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; C1@example.com
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; c2@example.com
Action: failed
Status: 5.2.2

Final-Recipient: rfc822; c3@example.com
Action: delayed
Status: 4.4.1

--b
Content-Type: text/rfc822-headers

To: c1@example.com

--b--
"""
COMPLAINT = """From: fbl@mail.example
To: news@example.org
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

A complaint.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Some/1.0
Version: 1
Original-Rcpt-To: <c4@example.com>

--b
Content-Type: message/rfc822

From: news@example.org
To: c4@example.com
Subject: Mugs

Hello
--b--
"""


def answer(sender: str, text: str, more: str = "") -> str:
    return f"From: {sender}\nTo: news@example.org\nSubject: Re: Mugs\n{more}\n{text}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop(tmp_path_factory.mktemp("shop"))


def barred(ledger: Ledger, made: Shop, customer: str, channel: str = "email") -> bool:
    return objected(ledger.con, customer, channel, made.key.address(channel, f"{customer.lower()}@example.com"))


def test_returned_mail_suppresses_what_is_certain(tmp_path: Path, made: Shop) -> None:
    box = mailbox.mbox(tmp_path / "returned")
    for text in (DSN, COMPLAINT, answer("C5 <c5@example.com>", "STOP!\n\n> Hello C5, please stop by"),
                 answer("c3@example.com", "Do you have the mug in red? Please do not stop writing."),
                 answer("c2@example.com", "unsubscribe", "Auto-Submitted: auto-replied\n")):
        box.add(text)
    box.flush()
    notices = list(notices_in(tmp_path / "returned"))
    assert [(n.kind, n.address) for n in notices] == [
        ("bounce", "C1@example.com"), ("bounce", "c2@example.com"), ("complaint", "c4@example.com"),
        ("reply", "c5@example.com"), ("reply", "c3@example.com")]
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        done = take_in(ledger, made.key, made.snapshot, notices, "returned mail", NOON)
        assert done == {"suppressed": 3, "to_read": 1, "ignored": 1, "unknown": 0}
        assert [barred(ledger, made, c) for c in ("C1", "C2", "C3", "C4", "C5")] == [True, False, False, True, True]
        assert barred(ledger, made, "C4", "sms") and not barred(ledger, made, "C1", "sms"), "a complaint counts on all"
        rows = ledger.rows("SELECT customer_id, kind, source FROM objections ORDER BY id")
        assert [tuple(r) for r in rows] == [("C1", "bounce", "returned mail"), ("C4", "complaint", "returned mail"),
                                            ("C5", "unsubscribe", "returned mail")]
        take_in(ledger, made.key, made.snapshot, notices, "returned mail", NOON)
        assert len(ledger.rows("SELECT 1 FROM objections")) == 3, "read twice, recorded once"


def test_an_address_of_nobody_is_known_again_when_somebody_has_it(tmp_path: Path, made: Shop) -> None:
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        take_in(ledger, made.key, made.snapshot, [Notice(kind="complaint", address="New@example.com")], "x", NOON)
        assert objected(ledger.con, "C99", "email", made.key.address("email", "new@example.com"))
        assert not barred(ledger, made, "C1")
        token = made.key.token("C2", "email")
        take_in(ledger, made.key, None, [Notice(kind="unsubscribe", token=token)], "x", NOON)
        assert barred(ledger, made, "C2") and not barred(ledger, made, "C2", "sms")
        assert take_in(ledger, made.key, None, [Notice(kind="unsubscribe", token="made up")], "x", NOON)["unknown"] == 1


@pytest.mark.parametrize(("notice", "what"), [
    (Notice(kind="bounce", status="5.1.1"), "bounce"), (Notice(kind="bounce", status="4.2.2"), "ignored"),
    (Notice(kind="bounce", status="5.7.1"), "ignored"), (Notice(kind="bounce", permanent=True), "bounce"),
    (Notice(kind="bounce"), "ignored"), (Notice(kind="reply", text="退订"), "unsubscribe"),
    (Notice(kind="reply", text="stop by on Friday?"), "to_read"), (Notice(kind="objection"), "objection"),
])
def test_only_what_is_certain(notice: Notice, what: str) -> None:
    assert decided(notice) == what


def test_what_is_quoted_is_not_what_was_answered() -> None:
    assert not wants_to_stop("> stop\n> unsubscribe") and not wants_to_stop("Can I stop by?")
    assert wants_to_stop("Please unsubscribe me.\n> Hello")


def test_a_report_is_signed_with_the_secret() -> None:
    body = json.dumps([{"kind": "bounce", "address": "a@x.org", "status": "5.1.1", "vendor": "ignored"}]).encode()
    seal = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert signed_notices(body, f"sha256={seal}", "secret")[0].address == "a@x.org"
    for given, secret in ((seal, ""), (seal[:-1] + "x", "secret"), ("", "secret")):
        with pytest.raises(NotPermitted):
            signed_notices(body, given, secret)
    bad = b'{"kind": "approve"}'
    with pytest.raises(InvalidPlan, match="not understood"):
        signed_notices(bad, hmac.new(b"s", bad, hashlib.sha256).hexdigest(), "s")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        list(notices_in(tmp_path / "nothing.eml"))
    with pytest.raises(UnreadableFile, match="Maildir"):
        list(notices_in(tmp_path))
    (tmp_path / "one.eml").write_text(DSN)
    assert len(list(notices_in(tmp_path / "one.eml"))) == 2
    (tmp_path / "junk.eml").write_bytes(b"\xff\xfe\x00 no mail at all")
    assert list(notices_in(tmp_path / "junk.eml")) == []


def test_the_chat_tells_what_came_back(tmp_path: Path) -> None:
    from assistant.llm.replies import compose
    from assistant.plans.sending import SendingRequest
    from tests.campaigns.sending.test_desk import desk_of

    desk = desk_of(shop(tmp_path))
    about = SendingRequest(about="objections")
    assert "Nobody has unsubscribed" in compose([desk.state(about)]).text
    desk.take_in([Notice(kind="bounce", address="c1@example.com", permanent=True)], "returned mail")
    desk.unsubscribe(desk.key.token("C2", "email"))
    text = compose([desk.state(about)]).text
    assert text.startswith("2 suppressions have") and "bounce on email (returned mail): 1" in text
