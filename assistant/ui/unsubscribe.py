"""Where unsubscribe links lead: a page with two buttons, and the one-click request of mail programs (RFC 8058).

Opening the page changes nothing, because scanners of mail servers open every link; a POST does, at once. The seal in
the link is the whole right to it, so neither host nor origin is asked for (:data:`assistant.ui.guard.PUBLIC`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from assistant.errors import StorageError, UnknownName
from assistant.plans.desk import Desk
from assistant.ui.markup import esc, tag
from assistant.ui.texts import Texts

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/assistant/u/{token}"
_STYLE = ("body{font-family:system-ui,sans-serif;max-width:34em;margin:3em auto;padding:0 1em;line-height:1.5}"
          "button{font:inherit;padding:.6em 1em;margin:.3em 0}@media (prefers-color-scheme:dark)"
          "{body{background:#16181d;color:#e8eaee}}")


def add_unsubscribe(app: FastAPI, desk: Desk, texts: Texts) -> None:
    """Add the page (GET), the one-click request (POST), and the one that stops every channel (POST …/all)."""
    from fastapi.responses import HTMLResponse

    def page(title: str, inner: str, status: int = 200) -> HTMLResponse:
        html = (f'<!doctype html><html lang="{esc(texts.language)}"><head><meta charset="utf-8">'
                f'<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
                f"<title>{esc(title)}</title><style>{_STYLE}</style></head><body><main><h1>{esc(title)}</h1>{inner}"
                "</main></body></html>")
        return HTMLResponse(html, status, headers={"cache-control": "no-store"})

    def refused(error: StorageError | UnknownName) -> HTMLResponse:
        if isinstance(error, StorageError):
            return page(texts("unsubscribe.failed"), tag("p", esc(texts("unsubscribe.failed_more"))), 503)
        return page(texts("unsubscribe.unknown"), tag("p", esc(texts("unsubscribe.unknown_more"))), 404)

    async def ask(token: str) -> HTMLResponse:
        try:
            channel = await asyncio.to_thread(desk.unsubscribe_channel, token)
        except (StorageError, UnknownName) as error:
            return refused(error)
        named = texts.get(f"unsubscribe.by_{channel}", channel)
        # addresses relative to the page, which a server in front may show under another path
        forms = "".join(
            tag("form", tag("button", esc(texts(f"unsubscribe.{name}", channel=named)), type="submit"), method="post",
                action=action) for name, action in (("one", None), ("all", f"{token}/all")))
        return page(texts("unsubscribe.title"), tag("p", esc(texts("unsubscribe.ask", channel=named))) + forms)

    async def carry_out(token: str, everywhere: bool) -> HTMLResponse:
        try:
            channel = await asyncio.to_thread(desk.unsubscribe, token, everywhere)
        except (StorageError, UnknownName) as error:
            return refused(error)
        words = texts("unsubscribe.done_all") if everywhere else texts(
            "unsubscribe.done_one", channel=texts.get(f"unsubscribe.by_{channel}", channel))
        return page(texts("unsubscribe.done"), tag("p", esc(words)))

    async def one(token: str) -> HTMLResponse:
        return await carry_out(token, False)

    async def every(token: str) -> HTMLResponse:
        return await carry_out(token, True)

    app.get(PATH, response_model=None)(ask)
    app.post(PATH, response_model=None)(one)
    app.post(f"{PATH}/all", response_model=None)(every)
