"""Downloads: any table of a stored answer, and the recipients of a campaign draft, as CSV files for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.agent.events import Conversations
from assistant.errors import AssistantError
from assistant.plans.desk import Desk
from assistant.results import Result
from assistant.ui.texts import Texts

if TYPE_CHECKING:
    from fastapi import FastAPI


def find_result(
    conversations: Conversations, thread_id: str, run_id: str, result: int, table_id: str
) -> Result | None:
    """The result of a stored answer that holds the table, or None if it is not there (any more)."""
    for answer in conversations.history(thread_id):
        if answer.run_id == run_id and 0 <= result < len(answer.results):
            found = answer.results[result]
            return found if any(t.id == table_id for t in found.tables) else None
    return None


def add_exports(app: FastAPI, conversations: Conversations, desk: Desk, texts: Texts) -> None:
    """Add the two download routes."""
    from fastapi import HTTPException
    from fastapi.responses import FileResponse

    def table(thread_id: str, run_id: str, result: int, table_id: str) -> FileResponse:
        found = find_result(conversations, thread_id, run_id, result, table_id)
        if found is None:
            raise HTTPException(404, texts("errors.no_table"))
        try:
            path = desk.export_result(found, table_id)
        except AssistantError as error:
            raise HTTPException(409, str(error)) from error
        return FileResponse(path, filename=path.name, media_type="text/csv")

    def campaign(campaign_id: str) -> FileResponse:
        try:
            path = desk.export_campaign(campaign_id)
        except AssistantError as error:
            raise HTTPException(409, str(error)) from error
        return FileResponse(path, filename=path.name, media_type="text/csv")

    app.get("/assistant/export/{thread_id}/{run_id}/{result}/{table_id}.csv", response_model=None)(table)
    app.get("/assistant/campaign/{campaign_id}.csv", response_model=None)(campaign)
