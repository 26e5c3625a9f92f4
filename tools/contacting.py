"""What contacting customers changes: whom to contact, whom to leave alone, what past campaigns did."""

from __future__ import annotations

from assistant.plans import ReadOutRequest, UpliftRequest
from assistant.results import Result
from assistant.workspace import Workspace


def predict_uplift(workspace: Workspace, request: UpliftRequest) -> Result:
    """Say who is moved by a message, who orders anyway, who is driven away, whom not to contact and what that saves."""
    return workspace.predict_uplift(request)


def read_out_campaigns(workspace: Workspace, request: ReadOutRequest) -> Result:
    """Say what past campaigns changed against customers held out at random, with intervals, in all and by group."""
    return workspace.read_out_campaigns(request)
