"""What the goal of a campaign implies (``goals.yaml``): its name, its usual audience, its exit, what it needs."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData
from assistant.plans import CampaignBrief

_NEEDS = {
    "birth_dates": (
        "A birthday campaign needs dates of birth",
        "The data model holds a year of birth at most, which is sensitive and used neither for choosing people nor for "
        "writing to them. Days of birth would need a column of their own, a declared purpose, and consent to it.",
        "customers.birth_date with consent", "Draft a loyalty campaign for loyal customers",
    ),
    "events": (
        "An abandoned-basket campaign needs the baskets that were left",
        "The data hold orders, not visits: nobody can tell who put something into a basket and did not buy it.",
        "events of the web shop (customer, product, basket, time)",
        "Draft a win-back campaign for customers who have not ordered for 60 days",
    ),
}


@lru_cache(maxsize=1)
def goals() -> dict[str, dict[str, Any]]:
    """What each goal implies."""
    return yaml.safe_load(files("assistant.campaigns").joinpath("goals.yaml").read_text(encoding="utf-8"))


def check_goal(snapshot: Snapshot, brief: CampaignBrief) -> None:
    """Refuse a goal for which no shop here holds the data.

    Raises:
        MissingData: names what would have to be loaded, and what can be done instead.
    """
    needs = goals()[brief.goal].get("needs")
    if needs is None:
        return
    message, why, missing, instead = _NEEDS[needs]
    if needs == "birth_dates" and not snapshot.has("customers", "birth_year"):
        why = "The data hold no dates of birth. They are sensitive: they need a declared purpose and consent to it."
    raise MissingData(f"{message}. {why}", received=missing, nearest=(instead,))
