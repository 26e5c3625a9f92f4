"""Hillstrom's test with two e-mails: whom to send which at equal budget, judged off-policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from assistant.campaigns.offers.allocate import Limit, allocate
from assistant.campaigns.offers.off_policy import Estimate, Evaluation, difference, evaluate
from assistant.models.uplift.bases import Linear
from assistant.models.uplift.exam import DEFAULT, Experiment, fitted
from assistant.models.uplift.fitted import out_of_fold, slope_of
from benchmarks.report import Row
from benchmarks.shared_data import data_set

FOLDS, SEED = 5, 0
ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
#: margin of what is spent and cost of an e-mail: not in the data, taken for the profit
MARGIN, COST = 0.4, 0.05
SHARES = (0.3, 0.5)


def hillstrom_rows() -> list[Row]:
    """Profit and visits per customer at equal numbers of e-mails."""
    x, arm, visit, spend = _load()
    baseline, uplift, per_visit, best = _out_of_fold(x, arm, visit, spend)
    gain = uplift * per_visit[:, None] * MARGIN - COST
    rows = []
    for share in SHARES:
        n = len(arm)
        limit = Limit("contacts", np.ones_like(gain), float(int(share * n)))
        found = allocate(gain, np.ones_like(gain, dtype=bool), [limit])
        ours = np.eye(3)[found.chosen + 1]
        sent = float((found.chosen >= 0).mean())
        likeliest = np.zeros((n, 3))
        top = np.argsort(-baseline, kind="stable")[: int(sent * n)]
        likeliest[:, 0] = 1
        likeliest[top] = np.eye(3)[best[top]]
        blanket = (1 - sent) * np.eye(3)[np.zeros(n, dtype=int)] + sent * np.eye(3)[best]
        profit = MARGIN * spend - COST * (arm > 0)
        q_profit = baseline * per_visit * MARGIN
        models = {"profit": (profit, np.column_stack([q_profit, q_profit[:, None] + gain])),
                  "visits": (visit, np.column_stack([baseline, baseline[:, None] + uplift]))}
        for outcome, (reward, predicted) in models.items():
            rows += _compared(share, sent, outcome, reward, predicted, arm,
                              {"ours": ours, "blanket": blanket, "likeliest": likeliest})
    return rows


def _compared(
    share: float, sent: float, outcome: str, reward: np.ndarray, predicted: np.ndarray, arm: np.ndarray,
    policies: dict[str, np.ndarray],
) -> Iterator[Row]:
    chance = np.full(len(arm), 1 / 3)

    def judged(target: np.ndarray) -> Evaluation:
        return evaluate(reward, arm, chance, target, predicted)

    nobody = judged(np.eye(3)[np.zeros(len(arm), dtype=int)])
    found = {name: judged(target) for name, target in policies.items()}
    said = {name: _said(difference(one, nobody), outcome) for name, one in found.items()}
    name = f"Hillstrom, e-mails to at most {share:.0%} of customers ({sent:.1%} sent)"
    yield Row(f"{name}: {outcome} per 1,000 more than with none", said["ours"],
              baseline=f"{said['blanket']} (best e-mail by lot)", peer=f"{said['likeliest']} (likeliest to visit)")
    for other, words in (("blanket", "best e-mail by lot"), ("likeliest", "likeliest to visit first")):
        gap = difference(found["ours"], found[other])
        yield Row(f"{name}: {outcome} per 1,000, ours less {words}", _said(gap, outcome), bar="interval above 0",
                  met=gap.lower > 0)


def _said(estimate: Estimate, outcome: str) -> str:
    sign = "$" if outcome == "profit" else ""
    return f"{sign}{1000 * estimate.value:.1f} ({1000 * estimate.lower:.1f} to {1000 * estimate.upper:.1f})"


def _load() -> tuple[np.ndarray, ...]:
    import pandas as pd

    table = pd.read_csv(data_set("hillstrom", "hillstrom.csv"))
    columns = pd.concat([
        table[["recency", "mens", "womens", "newbie"]].astype(float), np.log1p(table["history"]),
        pd.get_dummies(table[["zip_code", "channel"]]).astype(float)], axis=1)
    arm = table["segment"].map({name: i for i, name in enumerate(ARMS)}).to_numpy()
    return columns.to_numpy(), arm, table["visit"].to_numpy(dtype=float), table["spend"].to_numpy(dtype=float)


def _out_of_fold(
    x: np.ndarray, arm: np.ndarray, visit: np.ndarray, spend: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(n,) chance to visit without an e-mail, (n, 2) its change by each, (n,) spend per visit, (n,) better e-mail of
    all; each from rows of the other folds."""
    fold = np.random.default_rng(SEED).permutation(len(arm)) % FOLDS
    baseline, uplift = np.empty(len(arm)), np.empty((len(arm), 2))
    per_visit, best = np.empty(len(arm)), np.empty(len(arm), dtype=int)
    for part in range(FOLDS):
        test, train = fold == part, fold != part
        none = train & (arm == 0)
        baseline[test] = Linear().fit(x[none], visit[none]).predict(x[test])
        for j in (1, 2):
            rows = train & ((arm == 0) | (arm == j))
            experiment = Experiment(x[rows], (arm[rows] == j).astype(int), visit[rows], np.ones(int(rows.sum())))
            level = _level(experiment)
            raw = fitted(experiment, DEFAULT).predict(x[test])
            uplift[test, j - 1] = level(raw)
        per_visit[test] = spend[train].sum() / visit[train].sum()
        best[test] = 1 + int(np.argmax([visit[train & (arm == j)].mean() for j in (1, 2)]))
    return baseline, uplift, per_visit, best


def _level(experiment: Experiment) -> Callable[[np.ndarray], np.ndarray]:
    """From raw predictions to effects, as the shop does it: shrunk to what is borne out for rows not learnt from."""
    raw, baseline = out_of_fold(experiment, DEFAULT, SEED)
    slope, _, mean = slope_of(experiment, raw, baseline, np.zeros(len(raw), dtype=int))
    slope, center = float(np.clip(slope, 0.0, 1.0)), float(raw.mean())
    return lambda new: mean + slope * (new - center)
