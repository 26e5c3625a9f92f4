"""Alarms: what can go wrong with recommendations while every single list looks fine.

Each alarm is a measure, a threshold with its reason, a verdict and what to do; thresholds are data
(:data:`THRESHOLDS`). The measures are taken on the lists of ten that the shop's customers would get today.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np

from assistant.features.interactions import day_number
from assistant.models.recommend.catalogue import ProductFilters
from assistant.models.recommend.choosing import EVALUATED_K
from assistant.models.recommend.feedback import Feedback
from assistant.models.recommend.fitted import FittedRecommender, candidate_mask, recommend_for_customers
from assistant.models.recommend.list_measures import coverage, gini
from assistant.results.result import Unit

#: Customers whose lists are looked at (seeded sample).
SAMPLE = 2000
#: Days in which a customer or product counts as active.
ACTIVE_DAYS = 28

Verdict = Literal["fires", "fine", "unknown"]


@dataclass(frozen=True)
class Threshold:
    """From where on an alarm fires, and why there. ``above``: fires at or above it, else at or below."""

    about: str
    limit: float
    above: bool
    measure: str
    why: str
    action: str
    unit: Unit = "percent"


#: The alarms. Shares are in percent (0–100).
THRESHOLDS: dict[str, Threshold] = {
    "overlap": Threshold(
        "sameness", 50.0, True, "products that two customers' lists share on average",
        "from half on, a list says more of the shop than of the customer",
        "ask for more variety, or cap how often one product may appear"),
    "top_product": Threshold(
        "sameness", 50.0, True, "lists that hold the most frequent product",
        "a product on every second list is an advertisement to everybody",
        "leave it out where owned, or show it outside the personal list"),
    "coverage": Threshold(
        "coverage", 10.0, False, "products on at least one list, of those that may be recommended",
        "below a tenth, most of the range is never shown to anybody",
        "ask for more variety, or give new and rarely sold products a place"),
    "exposure": Threshold(
        "coverage", 75.0, True, "inequality (Gini) of places among products, on the way from that of purchases to that "
        "of one list for everybody",
        "a list of ten is always less equal than purchases; from three quarters of the way on it is near the same list "
        "for everybody (item-based models of the two shops measured lie at about sixty)",
        "ask for more variety, or cap how often one product may appear"),
    "bestsellers": Threshold(
        "popularity", 50.0, True, "share of places of the tenth of products bought most, on the way from its share of "
        "purchases to that on one list for everybody",
        "the lists are nearer to the popularity list than to what customers choose by themselves",
        "use a personal model, or leave out what everybody knows"),
    "age": Threshold(
        "age", 35.0, True, "days from the last order of the data to today",
        "orders of more than a month are unknown to every list",
        "load the orders since", "days"),
    "unknown_customers": Threshold(
        "age", 20.0, True, f"customers active in the last {ACTIVE_DAYS} days that a model from before them would not "
        "know",
        "with a fifth of the active customers new within four weeks, a monthly fit is too rare",
        "load orders at least every two weeks: the model is fitted again with every load"),
    "unknown_products": Threshold(
        "age", 10.0, True, f"products sold in the last {ACTIVE_DAYS} days that a model from before them would not "
        "know",
        "with a tenth of the range new within four weeks, a monthly fit misses too much",
        "load orders at least every two weeks, and ask for new products by name"),
    "quality": Threshold(
        "quality", 0.0, False, "later purchases found, less those found by the popularity list (low end of the 95 % "
        "interval)",
        "lists that do not clearly beat the same list for everybody are not worth making",
        "treat the lists as popularity lists until more customers come back", "points"),
    "feedback": Threshold(
        "feedback", 50.0, True, "recent purchases that had been recommended to the customer before",
        "when most of what is learnt from was recommended, the model learns from itself",
        "keep a group of customers without recommendations, and learn from it"),
}


@dataclass(frozen=True)
class Alarm:
    """One alarm on this shop. ``value`` is None where it cannot be checked; ``missing`` then names what to add."""

    code: str
    value: float | None
    verdict: Verdict
    missing: str = ""

    @property
    def threshold(self) -> Threshold:
        return THRESHOLDS[self.code]


@dataclass(frozen=True)
class Check:
    """All alarms, with the figures behind them (percent where the name does not say otherwise)."""

    alarms: tuple[Alarm, ...]
    customers: int
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def firing(self) -> tuple[Alarm, ...]:
        return tuple(a for a in self.alarms if a.verdict == "fires")


def judged(code: str, value: float | None, missing: str = "") -> Alarm:
    """The alarm with its verdict."""
    if value is None or not np.isfinite(value):
        return Alarm(code, None, "unknown", missing)
    bar = THRESHOLDS[code]
    fires = value >= bar.limit if bar.above else value <= bar.limit
    return Alarm(code, float(value), "fires" if fires else "fine")


def check_recommender(fitted: FittedRecommender, today: date, feedback: Feedback, seed: int = 0) -> Check:
    """Every alarm of :data:`THRESHOLDS` on the lists that the chosen model makes now.

    Args:
        today: by the clock, for the age of the data.
        feedback: what the shop's contact history says of purchases that were recommended.
        seed: of the sample of customers (at most :data:`SAMPLE`).
    """
    places, customers = _lists(fitted, seed)
    figures = list_figures(fitted, places)
    figures |= _age(fitted, today) | _quality(fitted)
    figures["feedback_upper"] = np.nan if feedback.answered is None else feedback.answered
    alarms = [judged(code, figures.get(code)) for code in THRESHOLDS if code not in {"feedback", "quality"}]
    alarms.append(judged("quality", figures.get("quality"),
                         "enough customers who ordered again in the last weeks"))
    alarms.append(judged("feedback", feedback.recommended, ", ".join(feedback.missing)))
    order = list(THRESHOLDS)
    return Check(tuple(sorted(alarms, key=lambda a: order.index(a.code))), customers,
                 {n: float(v) for n, v in figures.items() if np.isfinite(v)})


def _lists(fitted: FittedRecommender, seed: int) -> tuple[np.ndarray, int]:
    """Positions of the products on the lists of a sample of customers (customers × k, -1: none)."""
    seen = fitted.interactions
    buyers = np.flatnonzero(np.diff(seen.matrix.indptr) > 0)
    if len(buyers) > SAMPLE:
        buyers = np.sort(np.random.default_rng(seed).choice(buyers, SAMPLE, replace=False))
    lists = recommend_for_customers(fitted, [str(i) for i in seen.user_ids[buyers]], EVALUATED_K, reasons=False)
    places = np.full(lists.product_ids.shape, -1, dtype=np.int64)
    named = lists.product_ids != np.array(None)
    places[named] = seen.item_positions(lists.product_ids[named].tolist())
    return places, len(buyers)


def list_figures(fitted: FittedRecommender, places: np.ndarray) -> dict[str, float]:
    """Sameness, coverage and popularity of lists (customers × k, -1: none), against what was bought."""
    seen = fitted.interactions
    allowed = candidate_mask(fitted, ProductFilters())
    shown = np.bincount(places[places >= 0], minlength=seen.n_items).astype(float)
    bought = np.bincount(seen.matrix.indices, minlength=seen.n_items).astype(float)
    may = allowed | (shown > 0)
    best = bestsellers(bought)
    everybody = np.zeros(seen.n_items)  # one list for everybody: the products of most buyers that may be recommended
    everybody[np.argsort(-np.where(allowed, bought, -1.0), kind="stable")[: places.shape[1]]] = 1.0
    best_of = {n: share(c, best) for n, c in (("lists", shown), ("bought", bought), ("same", everybody))}
    gini_of = {n: gini(c[may]) for n, c in (("lists", shown), ("bought", bought), ("same", everybody))}
    return {
        "overlap": 100 * mean_overlap(places), "top_product": 100 * float(shown.max(initial=0.0)) / max(len(places), 1),
        "coverage": 100 * coverage(shown[may]), "exposure": _on_the_way(gini_of), "bestsellers": _on_the_way(best_of),
        **{f"gini_{n}": v for n, v in gini_of.items()}, **{f"best_{n}": 100 * v for n, v in best_of.items()},
        "popularity_ratio": mean_popularity(shown, bought) / max(mean_popularity(bought, bought), 1e-9),
        "divergence": popularity_divergence(shown, bought),
    }


def _on_the_way(of: dict[str, float]) -> float:
    """Where the lists lie between purchases (0) and one list for everybody (100); 0 where these do not differ."""
    way = of["same"] - of["bought"]
    return 100 * (of["lists"] - of["bought"]) / way if way > 1e-9 else 0.0


def mean_overlap(places: np.ndarray) -> float:
    """Share of a list that another customer's list holds too, mean over all pairs of customers (0–1).

    Exact from counts: a product on c lists is shared by c(c-1)/2 pairs; empty places are shared by none.
    """
    n, k = places.shape
    if n < 2 or k == 0:
        return 0.0
    counts = np.bincount(places[places >= 0]).astype(float)
    return float((counts * (counts - 1)).sum() / (n * (n - 1) * k))


def bestsellers(bought: np.ndarray) -> np.ndarray:
    """Bool: the tenth of products with the most buyers (of those with any); ties by position."""
    best = np.zeros(len(bought), dtype=bool)
    sold = int((bought > 0).sum())
    best[np.argsort(-bought, kind="stable")[: max(1, round(sold / 10))]] = True
    return best & (bought > 0)


def share(counts: np.ndarray, chosen: np.ndarray) -> float:
    return float(counts[chosen].sum() / max(counts.sum(), 1e-12))


def mean_popularity(counts: np.ndarray, bought: np.ndarray) -> float:
    """Buyers of the product, mean over places (Abdollahpouri et al. 2019 call it average recommendation popularity)."""
    return float((counts * bought).sum() / max(counts.sum(), 1e-12))


def popularity_divergence(shown: np.ndarray, bought: np.ndarray) -> float:
    """Kullback–Leibler divergence (nats) of lists from purchases over tenths of the trade by popularity.

    Products are put in order of buyers and cut where each tenth of all purchases is reached, so purchases are about
    even over the bins; one place is mixed in per bin so that an empty one does not make it infinite.
    """
    order = np.argsort(-bought, kind="stable")
    reached = np.cumsum(bought[order]) - bought[order]
    bins = np.minimum((10 * reached / max(bought.sum(), 1e-12)).astype(int), 9)
    p, q = (np.bincount(bins, weights=counts[order], minlength=10) + 1 for counts in (shown, bought))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def _age(fitted: FittedRecommender, today: date) -> dict[str, float]:
    """Days since the data end, and what a model from before the last weeks would not know."""
    seen = fitted.interactions
    cut = day_number(seen.until) - ACTIVE_DAYS
    owner = np.repeat(np.arange(seen.n_users), np.diff(seen.matrix.indptr))
    first_user = np.full(seen.n_users, np.iinfo(np.int64).max)
    first_item = np.full(seen.n_items, np.iinfo(np.int64).max)
    np.minimum.at(first_user, owner, seen.first_days)
    np.minimum.at(first_item, seen.matrix.indices, seen.first_days)
    recent = seen.last_days > cut
    users, items = np.unique(owner[recent]), np.unique(seen.matrix.indices[recent])
    found = {"age": float((today - seen.until).days)}
    if len(users) and (seen.first_days <= cut).any():
        found["unknown_customers"] = 100 * float((first_user[users] > cut).mean())
        found["unknown_products"] = 100 * float((first_item[items] > cut).mean())
    return found


def _quality(fitted: FittedRecommender) -> dict[str, float]:
    """Recall of the chosen model and its lead over the popularity list on the test weeks."""
    trial, lead = fitted.choice.trial(fitted.choice.name), fitted.choice.lead()
    if trial is None or lead is None:
        return {}
    recall = lead[0]
    return {"quality": 100 * (recall.mean - recall.half_width), "lead": 100 * recall.mean,
            "lead_half_width": 100 * recall.half_width, "recall": 100 * trial.recall}
