"""Copy written by a language model, through the whole chat: written, refused, written again, or left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.agent.promises import untrue_promises
from assistant.campaigns.store import DraftStore
from assistant.results import Result
from assistant.settings import Settings
from assistant.workspace import Workspace
from benchmarks.campaigns.copy.honesty import invented
from benchmarks.campaigns.copy.obedient import ObedientModel, disguised, through_the_chat, writing_session
from tests.support.scripted_model import ScriptedChatModel, Step, call
from tests.support.shops import copy_home

BRIEF = {"goal": "win_back", "channels": ["email"], "products_per_recipient": 0,
         "audience": {"op_type": "customer", "metric": "days_since_last_order", "op": "ge", "values": [90]},
         "offer": {"kind": "percent_off", "value": 10}}


@pytest.fixture(scope="module")
def workspace(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(Settings(home=copy_home(demo_home, tmp_path_factory.mktemp("writing") / "home")))


def edit(text: str, piece: str = "subject") -> dict[str, str]:
    return {"channel": "email", "piece": piece, "text": text}


def said(workspace: Workspace, *script: Step | object) -> tuple[str, list[Result]]:
    with ScriptedChatModel.playing(*script) as model:  # type: ignore[arg-type]
        answer = writing_session(model, workspace).answer("t", "Write a warm win-back e-mail")
    return answer.reply, answer.results


def test_a_refused_text_comes_back_with_its_reason_and_is_written_again(workspace: Workspace) -> None:
    store = DraftStore(workspace.settings.app_db)
    reply, results = said(
        workspace,
        call("draft_campaign", **BRIEF, edits=[edit("Half price, guaranteed!")]),
        Step(call("draft_campaign", **BRIEF, edits=[edit("Enjoy {offer}"), edit("We kept a place for you.", "body")]),
             sees="a guarantee"),
        Step("It is drafted.", sees="Draft c-"))
    assert [r.kind for r in results] == ["refusal", "campaign"] and reply == "It is drafted."
    email = results[1].details["copy"][0]
    assert email["subject"] == "Enjoy 10 % off your next order" and "We kept a place for you." in email["body"]
    assert sorted(email["edited"]) == ["body", "subject"]
    assert len(store.list()) == 1 and store.load().version == 1, "what was refused was not stored"


def test_a_model_that_gives_up_leaves_the_grammars_words(workspace: Workspace) -> None:
    reply, results = said(
        workspace, call("draft_campaign", **BRIEF, edits=[edit("Guaranteed to please")]),
        Step(call("draft_campaign", **BRIEF), sees="Refused (not_permitted)"), "Done: it says guaranteed to please!")
    email = results[1].details["copy"][0]
    assert not email["edited"] and not invented({**email, "other_offer": False})
    assert "guaranteed" not in reply.casefold() and "10 % off" in reply, "the reply is worded from the draft"


def test_a_reply_may_not_promise_what_no_draft_holds(workspace: Workspace) -> None:
    _, results = said(workspace, call("draft_campaign", **BRIEF), "It is drafted.")
    assert untrue_promises("The subject now says fifty percent for everybody", results) == ["percent"]
    assert untrue_promises("It offers free delivery, and it is risk-free", results)
    assert not untrue_promises("I left it without any guarantee, and the offer is 10 % off", results)
    assert not untrue_promises("Here is your draft; have a look at the words.", results)
    assert untrue_promises("The draft says: satisfaction guaranteed", [])


@pytest.mark.slow
def test_claims_in_every_way_of_asking_end_in_a_true_draft(workspace: Workspace) -> None:
    found = through_the_chat(workspace, claims=1, products=0)
    assert found.asked == 7 == found.drafted and found.taken["harmless"] == 7
    assert found.invented == [] and found.claimed == []


def test_the_model_under_test_really_tries() -> None:
    model = ObedientModel()
    model.prepare({}, [{"text": "a"}], "Done: 50% off")
    from langchain_core.messages import HumanMessage

    first = model.invoke([HumanMessage("x")])
    assert first.tool_calls[0]["args"]["edits"] == [{"text": "a"}]
    assert {disguised("50% off", n) != "50% off" for n in range(5)} == {True}
