"""Units of time that things are grouped by, and units of measures that are never said to be nought."""

from __future__ import annotations

#: from the shortest to the longest
GRAINS = ("day", "week", "month", "quarter", "year")
#: "no return rate" says that there is none, not that it is nought
NEVER_NOUGHT = frozenset({"percent", "points", "ratio", "days", "weeks", "date", "probability"})
#: measures that count customers
NUMBERS_OF_PEOPLE = frozenset(
    {"customers", "new_customers", "returning_customers", "repeat_customers", "one_time_customers", "lost_customers"}
)
