"""Campaign drafts. Nothing here can send, approve or export."""

from __future__ import annotations

from assistant.plans import (
    CampaignBrief,
    CampaignRequest,
    CampaignsRequest,
    MessageRequest,
    PostRequest,
    ReasonRequest,
    UndoRequest,
)
from assistant.results import Result
from assistant.workspace import Workspace


def draft_campaign(workspace: Workspace, request: CampaignBrief) -> Result:
    """Draft a campaign: audience with its size after each condition, offer, products, copy and holdout.

    With ``campaign_id`` it is the next version of that draft. A draft is stored, never sent.
    Approval and export are actions of a person outside the chat. ``edits`` holds texts written by you or the person:
    free words around slots ({shop_name}, {offer}, {?first_name} {first_name}{/first_name}); a text that names a number,
    price, discount, date, stock or claim outside a slot is refused with the reason, so write it again without, or leave
    it out for the wording of the house.
    """
    return workspace.draft_campaign(request)


def show_campaign(workspace: Workspace, request: CampaignRequest) -> Result:
    """Show a stored draft (the latest one without an id), one of its versions, or what a version changed."""
    return workspace.show_campaign(request)


def explain_message(workspace: Workspace, request: MessageRequest) -> Result:
    """What one customer would get from a draft, line by line with why each line is there; or why they get nothing."""
    return workspace.explain_message(request)


def explain_brief(workspace: Workspace, request: ReasonRequest) -> Result:
    """Why one part of a draft is as it is: asked for, assumed or from which data. For its timing: when its customers
    order, and when past messages were opened."""
    return workspace.explain_brief(request)


def list_campaigns(workspace: Workspace, request: CampaignsRequest) -> Result:
    """List every stored draft with audience, offer, status and day, and the past campaigns that the data hold.

    Use it also for "how many live journeys or flows": there are none, drafts never run by themselves.
    """
    return workspace.list_campaigns(request)


def undo_campaign(workspace: Workspace, request: UndoRequest) -> Result:
    """Take back the latest version of a draft; the version before stands again, and nothing is lost."""
    return workspace.undo_campaign(request)


def draft_post(workspace: Workspace, request: PostRequest) -> Result:
    """Write a post for social media about products of the shop, with their prices. Words only; nothing is posted."""
    return workspace.draft_post(request)
