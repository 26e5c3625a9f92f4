"""Where categories come from, said on every answer that uses them, and offered where an answer lacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import StorageError
from assistant.models.taxonomy.report import used_caveat
from assistant.results import Refusal, Result
from assistant.results.category_use import lacks_categories, uses_categories

if TYPE_CHECKING:
    from assistant.models.taxonomy.desk import CategoryDesk

OFFER = "Propose categories"


def cite(desk: CategoryDesk, result: Result) -> None:
    """Add the caveat and the definition to an answer that uses agreed categories."""
    if any(c.code.startswith("categories_") for c in result.caveats) or not uses_categories(result):
        return
    try:
        current = desk.in_force() if desk.columns(desk.snapshot) is not None else None
    except StorageError:
        return  # the categories were not shown either
    if current is not None:
        result.caveats.append(used_caveat(current))
        result.evidence.definitions.append(current.used())


def offer(desk: CategoryDesk, refusal: Refusal) -> None:
    """Name the next step where an answer lacks categories: they can be proposed from the names."""
    if not lacks_categories(refusal):
        return
    try:
        if desk.in_force() is not None or not desk.snapshot.has("products", "product_id", "name"):
            return
    except StorageError as error:
        refusal.message += f" {error.message}, so agreed categories cannot be used."
        return
    refusal.message += " I can propose categories from the product names: say “propose categories”."
    refusal.nearest = list(dict.fromkeys([OFFER, *refusal.nearest]))
