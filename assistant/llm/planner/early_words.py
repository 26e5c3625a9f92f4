"""Ways of saying things about customers and campaigns put into the words of the grammar before any reading looks.

Most other words for the same thing are put later (:mod:`assistant.llm.planner.rephrase`), where readings of whole texts
have already looked. Those here would be taken for something else before: "in the top quarter" for a stretch of the
year, "only ever on discount" for a time. The rules are data (``prompts/lexicon/<language>/everyday_words.yaml``,
``early_words.yaml`` and ``early_campaigns.yaml``) and keep the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_FILES = ("everyday_words", "early_words", "early_campaigns")
_QUOTED = re.compile(r'("[^"\n]{1,80}")')


@lru_cache(maxsize=4)
def _rules(language: str) -> LatePatterns[str]:
    return LatePatterns(rule for file in _FILES for rule in _of_file(language, file))


def _of_file(language: str, file: str) -> Iterator[tuple[str, LatePattern]]:
    raw = read_yaml(language, file) or {}
    macros = raw.get("macros", {})

    def whole(pattern: str) -> str:
        while _MACRO.search(pattern):  # a macro may use others
            pattern = _MACRO.sub(lambda m: f"(?:{macros[m.group(1)]})", pattern)
        body = pattern.replace(" ?", r"\s*").replace(" ", r"\s+")
        return rf"(?<![\w'])(?:{body})(?:(?<=\s)|(?![\w']))"

    return ((rule["say"], LatePattern(whole(one))) for rule in raw.get("rules", ()) for one in rule["for"])


def early_words(text: str, language: str) -> str:
    """The text in the words of the grammar; itself where no rule applies. Text in quotation marks is left alone."""
    rules = _rules(language)
    return "".join(piece if i % 2 else rules.put(piece) for i, piece in enumerate(_QUOTED.split(text)))
