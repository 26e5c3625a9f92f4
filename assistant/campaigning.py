"""The part of the workspace that shows campaigns recipient by recipient."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from assistant.results import Result

if TYPE_CHECKING:
    from assistant.campaigns.draft import Rooms
    from assistant.data.warehouse import Snapshot
    from assistant.plans import MessageRequest


class Campaigning:
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def _campaign_rooms(self) -> Rooms: ...

    def explain_message(self, request: MessageRequest) -> Result:
        """What one recipient of a draft gets, and why."""
        from assistant.campaigns.why import explain_message

        return explain_message(self.snapshot, request, self._campaign_rooms())
