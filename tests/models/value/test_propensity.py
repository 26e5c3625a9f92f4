"""The averaged model on tables: order, calibration, contributions, gaps, unseen levels, no trees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from assistant.errors import InvalidPlan
from assistant.models.value import propensity
from assistant.models.value.propensity import PropensityModel, platt
from assistant.models.value.table_design import OTHER, TableDesign


def planted(n: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """``plan`` and ``months`` matter, ``noise`` does not; a tenth of ``months`` is missing."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["monthly", "yearly"], n)
    months = rng.exponential(20, n)
    truth = 1.0 * (plan == "monthly") - 0.08 * months
    outcome = rng.random(n) < 1 / (1 + np.exp(-truth))
    frame = pd.DataFrame({"plan": pd.Series(plan, dtype="string"), "noise": rng.normal(size=n),
                          "months": np.where(rng.random(n) < 0.1, np.nan, months)})
    return frame, outcome


@pytest.fixture(scope="module")
def fitted() -> PropensityModel:
    return PropensityModel(tuned=True).fit(*planted())


def test_init_only_stores_and_predicting_first_raises() -> None:
    model = PropensityModel()
    assert not [name for name in vars(model) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        model.predict(planted()[0])


def test_planted_effects_are_found_on_new_rows(fitted: PropensityModel) -> None:
    frame, outcome = planted(seed=1)
    probability = fitted.predict(frame)
    from sklearn.metrics import roc_auc_score

    assert roc_auc_score(outcome, probability) > 0.72
    size = fitted.contributions(frame).abs().mean()
    assert min(size["plan"], size["months"]) > 3 * size["noise"]
    fifths = np.array_split(np.argsort(probability), 5)
    assert np.mean([abs(probability[p].mean() - outcome[p].mean()) for p in fifths]) < 0.04


def test_contributions_add_up_to_the_score(fitted: PropensityModel) -> None:
    frame = planted(200, seed=2)[0]
    assert np.allclose(fitted.contributions(frame).sum(axis=1) + fitted.base_, fitted.log_odds(frame), atol=1e-9)


def test_contributions_agree_with_removal(fitted: PropensityModel) -> None:
    """Setting a column to what is usual brings the score down where its contribution is large, and up where not."""
    frame = planted(300, seed=3)[0].dropna().reset_index(drop=True)
    parts, before = fitted.contributions(frame), fitted.log_odds(frame)
    for column, usual in (("months", frame["months"].median()), ("plan", "yearly")):
        same = pd.Series([usual] * len(frame), dtype=frame[column].dtype)
        drop = before - fitted.log_odds(frame.assign(**{column: same}))
        assert np.corrcoef(parts[column], drop)[0, 1] > 0.9


def test_settings_are_chosen_and_rows_unseen(fitted: PropensityModel) -> None:
    assert fitted.settings_.loss is not None and len(fitted.unseen_) == 1500
    assert abs(fitted.unseen_.mean() - planted()[1].mean()) < 0.01, "level of the left-out predictions"
    assert not np.allclose(fitted.unseen_, fitted.predict(planted()[0]))


def test_same_seed_same_numbers() -> None:
    frame, outcome = planted(400)
    one, other = (PropensityModel().fit(frame, outcome).predict(frame) for _ in range(2))
    assert np.array_equal(one, other)


def test_more_rows_than_needed_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(propensity, "MOST_ROWS", 300)
    frame, outcome = planted(900)
    model = PropensityModel(tuned=True).fit(frame, outcome)
    assert len(model.unseen_) == 900 and np.isfinite(model.unseen_).all()


def test_without_lightgbm_the_regression_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(propensity, "lightgbm_or_none", lambda: None)
    frame, outcome = planted(600)
    model = PropensityModel(tuned=True).fit(frame, outcome)
    assert model.members_ == ("logistic",) and model.predict(frame).std() > 0.05


def test_unseen_levels_gaps_and_constant_columns(fitted: PropensityModel) -> None:
    odd = pd.DataFrame({"plan": pd.Series(["weekly", None], dtype="string"), "noise": [0.0, np.nan],
                        "months": [np.nan, 1e9]})
    assert np.isfinite(fitted.predict(odd)).all()
    frame, outcome = planted(300)
    flat = frame.assign(same=1.0, empty=np.nan)
    assert np.isfinite(PropensityModel().fit(flat, outcome).predict(flat)).all()


def test_rare_levels_share_a_weight() -> None:
    values = ["a"] * 20 + ["b"] * 20 + ["c", "d", "e"]
    design = TableDesign().fit(pd.DataFrame({"kind": pd.Series(values, dtype="string")}))
    assert design.levels_["kind"] == ["a", "b", OTHER]
    matrix = design.linear(pd.DataFrame({"kind": pd.Series(["c", "zzz"], dtype="string")}))
    assert np.array_equal(matrix[0], matrix[1])


def test_too_few_cases_are_refused() -> None:
    frame, outcome = planted(300)
    outcome[:] = False
    outcome[:5] = True
    with pytest.raises(InvalidPlan, match="5 and 295"):
        PropensityModel().fit(frame, outcome)


def test_calibration_never_reverses_the_order() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(size=500)
    assert platt(score, rng.random(500) < 1 / (1 + np.exp(2 * score))) == (1.0, 0.0)
    slope, shift = platt(score, rng.random(500) < 1 / (1 + np.exp(-0.5 * score - 1)))
    assert slope == pytest.approx(0.5, abs=0.3) and shift == pytest.approx(1.0, abs=0.3)
