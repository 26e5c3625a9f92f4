"""Places inside a country that the data do not hold: towns where no towns are known, regions of a country anywhere.

"Sales in London" would else be a search for products named so, and "sales by region in the UK" one line for the UK.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.replies import decline, quoted
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary


def inside_places(text: str, words: Vocabulary) -> Planned | None:
    """The refusal of a question about places that nobody holds; None where it names none."""
    patterns = _patterns(words.lexicon.language)
    if patterns is None:
        return None
    town, regions, inside = patterns
    city = words.dimensions.get("city")
    held = city is not None and city.available
    country = words.dimensions.get("country")
    if country is None or not country.available:
        return None
    found = town.search(text) if not held else None
    if found is not None and not _of_the_shop(found["town"], words):
        no = decline(
            words.lexicon, "missing_data", "no_town", missing=["customers.city"], words=quoted([found["town"]])
        )
        return Planned([no], 0.0, frame="decline")
    asked = regions.search(text)
    within = inside.search(text) if asked is not None else None
    if asked is None or within is None or not _names_country(text[within.end() :], words):
        return None
    examples = "inside_country" if held else "general"
    no = decline(words.lexicon, "missing_data", "no_regions", missing=["a region of each customer"], examples=examples)
    return Planned([no], 0.0, frame="decline")


@lru_cache(maxsize=4)
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]] | None:
    raw = read_yaml(language, "towns")
    if not raw:
        return None
    towns = "|".join(re.escape(t) for t in sorted(raw["towns"], key=len, reverse=True))
    return (
        re.compile(rf"\b{raw['before']} (?P<town>{towns})\b{raw['after']}", re.IGNORECASE),
        re.compile(rf"\b{raw['regions']}\b", re.IGNORECASE),
        re.compile(rf"\b{raw['inside']} (?=\w)(?!{raw['regions_alone']}\b)", re.IGNORECASE),
    )


def _of_the_shop(name: str, words: Vocabulary) -> bool:
    """Whether the shop has a value of this name."""
    return any(item.has("value") for item in read(name, words).items)


def _names_country(text: str, words: Vocabulary) -> bool:
    items = read(text, words).items
    first = next((i for i in items if i.has("value")), None)
    return first is not None and first is items[0] and any(v.dimension == "country" for v in first.alts["value"])
