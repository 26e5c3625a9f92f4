"""Conversations built on, turn by turn: each plan or figure as expected, whatever was said before.

The conversations held out are run by the benchmark only; no test here looks at them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.checker import Case, InProcess
from tests.golden.conversations import conversations, turn_status
from tests.support.gold import GoldShop, load_shop
from tests.support.shops import copy_home

pytestmark = pytest.mark.usefixtures("untried_suggestions")
GOOD = {"right", "refused_rightly"}
#: share of turns that have to be right
FLOOR = 0.95


def _missed(assistant: InProcess, shop: GoldShop, cases: list[Case]) -> tuple[list[str], int]:
    """Turns that went wrong, in words, and how many were looked at."""
    missed, looked_at = [], 0
    for case in cases:
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


def _fits_models(case: Case) -> bool:
    """Whether a customer is described or a campaign drafted: on a million lines that takes a minute of measuring."""
    plans = [plan for e in case.expected if e for plan in e.get("accepted", ())]
    return any(plan.startswith(("customer ", "campaign ")) for plan in plans)


def _hold(home: Path, cases: list[Case]) -> None:
    missed, looked_at = _missed(InProcess(home), load_shop(home), cases)
    assert looked_at >= 2 * len(cases) > 0
    assert len(missed) <= (1 - FLOOR) * looked_at, "\n".join(missed)
    assert not [line for line in missed if line.startswith("failed")], "\n".join(missed)


def test_conversations_of_the_demo_shop_hold(demo_home: Path, tmp_path: Path) -> None:
    _hold(copy_home(demo_home, tmp_path / "home"), conversations("demo", held_out=False))


def test_conversations_of_online_retail_hold(online_retail_home: Path, tmp_path: Path) -> None:
    cases = [c for c in conversations("online_retail", held_out=False) if not _fits_models(c)]
    _hold(copy_home(online_retail_home, tmp_path / "home"), cases)


@pytest.mark.slow
def test_conversations_that_fit_models_of_online_retail_hold(online_retail_home: Path, tmp_path: Path) -> None:
    cases = [c for c in conversations("online_retail", held_out=False) if _fits_models(c)]
    _hold(copy_home(online_retail_home, tmp_path / "home"), cases)


def test_every_conversation_is_told_apart() -> None:
    parts = [(shop, held) for shop in ("demo", "online_retail") for held in (False, True)]
    ids = [case.id for shop, held in parts for case in conversations(shop, held_out=held)]
    assert len(ids) == len(set(ids)) >= 120
