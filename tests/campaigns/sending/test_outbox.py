"""The outbox against a real mail server: at most once, checked at the last instant, stopped and undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assistant.campaigns.sending.connectors.smtp import SmtpConnector
from assistant.campaigns.sending.drain import Drained, drain
from assistant.campaigns.sending.ledger import Ledger, only_one, open_ledger
from assistant.campaigns.sending.objections import object_to, unsubscribe
from assistant.campaigns.sending.outbox import claim, counts, recover, resume, settle, stop, undo
from assistant.errors import StorageError, UnknownName
from tests.campaigns.sending.mail_server import MailServer, free_port
from tests.campaigns.sending.shop import NOON, Shop, contact_rows, load_contacts, shop
from tests.campaigns.sending.test_approval import approved, begin
from tests.campaigns.sending.test_smtp import to_port


class Scene:
    """A shop whose campaign is queued, and a mail server."""

    def __init__(self, made: Shop, ledger: Ledger, server: MailServer) -> None:
        self.shop, self.ledger, self.server = made, ledger, server

    def send(self, now: datetime = NOON, **more: object) -> Drained:
        way = SmtpConnector(to_port(more.pop("port", self.server.port)), self.shop.key)  # type: ignore[arg-type]
        return drain(self.ledger, {"email": way}, self.shop.checks(), lambda: now, per_minute=10**6,
                     pause=lambda s: None, **more)  # type: ignore[arg-type]

    @property
    def reached(self) -> list[str]:
        return sorted(address for address, _ in self.server.kept.mails)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger, MailServer() as server:
        begin(made, ledger, approved(made, ledger))
        yield Scene(made, ledger, server)


def test_everybody_gets_it_once(scene: Scene) -> None:
    assert scene.send().outcomes == {"sent": 5} and scene.send().outcomes == {}
    assert scene.reached == [f"c{n}@example.com" for n in range(1, 6)]
    _, mail = scene.server.kept.mails[0]
    text = mail.get_body(("plain",)).get_content()
    assert "Mug Street 1" in text and "https://example.org/u/" in text and "[your" not in text


def test_consent_withdrawn_after_approval_counts(scene: Scene) -> None:
    load_contacts(scene.shop.folder, contact_rows(C1={"consent": False}, C2={"suppressed": True}, C3={"consent": None}))
    scene.send()
    assert scene.reached == ["c4@example.com", "c5@example.com"] and counts(scene.ledger)["skipped"] == 3


def test_objections_between_two_messages_count(scene: Scene) -> None:
    scene.send(most=1)
    unsubscribe(scene.ledger, scene.shop.key, scene.shop.key.token("C2", "email"), NOON)
    object_to(scene.ledger, "C9", "sms", "objection", "phone call", NOON,
              scene.shop.key.address("email", "C3@Example.com"))
    scene.send()
    assert scene.reached == ["c1@example.com", "c4@example.com", "c5@example.com"]
    with pytest.raises(UnknownName):
        unsubscribe(scene.ledger, scene.shop.key, "forged", NOON)


def test_another_address_is_not_what_was_approved(scene: Scene) -> None:
    load_contacts(scene.shop.folder, contact_rows(C1={"address": "other@example.com"}))
    scene.send()
    assert "other@example.com" not in scene.reached and len(scene.reached) == 4


def test_at_night_it_waits_and_then_expires(scene: Scene) -> None:
    night = NOON + timedelta(hours=12)
    assert scene.send(night).outcomes == {} and counts(scene.ledger) == {"queued": 5}
    assert scene.send(night + timedelta(hours=6, minutes=59)).outcomes == {}
    assert scene.send(night + timedelta(hours=7, minutes=1)).outcomes == {"sent": 5}


def test_what_waited_too_long_is_not_sent(scene: Scene) -> None:
    assert scene.send(NOON + timedelta(hours=49)).outcomes == {} and counts(scene.ledger) == {"skipped": 5}


def test_a_mail_server_that_is_down_loses_nothing(scene: Scene) -> None:
    found = scene.send(port=free_port())
    assert "cannot be reached" in found.broke_off and counts(scene.ledger) == {"queued": 5}
    assert scene.send().outcomes == {"sent": 5}


def test_a_broken_connection_leaves_it_unknown_and_is_not_repeated(scene: Scene) -> None:
    scene.server.kept.hang_up = True
    scene.send(most=1)
    scene.server.kept.hang_up = False
    scene.send()
    assert counts(scene.ledger) == {"unknown": 1, "sent": 4}
    assert scene.reached == sorted({*scene.reached}), "nobody got it twice"
    (row,) = scene.ledger.rows("SELECT id FROM outbox WHERE state = 'unknown'")
    assert settle(scene.ledger, row["id"], "sent", "ann", NOON)
    assert not settle(scene.ledger, row["id"], "failed", "ann", NOON)


def test_a_crash_between_claim_and_record_is_unknown(scene: Scene) -> None:
    assert claim(scene.ledger, scene.shop.checks(), NOON) is not None  # and the process ends here
    assert recover(scene.ledger, NOON) == 1
    scene.send()
    assert counts(scene.ledger) == {"unknown": 1, "sent": 4}


def test_stop_undo_and_resume(scene: Scene) -> None:
    scene.send(most=2)
    stop(scene.ledger, "c-1", "ann", NOON)
    assert scene.send().outcomes == {} and len(scene.reached) == 2
    resume(scene.ledger, "c-1", "ann", NOON)
    scene.send(most=1)
    assert undo(scene.ledger, "c-1", "ann", NOON) == 2
    assert scene.send().outcomes == {} and counts(scene.ledger) == {"sent": 3, "cancelled": 2}


def test_only_one_process_sends(scene: Scene) -> None:
    with only_one(scene.ledger.path), pytest.raises(StorageError, match="Another process"):
        scene.send()
    assert scene.send().outcomes == {"sent": 5}
