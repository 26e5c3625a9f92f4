"""Questions with independently computed answers, asked of the whole program (a sample of the development split)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.checker import Case, InProcess, Verdict, examine, load_cases
from tests.support.gold import GoldShop, load_shop, measure
from tests.support.shops import copy_home

pytestmark = pytest.mark.usefixtures("untried_suggestions")
#: share of good answers (right, rightly refused, rightly asked back) of the sample that may not be undercut
FLOOR = 0.92
#: wordings of a family that the sample holds; the whole set is the benchmark's (``make bench FAMILY=questions``)
WORDINGS = 2


def _sample(name: str) -> list[Case]:
    """The plain questions of the development split, and the first wordings of its families."""
    cases = [c for c in load_cases(name, "dev") if c.part in {"questions", "wordings"}]
    return [c for c in cases if c.part == "questions" or int(c.id.rpartition("-")[2]) <= WORDINGS]


def _examine(home: Path, shop: GoldShop, name: str) -> list[Verdict]:
    assistant = InProcess(home)
    return [examine(case, assistant, shop) for case in _sample(name)]


def _harmful(verdicts: list[Verdict]) -> list[str]:
    return [v.case.id for v in verdicts if v.status in {"silently_wrong", "failed"}]


def _report(verdicts: list[Verdict]) -> str:
    lines = [str(dict(Counter(v.status for v in verdicts)))]
    lines += [f"{v.status} {v.case.id} {v.case.turns}: {v.why.splitlines()[0]}" for v in verdicts if not v.good]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def demo(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Verdict]]:
    home = copy_home(demo_home, tmp_path_factory.mktemp("gold-demo"))
    yield _examine(home, load_shop(home), "demo")


@pytest.fixture(scope="module")
def online_retail(
    online_retail_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[GoldShop, list[Verdict]]]:
    home = copy_home(online_retail_home, tmp_path_factory.mktemp("gold-online-retail"))
    shop = load_shop(home)
    yield shop, _examine(home, shop, "online_retail")


def test_demo_shop_is_not_silently_wrong(demo: list[Verdict]) -> None:
    assert _harmful(demo) == [], _report(demo)


def test_demo_shop_answers_enough(demo: list[Verdict]) -> None:
    good = sum(v.good for v in demo) / len(demo)
    assert good >= FLOOR, _report(demo)


def test_the_truth_agrees_with_the_published_figures(online_retail: tuple[GoldShop, list[Verdict]]) -> None:
    shop, _ = online_retail
    assert measure(shop, "revenue") == pytest.approx(19_642_692.15, abs=0.005)
    assert measure(shop, "guest_revenue") == pytest.approx(2_574_124.18, abs=0.005)
    assert [measure(shop, m) for m in ("orders", "customers")] == [39_516, 5_852]


def test_online_retail_is_not_silently_wrong(online_retail: tuple[GoldShop, list[Verdict]]) -> None:
    _, verdicts = online_retail
    assert _harmful(verdicts) == [], _report(verdicts)


def test_online_retail_answers_enough(online_retail: tuple[GoldShop, list[Verdict]]) -> None:
    _, verdicts = online_retail
    good = sum(v.good for v in verdicts) / len(verdicts)
    assert good >= FLOOR, _report(verdicts)
