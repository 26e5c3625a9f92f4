"""Requests about categories of products where the data have none: propose, accept, show, change."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from assistant.plans.base import PlanModel

#: the longest name that a model may send
LONGEST_SENT = 2_000


class ProposeCategories(PlanModel):
    """Propose a two-level taxonomy from the product names; nothing is changed.

    Where categories are in use, says what a refit would move; ``fresh``: grouped anew instead of from those in use.
    """

    kind: Literal["propose_categories"] = "propose_categories"
    fresh: bool = False


class AdoptCategories(PlanModel):
    """Take the proposed categories into use (``use``), or stop using them (``stop``). Can be undone."""

    kind: Literal["adopt_categories"] = "adopt_categories"
    action: Literal["use", "stop"] = "use"
    fresh: bool = Field(default=False, description="the proposal grouped anew, not the refit of the categories in use")


class ShowCategories(PlanModel):
    """The categories in use with sizes and sales, or the products of one ``category`` or subcategory."""

    kind: Literal["show_categories"] = "show_categories"
    category: str | None = Field(default=None, max_length=LONGEST_SENT)
    limit: int = Field(default=20, ge=1, le=1_000)


class ChangeCategories(PlanModel):
    """Change the categories in use; every change can be undone and survives refits and new data.

    ``rename`` a category to ``new_name``; ``merge`` a category ``into`` another; ``move`` products (by ``product_ids``,
    or all whose name holds the ``words``) into one; ``rule``: products whose name holds the ``words`` belong into it,
    also later ones; ``add``: a new category ``new_name``, with the products of ``words`` if given.
    """

    kind: Literal["change_categories"] = "change_categories"
    action: Literal["rename", "merge", "move", "rule", "add"]
    category: str | None = Field(default=None, max_length=LONGEST_SENT, description="the category to rename or merge")
    new_name: str | None = Field(default=None, max_length=LONGEST_SENT)
    into: str | None = Field(default=None, max_length=LONGEST_SENT, description="the category that products go to")
    product_ids: tuple[str, ...] = Field(default=(), max_length=1_000)
    words: str | None = Field(default=None, max_length=LONGEST_SENT)

    @model_validator(mode="after")
    def _complete(self) -> ChangeCategories:
        needed = {"rename": ("category", "new_name"), "merge": ("category", "into"), "move": ("into",),
                  "rule": ("into", "words"), "add": ("new_name",)}[self.action]
        absent = [name for name in needed if not getattr(self, name)]
        if absent:
            raise ValueError(f"{self.action} needs {' and '.join(absent)}")
        if self.action == "move" and not self.product_ids and not self.words:
            raise ValueError("move needs product_ids or words")
        return self
