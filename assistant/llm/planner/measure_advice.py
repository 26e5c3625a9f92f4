"""How a measure could be made better: no advice, but the questions whose answers show where it is high and where low.

"How can we reduce returns in Austria?" asks for advice, which data do not hold; what they hold is which products and
categories come back most. The words and the questions of each measure stand in ``measure_advice.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.spans import read
from assistant.llm.planner.vocabulary import Vocabulary

_Evidence = list[tuple[frozenset[str], re.Pattern[str] | None, tuple[str, ...]]]
#: questions asked at most
_ASKED = 2


@lru_cache(maxsize=4)
def _words(language: str) -> dict[str, Any]:
    raw = read_yaml(language, "measure_advice") or {}
    macros = raw.get("macros", {})

    def made(pattern: str) -> re.Pattern[str]:
        for name, body in macros.items():
            pattern = pattern.replace(f"<{name}>", body)
        return re.compile(pattern, re.IGNORECASE)

    return {
        "asked": [made(p) for p in raw.get("asked", ())],
        "det": made(rf"(?:{raw['det']} )*(?:of )?(?:{raw['det']} )*") if raw.get("det") else None,
        "rest": made(raw.get("rest", "")),
        "evidence": [
            (frozenset(e["measures"]), made(e["words"] + r"\b") if e.get("words") else None, tuple(e["ask"]))
            for e in raw.get("evidence", ())
        ],
    }


def measure_advice(text: str, words: Vocabulary, plan: Callable[[str], Planned]) -> Planned | None:
    """What the data say of a measure that somebody wants to move; None where no such measure is named.

    Args:
        plan: plans a text on its own.
    """
    forms = _words(words.lexicon.language)
    said = text.strip().rstrip(" ?!.")
    opening = next((found for p in forms["asked"] if (found := p.match(said)) is not None), None)
    if opening is None or said[opening.end():opening.end() + 1].isalnum():
        return None
    named = said[opening.end():].strip()
    named = named[forms["det"].match(named).end():] if forms["det"] is not None else named
    found = _named(named, forms["evidence"], words)
    if found is None:
        return None
    label, after, questions = found
    where = forms["rest"].sub("", after, count=1).strip(" ,")
    calls: list[ToolCall] = []
    barred: list[ToolCall] = []
    for question in questions:
        if where and "{where}" not in question:
            continue  # it would be about everything
        planned = plan(question.replace("{where}", f" {where}" if where else ""))
        if any(c.name in {"decline", "ask"} for c in planned.calls) or planned.unexplained:
            continue
        of = calls if all(_splits(c, words) for c in planned.calls) else barred
        of += [c for c in planned.calls if c not in of]
        if len(calls) >= _ASKED:
            break
    calls = calls or barred[:1]  # which then says what the data lack
    return Planned(calls, 0.95, notes=[f"no_advice|{label}"], frame="measure_advice") if calls else None


def _named(said: str, evidence: _Evidence, words: Vocabulary) -> tuple[str, str, tuple[str, ...]] | None:
    """The measure at the beginning of ``said``, the words after it, and its questions."""
    for _, worded, questions in evidence:
        found = worded.match(said) if worded is not None else None
        if found is not None:
            return found.group(), said[found.end():].strip(" ,"), questions
    items = read(said, words).items
    measures = frozenset(str(m) for m in items[0].alts.get("metric", ())) if items else frozenset()
    for of, _, questions in evidence:
        if measures & of:
            after = said.lower().split(items[0].text.lower(), 1)[-1].strip(" ,")
            return words.metrics[min(measures & of)].label, after, questions
    return None


def _splits(call: ToolCall, words: Vocabulary) -> bool:
    """Whether a plan's split is one that the shop can make, and not by what its condition holds still."""
    if call.name != "query_data":
        return True
    split = [str(d) for d in call.args.get("dimensions", ())]
    kept = {str(p.get("field")) for p in (call.args.get("filter") or {}).get("parts", [call.args.get("filter") or {}])}
    return all(d not in words.dimensions or words.dimensions[d].available for d in split) and not kept & set(split)
