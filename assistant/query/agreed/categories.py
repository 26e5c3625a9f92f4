"""Categories in use where the data have none: a taxonomy that a person accepted, and people's edits of it.

Stored as entries of kind ``category`` beside definitions and saved segments: one for the taxonomy as it was accepted
(key ``taxonomy``), one for each edit. Edits name groups and products by key, never by name, so they hold after a refit
and after a new load. Where later products were put is kept apart (kind ``sorted``).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from assistant.errors import UnknownName
from assistant.query.agreed.names import name_key
from assistant.query.agreed.store import Entry
from assistant.results import DefinitionUsed

#: the entry that holds the taxonomy itself
TAXONOMY = "taxonomy"
#: key of the group of what fits nowhere
OTHER = "other"
ORIGIN = "proposed from product names, not from your data"
#: names offered where one is not known
OFFERED = 5

EditKind = Literal["rename", "merge", "move", "rule", "add"]


@dataclass(frozen=True)
class Group:
    """One group: ``parent`` is None for a top group. ``words`` are its distinguishing words, most telling first."""

    key: str
    name: str
    parent: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edit:
    """One edit as it is in force."""

    kind: EditKind
    body: Mapping[str, Any]
    author: str
    at: datetime


@dataclass(frozen=True)
class Categories:
    """The categories in use.

    Attributes:
        groups: key → group after all edits, parents first.
        of_product: product id → key of its lowest group, from the taxonomy, later sorting and moves; rules of words
            are put in by :meth:`with_names`.
        rules: words (all of them, in a product's name) → group key, oldest first.
        pinned: products that a person moved.
        merged: key of a group that is gone → the one it went into.
        version: of the taxonomy; ``quality`` as it was published with the proposal.
    """

    groups: Mapping[str, Group]
    of_product: Mapping[str, str]
    rules: tuple[tuple[tuple[str, ...], str], ...]
    pinned: frozenset[str]
    merged: Mapping[str, str]
    author: str
    decided_on: date
    version: int
    quality: Mapping[str, float]
    edits: tuple[Edit, ...] = ()

    def with_names(self, names: Mapping[str, str]) -> Categories:
        """The same with rules applied to product names (id → name); a product somebody moved stays where it is."""
        if not self.rules:
            return self
        found = dict(self.of_product)
        for product, name in names.items():
            if product not in self.pinned:
                words = frozenset(name_words(name))
                for wanted, key in self.rules:
                    if words.issuperset(wanted):
                        found[product] = key
        return replace(self, of_product=found)

    def rows(self) -> list[tuple[str | None, ...]]:
        """Product id, name of the top group, name of the subgroup (None where there is none)."""
        found: list[tuple[str | None, ...]] = []
        for product, key in sorted(self.of_product.items()):
            group = self.groups.get(key)
            if group is None:
                continue
            above = None if group.parent is None else self.groups[group.parent]
            found.append((product, group.name if above is None else above.name, None if above is None else group.name))
        return found

    @property
    def fingerprint(self) -> str:
        """Changes with any row."""
        digest = hashlib.sha256()
        for row in self.rows():
            digest.update(repr(row).encode())
        return digest.hexdigest()[:12]

    @property
    def tops(self) -> list[Group]:
        return [g for g in self.groups.values() if g.parent is None]

    def below(self, key: str) -> list[Group]:
        """Subgroups of a top group."""
        return [g for g in self.groups.values() if g.parent == key]

    def members(self) -> dict[str, list[str]]:
        """Group key (both levels) → product ids."""
        found: dict[str, list[str]] = {key: [] for key in self.groups}
        for product, key in sorted(self.of_product.items()):
            if key in found:
                found[key].append(product)
                above = self.groups[key].parent
                if above is not None:
                    found[above].append(product)
        return found

    def find(self, name: str) -> Group:
        """The group of that name: top groups first, then subgroups; numbers, "&" and "and" count alike.

        Raises:
            UnknownName: there is none; names the nearest.
        """
        wanted = loose(name)
        ranked = sorted(self.groups.values(), key=lambda g: g.parent is not None)
        for group in ranked:
            if loose(group.name) == wanted:
                return group
        parts = [g for g in ranked if wanted and wanted in {loose(p) for p in re.split(r",| & ", g.name)}]
        if len([g for g in parts if g.parent is None]) == 1 or len(parts) == 1:
            return parts[0]
        raise UnknownName(f"There is no category called “{name}”", received=name, valid=self.nearest(name))

    def nearest(self, name: str) -> list[str]:
        """Names of groups, most alike first."""
        from rapidfuzz import fuzz, process

        names = [g.name for g in self.groups.values()]
        ranked = process.extract(loose(name), names, scorer=fuzz.WRatio, processor=loose, limit=OFFERED)
        return [n for n, _, _ in ranked]

    def used(self) -> DefinitionUsed:
        """As a citation."""
        return DefinitionUsed(term="categories", meaning=f"agreed categories, {ORIGIN}", author=self.author,
                              decided_on=self.decided_on, assumed=False)


def loose(text: str) -> str:
    """A name for comparing: no case, accents, marks or plural s; "and" counts as "&"."""
    return " ".join(w for w in name_words(text) if w != "and")


def name_words(text: str) -> list[str]:
    """Words of a name without case, accents and plural s."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("'", "").replace("’", "")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", plain)
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in words]


def categories_of(entries: Sequence[Entry]) -> Categories | None:
    """The categories in use from the current entries of the store; None where none were accepted."""
    base = next((e for e in entries if e.kind == "category" and e.key == name_key(TAXONOMY)), None)
    if base is None or base.body is None:
        return None
    body = base.body
    groups = {g["key"]: Group(g["key"], g["name"], g.get("parent"), tuple(g.get("words", ()))) for g in body["groups"]}
    of_product: dict[str, str] = dict(body["products"])
    for entry in entries:
        if entry.kind == "sorted" and entry.body is not None:
            of_product |= {p: k for p, k in entry.body["products"].items() if p not in of_product}
    signed = [e for e in entries if e.kind == "category" and e.key != base.key and e.body]
    edits = sorted(signed, key=lambda e: e.change)
    made = tuple(Edit((e.body or {})["edit"], e.body or {}, e.author, e.at) for e in edits)
    merged = _edited(groups, made)
    moves = {str(e.body["product"]): str(e.body["group"]) for e in made if e.kind == "move"}
    rules = tuple((tuple(e.body["words"]), _final(str(e.body["group"]), merged)) for e in made if e.kind == "rule")
    placed = {p: _final(k, merged) for p, k in (of_product | moves).items()}
    held = {p: k if k in groups else OTHER for p, k in placed.items() if k in groups or OTHER in groups}
    return Categories(
        _in_order(groups), held, tuple(r for r in rules if r[1] in groups), frozenset(moves), merged, base.author,
        base.day, base.version, dict(body.get("quality", {})), made,
    )


def _edited(groups: dict[str, Group], edits: Sequence[Edit]) -> dict[str, str]:
    """Names, new groups and mergers put into ``groups``; returns which group went where."""
    merged: dict[str, str] = {}
    for edit in edits:
        key = str(edit.body.get("group"))
        if edit.kind == "add":
            groups[key] = Group(key, str(edit.body["name"]), edit.body.get("parent"))
        elif edit.kind == "rename" and key in groups:
            groups[key] = replace(groups[key], name=str(edit.body["name"]))
        elif edit.kind == "merge":
            into = _final(str(edit.body["into"]), merged)
            if key in groups and into in groups and into != key:
                merged[key] = into
                for below in [g for g in groups.values() if g.parent == key]:
                    groups[below.key] = replace(below, parent=into)
                del groups[key]
    for key in [k for k, g in groups.items() if g.parent is not None and g.parent not in groups]:
        groups[key] = replace(groups[key], parent=None)
    _made_different(groups)
    return merged


def _final(key: str, merged: Mapping[str, str]) -> str:
    seen: set[str] = set()
    while key in merged and key not in seen:
        seen.add(key)
        key = merged[key]
    return key


def _made_different(groups: dict[str, Group]) -> None:
    """Two groups never share a name, even where two people chose it at once: the later one gets a number."""
    used: set[str] = set()
    for key, group in groups.items():
        name, turn = group.name, 2
        while loose(name) in used:
            name, turn = f"{group.name} {turn}", turn + 1
        used.add(loose(name))
        if name != group.name:
            groups[key] = replace(group, name=name)


def _in_order(groups: Mapping[str, Group]) -> dict[str, Group]:
    """Top groups in their order, each followed by its subgroups."""
    found: dict[str, Group] = {}
    for top in (g for g in groups.values() if g.parent is None):
        found[top.key] = top
        found |= {g.key: g for g in groups.values() if g.parent == top.key}
    return found


__all__ = ["ORIGIN", "OTHER", "TAXONOMY", "Categories", "Edit", "EditKind", "Group", "categories_of", "loose",
           "name_words"]
