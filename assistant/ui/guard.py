"""What stands before every request: who may ask, what may be asked for, and what the page may load.

A pure ASGI layer (streams pass through untouched). Measured about the framework behind it: on a host other than
localhost it echoes any origin with credentials, serves uploaded files by path, and its page names outside hosts.
Therefore: only known hosts and the own origin; only the paths that this page needs; and a content security policy
under which nothing outside is loaded and no script runs that this program did not put there.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
#: what the page asks for; everything else of the framework (file and proxy routes, API description …) is not there
ALLOWED = re.compile(
    r"/(|config/?|theme\.css|favicon\.ico|manifest\.json|(assets|static|assistant)/.*|gradio_api/("
    r"queue/(join|data)|upload|upload_progress|heartbeat/\w+|startup-events|app_id/?|cancel|reset/?|theme\.css))"
)
#: what anybody may ask for from anywhere: the right to it is sealed in the path or in the body
PUBLIC = re.compile(r"/assistant/(u/[\w-]{20,600}(/all)?|intake)")
_PUBLIC_BODY = 1024 * 1024
_OUTSIDE_META = re.compile(r"<meta\b[^>]*(?:property|name)=\"(?:og|twitter):[^>]*>", re.IGNORECASE | re.DOTALL)
_MANIFEST = re.compile(r"<link rel=\"manifest\"[^>]*>", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b(?![^>]*\bnonce=)", re.IGNORECASE)


class Guard:
    """Checks requests, rewrites the one HTML page, sets security headers.

    Args:
        app: the application behind.
        hosts: host names that may be asked for, beside the loopback ones.
        max_body: largest request body in bytes.
        head: HTML put into the page's head.
        words: replies of our own, by name: wrong_host, too_large, full.
    """

    def __init__(self, app: App, *, hosts: Iterable[str], max_body: int, head: str, words: dict[str, str]) -> None:
        self._app, self._hosts, self._max_body = app, LOOPBACK | set(hosts), max_body
        self._head, self._words = head, words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the page uses none
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refused = self._refuse(scope, headers)
        if refused is not None:
            await _answer(send, *refused)
            return
        nonce = secrets.token_urlsafe(16)
        page = _Rewritten(self, send, nonce, page=scope["path"] in {"/", ""})
        await self._app(scope, receive, page)

    def _refuse(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        if PUBLIC.fullmatch(scope["path"]):
            return self._too_large(headers, _PUBLIC_BODY)
        if _host_name(headers.get("host", "")) not in self._hosts:
            return 421, self._words["wrong_host"]
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return 403, self._words["wrong_host"]
        if headers.get("sec-fetch-site", "same-origin") == "cross-site" and scope["path"] != "/":
            return 403, self._words["wrong_host"]
        if not ALLOWED.fullmatch(scope["path"]):
            return 404, "Not found"
        return self._too_large(headers, self._max_body)

    def _too_large(self, headers: dict[str, str], most: int) -> tuple[int, str] | None:
        length = headers.get("content-length", "0")
        return (413, self._words["too_large"]) if length.isdigit() and int(length) > most else None

    def page(self, html: str, nonce: str) -> str:
        """The framework's page without its outside references, with our head and the nonce on each script."""
        html = _MANIFEST.sub("", _OUTSIDE_META.sub("", html))
        html = html.replace("<head>", f"<head>{self._head}", 1)
        return _SCRIPT.sub(f'<script nonce="{nonce}"', html)

    def headers(self, nonce: str) -> list[tuple[bytes, bytes]]:
        """Security headers. ``unsafe-eval``: the framework compiles its HTML templates in the browser."""
        policy = "; ".join([
            "default-src 'self'", f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:", "font-src 'self' data:", "connect-src 'self'", "worker-src 'self' blob:",
            "object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'none'",
        ])
        pairs = {
            "content-security-policy": policy, "x-content-type-options": "nosniff", "x-frame-options": "DENY",
            "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }
        return [(k.encode(), v.encode()) for k, v in pairs.items()]

    @property
    def full(self) -> str:
        return self._words["full"]


class _Rewritten:
    """The sending side: adds headers to every response, holds back the page and the queue's refusal to reword them."""

    def __init__(self, guard: Guard, send: Send, nonce: str, *, page: bool) -> None:
        self._guard, self._send, self._nonce, self._page = guard, send, nonce, page
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(k, v) for k, v in message["headers"] if not k.lower().startswith(b"access-control-")]
            message["headers"] = [*kept, *self._guard.headers(self._nonce)]
            kind = dict(kept).get(b"content-type", b"")
            if (self._page and kind.startswith(b"text/html")) or message["status"] == 503:
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        if start["status"] == 503:
            body = json.dumps({"detail": self._guard.full}).encode()
        else:
            body = self._guard.page(self._body.decode("utf-8"), self._nonce).encode("utf-8")
        headers = [(k, v) for k, v in start["headers"] if k.lower() not in {b"content-length", b"etag"}]
        start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _host_name(host: str) -> str:
    """Host header without its port."""
    if host.startswith("["):
        return host.split("]")[0] + "]"
    return host.rsplit(":", 1)[0].lower() if ":" in host else host.lower()


async def _answer(send: Send, status: int, text: str) -> None:
    body = json.dumps({"detail": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
