"""The three editions of Ta-Feng, with the splits their protocols prescribe."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from assistant.features.basket_history import BasketHistory
from assistant.features.interactions import Interactions
from benchmarks.shared_data import data_set

#: Marks the beginning and the end of a history in two of the editions.
_SENTINEL = [-1]


@dataclass(frozen=True, eq=False)
class Fold:
    """Positions of customers."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class Edition:
    """Orders of customers and the order to be foretold.

    Attributes:
        baskets: per customer the orders before the last, each a list of items as the file has it.
        truth: per customer the distinct items of the next order.
        folds: one or several.
    """

    name: str
    baskets: Sequence[Sequence[Sequence[int]]]
    truth: tuple[np.ndarray, ...]
    items: int
    folds: tuple[Fold, ...]
    split: str

    @cached_property
    def history(self) -> BasketHistory:
        """All customers' orders in sequence; places of orders stand for days, which the files do not have."""
        from scipy.sparse import csr_array

        lines = [sorted(set(b)) for orders in self.baskets for b in orders]
        pointers = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
        held = csr_array((np.ones(pointers[-1], np.float32), np.concatenate(lines).astype(np.int32), pointers),
                         shape=(len(lines), self.items))
        sizes = np.array([len(orders) for orders in self.baskets])
        places = np.concatenate([np.arange(n, dtype=np.int32) for n in sizes])
        return BasketHistory(held, np.concatenate([[0], np.cumsum(sizes)]), places)


def as_interactions(history: BasketHistory) -> Interactions:
    """A history in the form models are fitted on."""
    from scipy.sparse import csr_array

    counts = history.counts
    days = np.zeros(counts.nnz, dtype=np.int32)
    return Interactions(
        matrix=counts, user_ids=_ids("C", counts.shape[0]), item_ids=_ids("P", counts.shape[1]), first_days=days,
        last_days=days, returned=csr_array(counts.shape, dtype=bool), until=date(2001, 2, 28),
        read_history=lambda: history,
    )


def _ids(letter: str, n: int) -> np.ndarray:
    return np.array([f"{letter}{i:06d}" for i in range(n)], dtype=object)


def reality_check(seeds: Sequence[int] = range(5)) -> Edition:
    """13,858 customers, each with an order to foretell; 72 % train, 8 % validation, 20 % test, five shuffles."""
    folder = data_set("next_basket", "tafeng_reality_check")
    users, baskets, truth = _with_sentinels(folder)
    n = len(users)
    folds = []
    for seed in seeds:
        mixed = list(range(n))
        random.Random(seed).shuffle(mixed)
        a, b = int(n * 4 / 5 * 0.9), int(n * 4 / 5)
        folds.append(Fold(*(np.array(part) for part in (mixed[:a], mixed[a:b], mixed[b:]))))
    return Edition("reality check", baskets, truth, _items(baskets, truth), tuple(folds),
                   f"customers shuffled, 72/8/20 %, seeds {min(seeds)}–{max(seeds)}")


def fixed_keyset() -> Edition:
    """10,182 customers, all of them in training by their history; half foretold for validation, half for test."""
    folder = data_set("next_basket", "tafeng_fixed_keyset")
    users, baskets, truth = _with_sentinels(folder)
    keys = json.loads((folder / "tafeng_keyset.json").read_text())
    place = {user: i for i, user in enumerate(users)}
    fold = Fold(*(np.array([place[u] for u in keys[part]]) for part in ("train", "val", "test")))
    return Edition("fixed keyset", baskets, truth, int(keys["item_num"]), (fold,),
                   "fixed: histories of all customers, next order of 5,091 for validation and of 5,091 for test")


def dnntsp() -> Edition:
    """9,841 customers with four orders or more, the last of each to be foretold; fixed split."""
    parts: dict[str, dict[str, Any]] = json.loads(data_set("next_basket", "dnntsp_TaFeng.json").read_text())
    orders = [o for name in ("train", "validate", "test") for o in parts[name].values()]
    sizes = [len(parts[name]) for name in ("train", "validate", "test")]
    baskets, truth = [o[:-1] for o in orders], tuple(np.unique(o[-1]) for o in orders)
    fold = Fold(*np.split(np.arange(len(orders)), np.cumsum(sizes)[:-1]))
    return Edition("DNNTSP", baskets, truth, _items(baskets, truth), (fold,),
                   "fixed: {:,} / {:,} / {:,} customers".format(*sizes))


def _with_sentinels(folder: Path) -> tuple[list[str], list[list[list[int]]], tuple[np.ndarray, ...]]:
    past = json.loads((folder / "tafeng_history.json").read_text())
    future = json.loads((folder / "tafeng_future.json").read_text())
    users = list(future)
    baskets = [[b for b in past[u] if b != _SENTINEL] for u in users]
    return users, baskets, tuple(np.unique([i for b in future[u] if b != _SENTINEL for i in b]) for u in users)


def _items(baskets: Sequence[Sequence[Sequence[int]]], truth: Sequence[np.ndarray]) -> int:
    return 1 + max(max(max(b) for orders in baskets for b in orders), max(int(t.max()) for t in truth))
