"""Shops by time: what customers then spent, against what was expected by a method chosen before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from assistant.data.warehouse import Snapshot, open_snapshot
from assistant.features.purchase_days import PurchaseDays
from assistant.models.value.lifetime import LifetimeModel, fit_days, value_range
from assistant.models.value.lifetime_interval import value_sums
from assistant.models.value.lifetime_methods import METHODS, clv_columns
from assistant.settings import load_settings
from benchmarks.report import Row
from benchmarks.shared_data import data_set

#: Seeds of demo shops that nothing was tuned on.
SEEDS = (1211, 1212, 1213)
#: Horizons on Online Retail II: the method is chosen on the stretch before the test stretch.
HORIZONS = (30, 90, 180)


def rows() -> list[Row]:
    """Online Retail II, then demo shops whose future is known."""
    return [*_online_retail(), *_demo_shops()]


def _compared(name: str, model: LifetimeModel, came: np.ndarray, horizon: int) -> list[Row]:
    """Ours as chosen before, repeating the past, and *lifetimes* (BG/NBD with Gamma-Gamma), on the same customers."""
    frame = model.learnt.frame
    ours, peer = model.expected_value(frame, horizon), _lifetimes(frame, horizon)
    past = model.learnt.expected_value(frame, horizon, "repeat")
    mae = {n: float(np.abs(p - came).mean()) for n, p in (("ours", ours), ("peer", peer), ("past", past))}
    lower, upper, nothing = value_range(model.learnt, frame, horizon, model.method)
    nearest = float(np.maximum(nothing, 0.8).mean())
    held = float(((came >= lower - 0.005) & (came <= upper + 0.005)).mean())
    low, high = value_sums(model, model.fits, frame, np.zeros(len(frame), dtype=np.int64), 1, horizon)
    others = ", ".join(f"{m} {np.abs(model.learnt.expected_value(frame, horizon, m) - came).mean():.1f}"
                       for m in model.learnt.methods)
    gap = [_gap(p, came) for p in (ours, past, peer)]
    return [
        Row(f"{name}: error per customer, {METHODS[model.method]}", f"{mae['ours']:.2f}", f"repeating the past "
            f"{mae['past']:.2f}", f"lifetimes {mae['peer']:.2f}", "not above either", mae["ours"] <= min(
            mae["past"], mae["peer"]) + 0.005),
        Row(f"{name}: sum", gap[0], f"repeating the past {gap[1]}", f"lifetimes {gap[2]}"),
        Row(f"{name}: customers within their 80 % interval; sum within its interval", f"{held:.1%}; "
            f"{'yes' if low[0] <= came.sum() <= high[0] else 'no'} ({low[0]:,.0f} to {high[0]:,.0f}, came "
            f"{came.sum():,.0f})", bar=f"{nearest:.1%} (80 %, or the chance to buy nothing where that is larger) ± 5 "
            "points", met=abs(held - nearest) <= 0.05),
        Row(f"{name}: every method, error per customer", others),
    ]


def _gap(predicted: np.ndarray, came: np.ndarray) -> str:
    return f"{predicted.sum() / came.sum() - 1:+.1%}"


def _lifetimes(frame: pd.DataFrame, horizon: int) -> np.ndarray:
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    x, recency, age = clv_columns(frame)
    counts = BetaGeoFitter(penalizer_coef=0.0).fit(x, recency / 7, age / 7)
    n, mean = frame["order_days"], frame["mean_value"]
    used = mean > 0
    values = GammaGammaFitter(penalizer_coef=0.0).fit(n[used], mean[used])
    days = np.asarray(counts.conditional_expected_number_of_purchases_up_to_time(horizon / 7, x, recency / 7, age / 7))
    worth = np.asarray(values.conditional_expected_average_profit(n, mean.clip(lower=0.01)))
    return np.nan_to_num(days * worth)


def _online_retail() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        from assistant.data.load import load

        settings = load_settings(Path(folder))
        load([data_set("online_retail_ii", "online_retail_ii.parquet")], settings)
        days = PurchaseDays.of(open_snapshot(settings.snapshots_dir))
    for horizon in HORIZONS:
        cut = days.now - horizon
        model = fit_days(replace(days, now=cut), horizon)
        came = days.value_between(cut, cut + horizon, model.learnt.frame["row"].to_numpy())
        yield from _compared(f"Online Retail II, {horizon} days", model, came, horizon)


def _demo_shops() -> Iterator[Row]:
    from assistant.data.demo import build_demo, load_truth

    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            settings = load_settings(Path(folder))
            build_demo(settings, seed=seed)
            snapshot: Snapshot = open_snapshot(settings.snapshots_dir)
            truth = load_truth(settings).customers.set_index("customer_id")
            model = fit_days(PurchaseDays.of(snapshot), 90)
        frame = model.learnt.frame
        own = truth.reindex(frame["customer_id"])
        yield from _compared(f"demo shop, seed {seed}, the 90 days after the data", model,
                             own["revenue_90"].to_numpy(dtype=float), 90)
        yield from _alive(f"demo shop, seed {seed}", model, own["alive"].to_numpy(dtype=float))


def _alive(name: str, model: LifetimeModel, alive: np.ndarray) -> Iterator[Row]:
    """P(alive) against the planted truth: the number, the Brier score, and how well it ranks."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    frame = model.learnt.frame
    ours, bg = model.alive(frame), model.learnt.bg.probability_alive(*clv_columns(frame))
    silent = -(frame["age_days"] - frame["span_days"]).to_numpy(dtype=float)
    yield Row(f"{name}: customers alive (truth {alive.sum():,.0f} of {len(alive):,})", f"{ours.sum():,.0f}",
              peer=f"BG/NBD {bg.sum():,.0f}")
    yield Row(f"{name}: P(alive), AUC; Brier score", f"{roc_auc_score(alive, ours):.3f}; "
              f"{brier_score_loss(alive, ours):.3f}", f"days since last order {roc_auc_score(alive, silent):.3f}",
              f"BG/NBD {roc_auc_score(alive, bg):.3f}; {brier_score_loss(alive, bg):.3f}")
