"""Periods as data. They are resolved against ``as_of`` by :mod:`assistant.query.periods`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel

Grain = Literal["day", "week", "month", "quarter", "year"]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)

#: the most units that a period counts
LONGEST = 10_000


class Period(PlanModel):
    """A stretch of time, absolute or relative to the analysis date.

    Kinds and the fields each one uses:

    - ``all``: the whole data.
    - ``absolute``: ``start`` (inclusive) and/or ``end`` (inclusive).
    - ``calendar``: whole calendar units; ``unit``, ``offset`` (0 = current, -1 = last …) and ``count`` units
      ending with that one. "last month" = month, -1, 1. "last two quarters" = quarter, -1, 2.
    - ``rolling``: the last ``count`` ``unit``\\ s up to and including the analysis date ("last 30 days").
    - ``to_date``: from the start of the current ``unit`` to the analysis date ("year to date").
    - ``named``: a ``month`` (1–12), ``quarter`` (1–4), ``day`` of month, ISO ``week`` or ``season`` / ``event``
      name, with ``year`` where it was said; without a year, the latest one that has begun on the analysis date.
    - ``since`` / ``before`` a date: use ``absolute`` with only one end.
    """

    kind: Literal["all", "absolute", "calendar", "rolling", "to_date", "named"] = "all"
    start: date | None = None
    end: date | None = Field(default=None, description="inclusive")
    unit: Grain | None = None
    offset: int = 0
    count: int = Field(default=1, ge=1, le=LONGEST)
    year: int | None = Field(default=None, ge=1900, le=2200)
    quarter: int | None = Field(default=None, ge=1, le=4)
    month: int | None = Field(default=None, ge=1, le=12)
    week: int | None = Field(default=None, ge=1, le=53)
    day: int | None = Field(default=None, ge=1, le=31)
    event: str | None = Field(default=None, description="a season or shopping day: summer, black friday, christmas …")

    @model_validator(mode="after")
    def _complete(self) -> Period:
        if self.kind in {"calendar", "rolling", "to_date"} and self.unit is None:
            raise ValueError(f"a {self.kind} period needs a unit: day, week, month, quarter or year")
        if self.kind == "absolute" and self.start is None and self.end is None:
            raise ValueError("an absolute period needs a start or an end")
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"the period ends ({self.end}) before it starts ({self.start})")
        if self.kind == "named" and not any((self.year, self.quarter, self.month, self.week, self.event)):
            raise ValueError("a named period needs a year, quarter, month, week or event")
        return self
