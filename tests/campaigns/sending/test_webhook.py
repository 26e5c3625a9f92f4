"""The webhook connector against a real receiver on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assistant.campaigns.sending.config import SendingConfig, WebhookConfig
from assistant.campaigns.sending.connectors.webhook import WebhookConnector
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import SettingsError
from tests.campaigns.sending.mail_server import free_port
from tests.contracts.connector_contract import ConnectorContract, message


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted; ``status`` is what it answers, ``silent`` makes it hang up."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.status, self.silent = 200, False
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status < 300:
            self.server.posts.append((dict(self.headers), body))
        if self.server.silent:
            self.connection.close()
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


class TestWebhook(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _receiver(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("ASSISTANT_WEBHOOK_SECRET", "s3cret")
        self.key, self.receiver = ShopKey(tmp_path), Receiver()
        threading.Thread(target=self.receiver.serve_forever, args=(0.01,), daemon=True).start()
        yield
        self.receiver.shutdown()
        self.receiver.server_close()

    def _to(self, port: int) -> WebhookConnector:
        hook = WebhookConfig(url=f"http://127.0.0.1:{port}/hook?a=1", timeout_seconds=5)
        return WebhookConnector(SendingConfig(enabled=True, webhook=hook), self.key)

    def connector(self) -> WebhookConnector:
        return self._to(self.receiver.server_address[1])

    def unreachable(self) -> WebhookConnector:
        return self._to(free_port())

    def received(self) -> list[dict[str, Any]]:
        return [{"address": (told := json.loads(body))["to"], "text": told["text"]} for _, body in self.receiver.posts]

    def refuse(self, *, for_good: bool) -> None:
        self.receiver.status = 422 if for_good else 429

    def break_off(self) -> None:
        self.receiver.silent = True

    def test_it_is_signed_and_names_a_repetition(self) -> None:
        with self.connector() as way:
            way.send(message())
            way.send(message())
        (first, body), (second, _) = self.receiver.posts
        assert first["X-Signature"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        assert first["Idempotency-Key"] == second["Idempotency-Key"] == message().row_digest

    def test_a_receiver_that_fails_leaves_it_unknown(self) -> None:
        self.receiver.status = 500
        with self.connector() as way:
            assert way.send(message()).what == "unknown"


def test_only_safe_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="https"):
        WebhookConfig(url="http://example.org/hook")
    monkeypatch.delenv("ASSISTANT_WEBHOOK_SECRET", raising=False)
    hook = WebhookConfig(url="https://example.org/hook")
    with pytest.raises(SettingsError, match="secret"):
        WebhookConnector(SendingConfig(webhook=hook), ShopKey(tmp_path))
