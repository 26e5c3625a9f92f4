"""Approval: bound to exactly what runs, voided by any change, never given twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.campaigns.draft import draft_campaign
from assistant.campaigns.sending.approval import approve, latest_run, prepare, reject, run_of, start
from assistant.campaigns.sending.audit import record, verify
from assistant.campaigns.sending.ledger import Ledger, open_ledger
from assistant.campaigns.sending.outbox import counts, undo
from assistant.errors import InvalidPlan, NotPermitted, UnknownName
from tests.campaigns.sending.shop import NOON, Shop, config, contact_rows, load_contacts, shop
from tests.campaigns.test_draft import brief


def prepared(made: Shop, ledger: Ledger) -> str:
    terms, rows = made.run(ledger)
    return prepare(ledger, terms, rows, "ann", NOON).digest


def approved(made: Shop, ledger: Ledger) -> str:
    digest = prepared(made, ledger)
    return approve(ledger, digest, made.run(ledger)[0], made.config, actor="ann", via="card", now=NOON).digest


def begin(made: Shop, ledger: Ledger, digest: str, now=NOON) -> int:
    return start(ledger, digest, *made.run(ledger), made.config, actor="ann", now=now)


def test_what_was_approved_is_queued_once(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = approved(made, ledger)
        assert begin(made, ledger, digest) == 5 and counts(ledger) == {"queued": 5}
        with pytest.raises(NotPermitted, match="started already"):
            begin(made, ledger, digest)
        assert counts(ledger) == {"queued": 5}


def test_nothing_is_queued_without_approval(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = prepared(made, ledger)
        with pytest.raises(NotPermitted, match="without approval"):
            begin(made, ledger, digest)
        reject(ledger, digest, actor="ann", via="card", now=NOON)
        with pytest.raises(NotPermitted, match="rejected"):
            approve(ledger, digest, made.run()[0], made.config, actor="ann", via="card", now=NOON)
        assert counts(ledger) == {}


def test_a_new_version_of_the_draft_voids_the_approval(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = approved(made, ledger)
        draft_campaign(made.snapshot, brief(channels=("email",), tone="formal", campaign_id="c-1"), made.rooms)
        with pytest.raises(InvalidPlan, match="not what was approved"):
            begin(made, ledger, digest)
        assert run_of(ledger, digest).state == "void" and counts(ledger) == {}


@pytest.mark.parametrize("change", ["consent", "price list", "settings"])
def test_new_data_or_settings_void_a_dry_run(tmp_path: Path, change: str) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = prepared(made, ledger)
        if change == "settings":
            made = made.with_(config=config(postal_address="Elsewhere 2"))
        else:
            frame = contact_rows(C1={"consent": False} if change == "consent" else {"address": "new@example.com"})
            made = made.with_(snapshot=load_contacts(tmp_path, frame))
        with pytest.raises(InvalidPlan, match="changed since"):
            approve(ledger, digest, made.run()[0], made.config, actor="ann", via="card", now=NOON)
        assert run_of(ledger, digest).state == "void"


def test_one_changed_word_is_another_run(tmp_path: Path) -> None:
    from dataclasses import replace

    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = approved(made, ledger)
        terms, rows = made.run()
        forged = [replace(rows[0], text=rows[0].text.replace("10 %", "50 %")), *rows[1:]]
        assert forged[0] != rows[0]
        with pytest.raises(InvalidPlan, match="not what was approved"):
            start(ledger, digest, terms, forged, made.config, actor="ann", now=NOON)
        assert counts(ledger) == {}


def test_many_messages_need_their_number_typed(tmp_path: Path) -> None:
    made = shop(tmp_path).with_(config=config(typed_above=4))
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = prepared(made, ledger)
        for typed in (None, "", "4", "yes"):
            with pytest.raises(NotPermitted, match="Type the number"):
                approve(ledger, digest, made.run()[0], made.config, actor="a", via="card", now=NOON, typed=typed)
        run = approve(ledger, digest, made.run()[0], made.config, actor="a", via="card", now=NOON, typed=" 5 ")
        assert run.state == "approved"


def test_an_old_approval_does_not_count(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        digest = approved(made, ledger)
        with pytest.raises(NotPermitted, match="older than"):
            begin(made, ledger, digest, NOON + timedelta(hours=73))
        assert counts(ledger) == {}


def test_a_digest_that_nobody_saw_is_refused(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger, pytest.raises(UnknownName):
        approve(ledger, "ab" * 32, made.run()[0], made.config, actor="a", via="card", now=NOON)


def test_whoever_was_written_to_is_not_in_the_next_run(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        begin(made, ledger, approved(made, ledger))
        with pytest.raises(InvalidPlan, match="Nothing is left"):
            prepared(made, ledger)
        assert undo(ledger, "c-1", "ann", NOON) == 5 and counts(ledger) == {"cancelled": 5}
        run = latest_run(ledger, "c-1")
        assert run is not None and run.state == "started"


def test_bad_briefs_are_refused_before_anything_is_prepared(tmp_path: Path) -> None:
    from datetime import date

    made = shop(tmp_path)
    late = made.with_(snapshot=made.snapshot)
    draft_campaign(made.snapshot, brief(channels=("email",), ends_on=date(2026, 11, 1), campaign_id="c-1"), made.rooms)
    with pytest.raises(InvalidPlan, match="ended before today"):
        late.run()


def test_the_log_shows_every_change_to_it(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with open_ledger(tmp_path / "app.sqlite") as ledger:
        begin(made, ledger, approved(made, ledger))
        whole = verify(ledger)
        assert whole.whole and whole.entries == 3
        for statement in ("UPDATE audit SET actor = 'eve' WHERE seq = 2", "DELETE FROM audit WHERE seq = 2"):
            import sqlite3

            with pytest.raises(sqlite3.DatabaseError, match="only added to"):
                ledger.con.execute(statement)
        ledger.con.execute("DROP TRIGGER audit_is_not_changed")
        ledger.con.execute("DROP TRIGGER audit_is_not_deleted")
        ledger.con.execute("UPDATE audit SET actor = 'eve' WHERE seq = 2")
        assert verify(ledger).broken_at == 2
        ledger.con.execute("DELETE FROM audit WHERE seq = 2")
        assert not verify(ledger).whole
        ledger.con.execute("DELETE FROM audit WHERE seq = 3")
        assert verify(ledger).whole and not verify(ledger, whole.head).whole, "a cut end shows by the noted hash"
        with ledger.write() as con:
            record(con, NOON, "ann", "note", None)
        assert verify(ledger).entries == 2
