"""Groups of customers beside each other, and customers who moved from one to another."""

from __future__ import annotations

from assistant.plans import GroupsRequest, MoversRequest
from assistant.results import Result
from assistant.workspace import Workspace


def compare_groups(workspace: Workspace, request: GroupsRequest) -> Result:
    """Set two groups of customers beside each other: size, value, rhythm and what they buy differently."""
    return workspace.compare_groups(request)


def find_movers(workspace: Workspace, request: MoversRequest) -> Result:
    """List the customers who went from one group to another in a stretch of time, and say how many that is."""
    return workspace.find_movers(request)
