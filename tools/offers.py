"""Which offer for whom, and what an offer must achieve."""

from __future__ import annotations

from assistant.plans.offers import ExploreRequest, OfferRequest
from assistant.results import Result
from assistant.workspace import Workspace


def choose_offers(workspace: Workspace, request: OfferRequest) -> Result:
    """Choose an offer or none for each customer by expected incremental profit, within a budget and other limits.

    Also compares offers, says what lift an offer needs to pay for itself (``break_even``), and what choosing this way
    would have brought in past campaigns (``evaluate``). Effects are known only of offers tested against held-out
    customers; of the others the lift needed is told. Drafts and sends nothing.
    """
    return workspace.choose_offers(request)


def explore_offers(workspace: Workspace, request: ExploreRequest) -> Result:
    """Start a test that finds out which offer (or wording of a draft) works, draw its next round, show how it stands.

    Each round gives what is likelier to be the best more often (Thompson sampling), with every chance logged. It makes
    a list of who gets what; nothing is sent.
    """
    return workspace.explore_offers(request)
