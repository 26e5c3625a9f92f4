"""Proposed categories: planted kinds are found, odd catalogues are survived, and small changes move few products."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from assistant.errors import NoRows
from assistant.models.taxonomy.matching import refit, sort_into, with_kept_names
from assistant.models.taxonomy.proposal import OTHER, Proposal, Seen, propose, see
from assistant.query.agreed.categories import Categories
from tests.support.planted_names import THEMES, meaning, planted


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    return planted()[0]


@pytest.fixture(scope="module")
def seen(names: dict[str, str]) -> Seen:
    return see(names, meaning)


@pytest.fixture(scope="module")
def found(seen: Seen) -> Proposal:
    return propose(seen)


def in_use(proposal: Proposal) -> Categories:
    return Categories(proposal.groups, proposal.of_product, (), frozenset(), {}, "Ada", date(2024, 5, 1), 1,
                      proposal.quality)


def without(names: dict[str, str], share: float, seed: int) -> tuple[dict[str, str], list[str]]:
    gone = random.Random(seed).sample(sorted(names), int(len(names) * share))
    return {p: n for p, n in names.items() if p not in set(gone)}, sorted(gone)


def test_planted_themes_are_found(found: Proposal) -> None:
    themes = planted()[1]
    tops = [found.top(found.of_product[p]).key for p in sorted(themes)]
    assert adjusted_rand_score([themes[p] for p in sorted(themes)], tops) > 0.85
    assert found.quality["other_share"] < 0.05


def test_every_product_has_one_group_and_every_group_a_name_of_its_own(found: Proposal, names: dict[str, str]) -> None:
    assert set(found.of_product) == set(names)
    said = [g.name.casefold() for g in found.groups.values()]
    assert len(set(said)) == len(said) and all(said)
    assert sum(len(m) for k, m in found.members().items() if found.groups[k].parent is None) == len(names)


def test_names_are_words_of_the_products_and_no_colours_or_glue(found: Proposal) -> None:
    kinds = {w for words in THEMES.values() for w in words}
    for key, group in found.groups.items():
        if key != OTHER and group.parent is None:
            words = {w.strip(",").casefold() for w in group.name.split()} - {"&"}
            assert words & {f"{k}s" for k in kinds}, group.name
            assert not words & {"set", "of", "red", "blue", "green", "pink"}


def test_a_proposal_is_the_same_every_time(seen: Seen, found: Proposal) -> None:
    again = propose(seen)
    assert again.of_product == found.of_product and again.groups == found.groups


def test_quality_is_published(found: Proposal) -> None:
    assert {"silhouette", "sub_silhouette", "mean_jaccard", "worst_jaccard", "other_share"} <= set(found.quality)
    assert found.quality["silhouette"] > 0.3 and found.quality["worst_jaccard"] > 0.3
    assert len(found.trials) >= 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_five_percent_fewer_or_more_products_leave_the_others_where_they_are(
    names: dict[str, str], found: Proposal, seen: Seen, seed: int
) -> None:
    fewer, gone = without(names, 0.05, seed)
    smaller = refit(see(fewer, meaning), in_use(found), found.groups)
    assert smaller.compared == len(fewer) and len(smaller.moved) <= 0.05 * len(fewer)

    first = propose(see(fewer, meaning))
    grown = refit(seen, in_use(first), first.groups)
    assert len(grown.moved) <= 0.05 * len(fewer) and set(gone) <= set(grown.of_product)


def test_later_products_go_to_the_nearest_group(names: dict[str, str], seen: Seen) -> None:
    fewer, gone = without(names, 0.05, 7)
    first = propose(see(fewer, meaning))
    placed = sort_into(seen, first.of_product, first.groups, gone)
    themes = planted()[1]
    usual = {k: Counter(themes[p] for p in m).most_common(1)[0][0] for k, m in first.members().items() if m}
    right = [usual[first.top(placed[p]).key] == themes[p] for p in gone]
    assert np.mean(right) > 0.9


def test_a_name_without_letters_or_meaning_goes_to_other(names: dict[str, str], found: Proposal) -> None:
    more = {**names, "X1": "12345", "X2": "zzzz qqqq"}
    placed = sort_into(see(more, meaning), found.of_product, found.groups, ["X1", "X2"])
    assert placed == {"X1": OTHER, "X2": OTHER}
    assert propose(see(more, meaning)).of_product["X1"] == OTHER


def test_a_fresh_proposal_keeps_keys_and_names_of_groups_found_again(names: dict[str, str], found: Proposal) -> None:
    fewer, _ = without(names, 0.05, 5)
    looked = see(fewer, meaning)
    again = with_kept_names(propose(looked), looked, found.of_product, found.groups)
    same = [k for k, g in again.groups.items() if g.parent is None and k in found.groups]
    assert len(same) >= 0.8 * sum(g.parent is None for g in found.groups.values())
    assert all(again.groups[k].name == found.groups[k].name for k in same)
    assert len({g.name for g in again.groups.values()}) == len(again.groups)


@pytest.mark.parametrize("catalogue", [
    {"A": "Red mug"}, {}, {f"P{i}": "Red mug" for i in range(30)}, {f"P{i}": "" for i in range(30)},
    {f"P{i}": f"{i} {i + 1}" for i in range(30)},
])
def test_a_catalogue_with_nothing_to_tell_apart_is_refused(catalogue: dict[str, str]) -> None:
    with pytest.raises(NoRows, match="different"):
        see(catalogue, meaning)


def test_a_small_catalogue_gets_few_groups() -> None:
    small = {f"P{i}": f"{MOTIF} {w}" for i, (MOTIF, w) in enumerate(
        (m, w) for m in ("owl", "daisy", "fern") for w in ("mug", "candle", "bag"))}
    found = propose(see(small, meaning))
    assert set(found.of_product) == set(small)
    assert 1 <= sum(g.parent is None for g in found.groups.values()) <= 4
