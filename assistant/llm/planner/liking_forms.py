"""Products for somebody of whom only a liking is known: "something for people who like gardening".

The forms are data (``prompts/lexicon/<language>/liking.yaml``). Whoever is named beside the liking ("customer 17850 who
likes tea", "our German customers who …") is read by the ordinary grammar; where it does not know them, so is the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.form_places import put_in, told_apart
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.plans.filters import Filter
from assistant.plans.requests import RecommendRequest, SegmentRule

#: words for customers are taken only where they are read this well
_WELL = 0.0


def liking(text: str, language: str, plan_one: Callable[[str], list[Candidate]]) -> RecommendRequest | None:
    """The request for what fits a liking; None for any other text.

    Args:
        text: plain words, the rules of a list cut out.
        plan_one: readings of a text by the ordinary grammar, best first.
    """
    raw = read_yaml(language, "liking")
    plain = (text[:1].lower() + text[1:]).strip(" ?.!").replace(" - ", ", ")  # a dash sets off a clause
    for _, match in _forms(language).fitting(plain):
        said = {name.partition("__")[0]: value.strip() for name, value in match.groupdict().items() if value}
        liked = _bare(said.get("text") or said.get("doing") or said.get("fans") or "", language)
        if not liked or re.search(_filled(raw["not_liked"], language), liked):
            continue
        known, rule = (True, None) if "customer" in said else whom(said.get("who", ""), language, plan_one)
        if not known:
            return None
        k = {} if "k" not in said else {"k": int(raw["numbers"].get(said["k"], said["k"]))}
        return RecommendRequest(liking=liked, customer_id=said.get("customer"), filter=rule, **k)  # type: ignore[arg-type]
    return None


def _bare(liked: str, language: str) -> str:
    raw = read_yaml(language, "liking")
    for end in ("front", "back"):
        while (cut := re.sub(raw[end], "", liked, flags=re.IGNORECASE).strip(" ,")) != liked:
            liked = cut
    return liked


def whom(who: str, language: str, plan_one: Callable[[str], list[Candidate]]) -> tuple[bool, Filter | None]:
    """Whether it is known which customers words mean, and the rule for them (None: nobody in particular)."""
    raw = read_yaml(language, "liking")
    if not who or re.search(_filled(raw["nobody"], language), who):
        return True, None
    best = next(iter(plan_one(str(raw["read_as"]).format(who))), None)
    if best is None or best.cost > _WELL or len(best.calls) != 1:
        return False, None
    plan: Any = best.calls[0].plan()
    if isinstance(plan, SegmentRule):
        return True, plan.filter
    counted = getattr(plan, "metrics", ()) == ("customers",) and not plan.dimensions and plan.period is None
    return (True, plan.filter) if counted and plan.filter is not None else (False, None)


@lru_cache(maxsize=4)
def _forms(language: str) -> LatePatterns[None]:
    raw = read_yaml(language, "liking")
    return LatePatterns((None, LatePattern(told_apart(_filled(form, language)))) for form in raw.get("forms") or ())


def _filled(pattern: str, language: str) -> str:
    macros = read_yaml(language, "liking").get("macros") or {}
    filled = put_in(pattern, {name: f"(?:{macro})" for name, macro in macros.items()})
    return filled.replace(" ?", r"\s*").replace(" *", r"\s*").replace(" ", r"\s+")


__all__ = ["liking", "whom"]
