"""The part of the workspace through which campaigns leave: dry runs, sendings, exports, the calendar."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.data.warehouse import POINTER
from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)
from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from assistant.campaigns.draft import Rooms
    from assistant.campaigns.sending.desk import SendingDesk
    from assistant.data.warehouse import Snapshot


class Sending(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    _campaign_rooms: Callable[[], Rooms]

    @property
    @abstractmethod
    def loaded(self) -> Snapshot: ...

    @property
    def sendings(self) -> SendingDesk:
        """Sendings of this shop. What only a person may do is reached from a card or the terminal, never by a tool."""
        from assistant.campaigns.sending.desk import SendingDesk

        settings = self.settings
        return SendingDesk(settings.home, settings.app_db, settings.exports_dir, settings.author,
                           self._campaign_rooms(), self.snapshot, lambda: self.loaded)

    def plan_sending(self, request: SendPlan) -> Result:
        """How a draft is to be sent."""
        from assistant.campaigns.sending.answers import planned

        return planned(self.sendings, request)

    def dry_run(self, request: DryRunRequest) -> Result:
        """What sending a draft would do."""
        return self.sendings.dry_run(request)

    def try_sending(self, request: SendPlan | DryRunRequest | StopRequest | ExportRequest) -> None:
        """Raise what the request would raise; nothing is changed or written."""
        from assistant.campaigns.sending.trial import trial

        trial(self.sendings, request)

    def show_sendings(self, request: SendingRequest) -> Result:
        """What became of sendings."""
        return self.sendings.state(request)

    def stop_sending(self, request: StopRequest) -> Result:
        """Nothing more of it leaves."""
        from assistant.campaigns.sending.answers import stopped

        return stopped(self.sendings, request)

    def export_for(self, request: ExportRequest) -> Result:
        """A file for another system or for people."""
        from assistant.campaigns.sending.answers import exported

        return exported(self.sendings, request)

    def show_calendar(self, request: CalendarRequest) -> Result:
        """Campaigns by day."""
        return self.sendings.calendar(request)

    def export_campaign(self, campaign_id: str) -> Path:
        """Recipients of an approved draft as CSV; ids only where the data hold no contacts."""
        if not self.snapshot.has("contacts", "consent"):
            from assistant.campaigns.export import export_draft

            return export_draft(self.snapshot, campaign_id, self._campaign_rooms(), self.settings.exports_dir)
        _, written = self.sendings.export(ExportRequest(campaign_id=campaign_id))
        return written[0] if isinstance(written[0], Path) else written[0].path

    def decide_campaign(self, digest: str, decision: str, typed: str | None = None) -> str:
        """Carry out what a person pressed on the card of a dry run (approve, reject, send, stop); in words."""
        from assistant.campaigns.sending.answers import decided

        return decided(self.sendings, digest, decision, typed)

    def unsubscribe_channel(self, token: str) -> str:
        """The channel that an unsubscribe link is about; nothing changes."""
        from assistant.campaigns.sending.secrets import ShopKey

        return ShopKey(self.settings.home).read_token(token)[1]

    def unsubscribe(self, token: str, everywhere: bool = False) -> str:
        """Carry out an unsubscribe link at once, whatever else the program is doing; returns its channel."""
        from assistant.campaigns.sending.approval import utc_now
        from assistant.campaigns.sending.ledger import open_ledger
        from assistant.campaigns.sending.objections import unsubscribe
        from assistant.campaigns.sending.secrets import ShopKey

        with open_ledger(self.settings.app_db) as ledger:
            return unsubscribe(ledger, ShopKey(self.settings.home), token, utc_now(), everywhere=everywhere)[1]

    def take_in(self, body: bytes, signature: str) -> dict[str, int]:
        """Bounces, complaints and replies that another system reports, signed."""
        import os

        from assistant.campaigns.sending.approval import utc_now
        from assistant.campaigns.sending.config import load_sending
        from assistant.campaigns.sending.intake import signed_notices, take_in
        from assistant.campaigns.sending.ledger import open_ledger
        from assistant.campaigns.sending.secrets import ShopKey

        settings = self.settings
        secret = os.environ.get(load_sending(settings.home).intake_secret_env, "")
        notices = signed_notices(body, signature, secret)
        known = self.loaded if (settings.snapshots_dir / POINTER).exists() else None
        with open_ledger(settings.app_db) as ledger:
            return take_in(ledger, ShopKey(settings.home), known, notices, "signed report", utc_now())
