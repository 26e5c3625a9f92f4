"""Customers who looked at goods in the web shop, with or without buying them: "customers who viewed towels but did not
buy".

The text is planned as one about customers who bought these goods; the condition that this gives is then put on visits
with a product viewed, and the denial beside it. So whatever reads conditions on customers (counts, lists, drafts) reads
these too. Where no stretch of time is said, the last 30 days are meant, which the rule shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, ToolCall, call
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import clean
from assistant.plans.shop import Shop

_VIEWED = "product_visits"
_TABLE = "events"


def of_viewers(text: str, shop: Shop, language: str, plan: Callable[[str], Planned]) -> Planned | None:
    """The plan of a text about customers who looked at goods; None where it is none, or the data hold no visits.

    Args:
        plan: plans a text in full.
    """
    raw = read_yaml(language, "viewed_goods")
    plain = " ".join(clean(text).split())
    match = _form(language).search(plain) if raw.get("form") else None
    if match is None or not shop.status().rows.get(_TABLE) or re.search(raw["never"], match["goods"], re.IGNORECASE):
        return None
    period = match["period"] or raw["recent"]
    say = raw["say_short"] if match["who"].lower() in raw["relative"] else raw["say"]
    said = say.format(goods=match["goods"].strip()) + (period if period.startswith(" ") else f" {period}")
    planned = plan(f"{plain[: match.start()]}{said}{plain[match.end():]}")
    if len(planned.calls) != 1:
        return None
    made, denied = planned.calls[0], match["denied"]
    anything = denied is not None and re.search(raw["anything"], denied, re.IGNORECASE) is not None
    args, changed = _put(made.args, denied=denied is not None, anything=anything)
    if changed != 1:
        return None
    args.pop("audience_words", None)
    try:
        return replace(planned, calls=[call(ToolCall(made.name, args).plan())])
    except ValidationError:
        return None


def _put(value: Any, *, denied: bool, anything: bool) -> tuple[Any, int]:
    """The arguments with the condition on orders of goods put on views of them, and how many conditions that were."""
    if isinstance(value, list | tuple):
        pairs = [_put(v, denied=denied, anything=anything) for v in value]
        return [v for v, _ in pairs], sum(n for _, n in pairs)
    if not isinstance(value, dict):
        return value, 0
    bought = value.get("op_type") == "customer" and value.get("metric") == "orders" and value.get("op") == "ge"
    if bought and value.get("where") and value.get("period"):
        viewed = {**value, "metric": _VIEWED}
        viewed.pop("term", None)
        if not denied:
            return viewed, 1
        none = {**value, "op": "eq", "values": [0.0]}
        none.pop("term", None)
        if anything:
            none.pop("where")
        return {"op_type": "and", "parts": [viewed, none]}, 1
    pairs = {k: _put(v, denied=denied, anything=anything) for k, v in value.items()}
    return {k: v for k, (v, _) in pairs.items()}, sum(n for _, n in pairs.values())


@lru_cache(maxsize=4)
def _form(language: str) -> re.Pattern[str]:
    raw = read_yaml(language, "viewed_goods")
    return re.compile(put_in(raw["form"], raw["macros"]), re.IGNORECASE)
