"""What was done with a sending, as results for the chat and as words for a card."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.campaigns.sending.approval import run_of
from assistant.campaigns.sending.ledger import open_ledger
from assistant.campaigns.sending.report import done_result
from assistant.errors import InvalidPlan, NotPermitted
from assistant.plans.reword import reword
from assistant.plans.sending import ExportRequest, SendPlan, StopRequest
from assistant.results import Column, Table

if TYPE_CHECKING:
    from assistant.campaigns.sending.desk import SendingDesk
    from assistant.results import Result

DECISIONS = ("approve", "reject", "send", "stop")


def planned(desk: SendingDesk, request: SendPlan) -> Result:
    """Kind ``send_plan``: how the draft is to be sent now."""
    campaign, plan = desk.plan(request)
    return done_result(desk.snapshot, request, "send_plan", f"How {campaign} is sent",
                       {"campaign": campaign, "plan": reword(plan)}, {},
                       [f"Dry run of {campaign}", "Show the campaign calendar"])


def stopped(desk: SendingDesk, request: StopRequest) -> Result:
    """Kind ``sending_stopped``: how many have left, wait, and were taken back."""
    campaign, back, counts = desk.stop(request)
    figures = {"sent": counts.get("sent", 0), "queued": counts.get("queued", 0),
               **({} if back is None else {"back": back})}
    return done_result(desk.snapshot, request, "sending_stopped", "Sending stopped",
                       {"campaign": "" if campaign == "*" else campaign, "undone": "" if back is None else "yes"},
                       figures, [f"Take back what has not left of {campaign}" if campaign != "*" else
                                 "Take back what has not left", "What was sent?", "Show the audit log"])


def exported(desk: SendingDesk, request: ExportRequest) -> Result:
    """Kind ``exported``: table ``files`` with name, rows and SHA-256 of each; what was left out and why."""
    campaign, written = desk.export(request)
    rows: list[list[Any]] = []
    left: list[list[Any]] = []
    for each in written:
        if isinstance(each, Path):
            rows.append([each.name, None, None])
            continue
        rows.append([each.path.name, each.rows, each.sha256[:12]])
        left += [[why, n] for why, n in each.left_out.items()]
    result = done_result(desk.snapshot, request, "exported", f"Files of {campaign}",
                         {"campaign": campaign, "target": request.target, "folder": desk.exports_dir.name}, {},
                         _files_next(campaign, request.target))
    files = [Column(name="file", label="File", unit="id"), Column(name="rows", label="Rows", unit="count"),
             Column(name="sha256", label="SHA-256", unit="id")]
    result.tables.append(Table(id="files", title="Files", columns=files, rows=rows, total_rows=len(rows)))
    if left:
        why = [Column(name="why", label="Why"), Column(name="rows", label="Rows", unit="count")]
        result.tables.append(Table(id="left_out", title="Left out", columns=why, rows=left, total_rows=len(left)))
    return result


def _files_next(campaign: str, target: str) -> list[str]:
    """Other files of the same campaign; each suggestion is checked before it is shown."""
    papers = [f"Make a {'calendar file' if target != 'calendar' else 'printable brief'} of {campaign}"]
    if target in {"brief", "calendar"}:
        return [f"Dry run of {campaign}", *papers, "Show the campaign calendar"]
    return [f"Export {campaign} as Excel" if target != "xlsx" else f"Export {campaign} for Klaviyo",
            f"Export the promo codes of {campaign}", *papers, "What was sent?"]


def decided(desk: SendingDesk, digest: str, decision: str, typed: str | None) -> str:
    """Carry out what a person pressed on the card of a dry run; what was done, in words.

    Raises:
        NotPermitted, InvalidPlan, UnknownName: nothing was done.
    """
    if decision not in DECISIONS:
        raise InvalidPlan("Unknown decision", received=decision, valid=DECISIONS)
    if decision in {"approve", "reject"}:
        run = desk.decide(digest, approve=decision == "approve", via="card", typed=typed)
        return f"Run {run.digest[:12]} of {run.campaign_id}: {run.state}. Nothing has left yet."
    with open_ledger(desk.app_db) as ledger:
        run = run_of(ledger, digest)
    if decision == "stop":
        desk.stop(StopRequest(campaign_id=run.campaign_id))
        return f"{run.campaign_id} is stopped; what has not left stays here."
    if not desk.config.enabled:
        raise NotPermitted("Sending is off", received="sending.toml",
                           hint="Switch it on there, or export the campaign.")
    n = desk.begin(digest)
    threading.Thread(target=desk.send, name=f"send-{run.campaign_id}", daemon=True).start()
    return f"{n:,} messages of {run.campaign_id} are queued; sending has begun."
