"""The part of the workspace that shows campaigns recipient by recipient."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.campaigns.draft import Rooms
    from assistant.plans import MessageRequest, ReasonRequest


class Campaigning(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""


    @abstractmethod
    def _campaign_rooms(self) -> Rooms: ...

    def explain_message(self, request: MessageRequest) -> Result:
        """What one recipient of a draft gets, and why."""
        from assistant.campaigns.why import explain_message

        return explain_message(self.snapshot, request, self._campaign_rooms())

    def explain_brief(self, request: ReasonRequest) -> Result:
        """Why a part of a draft is as it is."""
        from assistant.campaigns.reasons import explain_brief

        return explain_brief(self.snapshot, request, self._campaign_rooms(), self.sendings.send_at)

    def write_messages(
        self, campaign_id: str | None = None, progress: Callable[[str, float | None], None] | None = None
    ) -> tuple[Path, int]:
        """Every message of a draft as a file, in a streaming pass; returns the file and the number of messages."""
        from assistant.campaigns.stream import write_messages

        return write_messages(self.snapshot, campaign_id, self._campaign_rooms(), self.settings.exports_dir, progress)
