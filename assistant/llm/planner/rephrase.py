"""Ways of saying things put into the words that the grammar reads ("break sales down by month" → "sales by month").

The rules are data (``prompts/lexicon/<language>/rephrase*.yaml``) and keep the meaning: each maps a pattern of words to
other words for the same thing. Those on times and measures run first, then the others, each file in its order, before
anything else is read. Text in quotation marks is left alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.llm.planner.normalise import clean, expand
from assistant.llm.planner.turn_memory import once

_QUOTED = re.compile(r'("[^"\n]{1,80}")')
_MACRO = re.compile(r"<(\w+)>")
#: a word in a pattern that nothing around it changes ("produ(?:ct|kt)" holds none)
_WORD = re.compile(r"(?<![\w\\?*+)\]])[a-z]{4,}(?![\w?*+{(\[])")
#: those before "rephrase" put words into a form that its rules know; the last three take what they leave
_FILES = (
    "rephrase_plain", "rephrase_baskets", "rephrase_asks", "rephrase_times", "rephrase_sales", "rephrase_people",
    "rephrase_measures", "rephrase", "rephrase_customers", "rephrase_open", "rephrase_analysis",
)


@lru_cache(maxsize=8)
def _rules(language: str) -> LatePatterns[str]:
    """Rules of a language. A language without the files has none."""
    contents: list[dict[str, Any]] = [read_yaml(language, name) for name in _FILES]
    bodies = {name: body for content in contents for name, body in content.get("macros", {}).items()}
    inner = {name: f"(?:{body})" for name, body in bodies.items()}  # a macro may use those that use none
    macros = {name: f"(?:{_expanded(body, inner)})" for name, body in bodies.items()}
    rules = (rule for content in contents for rule in content.get("rules", ()))
    return LatePatterns((rule["say"], LatePattern(_bounded(_expanded(pattern, macros))))
                        for rule in rules for pattern in rule["for"])


@lru_cache(maxsize=8)
def rule_words(language: str) -> frozenset[str]:
    """Whole words that stand in the rules: spelt as they should be."""
    return frozenset(w for _, pattern in _rules(language).pairs for w in _WORD.findall(pattern.pattern))


def _expanded(pattern: str, macros: dict[str, str]) -> str:
    """The pattern with its macros put in; a space stands for any white space, " ?" for some or none."""
    whole = _MACRO.sub(lambda m: macros.get(m.group(1), m.group()), pattern)
    return whole.replace(" ?", r"\s*").replace(" ", r"\s+")


def _bounded(pattern: str) -> str:
    """A pattern matches whole words only."""
    return rf"(?<![\w'])(?:{pattern})(?![\w'])"


def rephrase(text: str, words: dict[str, Any], language: str = "en") -> str:
    """The text in the words of the grammar.

    Args:
        text: as typed.
        words: the ``words`` lexicon, for contractions.
        language: folder of the lexicon.

    Returns:
        the text itself where no rule applies.
    """
    return once(("rephrase", text, language), lambda: _rephrased(text, words, _rules(language)))


def _rephrased(text: str, words: dict[str, Any], rules: LatePatterns[str]) -> str:
    if not rules:
        return text
    pieces = _QUOTED.split(expand(clean(text), words))
    new = [piece if i % 2 else rules.put(piece) for i, piece in enumerate(pieces)]
    return re.sub(r"\s{2,}", " ", "".join(new)).strip() if new != pieces else text
