"""What can be wrong with a campaign on its way out: a clear word, nothing sent, the draft as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from assistant.campaigns.copy.voice import FILE_NAME, load_voice
from assistant.campaigns.draft import draft_campaign
from assistant.campaigns.sending import exports
from assistant.campaigns.sending.desk import SendingDesk
from assistant.campaigns.sending.ledger import open_ledger
from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import AssistantError, InvalidPlan, MissingData, NoRows, NotPermitted, SettingsError, StorageError
from assistant.llm.replies import compose
from assistant.plans import CopyEdit, OfferSpec
from assistant.plans.filters import CustomerCondition
from assistant.plans.sending import DryRunRequest, ExportRequest
from tests.campaigns.sending.mail_server import free_port
from tests.campaigns.sending.shop import NOON, PEOPLE, Shop, contact_rows, load_contacts, shop
from tests.campaigns.sending.test_desk import approved, desk_of
from tests.campaigns.test_draft import brief
from tests.support.tiny_shop import tiny_tables


class Watched:
    """A shop with a draft, and what must be the same afterwards."""

    def __init__(self, folder: Path) -> None:
        self.shop = shop(folder)
        self.before = self.shop.rooms.store.load()

    def desk(self, **fields: object) -> SendingDesk:
        return desk_of(self.shop.with_(**fields))

    def check(self) -> None:
        after = self.shop.rooms.store.load()
        assert (after.version, after.brief) == (self.before.version, self.before.brief), "the draft is not as it was"
        with open_ledger(self.shop.folder / "app.sqlite") as ledger:
            assert not ledger.rows("SELECT 1 FROM outbox WHERE state <> 'queued'"), "something left"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path)
    yield found
    found.check()


def refused(watched: Watched, kind: type[AssistantError], match: str, **fields: object) -> None:
    with pytest.raises(kind, match=match):
        draft_campaign(watched.shop.snapshot, brief(campaign_id="c-1", channels=("email",), **fields),
                       watched.shop.rooms)


def test_an_audience_of_nobody(watched: Watched) -> None:
    nobody = CustomerCondition(metric="days_since_last_order", op="ge", values=(90_000,))
    refused(watched, NoRows, "No customer is left", audience=nobody)


def test_an_unknown_placeholder(watched: Watched) -> None:
    wrong = CopyEdit(channel="email", piece="subject", text="Hello {nickname}")
    refused(watched, InvalidPlan, "no data fill", edits=(wrong,))


def test_an_end_before_the_start_and_before_today(watched: Watched) -> None:
    with pytest.raises(ValueError, match="before it starts"):
        brief(starts_on=date(2026, 12, 2), ends_on=date(2026, 12, 1))
    refused(watched, InvalidPlan, "end before it begins", ends_on=date(2020, 1, 1))


def test_a_brand_file_with_errors(watched: Watched) -> None:
    (watched.shop.folder / FILE_NAME).write_text("tone: shouting\n")
    with pytest.raises(SettingsError, match="tone"):
        load_voice(watched.shop.folder / FILE_NAME)


def test_no_consent_data_for_one_channel_and_for_all(watched: Watched, tmp_path: Path) -> None:
    both = draft_campaign(watched.shop.snapshot, brief(channels=("email", "sms")), watched.shop.rooms)
    shown = watched.desk().dry_run(DryRunRequest(campaign_id=both.words["campaign"]))
    assert "Nobody can be written to by sms" in compose([shown]).text and "Load contacts" in compose([shown]).text
    assert ["sms", 0, 0, None, "nobody agreed to it"] in shown.table("channels").rows
    with pytest.raises(MissingData, match="sms"):
        draft_campaign(watched.shop.snapshot, brief(channels=("sms",)), watched.shop.rooms)
    from tests.support.tiny_shop import tiny_shop

    with pytest.raises(MissingData, match="contacts"):
        watched.desk(snapshot=tiny_shop(tmp_path / "bare")).dry_run(DryRunRequest(campaign_id="c-1"))
    watched.before = watched.shop.rooms.store.load()


def test_a_product_withdrawn_between_draft_and_approval(tmp_path: Path) -> None:
    made = shop(tmp_path, offer=OfferSpec(kind="percent_off", value=10, product_ids=("P1",)))
    before, desk = made.rooms.store.load(), desk_of(made)
    digest = str(desk.dry_run(DryRunRequest()).details["digest"])
    tables = tiny_tables()
    products = tables["products"].copy()
    products["discontinued_at"] = [pd.Timestamp("2024-01-02") if p == "P1" else pd.NaT for p in products.product_id]
    write_snapshot(tmp_path / "snapshots", {**tables, "products": products, "contacts": contact_rows()},
                   source="tests", currency="EUR")
    later = desk_of(made.with_(snapshot=open_snapshot(tmp_path / "snapshots")))
    with pytest.raises(InvalidPlan, match="withdrawn"):
        later.decide(digest, approve=True, via="card")
    with pytest.raises((InvalidPlan, NotPermitted)):
        later.begin(digest)
    assert made.rooms.store.load().brief == before.brief
    with open_ledger(later.app_db) as ledger:
        assert not ledger.rows("SELECT 1 FROM outbox") and not ledger.rows(
            "SELECT 1 FROM send_runs WHERE state = 'approved'")


def test_everybody_withdrew_between_approval_and_export(watched: Watched) -> None:
    approved(watched.desk())
    gone = load_contacts(watched.shop.folder, contact_rows(**{c: {"consent": False} for c in PEOPLE}))
    with pytest.raises((InvalidPlan, MissingData, NotPermitted)):
        watched.desk(snapshot=gone).export(ExportRequest(target="csv"))
    assert not list((watched.shop.folder / "out").glob("*"))


def test_the_mail_server_is_down(watched: Watched) -> None:
    desk = desk_of(watched.shop, port=free_port())
    desk.begin(approved(desk))
    done = desk.send(pause=lambda s: None)
    assert "cannot be reached" in done.broke_off and done.outcomes == {}


def test_the_disk_is_full_while_exporting(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = watched.desk()
    approved(desk)
    whole = exports._cells
    written: list[int] = []

    def full(each: exports.Recipient) -> list[str]:
        written.append(1)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return whole(each)

    monkeypatch.setattr(exports, "_cells", full)
    with pytest.raises(StorageError, match="nothing was left behind"):
        desk.export(ExportRequest(target="csv"))
    assert not list((watched.shop.folder / "out").glob("*"))
    monkeypatch.undo()
    _, (file, _) = desk.export(ExportRequest(target="csv"))
    assert file.rows == 5, "the approval still counts: nothing was lost"


def test_the_record_cannot_be_written(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk under the record of sendings: nothing is approved, nothing queued, and it says so."""
    desk = watched.desk()
    digest = str(desk.dry_run(DryRunRequest()).details["digest"])
    with open_ledger(desk.app_db) as ledger:
        (size,) = ledger.rows("PRAGMA page_count")[0]
    from assistant.campaigns.sending import ledger as room

    monkeypatch.setattr(room, "_SCHEMA", room._SCHEMA + f"PRAGMA max_page_count = {size};")
    desk.decide(digest, approve=True, via="terminal")
    with pytest.raises(StorageError, match="nothing was sent"):
        desk.begin(digest)
    monkeypatch.undo()
    with open_ledger(desk.app_db) as ledger:
        assert not ledger.rows("SELECT 1 FROM outbox")
    assert desk.begin(digest) == 5, "and afterwards it goes on"


def test_settings_with_errors_are_named(tmp_path: Path) -> None:
    made: Shop = shop(tmp_path)
    desk = desk_of(made, NOON)
    for text, match in (("per_minute = 0", "per_minute"), ('unsubscribe_url = "http://x"', "unsubscribe_url"),
                        ("[smtp\n", "TOML"), ('[smtp]\nhost = "x"\nsecurty = "none"', "securty")):
        (tmp_path / "sending.toml").write_text(text)
        with pytest.raises(SettingsError, match=match):
            desk.dry_run(DryRunRequest())
