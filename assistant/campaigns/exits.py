"""When a campaign is over for a person: a recovery campaign stops for whoever came back.

The exit is asked again for every message at the moment it leaves (:mod:`assistant.campaigns.sending.gate`), on the
data as they are then; an order placed after the last load cannot be seen, which the draft says.
"""

from __future__ import annotations

from typing import Literal

from assistant.campaigns.goals import goals
from assistant.errors import InvalidPlan
from assistant.plans import CampaignBrief

Exit = Literal["order", "order_in_category", "never"]


def exit_of(brief: CampaignBrief) -> Exit:
    """What ends the campaign for a person: as said, else as usual for the goal."""
    return brief.exit_when or goals()[brief.goal]["exit"]  # type: ignore[return-value]


def check_exit(brief: CampaignBrief) -> None:
    """Refuse an exit that does not fit.

    Raises:
        InvalidPlan: a recovery campaign without one, or an exit by category without a category.
    """
    label = goals()[brief.goal]["label"]
    if brief.exit_when == "never" and goals()[brief.goal]["exit"] != "never":
        raise InvalidPlan(
            f"A {label} campaign needs an exit: whoever came back is not asked to come back again",
            received="no exit", valid=["until they order", "until they order from the category of the offer"])
    if brief.exit_when == "order_in_category" and not brief.offer.category:
        raise InvalidPlan("An exit by category needs an offer on one category", received="order in the category",
                          valid=["until they order"])


def exit_words(brief: CampaignBrief) -> str:
    """The exit in words."""
    if exit_of(brief) == "never":
        return "none: everyone selected gets it, whether or not they order meanwhile"
    where = f" from {brief.offer.category}" if exit_of(brief) == "order_in_category" else ""
    return f"stops for whoever places an order{where}, asked again for every message just before it leaves"


def ends_if(brief: CampaignBrief) -> str:
    """The exit as each message carries it: "", ``order``, or ``order_in_category:<category>``."""
    found = exit_of(brief)
    if found == "order_in_category":
        return f"{found}:{brief.offer.category}"
    return "" if found == "never" else found
