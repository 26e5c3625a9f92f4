"""What a change of prices needs: arithmetic, not a prediction."""

from __future__ import annotations

from pydantic import Field

from assistant.plans.base import PlanModel
from assistant.plans.filters import Filter


class BreakEvenRequest(PlanModel):
    """How many units may be lost (or must be won) when prices change, before margin and revenue fall.

    ``change_percent``: change of all prices in percent, 10 for "10 % dearer", -20 for "20 % off".
    """

    change_percent: float = Field(gt=-100, le=1000)
    filter: Filter | None = Field(default=None, description="only these products or order lines")
