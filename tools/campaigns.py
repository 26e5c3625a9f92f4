"""Campaign drafts. Nothing here can send, approve or export."""

from __future__ import annotations

from assistant.plans import CampaignBrief, CampaignRequest
from assistant.results import Result
from assistant.workspace import Workspace


def draft_campaign(workspace: Workspace, request: CampaignBrief) -> Result:
    """Draft a campaign: audience with its size after each condition, offer, products, copy and holdout.

    A draft is stored, never sent. Approval and export are actions of a person outside the chat.
    """
    return workspace.draft_campaign(request)


def show_campaign(workspace: Workspace, request: CampaignRequest) -> Result:
    """Show a stored draft (the latest one without an id)."""
    return workspace.show_campaign(request)
