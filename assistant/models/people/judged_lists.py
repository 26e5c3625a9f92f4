"""Recommendations as something that can treat groups differently: how good the lists are, and what they show to whom.

The lists are those of the shop's own exam: made from what was known before the test weeks, judged by what the
customers bought in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.data.objectors import objectors
from assistant.errors import InvalidPlan
from assistant.features.interactions import day_number
from assistant.models.people.fairness_measures import Measure
from assistant.models.people.fairness_report import Judged
from assistant.models.recommend.exam import EVALUATED_K, Exam, Trial

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.models.recommend.fitted import FittedRecommender

#: Categories whose share of the lists is compared: those shown most.
MOST_CATEGORIES = 5


def lists_of(snapshot: Snapshot, fitted: FittedRecommender) -> Judged:
    """Who found something they then bought in their list, and what the lists show.

    Raises:
        InvalidPlan: the history is too short for an exam.
    """
    split, trial = fitted.choice.split, fitted.trial(fitted.choice.name)
    if split is None or trial is None:
        raise InvalidPlan("The history is too short to test recommendations, so whether they suit all groups alike is "
                          "not known", received="recommendations", nearest=["Are the segments fair?"])
    exam = split.test
    ids = exam.train.user_ids[exam.users].astype(str)
    kept = ~np.isin(ids, list(objectors(snapshot)))
    plain = fitted.trial(fitted.names["popularity"])
    measures = [m for m in _measures(fitted, exam, trial, plain) if np.isfinite(m.values[kept]).any()]
    return Judged(
        f"found a product in their list of {EVALUATED_K} that they then bought",
        ids[kept].tolist(), {"hit": trial.per_user_recall[kept] > 0},
        {name: values[kept] for name, values in (_inputs(exam) | _bought(fitted, exam)).items()},
        measures=[Measure(m.name, m.label, m.unit, m.values[kept]) for m in measures],
        weeks=(exam.first_day, exam.last_day), model=fitted.info(fitted.family()),
    )


def _inputs(exam: Exam) -> dict[str, np.ndarray]:
    """What a list is made from, of each customer: how much is known, and since when."""
    train, users = exam.train, exam.users
    starts = train.matrix.indptr
    latest = np.array([train.last_days[starts[u]:starts[u + 1]].max(initial=0) for u in users])
    return {"products bought": np.diff(starts)[users], "orders": train.history.sizes[users],
            "days since the last purchase": day_number(exam.cutoff) - latest}


def _bought(fitted: FittedRecommender, exam: Exam) -> dict[str, np.ndarray]:
    """Share of each customer's products by category, of the categories bought most: what lists are made from says who
    somebody may be."""
    if not fitted.catalogue.has_category:
        return {}
    frame = fitted.catalogue.frame.set_index("product_id").reindex(exam.train.item_ids)
    category = frame["category"].astype(object).to_numpy()
    owned = exam.train.matrix[exam.users]
    total = np.maximum(np.diff(owned.indptr), 1)
    names, counts = np.unique([str(c) for c in category[owned.indices] if c == c and c is not None],
                              return_counts=True)
    found = {}
    for name in names[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES]:
        of_it = np.add.reduceat(np.append((category == name)[owned.indices], 0.0), owned.indptr[:-1])
        found[f"share of products from {name}"] = np.where(np.diff(owned.indptr) > 0, of_it, 0.0) / total
    return found


def _measures(fitted: FittedRecommender, exam: Exam, trial: Trial, plain: Trial | None) -> list[Measure]:
    """Quality (and what the personal list adds), and exposure: how rare, how dear, of which categories."""
    places, train = trial.places, exam.train
    shown = places >= 0
    buyers = np.bincount(train.matrix.indices, minlength=train.n_items)
    rarity = -np.log2(np.clip(np.maximum(buyers, 1) / train.n_users, None, 1.0))
    found = [Measure("ndcg", "Quality of the list (nDCG)", "score", trial.per_user_ndcg)]
    if plain is not None and plain.name != trial.name:
        found.append(Measure("gain", "Quality above that of the bestseller list", "score",
                             trial.per_user_ndcg - plain.per_user_ndcg))
    found.append(Measure("novelty", "Rarity of the products shown (bits)", "score", _mean(rarity, places, shown)))
    frame = fitted.catalogue.frame.set_index("product_id").reindex(train.item_ids)
    price = frame["price"].to_numpy(dtype=float)
    found.append(Measure("price", "Price of the products shown", "currency", _mean(price, places, shown)))
    if fitted.catalogue.has_category:
        category = frame["category"].astype(object).to_numpy()
        names, counts = np.unique([str(c) for c in category[places[shown]] if c == c and c is not None],
                                  return_counts=True)
        for name in names[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES]:
            share = _mean(100.0 * (category == name), places, shown)
            found.append(Measure(f"category {name}", f"Share of the list from {name}", "percent", share))
    return found


def _mean(of_item: np.ndarray, places: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Mean of what is known over each list; NaN where nothing is."""
    values = np.where(shown, of_item[np.where(shown, places, 0)], np.nan)
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
