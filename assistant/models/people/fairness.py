"""Whether groups of people are chosen alike and predicted equally well.

Selection rates are those of fairlearn's ``MetricFrame`` (Weerts et al. 2023, *Journal of Machine Learning Research*
24(257)). A difference is said to be shown only where a chi-squared test of independence finds it, at five per cent
shared out among the attributes looked at (Bonferroni); how large it is, is told by the ratio of the lowest to the
highest rate, of which four fifths is a customary mark and no law of nature. Of people whose attribute is not known
nothing is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

#: Smaller groups are shown without figures and not judged; below the second number nothing is concluded.
SMALLEST_GROUP = 10
FEWEST_TO_JUDGE = 30
#: The customary mark of the ratio of rates, and the error shared out among the attributes.
FOUR_FIFTHS = 0.8
ERROR = 0.05
_Z = 1.96
#: Expected counts from which the chi-squared distribution is trusted, and shuffles where it is not.
_EXPECTED, _SHUFFLES = 5.0, 4000
UNKNOWN = "not known"


@dataclass(frozen=True)
class GroupFigures:
    """One group. Rates 0–1; ``None`` where the group is too small or there is no outcome.

    Attributes:
        rate, low, high: share selected, with Wilson's 95 % interval.
        predicted, observed: mean prediction and mean outcome of the exam.
        gap, gap_low, gap_high: observed less predicted, with a 95 % interval.
        tested: people of the group in the exam.
        auc: how well the prediction orders the group's people.
    """

    group: str
    people: int
    selected: int | None
    rate: float | None
    low: float | None
    high: float | None
    tested: int = 0
    predicted: float | None = None
    observed: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    auc: float | None = None


@dataclass(frozen=True)
class AttributeFigures:
    """One sensitive attribute.

    Attributes:
        groups: known ones by name, then ``not known``.
        ratio: lowest over highest rate of the groups large enough; ``difference``: highest less lowest.
        p: of the test that being chosen does not depend on the group.
        lowest, highest: names of the groups with these rates.
        verdict: ``differs`` (shown, below four fifths), ``differs little`` (shown, above), ``no difference shown``, or
            ``too few to tell``.
        off: groups whose predictions are off by more, or less, than everybody's, beyond chance.
    """

    attribute: str
    groups: tuple[GroupFigures, ...]
    ratio: float | None
    difference: float | None
    p: float | None
    lowest: str
    highest: str
    verdict: str
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exam:
    """Predictions of a past day and what came true: aligned arrays, and the groups of the same people."""

    attributes: Mapping[str, Sequence[str | None]]
    predicted: np.ndarray
    observed: np.ndarray


def judge(
    attributes: Mapping[str, Sequence[str | None]], selected: np.ndarray, exam: Exam | None = None, questions: int = 1,
    quick: bool = False, error: float = ERROR,
) -> list[AttributeFigures]:
    """Figures of every attribute.

    Args:
        attributes: name → group of each person (None: not known). ``selected``: bool per person.
        exam: predictions with outcomes; probabilities or amounts.
        quick: rates by counting, without fairlearn, whose import takes longer than all the rest; they are the same.
        error: of the first kind, shared out among the attributes.
        questions: how many selections of the same people are judged: the error is shared out among them too.
    """
    return [_attribute(name, np.array([UNKNOWN if g is None else str(g) for g in groups]), np.asarray(selected, bool),
                       exam, error / max(len(attributes) * questions, 1), quick) for name, groups in attributes.items()]


def _attribute(
    name: str, groups: np.ndarray, selected: np.ndarray, exam: Exam | None, error: float, quick: bool
) -> AttributeFigures:
    rates = _counted(groups, selected) if quick else _rates(groups, selected)
    tested = _tested(exam, name)
    names = sorted({*rates, *tested} - {UNKNOWN}) + [UNKNOWN] * (UNKNOWN in {*rates, *tested})
    found = tuple(_group(g, rates.get(g), tested.get(g)) for g in names)
    large = [g for g in found if g.group != UNKNOWN and g.people >= FEWEST_TO_JUDGE and g.rate is not None]
    off = tuple(g for g in tested if g != UNKNOWN and tested[g]["off"])
    if len(large) < 2:
        return AttributeFigures(name, found, None, None, None, "", "", "too few to tell", off)
    lowest, highest = (pick(large, key=lambda g: (g.rate, g.group)) for pick in (min, max))
    judged = np.isin(groups, [g.group for g in large])
    p = _independent(groups[judged], selected[judged])
    ratio = lowest.rate / highest.rate if highest.rate else 1.0  # type: ignore[operator]
    shown = p is not None and p < error
    verdict = "no difference shown" if not shown else "differs" if ratio < FOUR_FIFTHS else "differs little"
    return AttributeFigures(name, found, float(ratio), float(highest.rate - lowest.rate), p,  # type: ignore[operator]
                            lowest.group, highest.group, verdict, off)


def _rates(groups: np.ndarray, selected: np.ndarray) -> dict[str, tuple[int, float]]:
    """People and share selected of each group."""
    if not len(groups):
        return {}
    from fairlearn.metrics import MetricFrame, count, selection_rate

    frame = MetricFrame(metrics={"people": count, "rate": selection_rate}, y_true=selected, y_pred=selected,
                        sensitive_features=groups)
    return {str(g): (int(row["people"]), float(row["rate"])) for g, row in frame.by_group.iterrows()}


def _counted(groups: np.ndarray, selected: np.ndarray) -> dict[str, tuple[int, float]]:
    names, places = np.unique(groups, return_inverse=True)
    people, chosen = np.bincount(places), np.bincount(places, weights=selected)
    return {str(g): (int(n), float(c / n)) for g, n, c in zip(names, people, chosen, strict=True)}


def _group(name: str, rate: tuple[int, float] | None, tested: dict[str, float] | None) -> GroupFigures:
    people, share = rate or (0, 0.0)
    exam = {k: v for k, v in (tested or {}).items() if k != "off"}
    if exam and exam["tested"] < SMALLEST_GROUP:
        exam = {"tested": exam["tested"]}
    if people < SMALLEST_GROUP:
        return GroupFigures(name, people, None, None, None, None, **exam)  # type: ignore[arg-type]
    low, high = wilson(round(people * share), people)
    return GroupFigures(name, people, round(people * share), share, low, high, **exam)  # type: ignore[arg-type]


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, *Journal of the American Statistical Association* 22(158), 209–212)."""
    share, z2 = hits / n, _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _independent(groups: np.ndarray, selected: np.ndarray) -> float | None:
    """p of the chi-squared test; None where everybody or nobody is selected."""
    from scipy.stats import chi2_contingency

    names, places = np.unique(groups, return_inverse=True)
    counts = np.array([np.bincount(places[selected == s], minlength=len(names)) for s in (False, True)])
    if (counts.sum(axis=1) == 0).any():
        return None
    found = chi2_contingency(counts, correction=False)
    if found.expected_freq.min() >= _EXPECTED:
        return float(found.pvalue)
    return _by_permutation(places, selected, len(names), float(found.statistic))


def _by_permutation(places: np.ndarray, selected: np.ndarray, groups: int, statistic: float) -> float:
    """p where counts are too small for the chi-squared distribution: the selection shuffled, seeded."""
    rng = np.random.default_rng(0)
    n, chosen = np.bincount(places, minlength=groups), int(selected.sum())
    expected = n * chosen / len(places)
    spread = expected * (1 - chosen / len(places))
    hits = 0
    for _ in range(_SHUFFLES):
        drawn = rng.multivariate_hypergeometric(n, chosen)
        hits += float(((drawn - expected) ** 2 / spread).sum()) >= statistic - 1e-9
    return (hits + 1) / (_SHUFFLES + 1)


def _tested(exam: Exam | None, name: str) -> dict[str, dict[str, float]]:
    """Figures of the exam by group; ``off``: the gap differs from everybody else's beyond chance."""
    if exam is None or name not in exam.attributes:
        return {}
    groups = np.array([UNKNOWN if g is None else str(g) for g in exam.attributes[name]])
    gaps = exam.observed - exam.predicted
    binary = bool(np.isin(exam.observed, (0, 1)).all())
    found: dict[str, dict[str, float]] = {}
    for group in np.unique(groups):
        mine = groups == group
        n = int(mine.sum())
        mean, spread = float(gaps[mine].mean()), float(gaps[mine].std(ddof=1)) if n > 1 else 0.0
        half = _Z * spread / np.sqrt(n)
        found[str(group)] = {
            "tested": n, "predicted": float(exam.predicted[mine].mean()), "observed": float(exam.observed[mine].mean()),
            "gap": mean, "gap_low": mean - half, "gap_high": mean + half,
            "off": float(n >= FEWEST_TO_JUDGE and _off(gaps, mine, group_count=len(np.unique(groups)))),
        }
        hits = exam.observed[mine]
        if binary and min(hits.sum(), n - hits.sum()) >= SMALLEST_GROUP:
            from sklearn.metrics import roc_auc_score

            found[str(group)]["auc"] = float(roc_auc_score(hits, exam.predicted[mine]))
    return found


def _off(gaps: np.ndarray, mine: np.ndarray, group_count: int) -> bool:
    """Whether a group's mean gap differs from that of everybody else (Welch's test, shared out among the groups)."""
    from scipy.stats import ttest_ind

    if mine.all() or (~mine).sum() < FEWEST_TO_JUDGE:
        return False
    return bool(ttest_ind(gaps[mine], gaps[~mine], equal_var=False).pvalue < ERROR / max(group_count, 1))
