"""A list of one customer with the answer to "why this?", "why not that?" or "why this and not that?"."""

from __future__ import annotations

import numpy as np

from assistant.errors import NoRows
from assistant.models.recommend.catalogue import RULES
from assistant.models.recommend.explained import causes_table, versus_table, why_table
from assistant.models.recommend.fitted import CustomerLists
from assistant.models.recommend.flips import flips_table
from assistant.models.recommend.meant import Meant, products_meant, say_chosen
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
    request = _one_each(result, request, one, lists)
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


def _one_each(
    result: Result, request: RecommendRequest, one: OneCustomer, lists: CustomerLists
) -> RecommendRequest:
    """The request about one product each, where a category or words of several names are asked about: of those, what
    ranks highest for the customer, which is said."""
    chosen: dict[str, str] = {}
    catalogue = one.fitted.catalogue
    for name in ("why", "why_not"):
        said = getattr(request, name)
        meant = None if said is None else products_meant(catalogue, said)
        if meant is not None and meant.several:
            row, how = _highest(one, meant, lists)
            say_chosen(result, catalogue, meant, row, how)
            chosen[name] = str(catalogue.frame["product_id"].iloc[row])
    return request.model_copy(update=chosen)


def _highest(one: OneCustomer, meant: Meant, lists: CustomerLists) -> tuple[int, str]:
    """The first of them on the list, else the best placed off it, else the first; and what it was chosen by."""
    ids = one.fitted.catalogue.frame["product_id"].to_numpy()
    place_of = {str(ids[row]): row for row in meant.rows}
    shown = next((place_of[str(p)] for p in lists.product_ids[0] if str(p) in place_of), None)
    if shown is not None:
        return shown, "which ranks highest of them for this customer"
    scores, positions = one.scores()[0], one.fitted.catalogue.frame["position"].to_numpy()
    known = [row for row in meant.rows if positions[row] >= 0]
    ranked = [row for row in known if np.isfinite(scores[positions[row]])]
    if ranked:
        best = max(ranked, key=lambda row: (float(scores[positions[row]]), -row))
        return best, "which ranks highest of them for this customer"
    return (known or list(meant.rows))[0], "none of them can be on this customer's list"


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
