"""A shop's sendings as a person and the tools meet them: dry run, decision, files, repetitions, calendar."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from assistant.campaigns.draft import draft_campaign
from assistant.campaigns.sending.calendar import Entry, clashes
from assistant.campaigns.sending.desk import SendingDesk
from assistant.campaigns.sending.ledger import open_ledger
from assistant.campaigns.sending.links import tagged
from assistant.campaigns.sending.secrets import ShopKey
from assistant.data.warehouse import open_snapshot
from assistant.errors import InvalidPlan, MissingData, NotPermitted, SettingsError
from assistant.llm.replies import compose
from assistant.plans import And, Compare
from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)
from tests.campaigns.sending.mail_server import MailServer
from tests.campaigns.sending.shop import NOON, PEOPLE, Shop, contact_rows, load_contacts, shop
from tests.campaigns.test_draft import brief

SETTINGS = """
enabled = true
sender_address = "news@example.org"
postal_address = "Mug Street 1, Cologne"
unsubscribe_url = "https://example.org/u/{token}"
time_zone = "Europe/Berlin"
per_minute = 100000
seeds = ["seed@example.org"]
[cost_per_message]
email = 0.01
[smtp]
host = "127.0.0.1"
security = "none"
"""


def desk_of(made: Shop, now: datetime = NOON, port: int = 2525) -> SendingDesk:
    (made.folder / "sending.toml").write_text(SETTINGS + f"port = {port}\n")
    return SendingDesk(made.folder, made.folder / "app.sqlite", made.folder / "out", "ann", made.rooms, made.snapshot,
                       lambda: open_snapshot(made.folder / "snapshots"), lambda: now)


@pytest.fixture
def desk(tmp_path: Path) -> SendingDesk:
    return desk_of(shop(tmp_path))


def approved(desk: SendingDesk) -> str:
    digest = str(desk.dry_run(DryRunRequest()).details["digest"])
    return desk.decide(digest, approve=True, via="terminal").digest


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_dry_run_says_who_what_and_cost(desk: SendingDesk) -> None:
    result = desk.dry_run(DryRunRequest())
    values = {name: figure.value for name, figure in result.figures.items()}
    assert values["messages"] == 5 and values["allowed"] == 5 and values["cost"] == 0.05
    reply = compose([result]).text
    assert "Cost of sending: €0.05" in reply or "Cost of sending: £0.05" in reply
    assert "5 messages to 5 people by email" in reply and "cannot approve" in reply
    shown = str(result.model_dump())
    assert all(desk.key.token(p, "email") not in shown for p in PEOPLE), "no link that works is shown"
    assert "c1@example.com" not in shown and all(p not in str(result.table("samples").rows) for p in PEOPLE)
    assert desk.dry_run(DryRunRequest()).details["digest"] == result.details["digest"]


def test_files_with_addresses_need_an_approval(desk: SendingDesk) -> None:
    with pytest.raises(NotPermitted, match="approved"):
        desk.export(ExportRequest(target="klaviyo"))
    desk.dry_run(DryRunRequest())
    with pytest.raises(NotPermitted):
        desk.export(ExportRequest())
    approved(desk)
    _, (recipients, suppressed) = desk.export(ExportRequest())
    assert [r["customer_id"] for r in read(recipients.path)] == list(PEOPLE) and suppressed.rows == 0


def test_papers_need_none_and_name_nobody(desk: SendingDesk) -> None:
    from icalendar import Calendar

    _, (page,) = desk.export(ExportRequest(target="brief"))
    text = page.read_text(encoding="utf-8")
    assert "@example.com" not in text and "<script" not in text and "win" not in text[:10]
    _, (dates,) = desk.export(ExportRequest(target="calendar"))
    events = Calendar.from_ical(dates.read_bytes()).walk("VEVENT")
    assert [e.decoded("dtend") for e in events][0] == date(2026, 12, 25), "the day after the last"


def test_objections_stay_out_of_files_and_travel_with_them(tmp_path: Path) -> None:
    made = shop(tmp_path)
    desk = desk_of(made)
    approved(desk)
    desk.unsubscribe(desk.key.token("C2", "email"))
    _, (recipients, suppressed) = desk.export(ExportRequest(target="csv"))
    assert [r["customer_id"] for r in read(recipients.path)] == ["C1", "C3", "C4", "C5"]
    assert read(suppressed.path) == [{"channel": "email", "address": "c2@example.com"}]


def test_unique_codes_are_in_the_message_and_in_the_file(desk: SendingDesk) -> None:
    desk.plan(SendPlan(codes="unique", codes_until=date(2026, 12, 31)))
    result = desk.dry_run(DryRunRequest())
    approved(desk)
    _, (file,) = desk.export(ExportRequest(target="codes"))
    codes = [row["code"] for row in read(file.path)]
    assert len(set(codes)) == 5 and {row["valid_until"] for row in read(file.path)} == {"2026-12-31"}
    assert any(code in result.details["copy"][0]["body"] for code in codes)
    assert desk.key.code("c-1", "C1") in codes and desk.key.code("c-2", "C1") not in codes


def test_what_is_planned_voids_an_approval(desk: SendingDesk) -> None:
    digest = approved(desk)
    desk.plan(SendPlan(codes="shared", code="WINTER10"))
    with pytest.raises(NotPermitted, match="void"):
        desk.begin(digest)
    _, plan = desk.plan(SendPlan(codes="none"))
    assert plan.code is None


def test_sent_from_end_to_end_and_tested_on_seeds(tmp_path: Path) -> None:
    made = shop(tmp_path)
    with MailServer() as server:
        desk = desk_of(made, port=server.port)
        assert desk.test(None) == [("seed@example.org", "sent")]
        digest = approved(desk)
        desk.begin(digest)
        assert desk.send(pause=lambda s: None).outcomes == {"sent": 5}
        seed = server.kept.mails[0][1].get_body(("plain",)).get_content()
        assert "/u/" in seed and not any(desk.key.token(c, "email") in seed for c in PEOPLE), "it unsubscribes nobody"
        assert [a for a, _ in server.kept.mails] == ["seed@example.org", *(f"c{n}@example.com" for n in range(1, 6))]
    result = desk.state(SendingRequest())
    assert result.figures["sent"].value == 5 and "5 sent" in compose([result]).text
    assert desk.state(SendingRequest(about="audit")).table("log").rows[0][3] == "sent" and desk.verify().whole


def test_sending_is_off_without_the_operators_word(tmp_path: Path) -> None:
    made = shop(tmp_path)
    desk = desk_of(made)
    digest = approved(desk)
    (tmp_path / "sending.toml").unlink()
    with pytest.raises(NotPermitted, match="off"):
        desk.send()
    with pytest.raises((NotPermitted, InvalidPlan)):
        desk.begin(digest)
    (tmp_path / "sending.toml").write_text("enable = true")
    with pytest.raises(SettingsError, match="enable"):
        desk.dry_run(DryRunRequest())


def test_everything_stopped_stays_stopped(desk: SendingDesk) -> None:
    digest = approved(desk)
    desk.stop(StopRequest())
    with pytest.raises(NotPermitted, match="stopped"):
        desk.begin(digest)
    desk.resume("*")
    assert desk.begin(digest) == 5
    assert desk.stop(StopRequest(undo=True))[1] == 5


def test_without_consents_nothing_can_be_prepared(tmp_path: Path) -> None:
    from tests.support.tiny_shop import tiny_shop

    made = shop(tmp_path)
    bare = replace(desk_of(made), snapshot=tiny_shop(tmp_path / "bare"))
    with pytest.raises(MissingData, match="contacts"):
        bare.dry_run(DryRunRequest())


def repeating(tmp_path: Path, **limits: object) -> tuple[Shop, SendingDesk]:
    """A campaign for customers of Germany that repeats with new data; C1 and C2 have got it."""
    frame = contact_rows()
    made = shop(tmp_path).with_(snapshot=load_contacts(tmp_path, frame[frame.customer_id.isin(["C1", "C2"])]))
    desk = desk_of(made)
    desk.plan(SendPlan(repeats="new_data", repeats_until=date(2026, 12, 20), most_each=5, **limits))  # type: ignore
    desk.begin(approved(desk))
    return made, desk


def test_a_repetition_reaches_whom_it_has_not_reached(tmp_path: Path) -> None:
    made, desk = repeating(tmp_path)
    (told,) = desk.repeat()
    assert (told.queued, told.why) == (0, "no new data were loaded")
    new = desk_of(made.with_(snapshot=load_contacts(tmp_path, contact_rows())), NOON + timedelta(hours=1))
    assert [r.queued for r in new.repeat()] == [3] and [r.queued for r in new.repeat()] == [0]
    with open_ledger(new.app_db) as ledger:
        assert [r["customer_id"] for r in ledger.rows("SELECT customer_id FROM outbox ORDER BY id")] == list(PEOPLE)
    assert new.verify().whole


@pytest.mark.parametrize(("limits", "why"), [({"most_in_all": 4}, "in all"), ({}, "day has passed")])
def test_a_repetition_keeps_its_limits(tmp_path: Path, limits: dict[str, object], why: str) -> None:
    made, _ = repeating(tmp_path, **limits)
    later = NOON + timedelta(days=0 if limits else 30)
    desk = desk_of(made.with_(snapshot=load_contacts(tmp_path, contact_rows())), later)
    (told,) = desk.repeat()
    assert told.queued == 0 and why in told.why


def test_a_changed_draft_is_not_repeated(tmp_path: Path) -> None:
    made, _ = repeating(tmp_path)
    draft_campaign(made.snapshot, brief(channels=("email",), tone="formal", campaign_id="c-1"), made.rooms)
    desk = desk_of(made.with_(snapshot=load_contacts(tmp_path, contact_rows())))
    (told,) = desk.repeat()
    assert told.queued == 0 and "not the one that was approved" in told.why


def test_a_repetition_needs_limits(desk: SendingDesk) -> None:
    with pytest.raises(InvalidPlan, match="until which day and to how many"):
        desk.plan(SendPlan(repeats="weekly"))


def test_the_calendar_sees_the_same_people_twice(tmp_path: Path) -> None:
    made = shop(tmp_path)
    draft_campaign(made.snapshot, brief(channels=("email",), ends_on=date(2026, 12, 1)), made.rooms)
    german = And(parts=(brief().audience, Compare(field="country", op="eq", values=("Germany",))))  # type: ignore
    draft_campaign(made.snapshot, brief(channels=("email",), audience=german, starts_on=date(2027, 2, 1),
                                        ends_on=date(2027, 2, 3)), made.rooms)
    result = desk_of(made).calendar(CalendarRequest())
    assert [(r[0], r[6]) for r in result.table("entries").rows] == [("c-1", 5), ("c-2", 5), ("c-3", 2)]
    assert [(r[0], r[1], r[3]) for r in result.table("clashes").rows] == [("c-1", "c-2", 5)]
    assert "would stack" in compose([result]).text


def test_clashes_by_hand() -> None:
    def entry(name: str, first: int, last: int, people: set[str] | None, offer: str = "") -> Entry:
        return Entry(name, "", date(2026, 12, first), date(2026, 12, last), ("email",), offer, "draft",
                     None if people is None else frozenset(people))

    found = clashes([entry("a", 1, 5, {"x", "y"}, "10 %"), entry("b", 5, 9, {"y"}, "5 %"), entry("c", 6, 7, {"z"}),
                     entry("d", 9, 9, None)])
    assert [(c.first.campaign_id, c.second.campaign_id, c.days, c.shared, c.stacked) for c in found] == [
        ("a", "b", 1, 1, True), ("b", "d", 1, None, False)]


def test_links_carry_where_they_come_from() -> None:
    assert tagged("https://shop.example/x?a=1&utm_source=old#top", "c-1", "email") == (
        "https://shop.example/x?a=1&utm_source=shop&utm_medium=email&utm_campaign=c-1#top")


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    ShopKey(tmp_path)
    assert (tmp_path / "sending.key").stat().st_mode & 0o077 == 0


def test_what_could_be_done_is_told_without_doing_it(desk: SendingDesk) -> None:
    from assistant.campaigns.sending.trial import trial

    def could(request: object) -> bool:
        try:
            trial(desk, request)  # type: ignore[arg-type]
        except (InvalidPlan, NotPermitted):
            return False
        return True

    asked = (DryRunRequest(), ExportRequest(target="klaviyo"), ExportRequest(target="brief"),
             ExportRequest(target="codes"), StopRequest(), SendPlan(codes="unique"))
    assert [could(r) for r in asked] == [True, False, True, False, False, True]
    with open_ledger(desk.app_db) as ledger:
        assert not ledger.rows("SELECT 1 FROM send_runs") and not ledger.rows("SELECT 1 FROM audit")
    desk.begin(approved(desk))
    assert [could(r) for r in asked] == [True, True, True, False, True, True]
