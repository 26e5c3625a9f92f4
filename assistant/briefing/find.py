"""All findings on a shop, searched once and kept; a question only chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.briefing.assortment import assortment
from assistant.briefing.concentration import concentration
from assistant.briefing.customers import customers
from assistant.briefing.data_problems import data_problems
from assistant.briefing.finding import Finding
from assistant.briefing.moves import moves
from assistant.briefing.overall import overall
from assistant.briefing.scene import Scene
from assistant.briefing.windows import windows
from assistant.data.warehouse import Snapshot
from assistant.plans.filters import Filter
from assistant.plans.periods import Period
from assistant.query.compile import QueryOptions, Scope
from assistant.query.entities import check_values
from assistant.results import Result


@dataclass(frozen=True)
class Found:
    """The scene and everything found in it."""

    scene: Scene
    findings: tuple[Finding, ...]


def find(
    snapshot: Snapshot,
    *,
    period: Period | None,
    condition: Filter | None,
    options: QueryOptions,
    churn: Callable[[], Result],
) -> Found:
    """Search for findings of every kind.

    Args:
        churn: the result of the churn model; called only where its finding can be shown.

    Raises:
        NoRows: the period, or the one before it, lies outside the data. UnknownName, MissingData: as for a query.
    """
    scope = Scope(snapshot, options)
    check_values(snapshot, condition)
    scene = Scene(scope, condition, windows(scope, period))
    findings = (
        *overall(scene), *moves(scene), *assortment(scene), *customers(scene, churn), *concentration(scene),
        *data_problems(scene),
    )
    return Found(scene, findings)
