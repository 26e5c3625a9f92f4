"""Plans about agreed meanings and saved segments in words; filters are worded by whoever hands in ``words``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.agreements import (
    AudiencePair,
    ChangeSegment,
    DefineTerm,
    SavedSegmentsRequest,
    SaveSegment,
    TakeBackRequest,
    TermsRequest,
    WithdrawTerm,
)
from assistant.plans.filters import Filter
from assistant.plans.reword_categories import WORDERS as CATEGORIES

Words = Callable[[Filter], str]


def _define(request: DefineTerm, words: Words) -> str:
    if request.filter is not None:
        return f"agree that “{request.term}” means customers where {words(request.filter)}"
    return f"agree that “{request.term}” ranks products by {str(request.rank_by).replace('_', ' ')}"


def _terms(request: TermsRequest, words: Words) -> str:
    return f"what “{request.term}” means" if request.term else "the meanings of words in force"


def _withdraw(request: WithdrawTerm, words: Words) -> str:
    to = "the built-in one, if there is one" if request.to == "builtin" else "the one before"
    return f"give up the agreed meaning of “{request.term}” for {to}"


def _save(request: SaveSegment, words: Words) -> str:
    return f"save the customers where {words(request.filter)} as the segment “{request.name}”"


def _segments(request: SavedSegmentsRequest, words: Words) -> str:
    if request.name is not None:
        before = {"tests": "the boundary customers of ", "drift": "the drift of ", "history": "the sizes over time of ",
                  "change": "why the size changed of ", "refresh": "counted anew: "}.get(request.show, "")
        return f"{before}the saved segment “{request.name}”"
    if request.growth is None:
        return "the saved segments"
    by = f" by more than {request.min_percent:g} %" if request.min_percent is not None else ""
    return f"the saved segments that {'grew' if request.growth == 'up' else 'shrank'}{by}"


def _change(request: ChangeSegment, words: Words) -> str:
    if request.action == "delete":
        return f"delete the saved segment “{request.name}”"
    return f"rename the saved segment “{request.name}” to “{request.new_name}”"


def _undo(request: TakeBackRequest, words: Words) -> str:
    what = {"any": "a meaning, saved segment or category", "definition": "a meaning", "segment": "a saved segment",
            "category": "the categories"}[request.of]
    return f"take back the latest change of {what}" + (f", “{request.name}”" if request.name else "")


def _pair(request: AudiencePair, words: Words) -> str:
    return (
        f"customers in both or only one of {request.first_name} ({words(request.first)}) "
        f"and {request.second_name} ({words(request.second)})"
    )


WORDERS: dict[type, Callable[[Any, Words], str]] = {
    DefineTerm: _define,
    TermsRequest: _terms,
    WithdrawTerm: _withdraw,
    SaveSegment: _save,
    SavedSegmentsRequest: _segments,
    ChangeSegment: _change,
    TakeBackRequest: _undo,
    AudiencePair: _pair,
    **CATEGORIES,
}
