"""Whoever objected to direct marketing is left out of every prediction about one person, and it is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assistant.campaigns.audience import build_audience
from assistant.campaigns.sending.contacts import Contacts
from assistant.data.objectors import objectors
from assistant.errors import NotPermitted, UnknownName
from assistant.features.interactions import interactions
from assistant.features.reachable import reachable
from assistant.models.recommend.report import known_customer
from assistant.plans import SegmentRequest, ValueRequest
from assistant.plans.filters import Compare
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.leaving_shop import leaving_tables, write


@pytest.fixture(scope="module")
def workspace(demo_home: Path) -> Workspace:
    return Workspace(load_settings(demo_home))


@pytest.fixture(scope="module")
def objector(workspace: Workspace) -> str:
    return min(set(interactions(workspace.snapshot).user_ids.tolist()) & objectors(workspace.snapshot))


def test_nothing_is_recommended_to_an_objector(workspace: Workspace, objector: str) -> None:
    seen = interactions(workspace.snapshot)
    fitted: Any = SimpleNamespace(interactions=seen)
    with pytest.raises(NotPermitted, match="objected"):
        known_customer(workspace.snapshot, fitted, f" {objector} ")
    other = next(c for c in seen.user_ids.tolist() if c not in objectors(workspace.snapshot))
    assert known_customer(workspace.snapshot, fitted, other) == other
    with pytest.raises(UnknownName):
        known_customer(workspace.snapshot, fitted, "nobody-9")


def test_the_value_of_an_objector_is_not_predicted(workspace: Workspace, objector: str) -> None:
    with pytest.raises(NotPermitted, match="objected"):
        workspace.customer_value(ValueRequest(customer_id=objector))


def test_segments_say_how_many_of_them_are_not_scored(workspace: Workspace) -> None:
    result = workspace.find_segments(SegmentRequest())
    table = result.table("segments")
    place = table.column_index("objected")
    buyers = set(interactions(workspace.snapshot).user_ids.tolist())
    told = next(c for c in result.caveats if c.code == "objectors_in_segments").figures["n"].value
    assert told == sum(row[place] for row in table.rows) > 0
    assert told >= len(buyers & objectors(workspace.snapshot)) * 0.9
    assert np.all([row[place] <= row[1] for row in table.rows])


def test_what_a_profile_needs_is_prepared(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("churn_model", "lifetime_model", "interests_found", "_segments_on"):
        monkeypatch.setattr(workspace, name, lambda *given, of=name: asked.append(of))
    workspace.prepare_profiles()
    assert asked[:3] == ["churn_model", "lifetime_model", "interests_found"]
    assert asked.count("_segments_on") == 5  # the ends of four quarters, and today


def test_one_rule_for_scoring_reach_and_sending(tmp_path: Path) -> None:
    """An objection or complaint on any channel counts on all; an address that fails closes its own channel alone."""
    tables = leaving_tables(20)
    one, two, three, four = sorted(tables["customers"]["customer_id"])[:4]
    entries = [(one, "email", "objection"), (one, "sms", None), (two, "email", "Hard bounce"), (two, "sms", None),
               (three, "push", "complaint"), (three, "sms", None), (four, "email", None), (four, "sms", "bounce")]
    tables["contacts"] = pd.DataFrame([
        {"customer_id": c, "channel": channel, "address": f"{channel}-{c}", "consent": True,
         "suppressed": reason is not None, "suppressed_reason": reason} for c, channel, reason in entries])
    shop = write(tmp_path, tables)
    assert objectors(shop) == {one, three}
    assert reachable(shop, []) == {two, four}
    assert reachable(shop, ["email"]) == {four} and reachable(shop, ["sms"]) == {two}
    audience = build_audience(shop, Compare(field="customer", values=(one, two, three, four)), ("email", "sms"))
    assert audience.reachable == {"email": (four,), "sms": (two,)}
    contacts = Contacts(lambda: shop)
    contacts.load([one, two, three, four])
    open_to = {(c, channel) for c, channel, _ in entries
               if (found := contacts.standing(c, channel)) and found.consent and not found.objected}
    assert open_to == {(two, "sms"), (four, "email")}
