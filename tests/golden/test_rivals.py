"""What other assistants are known to fail at does not happen here (the demo shop)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.questions import rivals
from benchmarks.questions.checker import InProcess
from benchmarks.questions.truth import GoldShop, load_shop
from tests.support.shops import copy_home


@pytest.fixture(scope="module")
def home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_home(demo_home, tmp_path_factory.mktemp("rivals"))


@pytest.fixture(scope="module")
def shop(home: Path) -> GoldShop:
    return load_shop(home)


def test_the_same_question_gives_the_same_number(home: Path) -> None:
    trial = rivals.same_every_time(home)
    assert trial.tried == 36 and trial.happened == ()


def test_an_invented_figure_beside_a_true_one_is_blocked(home: Path) -> None:
    trial = rivals.invented_figures(home)
    assert trial.tried == 8 and trial.happened == ()


def test_an_unfinished_month_is_not_averaged_into_a_forecast(home: Path, shop: GoldShop) -> None:
    assert rivals.unfinished_month(home, shop).happened == ()


def test_follow_ups_shown_are_answered(home: Path) -> None:
    trial = rivals.followups_work(home, ("revenue last month", "top 5 products in 2025", "revenue by country in 2025"))
    assert trial.tried and trial.happened == ()


def test_columns_and_values_are_not_invented(home: Path) -> None:
    trial = rivals.nothing_invented(home)
    assert trial.tried == len(rivals.INVENTED) and trial.happened == ()


def test_rows_are_those_of_the_shop(home: Path, shop: GoldShop) -> None:
    assistant = InProcess(home)
    asked = ("top 20 customers by revenue", "top 10 products in Germany", "top 10 orders by revenue")
    for text in asked:
        answer = assistant.answer(text, text)
        assert answer["tables"] and rivals.rows_exist(answer, shop) == []
    strange = {"tables": [{"columns": [{"name": "customer"}], "rows": [["10002"], ["Atlantis"]]}]}
    assert rivals.rows_exist(strange, shop) == ["Atlantis"]


def test_code_in_a_question_does_not_run(home: Path, shop: GoldShop, tmp_path: Path) -> None:
    trial = rivals.nothing_runs(home, shop, tmp_path)
    assert trial.tried == len(rivals.HOSTILE) and trial.happened == ()
    assert list(tmp_path.iterdir()) == []
