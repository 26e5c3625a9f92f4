"""Places in the patterns for whole texts: macros written ``<name>``, and groups that several alternatives share."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"(?<!P)<(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>")


def put_in(form: str, places: Mapping[str, str]) -> str:
    """The form with every place filled, also places within macros; names of groups stay."""
    filled = _PLACE.sub(lambda m: places.get(m.group(1), m.group()), form)
    return form if filled == form else put_in(filled, places)


def told_apart(form: str) -> str:
    """The form with groups of one name numbered: alternatives may hold the same place."""
    seen: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        name = match.group(1)
        seen[name] = seen.get(name, 0) + 1
        return f"(?P<{name}__{seen[name]}>"

    return _GROUP.sub(numbered, form)


def first_alone(form: str) -> str:
    """A form in which a name stands twice keeps the group of the first alone."""
    seen: set[str] = set()

    def again(match: re.Match[str]) -> str:
        if match.group(1) in seen:
            return "(?:"
        seen.add(match.group(1))
        return match.group()

    return _GROUP.sub(again, form)
