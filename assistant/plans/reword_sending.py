"""Requests about sendings in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.sending import (
    CalendarRequest,
    DryRunRequest,
    ExportRequest,
    SendingRequest,
    SendPlan,
    StopRequest,
)

_TARGETS = {"csv": "as CSV", "xlsx": "as an Excel file", "parquet": "as Parquet", "klaviyo": "for Klaviyo",
            "mailchimp": "for Mailchimp", "meta": "for Meta customer lists", "google": "for Google customer match"}
_ABOUT = {"state": "what became of the sendings", "unknown": "messages of which nobody knows whether they left",
          "audit": "the log of approvals and sendings",
          "objections": "who unsubscribed, bounced or complained since the data were loaded"}


def _of(campaign_id: str | None) -> str:
    return f"campaign {campaign_id}" if campaign_id else "the latest draft"


def _plan(request: SendPlan, words: Any) -> str:
    parts = []
    if request.codes == "unique":
        parts.append("one promo code per person")
    elif request.codes == "shared" or request.code:
        parts.append(f"the shared promo code {request.code}" if request.code else "one shared promo code")
    elif request.codes == "none":
        parts.append("no promo codes")
    if request.codes_until:
        parts.append(f"codes until {request.codes_until.isoformat()}")
    if request.send_at:
        own = " of each recipient's own clock" if request.clock == "recipient" else ""
        parts.append(f"not before {request.send_at.isoformat(' ', 'minutes')}{own}")
    elif request.clock:
        parts.append("by the clock of each recipient" if request.clock == "recipient" else "by the clock of the shop")
    if request.repeats == "never":
        parts.append("sent once")
    elif request.repeats:
        often = {"new_data": "when new data are loaded"}.get(request.repeats, request.repeats)
        parts.append(f"repeated {often}")
    if request.repeats_until:
        parts.append(f"repeated until {request.repeats_until.isoformat()}")
    if request.most_each:
        parts.append(f"at most {request.most_each} messages each time")
    if request.most_in_all:
        parts.append(f"at most {request.most_in_all} messages in all")
    return f"how {_of(request.campaign_id)} is sent: {', '.join(parts) or 'once, without promo codes'}"


def _dry_run(request: DryRunRequest, words: Any) -> str:
    return f"dry run of {_of(request.campaign_id)}"


def _state(request: SendingRequest, words: Any) -> str:
    return _ABOUT[request.about] + (f" of campaign {request.campaign_id}" if request.campaign_id else "")


def _stop(request: StopRequest, words: Any) -> str:
    what = f"campaign {request.campaign_id}" if request.campaign_id else "every sending"
    return f"stop {what}" + (" and take back what has not left" if request.undo else "")


def _export(request: ExportRequest, words: Any) -> str:
    what = {"brief": "a brief to print", "calendar": "dates for a calendar program", "codes": "the promo codes"}.get(
        request.target, f"the recipients {_TARGETS.get(request.target, '')}".strip())
    return f"{what} of {_of(request.campaign_id)}"


def _calendar(request: CalendarRequest, words: Any) -> str:
    if request.first_day is None and request.last_day is None:
        return "campaigns by day, and where they meet"
    ends = [f"{word} {day.isoformat()}" for word, day in (("from", request.first_day), ("to", request.last_day)) if day]
    return f"campaigns by day {' '.join(ends)}, and where they meet"


WORDERS: dict[type, Callable[[Any, Any], str]] = {
    SendPlan: _plan, DryRunRequest: _dry_run, SendingRequest: _state, StopRequest: _stop, ExportRequest: _export,
    CalendarRequest: _calendar,
}
