"""The judge itself: it takes the right answer for right, and nothing that is right by luck."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.data.warehouse import Snapshot
from benchmarks.questions.cases import SHOPS
from benchmarks.questions.judge import JUDGES
from tests.golden.checker import Case, judge, load_cases
from tests.support.gold import ANSWERS, GoldShop, groups, measure, people, ranking, read_shop, split_of

REVENUE = {"kind": "number", "of": "measure", "metric": "revenue"}
BY_COUNTRY = {"kind": "ranking", "of": "ranking", "metric": "revenue", "by": "country", "n": 2}
WHY = {"kind": "why", "claimed": "up", "of": "compare", "metric": "revenue", "now": ["2024-01-01", "2024-01-31"],
       "before": ["2023-12-01", "2023-12-31"]}


@pytest.fixture
def shop(tiny: Snapshot) -> GoldShop:
    return read_shop(tiny)


def _answer(values: list[float] = (), rows: list[list[Any]] = (), outcome: str = "answered",  # type: ignore[assignment]
            **more: Any) -> dict[str, Any]:
    columns = [{"name": f"c{i}", "unit": "text"} for i in range(len(rows[0]) if rows else 0)]
    numbers = [{"value": v, "unit": "currency", "source": {"origin": "cell", "inputs": {}}} for v in values]
    tables = [{"columns": columns, "rows": rows, "total_rows": len(rows)}] if rows else []
    plain = {"outcome": outcome, "reason": None, "reply": "", "caveats": [], "numbers": numbers, "tables": tables}
    return {**plain, **more}


def test_truth_by_hand(shop: GoldShop) -> None:
    """Figures added up on paper from the hand-sized shop."""
    assert measure(shop, "revenue") == 45 + 20 + 18 + 40 + 50 + 40 + 76 + 11 + 21
    assert measure(shop, "returned_value") == 25
    assert measure(shop, "margin", "2023-11-01", "2023-11-30") == (45 - 2 * 4 - 10) + (20 - 4 * 1.5)
    assert [measure(shop, m) for m in ("orders", "customers", "units", "shipping")] == [9, 5, 23, 4]
    assert measure(shop, "new_customers", "2024-01-01", "2024-03-09") == 2
    assert measure(shop, "repeat_rate") == pytest.approx(40)
    assert ranking(shop, "revenue", "country", 2) == [("Germany", 147.0), ("France", 94.0)]
    assert groups(shop, "orders", "month")["2024-02-01"] == 2
    assert people(shop, [{"metric": "silent", "op": "ge", "value": 90}]) == {"C3"}
    assert people(shop, [{"country": "Germany"}, {"metric": "orders", "op": "gt", "value": 2}]) == {"C1"}


def test_truth_of_shapes_by_hand(shop: GoldShop) -> None:
    """C1 and C2 first ordered in November 2023; C1 again after 68 days and in March, C2 after 102 days."""
    assert ANSWERS["retention"](shop, ["2023-11"], [2, 4]) == [("2023-11-01", 2, 50.0), ("2023-11-01", 4, 100.0)]
    assert ANSWERS["came_back"](shop, 70, "2023-11-01", "2023-11-30") == 50
    assert ANSWERS["funnel"](shop, 3) == [5, 2, 1]
    assert ANSWERS["to_reach"](shop, "customer", 50) == 2  # 116 + 76 of 281
    assert people(shop, [{"times": 2, "days": 60}]) == {"C1"}
    assert people(shop, [{"times": 2, "days": 60, "after_first": True}]) == set()
    assert people(shop, [{"first": {"product": "P5"}}]) == {"C2", "C4"}
    assert ANSWERS["against_rest"](shop, "revenue", {"country": "Germany"}) == [147.0, 174.0]


def test_first_number_counts(shop: GoldShop) -> None:
    assert judge(REVENUE, _answer([321.0]), shop)[0] == "right"
    assert judge(REVENUE, _answer([9.0, 321.0]), shop)[0] == "silently_wrong"
    assert judge(REVENUE, _answer([321.1]), shop)[0] == "silently_wrong"
    assert judge(REVENUE, _answer([]), shop)[0] == "silently_wrong"


def test_numbers_repeated_from_the_question_do_not_count(shop: GoldShop) -> None:
    answer = _answer([321.0])
    answer["numbers"][0]["source"]["origin"] = "plan"
    assert judge(REVENUE, answer, shop)[0] == "silently_wrong"


@pytest.mark.parametrize(("rows", "status"), [
    ([["Germany", 147.0], ["France", 94.0]], "right"),
    ([["France", 94.0], ["Germany", 147.0]], "silently_wrong"),
    ([["Germany", 147.0]], "silently_wrong"),
    ([["Germany", 147.0], ["France", 94.0], ["United Kingdom", 80.0]], "silently_wrong"),
    ([["Germany", 94.0], ["France", 147.0]], "silently_wrong"),
])
def test_a_ranking_is_its_order_its_values_and_its_length(shop: GoldShop, rows: list[list[Any]], status: str) -> None:
    assert judge(BY_COUNTRY, _answer(rows=rows), shop)[0] == status


def test_time_labels_are_read(shop: GoldShop) -> None:
    expected = {"kind": "series", "of": "groups", "metric": "orders", "by": "quarter"}
    assert judge(expected, _answer(rows=[["Q4 2023", 4], ["Q1 2024", 5]]), shop)[0] == "right"
    assert judge(expected, _answer(rows=[["Q4 2023", 5], ["Q1 2024", 4]]), shop)[0] == "silently_wrong"


def test_customers_are_a_set(shop: GoldShop) -> None:
    expected = {"kind": "customers", "of": "people", "conditions": [{"country": "Germany"}]}
    wrong = ([["C1"], ["C3"]], [["C1"]], [["C1"], ["C2"], ["C3"]])
    for rows, status in (([["C2"], ["C1"]], "right"), *((w, "silently_wrong") for w in wrong)):
        answer = _answer(rows=rows)
        answer["tables"][0]["columns"] = [{"name": "customer", "unit": "id"}]
        assert judge(expected, answer, shop)[0] == status


def test_a_false_premise_must_be_corrected(shop: GoldShop) -> None:
    """January 2024 (50) was below December 2023 (58)."""
    answer = _answer([50.0], [[50.0, 58.0, -8.0, 100 * (50 / 58 - 1)]])
    answer["tables"].append({"columns": [], "rows": [], "total_rows": 0})
    assert judge(WHY, answer, shop)[0] == "silently_wrong"
    assert judge(WHY, {**answer, "reply": "Revenue did not rise: it fell."}, shop)[0] == "right"
    assert judge({**WHY, "claimed": "down"}, answer, shop)[0] == "right"


def test_refusals_have_reasons(shop: GoldShop) -> None:
    expected = {"kind": "refused", "reason": ["missing_data"]}
    assert judge(expected, _answer(outcome="refused", reason="missing_data"), shop)[0] == "refused_rightly"
    assert judge(expected, _answer(outcome="refused", reason="no_rows"), shop)[0] == "refused_wrongly"
    assert judge(expected, _answer([1.0]), shop)[0] == "silently_wrong"
    assert judge(REVENUE, _answer(outcome="refused", reason="missing_data"), shop)[0] == "refused_wrongly"


def test_readings_are_alternatives(shop: GoldShop) -> None:
    expected = {"any": [{**REVENUE, "metric": "orders"}, REVENUE]}
    assert judge(expected, _answer([321.0]), shop)[0] == "right"


def test_values_rows_and_cohorts(shop: GoldShop) -> None:
    """Orders of the hand-sized shop: the reply may hold them as numbers or as cells."""
    both = {"kind": "values", "of": "both", "metrics": ["revenue", "orders"]}
    assert judge(both, _answer([321.0], [["x", 9]]), shop)[0] == "right"
    assert judge(both, _answer([321.0]), shop)[0] == "silently_wrong"
    top = {"kind": "per_group", "of": "top_per_group", "metric": "revenue", "by": "country", "within": "year", "n": 1}
    assert judge(top, _answer(rows=[["2023", "Germany", 0.0]]), shop)[0] == "silently_wrong"
    assert judge(top, _answer(rows=[["2023", "Germany", 65.0], ["2024", "Germany", 82.0]]), shop)[0] == "right"


def test_a_premise_must_be_named_and_denied(shop: GoldShop) -> None:
    expected = {"kind": "premise", "about": "Canada"}
    assert judge(expected, _answer([1.0], reply="Canada: 1.00."), shop)[0] == "silently_wrong"
    assert judge(expected, _answer(reply="“Canada” is not among the countries.", outcome="refused"), shop)[0] == "right"
    unsure = _answer(reply="I am not sure about “shops”.", outcome="refused")
    assert judge(expected, unsure, shop)[0] == "refused_wrongly"


def test_asking_is_right_where_it_says_so(shop: GoldShop) -> None:
    asked = _answer(outcome="asked")
    assert judge({"kind": "asked"}, asked, shop)[0] == "asked"
    assert judge({"any": [REVENUE, {"kind": "asked"}]}, asked, shop)[0] == "asked"
    assert judge(REVENUE, asked, shop)[0] == "asked_in_vain"
    assert judge({"kind": "asked"}, _answer([321.0]), shop)[0] == "silently_wrong"


def test_a_refusal_names_what_is_missing(shop: GoldShop) -> None:
    expected = {"kind": "refused", "reason": ["missing_data"], "names": "cost"}
    refused = _answer(outcome="refused", reason="missing_data", reply="Margin needs products.cost.")
    assert judge(expected, refused, shop)[0] == "refused_rightly"
    assert judge(expected, {**refused, "reply": "That is not there."}, shop)[0] == "refused_wrongly"


def test_the_set_is_as_large_as_it_claims() -> None:
    """At least 400 questions, 40 of them in 20 wordings, 60 that cannot be answered and 40 false premises."""
    cases = [c for shop in SHOPS for c in load_cases(shop)]
    families: dict[str, list[Case]] = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    assert len(families) >= 400
    assert sum(len({c.turns for c in of}) >= 20 for of in families.values()) >= 40
    refusals = [f for f, of in families.items() if (of[0].expected[-1] or {}).get("kind") == "refused"]
    assert len(refusals) >= 60
    assert sum(of[0].part == "premises" for of in families.values()) >= 40


@pytest.mark.parametrize("name", SHOPS)
def test_the_set_is_split_by_question(name: str) -> None:
    cases = load_cases(name)
    questions = {c.family for c in cases}
    sizes = {s: len({c.family for c in load_cases(name, s)}) / len(questions) for s in ("dev", "validation", "test")}
    assert min(sizes.values()) > 0.1 and sizes["dev"] > 0.35
    assert all(c.split == split_of(c.family) for c in cases)


@pytest.mark.parametrize("name", SHOPS)
def test_every_expectation_can_be_looked_at(name: str) -> None:
    """A misspelt kind or truth would only show when the question is asked."""
    for case in load_cases(name):
        for expected in (e for e in case.expected if e):
            for reading in expected.get("any", [expected]):
                assert reading["kind"] in {*JUDGES, "asked", "refused"}, case.id
                assert "of" not in reading or reading["of"] in ANSWERS, case.id
