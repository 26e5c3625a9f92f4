"""Conversations built on, turn by turn: each plan or figure as expected, whatever was said before.

The conversations held out are run by the benchmark only; no test here looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.checker import InProcess
from tests.golden.conversations import conversations, turn_status
from tests.support.gold import GoldShop, load_shop
from tests.support.shops import copy_home

pytestmark = pytest.mark.usefixtures("untried_suggestions")
GOOD = {"right", "refused_rightly"}
#: share of turns that have to be right
FLOOR = 0.95


def _missed(assistant: InProcess, shop: GoldShop, name: str) -> tuple[list[str], int]:
    """Turns that went wrong, in words, and how many were looked at."""
    missed, looked_at = [], 0
    for case in conversations(name, held_out=False):
        for text, expected in zip(case.turns, case.expected, strict=True):
            answer = assistant.answer(case.id, text)
            if expected is None:
                if answer["outcome"] == "failed":
                    missed.append(f"failed {case.id} {text!r}: {answer['reply']}")
                continue
            looked_at += 1
            status, why = turn_status(expected, answer, shop)
            if status not in GOOD:
                missed.append(f"{status} {case.id} {text!r}: {why}")
        assistant.forget(case.id)
    return missed, looked_at


@pytest.fixture(scope="module")
def demo(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[str], int]]:
    home = copy_home(demo_home, tmp_path_factory.mktemp("conversations-demo"))
    yield _missed(InProcess(home), load_shop(home), "demo")


@pytest.fixture(scope="module")
def online_retail(
    online_retail_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[str], int]]:
    home = copy_home(online_retail_home, tmp_path_factory.mktemp("conversations-online-retail"))
    yield _missed(InProcess(home), load_shop(home), "online_retail")


def _holds(run: tuple[list[str], int]) -> None:
    missed, looked_at = run
    assert looked_at > 50
    assert len(missed) <= (1 - FLOOR) * looked_at, "\n".join(missed)
    assert not [line for line in missed if line.startswith("failed")], "\n".join(missed)


def test_conversations_of_the_demo_shop_hold(demo: tuple[list[str], int]) -> None:
    _holds(demo)


def test_conversations_of_online_retail_hold(online_retail: tuple[list[str], int]) -> None:
    _holds(online_retail)


def test_every_conversation_is_told_apart() -> None:
    parts = [(shop, held) for shop in ("demo", "online_retail") for held in (False, True)]
    ids = [case.id for shop, held in parts for case in conversations(shop, held_out=held)]
    assert len(ids) == len(set(ids)) >= 120
