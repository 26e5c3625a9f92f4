"""A proposed two-level taxonomy: which product belongs where, the groups' names, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.errors import NoRows
from assistant.models.taxonomy.cluster import Clusters, Trial, two_levels, unit
from assistant.models.taxonomy.naming import name_of, told_apart
from assistant.models.taxonomy.words import Names, take_apart, word_lists
from assistant.query.agreed.categories import OTHER, Group

#: how much the head word of a name adds to the whole name: to tell themes, and to tell kinds within a theme
THEME_WEIGHT, KIND_WEIGHT = 0.1, 0.25
#: fewer named products than this are not grouped
FEWEST = 8

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts → unit vectors [n, d]."""


@dataclass
class Proposal:
    """A taxonomy that a model proposes.

    Attributes:
        groups: key → group, parents before their children.
        of_product: product id → key of its (lowest) group.
        quality: ``silhouette``, ``sub_silhouette`` (−1 to 1), ``mean_jaccard``, ``worst_jaccard`` (0–1),
            ``other_share`` (0–1, of products).
        jaccard: key of a top group → its stability (0–1).
        trials: the numbers of top groups tried.
        moved: product ids that a refit would move; empty for a first proposal.
        compared: products that were in a group before the refit and are in one now.
    """

    groups: dict[str, Group]
    of_product: dict[str, str]
    quality: dict[str, float]
    jaccard: dict[str, float] = field(default_factory=dict)
    trials: Sequence[Trial] = ()
    moved: tuple[str, ...] = ()
    compared: int = 0

    def top(self, key: str) -> Group:
        """The top group of a group."""
        group = self.groups[key]
        return group if group.parent is None else self.groups[group.parent]

    def members(self) -> dict[str, list[str]]:
        """Group key (both levels) → product ids."""
        found: dict[str, list[str]] = {key: [] for key in self.groups}
        for product, key in self.of_product.items():
            found[key].append(product)
            if self.groups[key].parent is not None:
                found[self.top(key).key].append(product)
        return found


@dataclass(frozen=True)
class Seen:
    """Product names as the model sees them: ``themes`` and ``kinds`` are unit vectors [n, d]; ``named`` [n] is false
    where a name has no letters."""

    ids: tuple[str, ...]
    names: Names
    themes: np.ndarray
    kinds: np.ndarray
    named: np.ndarray


def see(products: Mapping[str, str], embed: Embed, language: str = "en") -> Seen:
    """Take names apart and embed them.

    Args:
        products: id → name.
        embed: texts → unit vectors; each different text is embedded once.

    Raises:
        NoRows: too few products have names that differ.
    """
    ids = tuple(sorted(products))
    names = take_apart([products[i] for i in ids], language)
    texts = sorted({*names.cleaned, *names.heads} - {""})
    if len(ids) < FEWEST or len(set(names.cleaned) - {""}) < 2:
        raise NoRows(
            f"Categories can be proposed for at least {FEWEST} products with different names; the data hold "
            f"{len(set(names.cleaned) - {''})} different product names in words", received=len(ids),
        )
    vectors = dict(zip(texts, embed(texts), strict=True))
    empty = np.zeros_like(vectors[texts[0]])
    whole = np.stack([vectors.get(t, empty) for t in names.cleaned])
    heads = np.stack([vectors.get(t, empty) for t in names.heads])
    named = np.array([bool(t) for t in names.cleaned])
    return Seen(ids, names, unit(whole + THEME_WEIGHT * heads), unit(whole + KIND_WEIGHT * heads), named)


def propose(seen: Seen, seed: int = 0, language: str = "en") -> Proposal:
    """A taxonomy of products from their names.

    Top groups by k-means on embeddings of names without colours and sizes, their number by silhouette and bootstrap
    stability; subgroups of each by kind. A product whose name has no letters or lies between groups goes to "Other".
    """
    rows = np.flatnonzero(seen.named)
    found = two_levels(seen.themes[rows], seen.kinds[rows], seed)
    top = np.full(len(seen.ids), -1)
    sub = np.full(len(seen.ids), -1)
    top[rows], sub[rows] = found.top, found.sub
    order = sorted(range(int(found.top.max()) + 1), key=lambda g: -int((top == g).sum()))
    keys = {g: f"g{i + 1}" for i, g in enumerate(g for g in order if (top == g).any())}
    of_product = {p: f"{keys[top[i]]}.{sub[i] + 1}" if top[i] >= 0 else OTHER for i, p in enumerate(seen.ids)}
    groups = named_groups(seen, of_product, {}, language)
    jaccard = {keys[g]: j for g, j in found.jaccard.items() if g in keys}
    return Proposal(groups, of_product, _quality(found, jaccard, top), jaccard, found.trials)


def _quality(found: Clusters, jaccard: Mapping[str, float], top: np.ndarray) -> dict[str, float]:
    return {
        "silhouette": found.silhouette, "sub_silhouette": found.sub_silhouette,
        "mean_jaccard": float(np.mean(list(jaccard.values()))) if jaccard else 1.0,
        "worst_jaccard": min(jaccard.values(), default=1.0), "other_share": float((top < 0).mean()),
    }


def named_groups(
    seen: Seen, of_product: Mapping[str, str], kept: Mapping[str, Group], language: str = "en",
    parents: Mapping[str, str | None] | None = None,
) -> dict[str, Group]:
    """Groups of an assignment, parents first, with a name each.

    Args:
        of_product: product id → key of its lowest group.
        kept: groups whose names stay as they are.
        parents: group key → key of the group above it; by default what stands before the dot in the key.
    """
    lists = word_lists(language)
    row = {p: i for i, p in enumerate(seen.ids)}
    above = parents or {k: k.split(".")[0] if "." in k else None for k in of_product.values()}
    inside: dict[str, list[tuple[str, ...]]] = {}
    for product, key in of_product.items():
        for level in (key, above.get(key)):
            if level is not None and key != OTHER:
                inside.setdefault(level, []).append(seen.names.words[row[product]])
    tops = sorted((k for k in inside if above.get(k) is None), key=_order)
    taken = [*(g.name for g in kept.values()), lists.other]
    groups: dict[str, Group] = {}
    levels: list[tuple[str | None, list[str], int]] = [(None, tops, 3)]
    levels += [(top, sorted((k for k in inside if above.get(k) == top), key=_order), 2) for top in tops]
    for parent, keys, most in levels:
        new = [k for k in keys if k not in kept]
        names = told_apart([inside[k] for k in new], seen.names, lists, taken, most)
        taken += names
        for key, name in zip(new, names, strict=True):
            groups[key] = Group(key, name, parent, tuple(name_of(inside[key], seen.names, lists)[1]))
        groups |= {k: kept[k] for k in keys if k in kept}
    ordered = {k: groups[k] for top in tops for k in (top, *(k for k in groups if above.get(k) == top))}
    if OTHER in of_product.values():
        ordered[OTHER] = kept.get(OTHER) or Group(OTHER, lists.other)
    return ordered


def _order(key: str) -> tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in key.split("."))

