"""What a request for a campaign says that no draft can hold: a smallest order, early access, points of an account.

Each is a pattern (``campaign_asides.yaml``) cut out of the text before the rest is read, so that its words are
taken for no condition on customers; the draft names it with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")


@dataclass(frozen=True)
class Aside:
    """Words cut out of a text, and the kind of thing they ask for."""

    kind: str
    words: str


def cut(text: str, language: str) -> tuple[str, list[Aside]]:
    """The text without its asides, and what they were."""
    found: list[Aside] = []
    for kind, pattern in _compiled(language):
        match = pattern.search(text)
        if match is None or not match.group().strip(" ,"):
            continue
        kept = match.groupdict().get("kept") or ""
        found.append(Aside(kind, match.group().strip(" ,")))
        text = " ".join(f"{text[: match.start()]} {kept} {text[match.end():]}".split())
    return text, found


@lru_cache(maxsize=4)
def _compiled(language: str) -> tuple[tuple[str, LatePattern], ...]:
    raw = read_yaml(language, "campaign_asides")
    macros = raw.get("macros") or {}
    return tuple((kind, LatePattern(_MACRO.sub(lambda m: str(macros[m.group(1)]), form)))
                 for kind, forms in (raw.get("asides") or {}).items() for form in forms)
