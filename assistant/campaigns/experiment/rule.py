"""What will be read out, when, and by which bar: fixed and hashed before anybody is contacted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

#: days after a sending within which an order counts as a response
RESPONSE_DAYS = 30
#: two-sided level and power of every read-out
LEVEL_PERCENT, POWER_PERCENT = 5, 80
#: days of the window at which a running campaign may be looked at
LOOKS = (7, 14, 21)


@dataclass(frozen=True)
class ReadOutRule:
    """The rule of one campaign's read-out.

    Attributes:
        outcome: what counts: a customer with at least one order that was not cancelled.
        window_days: from the sending, in both arms.
        level_percent: two-sided error over all looks together.
        looks: days of the window at which it is looked at; the last one is the read-out.
        spending: how the error is shared among the looks.
        also: amounts that are read out beside it, without a verdict of their own.
        correction: of several wordings against each other.
        strata: what the assignment is balanced by.
    """

    outcome: str = "customers who ordered"
    window_days: int = RESPONSE_DAYS
    level_percent: int = LEVEL_PERCENT
    looks: tuple[int, ...] = (*LOOKS, RESPONSE_DAYS)
    spending: str = "O'Brien-Fleming type (Lan and DeMets 1983)"
    also: tuple[str, ...] = ("revenue", "margin")
    correction: str = "intervals that hold together (largest z)"
    strata: tuple[str, ...] = ()
    wordings: int = 1

    def canonical(self) -> str:
        """The rule as one line that is equal for equal rules."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True)

    def digest(self) -> str:
        """SHA-256 of :meth:`canonical`."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()
