"""Findings by family, each searched once for a snapshot and kept; a question only chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.briefing import assortment, concentration, customers, data_problems, overall
from assistant.briefing.days import odd_days
from assistant.briefing.finding import Finding
from assistant.briefing.moves import MOVED, moves
from assistant.briefing.scene import Scene
from assistant.briefing.windows import windows
from assistant.data.warehouse import Snapshot
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.query.compile import QueryOptions, Scope, check
from assistant.query.entities import check_values
from assistant.results import Result

#: the churn model's result on the data at hand
Churn = Callable[[], Result]


@dataclass(frozen=True)
class Family:
    """Findings that one search yields. ``codes``: all that it may yield."""

    codes: tuple[str, ...]
    search: Callable[[Scene, Churn], list[Finding]]


def _moves_of(by: str) -> Family:
    return Family((f"{by}_risen", f"{by}_fallen"), lambda scene, churn: moves(scene, by))


def _one(search: Callable[[Scene], Finding | None]) -> Callable[[Scene, Churn], list[Finding]]:
    def searched(scene: Scene, churn: Churn) -> list[Finding]:
        found = search(scene)
        return [] if found is None else [found]

    return searched


FAMILIES: dict[str, Family] = {
    "measures": Family(("measures",), lambda scene, churn: overall.overall(scene)),
    "days": Family(("odd_days",), _one(odd_days)),
    **{f"moves_{by}": _moves_of(by) for by in MOVED},
    "best_sellers": Family(("best_sellers",), _one(assortment.best_sellers)),
    "returned": Family(("often_returned",), _one(assortment.often_returned)),
    "losses": Family(("sold_at_a_loss",), _one(assortment.sold_at_a_loss)),
    "stock": Family(("sold_out", "running_out"), lambda scene, churn: assortment.short_of_stock(scene)),
    "idle": Family(("idle_stock",), _one(assortment.idle_stock)),
    "leaving": Family(("customers_leaving",), customers.leaving),
    "best_customers": Family(("best_customers",), _one(customers.best_customers)),
    "newcomers": Family(("one_order_so_far",), _one(customers.new_customers)),
    "campaigns": Family(("campaign_effect",), _one(customers.campaign_effect)),
    "half": Family(
        ("half_of_revenue_customer", "half_of_revenue_product", "large_customer"),
        lambda scene, churn: concentration.concentrated(scene),
    ),
    "splits": Family(
        ("revenue_by_category", "revenue_by_country", "revenue_by_channel"),
        lambda scene, churn: concentration.splits(scene),
    ),
    "guests": Family(("sales_without_customer",), _one(data_problems.guests)),
    "left_out": Family(("rows_left_out",), _one(data_problems.left_out)),
}


def scene_of(
    snapshot: Snapshot,
    period: Period | None,
    condition: Filter | None,
    options: QueryOptions,
    about: str | None = None,
) -> Scene:
    """What a search is given.

    Raises:
        NoRows: the period, or the one before it, lies outside the data. UnknownName, MissingData: as for a query.
    """
    scope = Scope(snapshot, options)
    check(scope, ("revenue",), () if about is None else (about,), condition)
    check_values(snapshot, condition)
    return Scene(scope, condition, windows(scope, period))


def families_with(codes: set[str]) -> list[str]:
    """The families that can yield one of these findings."""
    return [name for name, family in FAMILIES.items() if codes & set(family.codes)]
