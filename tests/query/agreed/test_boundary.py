"""Boundary customers of rules, on the shop whose every figure is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.plans import (
    And,
    BoughtThen,
    Compare,
    CustomerCondition,
    DefineTerm,
    InGroup,
    Not,
    Or,
    Period,
    Predicted,
    SavedSegmentsRequest,
    SaveSegment,
)
from assistant.query.agreed.agreements import Agreements
from assistant.query.agreed.boundary import BoundaryCases, boundary_cases
from assistant.query.agreed.store import AgreementStore
from benchmarks.customers.rules.mutants import mutants
from tests.support.tiny_shop import tiny_shop

GERMANY = Compare(field="country", values=("Germany",))
MUG = Compare(field="product", op="contains", values=("mug",))
SPENT = CustomerCondition(metric="revenue", op="gt", values=(40,))
SILENT = CustomerCondition(metric="orders", op="eq", values=(0,),
                           period=Period.model_validate({"kind": "absolute", "start": "2024-03-05"}))
LAPSED = CustomerCondition(metric="days_since_last_order", op="ge", values=(30,))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return tiny_shop(tmp_path_factory.mktemp("tiny"))


def sides(cases: BoundaryCases, kind: str) -> dict[str, bool]:
    return {c.label: c.expected for c in cases.cases if c.kind == kind}


def test_a_cent_a_day_and_a_missing_country_decide(shop):
    cases = boundary_cases(shop, And(parts=(GERMANY, SPENT)))
    assert sides(cases, "just in")["40.01 in all"] is True
    assert sides(cases, "just out")["40.00 in all"] is False
    assert sides(cases, "null") == {"no country": False}
    assert sides(cases, "never bought") == {"no order at all": False}
    assert "everything was sent back" in sides(cases, "refunded only")
    silent = boundary_cases(shop, SILENT)
    assert sides(silent, "just in")["on 2024-03-04"] is True
    assert sides(silent, "just out")["on 2024-03-05"] is False


def test_what_is_kept_says_the_same_and_names_nobody(shop):
    rule = And(parts=(GERMANY, SPENT))
    text = boundary_cases(shop, rule).to_json()
    again = BoundaryCases.from_json(text)
    assert again.selected(shop, rule) == {c.id for c in again.cases if c.expected}
    assert not {r["customer_id"] for rows in again.rows.values() for r in rows} & {"C1", "C2", "C3", "C4", "C5"}


@pytest.mark.parametrize("rule", [
    And(parts=(GERMANY, SPENT)),
    pytest.param(And(parts=(CustomerCondition(metric="orders", op="ge", values=(1,), where=MUG), SILENT)),
                 marks=pytest.mark.slow),
    pytest.param(Or(parts=(CustomerCondition(metric="orders", op="ge", values=(2,)), SPENT)), marks=pytest.mark.slow),
    And(parts=(Not(part=GERMANY), LAPSED)),
    BoughtThen(steps=(MUG, Compare(field="product", op="contains", values=("cushion",))), within_days=90),
    CustomerCondition(metric="revenue", rank="top_percent", values=(20,)),
], ids=lambda r: r.op_type)
def test_wrong_changes_of_a_rule_are_noticed(shop, rule):
    cases = boundary_cases(shop, rule)
    expected = cases.selected(shop, rule)
    every = list(mutants(rule))
    missed = [what for what, wrong in every if cases.selected(shop, wrong) == expected]
    assert len(missed) <= 0.05 * len(every), missed


def test_what_models_said_is_frozen(shop):
    known = replace(shop, groups=lambda s, c: ["C1", "C2"],
                    predicted=lambda s, c: {"C1": 50.0, "C2": 10.0, "C3": None})
    rule = And(parts=(InGroup(group="about_to_leave"), Predicted(attribute="expected_value", op="ge", values=(20,))))
    cases = boundary_cases(known, rule)
    assert cases.selected(shop, rule) == {c.id for c in cases.cases if c.expected}  # without any model at hand
    assert sides(cases, "just in") == {"20.00 is predicted": True, "in the group": True}
    assert sides(cases, "null") == {"nothing is predicted": False}


def test_a_saved_segment_is_tested_when_a_word_changes_its_meaning(shop, tmp_path):
    agreed = Agreements(AgreementStore(tmp_path / "app.sqlite"), lambda: shop, "Ada")
    meant = CustomerCondition(metric="days_since_last_order", op="ge", values=(30,), term="lapsed")
    agreed.define(DefineTerm(term="lapsed", filter=meant.model_copy(update={"term": None})))
    agreed.save(SaveSegment(name="Quiet", filter=meant))
    asked = SavedSegmentsRequest(name="Quiet", show="tests")
    assert agreed.segments(asked).figures["changed"].value == 0
    agreed.define(DefineTerm(term="lapsed", filter=CustomerCondition(
        metric="days_since_last_order", op="ge", values=(31,))))
    found = agreed.segments(asked)
    assert found.figures["changed"].value > 0
    moved = [r[:2] for r in found.table("boundary").rows if r[3:] == ["in", "out"]]
    assert ["just in", "last order 30 days ago"] in moved
    fresh = agreed.segments(SavedSegmentsRequest(name="Quiet", show="refresh"))
    assert fresh.figures["changed"].value == found.figures["changed"].value


def test_drift_counts_everybody_once(shop, tmp_path):
    agreed = Agreements(AgreementStore(tmp_path / "app.sqlite"), lambda: shop, "Ada")
    agreed.save(SaveSegment(name="Spenders", filter=SPENT))
    since = Period.model_validate({"kind": "absolute", "start": "2024-02-01"})
    f = agreed.segments(SavedSegmentsRequest(name="Spenders", show="drift", since=since)).figures
    assert f["before"].value == f["stayed"].value + f["left"].value == 1
    assert f["after"].value == f["stayed"].value + f["joined"].value == 2
