"""Tables with a yes/no outcome: reading, leaks planted and found, who is left out, the results in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.outcome_tables import Loaded, add_table, find_table, load_table, tables
from assistant.errors import InvalidPlan, MissingData, UnknownName, UnreadableFile
from assistant.llm.replies import caveat_texts, compose
from assistant.models.value.table_model import TableModel
from assistant.models.value.table_report import NO_REASON, table_result
from assistant.plans import TableScoreRequest


def contracts(n: int = 900, seed: int = 0) -> pd.DataFrame:
    """Monthly contracts and short ones end more often. Planted: a reason filled only for those who left, an end date
    written for them, a gender, a title that tells it, an id-like text."""
    rng = np.random.default_rng(seed)
    plan, months = rng.choice(["monthly", "yearly"], n), rng.integers(1, 60, n)
    left = rng.random(n) < 1 / (1 + np.exp(-(1.5 * (plan == "monthly") - 0.06 * months)))
    gender = rng.choice(["f", "m"], n)
    return pd.DataFrame({
        "account_id": [f"A{i:04d}" for i in range(n)], "plan": plan, "months": months.astype(str),
        "fee": np.where(rng.random(n) < 0.05, " ", rng.integers(10, 90, n).astype(str)), "gender": gender,
        "title": np.where(gender == "f", "Ms", "Mr"), "note": [f"n{rng.integers(10**9)}" for _ in range(n)],
        "reason_for_leaving": np.where(left, rng.choice(["price", "moved"], n), ""),
        "days_to_end": np.where(left, rng.integers(0, 30, n), rng.integers(200, 400, n)),
        "left": np.where(left, "Yes", "No"),
    })


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("outcomes")
    contracts().to_csv(base / "Contracts 2026.csv", index=False)
    add_table(base / "Contracts 2026.csv", base / "tables")
    return base


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Loaded:
    return load_table(folder / "tables", find_table(folder / "tables", None))


@pytest.fixture(scope="module")
def fitted(loaded: Loaded) -> TableModel:
    return TableModel().fit(loaded)


def test_outcome_id_and_types_are_found(loaded: Loaded) -> None:
    table = loaded.table
    assert (table.name, table.outcome, table.happened, table.row_id) == ("contracts_2026", "left", "yes", "account_id")
    assert loaded.frame["months"].dtype.kind in "if" and loaded.frame["fee"].isna().any(), "blanks are missing"
    assert loaded.outcome.sum() == (contracts()["left"] == "Yes").sum()


def test_planted_leaks_are_found_and_nothing_honest_accused(fitted: TableModel) -> None:
    assert {leak.column for leak in fitted.leaks_} == {"reason_for_leaving", "days_to_end"}
    assert all(leak.auc > 0.95 for leak in fitted.leaks_)


def test_sensitive_columns_proxies_and_ids_are_left_out(fitted: TableModel) -> None:
    assert fitted.sensitive_ == ("gender",) and [p.column for p in fitted.proxies_] == ["title"]
    assert fitted.unusable_ == ["note"] and fitted.columns_ == ["plan", "months", "fee"]


def test_exam_beats_the_best_single_column(fitted: TableModel) -> None:
    exam = fitted.exam_
    assert exam.rule in {"plan", "months"} and exam.auc > exam.rule_auc and exam.brier < exam.rule_brier
    assert exam.calibration_error < 0.05 and len(exam.lift) == 10


def test_a_leak_left_in_would_flatter(loaded: Loaded, fitted: TableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.models.value import table_model

    monkeypatch.setattr(table_model, "TELLS_ALL", 1.1)
    assert TableModel().fit(loaded).exam_.auc > 0.99 > fitted.exam_.auc


def request(**given: object) -> TableScoreRequest:
    return TableScoreRequest.model_validate(given)


def test_list_names_those_who_have_not_left(loaded: Loaded, fitted: TableModel) -> None:
    result = table_result(loaded, request(k=5), fitted)
    table = result.table("rows")
    left = {i for i, o in zip(loaded.ids, loaded.outcome, strict=True) if o == 1}
    assert len(table.rows) == 5 and not {r[0] for r in table.rows} & left
    assert table.total_rows == len(loaded.ids) - len(left) == result.figures["scored"].value
    values = [r[1] for r in table.rows]
    assert values == sorted(values, reverse=True)
    assert any("plan: monthly" in str(r[2]) for r in table.rows)
    assert compose([result]).text and all(c.text for c in caveat_texts(result))
    assert {c.code for c in result.caveats} == {"table_leaks", "table_sensitive", "table_proxies", "table_unusable"}


@pytest.mark.parametrize("about", ["exam", "drivers"])
def test_exam_and_drivers_in_words(loaded: Loaded, fitted: TableModel, about: str) -> None:
    result = table_result(loaded, request(about=about), fitted)
    assert compose([result]).text and result.kind == f"table_{about}"
    if about == "drivers":
        rows = result.table("drivers").rows
        assert {rows[0][0], rows[1][0]} == {"plan", "months"} and sum(float(r[1]) for r in rows) == pytest.approx(100)
        assert {r[0]: r[2] for r in rows}["months"] == "lower values"


def test_one_row_and_an_unknown_one(loaded: Loaded, fitted: TableModel) -> None:
    result = table_result(loaded, request(row_id="a0003"), fitted)
    assert result.figures["probability"].value == pytest.approx(fitted.scores_[3])
    assert "A0003" in str(result.table("rows").rows) and compose([result]).text
    with pytest.raises(UnknownName, match="no such row"):
        table_result(loaded, request(row_id="zzz9"), fitted)


def test_rows_without_an_outcome_are_the_ones_listed(folder: Path) -> None:
    frame = contracts(500, seed=4)
    frame.loc[:9, "left"] = ""
    frame.to_csv(folder / "open.csv", index=False)
    loaded = load_table(folder / "tables", add_table(folder / "open.csv", folder / "tables", "open ones"))
    fitted = TableModel().fit(loaded)
    result = table_result(loaded, request(), fitted)
    assert {r[0] for r in result.table("rows").rows} == {f"A{i:04d}" for i in range(10)}
    assert any(r[2] != NO_REASON for r in result.table("rows").rows)


def test_bad_files_and_names(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(MissingData, match="No table with an outcome"):
        find_table(tmp_path / "none", None)
    with pytest.raises(UnknownName, match="no such table"):
        find_table(folder / "tables", "quarterly budget")
    with pytest.raises(UnreadableFile):
        add_table(tmp_path / "missing.csv", tmp_path / "t")
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv(tmp_path / "no.csv", index=False)
    with pytest.raises(InvalidPlan, match="not clear which column"):
        add_table(tmp_path / "no.csv", tmp_path / "t")
    with pytest.raises(UnknownName, match="no such column"):
        add_table(tmp_path / "no.csv", tmp_path / "t", outcome="churned")
    with pytest.raises(InvalidPlan, match="two values"):
        add_table(tmp_path / "no.csv", tmp_path / "t", outcome="b")
    assert tables(tmp_path / "t") == [], "a refused file leaves nothing behind"


def test_too_few_or_identical_rows_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"plan": ["a"] * 60, "left": ["yes", "no"] * 30}).to_csv(tmp_path / "same.csv", index=False)
    pd.DataFrame({"plan": ["a", "b"], "left": ["yes", "no"]}).to_csv(tmp_path / "two.csv", index=False)
    for name, words in (("same", "No column is left"), ("two", "too few rows")):
        loaded = load_table(tmp_path / "t", add_table(tmp_path / f"{name}.csv", tmp_path / "t"))
        with pytest.raises(InvalidPlan, match=words):
            TableModel().fit(loaded)
