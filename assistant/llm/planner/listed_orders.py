"""Orders one by one, the latest first: "recent orders", "list all orders from Germany", "latest orders of 10001".

What narrows them is read as of their number, which the ordinary grammar plans; the list is that of the same orders.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.vocabulary import Vocabulary
from assistant.plans.query import QueryPlan

FRAME = "listed_orders"
_FEW, _MOST = 10, 1_000


def listed_orders(text: str, words: Vocabulary, plan: Callable[[str], Planned]) -> Planned | None:
    """The orders that a text asks to see; None where it asks for none, or for their number.

    Args:
        plan: plans another text in the same conversation.
    """
    raw = read_yaml(words.lexicon.language, "listed_orders")
    match = next((m for form in raw.get("forms", ()) if (m := re.fullmatch(
        str(form).replace(" ", r"\s+"), text.strip(" ?.!"), re.IGNORECASE))), None)
    if match is None:
        return None
    found = match.groupdict()
    counted = plan(str(raw["count"]).format(rest=found.get("rest") or "").strip())
    if [c.name for c in counted.calls] != ["query_data"] or any(n.startswith("not_used|") for n in counted.notes):
        return None
    args = counted.calls[0].args
    if args.get("metrics") != ["orders"] or args.keys() & {"dimensions", "compare", "transform", "having"}:
        return None
    said = (found.get("many") or found.get("few") or "").lower()
    many = int(raw["numbers"].get(said, said or _FEW))
    measures = ("last_order_date", *(m for m in (words.role("money"), "units") if m in words.metrics))
    try:
        listing = QueryPlan.model_validate({**args, "metrics": measures, "dimensions": ("order",), "sort": {
            "by": "last_order_date"}, "limit": None if found.get("all") else min(max(many, 1), _MOST)})
    except ValidationError:
        return None
    return Planned([call(listing)], counted.score, notes=list(counted.notes), frame=FRAME)
