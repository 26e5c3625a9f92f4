"""Demo shops with seeds that nothing was settled on: what was planted, and what the model makes of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.data.demo import build_demo, load_truth
from assistant.data.warehouse import open_snapshot
from assistant.models.uplift.fitted import ShopUplift
from assistant.settings import load_settings
from benchmarks.report import Row


@dataclass(frozen=True)
class Found:
    """Figures of one shop, for customers not learnt from."""

    seed: int
    shown: bool
    qini: float
    random: float
    truth: float
    correlation: float
    covered: bool
    effect: dict[str, float]
    dogs: float
    dogs_flagged: float
    kept: float
    kept_share: float
    by_response: float
    oracle: float
    given: float


def demo_rows(seeds: tuple[int, ...]) -> list[Row]:
    """Rows over the shops."""
    found = [_shop(seed) for seed in seeds]
    shown = [f for f in found if f.shown]
    rows = [
        Row("demo shops: heterogeneity shown", f"{len(shown)} of {len(found)}"),
        Row("demo shops: planted mean effect inside the interval of the read-out",
            f"{sum(f.covered for f in found)} of {len(found)}", bar="≥ 4 of 5", met=sum(f.covered for f in found) >= 4),
        Row("demo shops: Qini score over ten splits", _each(found, "qini", 4), baseline=_each(found, "random", 4),
            peer=f"{_each(found, 'truth', 4)} (the planted effects)"),
        Row("demo shops: correlation of predicted and planted effects", _each(found, "correlation", 2), bar="> 0 each",
            met=all(f.correlation > 0 for f in found)),
    ]
    if not shown:
        return rows
    planted = {g: float(np.mean([f.effect[g] for f in shown if g in f.effect])) for g in
               ("moved", "sure_buyer", "sleeping_dog")}
    said = ", ".join(f"{100 * v:+.1f}" for v in planted.values())
    lift = float(np.mean([f.dogs_flagged / f.dogs for f in shown]))
    rows += [
        Row("where shown: planted effect of those called worth contacting, ordering anyway, driven away (points)", said,
            bar="falling, the last below 0", met=planted["moved"] > planted["sure_buyer"] > planted["sleeping_dog"]
            and planted["sleeping_dog"] < 0),
        Row("where shown: planted sleeping dogs among those called driven away, against all",
            f"{lift:.1f} × ({_each(shown, 'dogs_flagged', 2)})", baseline=f"1 × ({_each(shown, 'dogs', 2)})",
            bar="≥ 2 ×", met=lift >= 2),
        Row("where shown: planted orders won, of those of contacting all, by contacting only those worth it",
            f"{_mean(shown, 'kept')} with {_mean(shown, 'kept_share')} of the messages",
            baseline=f"{_mean(shown, 'by_response')} (as many, the likeliest to order first)",
            peer=f"{_mean(shown, 'oracle')} (as many, by the planted effects)",
            bar="more than its share of messages",
            met=bool(np.mean([f.kept for f in shown]) > np.mean([f.kept_share for f in shown]))),
        Row("where shown: discounts given to orders that come anyway, of those of contacting all",
            _mean(shown, "given"), bar="less than its share of messages",
            met=bool(np.mean([f.given for f in shown]) < np.mean([f.kept_share for f in shown]))),
    ]
    return rows


def _mean(found: list[Found], name: str) -> str:
    return f"{100 * np.mean([getattr(f, name) for f in found]):.0f} %"


def _each(found: list[Found], name: str, digits: int) -> str:
    return ", ".join(f"{getattr(f, name):.{digits}f}" for f in found)


def _shop(seed: int) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder))
        build_demo(settings, seed=seed)
        truth = load_truth(settings).effects[["campaign_id", "customer_id", "effect", "response_type"]]
        model = ShopUplift().fit(open_snapshot(settings.snapshots_dir))
    seen = model.checked_.frame.merge(truth, on=["campaign_id", "customer_id"])
    planted, exam, overall = seen["effect"].to_numpy(), model.exam_, model.effect_.overall
    dogs, group = (seen["response_type"] == "sleeping_dog").to_numpy(), seen["group"].to_numpy()
    kept, total = group == "moved", planted.sum()
    given = (seen["baseline"] * seen["usual_order"]).to_numpy()
    n = int(kept.sum())
    flagged = group == "sleeping_dog"

    def won(order: np.ndarray) -> float:
        return float(planted[np.argsort(-order, kind="stable")[:n]].sum() / total)

    return Found(
        seed, exam.shown, exam.of(exam.used).qini.mean, exam.of("random").qini.mean, _truth_qini(model, seen),
        float(np.corrcoef(model.raw_, planted)[0, 1]), overall.lower < planted.mean() < overall.upper,  # type: ignore[operator]
        {g: float(planted[group == g].mean()) for g in np.unique(group)}, float(dogs.mean()),
        float(dogs[flagged].mean()) if flagged.any() else 0.0, float(planted[kept].sum() / total), float(kept.mean()),
        won(seen["baseline"].to_numpy()), won(planted), float(given[kept].sum() / given.sum()))


def _truth_qini(model: ShopUplift, seen) -> float:  # type: ignore[no-untyped-def]
    """The mean over the same splits of the Qini score of the planted effects."""
    from assistant.models.uplift.exam import Experiment, halves
    from assistant.models.uplift.scores import qini_score

    e = model.experiment_
    planted = Experiment(seen[["effect"]].to_numpy(), e.treatment, e.outcome, e.weight, e.customer)
    scores = []
    for split in range(model.exam_.splits):
        _, testing = halves(planted, model.seed + split)
        scores.append(qini_score(testing.outcome, testing.x[:, 0], testing.treatment, testing.weight))
    return float(np.mean(scores))
