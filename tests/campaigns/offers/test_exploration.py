"""A test that learns: rounds are drawn and stored with their chances, orders of the days after are read, and the next
round follows them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assistant.campaigns.offers.exploration import (
    ExplorationLog,
    answers,
    drawn_wordings,
    next_round,
    seen,
)
from assistant.campaigns.offers.exploration_report import exploration_result
from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.plans.offers import ExploreRequest
from assistant.query.audience import customer_ids

START, LATER = date(2026, 3, 2), date(2026, 4, 20)


@pytest.fixture
def log(tmp_path: Path) -> ExplorationLog:
    return ExplorationLog(tmp_path / "app.sqlite")


def test_rounds_learn_from_the_orders_that_followed(log: ExplorationLog, demo_snapshot: Snapshot) -> None:
    then, now = demo_snapshot.at(START), demo_snapshot.at(LATER)
    people = customer_ids(then, None)
    test = log.begin(["a", "b"], [50.0, 10.0], [0.1, 0.1], ExploreRequest().model_dump(mode="json"), "f")
    first, _ = next_round(then, log, test, people, 1500)
    assert first.chances == (0.5, 0.5)
    frame = answers(then, log, test)
    assert len(frame) == 1500 and not frame["over"].any() and set(frame["propensity"]) == {0.5}

    frame = answers(now, log, test)
    orders = now.table("orders")
    bought = now.execute(orders.filter(
        (orders.ordered_at.date() > START) & (orders.ordered_at.date() <= date(2026, 4, 1))
        & (orders.status != "cancelled")).select("customer_id").distinct())["customer_id"].to_pylist()
    assert frame["over"].all() and set(frame.loc[frame["answered"] == 1, "customer_id"]) == (
        set(bought) & set(frame["customer_id"]))
    arms = seen(test, frame)
    assert sum(a.trials for a in arms) == 1500 and sum(a.successes for a in arms) == frame["answered"].sum() > 50

    second, _ = next_round(now, log, test, people, 400)
    assert second.chances[0] == pytest.approx(0.95), "an answer to it brings five times as much"
    whole = log.assigned(test)
    assert whole["customer_id"].is_unique and len(whole) == 1900
    assert log.rounds(test)[0] == first and log.rounds(test)[1] == second

    found = exploration_result(now, ExploreRequest(about="show"), log, test, None)
    value = {row[0]: row[1:] for row in found.table("value").rows}
    mine = frame[frame["arm"] == 0]
    assert value["a"][0] == pytest.approx(50 * mine["answered"].mean() - 0.1, abs=0.01)
    assert value["a"][1] <= value["a"][0] <= value["a"][2] and found.words["leader"] == "a"


def test_everybody_is_in_one_round_only(log: ExplorationLog, demo_snapshot: Snapshot) -> None:
    test = log.begin(["a", "b"], [1.0, 1.0], [0.0, 0.0], {}, "f")
    next_round(demo_snapshot, log, test, ["10001", "10002"], 10)
    with pytest.raises(NoRows, match="Everybody"):
        next_round(demo_snapshot, log, test, ["10001", "10002"], 10)


def test_a_test_that_is_not_there_is_named(log: ExplorationLog) -> None:
    with pytest.raises(UnknownName, match="No test"):
        log.load()
    log.begin(["a", "b"], [1.0, 1.0], [0.0, 0.0], {}, "f")
    assert log.load().test_id == "x-1"
    with pytest.raises(UnknownName):
        log.load("x-9")


def test_wordings_that_were_drawn_are_those_that_are_written(log: ExplorationLog, demo_snapshot: Snapshot) -> None:
    assert drawn_wordings(log.path, "c-1") == {}
    test = log.begin(["wording 1", "wording 2"], [1.0, 1.0], [0.0, 0.0],
                     ExploreRequest(wordings_of="c-1").model_dump(mode="json"), "f")
    next_round(demo_snapshot, log, test, [str(i) for i in range(40)], 40)
    frame = log.assigned(test)
    assert drawn_wordings(log.path, "c-1") == dict(zip(frame["customer_id"], frame["arm"], strict=True))
    assert drawn_wordings(log.path, "c-2") == {}
