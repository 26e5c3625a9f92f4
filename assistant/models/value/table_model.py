"""Who is likely to have an outcome, from a table with one row per customer: contracts, subscriptions, responses.

The same two members as for the shop (:mod:`assistant.models.value.propensity`), tuned and calibrated by
cross-validation; every row is scored by models that had not seen it. Left out are sensitive columns and their close
proxies (:mod:`assistant.data.sensitive`), columns that cannot be told from an id, and *leaks*: columns that tell the
outcome almost alone, which is how something written down after the outcome looks (a reason for leaving, an end date).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from assistant.data.outcome_tables import Loaded
from assistant.data.sensitive import allowed_columns, codes
from assistant.errors import InvalidPlan
from assistant.models.threads import undivided_products
from assistant.models.value.exam import Calibration, Lift, auc, brier, calibration, calibration_error, lift
from assistant.models.value.propensity import FEWEST_OUTCOMES, FOLDS, PropensityModel

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

VERSION = "1"
#: AUC of one column alone from which it is taken for a leak.
TELLS_ALL = 0.95
#: Share of different values among the rows from which a column of texts is an id or free text.
MOSTLY_DIFFERENT = 0.5
#: Rows that are given the share of all, in the rate of a value (shrinkage).
PRIOR_ROWS = 10.0


@dataclass(frozen=True)
class Leak:
    """A column that tells the outcome almost alone, with the AUC of that column on rows left out."""

    column: str
    auc: float


@dataclass(frozen=True)
class TableExam:
    """Figures on rows that the models had not seen (cross-validation).

    Attributes:
        customers: rows with a known outcome; auc, brier; ``rule_``: of the best single column, ``rule``;
            base_brier: of giving everyone the average; predicted, observed: shares; calibration by fifths; lift by
            tenths; members: (AUC, Brier) is not told apart here.
    """

    customers: int
    auc: float
    brier: float
    rule: str
    rule_auc: float
    rule_brier: float
    base_brier: float
    predicted: float
    observed: float
    calibration: tuple[Calibration, ...]
    calibration_error: float
    lift: tuple[Lift, ...]


class TableModel:
    """Probability of the outcome of every row of a table.

    Args:
        declared: further columns that count as sensitive.
        seed: of folds and trees.

    Attributes (after :meth:`fit`):
        columns_: those learnt from; leaks_, sensitive_, proxies_, unusable_: those left out, and why.
        exam_, model_; scores_: probability of each row, from models that had not seen it where its outcome is known.
    """

    def __init__(self, declared: Sequence[str] = (), seed: int = 0) -> None:
        self.declared = tuple(declared)
        self.seed = seed

    @undivided_products()
    def fit(self, loaded: Loaded) -> Self:
        """Learn from the rows whose outcome is known, and score all.

        Raises:
            InvalidPlan: too few rows with or without the outcome, or no column is left to learn from.
        """
        import numpy as np

        known = ~np.isnan(loaded.outcome)
        outcome = loaded.outcome[known].astype(bool)
        if min(outcome.sum(), (~outcome).sum()) < FEWEST_OUTCOMES:
            raise InvalidPlan(
                f"There are too few rows to learn from: at least {FEWEST_OUTCOMES} with and without the outcome are "
                f"needed, and there are {int(outcome.sum())} and {int((~outcome).sum())}", received=loaded.table.name)
        frame = self._choose(loaded.frame, known, outcome)
        self.model_ = PropensityModel(tuned=True, seed=self.seed).fit(frame[known], outcome)
        self.scores_ = self.model_.predict(frame)
        self.scores_[known] = self.model_.unseen_
        self.frame_ = frame
        self.exam_ = self._examine(frame[known], outcome)
        return self

    @staticmethod
    def listed(loaded: Loaded) -> np.ndarray:
        """Places of the rows that are listed: those whose outcome is not known, else those for whom it has not
        happened."""
        import numpy as np

        unknown = np.isnan(loaded.outcome)
        return np.flatnonzero(unknown if unknown.any() else loaded.outcome == 0)

    def _choose(self, frame: pd.DataFrame, known: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
        import pandas as pd

        frame = frame.copy()
        for column in frame.columns:  # a date is a number of days
            if pd.api.types.is_datetime64_any_dtype(frame[column]):
                frame[column] = (frame[column] - pd.Timestamp(0)).dt.days.astype("float64")
        self.unusable_ = [c for c in frame.columns if _unusable(frame[c])]
        rest = frame.drop(columns=self.unusable_)
        self.leaks_ = leaking(rest[known], outcome, self.seed)
        rest = rest.drop(columns=[leak.column for leak in self.leaks_])
        allowed = allowed_columns({c: rest[c] for c in rest}, self.declared)
        self.sensitive_, self.proxies_ = allowed.sensitive, allowed.proxies
        if not allowed.use:
            raise InvalidPlan("No column is left to learn from", received=", ".join(map(str, frame.columns)))
        self.columns_ = list(allowed.use)
        return rest[self.columns_]

    def _examine(self, frame: pd.DataFrame, outcome: np.ndarray) -> TableExam:
        import numpy as np

        ours, happened = self.model_.unseen_, outcome.astype("float64")
        alone = {c: one_column(frame[c], outcome, self.seed) for c in frame.columns}
        rule = min(alone, key=lambda c: brier(happened, alone[c]))
        parts = calibration(ours, happened)
        return TableExam(
            customers=len(outcome), auc=_auc(happened, ours), brier=brier(happened, ours), rule=rule,
            rule_auc=_auc(happened, alone[rule]), rule_brier=brier(happened, alone[rule]),
            base_brier=brier(happened, np.full(len(outcome), happened.mean())), predicted=float(ours.mean()),
            observed=float(happened.mean()), calibration=parts, calibration_error=calibration_error(parts),
            lift=lift(ours, alone[rule], happened),
        )


def _auc(happened: np.ndarray, score: np.ndarray) -> float:
    found = auc(happened, score)
    assert found is not None  # both outcomes are there
    return found


def _unusable(values: pd.Series) -> bool:
    """Constant, empty, or a text that differs nearly everywhere."""
    import pandas as pd

    different = values.nunique()
    text = not pd.api.types.is_numeric_dtype(values)
    return bool(different < 2 and not (values.isna().any() and different)) or (
        text and different > MOSTLY_DIFFERENT * max(1, values.notna().sum()))


def one_column(values: pd.Series, outcome: np.ndarray, seed: int = 0) -> np.ndarray:
    """Share of the outcome among rows with the same value (numbers by tenths; missing is a value), from other rows.

    Rows are left out by fifths; a value's share is shrunk towards the share of all.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    places = codes(values) + 1
    unseen = np.zeros(len(outcome))
    for train, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(places, outcome):
        size = int(places.max()) + 1
        happened = np.bincount(places[train], weights=outcome[train].astype("float64"), minlength=size)
        rows = np.bincount(places[train], minlength=size)
        share = outcome[train].mean()
        unseen[held] = ((happened + PRIOR_ROWS * share) / (rows + PRIOR_ROWS))[places[held]]
    return unseen


def leaking(frame: pd.DataFrame, outcome: np.ndarray, seed: int = 0) -> list[Leak]:
    """Columns that tell the outcome almost alone, the surest first: by their values, or by being filled at all."""
    found = [(c, auc(outcome, one_column(frame[c], outcome, seed))) for c in frame.columns]
    return sorted((Leak(str(c), a) for c, a in found if a is not None and a >= TELLS_ALL),
                  key=lambda leak: (-leak.auc, leak.column))
