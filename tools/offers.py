"""Which offer for whom, and what an offer must achieve."""

from __future__ import annotations

from assistant.plans.offers import OfferRequest
from assistant.results import Result
from assistant.workspace import Workspace


def choose_offers(workspace: Workspace, request: OfferRequest) -> Result:
    """Choose an offer or none for each customer by expected incremental profit, within a budget and other limits.

    Also compares offers, says what lift an offer needs to pay for itself (``break_even``), and what choosing this way
    would have brought in past campaigns (``evaluate``). Effects are known only of offers tested against held-out
    customers; of the others the lift needed is told. Drafts and sends nothing.
    """
    return workspace.choose_offers(request)
