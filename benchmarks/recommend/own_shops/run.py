"""Which recommender a shop gets, against *implicit*, on three test windows of both shops that chose nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np

from assistant.data.warehouse import Snapshot
from assistant.models.recommend.choosing import Choice, Past, choose_recommender, competitors
from assistant.models.recommend.exam import EVALUATED_K, Exam, Purpose
from assistant.models.recommend.list_measures import coverage, diversity, exposure, gini, list_quality, novelty
from benchmarks.recommend.own_shops import peers
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

#: Ends of the test windows, weeks before the last day of the data: windows of four weeks do not overlap.
ENDS = (0, 8, 16)
SEED = 0
_MEASURES = ("recall", "ndcg", "coverage", "gini", "diversity", "novelty")
_ASKED = {"new": "what new", "next": "the next order"}


@dataclass
class Lists:
    """One recommender over all windows: per customer and window, and per window."""

    recall: list[np.ndarray] = field(default_factory=list)
    ndcg: list[np.ndarray] = field(default_factory=list)
    shown: list[dict[str, float]] = field(default_factory=list)

    def add(self, exam: Exam, places: np.ndarray) -> None:
        """The lists of one window."""
        recall, ndcg = list_quality(places, exam.truth)
        counts, train = exposure(places, exam.train.n_items), exam.train
        buyers = np.bincount(train.matrix.indices, minlength=train.n_items)
        self.recall.append(recall)
        self.ndcg.append(ndcg)
        self.shown.append({"coverage": coverage(counts), "gini": gini(counts), "diversity": diversity(places, train),
                           "novelty": novelty(places, buyers, train.n_users)})

    def mean(self, measure: str) -> float:
        """Mean over windows of the mean over customers."""
        if measure in {"recall", "ndcg"}:
            return float(np.mean([v.mean() for v in getattr(self, measure)]))
        return float(np.mean([s[measure] for s in self.shown]))


@dataclass
class Contest:
    """Ours, the naive lists and the peers for one shop and purpose."""

    lists: dict[str, Lists] = field(default_factory=dict)
    users: list[np.ndarray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run() -> Outcome:
    """All shops, purposes and windows."""
    from threadpoolctl import threadpool_limits

    rows: list[Row] = []
    notes = [
        "Per window: models learn up to eight weeks before its end, are compared on the next four weeks, learn again "
        "up to four weeks before its end, and are judged on the last four. Ours and the peers choose on the same "
        f"validation customers; {len(peers.ALS_GRID)} settings of implicit ALS, {len(peers.BM25_GRID)} of BM25 (grids "
        "in peers.py), fewer of each of ours: " + "; ".join(
            f"{_ASKED[p]}: {', '.join(competitors(p))}" for p in get_args(Purpose)) + ".",
        "Full catalogue ranking, nothing sampled; at most a thousand customers per window. nDCG: ideal cut at k; "
        "recall divided by all that was bought. “What new”: owned products are hidden unless they are typically "
        "re-bought. Same rule for all. Item-kNN here is ours (cosine).",
        "Differences are paired per customer; 95 % intervals count a customer of several windows as one cluster.",
    ]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(2):
        for shop, snapshot in _shops(Path(folder)):
            for purpose, contest in _contests(snapshot).items():
                rows += _rows(f"{shop}, {_ASKED[purpose]}", contest)
                notes += [f"{shop}, {_ASKED[purpose]}: {note}" for note in contest.notes]
    if online_retail() is None:
        notes.append("Online Retail II is not here: its rows are left out.")
    return Outcome("Recommendations on the own shops", rows,
                   "demo shop (built-in seed); Online Retail II, time split, three windows of four weeks ending "
                   f"{', '.join(str(e) for e in ENDS)} weeks before the last day", str(SEED),
                   ("numpy", "scipy", "implicit"), notes)


def _shops(base: Path) -> Iterator[tuple[str, Snapshot]]:
    from assistant.data.demo import DEFAULT_SEED, build_demo
    from assistant.data.load import load
    from assistant.data.warehouse import open_snapshot
    from assistant.settings import load_settings

    settings = load_settings(base / "demo")
    build_demo(settings, seed=DEFAULT_SEED)
    yield "demo", open_snapshot(settings.snapshots_dir)
    if source := online_retail():
        settings = load_settings(base / "online_retail")
        load([source], settings)
        yield "Online Retail II", open_snapshot(settings.snapshots_dir)


def _contests(snapshot: Snapshot) -> dict[Purpose, Contest]:
    found: dict[Purpose, Contest] = {p: Contest() for p in get_args(Purpose)}
    for weeks in ENDS:
        _window(snapshot.at(snapshot.as_of - timedelta(weeks=weeks)), found)
    return found


def _window(snapshot: Snapshot, contests: dict[Purpose, Contest]) -> None:
    """One window: ours as chosen, and each peer at its best setting on the validation weeks."""
    past = Past(snapshot)
    choices = {p: choose_recommender(snapshot, seed=SEED, purpose=p, past=past) for p in contests}
    for purpose, choice in choices.items():
        _ours(contests[purpose], choice, snapshot.as_of)
    best: dict[tuple[Purpose, str], tuple[float, tuple[Any, ...]]] = {}
    train = next(iter(choices.values())).split.validation.train  # type: ignore[union-attr]
    for name, settings, model in peers.fitted(train):
        for purpose, choice in choices.items():
            exam = choice.split.validation  # type: ignore[union-attr]
            value = float(list_quality(peers.lists(model, exam), exam.truth)[1].mean())
            if value > best.get((purpose, name), (-1.0, ()))[0]:
                best[purpose, name] = (value, settings)
    for (purpose, name), (_, settings) in best.items():
        exam = choices[purpose].split.test  # type: ignore[union-attr]
        contest = contests[purpose]
        contest.lists.setdefault(name, Lists()).add(exam, peers.lists(peers.make(name, settings, exam.train), exam))
        contest.notes[-1] += f"; {name} {settings}"


def _ours(contest: Contest, choice: Choice, end: date) -> None:
    assert choice.split is not None
    exam = choice.split.test
    popular, neighbours = choice.best_of("popularity"), "item_knn"
    for name, model in (("ours", choice.name), ("popularity", popular), ("item-kNN", choice.best_of(neighbours))):
        trial = choice.trial(model)
        assert trial is not None
        contest.lists.setdefault(name, Lists()).add(exam, trial.places)
    contest.users.append(exam.train.user_ids[exam.users])
    tuned = choice.parameters.get(choice.name)
    lead = choice.lead()
    assert lead is not None
    contest.notes.append(
        f"window to {end} ({len(exam.users)} customers): chosen {choice.name}"
        + (f" {tuned}" if tuned else "") + f", nDCG {choice.trial(choice.name).ndcg:.4f}, "  # type: ignore[union-attr]
        f"{lead[1].mean:+.4f} [{lead[1].low:+.4f}, {lead[1].high:+.4f}] on popularity; validation nDCG "
        + ", ".join(f"{t.name} {t.ndcg:.4f}" for t in sorted(choice.compared, key=lambda t: -t.ndcg)))


def clustered(ours: list[np.ndarray], theirs: list[np.ndarray], users: list[np.ndarray]) -> tuple[float, float]:
    """Mean paired difference over all customers and windows, and its standard error clustered by customer."""
    gain = np.concatenate(ours) - np.concatenate(theirs)
    _, code = np.unique(np.concatenate(users).astype(str), return_inverse=True)
    mean = float(gain.mean())
    sums = np.bincount(code, weights=gain - mean)
    return mean, float(np.sqrt((sums**2).sum()) / len(gain))


def _rows(title: str, contest: Contest) -> list[Row]:
    """One row per measure against the better peer, and the paired differences in nDCG."""
    names = [n for n in contest.lists if n.startswith("implicit")]
    peer = max(names, key=lambda n: contest.lists[n].mean("ndcg"))
    ours, plain = contest.lists["ours"], contest.lists["popularity"]
    rows = []
    for measure in _MEASURES:
        others = f"{peer} {contest.lists[peer].mean(measure):.4f}"
        met = ours.mean(measure) > contest.lists[peer].mean(measure) if measure in {"recall", "ndcg"} else None
        rows.append(Row(f"{title}: {measure}{'' if measure in {'diversity', 'novelty', 'gini'} else f'@{EVALUATED_K}'}",
                        f"{ours.mean(measure):.4f}", f"{plain.mean(measure):.4f}", others,
                        "> peer" if met is not None else "–", met))
    for name in [*names, "item-kNN", "popularity"]:
        mean, error = clustered(ours.ndcg, contest.lists[name].ndcg, contest.users)
        low, high = mean - 1.96 * error, mean + 1.96 * error
        rows.append(Row(f"{title}: nDCG@{EVALUATED_K} less {name}, paired", f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]",
                        peer=f"{contest.lists[name].mean('ndcg'):.4f}", bar="interval above 0", met=low > 0))
    return rows
