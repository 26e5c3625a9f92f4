"""What customers will do: how good the churn prediction is, who will order, tables with an outcome."""

from __future__ import annotations

from assistant.plans import ChurnExamRequest, OrderingRequest, TableScoreRequest
from assistant.results import Result
from assistant.workspace import Workspace


def check_churn(workspace: Workspace, request: ChurnExamRequest) -> Result:
    """Say how good the churn prediction is against simpler rules, with lift; or what speaks for leaving overall."""
    return workspace.check_churn(request)


def predict_orders(workspace: Workspace, request: OrderingRequest) -> Result:
    """List the customers most likely to order, or to buy a category or products, within so many days, and why."""
    return workspace.predict_orders(request)


def score_table(workspace: Workspace, request: TableScoreRequest) -> Result:
    """Score an added table of customers with a yes/no outcome: who is likely, how good that is, what drives it."""
    return workspace.score_table(request)
