"""What a dry run costs: a set price is of one part, a booked one of one message, and none is invented."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from assistant.campaigns.costs import Costs, UnitCost
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.report import costs_of


def test_parts_count_where_the_price_is_of_one() -> None:
    tally: Any = SimpleNamespace(messages=Counter(email=10, sms=4, post=2), parts=Counter(email=10, sms=8, post=2))
    booked = {"email": UnitCost(0.2, "past campaigns"), "sms": UnitCost(0.3, "past campaigns")}
    plan: Any = SimpleNamespace(costs=Costs(booked, {}))
    found = costs_of(SendingConfig(cost_per_message={"email": 0.01}), plan, tally)
    assert found == {"email": (0.1, "settings"), "sms": (1.2, "past campaigns"), "post": None}
    assert costs_of(SendingConfig(cost_per_message={"sms": 0.05}), plan, tally)["sms"] == (0.4, "settings")
