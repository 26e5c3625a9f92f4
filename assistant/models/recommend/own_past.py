"""What a customer buys next, repeats counted: the models that answer, and what the customer's own past says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from assistant.errors import NoRows
from assistant.features.interactions import EPOCH
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask
from assistant.models.registry import RECOMMENDERS
from assistant.plans import RecommendRequest
from assistant.results import Caveat, Column, DefinitionUsed, Figure, Result, Source

#: Days of purchase from which a usual time between them is told.
_TOLD_FROM = 3
#: A customer silent for longer, and for twice their usual time between orders, may have left.
_SILENT_DAYS = 90

_DEFINITIONS = [
    DefinitionUsed(term="usual days between", meaning="the median of the days between this customer's orders of the "
                                                      "product, told from three days of purchase on"),
    DefinitionUsed(term="due", meaning="as many days as usual, or more, have passed since they last ordered it"),
]


def fitted_for(fitted: FittedRecommender, request: RecommendRequest) -> FittedRecommender:
    """The view whose models were chosen for the question: ``next`` also where only such a model is named."""
    entries = [e for e in RECOMMENDERS.values() if e.family == request.method]
    named = bool(entries) and all("new" not in e.purposes for e in entries)
    return fitted.for_purpose("next") if named or request.purpose != "new" else fitted


def add_own_past(
    result: Result, fitted: FittedRecommender, request: RecommendRequest, position: int, filters: ProductFilters
) -> None:
    """Add to table ``products`` how often and when the customer bought each; nothing for a list of new products.

    Args:
        position: row of the customer in the fitted data, -1 without purchases. filters: those of the list.

    Raises:
        NoRows: orders are to be repeated and there are none.
    """
    if fitted.choice.purpose != "next":
        return
    owned = fitted.interactions.matrix[[position]].nnz if position >= 0 else 0
    if not owned and request.purpose == "reorder":
        raise NoRows(f"Customer {request.customer_id} has not bought anything yet, so there is nothing to order again",
                     received=request.customer_id)
    result.words["purpose"] = "reorder" if request.purpose == "reorder" else "next"
    table = result.table("products")
    places = fitted.interactions.item_positions([str(row[0]) for row in table.rows])
    past = _past(fitted, position, places)
    table.columns += [
        Column(name="times_bought", label="Their orders with it", unit="count"),
        Column(name="last_bought", label="They last bought it", unit="date"),
        Column(name="days_since", label="Days since", unit="days"),
        Column(name="usual_days", label="Usual days between", unit="days"), Column(name="due", label="Due"),
    ]
    for row, own in zip(table.rows, past, strict=True):
        row.extend(own)
    due = sum(own[-1] == "yes" for own in past)
    counted = Source(table="products", origin="derived", derivation="number of rows")
    result.figures["due"] = Figure(value=due, unit="count", label="Products due", source=counted)
    result.figures["repeats"] = Figure(value=sum(own[0] is not None for own in past), unit="count",
                                       label="Products bought before", source=counted)
    result.evidence.definitions += _DEFINITIONS
    result.evidence.assumptions.append("Repeat purchases count: products bought before are not left out.")
    if owned:
        _say_if_silent(result, fitted, position)
    if request.purpose == "reorder":
        _only_own(result, fitted, position, filters)


def _past(fitted: FittedRecommender, position: int, places: np.ndarray) -> list[list[Any]]:
    """Per product: orders with it, last day, days since, usual days between, due (yes or no); None where unknown."""
    if position < 0:
        return [[None] * 5 for _ in places]
    history = fitted.interactions.history.take(np.array([position]))
    owner = np.repeat(np.arange(history.n_orders), np.diff(history.lines.indptr))
    rows: list[list[Any]] = []
    for place in places:
        days = np.sort(history.days[owner[history.lines.indices == place]])
        if len(days) == 0:
            rows.append([None] * 5)
            continue
        since, distinct = int(fitted.catalogue.today - days[-1]), np.unique(days)
        usual = round(float(np.median(np.diff(distinct)))) if len(distinct) >= _TOLD_FROM else None
        due = None if usual is None else "yes" if since >= usual else "no"
        rows.append([len(days), (EPOCH + timedelta(days=int(days[-1]))).isoformat(), since, usual, due])
    return rows


def _say_if_silent(result: Result, fitted: FittedRecommender, position: int) -> None:
    """A caveat where the customer has been silent for over a quarter and twice as long as usual."""
    days = np.unique(fitted.interactions.history.take(np.array([position])).days)
    since = int(fitted.catalogue.today - days[-1])
    usual = float(np.median(np.diff(days))) if len(days) >= _TOLD_FROM else 0.0
    if since > max(_SILENT_DAYS, 2 * usual):
        origin = Source(origin="evidence")
        result.caveats.append(Caveat(code="silent_customer", figures={
            "days": Figure(value=since, unit="days", label="Days since the last order", source=origin),
            "last": Figure(value=(EPOCH + timedelta(days=int(days[-1]))).isoformat(), unit="date",
                           label="Last order", source=origin)}))


def _only_own(result: Result, fitted: FittedRecommender, position: int, filters: ProductFilters) -> None:
    """Say in table ``left_out`` that products this customer never bought are left out."""
    table = result.table("left_out")
    own = fitted.interactions.matrix[[position]].indices
    left = int(candidate_mask(fitted, filters)[own].sum())
    table.rows[-1:] = [["never bought by this customer", table.rows[-1][1] - left], ["left to choose from", left]]
    table.total_rows = len(table.rows)
