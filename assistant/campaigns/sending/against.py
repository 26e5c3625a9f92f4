"""What a dry run would do otherwise than the run of the same campaign that a person approved last, line by line."""

from __future__ import annotations

import json
from typing import Any

from assistant.campaigns.sending.approval import Run, run_of
from assistant.campaigns.sending.ledger import Ledger
from assistant.campaigns.versions import differences
from assistant.plans import CampaignBrief
from assistant.results import Column, Result, Table

_SENDING = {
    "codes": "promo codes", "code": "shared code", "codes_until": "codes valid until", "send_at": "not before",
    "clock": "clock", "repeats": "repeats", "repeats_until": "repeats until", "most_each": "most of one repetition",
    "most_in_all": "most of all repetitions",
}


def last_approved(ledger: Ledger, campaign_id: str, but: str) -> Run | None:
    """The run of a campaign approved last, whatever became of it since; None where none was."""
    found = ledger.rows("SELECT digest FROM send_runs WHERE campaign_id = ? AND approved_at IS NOT NULL "
                        "AND digest <> ? ORDER BY approved_at DESC, rowid DESC LIMIT 1", (campaign_id, but))
    return run_of(ledger, found[0]["digest"]) if found else None


def lines(before: Run, now: Run) -> list[tuple[str, str, str]]:
    """Every line that differs: what it is, as approved, and as it would be."""
    old, new = json.loads(before.terms), json.loads(now.terms)
    found = [(c.what, c.before, c.after) for c in differences(
        CampaignBrief.model_validate(old["brief"]), CampaignBrief.model_validate(new["brief"]))]
    for channel in sorted({*before.channels, *now.channels}):
        found.append((f"messages by {channel}", f"{before.channels.get(channel, 0):,}",
                      f"{now.channels.get(channel, 0):,}"))
    found += [(words, _said(old["plan"].get(name)), _said(new["plan"].get(name))) for name, words in _SENDING.items()]
    for name in sorted({*old["operator"], *new["operator"]}):
        found.append((f"setting {name}", _said(old["operator"].get(name)), _said(new["operator"].get(name))))
    found.append(("data", old["fingerprint"][:12], new["fingerprint"][:12]))
    found.append(("sealed assignment", old["holdout"][:12], new["holdout"][:12]))
    return [line for line in found if line[1] != line[2]]


def _said(value: Any) -> str:
    return "none" if value in (None, "", {}, []) else str(value)


def add_against(result: Result, ledger: Ledger, run: Run) -> None:
    """Put the table ``against`` into a dry run's result; ``words.against`` is ``first``, ``same`` or ``changed``."""
    before = last_approved(ledger, run.campaign_id, run.digest)
    if before is None or before.approved_at is None:
        result.words["against"] = "first"
        return
    found = [list(line) for line in lines(before, run)]
    result.words |= {"against": "changed" if found else "same", "approved_run": before.digest[:12],
                     "approved_on": before.approved_at.date().isoformat()}
    if found:
        result.tables.append(Table(
            id="against", title="Against the run approved last", rows=found, total_rows=len(found), columns=[
                Column(name="what", label="What"), Column(name="approved", label="As approved"),
                Column(name="now", label="Now")]))
