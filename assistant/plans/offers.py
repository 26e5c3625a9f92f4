"""Requests about offers: which one each customer should get, what an offer must achieve to pay, how to find out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter
from assistant.plans.requests import ChannelName

OfferKind = Literal["percent_off", "amount_off", "free_delivery", "bundle", "gift", "early_access", "none"]


class OfferCandidate(PlanModel):
    """An offer that could be made. ``value``: percent for ``percent_off`` and ``bundle``, shop currency for
    ``amount_off``. ``cost``: what the shop pays per redemption for a gift or a delivery, where the data do not say."""

    kind: OfferKind
    value: float | None = Field(default=None, gt=0)
    category: str | None = None
    cost: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _complete(self) -> OfferCandidate:
        if self.kind in {"percent_off", "amount_off", "bundle"} and self.value is None:
            raise ValueError(f"an offer of kind {self.kind} needs a value")
        if self.kind in {"percent_off", "bundle"} and self.value is not None and self.value >= 100:
            raise ValueError(f"a discount of {self.value} % cannot be offered; it must be below 100 %")
        return self


class OfferRequest(PlanModel):
    """Which offer each customer should get, by expected incremental profit; or what offers must achieve.

    ``about``: ``choose`` an offer or none for every customer, all together within the limits · ``compare`` the
    ``offers`` named · ``break_even``: the lift an offer needs to pay for itself · ``evaluate`` choosing by this rule on
    past campaigns (off-policy).
    Only offers tested against customers held out at random have an effect; the others get the lift they need.
    """

    kind: Literal["offers"] = "offers"
    about: Literal["choose", "compare", "break_even", "evaluate"] = "choose"
    offers: tuple[OfferCandidate, ...] = Field(default=(), max_length=12, description="unset: those tested so far")
    filter: Filter | None = Field(default=None, description="only these customers")
    channel: ChannelName | None = None
    budget: float | None = Field(default=None, gt=0, description="messages and what the offers give away, in all")
    max_contacts: int | None = Field(default=None, ge=1)
    max_share: float | None = Field(default=None, gt=0, le=100, description="percent of those meant, at most")
    left_alone: bool = Field(default=False, description="list those who get nothing, instead of those who get an offer")
    fair_by: str | None = Field(
        default=None, max_length=60, description="attribute whose groups are to be chosen at similar rates")
    margin_percent: float | None = Field(default=None, gt=0, le=100, description="where the data hold no costs")
    k: int = Field(default=20, ge=1, le=1000)


class ExploreRequest(PlanModel):
    """Find out which offer (or which wording of a draft) works, by giving each as often as it is likely to be best.

    ``about``: ``start`` a test with a first round · draw the ``next`` round, with what the rounds that are over have
    shown · ``show`` how it stands. A round is a list of who gets what with logged chances; nothing is sent by it.
    """

    kind: Literal["explore"] = "explore"
    about: Literal["start", "next", "show"] = "start"
    offers: tuple[OfferCandidate, ...] = Field(default=(), max_length=6, description="what is tried out, at least two")
    wordings_of: str | None = Field(default=None, max_length=40, description="a draft: its wordings are tried out")
    filter: Filter | None = Field(default=None, description="only these customers")
    channel: ChannelName | None = None
    per_round: int | None = Field(default=None, ge=20, description="customers of a round; unset: a fifth of them")
    test_id: str | None = Field(default=None, max_length=20, description="unset: the latest test")
    margin_percent: float | None = Field(default=None, gt=0, le=100, description="where the data hold no costs")
