"""Plans about groups of customers in words; filters are worded by whoever hands in ``words``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.filters import Filter
from assistant.plans.groups import GroupsRequest, MoversRequest
from assistant.plans.requests import SegmentRequest

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


def _segments(request: SegmentRequest, words: Words) -> str:
    from assistant.plans.reword import join_words, label, period_phrase  # it builds on the words of this module

    how = {"auto": "", "rfm": " by recency, frequency and value", "kmeans": " by k-means clustering",
           "gaussian": " by a Gaussian mixture", "found": " by the groups found in recency, orders and spending",
           "behaviour": " by what they buy, when, where and how"}[request.method]
    count = f" into {request.k} groups" if request.k else ""
    day = f" as of the end of {period_phrase(request.on)}" if request.on is not None else ""
    split = f"split all customers{count}{how}{day}"
    if request.view == "measure":
        when = f", {period_phrase(request.period)}" if request.period is not None else ""
        return f"{join_words([label(m) for m in request.metrics])} of each segment{when}, {split}"
    split += f" (asked of {request.segment})" if request.segment is not None else ""
    return split + {
        "actions": ", with what is usually done for each",
        "trend": f", sizes now and {request.days_ago} days ago" if request.since is None
        else f", sizes before and after {period_phrase(request.since)}",
        "check": ", checked for overlap, size and stability",
    }.get(request.view, "")


GROUPS: dict[type, Callable[[Any, Words], str]] = {
    SegmentRequest: _segments, GroupsRequest: _groups, MoversRequest: _movers,
}
