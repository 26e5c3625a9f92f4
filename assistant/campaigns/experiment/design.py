"""The experiment of one draft: size of the control group, assignment, read-out rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.assignment import Split, assign
from assistant.campaigns.experiment.baseline import came_back
from assistant.campaigns.experiment.past import PastLift, past_lift
from assistant.campaigns.experiment.rule import ReadOutRule
from assistant.campaigns.experiment.size import DEFAULT_SHARE, MOST_SHARE, Sizing, size_holdout
from assistant.campaigns.experiment.strata import STRATA, strata_of

if TYPE_CHECKING:
    from assistant.campaigns.audience import Audience
    from assistant.data.warehouse import Snapshot
    from assistant.plans import CampaignBrief, Filter


@dataclass(frozen=True)
class Designed:
    """What was decided, and what of it was assumed.

    Attributes:
        baseline_customers: customers behind the baseline of the sizing.
    """

    split: Split
    sizing: Sizing
    baseline_customers: int
    rule: ReadOutRule
    assumptions: tuple[str, ...]
    past: PastLift | None = None


def designed(
    snapshot: Snapshot, brief: CampaignBrief, rule: Filter, audience: Audience, campaign_id: str,
    learnt: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot,
) -> Designed:
    """Size, draw and seal the control group of a draft. The same brief, data and id give the same one.

    Args:
        learnt: adds one's own finished experiments to the past campaigns.
    """
    people = audience.selected if audience.mailable is None else audience.mailable
    baseline, customers = came_back(snapshot, rule)
    past = past_lift(learnt(snapshot), brief.goal)
    effect = past.lift if past is not None and past.lower > 0 else None
    sizing = size_holdout(len(people), baseline, effect, brief.holdout_share)
    reading = ReadOutRule(strata=STRATA, wordings=brief.variants)
    split = assign(campaign_id, people, sizing.share, strata_of(snapshot, people, audience.reachable),
                   reading.digest())
    return Designed(split, sizing, customers, reading, _assumed(sizing), past)


def _assumed(sizing: Sizing) -> tuple[str, ...]:
    if sizing.why == "given":
        return ()
    drawn = f"The control group is balanced by {', '.join(STRATA[:-1])} and {STRATA[-1]}."
    default = f"{DEFAULT_SHARE * 100:.0f} % of the audience"
    said = {
        "power": "The control group is as large as it must be to show the effect of past campaigns of this kind in "
                 "four of five cases.",
        "too_small": f"The audience is too small to show the effect of past campaigns of this kind even with "
                     f"{MOST_SHARE * 100:.0f} % held out, so the control group is {default}.",
        "no_effect_known": f"No effect to size for is known, so the control group is {default}.",
    }[sizing.why]
    return said, drawn
