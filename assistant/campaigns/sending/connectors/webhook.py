"""One JSON request per message to a receiver of the operator's, signed, with an idempotency key.

A receiver that knows the key of a repetition may drop it; this side never repeats one anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import ssl
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.connectors.base import Outcome
from assistant.campaigns.sending.outbox import Claimed
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import SettingsError


class WebhookConnector:
    """Posts messages one by one.

    Args:
        config: with ``webhook``.
        key: makes the unsubscribe tokens.
    """

    def __init__(self, config: SendingConfig, key: ShopKey) -> None:
        if config.webhook is None:
            raise SettingsError("Nothing can be posted without a webhook", received="sending.toml")
        self._config, self._hook, self._key = config, config.webhook, key
        self._secret = os.environ.get(config.webhook.secret_env, "")
        if not self._secret:
            raise SettingsError("The secret of the webhook is not set; nothing is sent",
                                received=config.webhook.secret_env)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        return None

    def send(self, message: Claimed) -> Outcome:
        body = self.body(message)
        parts = urlsplit(self._hook.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        con = self._connection(parts.hostname or "", parts.port, parts.scheme)
        try:
            try:
                con.connect()
            except OSError as error:
                return Outcome("unavailable", f"the receiver cannot be reached ({type(error).__name__})")
            try:
                con.request("POST", path, body, self._headers(message, body))
                status = con.getresponse().status
            except (OSError, http.client.HTTPException) as error:
                return Outcome("unknown", f"the connection broke while sending ({type(error).__name__})")
        finally:
            con.close()
        if 200 <= status < 300:
            return Outcome("sent")
        if status in {408, 425, 429, 503}:
            return Outcome("later", f"the receiver asks to wait ({status})")
        if status >= 500:
            return Outcome("unknown", f"the receiver failed ({status})")
        return Outcome("failed", f"the receiver refused it ({status})")

    def body(self, message: Claimed) -> bytes:
        """What is posted."""
        payload = message.payload
        return json.dumps({
            "campaign_id": message.campaign_id, "customer_id": message.customer_id, "channel": message.channel,
            "to": message.address, "title": payload["subject"], "text": payload["text"],
            "unsubscribe_token": self._key.token(message.customer_id, message.channel),
        }, ensure_ascii=False).encode()

    def _headers(self, message: Claimed, body: bytes) -> dict[str, str]:
        seal = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        return {"Content-Type": "application/json", "Idempotency-Key": message.row_digest,
                "X-Signature": f"sha256={seal}"}

    def _connection(self, host: str, port: int | None, scheme: str) -> http.client.HTTPConnection:
        timeout = self._hook.timeout_seconds
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=timeout)
