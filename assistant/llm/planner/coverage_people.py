"""Words that ask for people, or for kinds of them: a plan that shows neither has passed them over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.spans import Reading
from assistant.llm.planner.trace import Trace
from assistant.plans.alike import GOODS

#: tools whose answers are figures, not people
_FIGURES = frozenset({"query_data", "explain_change", "forecast_metric"})

#: tools that speak of one day: nothing develops in them
_OF_TODAY = frozenset({"predict_churn", "count_audience"})
#: conditions on what customers did
_OF_DEEDS = frozenset({"customer", "sequence", "group", "predicted"})


@lru_cache(maxsize=4)
def _words(language: str) -> dict[str, Any]:
    return dict((read_yaml(language, "coverage") or {}).get("people") or {})


def people_gaps(reading: Reading, trace: Trace) -> Iterator[tuple[int, str]]:
    """Place and text of each such word: "**who** spent more than last year" answered with the shop's revenue, "which
    **kinds** of buyers" answered with the number of buyers."""
    words = _words(reading.vocabulary.lexicon.language)
    if not words or not trace.tools or not trace.tools <= _FIGURES | _OF_TODAY:
        return
    if reading.tokens[0].lemma in words["how"] and ("customer" in trace.dimensions or trace.tools & _OF_TODAY):
        yield from ((i, t.text) for i, t in enumerate(reading.tokens) if t.lemma in words["develops"])
    if trace.tools & _OF_TODAY:
        return
    split = {"segment", "campaign_kind", "customer_type"} & set(trace.dimensions) or trace.under("study")
    tokens = reading.tokens
    for i, token in enumerate(tokens):
        of_people = {t.lemma for t in tokens[i + 1 : i + 4]} & set(words["nouns"])
        if token.lemma in words["kinds"] and of_people and tokens[i + 1].lemma in words["of"] and not split:
            yield i, token.text
    deeds = [item for item in reading.items if item.has("act")]
    conditions = sum((kind in _OF_DEEDS) + (kind == "sequence") for kind in trace.under("op_type"))  # of two and more
    for k, item in enumerate(reading.items):
        denied = any(before.has("never", "neg") for before in reading.items[max(0, k - 3) : k])
        if item.get("act") == "visit" and len(deeds) > 1 and conditions < len(deeds) and not denied:
            yield item.start, item.text  # "returned something but came back"
    first = next((i for i, t in enumerate(tokens) if t.kind == "word" and t.lemma not in words["openers"]), None)
    if first is None or tokens[first].lemma not in words["who"]:
        return
    after = [item for item in reading.items if item.start > first][:2]
    about_people = "customer" in trace.dimensions or any("customer" in m for m in trace.metrics)
    of_goods = bool(trace.dimensions) and set(trace.dimensions) <= GOODS
    if any(item.has("act") for item in after) and not about_people and (
        of_goods or "customer" not in trace.under("op_type")
    ):
        yield first, tokens[first].text
