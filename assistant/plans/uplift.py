"""Requests about what contacting customers changes: who is moved, whom to leave alone, what past campaigns did."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.requests import ChannelName

#: How customers of a past campaign are split: all of it known before the campaign.
SplitName = Literal[
    "segment", "recency", "orders", "promoted", "acquisition_channel", "country", "campaign", "campaign_kind",
    "message_channel",
]


class UpliftRequest(PlanModel):
    """Who is moved by a contact, learnt from past campaigns with customers held out at random.

    ``about``: those worth contacting (``moved``), those to leave alone with what that saves (``leave_alone``), those
    who order anyway (``sure_buyers``), those a contact drives away (``sleeping_dogs``), how good the model is
    (``quality``).
    ``channel`` and ``campaign_kind``: the message meant; unset: like the latest campaigns.
    """

    kind: Literal["uplift"] = "uplift"
    about: Literal["moved", "leave_alone", "sure_buyers", "sleeping_dogs", "quality"] = "moved"
    channel: ChannelName | None = None
    campaign_kind: str | None = Field(default=None, max_length=60, description="kind of past campaigns: win_back …")
    customer_id: str | None = None
    filter: Filter | None = Field(default=None, description="only customers it selects")
    k: int = Field(default=20, ge=1, le=1000)


class ReadOutRequest(PlanModel):
    """What past campaigns changed against their customers held out at random, with intervals.

    ``campaign``: one by name; else all of a ``campaign_kind`` and ``channel`` together. ``by``: split of the customers,
    known before the campaign. ``latest``: only the last of them. ``measure``: share of customers who ordered, or their
    revenue or margin. ``earned``: each campaign's margin won less its cost, those that earned ``least`` or ``most``
    first; ``discounted``: only campaigns with a discount; ``among``: only those of these names, which is better.
    """

    kind: Literal["read_out"] = "read_out"
    campaign: str | None = Field(default=None, max_length=200)
    campaign_kind: str | None = Field(default=None, max_length=60)
    channel: ChannelName | None = None
    by: SplitName | None = None
    latest: bool = False
    measure: Literal["orders", "revenue", "margin"] = "orders"
    earned: Literal["least", "most"] | None = None
    discounted: bool = False
    among: tuple[str, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _one_scope(self) -> ReadOutRequest:
        if self.campaign is not None and (self.campaign_kind is not None or self.by == "campaign"):
            raise ValueError("one campaign is of one kind and is not split by campaign")
        if self.earned is not None and (self.campaign is not None or self.by not in {None, "campaign"}):
            raise ValueError("what campaigns earned is set side by side campaign by campaign")
        return self
