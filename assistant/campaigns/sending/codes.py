"""Promo codes as a file for the shop's till and web shop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.campaigns.sending.exports import Written, sha256
from assistant.campaigns.sending.runs import code_until
from assistant.errors import InvalidPlan
from assistant.results.export import write_table

if TYPE_CHECKING:
    from assistant.campaigns.draft import Plan
    from assistant.campaigns.sending.runs import Source


def write_codes(folder: Path, source: Source, plan: Plan) -> Written:
    """Write every code of a campaign with its last day and what it gives; no customer is named.

    Raises:
        InvalidPlan: two people would have the same code.
        StorageError: the disk refuses.
    """
    until = code_until(source, plan)
    last = until.isoformat() if until else ""
    offer = plan.copy.offer.text if plan.copy.offer else ""
    if source.plan.codes == "shared":
        codes = [source.plan.code or ""]
    else:
        codes = [source.key.code(plan.campaign_id, customer) for customer in plan.split.contacted]
    if len(set(codes)) < len(codes):
        raise InvalidPlan("Two people would have the same promo code", received=plan.campaign_id)
    uses = "" if source.plan.codes == "shared" else "1"
    path = write_table(folder, f"{plan.campaign_id}-codes", ["code", "valid_until", "uses", "offer"],
                       ([code, last, uses, offer] for code in sorted(codes)))
    return Written(path, len(codes), sha256(path.read_text(encoding="utf-8-sig")), {})
