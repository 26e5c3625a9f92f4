"""A dry run against the run approved last, line by line; the first day of the brief holds for the sending."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from assistant.campaigns.draft import draft_campaign
from assistant.campaigns.sending.ledger import open_ledger
from assistant.llm.replies import compose
from assistant.plans import And, Compare, OfferSpec
from assistant.plans.sending import DryRunRequest, SendPlan
from tests.campaigns.sending.shop import shop
from tests.campaigns.sending.test_desk import desk_of
from tests.campaigns.test_draft import brief


def test_every_line_that_differs_from_the_approved_run_is_told(tmp_path: Path) -> None:
    made = shop(tmp_path)
    desk = desk_of(made)
    first = desk.dry_run(DryRunRequest())
    assert first.words["against"] == "first"
    desk.decide(first.details["digest"], approve=True, via="terminal")
    german = And(parts=(brief().audience, Compare(field="country", op="eq", values=("Germany",))))  # type: ignore
    draft_campaign(made.snapshot, brief(
        channels=("email",), campaign_id="c-1", audience=german, ends_on=date(2026, 12, 24),
        offer=OfferSpec(kind="percent_off", value=15)), made.rooms)
    desk.plan(SendPlan(campaign_id="c-1", codes="shared", code="XMAS"))

    second = desk.dry_run(DryRunRequest())

    told = {row[0]: (row[1], row[2]) for row in second.table("against").rows}
    assert told["offer"] == ("10 % off", "15 % off") and told["promo codes"] == ("none", "shared")
    assert told["shared code"] == ("none", "XMAS") and {"audience", "sealed assignment"} <= told.keys()
    sizes = tuple(f"{run.figures['messages'].value:,}" for run in (first, second))
    assert told["messages by email"] == sizes
    assert "data" not in told and "tone" not in told
    text = compose([second]).text
    assert "offer: 15 % off (approved: 10 % off)" in text


def test_the_first_day_of_the_brief_is_kept_at_sending(tmp_path: Path) -> None:
    made = shop(tmp_path, starts_on=date(2026, 12, 1))
    desk = desk_of(made)
    run = desk.dry_run(DryRunRequest())
    assert "2026-12-01 00:00" in {row[0]: row[1] for row in run.table("what").rows}["not before"]
    desk.decide(run.details["digest"], approve=True, via="terminal")
    desk.begin(run.details["digest"])
    with open_ledger(desk.app_db) as ledger:
        earliest = min(datetime.fromisoformat(r["not_before"]) for r in ledger.rows("SELECT not_before FROM outbox"))
    assert earliest.date() >= date(2026, 11, 30) and earliest.isoformat().startswith("2026-11-30T23:00")
