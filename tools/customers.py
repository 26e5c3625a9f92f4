"""Customers: audiences, segments, profiles, churn."""

from __future__ import annotations

from assistant.plans import ChurnRequest, CustomerRequest, SegmentRequest, SegmentRule, ValueRequest
from assistant.results import Result
from assistant.workspace import Workspace


def count_audience(workspace: Workspace, request: SegmentRule) -> Result:
    """Count the customers that a rule selects, with the size after each condition and who is left out."""
    return workspace.count_audience(request)


def find_segments(workspace: Workspace, request: SegmentRequest) -> Result:
    """Split all customers into named groups and say what each looks like."""
    return workspace.find_segments(request)


def describe_customer(workspace: Workspace, request: CustomerRequest) -> Result:
    """Describe one customer by id: orders, value, rhythm, favourites."""
    return workspace.describe_customer(request)


def predict_churn(workspace: Workspace, request: ChurnRequest) -> Result:
    """List the customers most likely not to order again, with the value at risk; or one customer's probability."""
    return workspace.predict_churn(request)


def customer_value(workspace: Workspace, request: ValueRequest) -> Result:
    """Say what a customer has brought to date and is expected to bring, or list those with the highest expectation."""
    return workspace.customer_value(request)
