"""Unsubscribe links and signed reports: anybody may ask, only the seal decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.settings import load_settings
from assistant.ui.server import create_app
from tests.support.fake_assistant import FakeConversations, FakeDesk, FakeShop

GOOD, BAD = "good" + "x" * 30, "wrong" + "x" * 30
#: as a mail provider asks, through a server in front: another host, no cookie, sometimes another origin
PROVIDER = {"host": "shop.example", "origin": "null", "sec-fetch-site": "cross-site"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> FakeDesk:
    return FakeDesk(tmp_path_factory.mktemp("home"), FakeShop())


@pytest.fixture(scope="module")
def client(desk: FakeDesk) -> TestClient:
    app = create_app(FakeConversations(), desk.shop, desk, load_settings(Path(desk.folder)))
    return TestClient(app, base_url="http://127.0.0.1:7860")


def test_one_click_as_a_mail_provider_sends_it(client: TestClient, desk: FakeDesk) -> None:
    desk.decisions.clear()
    answer = client.post(f"/assistant/u/{GOOD}", data={"List-Unsubscribe": "One-Click"}, headers=PROVIDER,
                         follow_redirects=False)
    assert answer.status_code == 200 and desk.decisions == [(GOOD, "email", None)]
    files = client.post(f"/assistant/u/{GOOD}", files={"List-Unsubscribe": (None, "One-Click")}, headers=PROVIDER)
    assert files.status_code == 200 and len(desk.decisions) == 2


def test_opening_the_page_changes_nothing(client: TestClient, desk: FakeDesk) -> None:
    desk.decisions.clear()
    page = client.get(f"/assistant/u/{GOOD}", headers=PROVIDER)
    assert page.status_code == 200 and "by e-mail" in page.text and desk.decisions == []
    assert page.text.count("<form") == 2 and 'action="/' not in page.text and "<script" not in page.text
    assert client.post(f"/assistant/u/{GOOD}/all", headers=PROVIDER).status_code == 200
    assert desk.decisions == [(GOOD, "everywhere", None)]


def test_a_link_of_nobody_says_so_and_changes_nothing(client: TestClient, desk: FakeDesk) -> None:
    desk.decisions.clear()
    for answer in (client.get(f"/assistant/u/{BAD}"), client.post(f"/assistant/u/{BAD}"),
                   client.post(f"/assistant/u/{BAD}/all")):
        assert answer.status_code == 404 and "not known" in answer.text and BAD not in answer.text
    assert desk.decisions == []


@pytest.mark.parametrize("path", ["/", "/config", "/assistant/decision", f"/assistant/u/{GOOD}/../decision",
                                  "/assistant/campaign/c-1.csv", "/assistant/u/short", f"/assistant/u/{GOOD}/more"])
def test_nothing_else_is_open_to_the_world(client: TestClient, path: str) -> None:
    assert client.get(path, headers=PROVIDER).status_code in {403, 404, 421}
    assert client.post(path, headers=PROVIDER).status_code in {403, 404, 421}


def test_reports_must_be_signed(client: TestClient) -> None:
    body = b'{"kind": "bounce"}'
    assert client.post("/assistant/intake", content=body, headers=PROVIDER).status_code == 403
    answer = client.post("/assistant/intake", content=body, headers={**PROVIDER, "x-signature": "sha256=good"})
    assert (answer.status_code, answer.json()) == (200, {"suppressed": 1})
    big = client.post("/assistant/intake", content=b"x" * 1_100_000, headers=PROVIDER)
    assert big.status_code == 413
