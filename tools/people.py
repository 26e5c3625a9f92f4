"""People as persons: interests, fairness, what may be shared."""

from __future__ import annotations

from assistant.plans import FairnessRequest, InterestRequest, PrivacyRequest, ReportRequest
from assistant.results import Result
from assistant.workspace import Workspace


def find_interests(workspace: Workspace, request: InterestRequest) -> Result:
    """Say what customers are interested in by what they buy: all interests, who has one, or those of one customer."""
    return workspace.find_interests(request)


def check_fairness(workspace: Workspace, request: FairnessRequest) -> Result:
    """Say whether groups of people (gender, age, declared columns) are chosen alike and predicted equally well."""
    return workspace.check_fairness(request)


def export_report(workspace: Workspace, request: ReportRequest) -> Result:
    """Write an aggregate report to share as a file: groups under ten people left out, or with differential privacy."""
    return workspace.export_report(request)


def show_privacy(workspace: Workspace, request: PrivacyRequest) -> Result:
    """Say what is kept from models and rules, how many objected to marketing, and how much privacy budget is left."""
    return workspace.show_privacy(request)
