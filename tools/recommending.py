"""New products, and whether the recommender itself is any good."""

from __future__ import annotations

from assistant.plans import CheckRequest, LaunchRequest
from assistant.results import Result
from assistant.workspace import Workspace


def new_products(workspace: Workspace, request: LaunchRequest) -> Result:
    """List the new products to push, or those that suit one customer, by what they are: sales are not needed."""
    return workspace.new_products(request)


def check_recommender(workspace: Workspace, request: CheckRequest) -> Result:
    """Check the recommender: quality, sameness, coverage, bias to bestsellers, age, feedback on its own lists."""
    return workspace.check_recommender(request)
