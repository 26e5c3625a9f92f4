"""Questions about customers, products and sales."""

from __future__ import annotations

from assistant.plans import BreakEvenRequest, BriefingRequest, ChangePlan, DataRequest, PremiseRequest, QueryPlan
from assistant.results import Result
from assistant.workspace import Workspace


def query_data(workspace: Workspace, request: QueryPlan) -> Result:
    """Answer a question with metrics, by dimensions, filtered, in a period, compared and ranked.

    Use it for every figure about sales, orders, products and customers, also for lists of customers or products
    (dimension 'customer' or 'product' with 'having'). Relative periods are counted from the last day of the data.
    """
    return workspace.query(request)


def explain_change(workspace: Workspace, request: ChangePlan) -> Result:
    """Explain why a metric changed between two periods: exact parts that sum to the change, and whether it is noise."""
    return workspace.explain_change(request)


def brief_shop(workspace: Workspace, request: BriefingRequest) -> Result:
    """Answer an open question about the whole shop with ranked findings, each sized, tested and with a next step.

    Use it for "what should I focus on", "biggest risk", "what changed", "anything unusual", "how are we doing", "what
    should I stop selling" or "promote", "which customers should I target", "where is the money".
    """
    return workspace.brief(request)


def break_even(workspace: Workspace, request: BreakEvenRequest) -> Result:
    """Say how many units may be lost, or must be won, when prices change by a percentage: arithmetic, no prediction.

    Use it for "what if we raise prices by 10 %" and "what if we give 20 % off"; what customers would do is not known.
    """
    return workspace.break_even(request)


def check_premise(workspace: Workspace, request: PremiseRequest) -> Result:
    """Check what a question takes for granted ("why is X our best category?", "since we do not sell in Y, …").

    Call it first, then answer the question itself: a claim that is false is put right with the true figure.
    """
    return workspace.check_premise(request)


def describe_data(workspace: Workspace, request: DataRequest) -> Result:
    """Say what data are loaded: tables, rows, dates, what is missing and what it would allow.

    ``about`` narrows it: which column holds something and how far it is filled (``fields``, ``have``), how recent the
    data are, how many rows a table has, what cleaning left out and why.
    """
    return workspace.describe_data(request)
