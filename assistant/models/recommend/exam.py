"""Past weeks as an exam: who is asked, what they bought afterwards, and how a fitted model did on it.

Models learn from everything up to a day and rank the full catalogue for customers who bought before and in the weeks
after it; what they bought in those weeks is the truth. No sampled metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from assistant.features.interactions import Interactions, day_number
from assistant.features.product_side import ProductSide
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.list_measures import coverage, diversity, exposure, gini, list_quality, novelty
from assistant.models.recommend.rebuying import rebuying
from assistant.models.registry import RECOMMENDERS

#: Length of the list in the comparison.
EVALUATED_K = 10
#: Customers judged at most, drawn by lot.
MAX_USERS = 1000

#: ``new``: what could they like that they do not own (re-bought products may come again); ``next``: what will they buy
#: next, owned or not.
Purpose = Literal["new", "next"]


@dataclass(frozen=True)
class ExamDays:
    """Last day before an exam (``cutoff``) and its own last day, both inclusive, and the number of its ``users``."""

    cutoff: date
    last_day: date
    users: int

    @property
    def first_day(self) -> date:
        return self.cutoff + timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """When the exam that chooses and the exam that is shown were. ``apart``: ``weeks`` or ``customers``."""

    validation: ExamDays
    test: ExamDays
    weeks: int
    apart: str


@dataclass(frozen=True, eq=False)
class Exam:
    """Customers to rank for, and the right answers.

    Attributes:
        train: purchases up to and including ``cutoff``.
        users: row of each customer in ``train``.
        truth: item positions of ``train`` of each customer. ``new``: all bought after ``cutoff`` up to ``last_day``
            without what a list may not show (``hide``); ``next``: the first order in that time.
        side: what is known of products beside their sales.
        hide: bool over items: products that a list leaves out for who owns them.
    """

    purpose: Purpose
    train: Interactions
    users: np.ndarray
    truth: tuple[np.ndarray, ...]
    hide: np.ndarray
    cutoff: date
    last_day: date
    side: ProductSide | None = None

    @property
    def first_day(self) -> date:
        return self.cutoff + timedelta(days=1)

    @property
    def days(self) -> ExamDays:
        """When it is, and how many customers it asks."""
        return ExamDays(self.cutoff, self.last_day, len(self.users))

    def part(self, chosen: np.ndarray) -> Exam:
        """The same exam for some of its customers (positions in ``users``)."""
        return replace(self, users=self.users[chosen], truth=tuple(self.truth[i] for i in chosen))

    def sample(self, most: int, seed: int) -> Exam:
        """At most so many of its customers, drawn by lot."""
        if len(self.users) <= most:
            return self
        return self.part(np.sort(np.random.default_rng(seed).choice(len(self.users), most, replace=False)))

    def halves(self, seed: int) -> tuple[Exam, Exam]:
        """Two exams without a customer in common, drawn by lot."""
        mixed = np.random.default_rng(seed).permutation(len(self.users))
        half = len(mixed) // 2
        return self.part(np.sort(mixed[:half])), self.part(np.sort(mixed[half:]))


@dataclass(frozen=True, eq=False)
class Trial:
    """One model on one exam. Metrics are means over customers, 0–1, of lists of :data:`EVALUATED_K`.

    Attributes:
        recall: bought and in the list / bought. ndcg: ideal cut at k.
        coverage, gini, diversity, novelty: see :mod:`~assistant.models.recommend.list_measures`.
        fit_seconds: of the fit on the exam's training part.
        places: the lists, users × k.
    """

    name: str
    family: str
    words: str
    recall: float
    ndcg: float
    coverage: float
    per_user_ndcg: np.ndarray
    per_user_recall: np.ndarray = field(default_factory=lambda: np.zeros(0))
    gini: float = 0.0
    diversity: float = 0.0
    novelty: float = 0.0
    fit_seconds: float = 0.0
    places: np.ndarray = field(default_factory=lambda: np.zeros((0, EVALUATED_K), dtype=np.int64))
    parameters: Mapping[str, Any] = field(default_factory=dict)


def build_exam(
    train: Interactions, after: Interactions, purpose: Purpose, side: ProductSide | None = None
) -> Exam:
    """Customers of ``train`` who bought afterwards, and what.

    Args:
        train: purchases up to the cut (its ``until``). after: purchases up to the end of the weeks asked about.
    """
    hide = ~rebuying(train).kept if purpose == "new" else np.zeros(train.n_items, dtype=bool)
    rows, columns = _next_orders(train, after) if purpose == "next" else _later(train, after)
    rows, columns = train.user_positions(after.user_ids)[rows], train.item_positions(after.item_ids)[columns]
    known = (rows >= 0) & (columns >= 0)
    rows, columns = rows[known], columns[known]
    shown = ~(hide[columns] & _owned(train, rows, columns))
    rows, columns = rows[shown], columns[shown]
    order = np.argsort(rows, kind="stable")
    users, starts = np.unique(rows[order], return_index=True)
    truth = tuple(np.split(columns[order], starts[1:])) if len(users) else ()
    return Exam(purpose, train, users, truth, hide, train.until, after.until, side)


def _later(train: Interactions, after: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of ``after`` of all pairs bought after the cut."""
    later = after.last_days > day_number(train.until)
    owner = np.repeat(np.arange(after.n_users), np.diff(after.matrix.indptr))
    return owner[later], after.matrix.indices[later]


def _next_orders(train: Interactions, after: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of ``after`` of each customer's first order after the cut."""
    history = after.history
    owner = np.repeat(np.arange(after.n_users), history.sizes)
    later = np.flatnonzero(history.days > day_number(train.until))
    _, first = np.unique(owner[later], return_index=True)  # orders of a customer lie in sequence
    orders = later[first]
    held = history.lines[orders]
    return np.repeat(owner[orders], np.diff(held.indptr)), held.indices


def _owned(train: Interactions, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Whether each customer (row) had bought each product (column)."""
    owner = np.repeat(np.arange(train.n_users, dtype=np.int64), np.diff(train.matrix.indptr))
    held = owner * train.n_items + train.matrix.indices
    return np.isin(rows.astype(np.int64) * train.n_items + columns, held)


def judge(
    exam: Exam, name: str, model: Recommender, fit_seconds: float, parameters: Mapping[str, Any] | None = None
) -> Trial:
    """Judge the lists of a model fitted on ``exam.train``."""
    entry, train = RECOMMENDERS[name], exam.train
    places, _ = model.top(model.rows_at(exam.users), EVALUATED_K, exclude_seen=exam.hide)
    recall, ndcg = list_quality(places, exam.truth)
    counts = exposure(places, train.n_items)
    buyers = np.bincount(train.matrix.indices, minlength=train.n_items)
    return Trial(
        name, entry.family, entry.words, float(recall.mean()), float(ndcg.mean()), coverage(counts), ndcg, recall,
        gini(counts), diversity(places, train), novelty(places, buyers, train.n_users), fit_seconds, places,
        dict(parameters or {}),
    )
