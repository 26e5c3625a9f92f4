"""Answers about value: groups, who still buys, new customers and payback, money, intervals, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from unittest.mock import MagicMock

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, MissingData, UserError
from assistant.features.purchase_days import PurchaseDays
from assistant.llm.replies import caveat_texts, compose
from assistant.models.value import boosted, lifetime_methods
from assistant.models.value.lifetime import LifetimeModel, fit_days
from assistant.models.value.lifetime_methods import learn, require_enough
from assistant.models.value.lifetime_report import value_result
from assistant.models.value.money import discount_factor, margin_of, present_value, shop_margin
from assistant.models.value.value_curve import value_curve
from assistant.plans import ValueRequest
from assistant.plans.filters import Compare

FIRST = date(2024, 1, 1)


def planted(customers: int, until: int, each: int = 30, value: float = 10.0, begins: int = 1) -> PurchaseDays:
    """Customers who begin on day 0, 1, 2 … (or all on one) and buy every ``each`` days for ``value``."""
    entries = [(c, day) for c in range(customers) for day in range(c * begins % (until // 2), until, each)]
    customer, day = (np.array(v) for v in zip(*entries, strict=True))
    ids = np.array([f"C{c:04d}" for c in range(customers)])
    return PurchaseDays(ids, customer, day, np.full(len(day), value), FIRST, until)


@pytest.fixture(scope="module")
def fitted(demo_snapshot: Snapshot) -> LifetimeModel:
    return fit_days(PurchaseDays.of(demo_snapshot), 90)


def ask(snapshot: Snapshot, fitted: LifetimeModel, **said: object):  # type: ignore[no-untyped-def]
    result = value_result(snapshot, ValueRequest(horizon_days=90, **said), fitted)
    assert compose([result]).text and all(c.text for c in caveat_texts(result))
    return result


def test_groups_add_up_and_have_intervals(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    for by in ("acquisition_channel", "segment", "first_quarter"):
        table = ask(demo_snapshot, fitted, by=by).table("groups")
        frame = fitted.learnt.frame
        assert sum(row[1] for row in table.rows) == len(frame)
        total = sum(row[table.column_index("expected_total")] for row in table.rows)
        assert total == pytest.approx(fitted.expected_value(frame, 90).sum())
        for i in range(len(table.rows)):
            assert table.cell(i, "lower") <= table.cell(i, "expected_average") <= table.cell(i, "upper")


def test_who_still_buys_is_between_nobody_and_everybody(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    result = ask(demo_snapshot, fitted, about="alive", by="country")
    f = {k: v.value for k, v in result.figures.items()}
    assert 0 < f["lower"] <= f["alive"] <= f["upper"] < f["customers"]
    assert sum(row[1] for row in result.table("bands").rows) == f["customers"]
    alive = fitted.alive(fitted.learnt.frame)
    assert f["alive"] == round(alive.sum())
    frame = fitted.learnt.frame
    once = ((frame["order_days"] == 1) & (frame["age_days"] > 60)).to_numpy()
    assert (alive[once] < 1).all(), "somebody who came once may have stopped"


def test_the_course_of_new_customers_is_that_planted() -> None:
    days = planted(400, 700)
    curve = value_curve(days, np.arange(400), 90)
    assert curve is not None and curve.edges == (0, 30, 60, 90)
    assert curve.mean == pytest.approx([10, 20, 30, 40], rel=0.03)
    assert (curve.lower <= curve.mean).all() and (curve.mean <= curve.upper).all()


def test_customers_too_young_for_an_age_still_count_for_the_days_they_were_seen() -> None:
    """Half of the customers begin ten days before the end: they neither vanish nor pull later ages down."""
    old, young = planted(200, 400, begins=1), planted(200, 400, begins=0)
    late = replace(young, customer=young.customer + 200, day=np.full(len(young.day), 390),
                   customer_ids=np.array([f"D{c}" for c in range(200)]))
    keep = np.unique(late.customer, return_index=True)[1]
    days = PurchaseDays(np.append(old.customer_ids, late.customer_ids), np.append(old.customer, late.customer[keep]),
                        np.append(old.day, late.day[keep]), np.append(old.value, late.value[keep]), FIRST, 400)
    curve = value_curve(days, np.arange(400), 60)
    assert curve is not None and curve.mean[-1] == pytest.approx(30, rel=0.15) and curve.seen[0] == 400


def test_payback_and_what_may_be_spent(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    margin = shop_margin(demo_snapshot)
    assert margin is not None and 0 < margin.rate < 1
    free = ask(demo_snapshot, fitted, about="new")
    assert free.figures["left"].value == pytest.approx(free.figures["new_value"].value * margin.rate)
    assert free.figures["before"].value > 0, "those who were customers before the data begin are left out"
    left = [row[4] for row in free.table("course").rows]
    cheap = ask(demo_snapshot, fitted, about="new", acquisition_cost=left[0] / 2, by="acquisition_channel")
    assert cheap.figures["paid_back"].value == 0
    assert [c.code for c in ask(demo_snapshot, fitted, about="new", by="segment").caveats][-1] \
        == "value_segment_known_later"
    later = ask(demo_snapshot, fitted, about="new", acquisition_cost=(left[1] + left[2]) / 2)
    assert later.figures["paid_back"].value == 60
    never = ask(demo_snapshot, fitted, about="new", acquisition_cost=100_000)
    assert "paid_back" not in never.figures and "not** paid back" in compose([never]).text


def test_margin_and_discount_restate_what_is_expected(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    result = ask(demo_snapshot, fitted, k=3, margin_percent=40, discount_percent=10)
    expected, worth = result.figures["expected_total"].value, result.figures["worth_total"].value
    assert 0.4 * expected * 1.1 ** (-90 / 365) < worth < 0.4 * expected
    assert present_value(lambda d: float(d), 360, 0) == 360
    by_hand = sum(30 * 1.1 ** (-(m * 30 + 15) / 365) for m in range(12))
    assert present_value(lambda d: float(d), 360, 10) == pytest.approx(by_hand)
    assert discount_factor(365, 25) == pytest.approx(0.8)


def test_the_exam_names_every_method_and_the_one_used(demo_snapshot: Snapshot, fitted: LifetimeModel) -> None:
    result = ask(demo_snapshot, fitted, about="exam")
    table = result.table("exam")
    assert {row[0] for row in table.rows} == set(lifetime_methods.METHODS.values())
    assert [row[-1] for row in table.rows].count("yes") == 1 and table.rows[0][-1] == "yes"
    assert result.evidence.model is not None and result.evidence.model.name == table.rows[0][0]


def test_objectors_are_not_listed(
    demo_snapshot: Snapshot, fitted: LifetimeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(demo_snapshot, fitted, k=1).details["customer_ids"][0]
    monkeypatch.setattr("assistant.models.value.lifetime_report.objectors", lambda snapshot: frozenset({first}))
    result = ask(demo_snapshot, fitted, k=1)
    assert result.details["customer_ids"] != [first]


def test_without_lightgbm_the_other_methods_answer_and_it_is_said(
    demo_snapshot: Snapshot, fitted: LifetimeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (lifetime_methods, boosted):
        monkeypatch.setattr(module, "can_boost", lambda: "LightGBM cannot be loaded here")
    monkeypatch.setattr("assistant.models.value.lifetime_parts.can_boost", lambda: "LightGBM cannot be loaded here")
    days = PurchaseDays.of(demo_snapshot)
    assert "boosted" not in learn(days, days.now, 90, fitted.learnt).methods
    said = ask(demo_snapshot, fitted, k=1).evidence.assumptions
    assert any("LightGBM" in line for line in said)


def test_the_season_of_last_year_sets_the_level() -> None:
    """Purchases that are worth three times as much in the same days of every year."""
    days = planted(300, 760, begins=0)
    high = (days.day % 365 >= 120) & (days.day % 365 < 150)
    days = replace(days, value=np.where(high, 30.0, 10.0))
    assert learn(days, 365 + 80, 30).season is None, "a year before, too little had been seen to expect anything"
    ahead = learn(days, 365 + 119, 30)  # the high season of the second year lies ahead
    assert ahead.season is not None and ahead.season > 1.8


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (planted(1, 300), "there are 1 customers"),
        (planted(200, 300, each=1000), "of whom 0 came back"),
        (planted(200, 300, value=0.0), "above zero"),
        (planted(200, 300, value=-5.0), "above zero"),
        (planted(200, 30, each=3), "and 30 days"),
    ],
    ids=["one customer", "no repeat buyers", "worthless", "negative", "a month"],
)
def test_too_little_is_refused_with_what_is_missing(days: PurchaseDays, said: str) -> None:
    with pytest.raises(InvalidPlan, match=said):
        fit_days(days, 90)


def test_customers_all_alike_have_a_value() -> None:
    model = fit_days(planted(200, 400, begins=0), 60)
    expected = model.expected_value(model.learnt.frame, 60)
    assert np.isfinite(expected).all() and expected == pytest.approx(np.full(200, 20.0), rel=0.4)
    lower, upper = model.value_range(model.learnt.frame, 60)
    assert (lower <= upper).all()


def test_questions_that_the_data_cannot_answer_are_refused(
    tiny: Snapshot, demo_snapshot: Snapshot, fitted: LifetimeModel
) -> None:
    with pytest.raises(InvalidPlan, match="there are"):
        require_enough(PurchaseDays.of(tiny).histories(400, 30), 400)
    with pytest.raises(UserError):
        ask(demo_snapshot, fitted, filter=Compare(field="country", values=("Atlantis",)))
    with pytest.raises(MissingData, match="city"):
        ask(tiny, fitted, by="city")
    with pytest.raises(MissingData, match="purchase cost"):
        margin_of(without_costs(tiny), ValueRequest(measure="margin"))


def without_costs(snapshot: Snapshot) -> Snapshot:
    """The shop without purchase costs."""
    shown = MagicMock(wraps=snapshot)
    shown.has = lambda table, *columns: "cost" not in columns and snapshot.has(table, *columns)
    return shown  # type: ignore[return-value]
