"""The mail connector against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.connectors.smtp import SmtpConnector
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import SettingsError
from tests.campaigns.sending.mail_server import MailServer, free_port
from tests.campaigns.sending.shop import config
from tests.contracts.connector_contract import ConnectorContract, message


class TestSmtp(ConnectorContract):
    @pytest.fixture(autouse=True)
    def _server(self, tmp_path: Path) -> Iterator[None]:
        self.key = ShopKey(tmp_path)
        with MailServer() as self.server:
            yield

    def connector(self) -> SmtpConnector:
        return SmtpConnector(to_port(self.server.port), self.key)

    def unreachable(self) -> SmtpConnector:
        return SmtpConnector(to_port(free_port()), self.key)

    def received(self) -> list[dict[str, Any]]:
        return [{"address": address, "text": mail.get_body(("plain",)).get_content()}
                for address, mail in self.server.kept.mails]

    def refuse(self, *, for_good: bool) -> None:
        self.server.kept.answer = "550 no such user" if for_good else "451 try later"

    def break_off(self) -> None:
        self.server.kept.hang_up = True

    def test_headers_of_one_click_unsubscription(self) -> None:
        with self.connector() as way:
            way.send(message())
        (_, mail), = self.server.kept.mails
        link = mail["List-Unsubscribe"].strip("<>")
        assert link.startswith("https://example.org/u/") and mail["List-Unsubscribe-Post"] == (
            "List-Unsubscribe=One-Click")
        assert self.key.read_token(link.rpartition("/")[2]) == ("C1", "email")
        assert mail["From"] == "Tiny <news@example.org>" and mail["Message-ID"].endswith("@example.org>")
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]

    @pytest.mark.parametrize("subject", ["Mugs\r\nBcc: eve@example.com", "Mugs\nX: y"])
    def test_no_header_can_be_smuggled_in(self, subject: str) -> None:
        with self.connector() as way:
            assert way.send(message(subject=subject)).what == "failed"
        assert self.server.kept.mails == []


def to_port(port: int) -> SendingConfig:
    return config(smtp={"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 5})


def test_a_password_that_is_not_set_stops_before_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSISTANT_SMTP_PASSWORD", raising=False)
    with pytest.raises(SettingsError, match="password"):
        SmtpConnector(config(smtp={"host": "127.0.0.1", "user": "shop"}), ShopKey(tmp_path))


def test_mail_needs_sender_address_and_way_out() -> None:
    with pytest.raises(ValueError, match="unsubscribe_url"):
        SendingConfig.model_validate({"enabled": True, "smtp": {"host": "x"}, "sender_address": "a@example.org",
                                      "postal_address": "x"})
