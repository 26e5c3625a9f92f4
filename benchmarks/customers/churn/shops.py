"""Who will not order again, on the two shops: examined on later days, beside the recency rule and two peers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from assistant.data.warehouse import Snapshot
from assistant.features.labels import labelled, past_cuts
from assistant.models.value.behaviour import EVERYTHING, has_lapsed, predictors
from assistant.models.value.churn import ChurnModel, fit_churn
from assistant.models.value.ordering import fit_ordering
from assistant.models.value.over_time import Exam
from assistant.models.value.reasons import SIDES, neutralised, proven_reasons, usual
from benchmarks.report import Row
from benchmarks.shared_data import online_retail

HORIZONS = (30, 60, 90)
#: Days before the last one on which the shop is examined again, as if it were that day.
BACK = (0, 60, 120)
SEED = 0


@dataclass(frozen=True)
class Rival:
    """The same test rows by the rivals: AUC of LightGBM as it comes and of BG/NBD, Brier score of the former."""

    lightgbm_auc: float
    lightgbm_brier: float
    bgnbd_auc: float


def shop_rows(base: Path) -> tuple[list[Row], list[str]]:
    """Rows of both shops, and notes."""
    rows, notes = [], []
    for shop, snapshot in _shops(base):
        exams: list[Exam] = []
        for days in HORIZONS:
            for back in BACK:
                seen = snapshot.at(snapshot.as_of - timedelta(days=back))
                model = fit_churn(seen, days)
                exams.append(model.exam_)
                rows += _exam_rows(f"{shop}, {days} days, tested on {model.exam_.cut}", model.exam_, _rival(seen, days))
        rows += [_mean_row(shop, exams), _error_row(shop, exams), _reason_row(shop, snapshot)]
        rows.append(_ordering_row(shop, snapshot))
        levels = [e.level for e in exams]
        notes.append(f"{shop}: level set by: " + ", ".join(
            f"{name} {levels.count(name)}×" for name in sorted(set(levels))) + ".")
    return rows, notes


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


def _exam_rows(name: str, exam: Exam, rival: Rival) -> list[Row]:
    auc, rule = exam.auc or 0.5, exam.rule_auc or 0.5
    parts = " / ".join(f"{m} {a:.3f}" for m, (a, _) in exam.members.items() if a is not None)
    return [
        Row(f"{name} ({exam.customers:,} customers): AUC", f"{auc:.4f} ({parts})", baseline=f"{rule:.4f}",
            peer=f"LightGBM {rival.lightgbm_auc:.4f}, BG/NBD {rival.bgnbd_auc:.4f}", bar="above the rule",
            met=auc > rule),
        Row(f"{name}: Brier score", f"{exam.brier:.4f}", baseline=f"{exam.rule_brier:.4f}",
            peer=f"LightGBM {rival.lightgbm_brier:.4f}", bar="below the rule", met=exam.brier < exam.rule_brier),
    ]


def _rows_of(snapshot: Snapshot, days: int, cut: object) -> pd.DataFrame:
    frame = labelled(snapshot, cut, days)  # type: ignore[arg-type]
    return frame[~has_lapsed(frame, days)].reset_index(drop=True)


def _rival(snapshot: Snapshot, days: int) -> Rival:
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score

    cuts, day = past_cuts(snapshot, days)
    past, test = pd.concat([_rows_of(snapshot, days, c) for c in cuts]), _rows_of(snapshot, days, day)
    peer = LGBMClassifier(n_jobs=1, random_state=SEED, verbose=-1).fit(predictors(past, EVERYTHING), past["churned"])
    probability = peer.predict_proba(predictors(test, EVERYTHING))[:, 1]
    left = test["churned"].to_numpy(dtype=float)
    return Rival(float(roc_auc_score(left, probability)), float(((probability - left) ** 2).mean()),
                 float(roc_auc_score(left, -_bgnbd(snapshot.at(day), test, days))))


def _bgnbd(snapshot: Snapshot, test: pd.DataFrame, days: int) -> np.ndarray:
    """Orders expected of each customer by BG/NBD (lifetimes), from days with orders up to the test day, in weeks."""
    from lifetimes import BetaGeoFitter

    lines = snapshot.table("order_lines")
    sold = lines.filter(lines.customer_id.notnull(), lines.line_type == "sale")
    frame = snapshot.execute(sold.group_by("customer_id").aggregate(
        first=sold.ordered_at.min().date(), last=sold.ordered_at.max().date(),
        n=sold.ordered_at.date().nunique())).to_pandas()
    today = pd.Timestamp(snapshot.as_of)
    first, last = pd.to_datetime(frame["first"]), pd.to_datetime(frame["last"])
    frame["frequency"] = frame["n"] - 1
    frame["recency"], frame["T"] = (last - first).dt.days / 7, (today - first).dt.days / 7
    fitted = BetaGeoFitter(penalizer_coef=0.001).fit(frame["frequency"], frame["recency"], frame["T"])
    frame["expected"] = fitted.conditional_expected_number_of_purchases_up_to_time(
        days / 7, frame["frequency"], frame["recency"], frame["T"])
    return test[["customer_id"]].merge(frame, on="customer_id", how="left")["expected"].fillna(0.0).to_numpy()


def _mean_row(shop: str, exams: list[Exam]) -> Row:
    gained = np.array([(e.auc or 0.5) - (e.rule_auc or 0.5) for e in exams])
    saved = np.array([1 - e.brier / e.rule_brier for e in exams])
    return Row(f"{shop}: AUC gained on the rule, mean and smallest of {len(exams)} exams; Brier saved",
               f"{gained.mean():+.3f}, {gained.min():+.3f}; {saved.mean():.1%}, {saved.min():.1%}", bar="all above 0",
               met=bool((gained > 0).all() and (saved > 0).all()))


def _error_row(shop: str, exams: list[Exam]) -> Row:
    errors = np.array([e.calibration_error for e in exams])
    off = np.array([abs(e.predicted - e.observed) for e in exams])
    return Row(f"{shop}: calibration error (fifths), mean and largest of {len(exams)} exams; expected against observed "
               "share, mean and largest", f"{errors.mean():.3f}, {errors.max():.3f}; {off.mean():.3f}, {off.max():.3f}")


def _reason_row(shop: str, snapshot: Snapshot) -> Row:
    """How often a reason is given, and how much more its side brings down the probability than another side does."""
    model: ChurnModel = fit_churn(snapshot, 90)
    scores = model.predict(snapshot)
    staying = scores[~scores["lapsed"]]
    risky = staying[staying["at_risk"]].reset_index(drop=True)
    medians = usual(staying)
    reasons = proven_reasons(risky, model.curve_, medians)
    before = model.curve_.predict(risky)
    sides = [s for s in SIDES if s != "goods"]
    drops = {s: before - model.curve_.predict(neutralised(risky, s, medians)) for s in sides}
    rng = np.random.default_rng(SEED)
    first, other = [], []
    for place, found in enumerate(reasons):
        if found:
            first.append(drops[found[0].side][place])
            other.append(drops[str(rng.choice([s for s in sides if s != found[0].side]))][place])
    given = len(first) / len(reasons)
    return Row(f"{shop}: reasons: given to, probability falls when removed (first named / a side drawn at random)",
               f"{given:.0%}, {100 * np.mean(first):.1f} / {100 * np.mean(other):.1f} points",
               bar="more than at random", met=bool(np.mean(first) > np.mean(other)))


def _ordering_row(shop: str, snapshot: Snapshot) -> Row:
    exam = fit_ordering(snapshot, 30).exam_
    return Row(f"{shop}: who will order within 30 days ({exam.customers:,} customers): AUC / Brier score",
               f"{exam.auc:.4f} / {exam.brier:.4f}", baseline=f"{exam.rule_auc:.4f} / {exam.rule_brier:.4f}",
               bar="better than the rule", met=(exam.auc or 0) > (exam.rule_auc or 1) and exam.brier < exam.rule_brier)


