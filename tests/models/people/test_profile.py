"""Customer 360: every part with its source, nothing of an objector, and the rest where a part cannot be said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from assistant.data.objectors import objectors
from assistant.data.warehouse import write_snapshot
from assistant.errors import NoRows, UnknownName
from assistant.llm.replies import compose
from assistant.models.people.profile import Rooms, complete_profile, quarter_ends
from assistant.plans import ChurnRequest, CustomerRequest, InterestRequest, ValueRequest
from assistant.query.customer import describe_customer
from assistant.results import Result
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.tiny_shop import tiny_tables


def shop(folder: Path, tables: dict[str, pd.DataFrame]) -> Workspace:
    write_snapshot(folder / "snapshots", tables, source="tests", currency="EUR")
    return Workspace(load_settings(folder))


def without_recommender(workspace: Workspace, customer: str) -> Result:
    """The profile as the workspace makes it, but for the next purchase, whose model takes long to choose."""
    found = describe_customer(workspace.snapshot, CustomerRequest(customer_id=customer))
    rooms = Rooms(
        churn=lambda c: workspace.predict_churn(ChurnRequest(customer_id=c)),
        value=lambda c: workspace.customer_value(ValueRequest(customer_id=c)), following=_nothing,
        interests=workspace.interests_found, segments=workspace._segments_on)
    return complete_profile(workspace.snapshot, found, found.words["customer"], rooms)


def _nothing(customer: str) -> Result:
    raise NoRows("not asked here")


@pytest.fixture(scope="module")
def workspace(demo_home: Path) -> Workspace:
    return Workspace(load_settings(demo_home))


def test_all_parts_and_their_sources(workspace: Workspace) -> None:
    result = without_recommender(workspace, "10001")
    assert {t.id for t in result.tables} >= {"customer", "habits", "outlook", "interests", "products", "categories",
                                             "brands", "consents", "segments", "orders", "months", "sources"}
    told = {row[0]: row[1] for row in result.table("sources").rows}
    assert told["next purchase"] == "not available: not asked here."
    assert told["probability of leaving"].startswith("model ")
    assert 0 < result.figures["churn_probability"].value < 1
    assert result.figures["expected_value"].value > 0
    reply = compose([result])
    assert "Interested in" in reply.text and "Segment on" in reply.text


def test_months_sum_to_the_revenue(workspace: Workspace) -> None:
    result = without_recommender(workspace, "10009")
    months = result.table("months")
    assert sum(row[1] for row in months.rows) == pytest.approx(result.figures["revenue"].value)


def test_the_price_level_is_what_was_paid_over_the_usual_price_of_as_many(tmp_path: Path) -> None:
    found = without_recommender(shop(tmp_path, tiny_tables()), "C3")
    # kitchen: 167 paid for 18 units; C3 paid 18 for 2
    kitchen = (20 + 20 + 10 + 8 + 30 + 10 + 11 + 16 + 5) / (2 + 4 + 1 + 1 + 3 + 2 + 1 + 2 + 1)
    assert found.figures["price_index"].value == pytest.approx(18 / (2 * kitchen))


def test_nothing_is_inferred_of_an_objector(workspace: Workspace) -> None:
    from assistant.errors import NotPermitted

    bought = workspace.interests_found()
    objector = next(c for c in sorted(objectors(workspace.snapshot)) if c not in set(bought.customer_ids))
    result = workspace.describe_customer(CustomerRequest(customer_id=objector))
    assert not {t.id for t in result.tables} & {"interests", "outlook", "next", "segments"}
    assert "customer_objected" in {c.code for c in result.caveats}
    assert not any("recommend" in f for f in result.followups)
    with pytest.raises(NotPermitted):
        workspace.find_interests(InterestRequest(customer_id=objector))


def test_consents_are_shown_and_addresses_are_not(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["contacts"] = pd.DataFrame({
        "customer_id": ["C1", "C1", "C1"], "channel": ["email", "sms", "post"],
        "address": ["one@example.com", "+44 20 7946 0000", None], "consent": [True, False, True],
        "consent_at": pd.Timestamp("2024-01-02"), "consent_source": "checkout", "suppressed": [False, True, False],
        "suppressed_reason": [None, "bounce", None]})
    result = without_recommender(shop(tmp_path, tables), "C1")
    table = result.table("consents")
    assert {row[0]: row[-1] for row in table.rows} == {"email": "yes", "sms": "no", "post": "no"}
    assert "example.com" not in result.model_dump_json() and "7946" not in result.model_dump_json()
    assert "May be contacted by email." in compose([result]).text


@pytest.mark.parametrize("days", [1, 128])
def test_a_short_history_leaves_parts_out_and_says_so(tmp_path: Path, days: int) -> None:
    tables = tiny_tables()
    if days == 1:
        for name in ("orders", "order_lines"):
            tables[name]["ordered_at"] = pd.Timestamp("2024-03-09 10:00")
    result = without_recommender(shop(tmp_path, tables), "C1")
    told = {row[0]: str(row[1]) for row in result.table("sources").rows}
    assert told["probability of leaving"].startswith("not available: ")
    assert "C1" in compose([result]).text


def test_one_customer_alone_and_one_without_an_order(tmp_path: Path) -> None:
    tables = tiny_tables()
    for name in ("orders", "order_lines"):
        tables[name] = tables[name][tables[name].customer_id == "C1"]
    workspace = shop(tmp_path, tables)
    assert without_recommender(workspace, "C1").figures["value_rank"].value == 1
    result = without_recommender(workspace, "C3")
    assert "has no order yet" in compose([result]).text
    with pytest.raises(UnknownName):
        without_recommender(workspace, "C99")


def test_returns_larger_than_purchases_are_no_error(tmp_path: Path) -> None:
    tables = tiny_tables()
    mine = tables["order_lines"].customer_id == "C1"
    tables["order_lines"].loc[mine, ["quantity", "amount"]] *= -1
    tables["order_lines"].loc[mine, "line_type"] = "return"
    result = without_recommender(shop(tmp_path, tables), "C1")
    assert not result.figures["orders"].value


def test_ends_of_quarters() -> None:
    assert quarter_ends(date(2026, 6, 18), 3) == [date(2025, 9, 30), date(2025, 12, 31), date(2026, 3, 31)]
    assert quarter_ends(date(2026, 1, 1), 1) == [date(2025, 12, 31)]
