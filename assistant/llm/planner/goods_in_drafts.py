"""A campaign about goods that were listed right before: "put the top 5 into a campaign", "a newsletter about those".

What is said of the campaign is planned as an order of its own; the goods are then put into its offer by their ids, so
that they are these and no others. A list that was made for some customers is for these where nobody else is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from assistant.llm.planner.candidate import Planned, call
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.form_places import put_in
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.normalise import clean
from assistant.llm.planner.things_in_talk import listed, shown
from assistant.plans.filters import Compare
from assistant.plans.requests import CampaignBrief

_LISTING = frozenset({"plan_promotion", "new_products", "recommend_products", "search_products", "find_substitutes",
                      "query_data", "bought_together"})
_MOST = 10


@lru_cache(maxsize=4)
def _forms(language: str) -> dict[str, Any]:
    raw: dict[str, Any] = dict(read_yaml(language, "goods_in_drafts") or {})
    if not raw.get("forms"):
        return {}
    out, pointed, *forms = (re.compile(put_in(form, raw["macros"]), re.IGNORECASE)
                            for form in (raw["out"], raw["pointed"], *raw["forms"]))
    return {**raw, "out": out, "pointed": pointed, "forms": forms}


def with_listed_goods(
    text: str, context: DialogueContext, language: str, plan: Callable[[str], Planned]
) -> Planned | None:
    """The draft about the goods of the answer before; None where the text orders none, or no goods were listed.

    Args:
        plan: plans a text on its own, without the conversation.
    """
    last, raw = context.past[-1] if context.past else None, _forms(language)
    if last is None or last.refused or last.call.name not in _LISTING or not raw:
        return None
    rows = list(listed(last, "product"))
    if last.call.name == "bought_together":
        rows = list(dict.fromkeys(str(r) for r in (*rows[:1], *shown(last, "pairs", "with_product_id"))))
    said = " ".join(clean(text).split()).strip(" .!?")
    dropped = raw["out"].match(said)
    if dropped is not None and rows:
        rows.pop(min(raw["places"][dropped["out"].lower()], len(rows) - 1))
        said = said[dropped.end() :]
    found = next((m for form in raw["forms"] if (m := form.match(said))), None)
    goods = () if found is None else _chosen(found, rows, raw)
    if found is None or not goods:
        return None
    kind = found["kind"].strip() or raw["plain_kind"]
    rest, pointed = raw["pointed"].subn("", found["rest"])
    if pointed and _for_people(last) is None:
        return None
    rest = re.sub(raw["to_people"][0], raw["to_people"][1], rest)
    tried = (plan(say.format(kind=kind, rest=rest)) for say in raw["say"])
    drafted = next((d for d in tried if [c.name for c in d.calls] == ["draft_campaign"]), None)
    if drafted is None:
        return None
    brief: Any = drafted.calls[0].plan()
    fields = brief.model_dump(exclude_unset=True)
    fields["offer"] = {**brief.offer.model_dump(), "category": None, "product_ids": goods}
    whom = _for_people(last)
    if brief.audience is None and whom is not None:
        fields["audience"] = whom.model_dump()
    try:
        return replace(drafted, calls=[call(CampaignBrief.model_validate(fields))])
    except ValidationError:
        return None


def _chosen(found: re.Match[str], rows: list[str], raw: dict[str, Any]) -> tuple[str, ...]:
    """The goods meant: so many of the first, the one at a place, or all that were shown."""
    said = found.groupdict()
    if said.get("nth"):
        place = raw["places"][said["nth"].lower()]
        return (rows[place],) if -len(rows) <= place < len(rows) else ()
    many = (said.get("n") or "").lower()
    return tuple(rows[: int(raw["numbers"].get(many, many))] if many else rows[:_MOST])


def _for_people(last: Past) -> Any:
    """The customers that a list of recommendations was made for."""
    plan: Any = last.call.plan()
    if last.call.name != "recommend_products":
        return None
    one = plan.customer_id
    return Compare(field="customer", op="eq", values=(one,)) if one else plan.filter


__all__ = ["with_listed_goods"]
