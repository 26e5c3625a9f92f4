"""The independent truth (plain pandas) for tests: it lives beside the benchmark that reports on it."""

from __future__ import annotations

from benchmarks.questions.truth import ANSWERS, GoldShop, Split, load_shop, read_shop, split_of
from benchmarks.questions.truth.answers import compare, cumulative, groups, measure, orders_over, ranking, share
from benchmarks.questions.truth.people import head_count, people

__all__ = [
    "ANSWERS", "GoldShop", "Split", "compare", "cumulative", "groups", "head_count", "load_shop", "measure",
    "orders_over", "people", "ranking", "read_shop", "share", "split_of",
]
