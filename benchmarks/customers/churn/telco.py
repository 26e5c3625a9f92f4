"""IBM Telco churn: five folds three times, every model tuned inside each fold with the same number of settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assistant.data.outcome_tables import add_table, load_table
from assistant.data.sensitive import allowed_columns
from assistant.models.value.propensity import SHAPES, STRENGTHS, PropensityModel
from assistant.models.value.table_model import leaking, one_column
from benchmarks.report import Row
from benchmarks.shared_data import data_set

FOLDS, REPEATS, SEED, INNER = 5, 3, 42, 5
#: Settings of each peer, as many as both members of ours have together.
LOGISTIC_GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0)
LIGHTGBM_GRID = ((31, 100, 0.1), (15, 150, 0.05), (7, 150, 0.03), (7, 250, 0.03), (4, 200, 0.05), (15, 300, 0.02),
                 (31, 200, 0.03))
AUC_BAR, BRIER_BAR, WITHIN = 0.850, 0.133, 0.003


@dataclass
class Scores:
    """AUC, Brier score and error of calibration (mean distance by tenths) of one model on each fold."""

    auc: list[float] = field(default_factory=list)
    brier: list[float] = field(default_factory=list)
    calibration: list[float] = field(default_factory=list)

    def add(self, happened: np.ndarray, probability: np.ndarray) -> None:
        from sklearn.metrics import roc_auc_score

        self.auc.append(float(roc_auc_score(happened, probability)))
        self.brier.append(float(((probability - happened) ** 2).mean()))
        order = np.array_split(np.argsort(probability, kind="stable"), 10)
        gaps = [len(p) * abs(probability[p].mean() - happened[p].mean()) for p in order]
        self.calibration.append(float(sum(gaps) / len(happened)))


def telco_rows(folder: Path) -> tuple[list[Row], list[str]]:
    """Rows with all columns and without the sensitive ones, and notes."""
    loaded = load_table(folder, add_table(_file(), folder, "telco"))
    outcome = loaded.outcome.astype(bool)
    allowed = allowed_columns({c: loaded.frame[c] for c in loaded.frame})
    leaks = leaking(loaded.frame, outcome)
    rows, notes = [], []
    for name, frame in (("all columns", loaded.frame), ("without sensitive columns", loaded.frame[list(allowed.use)])):
        found = _compare(frame, outcome)
        rows += _rows(name, found)
    rows.append(_planted(loaded.frame, outcome))
    notes.append(f"Set aside as sensitive: {', '.join(allowed.sensitive)}; close proxies of them: "
                 f"{', '.join(p.column for p in allowed.proxies) or 'none'}; leaks found in the table as it is: "
                 f"{', '.join(leak.column for leak in leaks) or 'none'}.")
    return rows, notes


def _file() -> Path:
    return next(p for p in sorted(data_set("telco_churn").iterdir()) if p.suffix == ".csv")


def _compare(frame: pd.DataFrame, outcome: np.ndarray) -> dict[str, Scores]:
    from sklearn.model_selection import RepeatedStratifiedKFold

    found: dict[str, Scores] = {}
    splits = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED)
    for train, test in splits.split(frame, outcome):
        predictions = _predictions(frame.iloc[train], outcome[train], frame.iloc[test])
        for name, probability in predictions.items():
            found.setdefault(name, Scores()).add(outcome[test].astype(float), probability)
    return found


def _predictions(past: pd.DataFrame, happened: np.ndarray, test: pd.DataFrame) -> dict[str, np.ndarray]:
    ours = PropensityModel(tuned=True).fit(past, happened)
    logistic, boosted = _logistic(past, happened), _lightgbm(past, happened)
    contract = past["Contract"]
    shares = pd.Series(happened, index=past.index).groupby(contract.to_numpy()).mean()
    return {
        "ours": ours.predict(test),
        "logistic": logistic.predict_proba(test)[:, 1],
        "lightgbm": boosted.predict_proba(_categories(test, past))[:, 1],
        "rule": test["Contract"].map(shares).astype(float).to_numpy(),
    }


def _logistic(past: pd.DataFrame, happened: np.ndarray) -> Any:
    """scikit-learn as its users do it: one-hot categories, standardised numbers, C by log loss."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    shaped = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")))
    pipeline = make_pipeline(shaped, LogisticRegression(max_iter=3000))
    grid = {"logisticregression__C": list(LOGISTIC_GRID)}
    return GridSearchCV(pipeline, grid, scoring="neg_log_loss", cv=INNER).fit(past.astype(
        dict.fromkeys(past.select_dtypes("string"), "object")), happened)


def _lightgbm(past: pd.DataFrame, happened: np.ndarray) -> Any:
    from lightgbm import LGBMClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    rows = _categories(past, past)

    def made(shape: tuple[int, int, float]) -> Any:
        leaves, rounds, rate = shape
        return LGBMClassifier(num_leaves=leaves, n_estimators=rounds, learning_rate=rate, n_jobs=1, verbose=-1,
                              random_state=0, deterministic=True, force_row_wise=True)

    folds = StratifiedKFold(INNER, shuffle=True, random_state=0)
    best = max(LIGHTGBM_GRID, key=lambda shape: cross_val_score(
        made(shape), rows, happened, cv=folds, scoring="neg_log_loss").mean())
    return made(best).fit(rows, happened)


def _categories(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Texts as categories with the levels of ``like``."""
    made = frame.copy()
    for column in frame.select_dtypes("string"):
        made[column] = pd.Categorical(frame[column], categories=sorted(like[column].dropna().unique()))
    return made


def interval(differences: np.ndarray) -> tuple[float, float, float]:
    """Mean difference over repeated folds and its 95 % interval (Nadeau & Bengio 2003, *Machine Learning* 52(3),
    239–281: the variance is corrected for folds that share training rows)."""
    from scipy.stats import t

    n = len(differences)
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    half = float(t.ppf(0.975, n - 1)) * spread * (1 / n + 1 / (FOLDS - 1)) ** 0.5
    return mean, mean - half, mean + half


def _rows(name: str, found: dict[str, Scores]) -> list[Row]:
    mean = {m: {k: float(np.mean(getattr(s, k))) for k in ("auc", "brier", "calibration")} for m, s in found.items()}
    spread = float(np.std(found["ours"].auc, ddof=1))
    peers = "LR {0:.4f}, LightGBM {1:.4f}"
    rows = []
    for measure, bar, better in (("auc", f"≥ {AUC_BAR} − {WITHIN}", mean["ours"]["auc"] >= AUC_BAR - WITHIN),
                                 ("brier", f"≤ {BRIER_BAR} + {WITHIN}", mean["ours"]["brier"] <= BRIER_BAR + WITHIN)):
        shown = f"{mean['ours'][measure]:.4f}" + (f" ± {spread:.4f}" if measure == "auc" else "")
        rows.append(Row(f"Telco, {name}: {measure.upper() if measure == 'auc' else 'Brier score'}", shown,
                        baseline=f"{mean['rule'][measure]:.4f}",
                        peer=peers.format(mean["logistic"][measure], mean["lightgbm"][measure]), bar=bar, met=better))
    for peer, words in (("logistic", "tuned logistic regression"), ("lightgbm", "tuned LightGBM")):
        for measure, sign in (("auc", 1), ("brier", -1)):
            gained = sign * (np.array(getattr(found["ours"], measure)) - np.array(getattr(found[peer], measure)))
            centre, low, high = interval(gained)
            wins = int((gained > 0).sum())
            rows.append(Row(
                f"Telco, {name}: {'AUC gained' if sign > 0 else 'Brier saved'} against {words}, paired",
                f"{centre:+.4f} ({low:+.4f} to {high:+.4f}), better in {wins} of {len(gained)} folds",
                bar="not below 0 beyond the interval", met=high >= 0))
    rows.append(Row(f"Telco, {name}: calibration error (tenths)", f"{mean['ours']['calibration']:.4f}",
                    baseline=f"{mean['rule']['calibration']:.4f}",
                    peer=peers.format(mean["logistic"]["calibration"], mean["lightgbm"]["calibration"])))
    return rows


def _planted(frame: pd.DataFrame, outcome: np.ndarray) -> Row:
    """Leaks planted beside the real columns: a reason filled for those who left, and a noisy copy of the outcome."""
    rng = np.random.default_rng(SEED)
    reasons = rng.choice(["price", "moved", "service"], len(outcome))
    noisy = np.where(rng.random(len(outcome)) < 0.97, outcome, ~outcome).astype(float)
    noisy += rng.normal(0, 0.01, len(outcome))
    planted = frame.assign(LeavingReason=pd.Series(np.where(outcome, reasons, None), index=frame.index, dtype="string"),
                           LastCallScore=noisy)
    found = {leak.column for leak in leaking(planted, outcome)}
    wanted = {"LeavingReason", "LastCallScore"}
    alone = max(float(_auc(one_column(frame[c], outcome), outcome)) for c in frame)
    return Row("Telco: planted leaks found / honest columns accused",
               f"{len(found & wanted)} of {len(wanted)} / {len(found - wanted)}",
               baseline=f"best honest column alone: AUC {alone:.3f}", bar="2 of 2 / 0",
               met=found == wanted)


def _auc(score: np.ndarray, outcome: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(outcome, score))


def grids() -> str:
    """The settings that each model could choose from."""
    return (f"Settings, by log loss over {INNER} inner folds: ours {len(STRENGTHS)} strengths {STRENGTHS} and "
            f"{len(SHAPES)} shapes (leaves, rounds, rate) {SHAPES}; logistic regression C {LOGISTIC_GRID}; LightGBM "
            f"{LIGHTGBM_GRID}.")
