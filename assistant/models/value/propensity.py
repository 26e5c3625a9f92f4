"""How likely an outcome with two values is, from a table of typed columns: two kinds of model, averaged.

A regularised logistic regression sees what adds up, boosted trees of few leaves (LightGBM; Ke et al. 2017, *Advances in
Neural Information Processing Systems* 30) what does not; their log-odds are averaged. On tables without a time, slope
and level are put right on rows that the members had not seen (Platt 1999, "Probabilistic outputs for support vector
machines").

Everything stays additive in the log-odds, so each column's share in a score can be told exactly: for the regression,
weight × distance from the mean; for the trees, Shapley values (Lundberg et al. 2020, *Nature Machine Intelligence*
2, 56–67).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from assistant.errors import InvalidPlan
from assistant.models.threads import tree_threads
from assistant.models.value.table_design import TableDesign

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Rows of each outcome without which nothing is learnt.
FEWEST_OUTCOMES = 20
#: Rows that are enough to learn from; of more, as many are drawn.
MOST_ROWS = 120_000
FOLDS = 5
#: Strengths of the regression tried where it is tuned (scikit-learn's C), and used where it is not.
STRENGTHS = (0.003, 0.02, 0.1, 1.0)
STRENGTH = 0.01
#: Leaves, rounds and learning rate tried where the trees are tuned, and used where they are not.
SHAPES = ((4, 200, 0.05), (7, 150, 0.03), (7, 250, 0.03))
SHAPE = (7, 120, 0.05)
INSTALL = "pip install lightgbm (on Linux it also needs the system package libgomp1)"


def lightgbm_or_none() -> Any | None:
    """LightGBM, or None where it or the system library it needs is not there."""
    try:
        import lightgbm
    except (ImportError, OSError):  # OSError: libgomp is missing
        return None
    return lightgbm


@dataclass(frozen=True)
class Settings:
    """What the members are made with, and the log loss on unseen rows that chose it (None: not tuned)."""

    strength: float = STRENGTH
    shape: tuple[int, int, float] = SHAPE
    loss: float | None = None


class PropensityModel:
    """Probability of an outcome.

    Args:
        tuned: choose strength and shape by cross-validation, and calibrate on the rows left out each time; otherwise
            the fixed settings are used and the members' average stands as it is.
        members: ``logistic``, ``trees`` or both.
        seed: of folds and trees.

    Attributes (after :meth:`fit`):
        members_: those that could be fitted; ``trees`` is absent where LightGBM cannot be loaded.
        unseen_: where tuned, the probability of each row from members that had not seen it (only the settings, the
            slope and the level were chosen on all rows).
        settings_, slope_, shift_, base_: settings, calibration, and log-odds of a row that is average in everything.
    """

    def __init__(
        self, tuned: bool = False, members: tuple[str, ...] = ("logistic", "trees"), seed: int = 0
    ) -> None:
        self.tuned = tuned
        self.members = members
        self.seed = seed

    def fit(self, frame: pd.DataFrame, outcome: np.ndarray) -> Self:
        """Learn from rows × columns (numbers or categories) and whether the outcome happened.

        Raises:
            InvalidPlan: fewer than :data:`FEWEST_OUTCOMES` rows with or without the outcome.
        """
        import numpy as np

        outcome = np.asarray(outcome, dtype=bool)
        happened, rest = int(outcome.sum()), int((~outcome).sum())
        if min(happened, rest) < FEWEST_OUTCOMES:
            raise InvalidPlan(
                f"There are too few cases to learn from: at least {FEWEST_OUTCOMES} with and without the outcome are "
                f"needed, and there are {happened} and {rest}", received=len(outcome))
        whole, drawn = frame, None
        if len(frame) > MOST_ROWS:
            drawn = np.sort(np.random.default_rng(self.seed).choice(len(frame), MOST_ROWS, replace=False))
            frame, outcome = frame.iloc[drawn], outcome[drawn]
        engine = lightgbm_or_none() if "trees" in self.members else None
        self.members_ = tuple(m for m in self.members if m != "trees" or engine is not None)
        self.design_ = TableDesign().fit(frame)
        self.settings_, self.slope_, self.shift_ = Settings(), 1.0, 0.0
        if self.tuned:
            self._tune(frame, outcome)
        self.fitted_ = self._fit_members(frame, outcome, self.settings_, self.design_)
        if self.tuned and drawn is not None:  # rows that were not drawn have not been seen either
            unseen = self.predict(whole)
            unseen[drawn] = self.unseen_
            self.unseen_ = unseen
        self.base_ = self.slope_ * float(np.mean([m.base_ for m in self.fitted_.values()])) + self.shift_
        return self

    def _fit_members(
        self, frame: pd.DataFrame, outcome: np.ndarray, settings: Settings, design: TableDesign
    ) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if "logistic" in self.members_:
            made["logistic"] = _Logistic(settings.strength).fit(design, frame, outcome)
        if "trees" in self.members_:
            made["trees"] = _Trees(settings.shape, self.seed).fit(design, frame, outcome)
        return made

    def _tune(self, frame: pd.DataFrame, outcome: np.ndarray) -> None:
        """Settings by log loss on left-out rows; slope and level of the average of those predictions."""
        import numpy as np
        from scipy.special import expit
        from sklearn.model_selection import StratifiedKFold

        folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=self.seed).split(frame, outcome))
        chosen: dict[str, tuple[float, Any, np.ndarray]] = {}
        tries: dict[str, tuple[Any, ...]] = {"logistic": STRENGTHS, "trees": SHAPES}
        designs = [TableDesign().fit(frame.iloc[train]) for train, _ in folds]
        for member in self.members_:
            for tried in tries[member]:
                unseen = np.zeros(len(outcome))
                for (train, held), design in zip(folds, designs, strict=True):
                    model = _Logistic(tried) if member == "logistic" else _Trees(tried, self.seed)
                    model.fit(design, frame.iloc[train], outcome[train])
                    unseen[held] = model.log_odds(design, frame.iloc[held])
                loss = log_loss(outcome, unseen)
                if member not in chosen or loss < chosen[member][0]:
                    chosen[member] = (loss, tried, unseen)
        average = np.mean([unseen for _, _, unseen in chosen.values()], axis=0)
        self.settings_ = Settings(chosen["logistic"][1] if "logistic" in chosen else STRENGTH,
                                  chosen["trees"][1] if "trees" in chosen else SHAPE, log_loss(outcome, average))
        self.slope_, self.shift_ = platt(average, outcome)
        self.unseen_ = expit(self.slope_ * average + self.shift_)

    def log_odds(self, frame: pd.DataFrame) -> np.ndarray:
        """Log-odds of the outcome of each row.

        Raises:
            sklearn.exceptions.NotFittedError: before :meth:`fit`.
        """
        import numpy as np

        self._check()
        average = np.mean([m.log_odds(self.design_, frame) for m in self.fitted_.values()], axis=0)
        return self.slope_ * average + self.shift_

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of the outcome of each row, 0–1."""
        from scipy.special import expit

        return expit(self.log_odds(frame))

    def of_member(self, member: str, frame: pd.DataFrame) -> np.ndarray:
        """Log-odds by one member alone, not calibrated."""
        self._check()
        return self.fitted_[member].log_odds(self.design_, frame)

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each column adds to the log-odds of each row, against a row that is average in everything.

        Returns:
            rows × columns; each row sums, with ``base_``, to :meth:`log_odds`.
        """
        import numpy as np
        import pandas as pd

        self._check()
        parts = [m.contributions(self.design_, frame) for m in self.fitted_.values()]
        return pd.DataFrame(self.slope_ * np.mean(parts, axis=0), columns=self.design_.table_columns_,
                            index=frame.index)

    def _check(self) -> None:
        from sklearn.exceptions import NotFittedError

        if not hasattr(self, "fitted_"):
            raise NotFittedError(f"{type(self).__name__} has not been fitted to a table yet")


class _Logistic:
    """Ridge logistic regression on standardised columns, whose mean is therefore 0."""

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def fit(self, design: TableDesign, frame: pd.DataFrame, outcome: np.ndarray) -> Self:
        from sklearn.linear_model import LogisticRegression

        self.regression_ = LogisticRegression(C=self.strength, max_iter=2000).fit(design.linear(frame), outcome)
        self.base_ = float(self.regression_.intercept_[0])
        return self

    def log_odds(self, design: TableDesign, frame: pd.DataFrame) -> np.ndarray:
        return self.regression_.decision_function(design.linear(frame))

    def contributions(self, design: TableDesign, frame: pd.DataFrame) -> np.ndarray:
        return design.by_column(design.linear(frame) * self.regression_.coef_[0])


class _Trees:
    """Boosted trees of few leaves."""

    def __init__(self, shape: tuple[int, int, float], seed: int) -> None:
        self.shape = shape
        self.seed = seed

    def fit(self, design: TableDesign, frame: pd.DataFrame, outcome: np.ndarray) -> Self:
        import lightgbm

        leaves, rounds, rate = self.shape
        settings = {
            "objective": "binary", "num_leaves": leaves, "learning_rate": rate, "min_data_in_leaf": 20,
            "lambda_l2": 5.0, "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": self.seed,
            "num_threads": tree_threads(len(frame)), "deterministic": True, "force_row_wise": True, "verbose": -1,
        }
        data = lightgbm.Dataset(design.trees(frame), outcome.astype("float64"),
                                categorical_feature=design.category_places or "auto")
        self.booster_ = lightgbm.train(settings, data, num_boost_round=rounds)
        self.base_ = float(self.booster_.predict(design.trees(frame.iloc[:1]), pred_contrib=True, num_threads=1)[0, -1])
        return self

    def log_odds(self, design: TableDesign, frame: pd.DataFrame) -> np.ndarray:
        return self.booster_.predict(design.trees(frame), raw_score=True, num_threads=tree_threads(len(frame)))

    def contributions(self, design: TableDesign, frame: pd.DataFrame) -> np.ndarray:
        threads = tree_threads(len(frame))
        return self.booster_.predict(design.trees(frame), pred_contrib=True, num_threads=threads)[:, :-1]


def platt(log_odds: np.ndarray, outcome: np.ndarray) -> tuple[float, float]:
    """Slope and shift that make log-odds of unseen rows right on average (maximum likelihood)."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(log_odds[:, None], outcome)
    slope = float(fitted.coef_[0, 0])
    return (slope, float(fitted.intercept_[0])) if slope > 0 else (1.0, 0.0)  # a reversed order is no calibration


def log_loss(outcome: np.ndarray, log_odds: np.ndarray) -> float:
    """Mean negative log-likelihood of outcomes under log-odds."""
    import numpy as np

    signed = np.where(outcome, log_odds, -log_odds)
    return float(np.logaddexp(0.0, -signed).mean())
