"""A perceptron and self-attention beside the models they would have to beat, on each shop's own last weeks.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.features.interactions import interactions
from assistant.models.recommend.base import Recommender
from assistant.models.recommend.exam import EVALUATED_K, Exam, Purpose, build_exam
from assistant.models.registry import RECOMMENDERS
from benchmarks.recommend.metrics import ndcg_at_k, recall_at_k
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import online_retail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.data.warehouse import Snapshot

WEEKS = 8
CUTS = 2
USERS = 1000
THREADS = 2
PURPOSES: tuple[Purpose, ...] = ("new", "next")
#: Tried on the weeks before the first cut, for each network.
EPOCHS = (4, 12)


@dataclass(frozen=True)
class Result:
    """Means over customers of all cuts, and seconds of one fit."""

    ndcg: np.ndarray
    recall: np.ndarray
    seconds: float


def run() -> Outcome:
    rows: list[Row] = []
    notes = [
        f"Time splits: {CUTS} cuts, {WEEKS} weeks apart; what customers bought in the {WEEKS} weeks after each. At "
        f"most {USERS} customers per cut, drawn by lot (seed 0). Lists of {EVALUATED_K}, full catalogue; nDCG with "
        "the ideal list cut at k, recall over all that was bought. No sampled metrics.",
        f"Epochs of each network chosen among {EPOCHS} on the {WEEKS} weeks before the first cut. {THREADS} threads.",
        "new: what a customer owns and rarely buys again is left out. next: the customer's next order, owned or not.",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for shop, snapshot in _shops(Path(folder)):
            rows += _shop_rows(shop, snapshot, notes)
    shops = "demo shop (built-in seed)" + ("; Online Retail II" if online_retail() else "; Online Retail II left out")
    return Outcome("Neural recommenders", rows, shops, "0",
                   ("torch", "numpy", "scipy"), notes)


def _shops(base: Path) -> Iterator[tuple[str, Snapshot]]:
    """The demo shop, and Online Retail II where its file is there."""
    from app import compose
    from assistant.settings import load_settings

    source = online_retail()
    for name in ("demo", *(["Online Retail II"] if source else [])):
        workspace, _ = compose(load_settings(base / name.split()[0]), remember=False)
        if name != "demo":
            workspace.load([source])
        yield name, workspace.snapshot


def _shop_rows(shop: str, snapshot: Snapshot, notes: list[str]) -> list[Row]:
    cuts = [_exams(snapshot, CUTS - n) for n in range(CUTS)]
    rehearsal = [_exams(snapshot, CUTS + 1)]
    makers: dict[str, Callable[[], Recommender]] = {
        n: e.make for n, e in RECOMMENDERS.items() if e.competes and e.needs is None}
    for name, maker in _networks().items():
        tried = {e: _sit(rehearsal, lambda m=maker, e=e: m(epochs=e)) for e in EPOCHS}
        best = max(EPOCHS, key=lambda e: sum(r.ndcg.mean() for r in tried[e].values()))
        notes.append(f"{shop}, {name}: {best} epochs; nDCG of the rehearsal (new, next): " + "; ".join(
            f"{e} epochs {r['new'].ndcg.mean():.4f}, {r['next'].ndcg.mean():.4f}" for e, r in tried.items()))
        makers[name] = lambda m=maker, e=best: m(epochs=e)
    found = {name: _sit(cuts, make) for name, make in makers.items()}
    return [row for purpose in PURPOSES
            for row in _purpose_rows(shop, purpose, {name: by[purpose] for name, by in found.items()})]


def _purpose_rows(shop: str, purpose: Purpose, found: Mapping[str, Result]) -> list[Row]:
    plain = max((n for n in found if n not in _networks()), key=lambda n: found[n].ndcg.mean())
    rows = []
    for name, result in found.items():
        gap = result.ndcg - found[plain].ndcg
        half = 1.96 * gap.std(ddof=1) / np.sqrt(len(gap))
        network = name in _networks()
        rows.append(Row(
            f"{shop}, {purpose}: {name}",
            f"nDCG {result.ndcg.mean():.4f}, recall {result.recall.mean():.4f}, fit "
            f"{result.seconds / max(found[plain].seconds, 1e-9):.1f} × that of {plain}",
            baseline=f"popularity_recent {found['popularity_recent'].ndcg.mean():.4f}",
            peer=f"{plain} {found[plain].ndcg.mean():.4f} (difference {gap.mean():+.4f} ± {half:.4f})",
            bar="better than the best without a network" if network else "–",
            met=bool(gap.mean() > half) if network else None,
        ))
    return rows


def _networks() -> Mapping[str, Any]:
    from assistant.models.recommend.neural import NeuralMLP, SelfAttention

    return {"perceptron": NeuralMLP, "self-attention": SelfAttention}


def _exams(snapshot: Snapshot, back: int) -> dict[Purpose, Exam]:
    """The exams of both purposes ``back`` stretches of :data:`WEEKS` before the end."""
    cut = snapshot.as_of - timedelta(weeks=WEEKS * back)
    train, after = interactions(snapshot, cut), interactions(snapshot, cut + timedelta(weeks=WEEKS))
    return {purpose: build_exam(train, after, purpose).sample(USERS, seed=0) for purpose in PURPOSES}


def _sit(cuts: list[dict[Purpose, Exam]], make: Callable[[], Recommender]) -> dict[Purpose, Result]:
    """Fit at each cut and judge both purposes; customers of all cuts together."""
    lists: dict[Purpose, list[tuple[np.ndarray, np.ndarray]]] = {purpose: [] for purpose in PURPOSES}
    seconds = []
    for exams in cuts:
        with _threads():
            started = time.perf_counter()
            model = make().fit(exams["new"].train)
            seconds.append(time.perf_counter() - started)
            for purpose, exam in exams.items():
                places, _ = model.top(model.rows_at(exam.users), EVALUATED_K, exclude_seen=exam.hide)
                lists[purpose].append((ndcg_at_k(places, exam.truth), recall_at_k(places, exam.truth)))
    return {purpose: Result(*(np.concatenate(part) for part in zip(*found, strict=True)), float(np.median(seconds)))
            for purpose, found in lists.items()}


@contextmanager
def _threads() -> Iterator[None]:
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(min(THREADS, os.cpu_count() or 1))
    try:
        with threadpool_limits(THREADS):
            yield
    finally:
        torch.set_num_threads(before)
