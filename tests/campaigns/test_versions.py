"""Versions of a draft: a change is the next version of the same campaign, kept, told apart and taken back."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from assistant.campaigns.draft import draft_campaign, show_campaign, undo_campaign
from assistant.campaigns.versions import differences
from assistant.errors import InvalidPlan, UnknownName
from assistant.llm.replies import compose
from assistant.plans import (
    CampaignBrief,
    CampaignRequest,
    CopyEdit,
    CustomerCondition,
    JourneyStep,
    OfferSpec,
    Period,
    PieceTurn,
    UndoRequest,
)
from assistant.results import Result
from tests.campaigns.test_draft import brief, rooms
from tests.support.tiny_shop import tiny_shop


def changes(result: Result) -> dict[str, tuple[object, object]]:
    return {str(row[0]): (row[1], row[2]) for row in result.table("changes").rows}


def test_a_change_is_the_next_version_of_the_same_campaign(tmp_path: Path) -> None:
    shop, own = tiny_shop(tmp_path), rooms(tmp_path)
    draft_campaign(shop, brief(), own)

    second = draft_campaign(shop, brief(campaign_id="c-1", offer=OfferSpec(kind="percent_off", value=15)), own)

    assert (second.details["campaign_id"], second.details["version"]) == ("c-1", 2)
    assert changes(second) == {"offer": ("10 % off", "15 % off")}
    said = compose([second]).text
    assert "Draft c-1, version 2" in said and "offer: 15 % off (before: 10 % off)" in said
    assert [d["campaign_id"] for d in own.store.list()] == ["c-1"]
    assert own.store.load("c-1").brief.offer.value == 15


def test_what_changed_is_told_without_the_whole_draft(tmp_path: Path) -> None:
    shop, own = tiny_shop(tmp_path), rooms(tmp_path)
    draft_campaign(shop, brief(), own)
    only = compose([show_campaign(shop, CampaignRequest(changes=True), own.store)]).text
    draft_campaign(shop, brief(campaign_id="c-1", tone="formal", channels=("email",)), own)

    told = show_campaign(shop, CampaignRequest(changes=True), own.store)

    assert "one version only" in only
    assert changes(told) == {"channels": ("email and sms", "email"), "tone": ("of the brand voice", "formal")}
    assert "against version 1" in compose([told]).text


def test_undo_brings_the_version_before_back_and_loses_nothing(tmp_path: Path) -> None:
    shop, own = tiny_shop(tmp_path), rooms(tmp_path)
    draft_campaign(shop, brief(), own)
    draft_campaign(shop, brief(campaign_id="c-1", tone="formal"), own)
    draft_campaign(shop, brief(campaign_id="c-1", tone="urgent"), own)

    undone = undo_campaign(shop, UndoRequest(), own.store)
    assert own.store.load("c-1").version == 2 and own.store.load("c-1").brief.tone == "formal"
    assert changes(undone) == {"tone": ("urgent", "formal")}
    undo_campaign(shop, UndoRequest(campaign_id="c-1"), own.store)
    assert own.store.load("c-1").version == 1 and own.store.load("c-1").brief.tone is None
    with pytest.raises(InvalidPlan):
        undo_campaign(shop, UndoRequest(campaign_id="c-1"), own.store)

    later = draft_campaign(shop, brief(campaign_id="c-1", tone="playful"), own)
    assert later.details["version"] == 4  # a number is never given twice
    assert changes(later) == {"tone": ("of the brand voice", "playful")}
    assert own.store.list()[0]["version"] == 4


def test_a_change_of_an_unknown_draft_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        draft_campaign(tiny_shop(tmp_path), brief(campaign_id="c-7"), rooms(tmp_path))


def test_two_changes_made_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Both start from version 1: one becomes version 2, the others are refused and leave nothing behind."""
    shop, own = tiny_shop(tmp_path), rooms(tmp_path)
    first = draft_campaign(shop, brief(), own)
    outcomes: list[object] = []

    def save() -> None:
        try:
            outcomes.append(own.store.save("c-1", shop.fingerprint, brief(tone="formal"), first, follows=1))
        except InvalidPlan:
            outcomes.append("refused")

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, outcomes)) == ["2", *["refused"] * 5]
    assert own.store.load("c-1").version == 2


OTHER: dict[str, object] = {
    "goods": "best", "piece_turns": (PieceTurn(piece="subject"),),
    "after_hours": 5, "within_days": 3, "favourites": True, "first_channel": True, "at_most": 160,
    "goal": "loyalty", "audience": CustomerCondition(metric="orders", op="ge", values=(2,)),
    "offer": OfferSpec(kind="gift"), "best_offer": True, "channels": ("push",), "products_per_recipient": 1,
    "holdout_share": 0.2, "starts_on": date(2026, 7, 1), "ends_on": date(2026, 8, 1), "tone": "formal",
    "language": "zh", "length": "short", "edits": (CopyEdit(piece="subject", text="Hello"),), "wording": 2,
    "period": Period(kind="named", event="christmas"), "title": "Hello", "theme": "candles", "variants": 2,
    "budget": 50.0, "exit_when": "order", "leave_alone": True, "runs_days": 30, "not_included": ("an image",),
    "steps": (JourneyStep(channel="email"), JourneyStep(channel="sms", after_days=3, only_if="no_order")),
}
#: not decisions: what the brief is called, which draft it belongs to, and what follows from the data
NO_DECISION = {"kind", "audience_words", "campaign_id", "offer_chosen", "at_most_of"}


def test_every_decision_of_a_brief_can_be_told_apart() -> None:
    assert OTHER.keys() | NO_DECISION == CampaignBrief.model_fields.keys()
    for name, value in OTHER.items():
        assert len(differences(CampaignBrief(), CampaignBrief().model_copy(update={name: value}))) == 1, name
