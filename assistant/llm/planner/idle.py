"""Words that a reading took for explained although the plan would be the same without them.

A frame may mark a word as used that never reached its plan ("how do my customers **pay**?" read as how many customers
there are). Words that change nothing are usually harmless: a measure named twice, "show", "compared to". A verb, a
time, a number, a name or something the shop is known not to have is not: where the plan shows nothing of such a word,
the text is read once more without it, and if that gives the same plan, the word was passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.llm.planner.candidate import Candidate, ToolCall
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.trace import Trace

#: tools that answer open questions or take free text; what they leave out is checked elsewhere
_OPEN = frozenset({
    "brief_shop", "search_products", "describe_data", "decline", "ask_back", "explain_answer", "check_premise",
    "draft_post", "define_term", "show_terms", "withdraw_term", "save_segment", "change_segment", "undo_change",
    "show_saved_segments", "explain_change", "predict_churn", "customer_value", "list_campaigns",
    "propose_categories", "adopt_categories", "show_categories", "change_categories", "predict_uplift",
    "read_out_campaigns", "draft_campaign", "choose_offers", "explore_offers", "size_experiment", "read_experiment",
})  # fmt: skip
_MONEY = ("revenue", "spend", "value", "margin", "cost", "price", "discount")
_TIMES = frozenset({"calendar", "rolling", "named", "absolute", "to_date"})


def passed_over(reading: Reading, best: Candidate, again: Callable[[str], Sequence[ToolCall] | None]) -> list[str]:
    """Words whose loss the plan does not show.

    Args:
        reading: the text.
        best: what it was read as.
        again: the calls that another text is read as; None where it is not read.
    """
    if not best.calls or any(c.name in _OPEN for c in best.calls):
        return []
    trace = Trace(best.calls)
    found = []
    for i, item in enumerate(reading.items):
        if reading.is_skip(i) or not _telling(item) or _traced(item, trace):
            continue
        start, end = item.tokens[0].start, item.tokens[-1].end
        without = again(f"{reading.text[:start]} {reading.text[end:]}".strip())
        if without is not None and list(without) == best.calls:
            found.append(item.text)
    return found


def _telling(item: Item) -> bool:
    """Whether an item is of a kind that no plan may lose."""
    kinds = set(item.alts)
    if kinds & {"do", "rank", "compare", "goal", "content", "object", "share", "metric", "grain", "pronoun", "chart"}:
        return item.has("absent") and not item.has("metric", "do")
    return bool(kinds & {"absent", "act", "value", "period", "duration", "definition", "times"})


def _traced(item: Item, trace: Trace) -> bool:
    """Whether the plan holds something of the item."""
    said = " ".join(trace.texts)
    if item.has("value") and any(v.value.lower() in said for v in item.alts["value"]):
        return True
    if item.has("period") and item.get("period").period is not None and item.get("period").period.kind == "all":
        return True
    if item.has("duration") and "moving_average" in trace.under("transform"):
        return True  # the length of its window, which may be the usual one
    if item.has("period", "duration", "future", "ago", "previous", "year_earlier"):
        return bool(_TIMES & set(trace.under("kind")) or trace.under("compare", "days", "within_days", "period"))
    if item.has("definition", "times", "last_order", "inactive"):
        return bool(trace.under("op_type", "study"))
    if item.has("dim") and set(map(str, item.alts["dim"])) & {*trace.dimensions, *map(str, trace.under("field"))}:
        return True
    if item.has("act") and not item.has("absent"):
        return _done(str(item.get("act")), trace)
    return False


def _done(verb: str, trace: Trace) -> bool:
    """Whether a deed of customers is in the plan: as a condition, or in what is measured."""
    if "customer" in trace.under("op_type") or trace.under("study"):
        return True
    if verb == "spend":
        return any(any(part in m for part in _MONEY) for m in trace.metrics)
    return verb not in {"return", "join"} or any("return" in m or "new" in m for m in trace.metrics)
