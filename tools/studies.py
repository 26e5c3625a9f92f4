"""Behaviour of customers over time, and how unevenly things are spread."""

from __future__ import annotations

from assistant.plans import StudyRequest
from assistant.results import Result
from assistant.workspace import Workspace


def run_study(workspace: Workspace, request: StudyRequest) -> Result:
    """Follow customers over time, or see how things are spread.

    Studies: ``cohorts`` (retention by month of first order), ``returning`` (customers of one period in a later one),
    ``ladder`` (how many made one, two, three orders), ``spread`` (customers, orders or products by bands of a
    measure), ``early`` (repeat purchases or revenue within days of the first order; time to the second order),
    ``concentration`` (how many products or customers make half of the revenue), ``standing`` (the
    place of a thing in a ranking; the value it takes to be among the top so many).
    """
    return workspace.run_study(request)
