"""Who answers: shown on the page, by ``status`` and with every answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Brain:
    """Which model answers, why, and how to change it."""

    name: str
    kind: str  # "built-in planner", "local model", "hosted model"
    reason: str
    how_to_change: str
