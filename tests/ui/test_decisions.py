"""The buttons of a dry run's card."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.results import Result
from assistant.settings import load_settings
from assistant.ui.decisions import HEADER, PATH
from assistant.ui.server import create_app
from assistant.ui.texts import Texts
from tests.support.fake_assistant import FakeConversations, FakeDesk, FakeShop
from tests.ui.test_markup import seen
from tests.ui.test_render import PLAIN, drawn

CARD = {HEADER: "card"}


@pytest.fixture
def desk(tmp_path: Path) -> FakeDesk:
    return FakeDesk(tmp_path, FakeShop())


@pytest.fixture
def client(tmp_path: Path, desk: FakeDesk) -> TestClient:
    app = create_app(FakeConversations(), desk.shop, desk, load_settings(tmp_path))
    return TestClient(app, base_url="http://127.0.0.1:7860")


def card(**details: object) -> Result:
    return Result(kind="dry_run", title="Dry run of c-1", details={
        "campaign_id": "c-1", "digest": "d" * 64, "state": "prepared", "messages": 1600, "typed": False, "sends": True,
        "copy": [{"channel": "email", "subject": "<b>Mugs</b>", "body": "Hello\n\nMug", "for_customer": "1•••"}],
        **details})


def test_the_input_is_the_only_element_that_other_cards_do_not_have(texts: Texts) -> None:
    assert seen(drawn(texts, card(typed=True))).tags <= PLAIN | {"input"}


def test_a_waiting_run_can_be_approved_or_rejected_and_not_sent(texts: Texts) -> None:
    html = drawn(texts, card())
    assert 'data-decide="approve"' in html and 'data-decide="reject"' in html and 'data-decide="send"' not in html
    assert f'data-digest="{"d" * 64}"' in html and "<b>Mugs" not in html and 'name="typed"' not in html
    assert 'name="typed"' in drawn(texts, card(typed=True)) and "1,600" in drawn(texts, card(typed=True))


def test_an_approved_run_can_be_sent_where_sending_is_on(texts: Texts) -> None:
    assert 'data-decide="send"' in drawn(texts, card(state="approved"))
    assert 'data-decide="send"' not in drawn(texts, card(state="approved", sends=False))
    assert "data-decide" not in drawn(texts, card(state="void"))


def test_a_decision_reaches_the_desk(client: TestClient, desk: FakeDesk) -> None:
    answer = client.post(PATH, json={"digest": "d1", "decision": "approve", "typed": "5"}, headers=CARD)
    assert answer.status_code == 200 and answer.json()["said"] == "approve: done"
    assert desk.decisions == [("d1", "approve", "5")]


def test_only_a_card_decides(client: TestClient, desk: FakeDesk) -> None:
    body = {"digest": "d1", "decision": "approve"}
    assert client.post(PATH, json=body).status_code == 403
    assert client.post(PATH, json=body, headers={**CARD, "origin": "http://evil.example"}).status_code == 403
    assert client.post(PATH, json=body, headers={**CARD, "sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post(PATH, content="x", headers={**CARD, "content-type": "application/json"}).status_code == 400
    assert client.post(PATH, json={**body, "digest": "d2"}, headers=CARD).status_code == 409
    assert client.get(PATH).status_code in {404, 405} and desk.decisions == []
