"""Whether every word of substance has a place in the finished plan, whichever reading made it.

Readings mark the words they take for explained; what they mark and then leave out would be answered in silence. So
the finished calls are looked at once more, from the words' side: a word is *explained* where the arguments hold what it
means, *harmless* where it only introduces, joins or repeats, or names what the called tool answers anyway
(``passing_words.yaml``), and otherwise it is left out of the text and the text planned again. Where the plan stays the
same, the word had no part in it: it is *lost*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.coverage import MEANS
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.spans import Item, Reading
from assistant.llm.planner.trace import Trace

#: texts of more items are reports and letters; whole sentences of them are told apart before
LONGEST = 40
_TIMES = frozenset({"calendar", "rolling", "named", "absolute", "to_date", "all"})
#: answers that are questions or refusals, claims, and talk about a draft, whose words are read where they are cut
_UNCHECKED = frozenset({
    "ask_back", "decline", "check_premise", "explain_answer", "define_term", "withdraw_term", "explain_brief",
    "explain_message",
})  # fmt: skip
#: keys under which calls hold a time, an order of rows, a bound, a comparison, a split
_TIMED = ("compare", "days", "within_days", "period", "horizon", "horizon_days", "first_day", "days_ago", "after_days",
          "starts_on", "ends_on", "since", "day", "last_day", "as_of")
_RANKED = ("sort", "limit", "rank", "k", "order_by", "top", "top_percent", "top_n", "by", "view", "focus",
           "bestsellers", "best_offer", "relative_price")
_BOUND = ("op", "having", "min_price", "max_price", "min_margin", "target", "edges", "steps", "budget", "k",
          "max_per_category", "values", "limit", "within_days")
_AGAINST = ("compare", "transform", "second", "later", "within", "measure", "methods", "relative_price", "claimed")
_SPLIT = ("dimensions", "dimension", "within", "by", "split_by", "grain", "max_per_category", "one_per_variant",
          "products_per_recipient", "transform", "each")
#: keys that hold products besides those that say so
_OF_GOODS = frozenset({"basket", "why_not"})
#: tools whose answer is an ordered list, or a comparison, by their nature
_LISTS = frozenset({
    "recommend_products", "bought_together", "find_substitutes", "plan_promotion", "propose_bundles", "new_products",
    "likely_buyers", "search_products", "brief_shop", "predict_churn", "customer_value", "predict_uplift",
    "find_movers", "choose_offers", "plan_stock",
})
_COMPARES = frozenset({"explain_change", "find_movers", "compare_audiences", "compare_groups", "check_premise",
                       "check_fairness", "check_recommender", "read_out_campaigns", "read_experiment", "brief_shop"})
#: parts of the names of measures in money
_MONEY = ("revenue", "spend", "value", "margin", "cost", "price", "discount")
#: what a person asks this program to do, by the tools that do it
_DEEDS = {
    "create": {"draft_campaign", "draft_post", "count_audience", "save_segment", "find_segments", "propose_bundles",
               "propose_categories", "plan_promotion", "plan_sending", "size_experiment", "choose_offers"},
    "send": {"draft_campaign", "plan_sending", "dry_run_campaign", "show_sendings", "likely_buyers", "draft_post"},
    "forecast": {"forecast_metric", "predict_churn", "customer_value", "predict_orders", "plan_stock", "predict_uplift",
                 "likely_buyers"},
    "recommend": {"recommend_products", "likely_buyers", "new_products", "plan_promotion", "propose_bundles",
                  "bought_together", "find_substitutes", "check_recommender", "search_products", "brief_shop"},
    "together": {"bought_together", "propose_bundles", "recommend_products"},
    "similar": {"search_products", "find_substitutes"},
    "search": {"search_products", "find_substitutes", "count_audience", "query_data", "new_products"},
    "segments": {"find_segments", "count_audience", "save_segment", "show_saved_segments", "change_segment",
                 "compare_groups", "find_movers", "compare_audiences"},
    "churn": {"predict_churn", "check_churn", "draft_campaign"},
    "explain": {"explain_change", "explain_answer", "explain_message", "explain_brief"},
    "describe": {"describe_data", "explain_answer", "show_terms", "define_term"},
    "profile": {"describe_customer"},
    "show_draft": {"show_campaign"},
    "what_if": {"break_even"},
}


@lru_cache(maxsize=4)
def _words(language: str) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Words that may stand without a part of their own: in any question, and in those of one tool."""
    raw = read_yaml(language, "passing_words")
    passing = frozenset(str(w) for words in raw["passing"].values() for w in words)
    return passing, {tool: frozenset(map(str, words)) for tool, words in raw["tools"].items()}


def lost_words(
    reading: Reading, calls: Sequence[ToolCall], again: Callable[[str], Sequence[ToolCall] | None],
    said: str = "",
) -> list[Item]:
    """Items of the text that the plan neither holds nor depends on.

    Args:
        reading: the text.
        calls: what it was planned as.
        again: the calls that another text is planned as; None where it is not planned.
        said: what the answer says of the text besides ("I did not check whether …").
    """
    if len(reading.items) > LONGEST or any(c.name in _UNCHECKED for c in calls):
        return []
    trace = Trace(calls)
    found = []
    for i, item in enumerate(reading.items):
        if not _of_substance(reading, i, trace) or _explained(reading, i, trace) or item.text in said:
            continue
        start, end = item.tokens[0].start, item.tokens[-1].end
        rest = f"{reading.text[:start].rstrip()} {reading.text[end:].lstrip()}".strip()
        without = again(rest) if rest else None
        if without is not None and list(without) == list(calls):
            found.append(item)
    return found


def _of_substance(reading: Reading, i: int, trace: Trace) -> bool:
    item = reading.items[i]
    if all(t.kind in {"stop", "symbol"} for t in item.tokens):
        return False
    passing, of_tools = _words(reading.vocabulary.lexicon.language)
    said = {item.lemma, item.text.lower()}
    if said & passing or all({t.lemma, t.word} & passing for t in item.tokens):
        return False
    return not any(said & of_tools.get(tool, frozenset()) for tool in trace.tools)


def _explained(reading: Reading, i: int, trace: Trace) -> bool:
    """Whether the calls hold what the item means."""
    item = reading.items[i]
    said = " ".join(trace.texts)
    if any(len(t.lemma) > 2 and (t.lemma in said or t.word in said) for t in item.tokens):
        return True
    held = {*trace.metrics, *trace.dimensions, *map(str, trace.under("field", "split_by", "grain", "unit"))}
    unranked = item.has("rank") and item.has("dim") and not (trace.under(*_RANKED) or trace.tools & _LISTS)
    if any({str(v) for v in item.alts.get(kind, ())} & held for kind in ("metric", "dim", "grain")) and not unranked:
        return True  # "bestsellers" are products, but the first of them
    if any(v.value.lower() in said or v.dimension in trace.dimensions for v in item.alts.get("value", ())):
        return True
    goods = any(v.dimension == "product" for v in item.alts.get("value", ()))
    if goods and any(node.get(key) for node in trace.nodes for key in node if "product" in key or key in _OF_GOODS):
        return True
    if set(item.alts.get("dim", ())) == {"customer"} and not item.has("definition", "metric"):
        return True  # who is meant is said by the conditions
    if item.has("money"):
        return True  # another currency than the shop's is noticed where amounts are read
    if item.has("grain", "period", "duration", "future", "ago", "previous", "year_earlier", "day_kind"):
        return bool(_TIMES & set(trace.under("kind")) or trace.under(*_TIMED))
    if any(trace.tools & _DEEDS.get(str(deed), set()) for deed in item.alts.get("do", ())):
        return True
    return _by_kind(item, trace) or (item.number is not None and item.number in trace.numbers)


def _by_kind(item: Item, trace: Trace) -> bool:
    """Whether a part of the plan does what a word of this kind asks for."""
    measured = " ".join([*trace.metrics, *trace.dimensions])
    if item.has("rank", "sorted") and (trace.under(*_RANKED) or trace.tools & _LISTS):
        return True
    if item.has("cmp", "cmp_after", "after", "between") and trace.under(*_BOUND, "compare"):
        return True
    if item.has("compare", "growth", "change", "up", "down", "trend", "rest") and (
        trace.under(*_AGAINST) or trace.tools & _COMPARES or len(set(trace.dimensions)) > 0
    ):
        return True
    if item.has("group", "each") and (trace.under(*_SPLIT) or "_per_" in measured or "average" in measured):
        return True
    meant = any(m in measured for m in MEANS) or trace.under("summary", "of", "transform", "study")
    if item.has("average") and meant:
        return True
    if item.has("neg", "never") and trace.negatives():
        return True  # how many denials the plan needs is counted where gaps are looked for
    if item.has("share") and "rate" in measured:
        return True
    if item.has("chart", "show") or (item.has("share") and trace.under("transform", "compare", "study", "about")):
        return True
    if item.has("act") and not item.has("absent"):
        return _done(str(item.get("act")), trace)
    if item.has("definition", "last_order", "inactive", "times", "customers_pronoun"):
        return bool(trace.under("op_type", "study", "customer_id", "audience"))
    return item.has("object", "goal", "offer", "content", "tone") and bool(
        trace.tools & {"draft_campaign", "draft_post", "show_campaign", "list_campaigns", "plan_promotion"}
    )


def _done(deed: str, trace: Trace) -> bool:
    """Whether what customers do is in the plan: as a condition, or in what is measured."""
    if trace.under("op_type", "study"):
        return True
    if deed == "spend":
        return any(part in metric for metric in trace.metrics for part in _MONEY)
    return bool(trace.metrics)
