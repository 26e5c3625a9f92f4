"""Expressions compiled late find what they would find compiled at once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.llm.planner.context import DialogueContext
from assistant.llm.planner.late_patterns import LatePattern, folded, needed
from assistant.llm.planner.planner import plan_turn
from tests.support.planner_shops import PlannerShop

#: questions that reach every family of forms
QUESTIONS = (
    "revenue by country last month",
    "Which customers are likely to leave in the next 90 days?",
    "who should we not contact in the next campaign",
    "make a segment of customers who bought mugs but never returned anything",
    "WHY DID REVENUE FALL IN MAY?",
    "call it big spenders",
    "what would you recommend to customer C00012?",
    "are our recommendations fair to women and men",
    "schedule the win-back campaign for 3 March at 10:00",
)


@pytest.mark.parametrize(
    ("source", "clauses"),
    [
        ("customers who left", [{"customers who left"}]),
        ("customers? who", [{"customer"}, {" who"}]),
        ("(?:please )?show the list", [{"show the list"}]),
        ("(?:who|which customers) (?:left|stayed)s*", [{"who", "which customers"}, {"left", "stayed"}]),
        (r"(?P<n>\d+|some) people", [{" people"}]),
        ("(?!never)bought(?=yesterday)", [{"bought"}]),
        ("(?:a(?:bc|def)|xyz)+ day", [{" day"}]),
        ("(?:(?:abc|def)g?|xyz){2}", [{"abc", "def", "xyz"}]),
        ("(?:abc){0,2}def{0}ghi{1,3}", [{"ghi"}]),
        ("[abc]def[^)(]ghi\\)jkl", [{"def"}, {"ghi"}, {"jkl"}]),
        ("abc|def", [{"abc", "def"}]),
        ("abc|", []),
        ("(?i:abc)", []),
        (r"\x41bcd", []),
        (r"(abc)\1def", [{"abc"}, {"def"}]),
    ],
)
def test_what_an_expression_needs(source: str, clauses: list[set[str]]) -> None:
    re.compile(source)
    assert {frozenset(c) for c in needed(source)} == {frozenset(c) for c in clauses}


def test_an_expression_is_compiled_by_the_first_text_that_may_match(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_now = re.compile
    monkeypatch.setattr(re, "compile", lambda source, flags=0: compiled.append(source) or compile_now(source, flags))
    pattern = LatePattern("(?:which|what) customers (?P<what>left|came)")
    assert pattern.fullmatch("revenue by country") is None
    assert pattern.search("which products left") is None
    assert compiled == []
    match = pattern.fullmatch("What CUSTOMERS left")
    assert match is not None
    assert match.group("what") == "left"
    assert [m.group() for m in pattern.finditer("what customers left, which customers came")] == [
        "what customers left", "which customers came"]
    assert pattern.sub("X", "and what customers came?") == "and X?"
    assert len(compiled) == 1


def test_letters_beyond_ascii_that_count_as_capitals_of_ascii_ones() -> None:
    odd = "\u0130nd\u0131v\u0131dual \u017fhops li\u212ae"
    assert folded(odd) == "individual shops like"
    assert LatePattern("individual shops like").fullmatch(odd) is not None


_PARTS = st.sampled_from(["abc", "abcd", "def", " ", "x", "?", "*", "+", "|", "(?:", "(", ")", "[ab]", r"\d", "{0,1}",
                          "(?=", "(?!", ".", r"\s+", "(?P<n>", "'", "-"])


@settings(max_examples=600, deadline=None)
@given(st.lists(_PARTS, max_size=14).map("".join), st.text("abcdefx 1'-ABC", max_size=16))
def test_any_expression_finds_what_it_finds_compiled_at_once(source: str, text: str) -> None:
    try:
        at_once = re.compile(source, re.IGNORECASE)
    except re.error:
        return
    late = LatePattern(source)
    assert (late.search(text) is None) == (at_once.search(text) is None)
    assert (late.fullmatch(text) is None) == (at_once.fullmatch(text) is None)


def test_every_expression_of_the_language_compiles_and_loses_no_match(monkeypatch: pytest.MonkeyPatch) -> None:
    may_match, seen = LatePattern.may_match, set()

    def checked(pattern: LatePattern, text: str) -> bool:
        found = may_match(pattern, text)
        seen.add(pattern.pattern)
        assert found or pattern.compiled.search(text) is None, (pattern.pattern, text)
        return found

    monkeypatch.setattr(LatePattern, "may_match", checked)
    for question in QUESTIONS:
        plan_turn(question, DialogueContext(), PlannerShop())
    assert len(seen) > 1500
