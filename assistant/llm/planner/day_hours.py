"""Hours of the day: "between 6pm and 10pm", "after 18:00", "in the evening" become one word that the reading knows.

A stretch ends where its second time begins: from 12 to 14 o'clock are the hours 12 and 13. The words are those of
``hours.yaml``. Times that are no full hours are left as they are, for no condition can hold them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from assistant.llm.planner.language_files import read_yaml

if TYPE_CHECKING:
    from assistant.llm.planner.vocabulary import Vocabulary

#: first and last hour, both inclusive, in the word that stands for them
WORD = re.compile(r"h(\d{1,2})x(\d{1,2})")


@lru_cache(maxsize=8)
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    table: dict[str, Any] = read_yaml(language, "hours")
    time = table["time"]
    found = []
    for kind in ("stretch", "from", "until", "at"):
        for body in table[kind]:
            said = body.replace("<first>", time.replace("<n>", "1")).replace("<last>", time.replace("<n>", "2"))
            found.append((kind, re.compile(rf"(?<![\w:.])(?:{said})(?![\w:])", re.IGNORECASE)))
    return tuple(found)


def with_hours(text: str, language: str = "en") -> str:
    """The text with its hours of the day put as single words; the text itself where it names none."""
    for kind, pattern in _patterns(language):
        text = pattern.sub(lambda m, kind=kind: _word(m, kind) or m.group(), text)
    for phrase, (first, last) in read_yaml(language, "hours")["parts"].items():
        text = re.sub(rf"(?<!\w){phrase}(?!\w)", f"h{first}x{last}", text, flags=re.IGNORECASE)
    return text


def asked_hours(text: str, words: Vocabulary) -> str:
    """The text with its hours put as words, unless something is to be made or sent at them."""
    said = with_hours(text, words.lexicon.language)
    if said == text:
        return text
    from assistant.llm.planner.spans import read

    return text if read(text, words).does("create", "send", "schedule") else said


def _word(match: re.Match[str], kind: str) -> str | None:
    slots = match.groupdict()
    if not any(said for name, said in slots.items() if not name.startswith("hour")):
        return None
    last_half = slots.get("half2")
    first = _hour(slots.get("hour1"), slots.get("half1") or last_half, slots.get("minute1"))
    last = _hour(slots.get("hour2"), last_half, slots.get("minute2"), closing=True)
    if kind == "stretch" and first is not None and last is not None and first < last:
        return f"h{first}x{last - 1}"
    if kind == "from" and first is not None:
        return f"h{first}x23"
    if kind == "until" and last:
        return f"h0x{last - 1}"
    return f"h{first}x{first}" if kind == "at" and first is not None else None


def _hour(said: str | None, half: str | None, minute: str | None, *, closing: bool = False) -> int | None:
    """Hour of the day on the clock of 24 hours; None for what is no full hour."""
    if said is None or int(minute or 0):
        return None
    hour, late = int(said), (half or "").lower().startswith("p")
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * late if half else hour
    hour = 24 if closing and hour == 0 else hour
    return hour if hour <= 23 + closing else None
