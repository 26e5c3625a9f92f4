"""What is asked of a campaign on its way out: how it is to be sent, a dry run, its state, exports, the calendar.

No request approves anything: approval is an action of a person on a card or in the terminal.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel

Target = Literal[
    "csv", "xlsx", "parquet", "klaviyo", "mailchimp", "meta", "google", "brief", "calendar", "codes",
]


class SendPlan(PlanModel):
    """How a draft is to be sent. Part of what is approved: a change voids an approval."""

    kind: Literal["send_plan"] = "send_plan"
    campaign_id: str | None = Field(default=None, description="the latest draft where it is not said")
    codes: Literal["none", "shared", "unique"] | None = None
    code: str | None = Field(default=None, pattern=r"^[A-Z0-9][A-Z0-9-]{2,23}$", description="the shared promo code")
    codes_until: date | None = None
    send_at: datetime | None = Field(default=None, description="not before; of the clock that ``clock`` says")
    clock: Literal["shop", "recipient"] | None = Field(default=None, description="unset: the clock of the shop")
    repeats: Literal["never", "new_data", "daily", "weekly"] | None = None
    repeats_until: date | None = None
    most_each: int | None = Field(default=None, ge=1, description="most recipients of one repetition")
    most_in_all: int | None = Field(default=None, ge=1, description="most recipients of all repetitions")

    @model_validator(mode="after")
    def _complete(self) -> SendPlan:
        if self.code is not None and self.codes not in {None, "shared"}:
            raise ValueError("a code of one's own choice is shared by everybody; unique codes are made")
        return self


class DryRunRequest(PlanModel):
    """What sending a draft would do: who, what, cost, and what stands in the way. Nothing is sent."""

    kind: Literal["dry_run"] = "dry_run"
    campaign_id: str | None = None


class SendingRequest(PlanModel):
    """What became of sendings, of one campaign or all.

    ``audit``: the log; ``unknown``: what a person must look at; ``objections``: who may no longer be written to since
    the data were loaded, by kind and where it came from.
    """

    kind: Literal["sending_state"] = "sending_state"
    campaign_id: str | None = None
    about: Literal["state", "unknown", "audit", "objections"] = "state"


class StopRequest(PlanModel):
    """Stop a sending. ``undo``: also take back every message that has not left."""

    kind: Literal["stop_sending"] = "stop_sending"
    campaign_id: str | None = None
    undo: bool = False


class ExportRequest(PlanModel):
    """A file for another system or for people. Files with addresses need an approved campaign."""

    kind: Literal["export_campaign"] = "export_campaign"
    campaign_id: str | None = None
    target: Target = "csv"


class CalendarRequest(PlanModel):
    """Campaigns by day, with overlaps of audiences and stacked offers; only those that run between two days."""

    kind: Literal["campaign_calendar"] = "campaign_calendar"
    first_day: date | None = None
    last_day: date | None = None
