"""Whether customers are moved differently at all, and which learner sees it: repeated splits with paired intervals.

The customers (not the rows: one may be in several campaigns) are split at random into halves, ten times; every learner
learns from one half and orders the other. Intervals over the splits use the corrected variance of Nadeau & Bengio 2003,
"Inference for the generalization error" (*Machine Learning* 52, 239–281): the splits share customers, so the plain
standard error would be far too small.

**Abstaining.** Heterogeneity counts as shown only where the 95 % interval of the Qini score of the learner in use lies
above nought. Otherwise nobody is picked by uplift. The learner in use is the mean of the S-, T- and X-learner on
logistic regression; another takes its place only where its paired interval lies above that mean's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.errors import InvalidPlan
from assistant.models.uplift.bases import Linear, trees_available
from assistant.models.uplift.learners import LEARNERS, UpliftLearner, make
from assistant.models.uplift.scores import qini_score, uplift_at_k

if TYPE_CHECKING:
    import numpy as np

SPLITS = 10
#: Share of customers that a list takes when it is judged by its first part.
TOP_SHARE = 0.3
LEVEL = 0.95
#: The learner in use unless another is shown to be better.
DEFAULT = "mean_logistic"
#: Lists to compare with that no learner of uplift makes.
ORDERS = {"response": "the likeliest to order first", "random": "a random order"}
#: Cases and outcomes in each arm below which nothing is learnt.
FEWEST_CASES, FEWEST_OUTCOMES = 200, 40


@dataclass(frozen=True, eq=False)
class Experiment:
    """Rows to learn from.

    Attributes:
        x: (n, d) known before. treatment: (n,) 1 or 0. outcome: (n,) 1 or 0.
        weight: (n,) balancing weights of :func:`assistant.models.uplift.scores.balancing_weights`, used in scores.
        customer: (n,) whose row it is; rows of one customer stay on one side of a split.
    """

    x: np.ndarray
    treatment: np.ndarray
    outcome: np.ndarray
    weight: np.ndarray | None = None
    customer: np.ndarray | None = None

    def rows(self, chosen: np.ndarray) -> Experiment:
        """The same of some rows."""
        return Experiment(self.x[chosen], self.treatment[chosen], self.outcome[chosen],
                          None if self.weight is None else self.weight[chosen],
                          None if self.customer is None else self.customer[chosen])


@dataclass(frozen=True)
class Interval:
    """A mean over splits with its corrected 95 % interval, and the plain spread between splits."""

    mean: float
    lower: float
    upper: float
    spread: float

    @property
    def positive(self) -> bool:
        return self.lower > 0


@dataclass(frozen=True)
class Graded:
    """One learner, or an order to compare with: Qini score, uplift among the first 30 %, and the Qini score less that
    of the learner in use before choosing (None for that learner itself)."""

    name: str
    words: str
    qini: Interval
    uplift_at_top: Interval
    against_default: Interval | None


@dataclass(frozen=True)
class UpliftExam:
    """What the splits showed. ``used``: the learner in use. ``shown``: whether it may pick customers."""

    graded: tuple[Graded, ...]
    used: str
    shown: bool
    splits: int
    cases: int
    customers: int
    seed: int
    missing: tuple[str, ...] = field(default=())

    def of(self, name: str) -> Graded:
        """The grades of one learner. Raises ``KeyError``."""
        return {g.name: g for g in self.graded}[name]


def examine(experiment: Experiment, seed: int = 0, splits: int = SPLITS, learners: Sequence[str] | None = None
            ) -> UpliftExam:
    """Grade all learners on the same splits, choose, and decide whether heterogeneity is shown.

    Args:
        learners: names in :data:`assistant.models.uplift.learners.LEARNERS`; all that can run here where not given.

    Raises:
        InvalidPlan: too few rows or outcomes in an arm; the numbers are said.
    """
    import numpy as np

    check_enough(experiment)
    names = list(learners or available())
    values: dict[str, list[tuple[float, float]]] = {}
    for split in range(splits):
        learning, testing = halves(experiment, seed + split)
        for name, order in scored(learning, testing.x, names, seed + split).items():
            values.setdefault(name, []).append((
                qini_score(testing.outcome, order, testing.treatment, testing.weight),
                uplift_at_k(testing.outcome, order, testing.treatment, TOP_SHARE, testing.weight)))
    table = {name: np.array(v) for name, v in values.items()}
    base = table[DEFAULT][:, 0]
    graded = tuple(
        Graded(name, words_of(name), interval(v[:, 0]), interval(v[:, 1]),
               None if name == DEFAULT else interval(v[:, 0] - base)) for name, v in table.items())
    used = _chosen(graded)
    customers = len(np.unique(experiment.customer)) if experiment.customer is not None else len(experiment.outcome)
    return UpliftExam(
        graded, used, next(g for g in graded if g.name == used).qini.positive, splits, len(experiment.outcome),
        customers, seed, missing=() if trees_available() else ("lightgbm",))


def available() -> list[str]:
    """Learners that can run here."""
    return [n for n, (_, base, _) in LEARNERS.items() if base == "logistic" or trees_available()]


def words_of(name: str) -> str:
    if name == DEFAULT:
        return "the mean of the three on logistic regression"
    return ORDERS.get(name) or LEARNERS[name][2]


def scored(learning: Experiment, x: np.ndarray, names: Sequence[str], seed: int) -> dict[str, np.ndarray]:
    """Scores of rows ``x`` by every learner learnt from ``learning``, their mean, and the orders to compare with."""
    import numpy as np

    found = {n: make(n).fit(learning.x, learning.treatment, learning.outcome).predict(x) for n in names}
    logistic = [v for n, v in found.items() if LEARNERS[n][1] == "logistic"]
    held = learning.treatment == 0
    found[DEFAULT] = np.mean(logistic, axis=0)
    found["response"] = Linear().fit(learning.x[held], learning.outcome[held]).predict(x)
    found["random"] = np.random.default_rng(seed).random(len(x))
    return found


def halves(experiment: Experiment, seed: int) -> tuple[Experiment, Experiment]:
    """The experiment split in two at random by customers."""
    import numpy as np

    owner = experiment.customer if experiment.customer is not None else np.arange(len(experiment.outcome))
    names, code = np.unique(owner, return_inverse=True)
    learns = np.random.default_rng(seed).permutation(len(names)) < len(names) // 2
    return experiment.rows(learns[code]), experiment.rows(~learns[code])


def interval(values: np.ndarray, test_to_train: float = 1.0) -> Interval:
    """Mean over splits with the corrected interval; ``test_to_train`` is the ratio of the sizes of the halves."""
    import numpy as np
    from scipy.stats import t as student

    n, spread = len(values), float(np.std(values, ddof=1))
    half = float(student.ppf(0.5 + LEVEL / 2, n - 1)) * spread * float(np.sqrt(1 / n + test_to_train))
    mean = float(np.mean(values))
    return Interval(mean, mean - half, mean + half, spread)


def _chosen(graded: Sequence[Graded]) -> str:
    better = [g for g in graded
              if g.name not in ORDERS and g.against_default is not None and g.against_default.positive]
    return max(better, key=lambda g: g.qini.mean).name if better else DEFAULT


def check_enough(experiment: Experiment) -> None:
    """Refuse what nothing can be learnt from.

    Raises:
        InvalidPlan: see :func:`examine`.
    """
    counts: Mapping[str, tuple[int, int]] = {
        word: (int((experiment.treatment == arm).sum()), int(experiment.outcome[experiment.treatment == arm].sum()))
        for word, arm in (("contacted", 1), ("held out", 0))
    }
    if all(n >= FEWEST_CASES and FEWEST_OUTCOMES <= k <= n - FEWEST_OUTCOMES for n, k in counts.values()):
        return
    said = " and ".join(f"{n:,} {word} with {k:,} orders" for word, (n, k) in counts.items())
    raise InvalidPlan(
        f"Who is moved by a contact cannot be learnt from {said}: each side needs at least {FEWEST_CASES} customers, "
        f"of whom {FEWEST_OUTCOMES} ordered and {FEWEST_OUTCOMES} did not", received=said,
        hint="Hold customers out at random in the next campaigns; what those show is added up.")


def fitted(experiment: Experiment, name: str) -> UpliftLearner:
    """The learner of that name learnt from everything."""
    from assistant.models.uplift.learners import MeanLearner

    learner = MeanLearner() if name == DEFAULT else make(name)
    return learner.fit(experiment.x, experiment.treatment, experiment.outcome)
