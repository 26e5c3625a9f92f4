"""Reports with differential-privacy noise: caps, thresholds, and a budget that cannot be overdrawn or averaged away."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from assistant.data.privacy_budget import PrivacyBudget
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NotPermitted
from assistant.plans import QueryPlan, ReportRequest
from assistant.query.compile import QueryOptions
from assistant.query.noise import CAPS, check_metrics, noisy_report
from assistant.query.shared_report import shared_report

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def budget(path: Path, total: float = 2.0, year: int = 2026) -> PrivacyBudget:
    return PrivacyBudget(path / "app.sqlite", total, lambda: NOW.replace(year=year))


def test_the_same_release_is_given_again_for_nothing(tmp_path: Path) -> None:
    ledger, drawn = budget(tmp_path), iter(range(9))
    made = [ledger.release("k", "a report", 1.5, 1e-6, "me", lambda: {"n": next(drawn)}) for _ in range(3)]
    assert made == [({"n": 0}, True), ({"n": 0}, False), ({"n": 0}, False)]
    assert ledger.spent() == 1.5 and [r.what for r in ledger.releases()] == ["a report"]


def test_the_budget_cannot_be_overdrawn_and_begins_anew_with_the_year(tmp_path: Path) -> None:
    ledger = budget(tmp_path)
    ledger.release("a", "a", 1.5, 1e-6, "me", dict)
    with pytest.raises(NotPermitted, match="0.5"):
        ledger.release("b", "b", 0.6, 1e-6, "me", dict)
    ledger.release("c", "c", 0.5, 1e-6, "me", dict)
    assert ledger.spent() == 2.0
    assert budget(tmp_path, year=2027).spent() == 0


def test_what_fails_costs_nothing(tmp_path: Path) -> None:
    ledger = budget(tmp_path)
    with pytest.raises(InvalidPlan):
        ledger.release("a", "a", 1.0, 1e-6, "me", lambda: (_ for _ in ()).throw(InvalidPlan("no")))
    assert ledger.spent() == 0


def test_two_at_once_do_not_overdraw(tmp_path: Path) -> None:
    ledger, refused = budget(tmp_path, total=1.0), []

    def ask(key: str) -> None:
        try:
            ledger.release(key, key, 1.0, 1e-6, "me", dict)
        except NotPermitted:
            refused.append(key)

    threads = [threading.Thread(target=ask, args=(k,)) for k in "abcd"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(refused) == 3 and ledger.spent() == 1.0


@pytest.mark.parametrize("metric", ["average_order_value", "return_rate", "first_order_date"])
def test_only_sums_over_customers_can_have_noise(metric: str) -> None:
    with pytest.raises(InvalidPlan):
        check_metrics((metric,))


def people(n: int = 3000) -> tuple[list[str], list[str], np.ndarray]:
    return [f"C{i}" for i in range(n)], ["big" if i % 10 else "mid" for i in range(n)], np.full(n, 30.0)


def test_noisy_sums_are_near_and_small_groups_are_not_shown() -> None:
    pytest.importorskip("opendp")
    customers, groups, spent = people()
    found = noisy_report([*customers, "D1", "D2"], [*groups, "tiny", "tiny"],
                         {"revenue": np.append(spent, [30.0, 30.0])}, 2.0, 1)
    assert found.groups == ("big", "mid")
    revenue = found.metrics["revenue"]
    assert revenue.cap in CAPS
    for group, n in (("big", 2700), ("mid", 300)):  # five times what 95 % of the noise stays within: never seen
        assert abs(found.metrics["customers"].values[group] - n) < 5 * found.metrics["customers"].within
        assert abs(revenue.values[group] - n * min(30.0, revenue.cap)) < 5 * revenue.within


def test_one_very_large_customer_moves_a_sum_by_no_more_than_the_cap() -> None:
    pytest.importorskip("opendp")
    customers, groups, spent = people()
    spent[1] = 5_000_000.0
    revenue = noisy_report(customers, groups, {"revenue": spent}, 2.0, 1).metrics["revenue"]
    assert revenue.cap < 1000
    assert abs(revenue.values["big"] - 2700 * 30.0) < revenue.cap + 5 * revenue.within


def test_a_customer_counts_in_so_many_groups_at_most() -> None:
    pytest.importorskip("opendp")
    customers = [f"C{i}" for i in range(2000) for _ in range(4)]
    groups = ["a", "b", "c", "d"] * 2000
    spent = np.tile([4.0, 3.0, 2.0, 1.0], 2000)
    found = noisy_report(customers, groups, {"revenue": spent}, 2.0, 2)
    assert found.groups == ("a", "b")


def test_a_smaller_epsilon_means_more_noise() -> None:
    pytest.importorskip("opendp")
    customers, groups, spent = people()
    wide, narrow = (noisy_report(customers, groups, {"orders": spent / 30}, e, 1) for e in (0.2, 4.0))
    assert wide.metrics["customers"].within == pytest.approx(20 * narrow.metrics["customers"].within, rel=1e-3)


def test_a_report_of_the_shop_is_paid_for_once(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    pytest.importorskip("opendp")
    ledger = budget(tmp_path, total=1.5)
    request = ReportRequest(plan=QueryPlan(metrics=("revenue",), dimensions=("country",)), noise=True)
    made = [shared_report(demo_snapshot, request, QueryOptions(), ledger, 1.0, "me", tmp_path) for _ in range(2)]
    assert made[0].table("report").rows == made[1].table("report").rows
    assert (made[0].words["again"], made[1].words["again"]) == ("", "yes")
    assert ledger.spent() == 1.0 and made[1].figures["left"].value == 0.5
    with pytest.raises(NotPermitted):
        shared_report(demo_snapshot, request.model_copy(update={"epsilon": 0.9}), QueryOptions(), ledger, 1.0, "me",
                      tmp_path)
    with pytest.raises(InvalidPlan):
        shared_report(demo_snapshot, ReportRequest(plan=QueryPlan(metrics=("revenue",)), noise=True), QueryOptions(),
                      ledger, 0.1, "me", tmp_path)
