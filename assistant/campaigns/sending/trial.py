"""Whether something about a sending could be done now, without doing it: for suggestions, which are checked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.campaigns.sending.approval import latest_run
from assistant.campaigns.sending.ledger import open_ledger
from assistant.campaigns.sending.outbox import counts
from assistant.campaigns.sending.runs import plan_of
from assistant.errors import InvalidPlan, NotPermitted
from assistant.plans.sending import DryRunRequest, ExportRequest, SendPlan, StopRequest

if TYPE_CHECKING:
    from assistant.campaigns.sending.desk import SendingDesk


def trial(desk: SendingDesk, request: SendPlan | DryRunRequest | StopRequest | ExportRequest) -> None:
    """Raise what the request would raise.

    Raises:
        UserError: it could not be done now.
    """
    if isinstance(request, StopRequest):
        with open_ledger(desk.app_db) as ledger:
            if not counts(ledger, request.campaign_id).get("queued"):
                raise InvalidPlan("Nothing waits to be sent", received=request.campaign_id)
        return
    draft = desk.rooms.store.load(request.campaign_id)
    if isinstance(request, DryRunRequest):
        plan_of(desk.source(draft.campaign_id), draft, recipients=0)
    elif isinstance(request, ExportRequest) and request.target not in {"brief", "calendar"}:
        with open_ledger(desk.app_db) as ledger:
            run = latest_run(ledger, draft.campaign_id)
        if run is None or run.state not in {"approved", "started"}:
            raise NotPermitted("A file with addresses needs an approved campaign", received=draft.campaign_id)
        if request.target == "codes" and desk.source(draft.campaign_id).plan.codes in {None, "none"}:
            raise InvalidPlan("This campaign has no promo codes", received=draft.campaign_id)
