"""Campaigns for a basket that was left, a birthday, an order to be reviewed: who is meant, what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from assistant.campaigns.draft import Rooms, draft_campaign, make_plan
from assistant.campaigns.occasions import birthday_people, celebrated_on, kept_purchases, left_baskets
from assistant.campaigns.store import DraftStore
from assistant.campaigns.stream import write_messages
from assistant.campaigns.why import explain_message
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, NotPermitted
from assistant.plans import CampaignBrief, Compare, MessageRequest, OfferSpec
from tests.support.tiny_shop import tiny_shop, tiny_tables

EVENTS = [  # the data end on 2024-03-09; P2 is sold out
    ("a", "add_to_cart", "2024-03-08 09:00", "C3", "P1", 1, 10.0, None),
    ("a", "add_to_cart", "2024-03-08 09:01", "C3", "P4", 1, 40.0, None),
    ("b", "add_to_cart", "2024-03-08 09:00", "C4", "P2", 1, 8.0, None),
    ("c", "add_to_cart", "2024-03-08 20:00", "C1", "P3", 1, 25.0, None),  # C1 ordered on the day after
    ("d", "add_to_cart", "2024-03-09 22:00", "C5", "P5", 1, 5.0, None),  # two hours before the end
    ("e", "add_to_cart", "2024-03-05 10:00", None, "P5", 1, 5.0, None),
    ("f", "add_to_cart", "2024-02-10 10:00", "C2", "P5", 1, 5.0, None),  # long ago
]
BORN = [("C1", 3, 10, True), ("C2", 3, 12, False), ("C3", 2, 29, True), ("C4", 3, 16, True)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    columns = ["basket_id", "event_type", "occurred_at", "customer_id", "product_id", "quantity", "unit_price",
               "order_id"]
    events = pd.DataFrame(EVENTS, columns=columns)
    events["occurred_at"] = pd.to_datetime(events["occurred_at"])
    contacts = pd.DataFrame([(f"C{n}", "email", f"c{n}@example.com", n != 4) for n in range(1, 6)],
                            columns=["customer_id", "channel", "address", "consent"])
    folder = tmp_path_factory.mktemp("occasions")
    write_snapshot(folder, tiny_tables() | {
        "events": events, "contacts": contacts,
        "birthdays": pd.DataFrame(BORN, columns=["customer_id", "month", "day", "consent"])}, source="tests",
        currency="EUR")
    return open_snapshot(folder)


def rooms(folder: Path, declared: bool = True) -> Rooms:
    return Rooms(store=DraftStore(folder / "app.sqlite"), pick=lambda ids, k, category: {},
                 definition=lambda term: None, birthdays_declared=declared)


def brief(goal: str, **values: object) -> CampaignBrief:
    return CampaignBrief(goal=goal, channels=("email",), holdout_share=0.0, **values)  # type: ignore[arg-type]


def test_a_left_basket_is_one_without_an_order_since_and_with_something_for_sale(shop: Snapshot) -> None:
    found = left_baskets(shop, 4, date(2024, 3, 3))
    assert {c: [p.product_id for p in picks] for c, picks in found.items()} == {"C3": ["P4", "P1"]}
    assert set(left_baskets(shop, 1, date(2024, 3, 3))) == {"C3", "C5"}
    assert set(left_baskets(shop, 4, date(2024, 2, 1))) == {"C3"}  # C2 ordered since


def test_the_message_shows_what_lies_in_the_basket(shop: Snapshot, tmp_path: Path) -> None:
    plan = make_plan(shop, brief("abandoned_basket"), rooms(tmp_path), "c-1")
    assert plan.split.contacted == ("C3",)
    assert [p.product_id for p in plan.picks["C3"]] == ["P4", "P1"]
    assert "Garden Lantern" in plan.copy.messages(plan.picks["C3"], ["email"])[0].body
    drafted = draft_campaign(shop, brief("abandoned_basket"), rooms(tmp_path))
    assert "order" in drafted.words["exit"] and drafted.figures["audience"].value == 1
    narrower = brief("abandoned_basket", audience=Compare(field="country", values=("Germany",)))
    with pytest.raises(NoRows):
        draft_campaign(shop, narrower, rooms(tmp_path))


def test_what_is_shown_of_a_message_is_what_would_be_sent(shop: Snapshot, tmp_path: Path) -> None:
    drafted = draft_campaign(shop, brief("abandoned_basket"), rooms(tmp_path))
    shown = explain_message(shop, MessageRequest(campaign_id=drafted.words["campaign"]), rooms(tmp_path))
    products = [row[2] for row in shown.tables[0].rows if row[1] == "product"]
    assert [p.split(",")[0] for p in products] == ["Garden Lantern", "Red Mug"]
    path, n = write_messages(shop, drafted.words["campaign"], rooms(tmp_path), tmp_path / "out")
    assert n == 1 and "Garden Lantern" in str(pd.read_parquet(path).to_dict())


def test_a_birthday_needs_its_declaration_its_consent_and_that_of_the_channel(shop: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match="declared"):
        draft_campaign(shop, brief("birthday"), rooms(tmp_path, declared=False))
    plan = make_plan(shop, brief("birthday"), rooms(tmp_path), "c-1")
    assert plan.audience.selected == ("C1", "C4")  # C2 did not agree to be greeted
    assert plan.split.contacted == ("C1",)  # C4 did not agree to e-mail
    assert not plan.audience.everybody
    drafted = draft_campaign(shop, brief("birthday", within_days=1), rooms(tmp_path))
    assert "10 March" in drafted.words["audience_words"]
    assert "1980" not in str(drafted.model_dump()) and "age" not in drafted.words["audience_words"].split()


def test_the_29th_of_february_is_greeted_every_year(shop: Snapshot) -> None:
    assert celebrated_on(date(2023, 2, 28)) == {(2, 28), (2, 29)} and celebrated_on(date(2024, 2, 28)) == {(2, 28)}
    assert celebrated_on(date(2024, 2, 29)) == {(2, 29)} and celebrated_on(date(1900, 2, 28)) == {(2, 28), (2, 29)}
    assert birthday_people(shop, date(2025, 2, 28), 1) == ["C3"] == birthday_people(shop, date(2028, 2, 29), 1)
    assert birthday_people(shop, date(2028, 2, 28), 1) == []
    assert birthday_people(shop, date(2024, 12, 28), 120) == ["C1", "C3", "C4"]  # over the end of the year


def test_reviews_are_asked_of_what_was_kept_and_never_paid_for(shop: Snapshot, tmp_path: Path) -> None:
    found = kept_purchases(shop, date(2024, 1, 1), date(2024, 2, 20))
    assert {c: [p.product_id for p in picks] for c, picks in found.items()} == {"C4": ["P1", "P5"], "C5": ["P4"]}
    paid = brief("reviews", offer=OfferSpec(kind="percent_off", value=10))
    with pytest.raises(InvalidPlan, match="review"):
        draft_campaign(shop, paid, rooms(tmp_path))
    plan = make_plan(shop, brief("reviews", after_hours=20 * 24, within_days=20), rooms(tmp_path), "c-1")
    assert plan.split.contacted == ("C5",)


@pytest.mark.parametrize(("goal", "missing"), [("birthday", "customers.birth_date"), ("abandoned_basket", "events")])
def test_what_is_missing_is_named_with_what_to_load(tmp_path: Path, goal: str, missing: str) -> None:
    with pytest.raises(MissingData) as error:
        draft_campaign(tiny_shop(tmp_path), brief(goal), rooms(tmp_path))
    assert missing in str(error.value.received) and error.value.hint and error.value.nearest


def test_nobody_chooses_people_by_their_birthday(shop: Snapshot) -> None:
    from assistant.query.dimensions import DIMENSIONS
    from assistant.query.facts import CUSTOMERS, FACTS

    facts = [*FACTS.values(), CUSTOMERS]
    assert not any(o.table == "birthdays" for f in facts for origins in f.columns.values() for o in origins)
    assert not any("birthday" in name for name in DIMENSIONS)
    earlier = replace(shop, as_of=date(2024, 3, 1))
    assert birthday_people(earlier, date(2024, 3, 10), 1) == ["C1"]
