"""A propensity learnt on past days of a shop and examined on a later one.

The customers of several past days ("cuts"), whose next H days are known, are learnt from; the latest cut is the exam,
with only outcomes known by then. The level of the probabilities drifts with the season. Where the history tells how it
changed a year before, from the time of the newest cut to the time of today, three quarters of that change are added to
the level of the newest cut, unless that did clearly worse on earlier cuts. Else it is chosen on earlier cuts, never on
the exam day, whether probabilities are taken as learnt, moved to the level of the newest cut, or moved half-way towards
what the same season brought a year before. Where a rule on one column has the smaller Brier score on the exam day,
it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal, Self

from assistant.errors import InvalidPlan
from assistant.features.labels import past_cuts, season_cut
from assistant.models.value.exam import Calibration, Lift, auc, brier, calibration, calibration_error, lift
from assistant.models.value.propensity import FEWEST_OUTCOMES, PropensityModel

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    from assistant.data.warehouse import Snapshot

Level = Literal["as_learnt", "newest", "season", "change"]
LEVELS: tuple[Level, ...] = ("as_learnt", "newest", "season", "change")
#: How far the level moves towards that of the same season a year before, and with the change seen a year before: one
#: year is one observation.
SEASON_WEIGHT, CHANGE_WEIGHT = 0.5, 0.75
#: Brier score by which the change of a year before must have done worse on earlier cuts not to be used.
CLEARLY_WORSE = 0.01
#: Earlier cuts on which the level is chosen.
REHEARSALS = 3


@dataclass(frozen=True)
class YearBefore:
    """Labelled rows of a year before: of the day that is predicted from (``day``), and of the newest cut learnt from
    (``newest``); None where there are none."""

    day: pd.DataFrame | None = None
    newest: pd.DataFrame | None = None

    @property
    def levels(self) -> tuple[Level, ...]:
        """Ways to set the level that these rows allow."""
        return LEVELS if self.newest is not None and self.day is not None else LEVELS[:3] \
            if self.day is not None else LEVELS[:2]


class Curve:
    """One fitted propensity with a level; a constant where one outcome is too rare to learn from.

    Args:
        predictors: from rows of features to the columns weighed.
        level: how the level is set; see the module.
        members: of :class:`~assistant.models.value.propensity.PropensityModel`.
    """

    def __init__(
        self, predictors: Callable[[pd.DataFrame], pd.DataFrame], level: Level = "as_learnt",
        members: tuple[str, ...] = ("logistic", "trees"),
    ) -> None:
        self.predictors = predictors
        self.level = level
        self.members = members

    def fit(self, frame: pd.DataFrame, before: YearBefore | None = None) -> Self:
        """Learn from rows with ``happened`` and ``cut``; ``before``: such rows of a year before."""
        happened = frame["happened"].to_numpy(dtype=bool)
        self.constant_ = (happened.sum() + 1.0) / (len(happened) + 2.0)  # Laplace's rule: never quite 0 or 1
        self.model_: PropensityModel | None = None
        if min(happened.sum(), (~happened).sum()) >= FEWEST_OUTCOMES:
            self.model_ = PropensityModel(members=self.members).fit(self.predictors(frame), happened)
        return self.levelled(self.level, frame, before)

    def levelled(self, level: Level, frame: pd.DataFrame, before: YearBefore | None) -> Self:
        """The same fit at another level; ``frame`` and ``before`` as in :meth:`fit`."""
        self.level = level
        self.shift_ = self._shift(frame, before or YearBefore())
        return self

    def _shift(self, frame: pd.DataFrame, before: YearBefore) -> float:
        if self.model_ is None or self.level not in before.levels:
            return 0.0
        if self.level == "season" and before.day is not None:
            return SEASON_WEIGHT * self.distance(before.day)
        if self.level not in {"newest", "change"}:
            return 0.0
        newest = self.distance(frame[frame["cut"] == frame["cut"].max()])
        if self.level == "change" and before.day is not None and before.newest is not None:
            return newest + CHANGE_WEIGHT * (self.distance(before.day) - self.distance(before.newest))
        return newest

    def distance(self, rows: pd.DataFrame) -> float:
        """Shift of the log-odds that brings the mean prediction to the share that happened (by Laplace's rule)."""
        from scipy.optimize import brentq
        from scipy.special import expit

        share = (rows["happened"].sum() + 1.0) / (len(rows) + 2.0)
        log_odds = self._unshifted(rows)
        return float(brentq(lambda shift: expit(log_odds + shift).mean() - share, -50, 50))

    def _unshifted(self, frame: pd.DataFrame) -> np.ndarray:
        assert self.model_ is not None
        return self.model_.log_odds(self.predictors(frame))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of each row."""
        import numpy as np
        from scipy.special import expit

        if self.model_ is None or frame.empty:
            return np.full(len(frame), self.constant_)
        return expit(self._unshifted(frame) + self.shift_)

    def of_member(self, member: str, frame: pd.DataFrame) -> np.ndarray:
        """Probability of each row by one member alone, at the same level."""
        from scipy.special import expit

        assert self.model_ is not None
        return expit(self.model_.of_member(member, self.predictors(frame)) + self.shift_)

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each column adds to the log-odds of each row; no columns where the curve is a constant."""
        import pandas as pd

        if self.model_ is None or frame.empty:
            return pd.DataFrame(index=frame.index)
        return self.model_.contributions(self.predictors(frame))


@dataclass(frozen=True)
class Exam:
    """Figures on the test day, over the cases that are examined.

    Attributes:
        cut: the test day; cuts: days learnt from; customers: cases tested.
        auc, brier: of the model; ``rule_``: of the rule; ``base_brier``: of giving everyone the average. AUC is None
            when all cases had the same outcome.
        predicted, observed: mean probability of what is used, and the share that happened.
        calibration: by fifths of the prediction; calibration_error: mean distance, weighted by cases.
        lift: by tenths; empty with too few cases.
        members: (AUC, Brier) of each member alone.
        level: how the level was set. rehearsed: Brier score of the ways to set it that could be tried on most earlier
            cuts; empty where the history is too short.
    """

    cut: date
    cuts: tuple[date, ...]
    customers: int
    auc: float | None
    brier: float
    rule_auc: float | None
    rule_brier: float
    base_brier: float
    predicted: float
    observed: float
    calibration: tuple[Calibration, ...] = field(default=())
    calibration_error: float = 0.0
    lift: tuple[Lift, ...] = field(default=())
    members: dict[str, tuple[float | None, float]] = field(default_factory=dict)
    level: Level = "as_learnt"
    rehearsed: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Lessons:
    """Labelled rows by cut, made when first needed. ``rows(cut)``: features, ``happened`` and ``cut`` of one day."""

    snapshot: Snapshot
    horizon_days: int
    rows: Callable[[date], pd.DataFrame]
    _kept: dict[date, pd.DataFrame] = field(default_factory=dict)

    def at(self, cut: date) -> pd.DataFrame:
        if cut not in self._kept:
            self._kept[cut] = self.rows(cut)
        return self._kept[cut]

    def of(self, cuts: list[date]) -> pd.DataFrame:
        import pandas as pd

        return pd.concat([self.at(c) for c in cuts], ignore_index=True)

    def before(self, day: date, newest: date) -> YearBefore:
        """Rows of a year before ``day``, and of a year before the newest cut that is learnt from."""
        return YearBefore(self._year_before(day), self._year_before(newest))

    def _year_before(self, day: date) -> pd.DataFrame | None:
        before = season_cut(self.snapshot, day, self.horizon_days)
        rows = None if before is None else self.at(before)
        return None if rows is None or rows.empty else rows


def learn(
    lessons: Lessons, model: Callable[[pd.DataFrame], pd.DataFrame], rule: Callable[[pd.DataFrame], pd.DataFrame]
) -> tuple[Exam, Curve, bool]:
    """Examine model and rule, and fit the better one on everything known today.

    Args:
        lessons: rows by cut.
        model, rule: the columns that each weighs.

    Returns:
        the exam, the fitted curve, and whether it is the rule.

    Raises:
        InvalidPlan: too short a history, or too few cases of either outcome.
    """
    cuts, test_cut = past_cuts(lessons.snapshot, lessons.horizon_days)
    past, test = lessons.of(cuts), lessons.at(test_cut)
    _check(past, test, lessons.horizon_days)
    before = lessons.before(test_cut, cuts[-1])
    rehearsed, rule_rehearsed = (_rehearse(lessons, cuts, weighed) for weighed in (model, rule))
    curves = {"model": Curve(model, _level(rehearsed, before)).fit(past, before),
              "rule": Curve(rule, _level(rule_rehearsed, before), ("logistic",)).fit(past, before)}
    exam, uses_rule = _examine(curves, past, test, tuple(cuts), test_cut, rehearsed)
    before = lessons.before(lessons.snapshot.as_of, test_cut)
    newest = (Curve(rule, _level(rule_rehearsed, before), ("logistic",)) if uses_rule
              else Curve(model, _level(rehearsed, before)))
    everything = lessons.of([*cuts, test_cut])  # for today, the test day is the freshest lesson
    return exam, newest.fit(everything, before), uses_rule


def _level(rehearsed: list[dict[str, float]], before: YearBefore) -> Level:
    """How the level is set: with the change of a year before where that is known and did not clearly worse on the
    earlier cuts on which it could be tried; else the way that did best on those on which all could be."""
    for ways in (before.levels, before.levels[:-1], LEVELS[:2]):
        scores = mean_scores(rehearsed, ways)
        if ways[-1] == "change" and (not scores or scores["change"] <= min(scores.values()) + CLEARLY_WORSE):
            return "change"
        if scores:
            return min(ways, key=lambda way: scores[way])
    return "as_learnt"


def mean_scores(rehearsed: list[dict[str, float]], ways: tuple[Level, ...] = ()) -> dict[str, float]:
    """Mean Brier score of each way over the earlier cuts on which all of them could be tried; of those tried on most
    cuts where no ways are named."""
    import numpy as np

    counts = {way: sum(way in scores for scores in rehearsed) for way in LEVELS}
    ways = ways or tuple(way for way in LEVELS if counts[way] and counts[way] == max(counts.values()))
    of_all = [scores for scores in rehearsed if all(way in scores for way in ways)]
    return {way: float(np.mean([scores[way] for scores in of_all])) for way in ways} if of_all else {}


def _check(past: pd.DataFrame, test: pd.DataFrame, horizon_days: int) -> None:
    happened = int(past["happened"].sum())
    rest = len(past) - happened
    if min(happened, rest) < FEWEST_OUTCOMES or test.empty:
        raise InvalidPlan(
            f"There are too few customers to learn from: at least {FEWEST_OUTCOMES} past cases with and without the "
            f"outcome are needed, and there are {happened} and {rest}", received=f"{horizon_days} days",
            hint="Another horizon may have both.",
        )


def _rehearse(
    lessons: Lessons, cuts: list[date], predictors: Callable[[pd.DataFrame], pd.DataFrame]
) -> list[dict[str, float]]:
    """Brier score of each way to set the level on each of the newest cuts, learnt from what was known on its day.

    The regression alone stands for the model: the level is the same question for both members, and it is quick.
    """
    known = timedelta(days=lessons.horizon_days)
    found: list[dict[str, float]] = []
    for cut in cuts[-REHEARSALS:]:
        earlier = [c for c in cuts if c + known <= cut]
        if not earlier:
            continue
        before, rows = lessons.before(cut, earlier[-1]), lessons.at(cut)
        happened = rows["happened"].to_numpy(dtype=float)
        past = lessons.of(earlier)
        curve = Curve(predictors, members=("logistic",)).fit(past)
        found.append({level: brier(happened, curve.levelled(level, past, before).predict(rows))
                      for level in before.levels})
    return found


def _examine(
    curves: dict[str, Curve], past: pd.DataFrame, test: pd.DataFrame, cuts: tuple[date, ...], cut: date,
    rehearsed: list[dict[str, float]],
) -> tuple[Exam, bool]:
    import numpy as np

    happened = test["happened"].to_numpy(dtype=float)
    model, rule = curves["model"].predict(test), curves["rule"].predict(test)
    uses_rule = brier(happened, rule) < brier(happened, model)
    used = rule if uses_rule else model
    parts = calibration(used, happened)
    score = partial(_scored, happened)
    fitted = curves["model"].model_
    members = {m: score(curves["model"].of_member(m, test)) for m in (fitted.members_ if fitted else ())}
    exam = Exam(
        cut=cut, cuts=cuts, customers=len(test), auc=auc(happened, model), brier=brier(happened, model),
        rule_auc=auc(happened, rule), rule_brier=brier(happened, rule),
        base_brier=brier(happened, np.full(len(test), float(past["happened"].mean()))),
        predicted=float(used.mean()), observed=float(happened.mean()), calibration=parts,
        calibration_error=calibration_error(parts), lift=lift(used, rule, happened), members=members,
        level=curves["rule" if uses_rule else "model"].level, rehearsed=mean_scores(rehearsed) if rehearsed else {},
    )
    return exam, uses_rule


def _scored(happened: np.ndarray, probability: np.ndarray) -> tuple[float | None, float]:
    return auc(happened, probability), brier(happened, probability)
