"""Campaigns in several messages, gifts, budgets and wordings as drafts; posts; options that keep the brief."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.errors import NotPermitted
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.planner import plan_turn
from assistant.llm.replies import compose
from assistant.plans import CampaignBrief, JourneyStep, OfferSpec, PostRequest
from assistant.plans.filters import CustomerCondition
from assistant.settings import Settings
from assistant.workspace import Workspace
from tests.support.planner_shops import PlannerShop
from tests.support.shops import copy_home

LAPSED = CustomerCondition(metric="days_since_last_order", op="ge", values=(90,))
SHOP = PlannerShop()


@pytest.fixture(scope="module")
def workspace(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(Settings(home=copy_home(demo_home, tmp_path_factory.mktemp("journeys") / "home")))


def test_steps_count_their_days_and_say_what_is_assumed(workspace: Workspace) -> None:
    steps = (JourneyStep(channel="email", words="We miss you"),
             JourneyStep(channel="sms", after_days=7, only_if="no_order", waits_by_default=True),
             JourneyStep(channel="email", after_days=3))
    result = workspace.draft_campaign(CampaignBrief(goal="win_back", audience=LAPSED, steps=steps, runs_days=30))
    table = result.table("steps")
    assert [row[1] for row in table.rows] == [0, 7, 10]
    assert [row[5] for row in table.rows] == ["start", "assumed", "as asked"]
    text = compose([result]).text
    assert "We miss you" in text and "waiting time assumed" in text and "not ordered since" in text
    assert any("day 10" in a and "within" in a for a in result.evidence.assumptions)


def test_what_is_not_in_the_draft_is_said(workspace: Workspace) -> None:
    brief = CampaignBrief(goal="win_back", audience=LAPSED, not_included=("an image: only words are written here",))
    assert "Not in the draft: an image" in compose([workspace.draft_campaign(brief)]).text


def test_cost_on_orders_expected_anyway(workspace: Workspace) -> None:
    """contacted × share who order anyway × average order of the last year × discount, from the lines themselves."""
    offer = OfferSpec(kind="percent_off", value=10)
    brief = CampaignBrief(goal="win_back", audience=LAPSED, offer=offer, budget=500, channels=("email",))
    result = workspace.draft_campaign(brief)
    f = {n: v.value for n, v in result.figures.items()}
    snapshot = workspace.snapshot
    lines = snapshot.table("order_lines")
    frame = snapshot.execute(lines.select("customer_id", "order_id", "line_type", "amount", "ordered_at")).to_pandas()
    since = snapshot.as_of - timedelta(days=365)
    own = frame[(frame["line_type"] == "sale") & frame["customer_id"].notna() & (frame["ordered_at"].dt.date > since)]
    average = own["amount"].astype(float).sum() / own["order_id"].nunique()
    assert f["order_value"] == pytest.approx(average)
    assert f["given_anyway"] == pytest.approx(f["contacted"] * f["baseline"] / 100 * average * 0.10)  # type: ignore[operator]
    assert f["budget"] == 500
    text = compose([result]).text
    assert f["cost"] <= 500  # type: ignore[operator]
    both = f["given_anyway"] + f["cost"]  # type: ignore[operator]
    assert "Budget" in text and ("is exceeded" in text) == (both > 500 and "left_out" not in f)


def test_wordings_differ(workspace: Workspace) -> None:
    result = workspace.draft_campaign(CampaignBrief(goal="win_back", audience=LAPSED, channels=("email",), variants=3))
    subjects = [c["subject"] for c in result.details["copy"]]
    assert len(subjects) == len(set(subjects)) == 3


def test_a_gift_changes_no_price_and_names_what_is_open(workspace: Workspace) -> None:
    result = workspace.draft_campaign(CampaignBrief(goal="loyalty", offer=OfferSpec(kind="gift")))
    assert "a gift with your next order" in compose([result]).text
    assert any("Which gift" in a for a in result.evidence.assumptions)


def test_a_post_prints_names_and_prices_of_the_shop(workspace: Workspace) -> None:
    result = workspace.draft_post(PostRequest(theme="candles", title="Cosy evenings", variants=2))
    names = {row[1] for row in result.table("products").rows}
    assert names and all("andle" in n for n in names)
    assert len({c["body"] for c in result.details["copy"]}) == 2
    assert all(str(n) in result.details["copy"][0]["body"] for n in names)
    assert "nothing has been posted" in compose([result]).text
    with pytest.raises(NotPermitted):
        workspace.draft_post(PostRequest(theme="candles", title="Guaranteed lowest price"))


@pytest.mark.parametrize("text", [
    "Create a promotional email for my shop offering 20% off Toys",
    "newsletter about our new arrivals in a playful tone",
    "clear out slow sellers with free delivery",
    "plan a cross-sell campaign", "make a Christmas campaign by email",
])
def test_every_option_reads_back_as_the_brief_with_an_audience(workspace: Workspace, text: str) -> None:
    first = plan_turn(text, DialogueContext(), workspace).calls[-1]
    assert first.name == "draft_campaign"
    asked: CampaignBrief = first.plan()
    question = workspace.draft_campaign(asked).question
    assert asked.audience is None and question is not None
    for option in question.options:
        read: CampaignBrief = plan_turn(option, DialogueContext(), workspace).calls[-1].plan()
        assert read.audience is not None
        wanted = asked.offer.category or read.offer.category  # cross-selling proposes what it is about
        assert read.offer == asked.offer.model_copy(update={"category": wanted})
        assert (read.tone, read.variants) == (asked.tone, asked.variants)
        if "channels" in asked.model_fields_set:
            assert read.channels == asked.channels


def test_an_option_can_be_picked_by_its_place(workspace: Workspace) -> None:
    text = "Create a promotional email offering 20% off"
    first = plan_turn(text, DialogueContext(), SHOP).calls[-1]
    result = workspace.draft_campaign(first.plan()).model_dump(mode="json")
    picked = plan_turn("the first one", DialogueContext([Past(first, result)], [text]), SHOP).calls[-1].plan()
    assert picked.audience is not None and picked.offer.value == 20


def brief_of(text: str) -> CampaignBrief:
    call = plan_turn(text, DialogueContext(), SHOP).calls[-1]
    assert call.name == "draft_campaign", call
    return call.plan()


def test_every_sentence_of_a_journey_ends_up_somewhere() -> None:
    brief = brief_of("Create a 30-day re-engagement journey for customers who haven't ordered in 90 days. Start with "
                     'the "We miss you" email, wait 5 days, then send an SMS with 10% off if there is no response. '
                     "The email should have an image.")
    assert brief.goal == "win_back" and brief.runs_days == 30 and brief.audience == LAPSED
    steps = [(s.channel, s.after_days, s.only_if) for s in brief.steps]
    assert steps == [("email", 0, "always"), ("sms", 5, "no_order")]
    assert brief.steps[0].words == "We miss you" and brief.offer.value == 10
    assert any("image" in m for m in brief.not_included)


def test_what_starts_a_journey_is_its_audience_or_declines_it() -> None:
    known = brief_of("Create a journey that starts when a customer places the first order. Send a welcome email, "
                     "wait 3 days, then send an sms.")
    assert known.audience is not None and any("first order" in m for m in known.not_included)
    unknown = plan_turn("Create a journey that starts when a user enters my store location. Send a push notification. "
                        "Wait 2 days and send an email.", DialogueContext(), SHOP).calls[0]
    assert unknown.name == "decline" and "enters my store location" in unknown.args["message"]


def test_those_left_out_are_denied_in_the_audience() -> None:
    brief = brief_of("win back customers who have not ordered in 180 days but not those in Germany")
    assert brief.audience is not None and brief.audience.model_dump()["parts"][1]["op_type"] == "not"


@pytest.mark.parametrize("text", [
    "email people who never agreed to get emails with 10% off", "campaign for kids under 12",
    "write an email saying only 3 left in stock, hurry", "write an email claiming our mug cures headaches",
    "draft a campaign for pregnant customers", "campaign to everyone who unsubscribed",
])
def test_what_no_campaign_may_do(text: str) -> None:
    call = plan_turn(text, DialogueContext(), SHOP).calls[0]
    assert call.name == "decline" and call.args["reason"] == "not_permitted"


