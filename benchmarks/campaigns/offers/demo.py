"""Demo shops with fresh seeds: the rule at equal budget, off-policy and beside what was planted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from assistant.campaigns.offers.exam import examine_choice, ways_to_choose
from assistant.campaigns.offers.off_policy import Estimate
from assistant.data.demo import build_demo, load_truth
from assistant.data.warehouse import open_snapshot
from assistant.models.uplift.fitted import ShopUplift
from assistant.settings import load_settings
from benchmarks.report import Row

#: most of each audience that is contacted
MOST = 0.3


def demo_rows(seeds: tuple[int, ...]) -> list[Row]:
    """Three rows per shop."""
    rows: list[Row] = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            settings = load_settings(Path(folder))
            build_demo(settings, seed=seed)
            snapshot, truth = open_snapshot(settings.snapshots_dir), load_truth(settings)
            assert truth is not None
            model = ShopUplift().fit(snapshot)
            rows += _shop(seed, model, truth.effects)
    return rows


def _shop(seed: int, model: ShopUplift, effects: object) -> list[Row]:
    import pandas as pd

    assert isinstance(effects, pd.DataFrame)
    exam = examine_choice(model, MOST)
    name = f"demo shop {seed}{' (abstains)' if model.abstains else ''}, at most {MOST:.0%} of each audience"
    said = {t.name: _said(t.against_nobody) for t in exam.tried}
    rows = [Row(f"{name}: profit per customer, off-policy", said["rule"], baseline=f"{said['lot']} (as many by lot)",
                peer=f"{said['likeliest']} (likeliest to order)")]
    frame = model.checked_.frame
    planted = frame[["campaign_id", "customer_id"]].merge(
        effects[["campaign_id", "customer_id", "effect"]], on=["campaign_id", "customer_id"], how="left")["effect"]
    effect, ways = planted.to_numpy(dtype=float), ways_to_choose(model, MOST)
    won = {n: 1000 * float((c * effect).sum() / c.sum()) for n, c in ways.contact.items()}
    rows.append(Row(
        f"{name}: planted orders won per 1,000 contacts", f"{won['rule']:.1f}",
        baseline=f"{won['lot']:.1f} (as many by lot)", peer=f"{won['likeliest']:.1f} (likeliest to order)",
        bar="more than both", met=won["rule"] > max(won["lot"], won["likeliest"])))
    everybody = float(np.mean(effect)) * 1000
    rows.append(Row(f"{name}: planted orders won per 1,000 contacts, all contacted", f"{everybody:.1f}"))
    return rows


def _said(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.lower:.2f} to {estimate.upper:.2f})"
