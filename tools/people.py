"""People as persons: interests, fairness, what may be shared."""

from __future__ import annotations

from assistant.plans import FairnessRequest, InterestRequest
from assistant.results import Result
from assistant.workspace import Workspace


def find_interests(workspace: Workspace, request: InterestRequest) -> Result:
    """Say what customers are interested in by what they buy: all interests, who has one, or those of one customer."""
    return workspace.find_interests(request)


def check_fairness(workspace: Workspace, request: FairnessRequest) -> Result:
    """Say whether groups of people (gender, age, declared columns) are chosen alike and predicted equally well."""
    return workspace.check_fairness(request)
