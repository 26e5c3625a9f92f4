"""A month with two digits that are a year of the data: "top products oct 11" is October 2011 where the data reach from
2009 to 2011. A day is meant after "on", with an ending ("11th"), or beside a year.

Both could be meant; what was read is said, with the day beside it.
"""

from __future__ import annotations

from assistant.llm.planner.heard import expression
from assistant.llm.planner.vocabulary import Vocabulary

_CENTURY = 2000


def with_short_years(text: str, words: Vocabulary) -> tuple[str, str]:
    """The text with such a year in full, and the note that says it; the text itself and "" without one."""
    found = list(expression("short_years.month").finditer(text))
    if len(found) != 1 or expression("short_years.year").search(text):
        return text, ""
    month, year = found[0]["month"], _CENTURY + int(found[0]["yy"])
    status = words.status
    if not status.first_day.year <= year <= status.as_of.year:
        return text, ""
    said = f"{text[: found[0].start()]}{month} {year}{text[found[0].end():]}"
    return said, f"read_as|{found[0].group()}|{month} {year}"
