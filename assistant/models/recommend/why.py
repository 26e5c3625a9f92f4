"""A list of one customer with the answer to "why this?", "why not that?" or "why this and not that?"."""

from __future__ import annotations

from assistant.errors import NoRows
from assistant.models.recommend.catalogue import RULES
from assistant.models.recommend.explained import causes_table, versus_table, why_table
from assistant.models.recommend.fitted import CustomerLists
from assistant.models.recommend.flips import flips_table
from assistant.models.recommend.one_customer import OneCustomer
from assistant.models.recommend.why_not import product_row, why_not_table
from assistant.plans import RecommendRequest
from assistant.results import DefinitionUsed, Result

#: Statuses of a product that no list can hold, whatever the customer buys.
_FACTS = {"discontinued", "never_bought", "not_sold_lately"}


def explain_list(result: Result, request: RecommendRequest, one: OneCustomer, lists: CustomerLists) -> None:
    """Turn a ``recommendation`` of one customer into a ``recommendation_why``, in place.

    Adds tables ``why`` and ``causes`` for ``request.why``; ``why_not`` and ``flips`` for ``request.why_not``; and
    ``versus`` where both are given.

    Raises:
        UnknownName: no such product. NoRows: ``request.why`` was never sold, so no list can hold it.
    """
    result.kind = "recommendation_why"
    why = why_not = None
    if request.why is not None:
        why = _column(one, request.why)
        if why < 0:
            raise NoRows("No known customer has bought this product, so it is on no list", received=request.why)
        shown = lists.filled[0] & (lists.product_ids[0] == one.fitted.interactions.item_ids[why])
        result.tables += [why_table(one, why, request.k, filled=bool(shown.any())), causes_table(one, why, request.k)]
        status = str(result.table("why").cell(0, "status"))
        result.words["why"] = status
        _say_causes(result)
    if request.why_not is not None:
        why_not = _column(one, request.why_not)
        table = why_not_table(one, request.why_not, lists)
        status = str(table.cell(0, "status"))
        result.tables.append(table)
        result.words["why_not"] = status
        if why_not >= 0 and status not in {"in_list", "shaped"}:
            result.tables.append(flips_table(one, why_not, request.k))
        result.words["rule"] = RULES.get(status, "")
        result.words["fact"] = "yes" if status in _FACTS else ""
    if why is not None and why_not is not None and why_not >= 0 and one.model.personal and len(one.owned):
        result.tables.append(versus_table(one, why, why_not))
    if why is not None:
        result.evidence.definitions.append(DefinitionUsed(term="strength", meaning=(
            "the share of the score that the purchase adds, less what a purchase drawn at random from the shop would "
            "add in its place; how much is needed is set so that a product drawn at random from those the customer "
            "bought fails in nine cases of ten")))


def _column(one: OneCustomer, product: str) -> int:
    return int(one.fitted.catalogue.frame["position"].iloc[product_row(one.fitted, product)])


def _say_causes(result: Result) -> None:
    """Row of the cause that passed, for the reply; or that none did."""
    causes = result.table("causes")
    passed = next((i for i in range(len(causes.rows)) if causes.cell(i, "verdict") == "reason"), None)
    result.details["reason_row"] = passed
    for name in ("share", "rank", "rank_without"):
        if passed is not None:
            result.figures[f"cause_{name}"] = causes.figure(passed, name)
    if passed is not None:
        result.words["cause"] = str(causes.cell(passed, "bought"))
        result.words["in_common"] = str(causes.cell(passed, "in_common") or "")
