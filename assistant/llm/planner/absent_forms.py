"""Ways of asking for what no shop's orders hold, where every word for itself means something else.

"What do people say about our products" has no word that orders lack, yet it asks for reviews; read word by word it
would count people. Such forms, by concept, are data (``absent_forms.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assistant.llm.planner.absent import held
from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.lexicon import Concept
from assistant.llm.planner.replies import decline
from assistant.llm.planner.vocabulary import Vocabulary

_FILE = "absent_forms"


def absent_by_form(text: str, words: Vocabulary, alone: bool = False) -> ToolCall | None:
    """The "no" to a text that asks for something the shop lacks by a form; None where none fits.

    Args:
        text: as it was said.
        words: of the shop.
        alone: whether a text that may hold several requests is left to be cut first.
    """
    language = words.lexicon.language
    said = " ".join(text.split())
    if alone and any(pattern.search(said) for pattern in _several(language)):
        return None
    if any(pattern.search(said) for pattern in _unless(language)):
        return None
    for name, patterns in _forms(language):
        if any(pattern.search(said) for pattern in patterns):
            concept = next((c for n, c in words.lexicon.concepts.items() if n.startswith(name)), None)
            if concept is not None and not held(concept, words):
                return refusal(concept, words)
    return None


def refusal(concept: Concept, words: Vocabulary) -> ToolCall:
    """The "no" that names the concept and what to load."""
    if concept.say:
        return decline(words.lexicon, concept.reason, concept.say, nearest=concept.nearest)
    return decline(words.lexicon, "missing_data", "absent", missing=list(concept.add), nearest=list(concept.nearest),
                   what=concept.name)


@lru_cache(maxsize=4)
def _unless(language: str) -> tuple[re.Pattern[str], ...]:
    raw: Mapping[str, Any] = read_yaml(language, _FILE) or {}
    return tuple(re.compile(p, re.IGNORECASE) for p in raw.get("unless", ()))


@lru_cache(maxsize=4)
def _several(language: str) -> tuple[re.Pattern[str], ...]:
    raw: Mapping[str, Any] = read_yaml(language, _FILE) or {}
    return tuple(re.compile(p, re.IGNORECASE) for p in raw.get("several", ()))


@lru_cache(maxsize=4)
def _forms(language: str) -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    raw: Mapping[str, Any] = read_yaml(language, _FILE) or {}
    macros: Mapping[str, str] = raw.get("macros", {})

    def pattern(form: str) -> re.Pattern[str]:
        for name, said in macros.items():
            form = form.replace(f"<{name}>", said)
        return re.compile(form, re.IGNORECASE)

    return tuple((one["name"], tuple(pattern(p) for p in one["for"])) for one in raw.get("forms", ()))
