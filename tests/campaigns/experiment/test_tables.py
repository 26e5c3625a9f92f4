"""Tables of experiments: what is recognised, refused, and read out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.campaigns.experiment.table_report import table_read_out
from assistant.data.experiment_tables import add_experiment, experiments, find_experiment
from assistant.errors import InvalidPlan, MissingData, UnknownName, UserError
from assistant.llm.replies import caveat_texts, compose
from assistant.plans.experiments import ExperimentRequest
from assistant.results import Result
from tests.support.shared_data import shared_data


def made(folder: Path, rate: float = 0.3, sizes: tuple[int, int, int] = (2000, 2000, 2000), **columns: object) -> Path:
    """Three arms; ``b`` orders at ``rate``, the others at 20 %."""
    rng = np.random.default_rng(1)
    arm = np.repeat(["control", "a", "b"], sizes)
    frame = pd.DataFrame({"customer_id": range(len(arm)), "variant": arm,
                          "converted": (rng.random(len(arm)) < np.where(arm == "b", rate, 0.2)).astype(int),
                          "country": np.where(np.arange(len(arm)) % 2, "DE", "FR"), **columns})
    frame["spend"] = frame["converted"] * 10.0
    path = folder / "my test.csv"
    frame.to_csv(path, index=False, sep=";")
    return path


def read(folder: Path, **asked: object) -> Result:
    return table_read_out(folder / "x", ExperimentRequest.model_validate(asked))


def test_columns_are_recognised_and_a_planted_effect_is_found(tmp_path: Path) -> None:
    table = add_experiment(made(tmp_path), tmp_path / "x")
    assert (table.name, table.arm, table.control) == ("my_test", "variant", "control")
    assert table.outcomes == ("converted", "spend") and table.groups == ("country",)
    result = read(tmp_path, by="country")
    effects = {(r[0], r[1]): r for r in result.table("effects").rows}
    assert [effects[p][-1] for p in (("b", "control"), ("b", "a"), ("a", "control"))] == ["better", "better",
                                                                                         "not shown"]
    assert 7 < effects["b", "control"][4] < 13 and result.words["winner"] == "b"
    assert {r[0] for r in result.table("groups").rows} == {"DE", "FR"}
    assert "**b is better than every other arm.**" in compose([result]).text
    assert read(tmp_path, outcome="spend").words["outcome"] == "spend"


def test_no_effect_is_not_claimed(tmp_path: Path) -> None:
    add_experiment(made(tmp_path, rate=0.2), tmp_path / "x")
    result = read(tmp_path)
    assert result.words["verdict"] == "not_shown" and not result.words["winner"]
    assert "a difference is not shown" in compose([result]).text


def test_arms_of_wrong_sizes_are_named_before_any_effect(tmp_path: Path) -> None:
    add_experiment(made(tmp_path, sizes=(2000, 2000, 1500)), tmp_path / "x")
    result = read(tmp_path)
    assert result.words["even"] == "mismatch" and "do not fit an even draw" in compose([result]).text
    assert any("something else decided" in c.text for c in caveat_texts(result))
    assert "do not have the sizes" in compose([read(tmp_path, about="arms")]).text


def test_without_a_lot_nothing_is_claimed(tmp_path: Path) -> None:
    add_experiment(made(tmp_path), tmp_path / "x", random=False)
    result = read(tmp_path)
    assert [t.id for t in result.tables] == ["arms"] and "lift" not in result.figures
    assert "no effect is claimed" in compose([result]).text


def test_one_row_that_makes_the_spread_is_named(tmp_path: Path) -> None:
    path = made(tmp_path)
    frame = pd.read_csv(path, sep=";")
    frame.loc[0, "spend"] = 1e6
    frame.to_csv(path, index=False)
    add_experiment(path, tmp_path / "x")
    assert any("hang on that row" in c.text for c in caveat_texts(read(tmp_path)))


@pytest.mark.parametrize(("asked", "error"), [
    ({"arm": "colour"}, UnknownName), ({"control": "nobody"}, UnknownName), ({"outcomes": ["country"]}, InvalidPlan),
    ({"arm": "customer_id"}, InvalidPlan),
])
def test_what_is_not_in_the_file_is_refused(tmp_path: Path, asked: dict, error: type[UserError]) -> None:
    with pytest.raises(error):
        add_experiment(made(tmp_path), tmp_path / "x", **asked)
    assert not experiments(tmp_path / "x")


def test_unclear_columns_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame({"colour": ["r", "g"] * 20, "taste": ["s", "b"] * 20, "number": range(40)}).to_csv(path, index=False)
    with pytest.raises(InvalidPlan, match="names the arm"):
        add_experiment(path, tmp_path / "x")
    with pytest.raises(InvalidPlan, match="what the customers did"):
        add_experiment(path, tmp_path / "x", arm="colour")
    with pytest.raises(MissingData, match="No table of an experiment"):
        find_experiment(tmp_path / "x", None)


def test_tables_are_found_by_name_and_the_latest_without(tmp_path: Path) -> None:
    add_experiment(made(tmp_path), tmp_path / "x", name="first")
    add_experiment(made(tmp_path), tmp_path / "x", name="second")
    assert find_experiment(tmp_path / "x", "First").name == "first"
    assert find_experiment(tmp_path / "x", None).name == "second"
    with pytest.raises(UnknownName):
        find_experiment(tmp_path / "x", "third")
    assert read(tmp_path, about="tables").figures["tables"].value == 2
    with pytest.raises(UnknownName):
        read(tmp_path, by="converted")


@pytest.mark.parametrize(("file", "options", "lift"), [
    ("abtest/cookie_cats.csv", {"outcomes": ["retention_7"]}, -0.82),
    ("hillstrom/hillstrom.csv", {"outcomes": ["visit"]}, 7.66),
])
def test_published_experiments(tmp_path: Path, file: str, options: dict, lift: float) -> None:
    add_experiment(shared_data(file), tmp_path / "x", **options)
    assert read(tmp_path).figures["lift"].value == pytest.approx(lift, abs=0.01)
