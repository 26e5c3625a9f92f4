"""Tables with an outcome and recommendation lists as things that can treat groups differently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.outcome_tables import Loaded, OutcomeTable
from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, UnknownName
from assistant.models.people.fairness_measures import Measure, measured, measures_tables
from assistant.models.people.fairness_report import fairness_result
from assistant.models.people.judged_table import rows_of
from assistant.models.value.table_model import TableModel
from assistant.plans import FairnessRequest
from assistant.settings import load_settings
from assistant.workspace import Workspace

N = 800


@pytest.fixture(scope="module")
def contracts() -> tuple[Loaded, TableModel]:
    """Contracts whose monthly ones are left, which more women than men have; ``title`` tells the gender."""
    rng = np.random.default_rng(5)
    woman = np.arange(N) % 2 == 0
    monthly = rng.random(N) < np.where(woman, 0.7, 0.3)
    left = rng.random(N) < np.where(monthly, 0.5, 0.1)
    frame = pd.DataFrame({"gender": np.where(woman, "female", "male"), "title": np.where(woman, "Ms", "Mr"),
                          "contract": np.where(monthly, "monthly", "yearly"), "months": rng.integers(1, 60, N)})
    table = OutcomeTable("contracts", "contracts.csv", N, 6, "left", "yes", None)
    loaded = Loaded(table, frame, left.astype(float), [str(i) for i in range(N)])
    return loaded, TableModel().fit(loaded)


def test_a_table_is_judged_by_its_sensitive_columns_and_their_proxies(
    tiny: Snapshot, contracts: tuple[Loaded, TableModel]
) -> None:
    loaded, fitted = contracts
    judged = rows_of(loaded, fitted)
    result = fairness_result(tiny, FairnessRequest(of="table", table="contracts"), judged)
    assert set(judged.groups or {}) == {"gender", "title (stands for gender)"}
    assert [row[0] for row in result.table("inputs").rows] == ["contract", "months"]
    assert result.figures["people"].value == int((loaded.outcome == 0).sum())
    assert result.figures["tested"].value == N
    assert result.words["verdict"] == "differs"  # planted: who has a monthly contract leaves
    assert result.table("attributes").rows[0][2] == "male"
    assert result.evidence.source == "contracts.csv" and not result.evidence.snapshot


def test_one_attribute_of_a_table_can_be_asked_for(contracts: tuple[Loaded, TableModel]) -> None:
    assert len(rows_of(*contracts, by="gender").groups or {}) == 2  # the column and what stands for it
    with pytest.raises(UnknownName):
        rows_of(*contracts, by="age")


def test_a_table_without_sensitive_columns_cannot_be_tested(contracts: tuple[Loaded, TableModel]) -> None:
    loaded, _ = contracts
    plain = Loaded(loaded.table, loaded.frame[["contract", "months"]], loaded.outcome, loaded.ids)
    fitted = TableModel()
    fitted.sensitive_, fitted.proxies_, fitted.columns_ = (), (), ["contract", "months"]
    fitted.frame_, fitted.scores_ = plain.frame, np.zeros(N)
    with pytest.raises(MissingData):
        rows_of(plain, fitted)


GENDER = ["f", "m"] * 200 + ["x"] * 5 + [None] * 20


def test_a_planted_difference_of_an_amount_is_found_and_chance_is_not() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0.3, 0.1, len(GENDER))
    worse = noise - 0.1 * np.array([g == "f" for g in GENDER])
    found = measured([Measure("ndcg", "Quality", "score", worse), Measure("price", "Price", "currency", noise)],
                     {"gender": GENDER})
    assert {(g.measure.name, g.group) for g in found if g.differs} == {("ndcg", "f"), ("ndcg", "m")}
    quality, price = measures_tables(found)
    assert (quality.id, price.id) == ("measures_score", "measures_currency")
    assert [row[-1] for row in quality.rows] == ["lower", "higher", "too few to tell"]
    assert [row[-1] for row in price.rows] == ["no difference shown", "no difference shown", "too few to tell"]


def test_small_and_unknown_groups_of_an_amount_are_not_judged() -> None:
    values = np.where(np.array([g in {"x", None} for g in GENDER]), 9.0, 0.0)
    found = measured([Measure("ndcg", "Quality", "score", values)], {"gender": GENDER})
    small = next(g for g in found if g.group == "x")
    assert small.mean is None and small.people == 5
    assert {g.group for g in found} == {"f", "m", "x"} and not small.differs


def test_unknown_amounts_are_left_out() -> None:
    values = np.full(len(GENDER), np.nan)
    values[:40] = 1.0
    found = measured([Measure("price", "Price", "currency", values)], {"gender": GENDER})
    assert [g.people for g in found] == [20, 20, 0]


@pytest.mark.slow
def test_recommendations_of_the_demo_shop_are_examined_group_by_group(demo_home: Path) -> None:
    workspace = Workspace(load_settings(demo_home))
    result = workspace.check_fairness(FairnessRequest(of="recommendations"))
    assert {row[0] for row in result.table("attributes").rows} == {"age", "gender"}
    quality = result.table("measures_score")
    assert {row[0] for row in quality.rows} >= {"Quality of the list (nDCG)", "Rarity of the products shown (bits)"}
    exam = workspace.recommender().choice.split.test
    assert 0 < result.figures["people"].value <= len(exam.users)  # type: ignore[operator]
