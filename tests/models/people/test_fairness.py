"""Fairness: planted differences are found, chance is not called one, small groups are not judged."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import MissingData, UnknownName
from assistant.models.people.fairness import Exam, judge, wilson
from assistant.models.people.fairness_report import Judged, fairness_gap, fairness_result
from assistant.models.people.traits import traits
from assistant.plans import Compare, FairnessRequest
from tests.support.tiny_shop import tiny_tables

N = 600
RNG = np.random.default_rng(8)
GENDER = np.array(["f"] * 300 + ["m"] * 270 + ["x"] * 5 + [None] * 25, dtype=object)


def chosen(share: dict[str | None, float]) -> np.ndarray:
    """Exactly so many of each group."""
    result = np.zeros(N, dtype=bool)
    for group, part in share.items():
        places = np.flatnonzero([g == group for g in GENDER])
        result[places[: round(part * len(places))]] = True
    return result


def test_rates_ratio_and_verdict_of_a_planted_difference() -> None:
    found, = judge({"gender": GENDER}, chosen({"f": 0.2, "m": 0.4}))
    assert (found.lowest, found.highest, found.verdict) == ("f", "m", "differs")
    assert found.ratio == pytest.approx(0.5)
    assert found.difference == pytest.approx(0.2)
    assert found.p is not None and found.p < 1e-6


def test_a_difference_within_chance_is_not_called_one() -> None:
    found, = judge({"gender": GENDER}, chosen({"f": 0.30, "m": 0.33}))
    assert found.verdict == "no difference shown"


def test_a_small_group_is_shown_without_figures_and_not_judged() -> None:
    found, = judge({"gender": GENDER}, chosen({"f": 0.3, "m": 0.3, "x": 1.0}))
    small = next(g for g in found.groups if g.group == "x")
    assert (small.people, small.rate, small.selected) == (5, None, None)
    assert found.highest != "x"


def test_people_whose_group_is_not_known_are_told_apart_and_not_judged() -> None:
    found, = judge({"gender": GENDER}, chosen({"f": 0.3, "m": 0.3, None: 1.0}))
    assert found.groups[-1].group == "not known" and found.groups[-1].rate == 1.0
    assert found.verdict == "no difference shown"


@pytest.mark.parametrize("everybody", [True, False])
def test_a_rule_that_takes_everybody_or_nobody(everybody: bool) -> None:
    found, = judge({"gender": GENDER}, np.full(N, everybody))
    assert found.verdict == "no difference shown" and found.p is None and found.ratio == 1.0


def test_one_group_alone_cannot_be_judged() -> None:
    found, = judge({"gender": ["f"] * 50}, np.arange(50) < 10)
    assert found.verdict == "too few to tell" and found.ratio is None


def test_counting_and_fairlearn_agree() -> None:
    selected = RNG.random(N) < 0.3
    assert judge({"gender": GENDER}, selected) == judge({"gender": GENDER}, selected, quick=True)


def test_a_group_that_is_predicted_worse_is_named() -> None:
    predicted = np.full(N, 0.5)
    observed = np.where(GENDER == "m", np.arange(N) % 5 == 0, np.arange(N) % 2 == 0).astype(float)
    exam = Exam({"gender": GENDER}, predicted, observed)
    found, = judge({"gender": GENDER}, chosen({"f": 0.3, "m": 0.3}), exam)
    men = next(g for g in found.groups if g.group == "m")
    assert "m" in found.off
    assert men.gap == pytest.approx(-0.3, abs=0.01) and men.gap_high < 0  # type: ignore[operator]
    assert men.auc == 0.5


def test_wilson_interval() -> None:
    low, high = wilson(5, 50)
    assert (round(low, 4), round(high, 4)) == (0.0435, 0.2136)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The tiny shop with 200 more customers, whose city tells their gender."""
    tables = tiny_tables()
    more = pd.DataFrame({"customer_id": [f"D{i:03d}" for i in range(200)], "country": "Germany",
                         "city": ["Bonn", "Ulm"] * 100, "gender": ["female", "male"] * 100,
                         "birth_year": [1990, 1950] * 100, "x_religion": None})
    tables["customers"] = pd.concat([tables["customers"], more], ignore_index=True)
    folder: Path = tmp_path_factory.mktemp("fair")
    write_snapshot(folder, tables, source="tests", currency="EUR")
    return open_snapshot(folder)


def test_traits_of_the_shop(shop: Snapshot, tiny: Snapshot) -> None:
    found = traits(shop)
    assert set(found) == {"gender", "age"}
    assert found["age"]["D000"] == "25–34" and found["age"]["D001"] == "65 and over"
    assert "C1" not in found["gender"]
    with pytest.raises(MissingData):
        traits(tiny)
    with pytest.raises(UnknownName):
        traits(shop, "religion")


def test_a_rule_by_a_proxy_is_named_as_one(shop: Snapshot) -> None:
    customers = [f"D{i:03d}" for i in range(200)]
    bonn = np.array([i % 2 == 0 for i in range(200)])
    judged = Judged("meet the rule", customers, {"chosen": bonn}, {"city is Bonn": [str(b) for b in bonn]})
    request = FairnessRequest(of="audience", filter=Compare(field="city", values=("Bonn",)))
    result = fairness_result(shop, request, judged)
    assert result.table("inputs").rows[0][3] == "close proxy"
    assert result.words["verdict"] == "differs"
    noted = fairness_gap(shop, judged)
    assert noted is not None and noted.figures["lowest_rate"].value == 0.0


def test_few_chosen_are_judged_by_shuffling() -> None:
    selected = np.zeros(N, dtype=bool)
    selected[:4] = True  # four women of 300, no man of 270
    found, = judge({"gender": GENDER}, selected)
    assert found.verdict == "no difference shown"
    all_women, all_men = (math.comb(n, 4) / math.comb(570, 4) for n in (300, 270))
    assert found.p == pytest.approx(all_women + all_men, abs=0.02)  # both are as far from even or further
