"""The churn model: the contract, its exam, its reasons, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData
from assistant.features.goods_behaviour import GOODS_COLUMNS
from assistant.features.labels import labelled, past_cuts, season_cut
from assistant.models.value.behaviour import EVERYTHING, has_lapsed, predictors
from assistant.models.value.churn import AT_RISK, ChurnModel, churn_scores, fit_churn
from assistant.models.value.over_time import Curve, YearBefore, _level, mean_scores
from assistant.models.value.reasons import (
    DERIVED,
    SIDES,
    SMALLEST_EFFECT,
    by_side,
    neutralised,
    proven_reasons,
    usual,
    words_for,
)
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
                "recent_orders": 1, "yearly_value": 100.0, "month_orders": 1, "year_orders": 4, "season_orders": np.nan,
                "last_gap_days": 40.0, "gap_spread_days": 10.0, "mean_order_value": 25.0, "lines_per_order": 2.0,
                "return_share": 0.0, "discount_share": 0.0}
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


def test_predictors_of_single_orders_and_of_a_fixed_rhythm() -> None:
    frame = customers(usual_gap_days=[np.nan, 10.0], days_since_last_order=[30, 30], gap_spread_days=[np.nan, 0.0])
    found = predictors(frame)
    assert list(found) == list(EVERYTHING) and (found.dtypes == "float64").all()
    assert found.loc[0, ["gaps_silent", "late"]].isna().all(), "without a rhythm nothing is late"
    assert found["gaps_silent"][1] == pytest.approx(np.log(31 / 11)) and found["late"][1] == pytest.approx(20 / 3)


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

    def noisy(frame: pd.DataFrame, columns: tuple[str, ...] = EVERYTHING) -> pd.DataFrame:
        found = predictors(frame, columns)
        return found if len(columns) == 1 else pd.DataFrame(rng.normal(size=found.shape), columns=found.columns)

    monkeypatch.setattr(churn, "predictors", noisy)
    model = ChurnModel(60).fit(shop)
    assert model.uses_rule_ and model.exam_.rule_brier < model.exam_.brier


def test_levels_meet_the_share_they_aim_at(shop: Snapshot) -> None:
    cuts, _ = past_cuts(shop, 60)
    past = pd.concat([labelled(shop, c, 60) for c in cuts]).rename(columns={"churned": "happened"})
    newest = past[past["cut"] == max(cuts)]
    share = (newest["happened"].sum() + 1) / (len(newest) + 2)
    curve = Curve(predictors, members=("logistic",)).fit(past)
    assert curve.levelled("newest", past, None).predict(newest).mean() == pytest.approx(share, abs=1e-6)
    whole = curve.distance(newest)
    before = YearBefore(newest)
    assert curve.levelled("season", past, before).shift_ == pytest.approx(whole / 2), "a year ago counts half"
    assert curve.levelled("season", past, None).shift_ == 0.0, "no such day, no shift"
    oldest = past[past["cut"] == min(cuts)]
    change = curve.distance(oldest) - whole
    assert curve.levelled("change", past, YearBefore(oldest, newest)).shift_ == pytest.approx(whole + 0.75 * change)
    assert curve.levelled("change", past, before).shift_ == 0.0, "the change is not known"


def test_last_years_change_is_used_unless_it_clearly_did_worse() -> None:
    rows = pd.DataFrame({"happened": [True]})
    known, half = YearBefore(rows, rows), YearBefore(rows)
    tried = {"as_learnt": 0.2, "newest": 0.19, "season": 0.18, "change": 0.185}
    assert _level([], known) == "change" and _level([], half) == "as_learnt"
    assert _level([tried], known) == "change"
    assert _level([tried | {"change": 0.2}], known) == "season"
    assert _level([tried], half) == "season"
    two = {"as_learnt": 0.1, "newest": 0.3}
    assert _level([two, two, tried], half) == "season", "only earlier days on which all could be tried are compared"
    assert _level([two], half) == "as_learnt"
    assert mean_scores([two, two, tried]) == pytest.approx({"as_learnt": 0.4 / 3, "newest": 0.79 / 3})


def test_season_is_a_year_before_and_was_known(shop: Snapshot) -> None:
    day = shop.as_of
    assert season_cut(shop, day, 60) == day - timedelta(days=364)
    assert season_cut(shop, day, 400) is None, "what followed it would not be known yet"
    assert season_cut(shop, shop.manifest.first_day + timedelta(days=400), 60) is None, "too little history"


def test_members_and_lift_stand_beside_the_exam(fitted: ChurnModel) -> None:
    exam = fitted.exam_
    assert set(exam.members) == {"logistic", "trees"}
    assert [t.tenth for t in exam.lift] == list(range(1, 11))
    assert sum(t.customers for t in exam.lift) == exam.customers
    assert exam.lift[-1].captured == exam.lift[-1].rule_captured == pytest.approx(1.0)
    assert exam.lift[0].lift == pytest.approx(exam.lift[0].share / exam.observed)
    assert exam.lift[0].share > exam.lift[-1].share
    assert exam.rehearsed, "the level was chosen on earlier days"


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


def test_every_reason_is_true_and_passes_ablation(shop: Snapshot, fitted: ChurnModel) -> None:
    """Setting the named side to the usual lowers the probability, and its words hold."""
    scores = fitted.predict(shop)
    staying = scores[~scores["lapsed"]]
    medians = usual(staying)
    risky = staying[staying["at_risk"]].reset_index(drop=True)
    reasons = proven_reasons(risky, fitted.curve_, medians)
    assert sum(bool(r) for r in reasons) > len(reasons) / 2
    before = fitted.curve_.predict(risky)
    sides = by_side(fitted.curve_, risky)
    dropped = {side: before - fitted.curve_.predict(neutralised(risky, side, medians)) for side in sides}
    for place, row in enumerate(risky.to_dict("records")):
        for reason in reasons[place]:
            assert dropped[reason.side][place] == pytest.approx(reason.effect) and reason.effect >= SMALLEST_EFFECT
            assert sides[reason.side][place] == pytest.approx(reason.contribution) and reason.contribution > 0
            assert words_for(reason.side, row, medians) == reason.words
            if "only once" in reason.words:
                assert row["order_count"] == 1
            if "longer than usual for this customer" in reason.words:
                assert row["days_since_last_order"] > row["usual_gap_days"]
        strengths = [r.contribution for r in reasons[place]]
        assert strengths == sorted(strengths, reverse=True)


def test_contributions_sum_to_the_score(shop: Snapshot, fitted: ChurnModel) -> None:
    rows = fitted.predict(shop).head(50)
    model = fitted.curve_.model_
    assert model is not None
    total = sum(by_side(fitted.curve_, rows).values()) + model.base_
    assert np.allclose(total, model.log_odds(predictors(rows)))


def test_every_column_speaks_of_one_side() -> None:
    columns = [c for side in SIDES.values() for c in side]
    assert len(columns) == len(set(columns)) and set(columns) | set(DERIVED) == {*EVERYTHING, *GOODS_COLUMNS}


def test_no_reason_is_made_up(fitted: ChurnModel) -> None:
    """A customer who is usual in everything has nothing to name."""
    typical = customers(days_since_last_order=[10])
    assert proven_reasons(typical, fitted.curve_, usual(typical)) == [[]]


def test_objectors_are_not_scored(tmp_path: Path, shop: Snapshot, fitted: ChurnModel) -> None:
    tables = leaving_tables(customers=450, seed=3)
    tables["contacts"] = pd.DataFrame(
        [("L0000", "email", False, True, "objection"), ("L0003", "email", True, True, "bounce")],
        columns=["customer_id", "channel", "consent", "suppressed", "suppressed_reason"])
    scores = fitted.predict(write(tmp_path, tables))
    assert "L0000" not in set(scores["customer_id"]) and "L0003" in set(scores["customer_id"])
    assert len(scores) == len(fitted.predict(shop)) - 1


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
