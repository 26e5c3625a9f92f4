"""The judge itself: it takes the right answer for right, and nothing that is right by luck."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.data.warehouse import Snapshot
from tests.golden.checker import judge, load_cases
from tests.support.gold import GoldShop, groups, measure, people, ranking, read_shop, split_of

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


@pytest.mark.parametrize("name", ["demo", "online_retail"])
def test_the_set_is_large_and_split(name: str) -> None:
    cases = load_cases(name)
    data = [c for c in cases if all(e is None or e.get("kind") not in {"refused", "why"} for e in c.expected)]
    assert len({c.family for c in data}) >= 30
    sizes = {split: len(load_cases(name, split)) / len(cases) for split in ("dev", "validation", "test")}
    assert min(sizes.values()) > 0.1 and sizes["dev"] > 0.35
    assert all(c.split == split_of(c.family) for c in cases)
