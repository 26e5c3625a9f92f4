"""Plans about groups of customers in words; filters are worded by whoever hands in ``words``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.filters import Filter
from assistant.plans.groups import GroupsRequest, MoversRequest

Words = Callable[[Filter], str]


def _groups(request: GroupsRequest, words: Words) -> str:
    second = "all other customers" if request.second is None else f"customers where {words(request.second)}"
    return f"compare customers where {words(request.first)} with {second}"


def _movers(request: MoversRequest, words: Words) -> str:
    source = "" if request.source is None else f" from “{request.source_name}” ({words(request.source)})"
    target = "" if request.target is None else f" to “{request.target_name}” ({words(request.target)})"
    return f"customers who moved{source}{target}{_when(request)}, the {request.k} who spent most"


def _when(request: MoversRequest) -> str:
    from assistant.plans.reword import during  # it builds on the words of this module

    return f" {during(request.period)}" if request.period is not None else " in the last 90 days"


GROUPS: dict[type, Callable[[Any, Words], str]] = {GroupsRequest: _groups, MoversRequest: _movers}
