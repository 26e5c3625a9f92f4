"""Hillstrom's e-mail test, Cookie Cats, and generated rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.shared_data import data_set


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows of a randomised experiment."""

    name: str
    x: np.ndarray
    treatment: np.ndarray
    outcome: np.ndarray


def hillstrom(arm: str, outcome: str) -> Trial:
    """One arm of Hillstrom's test against no e-mail: recency, history (log), what was bought, newbie, zip, channel."""
    import pandas as pd

    table = pd.read_csv(data_set("hillstrom", "hillstrom.csv"))
    rows = table[table["segment"].isin([f"{arm} E-Mail", "No E-Mail"])]
    columns = pd.concat([
        rows[["recency", "mens", "womens", "newbie"]].astype(float), np.log1p(rows["history"]),
        pd.get_dummies(rows[["zip_code", "channel"]]).astype(float),
    ], axis=1)
    treated = (rows["segment"] == f"{arm} E-Mail").to_numpy().astype(int)
    name = f"{arm.lower()[:-1]}'s e-mail, {outcome}"
    return Trial(name, columns.to_numpy(), treated, rows[outcome].to_numpy().astype(int))


def cookie_cats(outcome: str) -> Trial:
    """Gate at level 40 (contacted) against level 30, players who came back after one or seven days."""
    import pandas as pd

    table = pd.read_csv(data_set("abtest", "cookie_cats.csv"), sep=";")
    back = table[outcome].astype(str).str.upper().eq("TRUE").to_numpy().astype(int)
    return Trial(f"Cookie Cats, {outcome}", np.zeros((len(table), 0)),
                 (table["version"] == "gate_40").to_numpy().astype(int), back)


def generated(n: int, columns: int, seed: int) -> Trial:
    """Rows with a planted effect on two columns."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns))
    treatment = rng.integers(0, 2, n)
    score = -1.5 + 0.5 * x[:, 0] + 0.3 * x[:, 1] + treatment * (0.2 + 0.3 * x[:, 2] - 0.2 * x[:, 3])
    return Trial("generated", x, treatment, (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int))
