"""Customers without purchases: what is bought most in their country, where that has proved better than one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.features.interactions import Interactions, day_number, interactions
from assistant.models.recommend.group_popularity import GroupPopularity, countries, fit_group_popularity
from assistant.models.recommend.launch_exam import ranking_quality

#: Past windows looked at: weeks of each, how many, one after another back from the end.
_WEEKS, _WINDOWS = 8, 3
_MIN_NEWCOMERS = 30
#: Standard errors by which the country's list must beat that of all customers.
_CLEARLY = 2.0


@dataclass(frozen=True, eq=False)
class ColdStart:
    """Whose list a newcomer gets.

    Attributes:
        popular: popularity by country. country_of: customer id → country.
        used: whether the country's list is used: it beat that of all customers clearly for past newcomers.
        gain, error: mean gain in nDCG@10 of past newcomers and its standard error. newcomers: how many they were.
    """

    popular: GroupPopularity
    country_of: dict[str, str]
    used: bool
    gain: float
    error: float
    newcomers: int

    def country(self, customer_id: str) -> str | None:
        """The country whose list the customer gets; None: the list of all customers."""
        found = self.country_of.get(customer_id) if self.used else None
        return found if found in self.popular.groups else None

    def top(self, customer_id: str, k: int, candidates: np.ndarray) -> np.ndarray:
        """Positions of the ``k`` products most bought in the customer's country, of the candidates (bool)."""
        scores = np.where(candidates, self.popular.of(self.country(customer_id)), 0.0)
        order = np.argsort(-scores, kind="stable")[:k]
        return order[scores[order] > 0]


def fit_cold_start(snapshot: Snapshot, full: Interactions) -> ColdStart:
    """Count what each country buys, and compare with one list for all on the first orders of past newcomers."""
    country_of = countries(snapshot)
    windows = range(1, _WINDOWS + 1) if country_of else ()
    gains = [gain for back in windows for gain in _gains(snapshot, full, country_of, back)]
    gain = float(np.mean(gains)) if gains else 0.0
    error = float(np.std(gains, ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else np.inf
    used = len(gains) >= _MIN_NEWCOMERS and gain > _CLEARLY * error
    return ColdStart(fit_group_popularity(full, country_of), country_of, used, gain, error, len(gains))


def _gains(snapshot: Snapshot, full: Interactions, country_of: dict[str, str], back: int) -> Sequence[float]:
    """nDCG@10 of the country's list less that of all customers, for each newcomer of one past window."""
    cutoff = snapshot.as_of - timedelta(weeks=back * _WEEKS)
    if cutoff < snapshot.manifest.first_day + timedelta(weeks=_WEEKS):
        return []
    train, cut = interactions(snapshot, cutoff), day_number(cutoff)
    owner = np.repeat(np.arange(full.n_users), np.diff(full.matrix.indptr))
    place = train.item_positions(full.item_ids.tolist())[full.matrix.indices]
    unknown = train.user_positions(full.user_ids.tolist()) < 0
    window = (full.first_days > cut) & (full.first_days <= cut + 7 * _WEEKS)
    good = unknown[owner] & window & (place >= 0)
    users, starts = np.unique(owner[good], return_index=True)
    truth = np.split(place[good], starts[1:]) if len(users) else []
    popular = fit_group_popularity(train, country_of)
    found = []
    for user, right in zip(users, truth, strict=True):
        country = country_of.get(str(full.user_ids[user]))
        if country in popular.groups:
            (ours,), (plain,) = (ranking_quality(s, [right])[1] for s in (popular.of(country), popular.overall))
            found.append(float(ours - plain))
    return found
