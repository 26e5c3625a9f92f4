"""The messages that one recipient of a campaign may get: one per channel, or those of its steps in order."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.plans import CampaignBrief


@dataclass(frozen=True)
class Part:
    """One message: its place (from 0), channel, days after the first one, condition, and the channels of the others."""

    step: int
    channel: str
    after_days: int = 0
    only_if: str = "always"
    others: frozenset[str] = frozenset()

    def meant_for(self, channels: Set[str]) -> bool:
        """Whether somebody who can be reached on these channels gets it at all."""
        if self.channel not in channels:
            return False
        return self.only_if != "no_address" or not self.others & channels


def parts_of(brief: CampaignBrief) -> list[Part]:
    """The messages of a campaign that can be sent from here; see :func:`left_out` for the others."""
    if not brief.steps:
        return [Part(0, channel) for channel in brief.channels]
    return [p for p in _all(brief) if p.only_if != "no_open"]


def left_out(brief: CampaignBrief) -> list[Part]:
    """Steps that hang on who opened the message before, which is not known here."""
    return [p for p in _all(brief) if p.only_if == "no_open"]


def _all(brief: CampaignBrief) -> list[Part]:
    day, found = 0, []
    for n, step in enumerate(brief.steps):
        day += step.after_days
        others = frozenset(s.channel for s in brief.steps) - {step.channel}
        found.append(Part(n, step.channel, day, step.only_if, others))
    return found
