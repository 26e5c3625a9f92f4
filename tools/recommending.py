"""New products, and whether the recommender itself is any good."""

from __future__ import annotations

from assistant.plans import LaunchRequest
from assistant.results import Result
from assistant.workspace import Workspace


def new_products(workspace: Workspace, request: LaunchRequest) -> Result:
    """List the new products to push, or those that suit one customer, by what they are: sales are not needed."""
    return workspace.new_products(request)
