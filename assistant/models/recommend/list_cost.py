"""What a list's shape (variety, one per variant, caps) costs in relevance: on its own scores and on the test weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assistant.models.recommend.exam import EVALUATED_K
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.list_measures import list_quality
from assistant.models.recommend.shaping import Kinds, Shape, shaped
from assistant.models.recommend.tuning import Sitting
from assistant.results import Column, Table

#: Customers of the test weeks that are looked at, drawn by lot.
_TESTED = 1000


@dataclass(frozen=True)
class RankingCost:
    """nDCG of lists of ten on the test weeks, plain and shaped; ``users`` customers, the last ``weeks`` weeks."""

    plain: float
    shaped: float
    users: int
    weeks: int


def cost_table(fitted: FittedRecommender, family: str, shape: Shape, score_kept: float) -> Table:
    """One row: share of the scores lost, and nDCG on the test weeks without and with the shape.

    Scores lost are over the lists of the answer; the test is over all products, lists of ten, and is empty where the
    shop's data are too short for test weeks.
    """
    found = fitted.kept.get(("list cost", fitted.choice.purpose, family, shape), lambda: _tested(fitted, family, shape))
    lost = round(100 * (1 - score_kept), 2) if np.isfinite(score_kept) else None
    row: list[float | int | None] = [lost, None, None, None, None, None]
    if found is not None:
        share = round(100 * (found.plain - found.shaped) / found.plain, 2) if found.plain > 0 else None
        row = [lost, round(found.plain, 4), round(found.shaped, 4), share, found.users, found.weeks]
    return Table(
        id="list_cost", title="What this list costs in relevance", rows=[row], total_rows=1,
        columns=[Column(name="score_lost", label="Share of the scores lost", unit="percent"),
                 Column(name="ndcg_plain", label=f"nDCG@{EVALUATED_K} of the plain lists", unit="score"),
                 Column(name="ndcg_shaped", label=f"nDCG@{EVALUATED_K} of lists made like this", unit="score"),
                 Column(name="ndcg_lost", label="Share of nDCG lost", unit="percent"),
                 Column(name="test_customers", label="Customers in the test", unit="count"),
                 Column(name="test_weeks", label="Test weeks", unit="count")],
    )


def _tested(fitted: FittedRecommender, family: str, shape: Shape, seed: int = 0) -> RankingCost | None:
    """The model fitted before the test weeks; its rankings, plain and shaped, against what was bought in them."""
    split = fitted.choice.split
    if split is None:
        return None
    exam = split.test.sample(_TESTED, seed)
    name = fitted.names[family]
    model = fitted.kept.get(("before the test weeks", fitted.choice.purpose, name),
                            lambda: Sitting(exam, fitted.choice.parameters).model(name))
    depth = shape.depth(EVALUATED_K, exam.train.n_items)
    places, scores = model.top(model.rows_at(exam.users), depth, exclude_seen=exam.hide)
    frame = fitted.catalogue.frame.set_index("product_id").loc[list(exam.train.item_ids)]
    chosen = shaped(shape, Kinds(frame.reset_index()), places, scores, EVALUATED_K)
    made = np.where(chosen >= 0, np.take_along_axis(places, np.maximum(chosen, 0), axis=1), -1)
    plain, other = (float(list_quality(lists, exam.truth)[1].mean()) for lists in (places[:, :EVALUATED_K], made))
    return RankingCost(plain, other, len(exam.users), split.weeks)
