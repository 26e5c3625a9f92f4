"""People's edits of categories in use: rename, merge, move, rule, add. Each is one change that can be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPlan, UnknownName
from assistant.models.taxonomy.report import evidence_of, figure_of, used_caveat
from assistant.plans.categories import ChangeCategories
from assistant.query.agreed.categories import OTHER, TAXONOMY, Categories, Group, loose, name_words
from assistant.query.agreed.names import checked_name
from assistant.results import Column, Result, Table

if TYPE_CHECKING:
    from assistant.models.taxonomy.desk import CategoryDesk

#: products shown of those that an edit moved
SHOWN = 20
Written = tuple[str, str, dict[str, Any] | None]


def change(desk: CategoryDesk, request: ChangeCategories, current: Categories) -> Result:
    """Make one edit and say what it did.

    Returns:
        kind ``category_edited``. Table ``moved`` (product_id, name, was, is; at most twenty rows). Figures ``moved``,
        ``products`` (of the category afterwards). Words ``action``, ``category``, ``into``, ``new_name``.

    Raises:
        UnknownName: no such category or product, with the nearest. InvalidPlan: a name that is taken or cannot be one,
            a category merged into itself, subcategories of different levels.
    """
    maker = {"rename": _rename, "merge": _merge, "move": _move, "rule": _rule, "add": _add}[request.action]
    entries, words = maker(desk, request, current)
    desk.store.write(words["said"], desk.author, [("category", name, body) for _, name, body in entries],
                     present=[("category", TAXONOMY)])
    desk.forget_read()
    now = desk.in_force()
    assert now is not None
    return _result(desk, request, current, now, words)


def _rename(desk: CategoryDesk, request: ChangeCategories, current: Categories) -> tuple[list[Written], dict[str, str]]:
    group = current.find(str(request.category))
    name = _free_name(current, str(request.new_name), group.key)
    said = f"“{group.name}” renamed to “{name}”"
    body = {"edit": "rename", "group": group.key, "name": name, "words": said}
    return [("category", f"group {group.key} name", body)], {
        "said": said, "category": group.name, "new_name": name, "key": group.key}


def _merge(desk: CategoryDesk, request: ChangeCategories, current: Categories) -> tuple[list[Written], dict[str, str]]:
    group, into = current.find(str(request.category)), current.find(str(request.into))
    if group.key == into.key:
        raise InvalidPlan(f"“{group.name}” cannot be merged into itself", received=request.into)
    if (group.parent is None) != (into.parent is None):
        raise InvalidPlan("A category can be merged into a category, and a subcategory into a subcategory",
                          received=f"{group.name}, {into.name}")
    said = f"“{group.name}” merged into “{into.name}”"
    body = {"edit": "merge", "group": group.key, "into": into.key, "words": said}
    return [("category", f"group {group.key} merged", body)], {
        "said": said, "category": group.name, "into": into.name, "key": into.key}


def _move(desk: CategoryDesk, request: ChangeCategories, current: Categories) -> tuple[list[Written], dict[str, str]]:
    into = current.find(str(request.into))
    products = _products(desk, request)
    names = desk.products(desk.snapshot)
    entries: list[Written] = []
    for product in products:
        said = f"{names[product]} moved to “{into.name}”"
        body = {"edit": "move", "product": product, "group": into.key, "words": said}
        entries.append(("category", f"product {_mark(product)}", body))
    what = names[products[0]] if len(products) == 1 else f"{len(products)} products"
    return entries, {"said": f"{what} moved to “{into.name}”", "into": into.name, "key": into.key}


def _rule(desk: CategoryDesk, request: ChangeCategories, current: Categories) -> tuple[list[Written], dict[str, str]]:
    into = current.find(str(request.into))
    words = _words(desk, str(request.words))
    said = f"products with “{' '.join(words)}” in their name belong to “{into.name}”"
    body = {"edit": "rule", "words": words, "group": into.key, "said": said}
    return [("category", f"rule {' '.join(words)}", body)], {
        "said": said, "into": into.name, "key": into.key, "rule": " ".join(words)}


def _add(desk: CategoryDesk, request: ChangeCategories, current: Categories) -> tuple[list[Written], dict[str, str]]:
    name = _free_name(current, str(request.new_name), None)
    parent = current.find(str(request.into)) if request.into else None
    if parent is not None and parent.parent is not None:
        raise InvalidPlan("A subcategory cannot hold categories of its own", received=request.into)
    key = f"p{hashlib.sha256(loose(name).encode()).hexdigest()[:10]}"
    said = f"category “{name}” added"
    body = {"edit": "add", "group": key, "name": name, "parent": parent.key if parent else None, "words": said}
    entries: list[Written] = [("category", f"group {key} added", body)]
    words = {"said": said, "new_name": name, "key": key}
    if request.words:
        wanted = _words(desk, request.words)
        rule = f"products with “{' '.join(wanted)}” in their name belong to “{name}”"
        entries.append(("category", f"rule {' '.join(wanted)}",
                        {"edit": "rule", "words": wanted, "group": key, "said": rule}))
        words["rule"] = " ".join(wanted)
    for product in request.product_ids:
        entries.append(("category", f"product {_mark(product)}",
                        {"edit": "move", "product": product, "group": key, "words": f"{product} moved to “{name}”"}))
    return entries, words


def _free_name(current: Categories, wanted: str, key: str | None) -> str:
    name = checked_name(wanted, "a category")
    for group in current.groups.values():
        if group.key != key and loose(group.name) == loose(name):
            raise InvalidPlan(f"There is a category called “{group.name}” already; to join them, say so",
                              received=wanted, hint=f"Say: merge one into “{group.name}”.")
    return name


def _mark(product: str) -> str:
    """A product id as part of an entry's name, where capitals must count."""
    return hashlib.sha256(product.encode()).hexdigest()[:16]


def _words(desk: CategoryDesk, said: str) -> list[str]:
    words = list(dict.fromkeys(name_words(said)))
    if not words or not _holding(desk, words):
        raise UnknownName("No product name holds these words", received=said, valid=_near(desk, said))
    return words


def _holding(desk: CategoryDesk, words: Sequence[str]) -> list[str]:
    wanted = set(words)
    return [p for p, name in sorted(desk.products(desk.snapshot).items()) if wanted <= set(name_words(name))]


def _products(desk: CategoryDesk, request: ChangeCategories) -> list[str]:
    known = desk.products(desk.snapshot)
    if request.product_ids:
        absent = [p for p in request.product_ids if p not in known]
        if absent:
            raise UnknownName("There is no such product", received=absent[0], valid=_near(desk, absent[0]))
        return list(dict.fromkeys(request.product_ids))
    found = _holding(desk, name_words(str(request.words)))
    if not found:
        raise UnknownName("No product is called so", received=request.words, valid=_near(desk, str(request.words)))
    return found


def _near(desk: CategoryDesk, said: str) -> list[str]:
    from rapidfuzz import fuzz, process

    names = sorted(set(desk.products(desk.snapshot).values()))
    return [n for n, _, _ in process.extract(said.casefold(), names, scorer=fuzz.WRatio, processor=str.casefold,
                                             limit=5)]


def _result(
    desk: CategoryDesk, request: ChangeCategories, before: Categories, now: Categories, words: dict[str, str]
) -> Result:
    snapshot = desk.snapshot
    names = desk.products(snapshot)
    changed = [p for p in names if _path(before, p) != _path(now, p)]
    moved = [] if request.action == "rename" else changed
    rows: list[list[Any]] = [[p, names[p], _path(before, p), _path(now, p)] for p in moved[:SHOWN]]
    table = Table(id="moved", title="Products moved", rows=rows, total_rows=len(moved), columns=[
        Column(name="product_id", label="Product", unit="id"), Column(name="name", label="Name"),
        Column(name="was", label="was in"), Column(name="is", label="is in")])
    group = now.groups.get(words.pop("key"), Group(OTHER, ""))
    inside = [p for p in now.members().get(group.key, ()) if p in names]
    figures = {"moved": figure_of(len(moved), "count", "products moved"),
               "products": figure_of(len(inside), "count", "products")}
    return Result(
        kind="category_edited", title="Categories changed", tables=[table], figures=figures, headline=["products"],
        words={"action": request.action, "category": "", "into": "", "new_name": "", "rule": "", **words,
               "now": group.name},
        caveats=[used_caveat(now)], evidence=evidence_of(snapshot, request, None, (), now),
        followups=[f"Show the products of {group.name}", "Show the categories"],
    )


def _path(found: Categories, product: str) -> str | None:
    group = found.groups.get(found.of_product.get(product, ""))
    if group is None:
        return None
    return group.name if group.parent is None else f"{found.groups[group.parent].name} › {group.name}"
