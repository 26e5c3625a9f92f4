"""What a brief decides beside its words: exit, days, cost against the budget, everybody, the page at a glance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from assistant.campaigns.draft import draft_campaign, show_campaign
from assistant.campaigns.rhythm import usual_gap
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, UnknownName
from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.planner import plan_turn
from assistant.llm.replies import compose
from assistant.plans import CampaignBrief, CampaignRequest, OfferSpec, Period, ReasonRequest
from assistant.plans.filters import CustomerCondition, Not
from assistant.query.audience import customer_ids
from assistant.results import DefinitionUsed, Result
from assistant.settings import Settings
from assistant.workspace import Workspace
from tests.campaigns.test_draft import brief, rooms
from tests.support.planner_shops import PlannerShop
from tests.support.shops import copy_home
from tests.support.tiny_shop import tiny_shop

SHOP = PlannerShop()
LAPSED = CustomerCondition(metric="days_since_last_order", op="ge", values=(90,))
MAILED = CampaignBrief(goal="win_back", audience=LAPSED, channels=("email",), products_per_recipient=0)


@pytest.fixture(scope="module")
def workspace(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(Settings(home=copy_home(demo_home, tmp_path_factory.mktemp("brief") / "home")))


def read(text: str) -> CampaignBrief:
    call = plan_turn(text, DialogueContext(), SHOP).calls[-1]
    assert call.name == "draft_campaign", call
    return call.plan()


def value(result: Result, name: str) -> float:
    return float(result.figures[name].value)  # type: ignore[arg-type]


def part(result: Result, name: str) -> list[object]:
    return next(row for row in result.table("outline").rows if row[0] == name)


def test_one_sentence_is_read_whole() -> None:
    """The budget is no condition on customers, buyers of a category are the audience, Christmas lies ahead."""
    asked = read("Win back lapsed homeware buyers before Christmas, spend at most 2,000, e-mail and SMS")
    assert asked.goal == "win_back" and asked.budget == 2000 and asked.channels == ("email", "sms")
    parts = asked.audience.model_dump()["parts"]  # type: ignore[union-attr]
    assert [p["metric"] for p in parts] == ["days_since_last_order", "orders"]
    assert parts[1]["where"]["values"] == ("Homeware",) and asked.offer.category is None
    ends = asked.ends_on
    assert ends is not None and (ends.month, ends.day) == (12, 24) and ends >= SHOP.status().as_of


def test_goods_that_the_shop_lacks_are_never_passed_over() -> None:
    asked = read("Win back lapsed gardening buyers by email")
    parts = asked.audience.model_dump()["parts"]  # type: ignore[union-attr]
    assert parts[1]["where"]["values"] == ("gardening",)


def test_nobody_is_chosen_by_a_word_that_was_only_guessed() -> None:
    """A word that the spelling would turn into one of product names stays as it was typed."""
    asked = read("Win back lapsed cuushionz buyers by email")
    where = asked.audience.model_dump()["parts"][1]["where"]  # type: ignore[union-attr]
    assert where["field"] in {"category", "subcategory"} or where["values"] == ("cuushionz",)


def test_what_customers_spend_is_no_budget() -> None:
    asked = read("Draft a campaign for customers who spend at most 200 by email")
    assert asked.budget is None and asked.audience is not None
    assert asked.audience.model_dump()["where"] is None


@pytest.mark.parametrize(("words", "starts", "ends"), [
    ("until 31 July", None, (7, 31)), ("from 1 to 14 July", (7, 1), (7, 14)), ("on 3 July", (7, 3), None),
])
def test_days_of_a_campaign_lie_ahead(words: str, starts: tuple[int, int] | None, ends: tuple[int, int] | None) -> None:
    asked, today = read(f"Draft an email campaign for VIPs with 10% off {words}"), SHOP.status().as_of
    for day, wanted in ((asked.starts_on, starts), (asked.ends_on, ends)):
        assert (day is None) == (wanted is None)
        assert day is None or ((day.month, day.day) == wanted and today <= day < today + timedelta(days=367))


def test_a_weekday_is_the_next_one() -> None:
    asked, today = read("send an email to VIPs on Friday"), SHOP.status().as_of
    assert asked.starts_on is not None and asked.starts_on.weekday() == 4
    assert today < asked.starts_on <= today + timedelta(days=7)


def test_the_cost_is_that_of_past_campaigns_and_the_budget_is_kept(workspace: Workspace) -> None:
    snapshot = workspace.snapshot
    campaigns = snapshot.execute(snapshot.table("campaigns")).to_pandas()
    touches = snapshot.execute(snapshot.table("touches").select("campaign_id", "arm")).to_pandas()
    sent = touches[touches["arm"] != "control"].merge(campaigns[["campaign_id", "channel"]], on="campaign_id")
    each = campaigns.groupby("channel")["cost"].sum().astype(float) / sent.groupby("channel").size()

    free = workspace.draft_campaign(MAILED)
    assert value(free, "cost") == pytest.approx(value(free, "contacted") * each["email"], abs=0.01)
    tight = workspace.draft_campaign(MAILED.model_copy(update={"budget": 50.0}))
    assert value(tight, "cost") <= 50 < value(free, "cost")
    whole = value(tight, "contacted") + value(tight, "holdout") + value(tight, "left_out")
    assert whole == value(tight, "mailable") - value(tight, "left_alone")


def test_a_budget_below_one_message_names_both(workspace: Workspace) -> None:
    with pytest.raises(InvalidPlan, match=r"0\.01 .* cheapest is by email at 0\.\d\d"):
        workspace.draft_campaign(MAILED.model_copy(update={"budget": 0.01}))


def test_without_prices_the_cost_is_unknown(tmp_path: Path) -> None:
    result = draft_campaign(tiny_shop(tmp_path), brief(budget=5), rooms(tmp_path))
    assert "cost" not in result.figures and "unknown" in str(part(result, "cost")[1])


def test_a_recovery_campaign_ends_with_an_order(tmp_path: Path) -> None:
    shop, own = tiny_shop(tmp_path), rooms(tmp_path)
    assert "places an order" in str(part(draft_campaign(shop, brief(goal="win_back"), own), "exit")[1])
    with pytest.raises(InvalidPlan, match="needs an exit"):
        draft_campaign(shop, brief(goal="win_back", exit_when="never"), own)
    with pytest.raises(InvalidPlan, match="needs an offer on one category"):
        draft_campaign(shop, brief(exit_when="order_in_category"), own)


def test_any_two_versions_can_be_set_side_by_side(tmp_path: Path) -> None:
    shop, own = tiny_shop(tmp_path), rooms(tmp_path)
    for tone in (None, "formal", "urgent"):
        draft_campaign(shop, brief(campaign_id="c-1" if tone else None, tone=tone), own)
    told = show_campaign(shop, CampaignRequest(changes=True, version=3, against=1), own.store)
    assert [list(row) for row in told.table("changes").rows] == [["tone", "of the brand voice", "urgent"]]
    assert show_campaign(shop, CampaignRequest(version=2), own.store).details["brief"]["tone"] == "formal"
    with pytest.raises(UnknownName, match="no such version"):
        show_campaign(shop, CampaignRequest(version=9), own.store)


def test_an_offer_below_cost_is_refused_or_said_first(workspace: Workspace) -> None:
    steep = MAILED.model_copy(update={"offer": OfferSpec(kind="percent_off", value=95)})
    with pytest.raises(InvalidPlan, match="below cost") as error:
        workspace.draft_campaign(steep)
    most = float(str(error.value.valid[0]).split()[2])
    allowed = workspace.draft_campaign(MAILED.model_copy(update={"offer": OfferSpec(kind="percent_off", value=most)}))
    assert value(allowed, "offer_margin_rate") > 0
    cleared = compose([workspace.draft_campaign(steep.model_copy(update={"goal": "clearance"}))]).text
    assert "sells below cost" in cleared.split("\n")[0]


@pytest.mark.parametrize("days", [{"starts_on": date(2020, 1, 1)}, {"ends_on": date(2020, 1, 1)}])
def test_days_in_the_past_are_refused(tmp_path: Path, days: dict[str, date]) -> None:
    with pytest.raises(InvalidPlan, match="before"):
        draft_campaign(tiny_shop(tmp_path), brief(**days), rooms(tmp_path))


def test_those_left_out_are_not_called_the_audience(tmp_path: Path) -> None:
    vip = CustomerCondition(metric="revenue", rank="top_percent", values=(10,), term="high-value")
    own = replace(rooms(tmp_path), put_in=lambda rule: (rule, [DefinitionUsed(term="high-value", meaning="m")]))
    result = draft_campaign(tiny_shop(tmp_path), brief(audience=Not(part=vip)), own)
    assert "high-value" not in result.words["audience_words"] and "not" in result.words["audience_words"]


def test_everybody_is_warned_of(tmp_path: Path) -> None:
    everyone = CustomerCondition(metric="orders", op="ge", values=(1,))
    result = draft_campaign(tiny_shop(tmp_path), brief(audience=everyone), rooms(tmp_path))
    assert "everybody_selected" in [c.code for c in result.caveats]


@pytest.mark.parametrize(("goal", "words"), [("birthday", "dates of birth"), ("abandoned_basket", "baskets")])
def test_what_no_data_here_can_carry_is_refused(tmp_path: Path, goal: str, words: str) -> None:
    with pytest.raises(MissingData, match=words) as error:
        draft_campaign(tiny_shop(tmp_path), brief(goal=goal), rooms(tmp_path))
    assert error.value.nearest and error.value.received


def test_who_is_due_again_follows_from_how_often_people_order(demo_snapshot: Snapshot) -> None:
    orders = demo_snapshot.execute(demo_snapshot.table("order_lines").filter(
        demo_snapshot.table("order_lines").line_type == "sale").select("customer_id", "ordered_at")).to_pandas()
    orders = orders.dropna()
    orders["day"] = orders["ordered_at"].dt.normalize()
    days = orders[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    gaps = days.groupby("customer_id")["day"].diff().dropna().dt.days
    assert usual_gap(demo_snapshot, None) == (round(gaps.median()), len(gaps))


def test_an_occasion_is_the_next_one(workspace: Workspace) -> None:
    asked = MAILED.model_copy(update={"goal": "seasonal", "period": Period(kind="named", event="black friday")})
    result = workspace.draft_campaign(asked)
    assert "27 November 2026" in str(part(result, "timing")[1])
    assert "occasion_ahead" in [c.code for c in result.caveats]


def test_why_this_time_is_counted_from_the_orders_of_the_audience(workspace: Workspace) -> None:
    drafted = workspace.draft_campaign(MAILED)
    found = workspace.explain_brief(ReasonRequest(campaign_id=drafted.words["campaign"]))
    snapshot = workspace.snapshot
    ids = set(customer_ids(snapshot, LAPSED))
    orders = snapshot.execute(snapshot.table("orders").select("customer_id", "ordered_at")).to_pandas()
    since = snapshot.as_of - timedelta(days=364)
    mine = orders[orders["customer_id"].isin(ids) & (orders["ordered_at"].dt.date >= since)]
    by_day = mine["ordered_at"].dt.day_name().value_counts()
    assert {r[0]: r[1] for r in found.table("weekdays").rows} == by_day.to_dict()
    assert found.words["when"] == by_day.index[0] and found.words["opens"] == "one_day"
    text = compose([found]).text
    assert "default" in text and "no other day can be compared" in text


def test_the_page_at_a_glance_has_every_part(workspace: Workspace) -> None:
    asked = CampaignBrief(goal="win_back", audience=LAPSED, channels=("email",), ends_on=date(2026, 12, 24),
                          products_per_recipient=0)
    result = workspace.draft_campaign(asked)
    assert [row[0] for row in result.table("outline").rows] == [
        "goal", "audience", "exit", "offer", "products", "copy", "timing", "cost", "expected result",
        "expected profit", "experiment"]
    assert "24 December 2026" in str(part(result, "timing")[1])
    assert part(result, "expected result")[2] == "experiment"
    assert value(result, "extra") == round(value(result, "contacted") * value(result, "past_lift") / 100)
