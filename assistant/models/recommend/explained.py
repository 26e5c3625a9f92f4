"""Why a product is in a customer's list: its largest contributors, each tested by taking it away, with the evidence."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.in_common import in_common, in_words
from assistant.models.recommend.one_customer import OneCustomer
from assistant.models.recommend.reasons import Cause, causes
from assistant.results import Column, Table

#: Products of the customer shown where two recommendations are set against each other.
_SHOWN = 5


def why_table(one: OneCustomer, item: int, k: int, *, filled: bool = False) -> Table:
    """One row: the product, its place, score and what kind of reason there is.

    ``status``: ``reason`` (a cause passed) · ``no_reason`` (none did) · ``bought_before`` (owned, often bought again) ·
    ``popular`` (the list is the same for everybody, or ``filled``: the place was filled from the popularity list) ·
    ``no_evidence`` (nothing bought speaks for it) · ``not_in_list`` (a rule leaves it out).
    """
    seen, frame = one.fitted.interactions, one.fitted.catalogue.frame
    facts, scores = frame.iloc[int(one.fitted.catalogue.rows[item])], one.scores()[0]
    rank = one.rank(item)
    ordered = np.sort(scores[np.isfinite(scores)])[::-1]
    next_score = float(ordered[k]) if len(ordered) > k else None
    passed = [c for c in tested(one, item, k) if passes(one, c)]
    if rank is None:
        status = "popular" if filled else "no_evidence" if one.candidates[item] else "not_in_list"
    elif item in one.owned:
        status = "bought_before"
    elif not one.model.personal or one.position < 0:
        status = "popular"
    else:
        status = "reason" if passed else "no_reason"
    buyers = int((seen.matrix.indices == item).sum())
    return Table(
        id="why", title="Why this product", total_rows=1, columns=[
            Column(name="product_id", label="Product id", unit="id"), Column(name="name", label="Product"),
            Column(name="status", label="Status"), Column(name="rank", label="Place", unit="count"),
            Column(name="score", label="Score", unit="score"),
            Column(name="next_score", label="Score of the first product not shown", unit="score"),
            Column(name="buyers", label="Customers who bought it", unit="count"),
            Column(name="bought_again", label="Returning buyers who bought it again", unit="percent"),
            Column(name="owned", label="Products this customer bought", unit="count")],
        rows=[[str(facts["product_id"]), str(facts["name"]), status, rank, _rounded(scores[item]),
               _rounded(next_score), buyers, round(100 * float(one.fitted.rebuying.rate[item]), 1), len(one.owned)]],
    )


def tested(one: OneCustomer, item: int, k: int) -> list[Cause]:
    """The up to three largest contributors to a product, tested as those of a list of ``k`` are."""
    if not one.model.personal or one.position < 0:
        return []
    places = np.full((1, k), -1, dtype=np.int64)
    places[0, 0] = item
    found = causes(one.model, one.row, places, usual=one.fitted.reason_rules[one.family].usual,
                   exclude_seen=one.hidden, candidates=one.candidates)
    return next((tried for _, _, tried in found), [])


def passes(one: OneCustomer, cause: Cause) -> bool:
    """Whether a tested cause may be named as the reason."""
    return cause.moved and cause.strength >= one.fitted.reason_rules[one.family].bar(len(one.owned))


def causes_table(one: OneCustomer, item: int, k: int) -> Table:
    """Table ``causes``: the largest contributors with share, place without each, strength and whether it passes."""
    bar = one.fitted.reason_rules[one.family].bar(len(one.owned)) if one.model.personal else np.inf
    rows: list[list[Any]] = []
    ids, side = one.fitted.interactions.item_ids, one.fitted.past.side
    for cause in tested(one, item, k):
        verdict = "reason" if passes(one, cause) else "too_weak" if cause.moved else "moves_nothing"
        rows.append([str(one.fitted.interactions.item_ids[cause.owned_item]), name_of(one.fitted, cause.owned_item),
                     round(100 * cause.share, 1), cause.rank, cause.rank_without, round(cause.strength, 3),
                     round(float(bar), 3) if np.isfinite(bar) else None, verdict,
                     in_words(in_common(side, str(ids[item]), str(ids[cause.owned_item]))) or None])
    return Table(
        id="causes", title="What speaks most for it, each taken away once", rows=rows, total_rows=len(rows), columns=[
            Column(name="because_product_id", label="Bought id", unit="id"), Column(name="bought", label="Bought"),
            Column(name="share", label="Share of what speaks for it", unit="percent"),
            Column(name="rank", label="Place", unit="count"),
            Column(name="rank_without", label="Place without it", unit="count"),
            Column(name="strength", label="Strength", unit="score"),
            Column(name="bar", label="Strength needed", unit="score"), Column(name="verdict", label="Verdict"),
            Column(name="in_common", label="Both are")])


def versus_table(one: OneCustomer, item: int, other: int) -> Table:
    """Table ``versus``: what each purchase adds to one product and to another, in percent of the score at place 1, the
    largest differences first.
    """
    scores = one.scores()[0]
    best = max(float(scores[np.isfinite(scores)].max(initial=0.0)), 1e-12)
    adds = 100 * one.model.contributions_of(one.row, [item, other]) / best
    gap = adds[:, 0] - adds[:, 1]
    order = np.argsort(-np.abs(gap), kind="stable")[:_SHOWN]
    rows: list[list[Any]] = [
        [name_of(one.fitted, int(one.owned[p])), round(float(adds[p, 0]), 1), round(float(adds[p, 1]), 1),
         round(float(gap[p]), 1)] for p in order if gap[p] != 0
    ]
    return Table(
        id="versus", title=f"{name_of(one.fitted, item)} against {name_of(one.fitted, other)}", rows=rows,
        total_rows=int((gap != 0).sum()), columns=[
            Column(name="bought", label="Bought"), Column(name="first", label="Adds to the first", unit="percent"),
            Column(name="second", label="Adds to the second", unit="percent"),
            Column(name="difference", label="Difference", unit="points")])


def name_of(fitted: FittedRecommender, item: int) -> str:
    """Name of the product in a column of the interactions."""
    return str(fitted.catalogue.frame["name"].iloc[int(fitted.catalogue.rows[item])])


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)
