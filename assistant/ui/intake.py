"""Where a mail provider or gateway posts bounces, complaints and replies; signed with a secret that both know."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan, NotPermitted, SettingsError, StorageError
from assistant.plans.desk import Desk

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/assistant/intake"


def add_intake(app: FastAPI, desk: Desk) -> None:
    """Add the route; it takes what :mod:`assistant.campaigns.sending.intake` describes."""
    from fastapi import Request
    from fastapi.responses import JSONResponse

    async def take(request: Request) -> JSONResponse:
        body = await request.body()
        try:
            done = await asyncio.to_thread(desk.take_in, body, request.headers.get("x-signature", ""))
        except NotPermitted as error:
            return JSONResponse({"detail": str(error)}, 403)
        except InvalidPlan as error:
            return JSONResponse({"detail": str(error)}, 422)
        except (StorageError, SettingsError):  # the provider tries again later
            return JSONResponse({"detail": "not recorded"}, 503)
        return JSONResponse(done)

    take.__annotations__["request"] = Request  # the framework reads it, and it is imported here alone
    app.post(PATH, response_model=None)(take)
