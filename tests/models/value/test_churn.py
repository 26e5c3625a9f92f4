"""The churn model: the contract, its exam, its reasons, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData
from assistant.features.labels import labelled, past_cuts
from assistant.models.value.behaviour import EVERYTHING, RECENCY_RULE, Scales, design, has_lapsed
from assistant.models.value.churn import AT_RISK, ChurnCurve, ChurnModel, churn_scores, fit_churn
from assistant.models.value.reasons import SIDES, SMALLEST_EFFECT, main_reasons, neutralised, usual
from tests.contracts.value_model_contract import ValueModelContract
from tests.support.leaving_shop import leaving_tables, write


class TestChurnModel(ValueModelContract):
    output = "churn_probability"

    def make(self) -> ChurnModel:
        return ChurnModel(horizon_days=60)


def customers(**columns: list[float]) -> pd.DataFrame:
    """Feature rows with defaults for what is not given."""
    n = len(next(iter(columns.values())))
    defaults = {"days_since_last_order": 10, "order_count": 5, "tenure_days": 300, "usual_gap_days": 40.0,
                "recent_orders": 1, "yearly_value": 100.0}
    ids = [f"C{i}" for i in range(n)]
    return pd.DataFrame({"customer_id": ids, **{k: [v] * n for k, v in defaults.items()}, **columns})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write(tmp_path_factory.mktemp("leaving"), leaving_tables(customers=450, seed=3))


@pytest.fixture(scope="module")
def fitted(shop: Snapshot) -> ChurnModel:
    return fit_churn(shop, 60)


def test_lapsed_by_horizon_and_own_rhythm() -> None:
    frame = customers(
        days_since_last_order=[60, 61, 99, 101, 300, 366],
        usual_gap_days=[40.0, 20.0, 50.0, 50.0, 200.0, 300.0],
        order_count=[5, 5, 3, 3, 2, 9],
    )
    assert has_lapsed(frame, 60).tolist() == [False, True, False, True, True, True]
    assert has_lapsed(frame, 365).tolist() == [False] * 5 + [True]


def test_design_handles_single_orders_and_no_value() -> None:
    frame = customers(usual_gap_days=[np.nan, 0.0], order_count=[1, 2], yearly_value=[0.0, 0.0])
    matrix = design(frame, Scales.of(frame))
    assert matrix.shape == (2, len(EVERYTHING)) and np.isfinite(matrix).all()
    assert matrix[:, EVERYTHING.index("single")].tolist() == [1.0, 0.0]


def test_model_beats_recency_where_rhythm_matters(fitted: ChurnModel) -> None:
    exam = fitted.exam_
    assert not fitted.uses_rule_
    assert exam.auc is not None and exam.rule_auc is not None and exam.auc > exam.rule_auc + 0.05
    assert exam.brier < exam.rule_brier <= exam.base_brier + 0.02
    assert sum(c.customers for c in exam.calibration) == exam.customers
    assert exam.calibration_error < 0.1


def test_exam_learns_only_from_what_was_known(shop: Snapshot, fitted: ChurnModel) -> None:
    cuts, test = past_cuts(shop, 60)
    assert fitted.exam_.cut == test and fitted.exam_.cuts == tuple(cuts)
    assert max(cuts) + timedelta(days=60) <= test


def test_recency_rule_is_used_where_nothing_else_helps(shop: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the other columns replaced by noise the rule must win, and be said to win."""
    from assistant.models.value import churn

    rng = np.random.default_rng(0)
    honest = churn.design

    def noisy(frame: pd.DataFrame, scales: Scales, columns: tuple[str, ...] = EVERYTHING) -> np.ndarray:
        matrix = honest(frame, scales, columns)
        if columns == EVERYTHING:
            matrix[:, 1:] = rng.normal(size=(len(matrix), len(columns) - 1)) * 50
            matrix[:, 0] = rng.normal(size=len(matrix))
        return matrix

    monkeypatch.setattr(churn, "design", noisy)
    model = ChurnModel(60).fit(shop)
    assert model.uses_rule_ and model.curve_.columns == RECENCY_RULE


def test_levelled_curve_meets_the_share_of_the_newest_day(shop: Snapshot) -> None:
    cuts, _ = past_cuts(shop, 60)
    past = pd.concat([labelled(shop, c, 60) for c in cuts])
    newest = past[past["cut"] == max(cuts)]
    share = (newest["churned"].sum() + 1) / (len(newest) + 2)
    assert ChurnCurve(EVERYTHING, levelled=True).fit(past).predict(newest).mean() == pytest.approx(share, abs=1e-6)


def test_at_risk_means_what_it_says(shop: Snapshot, fitted: ChurnModel) -> None:
    scores = fitted.predict(shop)
    risky = scores[scores["at_risk"]]
    assert len(risky) and (risky["churn_probability"] >= AT_RISK).all() and not risky["lapsed"].any()
    others = scores[~scores["at_risk"] & ~scores["lapsed"]]
    assert (others["churn_probability"] < AT_RISK).all()
    assert np.allclose(scores["value_at_risk"], scores["churn_probability"] * scores["yearly_value"])


def test_scores_for_campaigns(shop: Snapshot, fitted: ChurnModel) -> None:
    scores = churn_scores(shop, 60, fitted)
    assert list(scores.columns) == ["customer_id", "churn_probability", "value_at_risk", "at_risk", "lapsed"]
    pd.testing.assert_frame_equal(scores, churn_scores(shop, 60))


def test_every_reason_is_true_and_matters(shop: Snapshot, fitted: ChurnModel) -> None:
    """Neutralising the named side lowers the probability, and by more than any other side whose words are true."""
    scores = fitted.predict(shop)
    staying = scores[~scores["lapsed"]]
    medians = usual(staying)
    risky = staying[staying["at_risk"]]
    reasons = main_reasons(risky, fitted.curve_, medians)
    assert sum(r is not None for r in reasons) > len(reasons) / 2
    for (_, row), reason in zip(risky.iterrows(), reasons, strict=True):
        if reason is None:
            continue
        one = row.to_frame().T.astype({c: float for cs in SIDES.values() for c in cs})
        drop = fitted.curve_.predict(one)[0] - fitted.curve_.predict(neutralised(one, reason.side, medians))[0]
        assert drop == pytest.approx(reason.effect) and drop >= SMALLEST_EFFECT
        if "only once" in reason.words:
            assert row["order_count"] == 1
        if "longer than usual for this customer" in reason.words:
            assert row["days_since_last_order"] > row["usual_gap_days"]


def test_no_reason_is_made_up(fitted: ChurnModel) -> None:
    """A customer who is usual in everything has nothing to name."""
    typical = customers(days_since_last_order=[10])
    assert main_reasons(typical, fitted.curve_, usual(typical)) == [None]


def test_refuses_where_nobody_stays_or_leaves(tmp_path: Path) -> None:
    tables = leaving_tables(customers=3)
    with pytest.raises(InvalidPlan, match="too few customers to learn from"):
        fit_churn(write(tmp_path, tables), 60)


def test_refuses_without_customers(tmp_path: Path) -> None:
    tables = leaving_tables(customers=30)
    for name in ("orders", "order_lines"):
        tables[name] = tables[name].assign(customer_id=None)
    del tables["customers"]
    with pytest.raises(MissingData, match="customer_id"):
        fit_churn(write(tmp_path, tables), 60)


def test_refuses_a_history_of_days(tiny: Snapshot) -> None:
    with pytest.raises(InvalidPlan, match="days of orders"):
        fit_churn(tiny, 90)


@pytest.mark.slow
@pytest.mark.parametrize("horizon", [60, 90])
@pytest.mark.parametrize("shop_name", ["demo_snapshot", "online_retail_snapshot"])
def test_beats_the_recency_rule_on_both_shops(
    request: pytest.FixtureRequest, shop_name: str, horizon: int
) -> None:
    exam = fit_churn(request.getfixturevalue(shop_name), horizon).exam_
    assert exam.auc is not None and exam.rule_auc is not None
    assert exam.auc > exam.rule_auc + 0.05 and exam.brier < exam.rule_brier
