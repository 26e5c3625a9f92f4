"""Which recommender this shop gets: measured on the shop's own last weeks, and said why.

Three parts of the history, one after the other: models learn from the oldest, are compared on the *validation* weeks
after it (variants and weights are chosen there as well), and the figures that are shown come from the last, the *test*
weeks, which have no say in the choice. After that everything is fitted on all data. Where the history holds only one
such window, its customers are halved: one half chooses, the other is shown. Where too few customers bought again, the
popularity list is used, and said so. A model that knows the customer is taken only where it beats the best popularity
list clearly, by more than twice the standard error of the paired difference; a blend only where it beats the best
single model as clearly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, cached_property, partial
from typing import Any

from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.features.interactions import Interactions, interactions
from assistant.features.product_side import ProductSide
from assistant.models.recommend.choice_records import ChoiceRecords, Measured
from assistant.models.recommend.exam import EVALUATED_K, MAX_USERS, Exam, Purpose, Stretch, Trial, build_exam
from assistant.models.recommend.gates import Gates
from assistant.models.recommend.list_measures import Difference, list_quality, paired_difference
from assistant.models.recommend.tuning import Sitting
from assistant.models.registry import RECOMMENDERS, Entry, available

__all__ = ["EVALUATED_K", "Choice", "Past", "Trial", "choose_recommender", "list_quality"]

#: Lengths of the windows tried in turn, in weeks, until enough customers can be judged.
WEEKS = (4, 8, 13, 26)
MIN_USERS = 50
#: Standard errors by which a personal model must beat popularity.
_CLEARLY = 2.0

_TOO_FEW = ("too few customers bought again in the last weeks to measure a personal model, so the plain popularity "
            "list is used")
_NONE_BETTER = "on the weeks kept for choosing no personal model ranked better than the popularity list"
_NOT_CLEARLY = ("on the weeks kept for choosing the personal models were not clearly better than the popularity "
                "list")
_BEST = "it ranked best on the weeks kept for choosing, clearly ahead of the popularity list"
_FADED = "; on the last weeks, which had no say in the choice, the lead was within the noise"


class Past:
    """Purchases up to a day, each day built once; and what is known of the products beside their sales (``side``)."""

    def __init__(
        self, snapshot: Snapshot, full: Interactions | None = None, side: ProductSide | None = None
    ) -> None:
        self.snapshot = snapshot
        self.side = side
        #: who may be shown what; set by whoever knows the settings
        self.gates: Gates | None = None
        #: where measurements are kept; set by whoever has a folder for them
        self.records: ChoiceRecords | None = None
        self._built = {} if full is None else {snapshot.as_of: full}

    def until(self, day: date) -> Interactions:
        """Purchases up to and including ``day``."""
        if day not in self._built:
            self._built[day] = interactions(self.snapshot, day)
        return self._built[day]


@dataclass(frozen=True, eq=False)
class Split:
    """The exam that chooses and the exam that is shown. ``apart``: ``weeks`` or ``customers``."""

    validation: Exam
    test: Exam
    weeks: int
    apart: str

    @property
    def stretch(self) -> Stretch:
        """When both were."""
        return Stretch(self.validation.days, self.test.days, self.weeks, self.apart)


@dataclass(frozen=True, eq=False)
class Choice:
    """The chosen model and the comparison behind it.

    Attributes:
        name: of the chosen model in the registry. why: words without numbers.
        compared: every competitor on the validation exam, which decided.
        trials: the best of each family on the test exam, which is shown.
        stretch: when the two exams were, None where nothing could be measured; then there are no trials either.
        parameters: name → parameters tuned on the validation exam, where there are any.
        exams: makes the two exams; a choice that was read from a record does not need them.
    """

    name: str
    why: str
    purpose: Purpose = "new"
    compared: tuple[Trial, ...] = ()
    trials: tuple[Trial, ...] = ()
    stretch: Stretch | None = None
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    exams: Callable[[], Split | None] = lambda: None

    @cached_property
    def split(self) -> Split | None:
        """The two exams, made when first asked for; None where nothing could be measured."""
        return self.exams()

    @property
    def weeks(self) -> int:
        """Length of the test window, 0 where nothing was measured."""
        return self.stretch.weeks if self.stretch else 0

    @property
    def cutoff(self) -> date | None:
        """Last day before the test weeks."""
        return self.stretch.test.cutoff if self.stretch else None

    @property
    def users(self) -> int:
        """Customers of the test exam."""
        return self.stretch.test.users if self.stretch else 0

    def trial(self, name: str) -> Trial | None:
        """The model on the test exam, if it was measured there."""
        return next((t for t in self.trials if t.name == name), None)

    def validated(self, name: str) -> Trial | None:
        """The model on the validation exam, if it took part."""
        return next((t for t in self.compared if t.name == name), None)

    def best_of(self, family: str) -> str:
        """Best of a family on the validation exam; the first registered where nothing was measured.

        Raises:
            UnknownName: no such family.
        """
        names = [n for n, e in RECOMMENDERS.items() if e.family == family]
        if not names:
            raise UnknownName("There is no such recommender", received=family,
                              valid=list(dict.fromkeys(e.family for e in RECOMMENDERS.values())))
        measured = [t for t in self.compared if t.family == family]
        return max(measured, key=lambda t: t.ndcg).name if measured else names[0]

    def lead(self, name: str | None = None) -> tuple[Difference, Difference] | None:
        """Recall and nDCG of a model (default: the chosen) less those of the popularity list, on the test exam."""
        ours, plain = self.trial(name or self.name), self.trial(self.best_of("popularity"))
        if ours is None or plain is None:
            return None
        return (paired_difference(ours.per_user_recall, plain.per_user_recall),
                paired_difference(ours.per_user_ndcg, plain.per_user_ndcg))


def competitors(purpose: Purpose, side: ProductSide | None = None) -> dict[str, Entry]:
    """Registered recommenders that take part in the choice for a purpose."""
    return {name: entry for name, entry in available(side).items() if entry.competes and purpose in entry.purposes}


def choose_recommender(
    snapshot: Snapshot, full: Interactions | None = None, seed: int = 0, *, purpose: Purpose = "new",
    side: ProductSide | None = None, past: Past | None = None,
) -> Choice:
    """Compare the competing recommenders on the shop's own last weeks before ``as_of``.

    Args:
        full: purchases up to ``as_of``, if at hand.
        side: what is known of products beside their sales; models that need more are left out.
        past: both of these and purchases at earlier days, if at hand.
        seed: of the samples of customers (at most :data:`~assistant.models.recommend.exam.MAX_USERS`).
    """
    past = past or Past(snapshot, full, side)
    entries = competitors(purpose, past.side)
    path = None if past.records is None else past.records.path(past.snapshot, purpose, seed, entries, past.side)
    known = None if past.records is None or path is None else past.records.read(path)
    exams = cache(partial(split_history, past, purpose, seed))
    if known is not None:
        return Choice(known.name, known.why, purpose, known.compared, known.trials, known.stretch, known.parameters,
                      exams)
    split = exams()
    if split is None:
        return Choice("popularity", _TOO_FEW, purpose)
    choice = _measured(split, purpose, entries, exams)
    if past.records is not None and path is not None:
        past.records.write(path, Measured(choice.name, choice.why, choice.compared, choice.trials, choice.parameters,
                                          split.stretch))
    return choice


def _measured(
    split: Split, purpose: Purpose, entries: Mapping[str, Entry], exams: Callable[[], Split | None],
) -> Choice:
    """Choose on the validation exam, and measure what is shown on the test exam."""
    compared, parameters = _compared(split.validation, entries)
    name, why = _decide(compared)
    choice = Choice(name, why, purpose, compared, (), split.stretch, parameters, exams)
    shown = dict.fromkeys([name, *(choice.best_of(family) for family in dict.fromkeys(t.family for t in compared))])
    test = Sitting(split.test, parameters)
    return _with_trials(choice, tuple(test.trial(shown_name) for shown_name in shown))


def _compared(exam: Exam, entries: Mapping[str, Entry]) -> tuple[tuple[Trial, ...], dict[str, dict[str, Any]]]:
    """Every competitor on the validation exam, and the parameters of the blends tuned there."""
    sitting = Sitting(exam)
    trials = [sitting.trial(name) for name, entry in entries.items() if not entry.tuned]
    best: dict[str, Trial] = {}
    for trial in trials:
        if trial.family not in best or trial.ndcg > best[trial.family].ndcg:
            best[trial.family] = trial
    for name in (n for n, entry in entries.items() if entry.tuned):
        found = sitting.tune(name, {family: trial.name for family, trial in best.items()})
        if found is not None:
            sitting.parameters[name] = found
            trials.append(sitting.trial(name))
    return tuple(trials), sitting.parameters


def split_history(past: Past, purpose: Purpose, seed: int = 0) -> Split | None:
    """The shortest windows in which enough customers can be judged, or None.

    The training part is at least twice as long as a window.
    """
    last, first = past.snapshot.as_of, past.snapshot.manifest.first_day
    for weeks in WEEKS:
        cut = last - timedelta(weeks=weeks)
        earlier = cut - timedelta(weeks=weeks)
        if earlier - first < timedelta(weeks=2 * weeks):
            break
        exams = [build_exam(past.until(a), past.until(b), purpose, past.side) for a, b in ((earlier, cut), (cut, last))]
        if min(len(e.users) for e in exams) >= MIN_USERS:
            return Split(*(e.sample(MAX_USERS, seed) for e in exams), weeks=weeks, apart="weeks")
    for weeks in WEEKS:
        cut = last - timedelta(weeks=weeks)
        if cut - first < timedelta(weeks=2 * weeks):
            break
        exam = build_exam(past.until(cut), past.until(last), purpose, past.side)
        if len(exam.users) >= 2 * MIN_USERS:
            return Split(*exam.sample(2 * MAX_USERS, seed).halves(seed), weeks=weeks, apart="customers")
    return None


def _with_trials(choice: Choice, trials: tuple[Trial, ...]) -> Choice:
    """The choice with what is shown; says where the lead did not last."""
    known = replace(choice, trials=trials)
    lead = known.lead()
    if lead is None or RECOMMENDERS[choice.name].family == "popularity" or lead[1].low > 0:
        return known
    return replace(known, why=choice.why + _FADED)


def _decide(trials: tuple[Trial, ...]) -> tuple[str, str]:
    """The winner and why, in words without numbers."""
    plain = max((t for t in trials if t.family == "popularity"), key=lambda t: t.ndcg)
    best = max((t for t in trials if not RECOMMENDERS[t.name].tuned), key=lambda t: t.ndcg)
    for blend in (t for t in trials if RECOMMENDERS[t.name].tuned):
        if _clearly_better(blend, best):
            best = blend
    if best.family == "popularity":
        return best.name, _NONE_BETTER
    if not _clearly_better(best, plain):
        return plain.name, _NOT_CLEARLY
    return best.name, _BEST


def _clearly_better(ours: Trial, theirs: Trial) -> bool:
    gain = paired_difference(ours.per_user_ndcg, theirs.per_user_ndcg)
    return gain.mean > _CLEARLY * gain.standard_error
