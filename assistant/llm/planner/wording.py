"""Calls in plain words, for the re-ranking by meaning and the options of a question back."""

from __future__ import annotations

from typing import Any

from assistant.llm.planner.candidate import ToolCall
from assistant.llm.planner.vocabulary import Vocabulary

_TOOL_WORDS = {
    "query_data": "",
    "explain_change": "why did it change",
    "describe_data": "what data is there",
    "count_audience": "how many customers",
    "find_segments": "split customers into segments",
    "describe_customer": "everything about one customer",
    "recommend_products": "recommend products",
    "bought_together": "products bought together",
    "search_products": "find similar products",
    "forecast_metric": "forecast",
    "predict_churn": "customers about to leave",
    "draft_campaign": "draft a campaign",
    "show_campaign": "show the draft",
    "list_campaigns": "campaigns drafted so far and past campaigns",
}


def reword(call: ToolCall, vocabulary: Vocabulary) -> str:
    """The call as plain words without order or grammar; good enough for an encoder, not for people."""
    words = [_TOOL_WORDS.get(call.name, call.name)]

    def label(name: Any) -> str:
        term = vocabulary.metrics.get(str(name)) or vocabulary.dimensions.get(str(name))
        return term.label if term else str(name).replace("_", " ")

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in {"op_type", "kind"}:
                    continue
                if key in {"dimensions"}:
                    words.append("by")
                walk(value)
        elif isinstance(node, list | tuple):
            for value in node:
                walk(value)
        elif node is not None and not isinstance(node, bool):
            words.append(label(node))

    walk(call.args)
    return " ".join(w for w in words if w)
