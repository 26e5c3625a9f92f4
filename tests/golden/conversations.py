"""Conversations with an expectation for every turn: how they are written down, and how a plan is judged.

A turn is ``[text, expectation]``. An expectation is a mapping as in ``questions_*.yaml`` (judged by what is computed),
or a line: plans in the shorthand of ``tests/support/shorthand.py`` (calls separated by "; ", accepted readings by
" || "), ``refused`` with the reasons that fit, ``asked``, or ``-`` for a turn that only has to end well.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from assistant.llm.planner.candidate import ToolCall
from benchmarks.questions.cases import Case
from benchmarks.questions.judge import Status, judge
from benchmarks.questions.truth import GoldShop
from tests.support.shorthand import shorthand

HERE = Path(__file__).parent


def conversations(shop: str, *, held_out: bool) -> list[Case]:
    """Conversations of a shop: those built on, or those held out (by the hash of their ids)."""
    raw = yaml.safe_load((HERE / f"conversations_{shop}.yaml").read_text(encoding="utf-8"))
    cases = [
        Case(
            entry["id"],
            shop,
            tuple(text for text, _ in entry["turns"]),
            tuple(_expectation(wanted) for _, wanted in entry["turns"]),
            entry["id"],
            part="conversations",
        )
        for entry in raw
    ]
    return [case for case in cases if (case.split != "dev") == held_out]


def _expectation(wanted: Any) -> dict[str, Any] | None:
    """None where a turn is not looked at beyond its ending."""
    if isinstance(wanted, dict):
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in wanted.items()}
    return None if wanted == "-" else {"kind": "plan", "accepted": [one.strip() for one in wanted.split(" || ")]}


def turn_status(expected: dict[str, Any], answer: dict[str, Any], shop: GoldShop) -> tuple[Status, str]:
    """How one turn went: by its plan, or by what was computed."""
    if expected["kind"] == "plan":
        return plan_status(expected["accepted"], answer)
    return judge(expected, answer, shop)


def said(answer: dict[str, Any]) -> str:
    """The plan of an answer in shorthand; what is not asked for by a person (how it is drawn) is left out."""
    return "; ".join(_short(step) for step in answer["plan"])


def _short(step: dict[str, Any]) -> str:
    if step["tool"] == "explain_answer":
        return "explain " + shorthand(ToolCall(step["arguments"]["tool"], step["arguments"]["arguments"]))
    return shorthand(ToolCall(step["tool"], step["arguments"]))


def plan_status(accepted: list[str], answer: dict[str, Any]) -> tuple[Status, str]:
    """Status and what was missed, for an answer that should follow one of the accepted plans."""
    outcome, plan = answer["outcome"], said(answer)
    for one in accepted:
        if one == "asked" and outcome == "asked":
            return "right", ""
        if one.startswith("refused ") and outcome == "refused" and answer["reason"] in one.split()[1].split("/"):
            return "refused_rightly", ""
    plans = {one for one in accepted if one != "asked" and not one.startswith("refused ")}
    plain = re.sub(r" chart \w+", "", plan)
    if outcome == "answered" and (plan in plans or (plain in plans and not any(" chart " in one for one in plans))):
        return "right", ""
    if outcome == "failed":
        return "failed", answer["reply"]
    if outcome == "asked":
        return "asked_in_vain", f"asked back: {answer['reply'][:120]}"
    if outcome == "refused":
        return "refused_wrongly", f"{answer['reason']}: {answer['reply'][:120]} ({plan})"
    return "silently_wrong", f"right is {' || '.join(accepted)}; planned was {plan}"
