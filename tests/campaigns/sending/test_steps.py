"""Later messages of a campaign: on their day, to whom their condition still fits; moments of recipients' clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from assistant.campaigns.draft import draft_campaign
from assistant.campaigns.sending.batches import BATCH
from assistant.campaigns.sending.contacts import Contacts
from assistant.campaigns.sending.ledger import open_ledger
from assistant.campaigns.sending.orders import Orders
from assistant.campaigns.sending.parts import Part, left_out, parts_of
from assistant.campaigns.sending.timing import Timing
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.llm.replies import compose
from assistant.plans import JourneyStep
from assistant.plans.sending import DryRunRequest, SendPlan, StopRequest
from tests.campaigns.sending.mail_server import MailServer
from tests.campaigns.sending.shop import NOON, PEOPLE, Shop, contact_rows, shop
from tests.campaigns.sending.test_desk import approved, desk_of
from tests.campaigns.test_draft import brief
from tests.support.tiny_shop import tiny_tables

LATER = NOON + timedelta(days=5, minutes=1)
STEPS = (JourneyStep(channel="email"), JourneyStep(channel="email", after_days=5, only_if="no_order"))


def with_orders(folder: Path, **orders: datetime) -> Snapshot:
    """The data loaded again, with one more order of some customers."""
    tables = tiny_tables()
    for n, (customer, at) in enumerate(orders.items()):
        naive = pd.Timestamp(at.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None))
        order = {"order_id": f"N{n}", "customer_id": customer, "ordered_at": naive}
        line = {**order, "line_id": f"NL{n}", "product_id": "P1", "line_type": "sale", "quantity": 1,
                "unit_price": 10.0, "amount": 10.0}
        for name, row in (("orders", order), ("order_lines", line)):
            have = tables[name]
            frame = have if isinstance(have, pd.DataFrame) else have.to_pandas()
            tables[name] = pd.concat([frame, pd.DataFrame([row])[[c for c in row if c in frame.columns]]],
                                     ignore_index=True)
    write_snapshot(folder / "snapshots", {**tables, "contacts": contact_rows()}, source="tests", currency="EUR")
    return open_snapshot(folder / "snapshots")


@pytest.fixture
def made(tmp_path: Path) -> Shop:
    found = shop(tmp_path)
    draft_campaign(found.snapshot, brief(channels=("email",), steps=STEPS), found.rooms)
    return found


def test_a_reminder_goes_to_whoever_has_not_ordered_since(made: Shop) -> None:
    with MailServer() as server:
        first = desk_of(made, port=server.port)
        shown = first.dry_run(DryRunRequest())
        assert [row[0:2] + row[4:] for row in shown.table("steps").rows] == [[1, 0, 5], [2, 5, 5]]
        assert shown.figures["allowed"].value == 5 and shown.figures["waiting"].value == 5
        assert "or for their day" in compose([shown]).text
        texts = [c["body"] for c in shown.details["copy"]]
        assert len(texts) == 2 and texts[0] != texts[1], "both messages are shown, in different words"
        first.begin(approved(first))
        assert first.send(pause=lambda s: None).outcomes == {"sent": 5}
        later = desk_of(made, LATER, server.port)
        assert later.send(pause=lambda s: None).outcomes == {}, "orders of these days are not loaded: it waits"
        with_orders(made.folder, C1=NOON + timedelta(days=2), C2=NOON - timedelta(days=1), C3=LATER)
        again = desk_of(made, LATER + timedelta(hours=3), server.port)
        assert again.send(pause=lambda s: None).outcomes == {"sent": 3}
        assert [a for a, _ in server.kept.mails][5:] == ["c2@example.com", "c4@example.com", "c5@example.com"]
        with open_ledger(again.app_db) as ledger:
            why = {r["customer_id"]: r["why"] for r in ledger.rows("SELECT * FROM outbox WHERE state = 'skipped'")}
        assert why == dict.fromkeys(("C1", "C3"), "has ordered since")


def test_without_new_data_a_reminder_expires(made: Shop) -> None:
    with MailServer() as server:
        first = desk_of(made, port=server.port)
        first.begin(approved(first))
        first.send(pause=lambda s: None)
        for hours in (0, 20, 49):
            assert desk_of(made, LATER + timedelta(hours=hours), server.port).send(pause=lambda s: None).outcomes == {}
        with open_ledger(first.app_db) as ledger:
            assert {r["why"] for r in ledger.rows("SELECT why FROM outbox WHERE variant = 1")} == {"too late"}


def test_who_unsubscribes_after_the_first_message_gets_no_second(made: Shop) -> None:
    with MailServer() as server:
        first = desk_of(made, port=server.port)
        first.begin(approved(first))
        first.send(pause=lambda s: None)
        first.unsubscribe(first.key.token("C4", "email"))
        with_orders(made.folder, C9=LATER)
        later = desk_of(made, LATER, server.port)
        assert later.send(pause=lambda s: None).outcomes == {"sent": 4}
        assert "c4@example.com" not in [a for a, _ in server.kept.mails][5:]


def test_whoever_ordered_after_the_data_were_loaded_is_out_of_a_recovery_campaign(tmp_path: Path) -> None:
    found = shop(tmp_path, exit_when="order")
    with MailServer() as server:
        desk = desk_of(found, port=server.port)
        shown = desk.dry_run(DryRunRequest())
        told = dict(shown.table("what").rows)  # type: ignore[arg-type]
        assert str(told["exit"]).startswith("stops for whoever places an order")
        desk.begin(approved(desk))
        last = datetime.combine(found.snapshot.as_of, datetime.min.time(), tzinfo=UTC)
        with_orders(tmp_path, C1=last + timedelta(days=3), C2=last + timedelta(hours=6))
        desk.send(pause=lambda s: None)
        assert "c1@example.com" not in [a for a, _ in server.kept.mails] and len(server.kept.mails) == 4


def test_an_undo_takes_the_later_messages_back(made: Shop) -> None:
    with MailServer() as server:
        desk = desk_of(made, port=server.port)
        desk.begin(approved(desk))
        desk.send(pause=lambda s: None)
        assert desk.stop(StopRequest(undo=True))[1] == 5
        with_orders(made.folder, C9=LATER)
        assert desk_of(made, LATER, server.port).send(pause=lambda s: None).outcomes == {}


def test_which_steps_are_for_whom() -> None:
    steps = (JourneyStep(channel="email", only_if="has_address"),
             JourneyStep(channel="sms", only_if="no_address"),
             JourneyStep(channel="push", after_days=2, only_if="no_open"))
    made = brief(channels=("email", "sms", "push"), steps=steps)
    parts = parts_of(made)
    assert [(p.channel, p.step) for p in parts] == [("email", 0), ("sms", 1)] and left_out(made)[0].after_days == 2
    assert [p.channel for p in parts if p.meant_for({"email", "sms"})] == ["email"]
    assert [p.channel for p in parts if p.meant_for({"sms"})] == ["sms"]
    assert parts_of(brief(channels=("email", "sms"))) == [Part(0, "email"), Part(0, "sms")]


def test_ten_oclock_is_ten_oclock_where_the_recipient_lives() -> None:
    zones = {"T": "Asia/Tokyo", "B": "Europe/Berlin", "N": "America/New_York", "X": None}
    now = datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
    local = Timing(now, "Europe/Berlin", 48.0, datetime(2026, 3, 28, 10, 0), True, lambda c, ch: zones[c])
    assert {c: local.of(c, "email")[0].hour for c in zones} == {"T": 1, "B": 9, "N": 14, "X": 9}
    assert local.of("B", "email", 1)[0] == datetime(2026, 3, 29, 8, 0, tzinfo=UTC), "clocks went forward in between"
    begins, ends = Timing(now, "Europe/Berlin", 48.0, datetime(2026, 3, 20, 10, 0), True, lambda c, ch: zones[c]).of(
        "T", "email")
    assert begins == now and ends - begins == timedelta(hours=48), "a moment that has passed means at once"
    shops = Timing(now, "Europe/Berlin", 48.0, datetime(2026, 3, 28, 10, 0), False, lambda c, ch: zones[c])
    assert shops.of("T", "email")[0] == datetime(2026, 3, 28, 9, 0, tzinfo=UTC)


def test_recipients_clocks_end_up_in_the_outbox(tmp_path: Path) -> None:
    from tests.campaigns.sending.shop import load_contacts

    frame = contact_rows(C1={"time_zone": "Asia/Tokyo"}, C2={"time_zone": None})
    found = shop(tmp_path).with_(snapshot=load_contacts(tmp_path, frame))
    desk = desk_of(found)
    desk.plan(SendPlan(send_at=datetime(2026, 11, 26, 10, 0), clock="recipient"))
    shown = desk.dry_run(DryRunRequest())
    assert "of each recipient's own clock" in str(shown.table("what").rows)
    desk.begin(approved(desk))
    with open_ledger(desk.app_db) as ledger:
        at = {r["customer_id"]: r["not_before"][:16] for r in ledger.rows("SELECT * FROM outbox")}
    assert at == dict.fromkeys(PEOPLE, "2026-11-26T09:00") | {"C1": "2026-11-26T01:00"}


def test_facts_are_read_in_batches_and_again_after_a_load(tmp_path: Path) -> None:
    made = shop(tmp_path)
    reads: list[int] = []

    class Counting(Contacts):
        def read(self, snapshot: Snapshot, customer_ids: list[str]) -> None:
            reads.append(len(customer_ids))
            super().read(snapshot, customer_ids)

    contacts = Counting(lambda: open_snapshot(tmp_path / "snapshots"))
    contacts.load(PEOPLE)
    assert all(contacts.standing(c, "email").consent for c in PEOPLE) and reads == [5] and BATCH >= 100
    from tests.campaigns.sending.shop import load_contacts

    load_contacts(tmp_path, contact_rows(C1={"consent": False}))
    assert contacts.standing("C1", "email").consent is False and contacts.standing("C9", "email") is None
    orders = Orders(lambda: made.snapshot, "Europe/Berlin")
    every, mugs = orders.last("C1"), orders.last("C1", "kitchen")
    assert every is not None and every.tzinfo is not None and (mugs is None or mugs <= every)
