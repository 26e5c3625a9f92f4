"""Drafts: who is reached, what is promised, what is exported. On the tiny shop by hand and on the demo shop."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from assistant.campaigns.draft import Rooms, draft_campaign, show_campaign
from assistant.campaigns.export import export_draft
from assistant.campaigns.messages import Pick, Picks
from assistant.campaigns.store import DraftStore
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.plans import CampaignBrief, CampaignRequest, Compare, CustomerCondition, OfferSpec
from assistant.query.definitions import Definitions
from tests.support.tiny_shop import tiny_shop, tiny_tables

EVERYBODY = CustomerCondition(metric="orders", op="ge", values=(1,))


def pick_mugs(ids: Sequence[str], k: int, category: str | None) -> Mapping[str, Picks]:
    """The red mug for everybody, because of the tea towel."""
    return {i: [Pick("P1", "P5"), Pick("P3")][:k] for i in ids}


def rooms(folder: Path) -> Rooms:
    return Rooms(DraftStore(folder / "app.sqlite"), pick_mugs, Definitions().find)


def contacts(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "channel", "address", "consent", "suppressed"])


CONTACTS = [
    ("C1", "email", "c1@example.com", True, False), ("C1", "sms", "+4900000001", True, False),
    ("C2", "email", "c2@example.com", False, False),            # said no
    ("C3", "email", "c3@example.com", None, False),             # never asked: no
    ("C4", "email", "c4@example.com", True, True),              # objected
    ("C5", "email", None, True, False), ("C5", "sms", "+3300000005", True, None),
]


def shop_with_contacts(folder: Path, rows: list[tuple] = CONTACTS) -> Snapshot:
    write_snapshot(folder, {**tiny_tables(), "contacts": contacts(rows)}, source="tests", currency="EUR")
    return open_snapshot(folder)


def brief(**fields: object) -> CampaignBrief:
    return CampaignBrief.model_validate({
        "audience": EVERYBODY, "offer": OfferSpec(kind="percent_off", value=10), "holdout_share": 0.0, **fields})


def test_consent_suppression_and_address_decide_who_is_reached(tmp_path: Path) -> None:
    result = draft_campaign(shop_with_contacts(tmp_path), brief(), rooms(tmp_path))
    steps = {row[0]: row[1] for row in result.table("waterfall").rows}
    assert steps["all known customers"] == 5
    assert steps["agreed to email or sms"] == 3 and steps["not suppressed"] == 2 and steps["to be contacted"] == 2
    assert {row[0]: row[1] for row in result.table("channels").rows} == {"email": 1, "sms": 2}
    assert result.figures["mailable"].value == 2


def test_objection_on_one_channel_counts_on_all(tmp_path: Path) -> None:
    rows = [("C1", "email", "c1@example.com", True, True), ("C1", "sms", "+49", True, False),
            ("C2", "sms", "+50", True, False)]
    result = draft_campaign(shop_with_contacts(tmp_path, rows), brief(), rooms(tmp_path))
    assert {row[0]: row[1] for row in result.table("channels").rows} == {"email": 0, "sms": 1}


def test_whom_past_campaigns_show_better_left_alone_stays_out_unless_that_is_lifted(tmp_path: Path) -> None:
    shop, asked = shop_with_contacts(tmp_path), []
    here = replace(rooms(tmp_path), do_not_contact=lambda discounted: asked.append(discounted) or ["C5"])
    left = draft_campaign(shop, brief(), here)
    assert left.table("waterfall").rows[-3] == ["worth contacting by what past campaigns changed", 1]
    assert left.figures["contacted"].value == 1 and left.figures["mailable"].value == 2 and asked == [True]
    assert draft_campaign(shop, brief(leave_alone=False), here).figures["contacted"].value == 2
    # what answers something of each person leaves nobody out; nor does a list of everybody
    assert draft_campaign(shop, brief(goal="welcome"), here).figures["contacted"].value == 2
    everybody = replace(here, do_not_contact=lambda discounted: ["C1", "C5"])
    assert draft_campaign(shop, brief(), everybody).figures["contacted"].value == 2


def test_nobody_is_the_default_audience(tmp_path: Path) -> None:
    result = draft_campaign(tiny_shop(tmp_path), brief(audience=None, goal="promotion"), rooms(tmp_path))
    assert result.kind == "question" and result.question is not None and result.question.options
    with pytest.raises(UnknownName):
        DraftStore(tmp_path / "app.sqlite").load()


def test_win_back_takes_the_definition_of_lapsed_and_says_so(tmp_path: Path) -> None:
    result = draft_campaign(tiny_shop(tmp_path), brief(audience=None, goal="win_back"), rooms(tmp_path))
    assert [d.term for d in result.evidence.definitions] == ["lapsed"]
    assert result.figures["audience"].value == 1, "only C3 has not ordered for 90 days"
    assert "lapsed customers" in compose([result]).text


def test_every_price_in_the_copy_is_the_catalogue_price(tmp_path: Path) -> None:
    result = draft_campaign(shop_with_contacts(tmp_path), brief(products_per_recipient=2), rooms(tmp_path))
    email = next(c for c in result.details["copy"] if c["channel"] == "email")
    assert "Red Mug, now €9.00 instead of €10.00 (because you bought Tea Towel)" in email["body"]
    assert "Linen Cushion, now €22.50 instead of €25.00" in email["body"]
    sources = {s["source"] for s in email["slots"] if s["name"] == "price"}
    assert sources == {"products.price of P1", "products.price of P3"}
    row = result.table("recipients").rows[0]
    assert row[3:5] == [10.0, 9.0]


def test_offer_reduces_only_what_it_covers(tmp_path: Path) -> None:
    offer = OfferSpec(kind="percent_off", value=20, category="homeware")
    result = draft_campaign(shop_with_contacts(tmp_path), brief(offer=offer, products_per_recipient=2), rooms(tmp_path))
    email = next(c for c in result.details["copy"] if c["channel"] == "email")
    assert "Red Mug, €10.00" in email["body"] and "Linen Cushion, now €20.00 instead of €25.00" in email["body"]
    assert "20 % off everything in" in email["body"]


def test_end_date_is_printed_only_when_given(tmp_path: Path) -> None:
    snapshot = shop_with_contacts(tmp_path)
    dated = draft_campaign(snapshot, brief(ends_on=date(2024, 4, 1)), rooms(tmp_path))
    assert "until 1 April 2024" in dated.details["copy"][0]["body"]
    undated = draft_campaign(snapshot, brief(), rooms(tmp_path))
    assert "until" not in undated.details["copy"][0]["body"]
    assert any("no end date" in a for a in undated.evidence.assumptions)
    with pytest.raises(InvalidPlan):
        draft_campaign(snapshot, brief(ends_on=date(2020, 1, 1)), rooms(tmp_path))


def test_without_contacts_mailable_is_unknown_and_the_export_says_so(tmp_path: Path) -> None:
    snapshot = tiny_shop(tmp_path)
    result = draft_campaign(snapshot, brief(), rooms(tmp_path))
    assert "mailable" not in result.figures and result.details["ids_only"] is True
    assert result.figures["contacted"].label == "Outside the control group"
    assert "the data hold no contacts, so it is not known" in str(result.tables)
    assert any("unknown" in c.text for c in caveat_texts(result))
    path = export_draft(snapshot, "c-1", rooms(tmp_path), tmp_path / "out")
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert {r["customer_id"] for r in rows} == {"C1", "C2", "C3", "C4", "C5"}
    assert all("NOT FOR SENDING" in r["note"] for r in rows) and "not-for-sending" in path.name
    assert set(rows[0]) == {"note", "customer_id", "product_ids"}


def test_export_holds_exactly_the_reachable_and_never_the_control_group(tmp_path: Path) -> None:
    snapshot = shop_with_contacts(tmp_path)
    draft_campaign(snapshot, brief(holdout_share=0.5), rooms(tmp_path))
    path = export_draft(snapshot, "c-1", rooms(tmp_path), tmp_path / "out")
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert len({r["customer_id"] for r in rows}) == 1
    assert {(r["customer_id"], r["channel"]) for r in rows} <= {("C1", "email"), ("C1", "sms"), ("C5", "sms")}


def test_consent_withdrawn_after_the_draft_is_honoured_at_export(tmp_path: Path) -> None:
    draft_campaign(shop_with_contacts(tmp_path), brief(), rooms(tmp_path))
    later = shop_with_contacts(tmp_path, [("C1", "email", "c1@example.com", False, False), CONTACTS[-1]])
    path = export_draft(later, "c-1", rooms(tmp_path), tmp_path / "out")
    assert {r["customer_id"] for r in csv.DictReader(path.open(encoding="utf-8-sig"))} == {"C5"}


def test_nobody_agreed_is_a_precise_no(tmp_path: Path) -> None:
    snapshot = shop_with_contacts(tmp_path, [("C1", "email", "a@example.com", False, False)])
    with pytest.raises(MissingData, match="may be written to"):
        draft_campaign(snapshot, brief(), rooms(tmp_path))


def test_rule_that_selects_nobody_names_the_condition(tmp_path: Path) -> None:
    with pytest.raises(NoRows, match="condition"):
        draft_campaign(tiny_shop(tmp_path), brief(audience=CustomerCondition(metric="orders", op="gt", values=(99,))),
                       rooms(tmp_path))


def test_unknown_value_in_the_rule_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as error:
        draft_campaign(tiny_shop(tmp_path), brief(audience=Compare(field="country", values=("Germny",))),
                       rooms(tmp_path))
    assert "Germany" in error.value.valid


def test_drafts_keep_versions_and_notice_changed_data(tmp_path: Path) -> None:
    snapshot, own = tiny_shop(tmp_path), rooms(tmp_path)
    first = draft_campaign(snapshot, brief(), own)
    shown = show_campaign(snapshot, CampaignRequest(), own.store)
    assert shown.details["campaign_id"] == first.details["campaign_id"] == "c-1"
    assert not [c for c in shown.caveats if c.code == "draft_on_other_data"]
    other = snapshot.at(date(2024, 2, 20))
    assert [c for c in show_campaign(other, CampaignRequest(campaign_id="c-1"), own.store).caveats
            if c.code == "draft_on_other_data"]
    with pytest.raises(UnknownName) as error:
        show_campaign(snapshot, CampaignRequest(campaign_id="c-9"), own.store)
    assert error.value.valid == ("c-1",)


def test_margin_and_break_even_come_from_cost(tmp_path: Path) -> None:
    result = draft_campaign(tiny_shop(tmp_path), brief(), rooms(tmp_path))
    lines = tiny_tables()["order_lines"].merge(tiny_tables()["products"], on="product_id")
    sold = lines[(lines.line_type == "sale") & (lines.ordered_at > pd.Timestamp("2023-03-10"))]
    margin = 1 - (sold.cost * sold.quantity).sum() / sold.amount.sum()
    assert result.figures["margin_rate"].value == pytest.approx(margin * 100)
    assert result.figures["break_even"].value == pytest.approx((margin / (margin - 0.1) - 1) * 100)


def test_past_experiments_of_the_demo_shop_are_read_out(demo_snapshot: Snapshot) -> None:
    from assistant.campaigns.experiment import past_lift

    kinds = demo_snapshot.execute(demo_snapshot.table("campaigns").select("kind").distinct())["kind"].to_pylist()
    found = {kind: past_lift(demo_snapshot, kind) for kind in kinds}
    lifts = [x for x in found.values() if x is not None]
    assert lifts
    for lift in lifts:
        assert lift.lower < lift.lift < lift.upper and lift.lift == pytest.approx(lift.treated_rate - lift.control_rate)
    assert past_lift(demo_snapshot, "no such kind") is None
