"""Uplift: Hillstrom over ten splits against causalml and scikit-uplift, the demo shop against its truth, false alarms,
speed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from assistant.models.uplift.effects import read_out
from assistant.models.uplift.exam import DEFAULT, ORDERS, Experiment, available, halves, interval, scored
from assistant.models.uplift.learners import make
from assistant.models.uplift.scores import qini_score, uplift_at_k
from benchmarks.customers.uplift.data import Trial, cookie_cats, generated, hillstrom
from benchmarks.customers.uplift.demo import demo_rows
from benchmarks.customers.uplift.peers import PEERS, causalml_scores
from benchmarks.report import Outcome, Row

#: seeds of the splits: those of the anchor
SPLITS = (42, 0, 1, 2, 3, 4, 5, 6, 7, 8)
#: what the anchor reached with a T-learner on logistic regression
BAR, NOISE = 0.064, 0.007
DEMO_SEEDS = (311, 312, 313, 314, 315)
A_A, EXAMS = 1000, 40
ROWS, COLUMNS, REPEATS, THREADS = 1_000_000, 12, 5, 2


def run() -> Outcome:
    """Everything but what needs another machine."""
    rows = [*_hillstrom(), *_read_outs(), *_false_alarms(), *demo_rows(DEMO_SEEDS), *_speed()]
    return Outcome(
        "Uplift", rows, "Hillstrom (64,000 rows), Cookie Cats (90,189), demo shops, generated rows",
        f"splits {', '.join(map(str, SPLITS))}; demo shops {', '.join(map(str, DEMO_SEEDS))}; rest 0",
        ("numpy", "scikit-learn", "lightgbm", "causalml", "scikit-uplift"), [
            "Qini score: qini_auc_score of scikit-uplift (0 random, 1 the best order in hindsight). Mean over ten "
            "random halves ± spread between them; in brackets the 95 % interval corrected for what splits share "
            "(Nadeau & Bengio 2003). Differences are paired on the same splits (scikit-learn's train_test_split).",
            "Ours is what the shop uses: the mean of S-, T- and X-learner on logistic regression, settled on demo "
            "shops (seeds 7 and 211 to 213), not on Hillstrom. Settings of the trees are fixed (100 rounds, 7 leaves, "
            "rate 0.05, 100 rows in a leaf), the same for causalml; nothing is tuned on either side.",
            "Hillstrom was seen while the learners were written (splits with the seeds 100 to 109 of the same rows), "
            "so its figures are no test on fresh data. Nothing was changed after the demo shops with the seeds above "
            "were seen.",
            "Shown: the lower bound of the interval lies above 0. Men's e-mail: ordering by how likely somebody is to "
            "visit anyway scores higher there than every uplift learner: the effect grows with the visits, but who is "
            "moved beyond that is not shown.",
            f"Speed: {ROWS:,} rows × {COLUMNS} columns, fit and score all rows, {THREADS} threads, turns alternate, "
            f"median of {REPEATS}; ratio of medians. To be run on a quiet machine.",
        ])


# -- Hillstrom ---------------------------------------------------------------------------------------------------------


def _hillstrom() -> list[Row]:
    found = []
    for arm, outcome in (("Womens", "visit"), ("Mens", "visit"), ("Womens", "conversion")):
        trial = hillstrom(arm, outcome)
        found += _graded(trial)
    return found


def _graded(trial: Trial) -> list[Row]:
    ours, peer, top = _scores(trial)
    default, random = ours[DEFAULT], ours["random"]
    used = interval(default)
    name = trial.name
    women, men = name == "women's e-mail, visit", name == "men's e-mail, visit"
    rows = [Row(
        f"{name}: Qini score of what the shop would use", _said(default), baseline=f"{_said(random)} (random)",
        peer=f"{_said(peer['t_logistic'])} (causalml, T on logistic)",
        bar=f"≥ {BAR} − {NOISE}" if women else "–", met=used.mean >= BAR - NOISE if women else None)]
    rows.append(Row(
        f"{name}: heterogeneity shown", "yes" if used.positive else "no: abstains",
        bar={True: "shown", False: "abstains"}[women] if women or men else "–",
        met=used.positive if women else not used.positive if men else None))
    rows.append(Row(f"{name}: effect among the first 30 %", f"{100 * top[DEFAULT].mean():.2f} points",
                    baseline=f"{100 * top['random'].mean():.2f} points (random)"))
    for learner in [*available(), "response"]:
        against = f"{_said(peer[learner])} (causalml)" if learner in peer else "–"
        better = interval(ours[learner] - default)
        rows.append(Row(f"{name}: {ORDERS.get(learner, learner)}", _said(ours[learner]), peer=against,
                        baseline=f"less the default: {better.mean:+.4f} ({better.lower:+.4f} to {better.upper:+.4f})"))
    if women:
        paired = {n: interval(ours[n] - peer[n]) for n in PEERS}
        worst = min(paired, key=lambda n: paired[n].upper)
        rows.append(Row(
            "the same learner here and in causalml, paired: the farthest behind",
            f"{worst}: {paired[worst].mean:+.4f} ({paired[worst].lower:+.4f} to {paired[worst].upper:+.4f})",
            bar="none behind", met=all(p.upper >= 0 for p in paired.values())))
        rows.append(_against_sklift(trial))
    return rows


def _scores(trial: Trial) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Qini scores by split of our orders and of causalml's; effect among the first 30 % of ours."""
    whole = Experiment(trial.x, trial.treatment, trial.outcome)
    ours: dict[str, list[float]] = {}
    peers: dict[str, list[float]] = {}
    top: dict[str, list[float]] = {}
    for seed in SPLITS:
        learning, testing = _anchor_halves(whole, seed)
        for name, order in scored(learning, testing.x, available(), seed).items():
            ours.setdefault(name, []).append(qini_score(testing.outcome, order, testing.treatment))
            top.setdefault(name, []).append(uplift_at_k(testing.outcome, order, testing.treatment))
        for name in PEERS:
            order = causalml_scores(name, learning.x, learning.treatment, learning.outcome, testing.x)
            peers.setdefault(name, []).append(qini_score(testing.outcome, order, testing.treatment))
    return tuple({n: np.array(v) for n, v in d.items()} for d in (ours, peers, top))  # type: ignore[return-value]


def _anchor_halves(whole: Experiment, seed: int) -> tuple[Experiment, Experiment]:
    """The split of the anchor: scikit-learn's, half and half."""
    from sklearn.model_selection import train_test_split

    learns, tests = train_test_split(np.arange(len(whole.outcome)), test_size=0.5, random_state=seed)
    return whole.rows(learns), whole.rows(tests)


def _said(values: np.ndarray) -> str:
    found = interval(values)
    return f"{found.mean:.4f} ± {found.spread:.4f} ({found.lower:.4f} to {found.upper:.4f})"


def _against_sklift(trial: Trial) -> Row:
    from sklift.metrics import qini_auc_score

    learning, testing = halves(Experiment(trial.x, trial.treatment, trial.outcome), SPLITS[0])
    apart = [abs(qini_score(testing.outcome, order, testing.treatment)
                 - qini_auc_score(testing.outcome, order, testing.treatment))
             for order in scored(learning, testing.x, available(), 0).values()]
    return Row("Qini score here less that of scikit-uplift, largest difference", f"{max(apart):.1e}", bar="≤ 1e-12",
               met=max(apart) <= 1e-12)


# -- read-outs and false alarms ----------------------------------------------------------------------------------------


def _read_outs() -> list[Row]:
    trials = [hillstrom("Womens", "visit"), hillstrom("Mens", "visit"), hillstrom("Womens", "conversion"),
              hillstrom("Mens", "conversion"), cookie_cats("retention_1"), cookie_cats("retention_7")]
    rows = []
    for trial in trials:
        effect = read_out(trial.outcome, trial.treatment).overall
        rows.append(Row(
            f"read-out, {trial.name}",
            f"{100 * effect.lift:+.2f} points ({100 * effect.lower:+.2f} to {100 * effect.upper:+.2f}): "
            f"{effect.verdict.replace('_', ' ')}"))  # type: ignore[operator]
    return rows


def _false_alarms() -> list[Row]:
    """Hillstrom's customers without an e-mail, split again and again as if half of them had got one."""
    trial = hillstrom("Womens", "visit")
    spared = trial.treatment == 0
    x, y = trial.x[spared], trial.outcome[spared]
    rng = np.random.default_rng(0)
    groups = (x[:, 0] * 0 + np.digitize(x[:, 0], [3, 6, 9])).astype(int)
    alarms = differ = 0
    for _ in range(A_A):
        found = read_out(y, rng.integers(0, 2, len(y)), group=groups)
        alarms += found.overall.verdict != "not_shown"
        differ += found.differ is not None and found.differ < 0.05
    shown = 0
    for seed in range(EXAMS):
        shown += _shown_by_chance(x, y, rng.integers(0, 2, len(y)), seed)
    most = 0.05 + 1.96 * np.sqrt(0.05 * 0.95 / A_A)
    return [
        Row(f"A/A read-outs that raise an alarm ({A_A} draws)", f"{100 * alarms / A_A:.1f} %",
            bar=f"≤ 5 % (± {100 * (most - 0.05):.1f})", met=alarms / A_A <= most),
        Row("A/A: groups said to differ", f"{100 * differ / A_A:.1f} %", bar=f"≤ 5 % (± {100 * (most - 0.05):.1f})",
            met=differ / A_A <= most),
        Row(f"A/A exams that show heterogeneity ({EXAMS} draws)", f"{shown} of {EXAMS}", bar="≤ 5 % and chance",
            met=shown <= 0.05 * EXAMS + 1.96 * np.sqrt(0.05 * 0.95 * EXAMS)),
    ]


def _shown_by_chance(x: np.ndarray, y: np.ndarray, treatment: np.ndarray, seed: int) -> bool:
    whole = Experiment(x, treatment, y)
    names, values = ("s_logistic", "t_logistic", "x_logistic"), []
    for split in range(len(SPLITS)):
        learning, testing = halves(whole, 100 * seed + split)
        order = scored(learning, testing.x, names, 0)[DEFAULT]
        values.append(qini_score(testing.outcome, order, testing.treatment))
    return interval(np.array(values)).positive


# -- speed -------------------------------------------------------------------------------------------------------------


def _speed() -> list[Row]:
    from threadpoolctl import threadpool_limits

    trial = generated(ROWS, COLUMNS, 0)
    rows = []
    with threadpool_limits(THREADS):
        for name in ("t_logistic", "x_logistic", "t_trees"):
            seconds: dict[str, list[float]] = {"ours": [], "causalml": []}
            qini: dict[str, float] = {}
            sides: dict[str, Callable[[], np.ndarray]] = {
                "ours": lambda n=name: make(n).fit(trial.x, trial.treatment, trial.outcome).predict(trial.x),
                "causalml": lambda n=name: causalml_scores(
                    n, trial.x, trial.treatment, trial.outcome, trial.x, THREADS),
            }
            for turn in range(REPEATS):
                for side, work in list(sides.items())[:: -1 if turn % 2 else 1]:  # whoever is first has it harder
                    start = time.perf_counter()
                    order = work()
                    seconds[side].append(time.perf_counter() - start)
                    qini.setdefault(side, qini_score(trial.outcome, order, trial.treatment))
            medians = {side: statistics.median(s) for side, s in seconds.items()}
            ratio = medians["causalml"] / medians["ours"]
            rows.append(Row(
                f"{name}, fit and score: causalml's time over ours", f"{ratio:.2f} × (Qini {qini['ours']:.4f})",
                peer=f"1 (Qini {qini['causalml']:.4f})", bar="≥ 1, same quality",
                met=bool(ratio >= 1 and abs(qini["ours"] - qini["causalml"]) < 0.002)))
    rows.append(_score_speed(trial))
    return rows


def _score_speed(trial: Trial) -> Row:
    from sklift.metrics import qini_auc_score

    order = trial.x[:, 2] + np.random.default_rng(0).normal(size=ROWS)
    seconds: dict[str, list[float]] = {"ours": [], "sklift": []}
    for _ in range(REPEATS):
        for side, score in (("ours", qini_score), ("sklift", qini_auc_score)):
            start = time.perf_counter()
            score(trial.outcome, order, trial.treatment)
            seconds[side].append(time.perf_counter() - start)
    ratio = statistics.median(seconds["sklift"]) / statistics.median(seconds["ours"])
    return Row("Qini score of a million rows: scikit-uplift's time over ours", f"{ratio:.2f} ×", peer="1", bar="≥ 1",
               met=ratio >= 1)
