"""What every way to *find* segments shares: how the number of segments is chosen, and that it is told how sure it is.

For each number of segments tried, the customers are split, resampled and split again. A number is *stable* when its
worst segment comes out again (mean bootstrap Jaccard of at least 0.85); among stable numbers the separation decides.
Mean agreement over segments would hide a vanishing one, so the worst one counts.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import InvalidPlan
from assistant.models.segment.base import Segmenter
from assistant.models.segment.stability import STABLE, bootstrap_stability

if TYPE_CHECKING:
    import pandas as pd

#: Numbers of segments tried when none is asked for; two only where no larger number is stable.
K_RANGE = range(3, 9)
FEWEST = 2
#: Customers sampled for choosing k and for silhouettes (both are quadratic or repeated).
CHOICE_ROWS = 5000
SILHOUETTE_ROWS = 2000
#: A number of segments whose worst one is below this after a few refits is not refitted further.
_HOPELESS = 0.75
#: Rows looked at to see whether customers differ; so many different ones are more than any k.
_DISTINCT_ROWS = 20_000
#: Rows assigned at a time.
BLOCK = 100_000


@dataclass(frozen=True)
class KTrial:
    """One number of segments: mean silhouette (-1 to 1), worst bootstrap Jaccard (0–1) with its standard error, worst
    name agreement (0–1), for a mixture its criterion (lower is better), and how many segments hold anybody."""

    k: int
    silhouette: float
    worst_jaccard: float
    error: float = 0.0
    same_name: float = 1.0
    criterion: float | None = None
    filled: int | None = None

    @property
    def stable(self) -> bool:
        """Whether the worst segment comes out again, and no segment is empty."""
        return self.worst_jaccard >= STABLE and self.filled in {None, self.k}


class FoundSegments(Segmenter):
    """Base of the segmenters that find groups. Subclasses say how values are made, split, judged and named."""

    k: int | None
    seed: int
    rounds: int
    #: Numbers of segments tried.
    tried: range = K_RANGE

    @abstractmethod
    def _prepare(self, frame: pd.DataFrame) -> None:
        """Learn scales and columns from all customers."""

    @abstractmethod
    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        """(customers, dimensions) as the splitting sees them."""

    @abstractmethod
    def _learn(self, values: np.ndarray, k: int, seed: int, starts: int) -> Any:
        """What is learnt of ``k`` groups."""

    @abstractmethod
    def _codes(self, values: np.ndarray, learnt: Any) -> np.ndarray:
        """Group of each row (int); the same row always gets the same group."""

    @abstractmethod
    def _named(self, frame: pd.DataFrame, codes: np.ndarray, k: int) -> np.ndarray:
        """A name per group code (object, length ``k``), from the customers in it; empty groups get ""."""

    def _silhouette(self, values: np.ndarray, codes: np.ndarray, learnt: Any) -> float:
        """Mean silhouette (-1 to 1)."""
        from sklearn.metrics import silhouette_score

        if not 1 < len(np.unique(codes)) < len(values):
            return 0.0
        return float(silhouette_score(values, codes, sample_size=min(len(values), SILHOUETTE_ROWS),
                                      random_state=self.seed))

    def _criterion(self, values: np.ndarray, learnt: Any) -> float | None:
        """An information criterion of the fit, lower is better; None for a method without a likelihood."""
        return None

    def _pick(self, stable: list[KTrial]) -> KTrial:
        """The best of the stable numbers of segments: the best separated one."""
        return max(stable, key=lambda t: t.silhouette)

    # -- fitting -----------------------------------------------------------------------------------------------------

    def _fit(self, frame: pd.DataFrame) -> None:
        self._prepare(frame)
        values = self._values(frame)
        distinct = _distinct(values, self.seed)
        if self.k is not None and self.k > distinct:
            raise InvalidPlan(
                f"{self.k} segments were asked for, but only {distinct} customers differ from each other",
                received=self.k, hint="Ask for fewer segments.",
            )
        self.trials_: tuple[KTrial, ...] = ()
        k = self._number(frame, distinct)
        self.learnt_ = self._learn(values, k, self.seed, self._starts())
        codes = self._codes(values, self.learnt_)
        self.names_ = self._named(frame, codes, k)
        self.sizes_ = np.bincount(codes, minlength=k)

    def _number(self, frame: pd.DataFrame, distinct: int) -> int:
        """Number of segments: as asked for (then only tried for its figures), else chosen."""
        wanted = [self.k] if self.k is not None else list(self.tried)
        if self.k is None and distinct <= wanted[0]:
            return max(1, distinct)
        rng = np.random.default_rng(self.seed)
        part = frame.iloc[np.sort(rng.choice(len(frame), min(len(frame), CHOICE_ROWS), replace=False))]
        values = self._values(part)
        available = _distinct(values, self.seed)
        trials = [self._try(part, values, k) for k in wanted if k < available]
        if self.k is None and trials and not any(t.stable for t in trials):
            trials.insert(0, self._try(part, values, FEWEST))
        self.trials_ = tuple(trials)
        if self.k is not None:
            return self.k
        if not trials:
            return max(1, min(available, wanted[0]))
        stable = [t for t in trials if t.stable]
        return self._pick(stable).k if stable else max(trials, key=lambda t: t.worst_jaccard).k

    def _try(self, part: pd.DataFrame, values: np.ndarray, k: int) -> KTrial:
        learnt = self._learn(values, k, self.seed, self._starts())
        codes = self._codes(values, learnt)
        names = self._named(part, codes, k)
        held = bootstrap_stability(part, names[codes], lambda f, s: self._refit(f, k, s), self.rounds, self.seed,
                                   give_up=_HOPELESS)
        worst = min(held.values(), key=lambda s: s.jaccard)
        return KTrial(k, self._silhouette(values, codes, learnt), worst.jaccard, worst.error,
                      min(s.same_name for s in held.values()), self._criterion(values, learnt), len(held))

    def _starts(self) -> int:
        return 8

    def _restarts(self) -> int:
        """Starts of a refit on resampled customers."""
        return max(1, self._starts() // 4)

    def _refit(self, frame: pd.DataFrame, k: int, seed: int) -> Any:
        """The same number of segments found and named on other customers."""
        values = self._values(frame)
        k = max(1, min(k, _distinct(values, seed)))
        learnt = self._learn(values, k, seed, self._restarts())
        names = self._named(frame, self._codes(values, learnt), k)
        return lambda other: names[self._codes(self._values(other), learnt)]

    def refit_on(self, frame: pd.DataFrame, seed: int) -> Any:
        """The same k and scaling on other customers, for measuring stability."""
        self._fitted()
        return self._refit(frame, len(self.names_), seed)

    @property
    def trial_(self) -> KTrial | None:
        """The trial of the number of segments in use, if it was tried."""
        return next((t for t in self.trials_ if t.k == len(self.names_)), None)

    def _names_of(self, frame: pd.DataFrame) -> np.ndarray:
        out = np.empty(len(frame), dtype=object)
        for start in range(0, len(frame), BLOCK):
            part = frame.iloc[start : start + BLOCK]
            out[start : start + BLOCK] = self.names_[self._codes(self._values(part), self.learnt_)]
        return out


def _distinct(values: np.ndarray, seed: int) -> int:
    """Number of different rows; counted on a sample where that has plenty, since sorting millions of rows is slow."""
    if len(values) > _DISTINCT_ROWS:
        rng = np.random.default_rng(seed)
        sampled = len(np.unique(values[rng.choice(len(values), _DISTINCT_ROWS)], axis=0))
        if sampled > 10 * K_RANGE.stop:
            return sampled
    return len(np.unique(values, axis=0))
