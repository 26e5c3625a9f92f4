"""Where the buttons of a dry run's card lead: a person's decision, never a tool's and never a message of the chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError
from assistant.plans.desk import Desk

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/assistant/decision"
#: a page of another origin cannot add this header without being asked about, and :mod:`assistant.ui.guard` refuses it
HEADER = "x-assistant-decision"


def add_decisions(app: FastAPI, desk: Desk) -> None:
    """Add the route; it takes JSON with ``digest``, ``decision`` and ``typed``."""
    from fastapi import HTTPException, Request
    from fastapi.responses import JSONResponse

    async def decide(request: Request) -> JSONResponse:
        if request.headers.get(HEADER) != "card" or request.headers.get("content-type") != "application/json":
            raise HTTPException(403, "not from a card")
        try:
            body: Any = await request.json()
            digest, decision, typed = str(body["digest"]), str(body["decision"]), body.get("typed")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HTTPException(400, "not a decision") from error
        try:
            words = None if typed is None else str(typed)
            said = await asyncio.to_thread(desk.decide_campaign, digest, decision, words)
        except AssistantError as error:
            return JSONResponse({"detail": str(error)}, 409)
        return JSONResponse({"done": decision, "said": said})

    decide.__annotations__["request"] = Request  # the framework reads it, and it is imported here alone
    app.post(PATH, response_model=None)(decide)
