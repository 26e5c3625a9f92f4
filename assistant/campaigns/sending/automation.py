"""Repetitions of an approved campaign: whoever fits now and was not written to yet, within the approved limits.

A repetition never changes what was approved: the same version of the draft, the same words, offer and limits. People
of the control group stay in it. Above a limit nothing is sent at all, and a person has to look.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.campaigns.sending.approval import enqueue
from assistant.campaigns.sending.audit import record
from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.ledger import Ledger, stamp
from assistant.campaigns.sending.runs import Row, RunDigest, Terms
from assistant.campaigns.sending.timing import Timing
from assistant.errors import InvalidPlan
from assistant.plans.sending import SendPlan

_EVERY = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}


@dataclass(frozen=True)
class Repeated:
    """What became of one campaign: messages queued, or why none were."""

    campaign_id: str
    queued: int
    why: str = ""


def check_limits(plan: SendPlan) -> None:
    """Refuse a repetition without limits.

    Raises:
        InvalidPlan: no last day, or no most recipients of one repetition.
    """
    if plan.repeats in {None, "never"}:
        return
    limits = (("until which day", plan.repeats_until), ("to how many at most", plan.most_each))
    absent = [words for words, value in limits if value is None]
    if absent:
        raise InvalidPlan(f"A campaign that repeats needs limits: say {' and '.join(absent)}", received=plan.repeats,
                          hint='For example: "repeat it weekly until 2027-01-31, at most 200 each time".')


def standing(ledger: Ledger) -> list[tuple[str, Terms]]:
    """Campaigns that were approved with repetitions and have started, with the terms that were approved."""
    rows = ledger.rows("SELECT campaign_id, terms FROM send_runs WHERE state = 'started' AND via IS NOT NULL "
                       "ORDER BY approved_at")
    latest: dict[str, dict[str, Any]] = {row["campaign_id"]: json.loads(row["terms"]) for row in rows}
    return [(c, Terms(**t)) for c, t in latest.items() if t["plan"].get("repeats") not in {None, "never"}]


def due(ledger: Ledger, campaign_id: str, approved: Terms, fingerprint: str, now: datetime) -> str:
    """Why a campaign is not to be repeated now; empty if it is."""
    plan = SendPlan.model_validate(approved.plan)
    if plan.repeats_until is None or now.date() > plan.repeats_until:
        return "its last day has passed"
    if ledger.rows("SELECT 1 FROM send_stops WHERE campaign_id IN (?, '*')", (campaign_id,)):
        return "it was stopped"
    last = ledger.rows("SELECT max(at) at, max(json_extract(terms, '$.fingerprint') = ?) seen FROM send_runs "
                       "WHERE campaign_id = ? AND state = 'started'", (fingerprint, campaign_id))[0]
    if plan.repeats == "new_data":
        return "no new data were loaded" if last["seen"] else ""
    waited = now - datetime.fromisoformat(last["at"])
    return "" if waited >= _EVERY[str(plan.repeats)] else "it is not due yet"


def repeat(
    ledger: Ledger, approved: Terms, current: Terms, rows: Sequence[Row], config: SendingConfig, now: datetime,
    timing: Timing | None = None,
) -> Repeated:
    """Queue one repetition, or say why not.

    Args:
        approved: terms of the run that a person approved.
        current: terms as they are now; they may differ in the data alone.
        rows: messages to people who fit now and have not been written to; none of the control group.
        timing: when they may leave; unset: at once.
    """
    campaign_id, plan = approved.campaign_id, SendPlan.model_validate(approved.plan)
    why = _refused(ledger, approved, current, plan, rows)
    digest = RunDigest(current)
    for row in rows:
        digest.add(row)
    with ledger.write() as con:
        if why:
            record(con, now, "automation", "halted", campaign_id, why=why, messages=len(rows))
            return Repeated(campaign_id, 0, why)
        con.execute("INSERT OR IGNORE INTO send_runs (digest, campaign_id, terms, recipients, channels, state, at, "
                    "why) VALUES (?, ?, ?, ?, ?, 'started', ?, 'repetition')",
                    (digest.hex(), campaign_id, current.canonical(), digest.rows, json.dumps(digest.channels),
                     stamp(now)))
        n = enqueue(con, digest.hex(), campaign_id, (row.canonical() for row in rows),
                    timing or Timing(now, config.time_zone, config.expires_hours))
        record(con, now, "automation", "repeated", campaign_id, run=digest.hex(), messages=n)
    return Repeated(campaign_id, n, "" if n else "nobody new fits")


def _refused(ledger: Ledger, approved: Terms, current: Terms, plan: SendPlan, rows: Sequence[Row]) -> str:
    for name in ("version", "brief", "plan", "operator"):
        if json.dumps(getattr(approved, name), sort_keys=True, default=str) != json.dumps(
                getattr(current, name), sort_keys=True, default=str):
            return f"the {name} is not the one that was approved"
    if plan.most_each is not None and len(rows) > plan.most_each:
        return f"{len(rows)} messages are more than the {plan.most_each} that were approved for one repetition"
    (row,) = ledger.rows("SELECT count(*) n FROM outbox WHERE campaign_id = ? AND state <> 'cancelled'",
                         (approved.campaign_id,))
    if plan.most_in_all is not None and row["n"] + len(rows) > plan.most_in_all:
        return f"{row['n'] + len(rows)} messages in all are more than the {plan.most_in_all} that were approved"
    return ""
