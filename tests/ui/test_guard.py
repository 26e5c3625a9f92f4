"""What stands before every request."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from assistant.settings import load_settings
from assistant.ui.guard import Guard
from assistant.ui.server import create_app
from tests.support.fake_assistant import FakeConversations, FakeDesk, FakeShop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def conversations() -> FakeConversations:
    return FakeConversations()


@pytest.fixture(scope="module")
def client(folder: Path, conversations: FakeConversations) -> TestClient:
    shop = FakeShop()
    app = create_app(conversations, shop, FakeDesk(folder, shop), load_settings(folder, max_upload_mb=1))
    return TestClient(app, base_url="http://127.0.0.1:7860")


def test_page_has_a_policy_and_names_no_outside_host(client: TestClient):
    answer = client.get("/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    head = answer.text.split("<body")[0]
    assert 'property="og:' not in head
    assert 'name="twitter:' not in head
    assert "raw.githubusercontent.com" not in answer.text
    assert "fonts.googleapis.com" not in answer.text
    nonce = policy.split("'nonce-")[1].split("'")[0]
    scripts = answer.text.count("<script")
    assert scripts == answer.text.count(f'<script nonce="{nonce}"')


def test_every_page_has_its_own_nonce(client: TestClient):
    first, second = (client.get("/").headers["content-security-policy"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("path", [
    "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/file=/etc/passwd", "/gradio_api/file/etc/passwd",
    "/gradio_api/proxy=http://outside.invalid/", "/docs", "/redoc", "/openapi.json", "/gradio_api/call/ask",
    "/monitoring", "/login", "/gradio_api/vibe-code", "/gradio_api/runs", "/gradio_api/run-history/buckets",
    "/gradio_api/mcp/", "/gradio_api/uploadx", "/gradio_api/run/predict", "/gradio_api/component_server",
    "/gradio_api//file=/etc/passwd", "/gradio_api/queue/../file=/etc/passwd", "/gradio_api/deep_link",
])
def test_what_the_page_does_not_need_is_not_there(client: TestClient, path: str):
    assert client.get(path).status_code == 404


def test_unknown_host_is_refused(client: TestClient):
    assert client.get("/", headers={"host": "evil.invalid"}).status_code == 421
    assert client.get("/", headers={"host": "127.0.0.1.evil.invalid:7860"}).status_code == 421
    assert client.get("/", headers={"host": "localhost:7860"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.invalid", "http://localhost:9999", "null", "http://127.0.0.1.evil.invalid"])
def test_other_origins_are_refused(client: TestClient, origin: str):
    answer = client.post("/gradio_api/queue/join", headers={"origin": origin}, json={})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_own_origin_gets_through(client: TestClient):
    answer = client.post("/gradio_api/queue/join", headers={"origin": "http://127.0.0.1:7860"}, json={})
    assert answer.status_code not in {403, 404, 421}


def test_cross_site_downloads_are_refused(client: TestClient):
    assert client.get("/assistant/campaign/c-1.csv", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_no_origin_is_ever_echoed(client: TestClient):
    answer = client.get("/config", headers={"origin": "http://127.0.0.1:7860"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_body_over_the_limit_is_one_clear_line(client: TestClient):
    answer = client.post("/gradio_api/upload", files={"files": ("big.csv", b"x" * (3 * 1024 * 1024))})
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The file is larger than the limit of 1 MB (setting max_upload_mb)."


def test_file_over_the_limit_inside_a_small_enough_body(client: TestClient):
    answer = client.post("/gradio_api/upload", files={"files": ("big.csv", b"x" * (1536 * 1024))})
    assert answer.status_code == 413


def test_scripts_are_served_from_here(client: TestClient):
    assert "assistantPage" in client.get("/assistant/assets/page.js").text
    plotly = client.get("/assistant/assets/plotly.js")
    assert plotly.headers["content-type"].startswith("text/javascript")
    assert len(plotly.content) > 1_000_000


def test_a_full_queue_is_said_in_our_words():
    async def full(scope, receive, send):
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"Queue is "})

    words = {"wrong_host": "no", "too_large": "big", "full": "Please try again in a moment."}
    guarded = TestClient(Guard(full, hosts=[], max_body=10, head="", words=words), base_url="http://127.0.0.1")
    answer = guarded.post("/gradio_api/queue/join")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "Please try again in a moment."}


def test_web_sockets_are_closed(client: TestClient):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/gradio_api/queue/join"):
        pass


def test_table_export(client: TestClient, conversations: FakeConversations):
    list(conversations.ask("t1", "How much did we sell?"))
    run = conversations.history("t1")[0].run_id
    answer = client.get(f"/assistant/export/t1/{run}/0/weekly.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "Week,Revenue,Orders,Incomplete"
    assert client.get(f"/assistant/export/t1/{run}/0/nothing.csv").status_code == 404
    assert client.get(f"/assistant/export/t1/{run}/7/weekly.csv").status_code == 404
    assert client.get(f"/assistant/export/other/{run}/0/weekly.csv").status_code == 404


def test_campaign_export(client: TestClient):
    assert client.get("/assistant/campaign/c-1.csv").text.startswith("customer_id")
