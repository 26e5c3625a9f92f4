"""The same learners in causalml, with the same bases and settings, and scores of scikit-uplift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from assistant.models.uplift.bases import Trees

#: our names → causalml's learner and base
PEERS = ("s_trees", "t_logistic", "t_trees", "x_logistic", "x_trees")


def causalml_scores(name: str, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, new: np.ndarray,
                    threads: int = 1) -> np.ndarray:
    """Uplift of rows ``new`` by causalml's learner of that name."""
    from causalml.inference.meta import BaseSClassifier, BaseTClassifier, BaseXClassifier

    kind, _, base = name.partition("_")
    classifier, regressor = _bases(base, threads)
    if kind == "x":
        learner = BaseXClassifier(outcome_learner=classifier(), effect_learner=regressor())
        share = float(treatment.mean())
        learner.fit(x, treatment, outcome, p=np.full(len(x), share))
        return np.asarray(learner.predict(new, p=np.full(len(new), share))).ravel()
    learner = (BaseSClassifier if kind == "s" else BaseTClassifier)(learner=classifier())
    learner.fit(x, treatment, outcome)
    return np.asarray(learner.predict(new)).ravel()


def _bases(base: str, threads: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    if base == "logistic":
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return (lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
                lambda: make_pipeline(StandardScaler(), Ridge(alpha=1.0)))
    from lightgbm import LGBMClassifier, LGBMRegressor

    options = {"n_estimators": Trees.rounds, "num_leaves": Trees.leaves, "learning_rate": Trees.rate,
               "min_child_samples": Trees.leaf_rows, "n_jobs": threads, "verbosity": -1, "random_state": 0,
               "deterministic": True, "force_row_wise": True}
    return lambda: LGBMClassifier(**options), lambda: LGBMRegressor(**options)
