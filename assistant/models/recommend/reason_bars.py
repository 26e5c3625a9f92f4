"""How strong a cause must be before it is named: bars by size of the purchase history, set and checked per shop.

Of two products a customer owns, one drawn at random is the largest contributor half the time; of a hundred, hardly
ever. One bar for everybody would therefore either let random products through where histories are short, or silence the
reasons of those whose histories are long. So the customers are put in bands by how many products they own; each band
gets the lowest bar at which a random owned product passes in at most ``MOST_RANDOM`` of the cases, chance included; and
the rates that are published are taken at bars that *other* customers of the band set. In short histories this bounds
how often a reason can be given: a customer with two products is given one for at most a fifth of the recommendations,
the surest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.models.recommend.base import Recommender
from assistant.models.recommend.reasons import ReasonRule, SizeBar, causes

if TYPE_CHECKING:
    from assistant.models.recommend.base import PurchaseRows

#: Random owned products may pass in one case of ten.
MOST_RANDOM = 0.10
#: The bars are set so that the one-sided 95 % limit of the rate stays below it: other customers differ by chance.
_Z = 1.645
#: Least size of each band of histories; a band ends before the next.
BANDS = (1, 2, 3, 4, 6, 10, 20, 50)
#: Customers drawn per band, and in bands of long histories: there hardly any random product passes, and leaving out
#: each of a hundred products takes time.
PER_BAND = 300
_PER_LONG_BAND = 100
_LONG = 10
#: Parts that these are cut into; each is judged by a bar that the other parts set.
_FOLDS = 5
#: Fewer customers than this set no bar of their own: the band is joined with the next. Few set a higher bar, because
#: chance is allowed for.
_LEAST = 25
_MANY = 10**9


@dataclass(frozen=True)
class Case:
    """One recommended product: the customer, how many products they own, the strengths of the causes that move it."""

    customer: int
    owned: int
    strengths: tuple[float, ...]


def calibrate(
    model: Recommender, rows: PurchaseRows, k: int, *, exclude_seen: bool | np.ndarray = True,
    candidates: np.ndarray | None = None, per_band: int = PER_BAND, seed: int = 0,
) -> ReasonRule:
    """Set the bars on sampled customers, and measure them by cross-fitting.

    Args:
        rows: purchase rows of all customers to draw from.
        k: length of the lists.
        per_band: customers drawn per band of sizes.

    Returns:
        the rule; every customer's part of its rates is taken at a bar that other customers set, and the bands
        weigh as in ``rows``.
    """
    sizes = np.diff(rows.indptr)
    if not model.personal or not (sizes > 0).any():
        return ReasonRule()
    usual = model.usual_contributions(rows, seed)
    rng, bars, weights = np.random.default_rng(seed), [], []
    for lowest, highest in _bands(sizes):
        members = np.flatnonzero((sizes >= lowest) & (sizes <= highest))
        most = per_band if lowest < _LONG else min(per_band, _PER_LONG_BAND)
        drawn = rows[rng.permutation(members)[:most]]
        cases = cases_of(model, drawn, k, usual=usual, exclude_seen=exclude_seen, candidates=candidates)
        bars.append(_examined(lowest, highest, cases))
        weights.append(len(members))
    return pooled(ReasonRule(tuple(bars), usual), weights)


def cases_of(
    model: Recommender, rows: PurchaseRows, k: int, *, usual: np.ndarray | None, exclude_seen: bool | np.ndarray = True,
    candidates: np.ndarray | None = None,
) -> list[Case]:
    """Every product of every list of ``k`` with the causes that move it."""
    if rows.shape[0] == 0:
        return []
    places, _ = model.top(rows, k, exclude_seen=exclude_seen, candidates=candidates)
    found = causes(model, rows, places, usual=usual, exclude_seen=exclude_seen, candidates=candidates)
    return [
        Case(r, int(rows.indptr[r + 1] - rows.indptr[r]), tuple(c.strength for c in tried if c.moved))
        for r, _, tried in found
    ]


def lowest_bar(cases: Sequence[Case]) -> float:
    """The lowest strength at which a random owned product passes in at most ``MOST_RANDOM`` of the cases.

    A random product of a customer who owns n passes with probability (number that pass) / n, so nothing is drawn. What
    must stay below is the upper limit of the mean over customers, whose cases are not independent of each other. The
    bar is never below zero: a cause adds more than a purchase drawn at random from the shop would.
    """
    if not cases:
        return np.inf
    strengths = np.array([s for c in cases for s in c.strengths])
    _, customer = np.unique([c.customer for c in cases], return_inverse=True)
    listed = np.bincount(customer)
    chance = np.array([1 / (c.owned * listed[i]) for c, i in zip(cases, customer, strict=True) for _ in c.strengths])
    whose = np.array([i for c, i in zip(cases, customer, strict=True) for _ in c.strengths], dtype=np.int64)
    best = np.inf
    for bar in [*np.unique(np.quantile(strengths, np.linspace(1, 0, 201)))[::-1], 0.0] if len(strengths) else [0.0]:
        kept = strengths >= bar
        rates = np.bincount(whose[kept], weights=chance[kept], minlength=len(listed))
        spread = float(rates.std(ddof=1)) / np.sqrt(len(rates)) if len(rates) > 1 else 0.0
        if float(rates.mean()) + _Z * spread > MOST_RANDOM:
            break
        best = max(float(bar), 0.0)
    return best


def _examined(lowest: int, highest: int, cases: Sequence[Case]) -> SizeBar:
    """The bar that all cases set, with the rates of each fold at the bar that the other folds set."""
    judged = [
        (case, bar) for fold in range(_FOLDS)
        for bar in [lowest_bar([c for c in cases if c.customer % _FOLDS != fold])]
        for case in cases if case.customer % _FOLDS == fold
    ]
    return measured(SizeBar(lowest, highest, lowest_bar(cases)), judged)


def measured(bar: SizeBar, judged: Sequence[tuple[Case, float]]) -> SizeBar:
    """The bar with the rates of cases, each at the bar given with it; every case counts alike."""
    if not judged:
        return bar
    passing = np.array([sum(s >= limit for s in case.strengths) for case, limit in judged])
    owned = np.array([case.owned for case, _ in judged])
    moved = np.array([len(case.strengths) for case, _ in judged])
    return replace(bar, random_passes=float(np.mean(passing / owned)), given=float(np.mean(passing > 0)),
                   moved=float(np.mean(moved / owned)), cases=len(judged))


def pooled(rule: ReasonRule, weights: Sequence[int]) -> ReasonRule:
    """The rule with the rates of all bands together, each weighing as many as it has customers."""
    known = [(b, w) for b, w in zip(rule.bars, weights, strict=True) if b.cases]
    total = sum(w for _, w in known)
    if not total:
        return rule
    return replace(rule, random_passes=sum(b.random_passes * w for b, w in known) / total,
                   given=sum(b.given * w for b, w in known) / total, cases=sum(b.cases for b, _ in known))


def _bands(sizes: np.ndarray) -> list[tuple[int, int]]:
    """Bands with enough customers: small ones are joined with the next, the last with the one before."""
    starts = [*BANDS, _MANY]
    bands: list[tuple[int, int]] = []
    low = starts[0]
    for stop in starts[1:]:
        if int(((sizes >= low) & (sizes < stop)).sum()) >= _LEAST or stop == _MANY:
            bands.append((low, stop - 1))
            low = stop
    if len(bands) > 1 and int((sizes >= bands[-1][0]).sum()) < _LEAST:
        bands[-2:] = [(bands[-2][0], bands[-1][1])]
    return bands
