"""Requests about categories in words; ``words`` would word filters, of which they have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.plans.categories import AdoptCategories, ChangeCategories, ProposeCategories, ShowCategories


def _propose(request: ProposeCategories, words: Any) -> str:
    return "propose categories from the product names" + (", grouped anew" if request.fresh else "")


def _adopt(request: AdoptCategories, words: Any) -> str:
    if request.action == "stop":
        return "stop using the agreed categories"
    return "use the proposed categories" + (", grouped anew" if request.fresh else "")


def _show(request: ShowCategories, words: Any) -> str:
    return f"the products of the category “{request.category}”" if request.category else "the categories in use"


def _change(request: ChangeCategories, words: Any) -> str:
    ids = ", ".join(request.product_ids)
    what = f"the products {ids}" if ids else f"products called “{request.words}”"
    match request.action:
        case "rename":
            return f"rename the category “{request.category}” to “{request.new_name}”"
        case "merge":
            return f"merge the category “{request.category}” into “{request.into}”"
        case "move":
            return f"move {what} to the category “{request.into}”"
        case "rule":
            return f"put {what}, now and later, into the category “{request.into}”"
    return f"add the category “{request.new_name}”" + (f" with {what}" if request.words or request.product_ids else "")


WORDERS: dict[type, Callable[[Any, Any], str]] = {
    ProposeCategories: _propose,
    AdoptCategories: _adopt,
    ShowCategories: _show,
    ChangeCategories: _change,
}
