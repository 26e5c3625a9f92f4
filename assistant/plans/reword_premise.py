"""A claim to check, in words."""

from __future__ import annotations

from assistant.plans.premise import PremiseRequest
from assistant.plans.reword import reword
from assistant.plans.reword_periods import period_phrase

_OPS = {
    "eq": "is about", "ne": "is not", "gt": "is more than", "ge": "is at least", "lt": "is less than",
    "le": "is at most",
}


def reword_premise(request: PremiseRequest) -> str:
    """What is checked: "whether France is first by revenue by country"."""
    if request.plan is None:
        return f"whether sales began in {request.year}"
    what = reword(request.plan)
    if request.relation == "nothing":
        return f"whether there is nothing: {what}"
    if request.relation == "first":
        item = request.item or (period_phrase(request.item_period) if request.item_period else "")
        return f"whether {item} is first: {what}"
    if request.relation == "larger":
        if request.asked == "growth":
            return (
                f"whether {request.item} grew {'less' if request.way == 'down' else 'more'} than {request.than}: {what}"
            )
        if request.asked == "passed":
            return f"whether {request.item} is ahead of {request.than} now and was not before: {what}"
        times = "" if request.factor is None else f"{request.factor:g} times as much as "
        than = times or ("less than " if request.way == "down" else "more than ")
        return f"whether {request.item} has {than}{request.than or 'the average of all'}: {what}"
    if request.relation == "change":
        return f"whether it went {request.way}: {what}"
    share = "the share " if request.share else "it "
    return f"whether {share}{_OPS.get(request.op, 'is about')} {request.value:g}: {what}"
