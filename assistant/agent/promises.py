"""Promises in a reply about a draft: a model may not tell the person that a message says what it does not say.

The rules are those of the copy (``prompts/copy/<language>/rules.yaml``, ``told``). What a rule matches in the reply
must stand in the results of the turn, unless its clause denies it. The check is strict on purpose: a reply that fails
it is worded from the results instead.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import yaml

from assistant.agent.claims import denied
from assistant.llm.replies import compose
from assistant.results import Result

#: tools whose results are words for customers
WRITING = frozenset({"draft_campaign", "draft_post"})
_LANGUAGES = ("en", "zh")


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    found = []
    for language in _LANGUAGES:
        raw = yaml.safe_load(files("prompts").joinpath("copy", language, "rules.yaml").read_text(encoding="utf-8"))
        told = set(raw["told"])
        found += [re.compile(rule["pattern"], re.IGNORECASE) for rule in raw["forbidden"] if rule["why"] in told]
    return tuple(found)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) not in {"Mn", "Me", "Cf"}).casefold()


def untrue_promises(reply: str, results: Sequence[Result]) -> list[str]:
    """What the reply says of the messages and no result does; empty where there is nothing.

    Args:
        results: of the turn, refusals included: a word that was refused stands in no message.
    """
    text = _plain(reply)
    matches = [m for pattern in _patterns() for m in pattern.finditer(text) if not denied(text, m)]
    if not matches:
        return []
    drawn = [r for r in results if not r.refusal]
    held = _plain(compose(drawn).text if drawn else "") + _plain(
        json.dumps([r.details.get("copy", []) for r in drawn], ensure_ascii=False, default=str))
    return [m.group() for m in matches if m.group() not in held]
