"""What a draft of several messages costs: every step to everybody whom it may reach, held against the budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.campaigns.draft import Rooms, draft_campaign
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.store import DraftStore
from assistant.errors import InvalidPlan
from assistant.llm.replies import compose
from assistant.plans import CampaignBrief, JourneyStep
from assistant.query.definitions import Definitions
from assistant.results import Result
from tests.campaigns.test_draft import brief, pick_mugs, shop_with_contacts

CONTACTS = [(f"C{n}", "email", f"c{n}@example.com", True, False) for n in range(1, 6)]
CONTACTS += [("C1", "sms", "+4900000001", True, False)]
PRICES = SendingConfig(cost_per_message={"email": 0.5, "sms": 2.0})
REMINDED = (JourneyStep(channel="email"), JourneyStep(channel="email", after_days=5, only_if="no_order"))


def drafted(folder: Path, **fields: object) -> Result:
    rooms = Rooms(DraftStore(folder / "app.sqlite"), pick_mugs, Definitions().find, operator=lambda: PRICES)
    asked: CampaignBrief = brief(**{"channels": ("email",), **fields})
    return draft_campaign(shop_with_contacts(folder, CONTACTS), asked, rooms)


def test_a_reminder_is_paid_for_as_well(tmp_path: Path) -> None:
    once, reminded = drafted(tmp_path), drafted(tmp_path, steps=REMINDED)
    assert once.figures["cost"].value == 5 * 0.5 and reminded.figures["cost"].value == 2 * 5 * 0.5
    assert reminded.figures["messages"].value == 10
    assert "each message once" in compose([once]).text
    assert "at most €5.00" in compose([reminded]).text and "each message once" not in compose([reminded]).text


def test_a_budget_pays_for_all_steps_of_whoever_is_left(tmp_path: Path) -> None:
    result = drafted(tmp_path, steps=REMINDED, budget=3.5)
    assert result.figures["contacted"].value == 3 and result.figures["left_out"].value == 2
    assert result.figures["cost"].value == 3.0


def test_a_budget_must_pay_for_all_steps_of_one_person(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match="2 messages to one person"):
        drafted(tmp_path, steps=REMINDED, budget=0.7)


def test_a_step_for_those_without_an_address_counts_them_alone(tmp_path: Path) -> None:
    steps = (JourneyStep(channel="sms", only_if="has_address"), JourneyStep(channel="email", only_if="no_address"))
    result = drafted(tmp_path, steps=steps, channels=("sms", "email"))
    rows = {row[0]: row[1:3] for row in result.table("channels").rows}
    assert rows == {"sms": [1, 1], "email": [5, 4]}
    assert result.figures["cost"].value == 2.0 + 4 * 0.5
