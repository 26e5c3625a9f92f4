"""Keeping groups when the catalogue changes: later products are put into the nearest group, a refit starts from the
groups there are, and a fresh proposal keeps the keys and names of groups it finds again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from assistant.models.taxonomy.cluster import (
    APART_COSINE,
    kmeans,
    nearest,
    one_thread,
    reduced,
    set_apart,
    silhouette,
    unit,
)
from assistant.models.taxonomy.proposal import Proposal, Seen, named_groups
from assistant.query.agreed.categories import OTHER, Categories, Group

#: a product leaves its group only if another one is nearer by this much (cosine)
CLEARLY = 0.05
#: most refits of a new proposal until nothing moves
SETTLING = 12
#: Jaccard from which a group found anew is the same as one there was
SAME = 0.3


def sort_into(
    seen: Seen, current: Mapping[str, str], groups: Mapping[str, Group], fresh: Sequence[str]
) -> dict[str, str]:
    """The nearest existing group of each product of ``fresh``; "Other" where none is near or the name has no letters.

    First the top group by theme, then its subgroup by kind. Products that have a group keep it.
    """
    row = {p: i for i, p in enumerate(seen.ids)}
    top_of = {k: k if g.parent is None else g.parent for k, g in groups.items()}
    known = [p for p in current if p in row and current[p] in groups and current[p] != OTHER]
    tops, centres = _centres(seen.themes, [(row[p], top_of[current[p]]) for p in known])
    found = {}
    if not tops:
        return dict.fromkeys(fresh, OTHER)
    subs: dict[str, tuple[list[str], np.ndarray]] = {}
    for top in tops:
        subs[top] = _centres(seen.kinds, [(row[p], current[p]) for p in known if top_of[current[p]] == top])
    for product in fresh:
        i = row[product]
        cosines = centres @ seen.themes[i]
        best = int(np.argmax(cosines))
        if not seen.named[i] or cosines[best] < APART_COSINE:
            found[product] = OTHER
            continue
        keys, points = subs[tops[best]]
        found[product] = keys[int(np.argmax(points @ seen.kinds[i]))]
    return found


def _centres(points: np.ndarray, members: Sequence[tuple[int, str]]) -> tuple[list[str], np.ndarray]:
    """Keys in order, and the unit centre [k, d] of each group's rows."""
    rows: dict[str, list[int]] = {}
    for i, key in members:
        rows.setdefault(key, []).append(i)
    keys = sorted(rows)
    if not keys:
        return [], np.zeros((0, points.shape[1]))
    return keys, unit(np.stack([points[rows[k]].mean(axis=0) for k in keys]))


def refit(seen: Seen, current: Categories, raw: Mapping[str, Group], seed: int = 0) -> Proposal:
    """The groups there are, fitted to today's catalogue: k-means that begins at their present centres.

    Keys, names and edits stay; only products move. Products that a person moved or a rule places are not moved.

    Args:
        raw: groups with the names they had when the taxonomy was accepted (renames are kept as edits).
    """
    with one_thread():
        return _refit(seen, current, raw, seed)


def _refit(seen: Seen, current: Categories, raw: Mapping[str, Group], seed: int) -> Proposal:
    row = {p: i for i, p in enumerate(seen.ids)}
    placed = set(current.pinned) | _ruled(current)
    held = {p: k for p, k in current.of_product.items() if p in row and p not in placed}
    top_of = {k: k if g.parent is None else g.parent for k, g in current.groups.items()}
    rows = np.array([i for p, i in row.items() if p not in placed and seen.named[i]], dtype=np.int64)
    points, fine = reduced(seen.themes, seed), reduced(seen.kinds, seed)
    tops, centres = _centres(points, [(row[p], top_of[k]) for p, k in held.items() if k != OTHER])
    of_product: dict[str, str] = {p: OTHER for p in row if p not in placed}
    if tops and len(rows) >= len(tops):
        model = kmeans(points[rows], len(tops), seed, init=centres)
        was = np.array([_place(held.get(seen.ids[i]), tops, top_of) for i in rows])
        top = _clearly(points[rows], model.cluster_centers_, was)
        for g, key in enumerate(tops):
            inside = rows[top == g]
            if len(inside):
                of_product |= _subgroups(seen, fine, inside, key, held, current, top_of, seed)
    of_product |= {p: current.of_product[p] for p in placed if p in row and p in current.of_product}
    inhabited = set(of_product.values()) | {top_of[k] for k in of_product.values() if k in top_of}
    groups = {k: raw.get(k) or replace(g) for k, g in current.groups.items() if k in inhabited}
    groups = {k: replace(g, parent=current.groups[k].parent) for k, g in groups.items()}
    if OTHER in of_product.values():
        groups.setdefault(OTHER, raw.get(OTHER) or Group(OTHER, "Other"))
    moved = tuple(sorted(p for p, k in held.items() if of_product.get(p) != k))
    return Proposal(groups, of_product, _quality(seen, points, of_product, top_of, current), moved=moved,
                    compared=len(held))


def settled(seen: Seen, proposal: Proposal, seed: int = 0) -> Proposal:
    """The proposal after refits of itself until nothing moves, so that a refit on the same products moves nothing."""
    for _ in range(SETTLING):
        again = refit(seen, _as_used(proposal), proposal.groups, seed)
        if not again.moved:
            break
        quality = {**proposal.quality, **again.quality}
        proposal = replace(proposal, groups=again.groups, of_product=again.of_product, quality=quality)
    parents = {k: g.parent for k, g in proposal.groups.items()}
    return replace(proposal, groups=named_groups(seen, proposal.of_product, {}, parents=parents))


def _as_used(proposal: Proposal) -> Categories:
    return Categories(proposal.groups, proposal.of_product, (), frozenset(), {}, "", date.min, 0, proposal.quality)


def _subgroups(
    seen: Seen, fine: np.ndarray, inside: np.ndarray, key: str, held: Mapping[str, str], current: Categories,
    top_of: Mapping[str, str], seed: int,
) -> dict[str, str]:
    """Products of one top group put into its subgroups."""
    row = {seen.ids[i]: int(i) for i in inside}
    members = [(i, held[p]) for p, i in row.items() if p in held and top_of.get(held[p]) == key]
    keys, centres = _centres(fine, members)
    if not keys:
        return dict.fromkeys(row, key)
    if len(inside) >= len(keys) > 1:
        centres = kmeans(fine[inside], len(keys), seed, init=centres).cluster_centers_
    place = {k: n for n, k in enumerate(keys)}
    was = np.array([place.get(held.get(p, ""), NEW) for p in row])
    chosen = _clearly(fine[inside], centres, was)
    return {p: keys[chosen[n]] for n, p in enumerate(row)}


#: where a product was before: nowhere yet, or in "Other"
NEW, APART = -2, -1


def _place(key: str | None, tops: Sequence[str], top_of: Mapping[str, str]) -> int:
    if key is None:
        return NEW
    return APART if key == OTHER else tops.index(top_of[key])


def _clearly(points: np.ndarray, centres: np.ndarray, was: np.ndarray) -> np.ndarray:
    """Nearest centre [n], −1 for none; a product stays where it was unless another place is clearly nearer."""
    best = nearest(points, centres)
    apart = set_apart(points, best)
    cosines = points @ unit(centres).T
    own = cosines[np.arange(len(was)), np.maximum(was, 0)]
    top = cosines.max(axis=1)
    stays = (was >= 0) & (top - own <= CLEARLY)
    found = np.where(was == NEW, apart, np.where(stays, was, best))
    return np.where((was == APART) & (top < APART_COSINE + CLEARLY), APART, found)


def _ruled(current: Categories) -> set[str]:
    """Products of groups that people added: what is in them is theirs to say."""
    added = {str(e.body["group"]) for e in current.edits if e.kind == "add"}
    return {p for p, k in current.of_product.items() if k in added}


def _quality(
    seen: Seen, points: np.ndarray, of_product: Mapping[str, str], top_of: Mapping[str, str], current: Categories
) -> dict[str, float]:
    labels = [top_of.get(of_product.get(p, OTHER), OTHER) for p in seen.ids]
    codes = np.unique(labels, return_inverse=True)[1]
    kept = np.array([label != OTHER for label in labels])
    found = {"other_share": float(1 - kept.mean()), "silhouette": silhouette(points[kept], codes[kept])}
    return {**{k: v for k, v in current.quality.items() if k in {"worst_jaccard", "mean_jaccard"}}, **found}


def with_kept_names(
    fresh: Proposal, seen: Seen, old: Mapping[str, str], groups: Mapping[str, Group], taken_keys: Sequence[str] = ()
) -> Proposal:
    """A fresh proposal whose groups that were there before carry their old key and name.

    Groups are matched level by level so that the summed Jaccard of their products is largest (Kuhn 1955, "The
    Hungarian method for the assignment problem", *Naval Research Logistics Quarterly* 2).

    Args:
        old: product id → key of its lowest group before; ``groups`` the groups then.
        taken_keys: keys that must not be given to another group.
    """
    top_of = {k: k if g.parent is None else g.parent for k, g in groups.items()}
    both = [p for p in old if p in fresh.of_product and old[p] in groups]
    tops = _matched([(fresh.top(fresh.of_product[p]).key, top_of[old[p]]) for p in both])
    low = [p for p in both if "." in fresh.of_product[p] and groups[old[p]].parent]
    subs = _matched([(fresh.of_product[p], old[p]) for p in low])
    used = {*groups, *taken_keys}
    key_of, kept = {OTHER: OTHER}, {}
    number = max([_number(k.split(".")[0]) for k in used], default=0)
    for key, group in fresh.groups.items():
        if key == OTHER:
            continue
        same = tops.get(key) if group.parent is None else subs.get(key)
        if same is None and group.parent is None:
            number += 1
            same = f"g{number}"
        elif same is None or same in key_of.values():
            above = key_of[str(group.parent)]
            last = max([_number(k.split(".")[1]) for k in used if k.startswith(f"{above}.")], default=0)
            same = f"{above}.{last + 1}"
        key_of[key] = same
        used.add(same)
        if same in groups:
            parent = None if group.parent is None else key_of[group.parent]
            kept[same] = replace(groups[same], parent=parent)
    of_product = {p: key_of[k] for p, k in fresh.of_product.items()}
    parents = {key_of[k]: None if g.parent is None else key_of[g.parent] for k, g in fresh.groups.items()}
    named = named_groups(seen, of_product, kept, parents=parents)
    moved = tuple(sorted(p for p in both if of_product[p] != old[p]))
    jaccard = {key_of[k]: j for k, j in fresh.jaccard.items()}
    return replace(fresh, groups=named, of_product=of_product, moved=moved, compared=len(both), jaccard=jaccard)


def _matched(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """New key → old key, for groups that are alike enough; each old key at most once."""
    from scipy.optimize import linear_sum_assignment

    new, old = sorted({a for a, _ in pairs} - {OTHER}), sorted({b for _, b in pairs} - {OTHER})
    if not new or not old:
        return {}
    place, other = {k: i for i, k in enumerate(new)}, {k: i for i, k in enumerate(old)}
    both = np.zeros((len(new), len(old)))
    ours, theirs = np.zeros(len(new)), np.zeros(len(old))
    for a, b in pairs:
        if a in place:
            ours[place[a]] += 1
        if b in other:
            theirs[other[b]] += 1
        if a in place and b in other:
            both[place[a], other[b]] += 1
    jaccard = both / np.maximum(ours[:, None] + theirs[None, :] - both, 1)
    rows, columns = linear_sum_assignment(-jaccard)
    return {new[i]: old[j] for i, j in zip(rows, columns, strict=True) if jaccard[i, j] >= SAME}


def _number(part: str) -> int:
    return int("".join(c for c in part if c.isdigit()) or 0)
