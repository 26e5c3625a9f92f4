"""Customer lifetime value: the published case, figures recomputed with pandas, the exam, and the refusals."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.models.value.lifetime import (
    FARTHEST_TOTAL,
    LifetimeModel,
    customer_history,
    draw_values,
    fit_lifetime,
    value_range,
)
from assistant.models.value.lifetime_report import value_result
from assistant.plans import ValueRequest
from assistant.plans.filters import Compare


@pytest.fixture(scope="module")
def fitted(demo_snapshot: Snapshot) -> LifetimeModel:
    return fit_lifetime(demo_snapshot, 365)


@pytest.fixture(scope="module")
def lines(demo_snapshot: Snapshot) -> pd.DataFrame:
    table = demo_snapshot.table("order_lines")
    columns = ["customer_id", "line_type", "amount", "ordered_at"]
    return demo_snapshot.execute(table.select(*columns)).to_pandas().dropna(subset=["customer_id"])


def test_history_is_that_of_the_lines(demo_snapshot: Snapshot, lines: pd.DataFrame) -> None:
    frame = customer_history(demo_snapshot, 365).set_index("customer_id")
    sales = lines[lines["line_type"] == "sale"].copy()
    sales["day"], sales["amount"] = sales["ordered_at"].dt.normalize(), sales["amount"].astype(float)
    own = sales.groupby("customer_id")
    assert (frame["order_days"] == own["day"].nunique().reindex(frame.index)).all()
    assert np.allclose(frame["value"], own["amount"].sum().reindex(frame.index), atol=0.005)
    span = (own["day"].max() - own["day"].min()).dt.days.reindex(frame.index)
    assert (frame["span_days"] == span).all()
    late = sales[sales["day"] > pd.Timestamp(demo_snapshot.as_of - timedelta(days=365))]
    recent = late.groupby("customer_id")["amount"].sum().reindex(frame.index).fillna(0.0)
    assert np.allclose(frame["recent_value"], recent, atol=0.005)


def test_one_customer_keeps_past_and_expected_apart(
    demo_snapshot: Snapshot, fitted: LifetimeModel, lines: pd.DataFrame
) -> None:
    customer = sorted(lines["customer_id"].unique())[7]
    result = value_result(demo_snapshot, ValueRequest(customer_id=customer), fitted)
    own = lines[lines["customer_id"] == customer]
    sold = float(own.loc[own["line_type"] == "sale", "amount"].astype(float).sum())
    back = float(own.loc[own["line_type"].isin(["return", "cancellation"]), "amount"].astype(float).sum())
    assert result.figures["value"].value == pytest.approx(sold)
    assert result.figures["net_value"].value == pytest.approx(sold + back)
    assert result.figures["total_value"].value == pytest.approx(sold + result.figures["expected_value"].value)  # type: ignore[operator]
    text = compose([result]).text
    assert "to date" in text and "expected" in text and "costs are not taken off" in text and "in most cases" in text
    assert all(t.text for t in caveat_texts(result))


def test_the_exam_is_on_a_later_stretch_and_decides(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    exam = fitted.exam
    assert exam is not None and exam.cut == demo_snapshot.as_of - timedelta(days=exam.days)
    near = [t for t in exam.tried if abs(t.predicted / exam.actual - 1) <= FARTHEST_TOTAL]
    assert fitted.method == exam.best == min(near, key=lambda t: t.mae).method
    assert exam.of(fitted.method).mae < exam.of("repeat").mae
    assert abs(exam.off(fitted.method) or 1) < 0.25
    assert 80 <= exam.nearest <= 90 and abs(exam.held - exam.nearest) <= 6


def test_the_highest_come_first_and_a_filter_narrows(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    everybody = value_result(demo_snapshot, ValueRequest(k=50), fitted)
    values = [row[1] for row in everybody.table("customers").rows]
    assert values == sorted(values, reverse=True)
    germans = value_result(demo_snapshot, ValueRequest(filter=Compare(field="country", values=("Germany",))), fitted)
    assert germans.figures["customers"].value < everybody.figures["customers"].value  # type: ignore[operator]
    assert germans.figures["expected_total"].value < everybody.figures["expected_total"].value  # type: ignore[operator]


def test_unknown_customers_and_small_shops_are_refused(
    demo_snapshot: Snapshot, fitted: LifetimeModel, tiny: Snapshot
) -> None:
    with pytest.raises(UnknownName):
        value_result(demo_snapshot, ValueRequest(customer_id="nobody"), fitted)
    with pytest.raises(InvalidPlan, match="need at least"):
        fit_lifetime(tiny, 365)


def test_intervals_of_single_customers_hold_what_they_aim_at(fitted: LifetimeModel) -> None:
    """Against futures drawn anew from the same belief: 80 % hold, and where nothing is surer than that, so many."""
    frame = fitted.learnt.frame.iloc[:1500]
    lower, upper, nothing = value_range(fitted.learnt, frame, 90, "pareto_nbd")
    futures = draw_values(fitted.learnt, frame, 90, 200, seed=7)
    within = ((futures >= lower[:, None] - 1e-9) & (futures <= upper[:, None] + 1e-9)).mean(axis=1)
    sure, may_come = nothing > 0.85, (nothing < 0.75)
    assert sure.sum() > 100 and may_come.sum() > 100
    assert abs(within[may_come].mean() - 0.8) < 0.015
    assert abs(within[sure].mean() - nothing[sure].mean()) < 0.015 and (upper[sure] == 0).all()
    assert (lower[nothing > 0.11] == 0).all() and (lower[nothing < 0.05] > 0).all()
