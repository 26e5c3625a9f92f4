"""What is trending, what loses popularity: whole texts by form (``prompts/lexicon/<language>/trends.yaml``).

Words of time and of customers at the end ("in Germany", "this quarter") are read by the ordinary grammar; a text with
an end that it cannot read is left to the other readings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from assistant.llm.planner.candidate import Candidate
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern, LatePatterns
from assistant.plans.promotions import PromotionRequest
from assistant.plans.query import QueryPlan

#: the end of a text is taken only where it is read this well
_WELL = 0.3


def trend(text: str, language: str, plan_one: Callable[[str], list[Candidate]]) -> PromotionRequest | None:
    """The request that a text about the course of products stands for; None for any other text.

    Args:
        text: plain words, the rules of a list cut out.
        plan_one: readings of a text by the ordinary grammar, best first.
    """
    for action, match in _forms(language).fitting(text.strip(" ?.!")):
        k = match.groupdict().get("k") or match.groupdict().get("k2")
        request = PromotionRequest(action=action, **({} if k is None else {"k": _number(k, language)}))  # type: ignore[arg-type]
        more = (match.groupdict().get("more") or "").strip(" ,")
        return request if not more else _with_more(request, more, language, plan_one)
    return None


def _with_more(
    request: PromotionRequest, more: str, language: str, plan_one: Callable[[str], list[Candidate]]
) -> PromotionRequest | None:
    said = str(read_yaml(language, "trends")["read_as"]).format(more)
    best = next(iter(plan_one(said)), None)
    if best is None or best.cost > _WELL or len(best.calls) != 1 or best.calls[0].name != "query_data":
        return None
    plan = best.calls[0].plan()
    plain = isinstance(plan, QueryPlan) and not (plan.dimensions or plan.compare or plan.transform or plan.having)
    if not isinstance(plan, QueryPlan) or not plain or plan.limit:
        return None
    return request.model_copy(update={"filter": plan.filter, "period": plan.period})


def _number(said: str, language: str) -> int:
    return int(read_yaml(language, "trends")["numbers"].get(said, said))


@lru_cache(maxsize=4)
def _forms(language: str) -> LatePatterns[str]:
    raw = read_yaml(language, "trends")
    places = {name: f"(?:{macro})" for name, macro in (raw.get("macros") or {}).items()}
    return LatePatterns((action, LatePattern(put_in(form, places).replace(" ?", r"\s*").replace(" ", r"\s+")))
                        for action in ("falling", "rising") for form in (raw.get("forms") or {}).get(action, ()))


__all__ = ["trend"]
