"""Segments found in what people buy, when, where and how: a mixture of kinds of buyers, fitted to counts.

Latent class analysis (Lazarsfeld & Henry 1968; McLachlan & Peel 2000, *Finite Mixture Models*): every kind has its own
shares of categories, months, channels …, and a customer's lines and orders are draws from the shares of their kind. A
customer with forty lines says forty times as much as one with a single line, which distances between shares cannot
express: on sparse histories they put everybody with one order wherever that order happens to lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import InvalidPlan
from assistant.features.behaviour import blocks_of
from assistant.models.segment.behaviour_names import name_kinds, traits
from assistant.models.segment.found import FoundSegments, KTrial

if TYPE_CHECKING:
    import pandas as pd

#: Iterations of a start, of the starts that are carried on, and how many are.
_SHORT, _LONG, _CARRIED = 25, 200, 3
#: Gain in mean log likelihood per customer below which the fit has converged.
_TOLERANCE = 1e-4
#: Lines by everybody's shares that are added to the one customer a kind starts from.
_SEED_LINES = 6.0
#: How far a block counts, chosen on demo shops that grade nothing (docs/segments_found.md): the rhythm is a rate and no
#: draw of answers, so it counts less; where somebody orders and whether they wait for reductions are steadier habits
#: than what they buy.
_WEIGHTS = {"rhythm": 0.75, "channel": 1.3, "discount": 1.15}
#: Blocks in which the answers of one person are more alike than those of their kind: personal tastes. Months, channels
#: and reductions are answers to the day and the offer, and count in full.
_TASTES = ("category", "price")
#: A stable number of kinds is considered if its silhouette reaches this share of the best one.
_SEPARATED = 0.8


@dataclass(frozen=True)
class Kinds:
    """What is learnt: log shares of every answer per kind (k, answers), log sizes (k,), mean log likelihood."""

    log_shares: np.ndarray
    log_sizes: np.ndarray
    likelihood: float


class BehaviourSegments(FoundSegments):
    """Mixture of multinomials over the blocks of :func:`assistant.features.behaviour.behaviour`, by EM.

    What one person buys is more alike than what a kind buys, so a person's ``n`` lines by category (or price) count as
    ``n / (1 + overdispersion × (n - 1))``.

    Of the stable numbers of kinds whose separation is close to the best one, the one with the lowest Bayesian
    information criterion is taken: kinds of buyers shade into each other, so separation alone prefers the coarsest
    split. Separation is the simplified silhouette with the deviance of a customer under a kind as distance.

    Args:
        k: number of segments; None chooses.
        seed: of sampling, starts and bootstraps.
        rounds: bootstrap refits per k tried.
        sample: most customers that a fit uses; everybody is assigned.
        overdispersion: of the lines by category or price: 0 (independent) to 1 (a person counts once).
        prior: lines by everybody's shares added to each kind, at least.
        pull: the same as a share of the lines of a kind of average size; the larger of the two counts.
        levelling: power of the kinds' sizes, 1 as counted, 0 all equal. Somebody with one order goes where the size of
            a kind decides, and sizes are what resamples agree on least.
    """

    tried = range(3, 11)

    def __init__(
        self, k: int | None = None, seed: int = 0, rounds: int = 20, sample: int = 50_000,
        overdispersion: float = 0.01, prior: float = 30.0, pull: float = 0.05, levelling: float = 0.5,
    ) -> None:
        self.k = k
        self.seed = seed
        self.rounds = rounds
        self.sample = sample
        self.overdispersion = overdispersion
        self.prior = prior
        self.pull = pull
        self.levelling = levelling

    def _prepare(self, frame: pd.DataFrame) -> None:
        found = {block: columns for block, columns in blocks_of(list(frame.columns)).items() if len(columns) > 1}
        if not found:
            raise InvalidPlan("There is nothing but recency, orders and spending to tell customers apart by",
                              hint="Ask for segments by k-means.")
        self.columns_ = [c for columns in found.values() for c in columns]
        edges = np.cumsum([0, *(len(columns) for columns in found.values())])
        self.weights_ = np.array([_WEIGHTS.get(b, 1.0) for b, columns in found.items() for _ in columns])
        self.alike_ = [self.overdispersion if b in _TASTES else 0.0 for b in found]
        self.slices_ = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
        self.everyone_ = frame[self.columns_].to_numpy(dtype=float).sum(axis=0)

    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        counts = frame.reindex(columns=self.columns_, fill_value=0.0).to_numpy(dtype=np.float64)
        out = np.empty_like(counts)
        for part, alike in zip(self.slices_, self.alike_, strict=True):
            total = np.maximum(counts[:, part].sum(axis=1, keepdims=True), 1.0)
            out[:, part] = counts[:, part] / (1 + alike * (total - 1))
        return out * self.weights_

    # -- EM ----------------------------------------------------------------------------------------------------------

    def _starts(self) -> int:
        return 16

    def _restarts(self) -> int:
        # with fewer, a refit that ends in a poorer optimum is taken for a split that does not come out again
        return 8

    def _learn(self, values: np.ndarray, k: int, seed: int, starts: int) -> Kinds:
        from threadpoolctl import threadpool_limits

        rng = np.random.default_rng(seed)
        if len(values) > self.sample:
            values = values[rng.choice(len(values), self.sample, replace=False)]
        with threadpool_limits(limits=1):
            if k == 1:
                return self._maximise(values, np.ones((len(values), 1)))
            # resampled customers repeat, and so do those with one order: each kind of row is worked out once
            rows, times = np.unique(values, axis=0, return_counts=True)
            short = [self._climb(rows, times, self._start(values, k, rng), _SHORT) for _ in range(starts)]
            short.sort(key=lambda kinds: -kinds.likelihood)
            return max((self._climb(rows, times, kinds, _LONG) for kinds in short[:_CARRIED]),
                       key=lambda m: m.likelihood)

    def _start(self, values: np.ndarray, k: int, rng: np.random.Generator) -> Kinds:
        """Kinds around ``k`` customers, each drawn by how badly the kinds before explain a customer (as k-means++)."""
        own = self._own(values)
        chance, best, seeds = values.sum(axis=1), np.full(len(values), -np.inf), []
        for _ in range(k):
            total = chance.sum()
            seeds.append(int(rng.choice(len(values), p=chance / total if total > 0 else None)))
            near = self._log_shares(values[seeds[-1:]], _SEED_LINES)[0]
            best = np.maximum(best, values @ near)
            chance = np.maximum(own - best, 0.0)
        return Kinds(self._log_shares(values[seeds], _SEED_LINES), np.full(k, -np.log(k)), -np.inf)

    def _climb(self, rows: np.ndarray, times: np.ndarray, kinds: Kinds, most: int) -> Kinds:
        """EM until it gains no more, on different rows and how often each comes."""
        for _ in range(most):
            before, found = kinds.likelihood, _posterior(rows, kinds, times)
            kinds = self._maximise(rows, found.posterior, found.likelihood)
            if kinds.likelihood - before < _TOLERANCE:
                break
        return kinds

    def _maximise(self, values: np.ndarray, posterior: np.ndarray, likelihood: float = -np.inf) -> Kinds:
        sizes = (posterior.sum(axis=0) + 1e-9) ** self.levelling
        counts = posterior.T @ values
        usual = counts.sum() / (len(self.slices_) * posterior.shape[1])  # lines of a block in a kind of average size
        shares = self._log_shares(counts, max(self.prior, self.pull * usual))
        return Kinds(shares, np.log(sizes / sizes.sum()), likelihood)

    def _log_shares(self, counts: np.ndarray, times: float) -> np.ndarray:
        """Log of the answers' shares within each block, ``times`` lines of everybody added."""
        out = np.empty_like(counts, dtype=np.float64)
        for part in self.slices_:
            everyone = self.everyone_[part] + 1e-9
            shares = counts[:, part] + times * everyone / everyone.sum() + 1e-9
            out[:, part] = np.log(shares / shares.sum(axis=1, keepdims=True))
        return out

    # -- judging and naming ------------------------------------------------------------------------------------------

    def _codes(self, values: np.ndarray, learnt: Kinds) -> np.ndarray:
        return (values @ learnt.log_shares.T + learnt.log_sizes).argmax(axis=1)

    def _silhouette(self, values: np.ndarray, codes: np.ndarray, learnt: Kinds) -> float:
        if len(learnt.log_sizes) < 2:
            return 0.0
        far = np.sort(self._deviances(values, learnt), axis=1)[:, :2]
        return float(np.mean(np.where(far[:, 1] > 0, (far[:, 1] - far[:, 0]) / np.maximum(far[:, 1], 1e-12), 0.0)))

    def _deviances(self, values: np.ndarray, learnt: Kinds) -> np.ndarray:
        """(customers, k) twice the log likelihood lost against shares that fit each customer exactly."""
        return np.maximum(2 * (self._own(values)[:, None] - values @ learnt.log_shares.T), 0.0)

    def _own(self, values: np.ndarray) -> np.ndarray:
        """Log likelihood of each customer under shares that fit it exactly."""
        own = np.zeros(len(values))
        for part in self.slices_:
            block = values[:, part]
            total = np.maximum(block.sum(axis=1, keepdims=True), 1e-12)
            own += np.where(block > 0, block * np.log(np.maximum(block, 1e-300) / total), 0.0).sum(axis=1)
        return own

    def _criterion(self, values: np.ndarray, learnt: Kinds) -> float:
        k = len(learnt.log_sizes)
        free = k - 1 + k * (len(self.columns_) - len(self.slices_))
        return float(-2 * _posterior(values, learnt).likelihood * len(values) + free * np.log(len(values)))

    def _pick(self, stable: list[KTrial]) -> KTrial:
        best = max(t.silhouette for t in stable)
        return min((t for t in stable if t.silhouette >= _SEPARATED * best), key=lambda t: t.criterion or 0.0)

    def _named(self, frame: pd.DataFrame, codes: np.ndarray, k: int) -> np.ndarray:
        counts = _sums(frame.reindex(columns=self.columns_, fill_value=0.0).to_numpy(dtype=float), codes, k)
        names = np.full(k, "", dtype=object)
        filled = np.flatnonzero(np.bincount(codes, minlength=k))
        names[filled] = name_kinds(counts[filled], self.columns_, self.everyone_)
        return names

    def _fit(self, frame: pd.DataFrame) -> None:
        super()._fit(frame)
        codes = self._codes(self._values(frame), self.learnt_)
        counts = _sums(frame[self.columns_].to_numpy(dtype=float), codes, len(self.names_))
        self.traits_ = {str(n): traits(counts[i], self.columns_, self.everyone_)
                        for i, n in enumerate(self.names_) if n}

    def definition(self, name: str) -> str:
        """What its members do more than others, in shares of their lines and orders."""
        self._fitted()
        said = [f"{t.words}: {t.share:.1f} % against {t.everyone:.1f} % of everybody's" for t in self.traits_[name][:3]]
        return "likest to: " + "; ".join(said) if said else "likest to the shop's average customer"


@dataclass(frozen=True)
class _Expected:
    posterior: np.ndarray
    likelihood: float


def _posterior(values: np.ndarray, kinds: Kinds, times: np.ndarray | None = None) -> _Expected:
    """Chance of each kind per row, times how often the row comes, and the mean log likelihood."""
    logs = values @ kinds.log_shares.T
    logs += kinds.log_sizes
    top = logs.max(axis=1, keepdims=True)
    np.exp(logs - top, out=logs)
    total = logs.sum(axis=1, keepdims=True)
    each = top + np.log(total)
    if times is None:
        logs /= total
        return _Expected(logs, float(each.mean()))
    logs *= times[:, None] / total
    return _Expected(logs, float(each[:, 0] @ times / times.sum()))


def _sums(counts: np.ndarray, codes: np.ndarray, k: int) -> np.ndarray:
    """(k, answers) counts of all customers of each kind."""
    return np.stack([counts[codes == i].sum(axis=0) for i in range(k)]) if k else counts[:0]


