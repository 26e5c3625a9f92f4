"""Campaigns on their way out. Nothing here approves or sends: that is done on a card or in the terminal."""

from __future__ import annotations

from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)
from assistant.results import Result
from assistant.workspace import Workspace


def plan_sending(workspace: Workspace, request: SendPlan) -> Result:
    """Set how a draft is to be sent: promo codes, not before when, repeated how often and within which limits."""
    return workspace.plan_sending(request)


def dry_run_campaign(workspace: Workspace, request: DryRunRequest) -> Result:
    """Show what sending a draft would do: who, what, cost, what stands in the way. A person approves on its card."""
    return workspace.dry_run(request)


def show_sendings(workspace: Workspace, request: SendingRequest) -> Result:
    """Show what was sent, waits, failed or is unknown, or the log of approvals and sendings."""
    return workspace.show_sendings(request)


def stop_sending(workspace: Workspace, request: StopRequest) -> Result:
    """Stop a sending; with ``undo`` also take back what has not left."""
    return workspace.stop_sending(request)


def export_campaign(workspace: Workspace, request: ExportRequest) -> Result:
    """Write a file of a campaign: for Klaviyo, Mailchimp, Meta, Google, CSV, Excel, Parquet, brief, dates, codes."""
    return workspace.export_for(request)


def would_run(
    workspace: Workspace, request: SendPlan | DryRunRequest | StopRequest | ExportRequest
) -> None:
    """Whether one of these could be done now; changes nothing, and raises what it would raise."""
    workspace.try_sending(request)


def show_calendar(workspace: Workspace, request: CalendarRequest) -> Result:
    """Show campaigns by day, with overlapping audiences and stacked offers."""
    return workspace.show_calendar(request)
